// A kernel's walk over an input. All frames are here: nothing is asked of the server while it plays, steps or scrubs.
// The other parts (sweep_*.js) stand above this one in the same module.

const SPEEDS = [1, 2, 5, 20, 60, 200, 1000]; // places a second
const JUMPS = 10; // of Play, for those who asked for less motion,
const REST = 0.6; // with so many seconds between two

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sweep");
  if (data.gallery) return showGallery(root, data);
  const state = (root.state ??= create(root));
  update(state, unpacked(data));
  const call = (state.call = {});
  // A call that was overtaken by the next one is cleaned up after it: then nothing must stop.
  return () => state.call === call && sleep(state);
}

function create(root) {
  const state = { root, panels: [], at: 0, whole: false, chosen: false, mark: null, pointed: null, request: 0 };
  const bar = element("div", "", root);
  bar.className = "bar";
  state.play = button(bar, "Play", () => (state.request ? pause(state) : play(state)));
  state.back = button(bar, "Back", () => go(state, Math.round(state.at) - 1));
  state.step = button(bar, "Step", () => go(state, Math.round(state.at) + 1));
  state.step.className = "primary";
  const speed = element("label", "Speed ", bar);
  state.speed = element("select", "", speed);
  for (const each of SPEEDS) element("option", `${each} a second`, state.speed).value = each;
  state.speed.addEventListener("change", () => (state.fast = +state.speed.value));
  const all = element("label", "", bar);
  state.all = element("input", "", all);
  state.all.type = "checkbox";
  all.append(" Show the whole map");
  state.all.addEventListener("change", () => {
    state.chosen = true;
    state.whole = state.all.checked;
    show(state);
  });
  const clock = element("label", "", root);
  clock.className = "clock";
  state.where = element("span", "", clock);
  state.slider = element("input", "", clock);
  state.slider.type = "range";
  state.slider.min = 0;
  state.slider.addEventListener("input", () => go(state, +state.slider.value));
  state.grid = element("div", "", root);
  state.grid.className = "panels";
  state.numbers = createNumbers(root);
  state.told = element("output", "", root);
  state.told.className = "told";
  return state;
}

function update(state, data) {
  const before = state.data && { data: state.data, frame: frameOf(state.data, state.at) };
  state.data = data;
  state.frames = data.outputs.length * data.map[0] * data.map[1];
  // The kernel stays at its place, if there still is one.
  const old = before?.frame ?? { filter: 0, row: 0, column: 0 };
  const last = [data.outputs.length - 1, data.map[0] - 1, data.map[1] - 1];
  const [filter, row, column] = [old.filter, old.row, old.column].map((each, i) => Math.min(each, last[i]));
  state.at = indexOf(data, filter, row, column);
  if (before?.data.whole !== data.whole) state.chosen = false;
  if (!state.chosen) state.whole = state.all.checked = data.whole;
  if (!before || indexOf(before.data, ...last) !== indexOf(data, ...last)) {
    state.fast = state.frames <= 100 ? 2 : state.frames <= 700 ? 20 : 200;
    state.speed.value = state.fast;
  }
  state.slider.max = state.frames - 1;
  state.pointed = state.mark = null;
  panels(state);
  shapeNumbers(state.numbers, data, (mark) => {
    if (mark?.u === state.mark?.u && mark?.v === state.mark?.v && mark?.channel === state.mark?.channel) return;
    state.mark = mark;
    markNumbers(state.numbers, mark, state.data.size);
    show(state);
  });
  wake(state);
  measure(state);
}

// One panel for each channel of the input, then one for each map.
function panels(state) {
  const { inputs, outputs } = state.data;
  const wanted = [...inputs.map((_, i) => ["input", i]), ...outputs.map((_, i) => ["output", i])];
  const names = wanted.join(" ");
  if (state.names === names) return;
  state.names = names;
  state.panels = wanted.map(([kind, index]) => createPanel(state, kind, index));
  state.grid.replaceChildren(...state.panels.map(({ figure }) => figure));
}

// One size of cell for all grids, so that a smaller map looks smaller.
function measure(state) {
  const { inputs, outputs } = state.data;
  const width = state.root.clientWidth;
  if (!width) return;
  state.width = width;
  const count = inputs.length + outputs.length;
  const wide = count > 3 ? Math.max(2, inputs.length) : count;
  const beside = width < 560 ? Math.min(inputs.length, 2) : wide;
  const room = (width - 20 * (beside - 1)) / beside;
  const cell = Math.max(2, Math.min(LARGEST, Math.floor(room / inputs[0].columns)));
  state.grid.style.gridTemplateColumns = `repeat(${beside}, auto)`;
  state.theme = themeOf(state.root, state.data);
  for (const panel of state.panels) paintBase(panel, cell, state.theme);
  show(state);
}

function themeOf(root, { accent, mark }) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: colour("text-color"),
    ground: colour("background-color"),
    surface: colour("secondary-background-color"),
    line: colour("border-color") || "#888",
    font: colour("font") || "sans-serif",
    accent,
    mark,
  };
}

// What listens beyond the component itself.
function wake(state) {
  sleep(state, false);
  const awake = (state.awake = new AbortController());
  const observer = new ResizeObserver(() => state.root.clientWidth !== state.width && measure(state));
  observer.observe(state.root);
  awake.signal.addEventListener("abort", () => observer.disconnect());
  document.addEventListener("visibilitychange", () => document.hidden && pause(state), { signal: awake.signal });
}

function sleep(state, stop = true) {
  state.awake?.abort();
  if (stop) pause(state);
}

const indexOf = ({ map: [rows, columns] }, filter, row, column) => (filter * rows + row) * columns + column;

function frameOf({ map: [rows, columns] }, at) {
  const index = Math.round(at);
  return {
    index,
    filter: Math.floor(index / (rows * columns)),
    row: Math.floor(index / columns) % rows,
    column: index % columns,
  };
}

function go(state, index) {
  pause(state);
  state.at = Math.min(Math.max(index, 0), state.frames - 1);
  show(state);
}

// To the cell of a map that was pointed at, or to the window whose middle is nearest to a cell of the input.
function goTo(state, panel, cell) {
  if (!cell) return;
  const { map, size, stride, dilation } = state.data;
  const now = frameOf(state.data, state.at);
  if (panel.kind === "output") return go(state, indexOf(state.data, panel.index, cell.row, cell.column));
  const [row, column] = [cell.row, cell.column].map((place, axis) =>
    Math.min(Math.max(Math.round((place - (dilation * (size[axis] - 1)) / 2) / stride), 0), map[axis] - 1)
  );
  go(state, indexOf(state.data, now.filter, row, column));
}

function point(state, pointed) {
  const [old, now] = [state.pointed, pointed].map((one) => one && `${one.panel.kind} ${one.panel.index} ${one.row} ${one.column}`);
  state.pointed = pointed;
  if (old !== now) show(state);
}

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function pressed(state, panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { map } = state.data;
  const { filter, row, column } = frameOf(state.data, state.at);
  if (MOVES[event.key] && event.shiftKey && panel.kind === "input") {
    const { rows, columns } = panel.grid;
    const from = state.pointed?.panel === panel ? state.pointed : { row: 0, column: 0 };
    const [down, along] = from === state.pointed ? MOVES[event.key] : [0, 0];
    point(state, { panel, row: clamp(from.row + down, rows), column: clamp(from.column + along, columns) });
  } else if (MOVES[event.key]) {
    const [down, along] = MOVES[event.key];
    const [to, across] = [row + down, column + along];
    if (to >= 0 && to < map[0] && across >= 0 && across < map[1]) go(state, indexOf(state.data, filter, to, across));
  } else if (event.key === "Home") go(state, 0);
  else if (event.key === "End") go(state, state.frames - 1);
  else if (event.key === " ") state.play.click();
  else return;
  event.preventDefault();
}

function play(state) {
  if (state.at >= state.frames - 1) state.at = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let [last, waited] = [null, 0];
  const tick = (now) => {
    const passed = last === null ? 0 : Math.min(now - last, 250) / 1000;
    last = now;
    waited += passed;
    if (!calm) state.at += passed * state.fast;
    else if (waited >= REST) {
      waited = 0;
      state.at += Math.max(1, (state.frames - 1) / JUMPS);
    }
    state.request = requestAnimationFrame(tick);
    if (state.at >= state.frames - 1) {
      state.at = state.frames - 1;
      pause(state);
    }
    if (!state.request || Math.round(state.at) !== +state.root.dataset.frame) show(state);
  };
  state.request = requestAnimationFrame(tick);
  state.play.textContent = "Pause";
  show(state);
}

function pause(state) {
  cancelAnimationFrame(state.request);
  state.request = 0;
  state.at = Math.round(state.at);
  state.play.textContent = "Play";
  if (state.data) state.told.setAttribute("aria-live", "polite");
}

function show(state) {
  const { data, at } = state;
  const frame = frameOf(data, at);
  for (const panel of state.panels) paintFrame(panel, frame, state);
  if (state.request) state.told.setAttribute("aria-live", "off"); // 60 sentences a second
  state.root.dataset.frame = frame.index;
  const total = showNumbers(state.numbers, data, frame);
  const several = data.outputs.length > 1 ? `${data.outputs[frame.filter].name}, ` : "";
  state.where.textContent = `Place ${frame.index + 1} of ${state.frames}: ${several}row ${frame.row + 1}, column ${frame.column + 1}`;
  state.slider.value = frame.index;
  state.slider.setAttribute("aria-valuetext", state.where.textContent);
  state.slider.style.setProperty("--done", `${(100 * frame.index) / Math.max(1, state.frames - 1)}%`);
  state.back.disabled = frame.index === 0;
  state.step.disabled = frame.index === state.frames - 1;
  state.told.textContent = sentence(state, frame, total);
}

function sentence({ data, pointed }, frame, total) {
  const { values, columns } = data.outputs[frame.filter];
  const value = number(values[frame.row * columns + frame.column], 6);
  const bias = data.biases[frame.filter];
  const count = data.inputs.length * data.size[0] * data.size[1];
  const sum = `${count} products add up to ${number(total, 6)}`;
  const made = bias ? `${sum}; with the bias ${number(bias, 6)} the output is ${value}.` : `${sum}: the output is ${value}.`;
  if (!pointed) return made;
  const { panel, row, column } = pointed;
  if (panel.kind === "output") return made;
  const read = ["rows", "columns"].map((axis, i) => reaching([row, column][i], data.size[i], data.map[i], data).length);
  const seen = `This cell of the input is read for ${read[0] * read[1]} cells of each map (dashed).`;
  return `${made} ${seen}`;
}

function button(parent, text, clicked) {
  const made = element("button", text, parent);
  made.type = "button";
  made.addEventListener("click", clicked);
  return made;
}

function unpacked(data) {
  const grid = (one) => ({ ...one, values: floats(one.values), lut: bytes(data.luts[one.scale]) });
  return { ...data, inputs: data.inputs.map(grid), outputs: data.outputs.map(grid), kernels: floats(data.kernels) };
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floats = (text) => new Float64Array(bytes(text).buffer);
