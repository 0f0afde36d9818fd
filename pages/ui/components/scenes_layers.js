// Layers as the server packs them, and how each kind is drawn once its points are pixels.

const FAINT = 0.25; // of what the clock has not reached
const PALE = 0.45; // of what is pinned
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floats = (text) => new Float32Array(bytes(text).buffer);

function unpacked(layer, columns) {
  if (layer.kind === "shade") return { ...layer, name: "", image: cellsOf(layer) };
  const points = floats(layer.points);
  const made = { ...layer, points, columns, count: Math.floor(points.length / columns), placed: null };
  made.times = layer.times ? floats(layer.times) : null;
  if (layer.kind === "arrows") made.vectors = floats(layer.vectors);
  if (layer.kind === "line") made.pieces = piecesOf(made);
  return made;
}

// The runs of points between rows of NaN, first and last index. Times start anew in each.
function piecesOf({ points, columns, count }) {
  const pieces = [];
  let from = -1;
  for (let i = 0; i <= count; i++) {
    let broken = i === count;
    for (let c = 0; c < columns && !broken; c++) broken = !Number.isFinite(points[i * columns + c]);
    if (!broken && from < 0) from = i;
    if (broken && from >= 0) {
      pieces.push([from, i - 1]);
      from = -1;
    }
  }
  return pieces;
}

// 0 is "no value"; 1 to 255 run along the colour scale.
function cellsOf({ rows, columns, shades, lut }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(columns, rows);
  const [levels, colours] = [bytes(shades), bytes(lut)];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const level = levels[row * columns + column];
      if (!level) continue;
      const colour = 3 * Math.round(((level - 1) * 255) / 254);
      image.data.set([...colours.subarray(colour, colour + 3), 255], 4 * ((rows - 1 - row) * columns + column));
    }
  pen.putImageData(image, 0, 0);
  return canvas;
}

// A layer's points as pixels, kept until the space changes. Neighbours closer than a pixel are left out of strokes.
function placedIn(space, layer) {
  if (layer.placed?.space === space) return layer.placed;
  const placed = { space, ...space.place(layer.points, layer.count) };
  if (layer.kind === "line") placed.kept = layer.pieces.map((piece) => keptOf(placed.pixels, piece));
  return (layer.placed = placed);
}

function keptOf(pixels, [from, to]) {
  const kept = [from];
  let last = from;
  for (let i = from + 1; i <= to; i++) {
    const dx = pixels[2 * i] - pixels[2 * last];
    const dy = pixels[2 * i + 1] - pixels[2 * last + 1];
    if (!(dx * dx + dy * dy < 1) || i === to) kept.push((last = i));
  }
  return kept;
}

const moves = (layer) => Boolean(layer.times) && (layer.kind === "line" || layer.kind === "dots");

// Dots may lap over the edge of the plot; everything else is cut off there.
function drawLayer(pen, layer, space, theme, time, faint = false) {
  pen.save();
  if (layer.pale) pen.globalAlpha = PALE;
  if (layer.kind !== "dots") {
    pen.beginPath();
    space.clip();
    pen.clip();
  }
  paintLayer(pen, layer, space, theme, time, faint);
  pen.restore();
}

// `time` is null for the whole; `faint` is what lies beneath a layer that moves.
function paintLayer(pen, layer, space, theme, time, faint) {
  if (faint) pen.globalAlpha *= FAINT;
  if (layer.kind === "shade") drawShade(pen, layer, space);
  else if (layer.kind === "arrows") drawArrows(pen, layer, placedIn(space, layer).pixels, space);
  else if (layer.kind === "line") drawLine(pen, layer, placedIn(space, layer), theme, time);
  else drawDots(pen, layer, placedIn(space, layer).pixels, space, theme, time);
}

function drawShade(pen, layer, { area }) {
  pen.globalAlpha = layer.opacity;
  pen.imageSmoothingEnabled = layer.columns >= 32 && layer.rows >= 32; // few cells are shown as cells
  pen.drawImage(layer.image, area.left, area.top, area.right - area.left, area.bottom - area.top);
}

function drawArrows(pen, layer, pixels, { x, y }) {
  strokeWith(pen, layer.colour, 1.3);
  pen.beginPath();
  for (let i = 0; i < layer.count; i++) {
    const dx = layer.vectors[2 * i] * x.slope(layer.points[2 * i]);
    const dy = layer.vectors[2 * i + 1] * y.slope(layer.points[2 * i + 1]);
    if (Number.isFinite(dx + dy)) arrow(pen, pixels[2 * i], pixels[2 * i + 1], dx, dy);
  }
  pen.stroke();
}

function arrow(pen, x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  const [endX, endY] = [x + dx / 2, y + dy / 2];
  segment(pen, x - dx / 2, y - dy / 2, endX, endY);
  if (length < 1) return;
  const head = Math.min(6, 0.45 * length) / length;
  const [backX, backY] = [endX - head * dx, endY - head * dy];
  pen.moveTo(backX - 0.5 * head * dy, backY + 0.5 * head * dx);
  pen.lineTo(endX, endY);
  pen.lineTo(backX + 0.5 * head * dy, backY - 0.5 * head * dx);
}

function drawLine(pen, layer, placed, theme, time) {
  strokeWith(pen, layer.colour, layer.width);
  if (layer.dashed) pen.setLineDash([3 * layer.width, 2.5 * layer.width]);
  const heads = layer.pieces.map((piece) => (time === null ? piece[1] : reached(layer.times, piece, time)));
  if (placed.depths) strokeByDepth(pen, placed, heads);
  else {
    pen.beginPath();
    placed.kept.forEach((kept, i) => trace(pen, placed.pixels, kept, heads[i]));
    pen.stroke();
  }
  if (time === null) return;
  pen.setLineDash([]);
  const symbol = layer.dashed ? "ring" : "disc";
  for (const head of heads.filter((index) => index >= 0))
    symbolAt(pen, symbol, ...between(placed.pixels, head), layer.width + 3.5, layer.colour, theme);
}

// How far along a piece the clock is, as an index with a fraction; -1 before its first time.
function reached(times, [from, to], time) {
  const sign = times[to] >= times[from] ? 1 : -1;
  if (!(sign * (time - times[from]) >= 0)) return -1;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sign * (time - times[middle]) >= 0) low = middle;
    else high = middle - 1;
  }
  const span = low < to ? times[low + 1] - times[low] : 0;
  return span ? low + (time - times[low]) / span : low;
}

function between(pixels, head) {
  const i = Math.floor(head);
  const part = head - i;
  if (!part) return [pixels[2 * i], pixels[2 * i + 1]];
  return [0, 1].map((c) => pixels[2 * i + c] * (1 - part) + pixels[2 * i + 2 + c] * part);
}

function trace(pen, pixels, kept, head) {
  if (head < kept[0]) return;
  pen.moveTo(pixels[2 * kept[0]], pixels[2 * kept[0] + 1]);
  for (let k = 1; k < kept.length && kept[k] <= head; k++) pen.lineTo(pixels[2 * kept[k]], pixels[2 * kept[k] + 1]);
  pen.lineTo(...between(pixels, head));
}

// In a space, what is further away is a little paler: four strokes, from the back to the front.
function strokeByDepth(pen, { pixels, depths, kept }, heads) {
  const alpha = pen.globalAlpha;
  pen.lineCap = "butt"; // round ends would show where one stroke goes over into the next
  for (let band = 0; band < 4; band++) {
    pen.globalAlpha = alpha * (0.46 + 0.18 * band);
    pen.beginPath();
    kept.forEach((indices, piece) => {
      let joined = false;
      for (let k = 1; k < indices.length && indices[k - 1] < heads[piece]; k++) {
        const from = indices[k - 1];
        const here = within(Math.floor(2 + 2 * depths[from]), 0, 3) === band;
        if (here && !joined) pen.moveTo(pixels[2 * from], pixels[2 * from + 1]);
        if (here) pen.lineTo(...between(pixels, Math.min(indices[k], heads[piece])));
        joined = here;
      }
    });
    pen.stroke();
  }
  pen.globalAlpha = alpha;
}

function drawDots(pen, layer, pixels, space, theme, time) {
  for (let i = 0; i < layer.count; i++) {
    if (!insideArea(space, pixels[2 * i], pixels[2 * i + 1])) continue; // NaN is nowhere
    if (time !== null && layer.times[i] > time) continue;
    symbolAt(pen, layer.symbol, pixels[2 * i], pixels[2 * i + 1], layer.size, layer.colour, theme);
  }
}

// Filled symbols have a thin edge in the colour of the ground, which keeps them apart from lines and each other.
function symbolAt(pen, symbol, x, y, size, colour, theme) {
  pen.beginPath();
  if (symbol === "cross") {
    segment(pen, x - size, y - size, x + size, y + size);
    segment(pen, x - size, y + size, x + size, y - size);
  } else if (symbol === "square") pen.rect(x - 0.9 * size, y - 0.9 * size, 1.8 * size, 1.8 * size);
  else if (symbol === "triangle") {
    pen.moveTo(x, y - 1.2 * size);
    pen.lineTo(x + 1.1 * size, y + 0.8 * size);
    pen.lineTo(x - 1.1 * size, y + 0.8 * size);
    pen.closePath();
  } else pen.arc(x, y, size, 0, 2 * Math.PI);

  const open = symbol === "cross" || symbol === "ring";
  if (symbol !== "cross") {
    pen.fillStyle = open ? theme.ground : colour;
    pen.fill();
  }
  strokeWith(pen, open ? colour : theme.ground, open ? 2.2 : 1);
  pen.stroke();
}

function strokeWith(pen, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = pen.lineCap = "round";
}
