// The numbers of one frame: for each channel its window, its kernel and their products, then the sum.

function createNumbers(root) {
  const part = element("div", "", root);
  part.className = "numbers";
  return { root: part, shape: "", rows: [] };
}

// Tables for so many channels and weights; they stay as long as neither changes.
function shapeNumbers(numbers, data, mark) {
  numbers.root.style.setProperty("--columns", data.size[1]);
  const shape = `${data.size} ${data.inputs.map((grid) => grid.name)}`;
  if (numbers.shape === shape) return;
  numbers.shape = shape;
  numbers.rows = data.inputs.map(({ name }, channel) => {
    const row = document.createElement("div");
    row.className = "channel";
    const of = data.inputs.length > 1 ? `, ${name}` : "";
    const window = table(row, `Window${of}`, "window", data.size);
    sign(row, "×");
    const weights = table(row, `Kernel${of}`, "kernel", data.size);
    sign(row, "=");
    const products = table(row, `Products${of}`, "products", data.size);
    const sum = element("output", "", row);
    sum.className = "sum";
    row.addEventListener("pointerover", ({ target }) => mark(target.at ? { channel, ...target.at } : null));
    row.addEventListener("pointerleave", (event) => event.pointerType === "touch" || mark(null)); // a tap's mark stays
    return { row, window, weights, products, sum };
  });
  numbers.root.replaceChildren(...numbers.rows.map(({ row }) => row));
}

function table(row, title, kind, [rows, columns]) {
  const made = element("table", "", row);
  made.className = kind;
  element("caption", title, made);
  const cells = [];
  for (let u = 0; u < rows; u++) {
    const line = element("tr", "", made);
    for (let v = 0; v < columns; v++) {
      const cell = element("td", "", line);
      cell.at = { u, v };
      cell.append(document.createTextNode(""));
      cells.push(cell);
    }
  }
  return cells;
}

function sign(row, text) {
  element("span", text, row).className = "sign";
}

// What the kernel covers, times its weights: the same products, in the same arithmetic, as core.conv.sweep has.
function showNumbers(numbers, data, frame) {
  const [rows, columns] = data.size;
  const { stride, dilation } = data;
  let total = 0;
  numbers.rows.forEach(({ window, weights, products, sum }, channel) => {
    const grid = data.inputs[channel];
    const first = (frame.filter * data.inputs.length + channel) * rows * columns;
    let part = 0;
    for (let u = 0; u < rows; u++) {
      for (let v = 0; v < columns; v++) {
        const at = u * columns + v;
        const place = (frame.row * stride + u * dilation) * grid.columns + frame.column * stride + v * dilation;
        const [x, w] = [grid.values[place], data.kernels[first + at]];
        part += x * w;
        write(window[at], x);
        write(weights[at], w);
        write(products[at], x * w);
      }
    }
    total += part;
    sum.textContent = `sum ${number(part, 6)}`;
  });
  return total;
}

function write(cell, value) {
  if (cell.value === value) return;
  cell.value = value;
  cell.firstChild.data = short(value);
  const sign = Math.sign(value);
  if (cell.sign === sign) return;
  cell.sign = sign;
  cell.classList.toggle("up", sign > 0);
  cell.classList.toggle("down", sign < 0);
}

function markNumbers(numbers, mark, [, columns]) {
  numbers.root.querySelectorAll(".mark").forEach((cell) => cell.classList.remove("mark"));
  if (!mark) return;
  const { window, weights, products } = numbers.rows[mark.channel];
  for (const cells of [window, weights, products]) cells[mark.u * columns + mark.v].classList.add("mark");
}

// For a cell: at most five digits, of which three behind the point.
function short(value) {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1e4 || size < 5e-4) return number(value, 1 + (size >= 1));
  return String(+value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1)).replace("-", "−");
}

// Up to so many digits, without zeros at the end; whole numbers in full. What has more digits in front of its point is
// written with its power of ten, so that no rounded number looks like a whole one.
function number(value, digits) {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value + 0).replace("-", "−");
  const text = value.toPrecision(digits);
  return (text.includes("e+") ? text.replace(/\.?0*e/, "e") : String(+text)).replace("-", "−");
}

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent?.append(made);
  return made;
}
