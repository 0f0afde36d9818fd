// Scenes side by side over one clock. Called again with new data it changes what is there: the clock, hidden names,
// a turned space and the focus stay. The other parts (scenes_*.js) stand above this one in the same module.

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".scenes");
  const state = (root.state ??= create(root));
  state.pick = (place) => setStateValue("pick", place);
  state.update = () => update(state, data);
  state.update();
  const call = (state.call = {});
  // A call that was overtaken by the next one is cleaned up after it: then nothing must stop.
  return () => state.call === call && rest(state);
}

function create(root) {
  const state = { root, panels: [], hidden: new Set(), buttons: new Map(), theme: null, clock: null, request: 0 };
  state.legend = element("div", "", root);
  state.legend.className = "legend";
  state.legend.setAttribute("role", "group");
  state.legend.setAttribute("aria-label", "Shown");
  createPin(state);
  state.grid = element("div", "", root);
  state.grid.className = "panels";
  const paint = () => state.panels.forEach(paintPanel);
  // Many events, one painting; a clock's tick is in an animation frame already.
  state.repaint = () => {
    state.request ||= requestAnimationFrame(() => {
      state.request = 0;
      paint();
    });
  };
  state.clock = createClock(root, paint);
  state.paint = paint;
  createTables(state);
  return state;
}

function update(state, data) {
  const { root, grid } = state;
  root.style.setProperty("--least", `${data.least}px`);
  root.style.setProperty("--height", `${data.height}px`);
  grid.classList.toggle("lead", data.lead);
  state.theme = themeOf(root);
  state.answered = data.answered;
  [state.key, state.given] = [data.key, data.scenes];
  while (state.panels.length > data.scenes.length) state.panels.pop().figure.remove();
  while (state.panels.length < data.scenes.length) {
    state.panels.push(createPanel(state));
    grid.append(state.panels.at(-1).figure);
  }
  data.scenes.forEach((scene, i) => updatePanel(state.panels[i], withPinned(state, scene, i)));
  updateClock(state.clock, data.clock);
  updateLegend(state);
  refreshTables(state);
  wake(state);
  state.paint();
}

// What listens beyond the component itself.
function wake(state) {
  rest(state, false);
  const awake = (state.awake = new AbortController());
  const observer = new ResizeObserver(state.paint);
  state.panels.forEach(({ canvas }) => observer.observe(canvas));
  awake.signal.addEventListener("abort", () => observer.disconnect());
  document.addEventListener("visibilitychange", () => document.hidden && pause(state.clock), { signal: awake.signal });
  if (document.fonts.status !== "loaded") document.fonts.ready.then(() => awake.signal.aborted || anew(state));
}

function rest(state, stop = true) {
  state.awake?.abort();
  if (!stop) return;
  pause(state.clock);
  for (const { timer } of state.panels) clearTimeout(timer);
}

function anew(state) {
  for (const panel of state.panels) panel.space = null;
  state.paint();
}

function themeOf(root) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: colour("text-color"),
    ground: colour("background-color"),
    surface: colour("secondary-background-color"),
    grid: colour("border-color"),
    font: colour("font") || "sans-serif",
  };
}

// One button for each name; it hides and shows all layers of this name.
function updateLegend(state) {
  const named = new Map();
  for (const { scene } of state.panels)
    for (const layer of scene.layers) if (layer.name) named.set(layer.name, [...(named.get(layer.name) ?? []), layer]);
  const names = [...named.keys()];
  if (names.join("\n") !== [...state.buttons.keys()].join("\n")) {
    const focused = [...state.buttons].find(([, { button }]) => button.matches(":focus"))?.[0];
    const old = state.buttons;
    state.buttons = new Map(names.map((name) => [name, old.get(name) ?? legendButton(state, name)]));
    state.legend.replaceChildren(...[...state.buttons.values()].map(({ button }) => button));
    state.buttons.get(focused)?.button.focus();
  }
  refreshPin(state);
  for (const [name, { swatch }] of state.buttons) paintSwatch(swatch, named.get(name), state.theme);
}

function legendButton(state, name) {
  const button = element("button", "");
  button.type = "button";
  const swatch = element("canvas", "", button);
  swatch.setAttribute("aria-hidden", "true");
  element("span", name, button);
  button.setAttribute("aria-pressed", String(!state.hidden.has(name)));
  button.addEventListener("click", () => {
    if (!state.hidden.delete(name)) state.hidden.add(name);
    button.setAttribute("aria-pressed", String(!state.hidden.has(name)));
    refreshTables(state);
    anew(state);
  });
  return { button, swatch };
}

// The layers of a name as they look in the scenes: a line, a symbol, an arrow.
function paintSwatch(swatch, layers, theme) {
  const ratio = Math.max(2, devicePixelRatio || 1);
  const [width, height] = [30, 16];
  [swatch.width, swatch.height] = [width * ratio, height * ratio];
  const pen = swatch.getContext("2d");
  pen.scale(ratio, ratio);
  for (const kind of ["arrows", "line", "dots"]) {
    const layer = layers.find((one) => one.kind === kind);
    if (!layer) continue;
    strokeWith(pen, layer.colour, kind === "line" ? layer.width : 1.8);
    if (kind === "dots") {
      symbolAt(pen, layer.symbol, width / 2, height / 2, Math.min(layer.size, 6), layer.colour, theme);
    } else {
      pen.setLineDash(layer.dashed ? [3 * layer.width, 2.5 * layer.width] : []);
      pen.beginPath();
      if (kind === "line") segment(pen, 2, height / 2, width - 2, height / 2);
      else arrow(pen, width / 2, height / 2, 18, 0);
      pen.stroke();
    }
    pen.setLineDash([]);
  }
}

const within = (x, low, high) => Math.min(Math.max(x, low), high);

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent?.append(made);
  return made;
}
