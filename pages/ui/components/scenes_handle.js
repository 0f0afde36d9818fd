// Pointer and keys on one panel: reading points, moving the handle, turning a space.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const PATIENCE = 250; // milliseconds after the last key, before the server is told

function listen(panel) {
  const { canvas, output } = panel;
  canvas.addEventListener("pointerdown", (event) => pressed(panel, event));
  canvas.addEventListener("pointermove", (event) => moved(panel, event));
  canvas.addEventListener("pointerup", (event) => released(panel, event));
  canvas.addEventListener("pointercancel", () => cancelled(panel));
  canvas.addEventListener("pointerleave", () => panel.held || readNothing(panel));
  canvas.addEventListener("keydown", (event) => keyed(panel, event));
  canvas.addEventListener("focus", () => output.setAttribute("aria-live", "polite"));
  canvas.addEventListener("blur", () => {
    output.removeAttribute("aria-live");
    readNothing(panel);
  });
  // A finger on the handle moves it; anywhere else it scrolls the page.
  const grips = (event) => panel.held && panel.place && event.cancelable && event.preventDefault();
  canvas.addEventListener("touchstart", grips, { passive: false });
  canvas.addEventListener("touchmove", grips, { passive: false });
}

// The handle follows the server, except while it is held or while its last place is not yet answered.
function followServer(panel, old, handle) {
  const changed = !old?.handle || !handle || handle.some((value, i) => value !== old.handle[i]);
  const answered = panel.sent === undefined || panel.state.answered === panel.sent;
  if (!handle) panel.place = null;
  else if (!panel.place || (!panel.held && !panel.timer && (changed || answered))) panel.place = [...handle];
}

function pressed(panel, event) {
  if (event.button !== 0 || !panel.space) return;
  const [x, y] = pointerAt(panel, event);
  if (panel.scene.z) {
    panel.canvas.setPointerCapture(event.pointerId);
    panel.held = { x, y, turn: { ...panel.turn } };
  } else if (panel.place) {
    const grip = Math.hypot(panel.space.x.at(panel.place[0]) - x, panel.space.y.at(panel.place[1]) - y);
    if (event.pointerType !== "mouse" && grip > 28) {
      panel.tap = [x, y]; // a tap or the start of a scroll: known when the finger is lifted
      return;
    }
    if (!insideArea(panel.space, x, y) && grip > 14) return;
    panel.canvas.setPointerCapture(event.pointerId);
    panel.held = { moved: false };
    if (grip > 14) movedTo(panel, x, y);
  }
}

function moved(panel, event) {
  if (!panel.space) return;
  const [x, y] = pointerAt(panel, event);
  if (panel.held && panel.scene.z) {
    const { turn } = panel.held;
    turnTo(panel, turn.around + (x - panel.held.x) / 120, turn.above + (y - panel.held.y) / 120);
  } else if (panel.held) movedTo(panel, x, y);
  else readAt(panel, x, y);
}

function released(panel, event) {
  const [x, y] = pointerAt(panel, event);
  if (panel.tap && Math.hypot(panel.tap[0] - x, panel.tap[1] - y) < 10 && insideArea(panel.space, x, y)) {
    movedTo(panel, x, y);
    send(panel);
  } else if (panel.held?.moved) send(panel);
  panel.held = panel.tap = null;
}

function cancelled(panel) {
  if (panel.held?.moved) send(panel);
  panel.held = panel.tap = null;
}

function keyed(panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !panel.space) return;
  const step = ARROWS[event.key];
  if (event.key === "Escape") return readNothing(panel);
  if (event.key === "Home" && panel.scene.z) turnTo(panel, FIRST_TURN.around, FIRST_TURN.above);
  else if (!step) return;
  else if (panel.scene.z) turnTo(panel, panel.turn.around + step[0] * 0.1, panel.turn.above - step[1] * 0.1);
  else if (panel.place) {
    const { x, y, area } = panel.space;
    const part = event.shiftKey ? 200 : 40;
    const across = x.at(panel.place[0]) + (step[0] * (area.right - area.left)) / part;
    const down = y.at(panel.place[1]) - (step[1] * (area.bottom - area.top)) / part;
    movedTo(panel, across, down);
    clearTimeout(panel.timer);
    panel.timer = setTimeout(() => send(panel, true), PATIENCE);
  } else walk(panel, step, event.shiftKey ? 1 : 50);
  event.preventDefault();
}

// From point to point of a layer, sideways; up and down to the next layer. A long line is walked in `steps` steps.
function walk(panel, [along, across], steps) {
  const kinds = ["line", "dots"];
  const layers = shownLayers(panel).filter((layer) => kinds.includes(layer.kind) && nextPoint(layer, 0, 1) !== null);
  if (!layers.length) return;
  const at = layers.indexOf(panel.mark?.layer);
  const layer = layers[at < 0 ? 0 : (at - across + layers.length) % layers.length];
  let i = at < 0 ? 0 : panel.mark.i;
  if (along && at >= 0) i += along * (steps > 1 ? Math.max(1, Math.round(layer.count / steps)) : 1);
  i = within(i, 0, layer.count - 1);
  // A break is stepped over; where only breaks follow, as after the last curve, the last point before stays.
  i = nextPoint(layer, i, along || 1) ?? nextPoint(layer, i, -(along || 1));
  panel.mark = { layer, i };
  panel.output.textContent = inWords(panel, panel.mark);
  panel.state.repaint();
}

// The first point from `i` on, forwards or backwards, that is somewhere; null where there is none.
function nextPoint({ points, columns, count }, i, way) {
  const somewhere = (k) => points.subarray(k * columns, (k + 1) * columns).every(Number.isFinite);
  for (let k = i; k >= 0 && k < count; k += way) if (somewhere(k)) return k;
  return null;
}

function movedTo(panel, pixelX, pixelY) {
  const { scene, space } = panel;
  panel.place = [
    rounded(scene.x, within(space.x.value(pixelX), scene.x.low, scene.x.high)),
    rounded(scene.y, within(space.y.value(pixelY), scene.y.low, scene.y.high)),
  ];
  if (panel.held) panel.held.moved = true;
  panel.mark = null;
  panel.output.textContent = `${scene.handleName}: ${placeInWords(panel, panel.place)}`;
  panel.state.repaint();
}

// To about half a pixel, so that links and number fields stay short.
function rounded({ low, high, log }, value) {
  if (log) return +value.toPrecision(4);
  const digits = Math.ceil(-Math.log10((high - low || 1) / 2000));
  return within(digits > 15 ? value : +value.toFixed(Math.max(digits, 0)), low, high);
}

// The third number tells two moves to the same place apart; the server hands the last one back with its answer. The
// fourth says whether keys moved the handle.
function send(panel, keys = false) {
  clearTimeout(panel.timer);
  panel.timer = 0;
  panel.sent = Date.now();
  panel.state.pick([...panel.place, panel.sent, keys]);
}

function turnTo(panel, around, above) {
  panel.turn = { around, above: within(above, -1.5, 1.5) };
  panel.turned = true;
  panel.state.repaint();
}

function readAt(panel, x, y) {
  panel.mark = nearest(panel, x, y);
  if (panel.mark) panel.output.textContent = inWords(panel, panel.mark);
  else if (panel.scene.z || !insideArea(panel.space, x, y)) panel.output.textContent = panel.hint;
  else panel.output.textContent = placeInWords(panel, [panel.space.x.value(x), panel.space.y.value(y)]);
  panel.state.repaint();
}

function readNothing(panel) {
  panel.mark = null;
  panel.output.textContent = panel.hint;
  panel.state.repaint();
}

function drawHandle({ pen, place, space, state }) {
  const [x, y] = [space.x.at(place[0]), space.y.at(place[1])];
  for (const [colour, width] of [[state.theme.ground, 6], [state.theme.text, 2.5]]) {
    strokeWith(pen, colour, width);
    pen.beginPath();
    pen.arc(x, y, 9, 0, 2 * Math.PI);
    segment(pen, x - 14, y, x + 14, y);
    segment(pen, x, y - 14, x, y + 14);
    pen.stroke();
  }
}

function pointerAt({ canvas }, event) {
  const bounds = canvas.getBoundingClientRect();
  return [event.clientX - bounds.left, event.clientY - bounds.top];
}

function insideArea({ area }, x, y) {
  return x >= area.left - 1 && x <= area.right + 1 && y >= area.top - 1 && y <= area.bottom + 1;
}
