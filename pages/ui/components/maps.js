// Panels of maps over one network input. Hovering, touching or walking with the arrow keys marks a
// cell; the mark is a place of the input, so every panel on the page shows its own cell there.

const MARK = "map-place";

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".maps");
  root.state?.abort();
  const state = (root.state = new AbortController());
  root.style.setProperty("--least", `${data.least}px`);

  const unpack = (panel) => ({
    ...panel,
    values: new Float32Array(bytes(panel.values).buffer),
    lut: bytes(data.luts[panel.scale]),
  });
  const panels = data.panels.map(unpack);
  const views = panels.map((panel, i) => view(panel, root.children[i] ?? null, data, state.signal));
  const clock = data.clock ? clockOf(root) : null;
  root.classList.toggle("lead", Boolean(clock));
  root.replaceChildren(...views.map((v) => v.figure));
  let decoded = null;
  const draw = (image) => {
    decoded = image;
    views.forEach((v) => v.draw(image));
  };
  if (clock) {
    const frames = data.frames.map(unpack);
    clock.changed = () => {
      const { frame } = momentOf(clock);
      views[0].show(frames[frame], decoded);
      views.forEach((v, i) => i && v.highlight(data.beside[frame] === i - 1, data.now));
    };
    views[0].figure.append(clock.bar);
    updateClock(clock, data.clock);
    clock.changed();
  }

  if (data.picture) {
    const image = new Image();
    image.onload = () => state.signal.aborted || draw(image);
    image.src = data.picture;
  }
  if (!data.picture || !panels.some((panel) => panel.onPicture)) draw(null);

  window.addEventListener(MARK, ({ detail }) => views.forEach((v) => v.mark(detail)), { signal: state.signal });
  return () => state.abort();
}

// A slider under the first panel that steps through its frames; it stays when the data change.
function clockOf(root) {
  root.clock ??= createClock(document.createElement("div"), () => {});
  return root.clock;
}

function view(panel, old, data, signal) {
  const [left, top, right, bottom] = data.box; // of the picture, as fractions
  const figure = document.createElement("figure");
  const title = element("figcaption", panel.title, figure);
  title.className = "title";
  const canvas = element("canvas", "", figure);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${panel.alt} Arrow keys read single cells.`);
  let bar = scaleBar(panel, figure);
  const readout = element("output", panel.caption, figure);

  const [width, height] = data.size;
  if (panel.onPicture) [canvas.width, canvas.height] = [width, height];
  else {
    const inputWidth = (right - left) * width;
    const inputHeight = (bottom - top) * height;
    const scale = Math.max(1, Math.round(240 / Math.max(panel.rows, panel.columns)));
    canvas.width = panel.columns * scale;
    canvas.height = Math.max(1, Math.round((canvas.width * inputHeight) / inputWidth));
  }
  const context = canvas.getContext("2d");
  const painted = document.createElement("canvas");
  [painted.width, painted.height] = [canvas.width, canvas.height];
  // What the old panel showed stays until the picture is decoded, so that nothing flickers.
  const before = old?.querySelector("canvas");
  if (before?.width === canvas.width && before.height === canvas.height) context.drawImage(before, 0, 0);
  let place = null;

  const area = panel.onPicture
    ? { x: left * width, y: top * height, w: (right - left) * width, h: (bottom - top) * height }
    : { x: 0, y: 0, w: canvas.width, h: canvas.height };

  const repaint = () => {
    context.drawImage(painted, 0, 0);
    if (panel.onPicture && area.w * area.h < 0.999 * width * height) {
      frame(context, area.x, area.y, area.w, area.h, [6, 4]);
    }
    if (place) {
      const cellWidth = area.w / panel.columns;
      const cellHeight = area.h / panel.rows;
      const { row, column } = cellAt(panel, place);
      frame(context, area.x + column * cellWidth, area.y + row * cellHeight, cellWidth, cellHeight, []);
    }
  };

  const mark = (where) => {
    place = where;
    if (where) {
      const { row, column } = cellAt(panel, where);
      const value = panel.values[row * panel.columns + column];
      readout.textContent = `${number(value)} at row ${row + 1}, column ${column + 1}`;
    } else readout.textContent = panel.caption;
    repaint();
  };

  const tell = (where) => window.dispatchEvent(new CustomEvent(MARK, { detail: where }));
  const pointed = (event) => {
    const bounds = canvas.getBoundingClientRect();
    const u = (((event.clientX - bounds.left) / bounds.width) * canvas.width - area.x) / area.w;
    const v = (((event.clientY - bounds.top) / bounds.height) * canvas.height - area.y) / area.h;
    tell(u >= 0 && u < 1 && v >= 0 && v < 1 ? { u, v } : null);
  };
  canvas.addEventListener("pointermove", pointed, { signal });
  canvas.addEventListener("pointerdown", pointed, { signal });
  canvas.addEventListener("pointerleave", () => tell(null), { signal });
  canvas.addEventListener("focus", () => readout.setAttribute("aria-live", "polite"), { signal });
  canvas.addEventListener("blur", () => { readout.removeAttribute("aria-live"); tell(null); }, { signal });
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return tell(null);
    if (!steps[event.key]) return;
    event.preventDefault();
    const [down, along] = place ? steps[event.key] : [0, 0];
    const { row, column } = place ? cellAt(panel, place) : largest(panel);
    tell({
      u: (clamp(column + along, panel.columns) + 0.5) / panel.columns,
      v: (clamp(row + down, panel.rows) + 0.5) / panel.rows,
    });
  }, { signal });

  const draw = (image) => {
    const target = painted.getContext("2d");
    if (panel.onPicture) paintOverlay(target, panel, image, area, data);
    else paintCells(target, panel);
    repaint();
  };
  // Another grid in the same place of the page, over the same input.
  const show = (other, image) => {
    panel = other;
    title.textContent = panel.title;
    canvas.setAttribute("aria-label", `${panel.alt} Arrow keys read single cells.`);
    const old = bar;
    bar = scaleBar(panel, figure);
    old.replaceWith(bar);
    if (image || !panel.onPicture) draw(image);
    mark(place);
  };
  const highlight = (on, why) => {
    figure.classList.toggle("now", on);
    title.textContent = on ? `${panel.title} ${why}` : panel.title;
  };
  return { figure, draw, mark, show, highlight };
}

function paintCells(target, panel) {
  const cells = document.createElement("canvas");
  [cells.width, cells.height] = [panel.columns, panel.rows];
  const context = cells.getContext("2d");
  const image = context.createImageData(panel.columns, panel.rows);
  for (let i = 0; i < panel.values.length; i++) {
    const colour = 3 * shade(panel, panel.values[i]);
    image.data.set([panel.lut[colour], panel.lut[colour + 1], panel.lut[colour + 2], 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  target.imageSmoothingEnabled = false;
  target.drawImage(cells, 0, 0, target.canvas.width, target.canvas.height);
}

// The value at a pixel's centre is bilinear between the centres of the cells (align_corners=False),
// or that of its cell: the same rule as core.cam.overlay.on_picture.
function paintOverlay(target, panel, picture, area, { opacity, smooth }) {
  const { width, height } = target.canvas;
  target.drawImage(picture, 0, 0, width, height);
  const image = target.getImageData(0, 0, width, height);
  const pixels = image.data;
  const across = axis(width, area.x, area.w, panel.columns, smooth);
  const down = axis(height, area.y, area.h, panel.rows, smooth);
  for (let y = 0; y < height; y++) {
    const r = down[y];
    if (!r) continue;
    const upper = r.below * panel.columns;
    const lower = r.above * panel.columns;
    for (let x = 0; x < width; x++) {
      const c = across[x];
      if (!c) continue;
      const one = panel.values[upper + c.below] * (1 - c.weight) + panel.values[upper + c.above] * c.weight;
      const two = panel.values[lower + c.below] * (1 - c.weight) + panel.values[lower + c.above] * c.weight;
      const colour = 3 * shade(panel, one * (1 - r.weight) + two * r.weight);
      const at = 4 * (y * width + x);
      for (let i = 0; i < 3; i++) pixels[at + i] = (1 - opacity) * pixels[at + i] + opacity * panel.lut[colour + i];
    }
  }
  target.putImageData(image, 0, 0);
}

function axis(length, start, extent, cells, smooth) {
  return Array.from({ length }, (_, i) => {
    const share = (i + 0.5 - start) / extent;
    if (share < 0 || share > 1) return null;
    if (!smooth) {
      const cell = clamp(Math.floor(share * cells), cells);
      return { below: cell, above: cell, weight: 0 };
    }
    const position = Math.min(Math.max(share * cells - 0.5, 0), cells - 1);
    const below = Math.floor(position);
    return { below, above: Math.min(below + 1, cells - 1), weight: position - below };
  });
}

function scaleBar(panel, figure) {
  const bar = element("div", "", figure);
  bar.className = "scale";
  element("span", number(panel.low), bar);
  const strip = element("i", "", bar);
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${panel.lut.slice(Math.round(i * 15.9375) * 3).slice(0, 3)})`);
  strip.style.background = `linear-gradient(to right, ${stops})`;
  element("span", number(panel.high), bar);
  return bar;
}

function frame(context, x, y, w, h, dash) {
  const line = Math.max(1.5, context.canvas.width / 220);
  context.setLineDash(dash);
  for (const [colour, thickness] of [["#000", 2 * line], ["#fff", line]]) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.strokeRect(x, y, w, h);
  }
}

function largest(panel) {
  const at = panel.values.indexOf(Math.max(...panel.values));
  return { row: Math.floor(at / panel.columns), column: at % panel.columns };
}

const cellAt = (panel, { u, v }) => ({
  row: clamp(Math.floor(v * panel.rows), panel.rows),
  column: clamp(Math.floor(u * panel.columns), panel.columns),
});
const shade = ({ low, high }, value) =>
  Math.round(Math.min(Math.max((value - low) / (high > low ? high - low : 1), 0), 1) * 255);
const clamp = (i, length) => Math.min(Math.max(i, 0), length - 1);
const number = (x) => (x === 0 ? "0" : Math.abs(x) >= 1e-3 && Math.abs(x) < 1e4 ? String(+x.toPrecision(3)) : x.toExponential(1));
const within = (x, low, high) => Math.min(Math.max(x, low), high); // for the clock
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}
