// A space: a box in orthographic projection, turned by two angles.

const FIRST_TURN = { around: -0.65, above: 0.42 }; // radians
const UNIT = [-1, 1];

function spaceOf(scene, width, height, pen, theme, turn) {
  const axes = [scene.x, scene.y, scene.z];
  const ranges = axes.map(({ low, high }) => high - low || 1);
  const longest = Math.max(...ranges);
  const half = scene.square ? ranges.map((range) => range / longest) : [1, 1, 1];
  const size = (Math.min(width, height) - 64) / 2 / 1.5; // a corner is at most 1.73 from the middle
  const [sin, cos] = [Math.sin(turn.around), Math.cos(turn.around)];
  const [rise, lean] = [Math.sin(turn.above), Math.cos(turn.above)];

  // Of a place in the box, each coordinate in -1 to 1: across, down, and towards the viewer.
  function seen(a, b, c) {
    const [x, y, z] = [a * half[0], b * half[1], c * half[2]];
    const across = x * cos - y * sin;
    const away = x * sin + y * cos;
    return [width / 2 + size * across, height / 2 - size * (z * lean + away * rise), z * rise - away * lean];
  }
  const inBox = axes.map((axis) => scaleOf(axis, -1, 1));

  function place(points, count) {
    const pixels = new Float32Array(2 * count);
    const depths = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const [across, down, towards] = seen(...inBox.map((scale, axis) => scale.at(points[3 * i + axis])));
      pixels[2 * i] = near(across);
      pixels[2 * i + 1] = near(down);
      depths[i] = towards;
    }
    return { pixels, depths };
  }
  const frame = () => drawBox(pen, axes, seen, inBox, turn, theme);
  const area = { left: 0, top: 0, right: width, bottom: height };
  return { area, place, frame, clip: () => pen.rect(0, 0, width, height) };
}

function drawBox(pen, axes, seen, inBox, turn, theme) {
  const floor = turn.above >= 0 ? -1 : 1;
  // The sides of the box that are turned to the viewer.
  const front = [Math.sin(turn.around) > 0 ? -1 : 1, Math.cos(turn.around) > 0 ? -1 : 1];
  const line = (from, to) => {
    const [a, b] = [seen(...from), seen(...to)];
    segment(pen, a[0], a[1], b[0], b[1]);
  };

  pen.strokeStyle = theme.grid;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const a of UNIT)
    for (const b of UNIT) {
      line([a, b, -1], [a, b, 1]);
      line([a, -1, b], [a, 1, b]);
      line([-1, a, b], [1, a, b]);
    }
  const [wide, deep, tall] = axes.map((axis) => ticksOf(axis, 5));
  for (const { value } of wide) line([inBox[0].at(value), -1, floor], [inBox[0].at(value), 1, floor]);
  for (const { value } of deep) line([-1, inBox[1].at(value), floor], [1, inBox[1].at(value), floor]);
  pen.stroke();

  // The upright edge furthest to the left carries the numbers of z.
  const edges = UNIT.flatMap((a) => UNIT.map((b) => [a, b]));
  const left = edges.reduce((best, edge) => (seen(...edge, 0)[0] < seen(...best, 0)[0] ? edge : best));
  label(pen, axes[0], wide, (at) => [at, front[1], floor], inBox[0], seen, theme);
  label(pen, axes[1], deep, (at) => [front[0], at, floor], inBox[1], seen, theme);
  label(pen, axes[2], tall, (at) => [...left, at], inBox[2], seen, theme);
}

// Numbers and the title along one edge, on its outer side.
function label(pen, axis, ticks, edge, scale, seen, theme) {
  const [from, to, middle] = [seen(...edge(-1)), seen(...edge(1)), seen(0, 0, 0)];
  const [along, down] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(along, down);
  pen.strokeStyle = theme.text;
  pen.lineWidth = 1;
  pen.beginPath();
  segment(pen, from[0], from[1], to[0], to[1]);
  pen.stroke();
  if (length < 12) return; // seen end on

  // The unit vector across the edge that leads away from the middle of the box.
  const sign = Math.sign((from[0] - middle[0]) * down - (from[1] - middle[1]) * along) || 1;
  const [dx, dy] = [(sign * down) / length, (-sign * along) / length];
  const align = Math.abs(dx) < 0.4 ? "center" : dx < 0 ? "right" : "left";
  pen.fillStyle = theme.text;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.font = `${TICK}px ${theme.font}`;
  let widest = 0;
  for (const { value, text } of length < 50 ? [] : ticks) {
    const at = scale.at(value);
    if (Math.abs(at) > 0.85) continue; // corners belong to three axes
    const [x, y] = seen(...edge(at));
    pen.fillText(text, x + 12 * dx, y + 14 * dy);
    widest = Math.max(widest, pen.measureText(text).width);
  }
  pen.font = `${TITLE}px ${theme.font}`;
  const wide = pen.measureText(axis.title).width;
  const [width, height] = [2 * middle[0], 2 * middle[1]];
  if (Math.abs(along) < 1) {
    pen.textAlign = "center"; // above an upright edge
    pen.fillText(axis.title, within(from[0], wide / 2 + 4, width - wide / 2 - 4), Math.min(from[1], to[1]) - 14);
    return;
  }
  const x = (from[0] + to[0]) / 2 + (18 + (align === "center" ? 0 : widest)) * dx;
  const y = (from[1] + to[1]) / 2 + 36 * dy;
  const before = { left: 0, center: wide / 2, right: wide }[align];
  pen.fillText(axis.title, within(x, before + 4, width - wide + before - 4), within(y, 9, height - 9));
}
