// Grids side by side that only stand there and are pointed into.

function showGallery(root, data) {
  root.awake?.abort();
  const awake = (root.awake = new AbortController());
  root.classList.add("gallery");
  root.replaceChildren();
  const grid = element("div", "", root);
  grid.className = "panels";
  const told = element("output", "", root);
  told.className = "told";
  const outputs = data.outputs.map((one) => ({ ...one, values: floats(one.values), lut: bytes(data.luts[one.scale]) }));
  const panels = outputs.map((_, index) => galleryPanel(grid, told, { data: { outputs } }, index));

  const paint = () => {
    const width = root.clientWidth;
    if (!width || width === root.painted) return;
    root.painted = width;
    const beside = width >= 600 ? 3 : width >= 330 ? 2 : 1;
    grid.style.gridTemplateColumns = `repeat(${beside}, minmax(0, 1fr))`;
    const columns = Math.max(...outputs.map((one) => one.columns));
    const cell = Math.max(2, Math.min(LARGEST, Math.floor((width - 20 * (beside - 1)) / beside / columns)));
    const theme = themeOf(root, data);
    for (const panel of panels) {
      paintBase(panel, cell, theme, "Arrow keys read single cells.");
      panel.canvas.getContext("2d").drawImage(panel.base, 0, 0);
    }
  };
  root.painted = 0;
  const observer = new ResizeObserver(paint);
  observer.observe(root);
  awake.signal.addEventListener("abort", () => observer.disconnect());
  paint();
  return () => root.awake === awake && awake.abort();
}

function galleryPanel(grid, told, state, index) {
  const figure = element("figure", "", grid);
  const panel = { state, kind: "output", index, figure, title: element("figcaption", "", figure) };
  panel.canvas = element("canvas", "", figure);
  panel.canvas.tabIndex = 0;
  panel.canvas.setAttribute("role", "img");
  panel.base = document.createElement("canvas");
  element("p", state.data.outputs[index].note, figure);
  let at = { row: 0, column: 0 };
  const read = (cell) => {
    if (!cell) return;
    at = cell;
    const value = number(panel.grid.values[cell.row * panel.grid.columns + cell.column], 6);
    told.textContent = `${panel.grid.title}, row ${cell.row + 1}, column ${cell.column + 1}: ${value}`;
  };
  for (const kind of ["pointermove", "pointerdown"]) {
    panel.canvas.addEventListener(kind, (event) => read(cellAt(panel, event)));
  }
  panel.canvas.addEventListener("keydown", (event) => {
    const { rows, columns } = panel.grid;
    if (!MOVES[event.key]) return;
    event.preventDefault();
    const [down, along] = MOVES[event.key];
    read({ row: clamp(at.row + down, rows), column: clamp(at.column + along, columns) });
  });
  return panel;
}

const clamp = (place, count) => Math.min(Math.max(place, 0), count - 1);
