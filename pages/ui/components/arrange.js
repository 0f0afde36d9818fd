// A scene that is drawn here, so that an object follows the pointer at once; heat comes from the server, one question
// at a time: the next move is sent when the last one is answered.

const SOONEST = 60; // milliseconds between two questions
const PATIENCE = 1500; // after which a question without an answer is asked again
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".arrange");
  const state = (root.state ??= create(root));
  state.ask = (move) => setStateValue("move", move);
  update(state, data);
  const call = (state.call = {});
  return () => state.call === call && clearTimeout(state.timer);
}

function create(root) {
  const stage = element("div", "canvas", root);
  const picture = element("canvas", "picture", stage);
  picture.setAttribute("role", "img");
  const heat = element("canvas", "heat", stage);
  heat.setAttribute("aria-hidden", "true");
  const around = element("div", "around", stage);
  const hottest = element("div", "hottest", stage);
  const told = element("output", "", root);
  return { root, stage, picture, heat, around, hottest, told, things: [], held: null, sent: null, next: null, asked: 0 };
}

function update(state, data) {
  const same = state.data?.scene === data.scene && state.things.length === data.things.length;
  const waiting = same && (state.next !== null || (state.sent !== null && state.sent !== data.answered));
  if (!same) drop(state);
  if (state.sent === data.answered) state.sent = null;
  state.data = data;
  const kept = state.things.map(({ x, y }) => ({ x, y }));
  const names = data.things.map(({ kind }) => kind).join();
  if (names !== state.names || data.movable !== state.movable) makeThings(state, data);
  [state.names, state.movable] = [names, data.movable];
  data.things.forEach((thing, i) => {
    // The place on the server holds, except while a later move is not answered yet.
    const at = waiting && kept[i] ? kept[i] : { x: thing.x, y: thing.y };
    Object.assign(state.things[i], { ...thing, ...at, cover: bytes(thing.cover), from: [thing.x, thing.y] });
  });
  state.stage.inert = "locked" in document.documentElement.dataset; // by a teacher's link
  state.ground = bytes(data.ground);
  state.picture.setAttribute("aria-label", data.alt);
  paintHeat(state);
  place(state.around, data.around, data.canvas);
  state.hottest.hidden = !data.hottest;
  if (data.hottest) {
    const [row, column] = data.hottest;
    state.hottest.style.left = `${(100 * (column + 0.5)) / data.canvas}%`;
    state.hottest.style.top = `${(100 * (row + 0.5)) / data.canvas}%`;
  }
  if (!waiting) {
    state.told.textContent = data.told;
    state.heat.classList.remove("old");
  }
  state.root.dataset.answered = data.answered ?? "";
  state.root.dataset.hottest = data.hottest ?? "";
  paint(state);
  if (state.next !== null) later(state);
}

function makeThings(state, data) {
  const focused = state.things.findIndex(({ node }) => node === state.root.getRootNode().activeElement);
  for (const { node } of state.things) node.remove();
  state.things = data.things.map((thing, i) => {
    const node = element(data.movable ? "button" : "div", "thing", state.stage);
    element("span", "", node);
    if (data.movable) {
      node.type = "button";
      listen(state, node, i);
    }
    return { node };
  });
  if (data.movable) state.things[focused]?.node.focus();
}

function listen(state, node, i) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    const { x, y } = state.things[i];
    state.held = { i, x, y, clientX: event.clientX, clientY: event.clientY, side: state.stage.clientWidth };
    node.classList.add("held");
    node.focus({ preventScroll: true });
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (state.held?.i !== i) return;
    const { x, y, clientX, clientY, side } = state.held;
    moveTo(state, i, x + (event.clientX - clientX) / side, y + (event.clientY - clientY) / side);
  });
  const letGo = () => {
    node.classList.remove("held");
    if (state.held?.i === i) state.held = null;
  };
  node.addEventListener("pointerup", letGo);
  node.addEventListener("pointercancel", letGo);
  node.addEventListener("lostpointercapture", letGo);
  node.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const far = (event.shiftKey ? 8 : 2) / state.data.canvas;
    state.told.setAttribute("aria-live", "polite");
    moveTo(state, i, state.things[i].x + step[0] * far, state.things[i].y + step[1] * far);
  });
  node.addEventListener("blur", () => state.told.removeAttribute("aria-live"));
}

function moveTo(state, i, x, y) {
  const thing = state.things[i];
  const [newX, newY] = [x, y].map((value) => +Math.min(Math.max(value, thing.low), thing.high).toFixed(3));
  if (newX === thing.x && newY === thing.y) return;
  [thing.x, thing.y] = [newX, newY];
  state.next = i;
  state.heat.classList.add("old");
  paint(state);
  later(state);
}

// One question at a time, and not too soon after the one before.
function later(state) {
  clearTimeout(state.timer);
  const passed = performance.now() - state.asked;
  const wait = state.sent === null ? SOONEST - passed : PATIENCE - passed;
  state.timer = setTimeout(() => send(state), Math.max(wait, 0));
}

function send(state) {
  const i = state.next;
  if (i === null) return;
  const { x, y } = state.things[i];
  state.next = null;
  state.asked = performance.now();
  state.sent = Date.now();
  state.ask([state.data.scene, i, x, y, state.sent]);
}

function drop(state) {
  clearTimeout(state.timer);
  state.held = state.next = state.sent = null;
}

// The scene, with each object moved by whole pixels from where the server drew it.
function paint(state) {
  const { canvas: side, tag } = state.data;
  const { picture } = state;
  if (picture.width !== side) picture.width = picture.height = side;
  const pen = picture.getContext("2d");
  const image = pen.createImageData(side, side);
  const pixels = image.data;
  for (let p = 0; p < side * side; p++) {
    for (let c = 0; c < 3; c++) pixels[4 * p + c] = state.ground[3 * p + c];
    pixels[4 * p + 3] = 255;
  }
  for (const thing of state.things) {
    const [right, down] = [thing.x - thing.from[0], thing.y - thing.from[1]].map((part) => Math.round(part * side));
    thing.cover.forEach((share, at) => {
      const row = thing.top + down + Math.floor(at / thing.columns);
      const column = thing.left + right + (at % thing.columns);
      if (!share || row < 0 || column < 0 || row >= side || column >= side) return;
      const p = 4 * (row * side + column);
      for (let c = 0; c < 3; c++) pixels[p + c] += (thing.colour[c] - pixels[p + c]) * (share / 255);
    });
    const [left, top, rightmost, bottom] = thing.box;
    place(thing.node, [left + right, top + down, rightmost + right, bottom + down], side);
    label(thing, state.data.movable, top + down < 6);
  }
  if (tag) {
    const [size, colour] = tag;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) pixels.set(colour, 4 * (row * side + column));
    }
  }
  pen.putImageData(image, 0, 0);
}

function label(thing, movable, high) {
  const { node, kind } = thing;
  node.classList.toggle("chosen", thing.chosen);
  node.classList.toggle("high", high);
  node.firstChild.textContent = kind;
  if (!movable) return;
  const at = `${percent(thing.x)} from the left, ${percent(thing.y)} from the top`;
  node.setAttribute("aria-label", `${kind}, ${at}. Arrow keys move it.`);
}

// Bilinear between the centres of the cells, as core.cam.overlay.on_picture.
function paintHeat(state) {
  const { heat: canvas, data } = state;
  canvas.hidden = !data.heat;
  if (!data.heat) return;
  const { rows, columns, high } = data.heat;
  const values = new Float32Array(bytes(data.heat.values).buffer);
  const lut = bytes(data.heat.lut);
  const side = 4 * data.canvas;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(side, side);
  const pixels = image.data;
  const alpha = Math.round(255 * data.opacity);
  const [down, across] = [axis(side, rows), axis(side, columns)];
  for (let y = 0; y < side; y++) {
    const { below, above, weight } = down[y];
    const [upper, lower] = [below * columns, above * columns];
    for (let x = 0; x < side; x++) {
      const c = across[x];
      const one = values[upper + c.below] * (1 - c.weight) + values[upper + c.above] * c.weight;
      const two = values[lower + c.below] * (1 - c.weight) + values[lower + c.above] * c.weight;
      const share = high > 0 ? (one * (1 - weight) + two * weight) / high : 0;
      const colour = 3 * Math.round(255 * Math.min(Math.max(share, 0), 1));
      const at = 4 * (y * side + x);
      for (let i = 0; i < 3; i++) pixels[at + i] = lut[colour + i];
      pixels[at + 3] = alpha;
    }
  }
  pen.putImageData(image, 0, 0);
}

function axis(length, cells) {
  return Array.from({ length }, (_, i) => {
    const position = Math.min(Math.max(((i + 0.5) / length) * cells - 0.5, 0), cells - 1);
    const below = Math.floor(position);
    return { below, above: Math.min(below + 1, cells - 1), weight: position - below };
  });
}

function place(node, box, side) {
  node.hidden = !box;
  if (!box) return;
  const [left, top, right, bottom] = box.map((pixels) => (100 * pixels) / side);
  Object.assign(node.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
}

const percent = (part) => `${Math.round(100 * part)} %`;
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function element(name, kind, parent) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  parent.append(made);
  return made;
}
