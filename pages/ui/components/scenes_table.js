// The numbers that are drawn, as tables and as a file: for who cannot see a picture, and who wants to go on with them.

const MOST_ROWS = 50; // of a table; the file has all

function createTables(state) {
  const details = element("details", "", state.root);
  element("summary", "The numbers", details);
  const save = element("button", "Save all as CSV", details);
  save.type = "button";
  save.addEventListener("click", () => saveNumbers(state));
  state.tables = element("div", "", details);
  details.addEventListener("toggle", () => refreshTables(state));
}

function refreshTables(state) {
  if (!state.tables.parentElement.open) return;
  state.tables.replaceChildren();
  for (const panel of state.panels)
    for (const layer of shownLayers(panel)) if (layer.kind !== "shade") tableOf(state, panel, layer);
}

function tableOf(state, panel, layer) {
  const rows = rowsOf(layer);
  const step = Math.ceil(rows.length / MOST_ROWS);
  const table = element("table", "", element("div", "", state.tables));
  const thinned = step > 1 ? `, one row of ${step}` : "";
  element("caption", `${[panel.scene.title, layer.name].filter(Boolean).join(": ")}${thinned}`, table);
  const head = element("tr", "", element("thead", "", table));
  for (const title of columnsOf(state, panel.scene, layer)) element("th", title, head).scope = "col";
  const body = element("tbody", "", table);
  for (let i = 0; i < rows.length; i += step) {
    const row = element("tr", "", body);
    for (const value of rows[i]) element("td", typeof value === "number" ? minus(String(+value.toPrecision(6))) : value, row);
  }
}

function columnsOf(state, scene, layer) {
  const columns = [scene.x, scene.y, scene.z].filter(Boolean).map(({ title }) => title);
  if (layer.kind === "arrows") columns.push("to the right", "upwards");
  if (layer.times) columns.push(state.clock?.data?.title ?? "time");
  if (layer.labels) columns.push("label");
  return columns;
}

// One row for each point; gaps in a line are left out.
function rowsOf(layer) {
  const rows = [];
  for (let i = 0; i < layer.count; i++) {
    const row = [...layer.points.subarray(i * layer.columns, (i + 1) * layer.columns)];
    if (!row.every(Number.isFinite)) continue;
    if (layer.kind === "arrows") row.push(...layer.vectors.subarray(2 * i, 2 * i + 2));
    if (layer.times) row.push(layer.times[i]);
    if (layer.labels) row.push(layer.labels[i] ?? "");
    rows.push(row);
  }
  return rows;
}

// One line for each number's row: figure, name, then column and value in turn, since layers differ in their columns.
function saveNumbers(state) {
  const quoted = (value) => (typeof value === "number" ? value : `"${String(value).replaceAll('"', '""')}"`);
  const lines = [["figure", "name", "row", "column", "value"].join()];
  for (const panel of state.panels)
    for (const layer of shownLayers(panel).filter(({ kind }) => kind !== "shade")) {
      const columns = columnsOf(state, panel.scene, layer);
      rowsOf(layer).forEach((row, i) =>
        row.forEach((value, c) =>
          lines.push([quoted(panel.scene.title), quoted(layer.name), i, quoted(columns[c]), quoted(value)].join()),
        ),
      );
    }
  saveAs(`${state.key}.csv`, "text/csv", lines.join("\n"));
}
