// One clock for all scenes of a call: a native slider and a button that moves it.

const JUMPS = 10; // of Play, for those who asked for less motion

function createClock(root, changed) {
  const bar = element("div", "", root);
  bar.className = "clock";
  const button = element("button", "Play", bar);
  button.type = "button";
  const label = element("label", "", bar);
  const head = element("span", "", label);
  const name = element("span", "", head);
  const value = element("span", "", head);
  value.className = "value";
  const slider = element("input", "", label);
  slider.type = "range";
  slider.min = 0;

  const clock = { bar, button, name, value, slider, changed, data: null, at: 1, frame: 0 };
  slider.addEventListener("input", () => {
    pause(clock);
    if (clock.data.frames.length) clock.at = +slider.value / Math.max(1, clock.data.frames.length - 1);
    else clock.at = +slider.value / 100;
    show(clock);
  });
  button.addEventListener("click", () => (clock.request ? pause(clock) : play(clock)));
  return clock;
}

// New data keep the position: the fraction of a time, the index of a frame; what stood at the end stays there.
function updateClock(clock, data) {
  const [before, last] = [clock.data, (data?.frames.length ?? 0) - 1];
  const steps = last >= 0;
  const index = momentOf(clock)?.frame ?? 0;
  clock.data = data;
  clock.bar.hidden = !data;
  if (!data) return pause(clock);
  if (!before || Boolean(before.frames.length) !== steps) {
    const start = data.start ?? (steps ? last : data.high);
    clock.at = within(steps ? start / Math.max(1, last) : (start - data.low) / (data.high - data.low || 1), 0, 1);
  } else if (steps && clock.at < 1) clock.at = Math.min(1, index / Math.max(1, last));

  clock.name.textContent = data.title;
  // From 0 to 100 with any step: the arrow keys then move by 1 in every browser.
  clock.slider.max = steps ? Math.max(last, 0) : 100;
  clock.slider.step = steps ? 1 : "any";
  clock.button.disabled = steps ? last < 1 : !(data.high !== data.low);
  show(clock, false);
}

// The time, or the frame, that the clock stands at; null without a clock.
function momentOf({ data, at }) {
  if (!data) return null;
  if (data.frames.length) return { time: null, frame: Math.round(at * (data.frames.length - 1)) };
  return { time: at >= 1 ? data.high : data.low + at * (data.high - data.low), frame: null };
}

function show(clock, tell = true) {
  const { data, slider, value } = clock;
  const { time, frame } = momentOf(clock);
  slider.value = frame ?? 100 * clock.at;
  slider.style.setProperty("--done", `${100 * clock.at}%`);
  if (frame === null) {
    const range = Math.abs(data.high - data.low);
    const number = short(time, roundStep(range / 200 || 1), Math.max(range, Math.abs(time)));
    value.textContent = `${symbolOf(data.title)} = ${number}`;
  } else value.textContent = data.frames[frame];
  slider.setAttribute("aria-valuetext", value.textContent);
  if (tell) clock.changed();
}

function play(clock) {
  if (clock.at >= 1) clock.at = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let from = clock.at; // grows by the share of the playing time that has passed
  let last = null;
  const tick = (now) => {
    if (last !== null) from += Math.min(now - last, 250) / (1000 * Math.max(clock.data.seconds, 0.1));
    last = now;
    clock.at = Math.min(1, calm ? Math.floor(from * JUMPS + 1e-9) / JUMPS : from);
    clock.request = requestAnimationFrame(tick);
    if (clock.at >= 1) pause(clock);
    show(clock);
  };
  clock.request = requestAnimationFrame(tick);
  clock.button.textContent = "Pause";
  show(clock);
}

function pause(clock) {
  cancelAnimationFrame(clock.request);
  clock.request = 0;
  clock.button.textContent = "Play";
}
