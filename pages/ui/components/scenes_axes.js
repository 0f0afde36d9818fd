// A plane: two axes with ticks at round numbers, and the map from data to pixels.

const TICK = 13; // font sizes, in CSS pixels
const TITLE = 14;
const FAR = 2e4; // beyond this many pixels a point only costs time

// From a quantity to pixels and back; `slope` is pixels per unit, which changes along a logarithmic axis.
function scaleOf({ low, high, log }, from, to) {
  if (log) {
    const [a, b] = [low, high].map((x) => Math.log(Math.max(x, 1e-300)));
    const rate = (to - from) / (b - a || 1);
    return {
      at: (x) => (x > 0 ? from + (Math.log(x) - a) * rate : NaN),
      value: (pixel) => Math.exp(a + (pixel - from) / rate),
      slope: (x) => rate / x,
    };
  }
  const rate = (to - from) / (high - low || 1);
  return { at: (x) => from + (x - low) * rate, value: (pixel) => low + (pixel - from) / rate, slope: () => rate };
}

// Ticks at 1, 2 or 5 times a power of ten, about `most` of them; on a logarithmic axis at powers of ten.
function ticksOf({ low, high, log }, most) {
  if (!(high > low)) return [{ value: low, text: short(low, Math.abs(low) || 1) }];
  return (log && powersOfTen(low, high, most)) || roundSteps(low, high, most);
}

function roundSteps(low, high, most) {
  const step = roundStep((high - low) / Math.max(most, 1));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (last - first < 2 && most < 40) return roundSteps(low, high, 1.6 * Math.max(most, 1)); // one number tells no scale
  const largest = Math.max(Math.abs(low), Math.abs(high));
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: short(value, step, largest) };
  });
}

// Fewer ticks where their numbers would touch.
function ticksThatFit(axis, length, pen) {
  for (let most = length / 60; ; most /= 2) {
    const ticks = ticksOf(axis, most);
    const widest = Math.max(...ticks.map(({ text }) => pen.measureText(text).width));
    if (ticks.length <= 3 || (widest + 10) * ticks.length < length || most < 1) return ticks;
  }
}

function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((m) => m * power >= 0.999 * least);
}

function powersOfTen(low, high, most) {
  if (!(low > 0)) return null;
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1) {
    const factors = [1, 2, 5].flatMap((m) => [first - 1, first, last, last + 1].map((e) => m * 10 ** e));
    const values = [...new Set(factors)].filter((x) => x >= low * 0.999 && x <= high * 1.001).sort((a, b) => a - b);
    return values.length < 2 ? null : values.map((value) => ({ value, text: short(value, value) }));
  }
  const stride = Math.ceil((last - first + 1) / Math.max(most, 2));
  const plain = first >= -3 && last <= 3;
  const found = [];
  for (let e = first; e <= last; e += stride) {
    found.push({ value: 10 ** e, text: plain ? short(10 ** e, 10 ** e) : `10${raised(e)}` });
  }
  return found;
}

// A number as text, to the digits that `step` resolves; `largest` of its axis decides on powers of ten.
function short(value, step, largest = Math.abs(value)) {
  if (Math.abs(value) < step * 1e-6) return "0";
  if (largest >= 1e5 || largest < 1e-3) {
    const power = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    const digits = Math.max(0, power - Math.floor(Math.log10(step) + 1e-9));
    const factor = +(value / 10 ** power).toFixed(Math.min(digits, 6));
    return minus(`${factor}·10${raised(power)}`.replace(/^(-?)1·/, "$1"));
  }
  return minus(value.toFixed(Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 8)));
}

// A value read out of a scene, to about a thousandth of its axis.
function read({ low, high, log }, value) {
  if (log) return short(value, 10 ** Math.floor(Math.log10(Math.abs(value) || 1)) / 100);
  const largest = Math.max(Math.abs(low), Math.abs(high), Math.abs(value));
  return short(value, 10 ** Math.floor(Math.log10((high - low || 1) / 2)) / 1000, largest);
}

const minus = (text) => text.replace(/^-(?=[0.]*$)/, "").replace("-", "−"); // and no negative zero
const raised = (e) => String(e).replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[+c]));

// "time t (s)" -> "t", for readouts; a title without a symbol stays whole.
function symbolOf(title) {
  const words = title.replace(/\s*[([].*$/, "").split(" ");
  const last = words[words.length - 1];
  return last.length <= 3 ? last : words.join(" ");
}

// Where the plot lies on a canvas of this size, and how its points become pixels.
function planeOf(scene, width, height, pen, theme) {
  pen.font = `${TICK}px ${theme.font}`;
  const top = TITLE + 14;
  const bottom = height - TICK - TITLE - 18;
  const tall = ticksOf(scene.y, (bottom - top) / 46);
  const left = Math.ceil(Math.max(...tall.map(({ text }) => pen.measureText(text).width), 12)) + 12;
  let area = { left, top, right: width - 20, bottom };
  if (scene.square && !scene.x.log && !scene.y.log) area = withOneUnit(scene, area);
  const x = scaleOf(scene.x, area.left, area.right);
  const y = scaleOf(scene.y, area.bottom, area.top);

  function place(points, count) {
    const pixels = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      pixels[2 * i] = near(x.at(points[2 * i]));
      pixels[2 * i + 1] = near(y.at(points[2 * i + 1]));
    }
    return { pixels, depths: null };
  }
  const across = area.right - area.left;
  const wide = ticksThatFit(scene.x, across, pen);
  const frame = () => drawPlane(pen, scene, area, { x, y }, theme, [wide, tall], width);
  const clip = () => pen.rect(area.left - 1.5, area.top - 1.5, across + 3, area.bottom - area.top + 3);
  return { area, x, y, place, frame, clip };
}

// The largest part of the area in which a unit of x is as long as one of y; what is left over stays empty.
function withOneUnit({ x, y }, { left, top, right, bottom }) {
  const unit = Math.min((right - left) / (x.high - x.low || 1), (bottom - top) / (y.high - y.low || 1));
  const spareX = right - left - unit * (x.high - x.low || 1);
  const spareY = bottom - top - unit * (y.high - y.low || 1);
  return { left: left + spareX / 2, top: top + spareY / 2, right: right - spareX / 2, bottom: bottom - spareY / 2 };
}

const near = (pixel) => (Number.isFinite(pixel) ? Math.min(Math.max(pixel, -FAR), FAR) : NaN);

function drawPlane(pen, scene, area, { x, y }, theme, [wide, tall], width) {
  const { left, top, right, bottom } = area;
  pen.fillStyle = theme.surface;
  pen.fillRect(left, top, right - left, bottom - top);
  pen.strokeStyle = theme.grid;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const { value } of wide) segment(pen, crisp(x.at(value)), top, crisp(x.at(value)), bottom);
  for (const { value } of tall) segment(pen, left, crisp(y.at(value)), right, crisp(y.at(value)));
  pen.stroke();

  pen.fillStyle = theme.text;
  pen.font = `${TICK}px ${theme.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const { value, text } of tall) pen.fillText(text, left - 7, y.at(value) + 1);
  pen.textBaseline = "top";
  pen.textAlign = "center";
  for (const { value, text } of wide) pen.fillText(text, x.at(value), bottom + 7);

  // The title of y stands above its numbers, level: it is read without turning the head and never cut off.
  pen.font = `${TITLE}px ${theme.font}`;
  pen.fillText(scene.x.title, (left + right) / 2, bottom + TICK + 12, width - 8);
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  const start = Math.max(4, left - 30);
  pen.fillText(scene.y.title, start, top - 7, width - start - 4);
}

function segment(pen, x1, y1, x2, y2) {
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
}

const crisp = (pixel) => Math.round(pixel) + 0.5;
