// Grids of cells on a canvas: painted once for each change of the data, then copied for every frame.

const LARGEST = 44; // pixels of a cell
const READABLE = 21; // from this size on a cell holds its number
const KEYS = {
  input: "Arrow keys move the kernel, with Shift they point at a cell, the space bar plays.",
  output: "Arrow keys move the kernel, the space bar plays.",
};

function createPanel(state, kind, index) {
  const figure = document.createElement("figure");
  const panel = { state, kind, index, figure, title: element("figcaption", "", figure) };
  panel.canvas = element("canvas", "", figure);
  panel.canvas.tabIndex = 0;
  panel.canvas.setAttribute("role", "img");
  panel.base = document.createElement("canvas");
  panel.canvas.addEventListener("pointerdown", (event) => {
    const cell = cellAt(panel, event);
    panel.canvas.setPointerCapture(event.pointerId);
    goTo(state, panel, cell);
    point(state, cell && { panel, ...cell });
  });
  panel.canvas.addEventListener("pointermove", (event) => {
    const cell = cellAt(panel, event);
    if (event.buttons) goTo(state, panel, cell);
    point(state, cell && { panel, ...cell });
  });
  // What a tap has pointed at stays: a finger does not hover.
  panel.canvas.addEventListener("pointerleave", (event) => event.pointerType === "touch" || point(state, null));
  panel.canvas.addEventListener("blur", () => point(state, null));
  panel.canvas.addEventListener("keydown", (event) => pressed(state, panel, event));
  return panel;
}

// The grid as it is, without the kernel: cells, their numbers, hatching where there is padding.
function paintBase(panel, cell, theme, keys = KEYS[panel.kind]) {
  const { data } = panel.state;
  const grid = (panel.grid = panel.kind === "input" ? data.inputs[panel.index] : data.outputs[panel.index]);
  const ratio = Math.max(1, devicePixelRatio || 1);
  Object.assign(panel, { cell, ratio });
  for (const canvas of [panel.canvas, panel.base]) {
    canvas.width = Math.round(grid.columns * cell * ratio);
    canvas.height = Math.round(grid.rows * cell * ratio);
  }
  panel.canvas.style.width = `${grid.columns * cell}px`;
  panel.canvas.style.height = `${grid.rows * cell}px`;
  panel.title.textContent = grid.title;
  panel.canvas.setAttribute("aria-label", `${grid.alt} ${keys}`);

  const pen = panel.base.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const texts = cell >= READABLE ? Array.from(grid.values, (value) => short(value)) : null;
  const longest = texts ? Math.max(...texts.map((text) => text.length)) : 0;
  const size = Math.min(0.42 * cell, (1.55 * cell) / Math.max(longest, 2));
  pen.font = `${size}px ${theme.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const i = row * grid.columns + column;
      const [x, y] = [column * cell, row * cell];
      const outside = padding(panel, row, column);
      const [red, green, blue] = colourOf(grid, grid.values[i]);
      pen.fillStyle = outside ? theme.surface : `rgb(${red}, ${green}, ${blue})`;
      pen.fillRect(x, y, cell, cell);
      if (outside) hatch(pen, x, y, cell, theme.line);
      if (cell >= 8) {
        pen.strokeStyle = theme.line;
        pen.lineWidth = 0.5;
        pen.strokeRect(x, y, cell, cell);
      }
      if (texts && size >= 8) {
        pen.fillStyle = outside ? theme.text : 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#14171c" : "#ffffff";
        pen.fillText(texts[i], x + cell / 2, y + cell / 2 + 1);
      }
    }
  }
}

function hatch(pen, x, y, cell, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, y + cell);
  pen.lineTo(x + cell, y);
  pen.stroke();
}

const padding = ({ kind, state: { data } }, row, column) =>
  kind === "input" &&
  (row < data.before[0] ||
    column < data.before[1] ||
    row >= data.before[0] + data.inner[0] ||
    column >= data.before[1] + data.inner[1]);

function colourOf({ low, high, lut }, value) {
  const share = Math.min(Math.max((value - low) / (high > low ? high - low : 1), 0), 1);
  const at = 3 * Math.round(share * 255);
  return [lut[at], lut[at + 1], lut[at + 2]];
}

// One frame: the grid, the kernel's window on it, or the cell that it makes.
function paintFrame(panel, frame, state) {
  const pen = panel.canvas.getContext("2d");
  const { data, theme, mark, pointed } = state;
  const { cell, ratio, base, grid } = panel;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  if (panel.kind === "input") pen.drawImage(base, 0, 0);
  else reveal(pen, panel, frame, state);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (panel.kind === "input") {
    const [top, left] = [frame.row * data.stride, frame.column * data.stride];
    const d = data.dilation;
    box(pen, left, top, d * (data.size[1] - 1) + 1, d * (data.size[0] - 1) + 1, cell, theme, 3, d > 1);
    if (d > 1) {
      for (let u = 0; u < data.size[0]; u++)
        for (let v = 0; v < data.size[1]; v++) seat(pen, left + v * d, top + u * d, cell, theme);
    }
    if (mark && mark.channel === panel.index) {
      box(pen, left + mark.v * d, top + mark.u * d, 1, 1, cell, { ...theme, accent: theme.mark }, 3);
    }
    if (pointed?.panel === panel) {
      box(pen, pointed.column, pointed.row, 1, 1, cell, { ...theme, accent: theme.mark }, 2, true);
    }
  } else {
    if (panel.index === frame.filter) box(pen, frame.column, frame.row, 1, 1, cell, theme, 3);
    if (pointed?.panel.kind === "input") {
      for (const row of reaching(pointed.row, data.size[0], grid.rows, data))
        for (const column of reaching(pointed.column, data.size[1], grid.columns, data))
          box(pen, column, row, 1, 1, cell, { ...theme, accent: theme.mark }, 2, true);
    }
  }
}

// Cells of the map appear in the order in which they are computed.
function reveal(pen, { index, base, grid, cell, ratio }, frame, { theme, whole }) {
  const { width, height } = base;
  if (whole || index < frame.filter) return pen.drawImage(base, 0, 0);
  pen.fillStyle = theme.surface;
  pen.fillRect(0, 0, width, height);
  if (index > frame.filter) return;
  const edge = (cells) => Math.round(cells * cell * ratio);
  const part = (x, y, w, h) => w > 0 && h > 0 && pen.drawImage(base, x, y, w, h, x, y, w, h);
  part(0, 0, width, edge(frame.row));
  part(0, edge(frame.row), edge(frame.column + 1), edge(frame.row + 1) - edge(frame.row));
}

// Rows (or columns) of the map whose window has a weight on this row (or column) of the padded input.
function reaching(place, size, count, { stride, dilation }) {
  const found = [];
  for (let u = 0; u < size; u++) {
    const start = place - u * dilation;
    if (start >= 0 && start % stride === 0 && start / stride < count) found.push(start / stride);
  }
  return found;
}

function box(pen, column, row, columns, rows, cell, theme, line, dashed = false) {
  pen.setLineDash(dashed ? [4, 3] : []);
  for (const [colour, width] of [[theme.ground, line + 2], [theme.accent, line]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    const inset = Math.min((line + 1) / 2, cell / 4);
    const [x, y] = [column * cell + inset, row * cell + inset];
    pen.strokeRect(x, y, columns * cell - 2 * inset, rows * cell - 2 * inset);
  }
  pen.setLineDash([]);
}

// Where a weight of a dilated kernel lies.
function seat(pen, column, row, cell, theme) {
  if (cell >= 12) return box(pen, column, row, 1, 1, cell, theme, 1.5);
  pen.fillStyle = theme.accent;
  pen.fillRect((column + 0.25) * cell, (row + 0.25) * cell, cell / 2, cell / 2);
}

function cellAt({ canvas, grid }, event) {
  const bounds = canvas.getBoundingClientRect();
  const column = Math.floor(((event.clientX - bounds.left) / bounds.width) * grid.columns);
  const row = Math.floor(((event.clientY - bounds.top) / bounds.height) * grid.rows);
  const inside = row >= 0 && row < grid.rows && column >= 0 && column < grid.columns;
  return inside ? { row, column } : null;
}
