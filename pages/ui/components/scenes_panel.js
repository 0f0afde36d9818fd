// One panel: a canvas with what stands still kept on canvases of its own, and its readout.

// What a panel is to a screen reader, and how it is used; {} is the handle's name.
const USE = {
  still: { role: "img", description: "", keys: "Arrow keys read single points.", hint: "" },
  movable: {
    role: "application",
    description: "plane with a movable point",
    keys: "Arrow keys move the {}.",
    hint: "Click or drag to move the {}.",
  },
  space: { role: "application", description: "space to turn", keys: "Arrow keys turn it.", hint: "Drag to turn." },
};

function createPanel(state) {
  const figure = document.createElement("figure");
  const title = element("figcaption", "", figure);
  const canvas = element("canvas", "", figure);
  canvas.tabIndex = 0;
  const output = element("output", "", figure);
  const panel = { state, figure, title, canvas, output, pen: canvas.getContext("2d"), turn: { ...FIRST_TURN } };
  listen(panel);
  return panel;
}

function updatePanel(panel, scene) {
  const old = panel.scene;
  panel.scene = { ...scene, layers: scene.layers.map((layer) => unpacked(layer, scene.z ? 3 : 2)) };
  panel.title.textContent = scene.title;
  panel.figure.classList.toggle("square", scene.square || Boolean(scene.z));
  panel.figure.classList.toggle("space", Boolean(scene.z));
  const movable = Boolean(scene.handle && !scene.z);
  panel.canvas.classList.toggle("moves", movable);
  panel.canvas.inert = movable && "locked" in document.documentElement.dataset; // by a teacher's link
  followServer(panel, old, movable ? scene.handle : null);

  const kind = movable ? "movable" : scene.z ? "space" : "still";
  const { role, description, keys, hint } = USE[kind];
  const named = (text) => text.replace("{}", scene.handleName);
  panel.canvas.setAttribute("aria-label", `${scene.alt} ${named(keys)}`);
  panel.canvas.setAttribute("role", role);
  if (description) panel.canvas.setAttribute("aria-roledescription", description);
  else panel.canvas.removeAttribute("aria-roledescription");
  panel.hint = named(hint);
  if (!panel.held) {
    panel.mark = null;
    const told = movable && panel.canvas.matches(":focus"); // where the handle was just moved to
    if (!told) panel.output.textContent = panel.hint;
  }
  panel.space = null;
}

function paintPanel(panel) {
  const { canvas, pen, scene, state } = panel;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    [canvas.width, canvas.height] = [wide, high];
    panel.space = null;
  }
  if (panel.turned) panel.space = null;
  panel.turned = false;
  const moment = state.clock && momentOf(state.clock);
  const time = moment?.time ?? null;
  if (!panel.space || panel.frame !== moment?.frame) {
    panel.space ??= scene.z
      ? spaceOf(scene, width, height, pen, state.theme, panel.turn)
      : planeOf(scene, width, height, pen, state.theme);
    panel.frame = moment?.frame;
    panel.runs = runsOf(panel, time !== null, ratio);
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, wide, high);
  for (const run of panel.runs) {
    if (run.canvas) pen.drawImage(run.canvas, 0, 0);
    else {
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawLayer(pen, run.layer, panel.space, state.theme, time);
      pen.setTransform(1, 0, 0, 1, 0, 0);
    }
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (panel.mark) drawMark(panel);
  if (panel.place) drawHandle(panel);
  if (moment) canvas.dataset.time = time ?? moment.frame;
  canvas.dataset.area = Object.values(panel.space.area).map(Math.round).join(" "); // left, top, right, bottom
}

// Neighbouring layers that stand still share a canvas; those that follow the clock are drawn at each of its ticks.
function runsOf(panel, timed, ratio) {
  const { canvas, pen, scene, space, state } = panel;
  const layers = shownLayers(panel);
  const runs = [];
  let start = true;
  let still = [];
  const flush = () => {
    if (!start && !still.length) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (start) space.frame();
    for (const [layer, faint] of still) drawLayer(pen, layer, space, state.theme, null, faint);
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    copy.getContext("2d").drawImage(canvas, 0, 0);
    runs.push({ canvas: copy });
    [start, still] = [false, []];
  };
  const moving = (layer) => timed && moves(layer);
  // Beneath everything the shades, and what the clock will draw, faint.
  for (const layer of layers) if (layer.kind === "shade") still.push([layer, false]);
  for (const layer of layers) if (moving(layer)) still.push([layer, true]);
  for (const layer of layers) {
    if (moving(layer)) {
      flush();
      runs.push({ layer });
    } else if (layer.kind !== "shade") still.push([layer, false]);
  }
  flush();
  return runs;
}

function shownLayers({ scene, state }) {
  const frame = (state.clock && momentOf(state.clock))?.frame ?? null;
  const inFrame = (layer) => layer.frame === null || frame === null || layer.frame === frame;
  return scene.layers.filter((layer) => inFrame(layer) && !(layer.name && state.hidden.has(layer.name)));
}

// The point of a line or of dots nearest to a place of the canvas, within `reach` pixels.
function nearest(panel, x, y, reach = 18) {
  let best = null;
  let least = reach * reach;
  for (const layer of shownLayers(panel)) {
    if (!(layer.kind === "line" || layer.kind === "dots")) continue;
    const { pixels } = placedIn(panel.space, layer);
    const lead = layer.kind === "dots" ? 20 : 0; // a dot on a line is what is meant
    for (let i = 0; i < layer.count; i++) {
      const square = (pixels[2 * i] - x) ** 2 + (pixels[2 * i + 1] - y) ** 2 - lead;
      if (!(square < least)) continue;
      least = square;
      best = { layer, i };
    }
  }
  return best;
}

function drawMark(panel) {
  const { pen, mark, space, state } = panel;
  if (!shownLayers(panel).includes(mark.layer)) return; // another frame, or a name that was hidden
  const { pixels } = placedIn(space, mark.layer);
  pen.beginPath();
  pen.arc(pixels[2 * mark.i], pixels[2 * mark.i + 1], (mark.layer.size ?? 4) + 4, 0, 2 * Math.PI);
  strokeWith(pen, state.theme.text, 2);
  pen.stroke();
}

// What a point is, in words: its name, its label, its coordinates and its time.
function inWords({ scene, state }, { layer, i }) {
  const axes = [scene.x, scene.y, scene.z].filter(Boolean);
  const parts = axes.map((axis, c) => `${symbolOf(axis.title)} = ${read(axis, layer.points[i * layer.columns + c])}`);
  const clock = state.clock?.data;
  const time = clock && !clock.frames.length && symbolOf(clock.title);
  if (layer.times && time && !axes.some((axis) => symbolOf(axis.title) === time))
    parts.push(`${time} = ${read(clock, layer.times[i])}`);
  const named = [layer.name, layer.labels?.[i]].filter(Boolean).join(", ");
  return (named ? `${named}: ` : "") + parts.join(", ");
}

function placeInWords({ scene }, [x, y]) {
  return `${symbolOf(scene.x.title)} = ${read(scene.x, x)}, ${symbolOf(scene.y.title)} = ${read(scene.y, y)}`;
}
