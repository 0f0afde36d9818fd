// What was answered, in this browser's own storage: shown, taken home as a file, read back, forgotten.

const KEPT = "neural-odes-and-gradcam";

function createProgress(state) {
  const details = drawer(state, "My progress", () => refreshProgress(state));
  state.forgotten = new Map();
  state.table = make("div", details);
  state.back = button(details, "Bring back my answers on this page", () => {
    const answers = {};
    for (const { name } of missing(state)) answers[name] = read()[state.data.slug][name].given;
    state.ask(answers);
  });
  const row = make("p", details);
  button(row, "Save as a file", save);
  button(row, "Open a file", () => {
    const chosen = Object.assign(document.createElement("input"), { type: "file", accept: ".json" });
    chosen.addEventListener("change", () => open(state, chosen.files[0]));
    chosen.click();
  });
  button(row, "Forget all", () => {
    if (!confirm("Forget all answers kept in this browser?")) return;
    localStorage.removeItem(KEPT);
    // What stands on the page would be kept again at once.
    state.forgotten = new Map(state.data.questions.map(({ name, given }) => [name, given]));
    refreshProgress(state);
  });
  state.news = make("p", details, "", { role: "status" });
  make("p", details, "Kept in this browser alone; the server keeps nothing.");
}

function refreshProgress(state) {
  const { slug, titles, questions } = state.data;
  const kept = read();
  const mine = { ...kept[slug] };
  for (const { name, kind, given, right } of questions) {
    const before = mine[name];
    if (given === null && before) continue;
    if (state.forgotten.get(name) === given) continue;
    mine[name] = { kind, given, right };
  }
  if (Object.keys(mine).length && JSON.stringify(mine) !== JSON.stringify(kept[slug])) write({ ...kept, [slug]: mine });
  const lessons = Object.entries(read()).filter(([one]) => titles[one]);
  state.table.replaceChildren();
  if (!lessons.length) make("p", state.table, "Nothing answered yet.");
  else table(state.table, lessons, titles);
  state.back.hidden = !missing(state).length;
}

function table(parent, lessons, titles) {
  const rows = make("table", parent);
  const head = make("tr", make("thead", rows));
  for (const title of ["Lesson", "Answered", "Right"]) make("th", head, title, { scope: "col" });
  const body = make("tbody", rows);
  for (const [slug, answers] of lessons) {
    const all = Object.values(answers);
    const marked = all.filter(({ kind }) => kind !== "prediction");
    const row = make("tr", body);
    make("th", row, titles[slug], { scope: "row" });
    make("td", row, `${all.filter(({ given }) => given !== null).length} of ${all.length}`);
    make("td", row, marked.length ? `${marked.filter(({ right }) => right).length} of ${marked.length}` : "");
  }
}

// Questions on screen without an answer that had one on an earlier visit.
function missing(state) {
  const mine = read()[state.data.slug] ?? {};
  return state.data.questions.filter(({ name, given }) => given === null && (mine[name]?.given ?? null) !== null);
}

function read() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEPT))) ?? {};
  } catch {
    return {};
  }
}

function write(lessons) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ version: 1, lessons }));
  } catch {
    // A browser that keeps nothing, or has no room: the page works without.
  }
}

// The lessons of what was kept or opened; null for anything else.
function checked(kept) {
  const isMap = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  const isAnswer = (one) =>
    isMap(one) && typeof one.kind === "string" && [null, true, false].includes(one.right) &&
    (one.given === null || ["string", "number"].includes(typeof one.given));
  if (kept?.version !== 1 || !isMap(kept.lessons)) return null;
  const sound = Object.values(kept.lessons).every((one) => isMap(one) && Object.values(one).every(isAnswer));
  return sound ? kept.lessons : null;
}

function save() {
  saveAs("progress.json", "application/json", JSON.stringify({ version: 1, lessons: read() }, null, 2));
}

async function open(state, file) {
  if (!file) return;
  let lessons = null;
  try {
    lessons = file.size < 1e6 ? checked(JSON.parse(await file.text())) : null;
  } catch {
    // Not JSON: told below.
  }
  if (lessons) write({ ...read(), ...lessons });
  state.news.textContent = lessons
    ? "Opened."
    : `${file.name} cannot be read: expected a file that was saved here. Nothing was changed.`;
  refreshProgress(state);
}
