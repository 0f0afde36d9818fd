// Links: the state on screen, a lesson's start, sheets to print; and what a teacher's link does: it hides controls,
// locks the page, or makes it readable from the back of a room.

const VIEW = ["hide", "lock", "big"];
const PREPARED = "prepared"; // in the tab's storage: slug -> the query that a teacher's link came with
const EVERYWHERE = "*"; // beside the slugs: whether all pages are in presentation size
const CONTROL = ["Slider", "Selectbox", "Radio", "Checkbox", "NumberInput", "TextInput", "TextArea", "ButtonGroup"]
  .concat(["MultiSelect", "FileUploader", "CameraInput", "Button"])
  .map((kind) => `[data-testid=st${kind}]`);
const MAIN = "[data-testid=stMain]";
const MOVABLE = "canvas.moves, .arrange .canvas"; // inside the components

function createLinks(state) {
  const share = drawer(state, "Share and print", () => refreshLinks(state));
  state.text = make("input", share, "", { readOnly: true, hidden: true, ariaLabel: "Link" });
  const shared = button(share, "Copy the link to what you see", () => copy(shared, location.href, state.text));
  share.append(state.text);
  state.start = make("a", make("p", share), "Back to this lesson's start", { target: "_self" });
  state.sheets = make("p", share);
  make("a", state.sheets, "Worksheet", { target: "_blank", name: "questions" });
  state.sheets.append(" · ");
  make("a", state.sheets, "Answer sheet", { target: "_blank", name: "answers" });

  const teach = drawer(state, "A link for a class", () => refreshLinks(state));
  make("p", teach, "It opens this page as it stands now. Whoever opens it can show everything again.");
  state.big = box(state, teach, "Presentation size");
  state.lock = box(state, teach, "Locked: nothing can be changed");
  const group = make("fieldset", teach);
  make("legend", group, "Hide");
  state.controls = make("div", group);
  const made = button(teach, "Copy the link for the class", () => copy(made, teachersLink(state), state.link));
  state.open = make("a", make("p", teach), "Try it", { target: "_blank" });
  state.link = make("input", teach, "", { readOnly: true, hidden: true, ariaLabel: "Link for the class" });

  state.style = make("style", document.head);
}

function box(state, parent, text, name = "") {
  const label = make("label", parent);
  const input = make("input", label, "", { type: "checkbox", name });
  label.append(" ", text);
  input.addEventListener("change", () => refreshLinks(state));
  return input;
}

function refreshLinks(state) {
  const plain = new URLSearchParams(location.search);
  for (const name of VIEW) plain.delete(name);
  const prepared = stored()[state.data.slug];
  state.start.href = prepared ? `?${prepared}` : location.pathname;
  state.sheets.hidden = !state.data.questions.length;
  for (const link of state.sheets.children) {
    plain.set("sheet", link.name);
    link.href = `?${plain}`;
  }
  listControls(state);
  state.open.href = teachersLink(state);
}

// Every control on the page that a teacher could do without, by the first word of its key.
function listControls(state) {
  const found = new Map();
  for (const node of document.querySelectorAll(`${MAIN} [class*="st-key-"]`)) {
    const name = word([...node.classList].find((one) => one.startsWith("st-key-")).slice("st-key-".length));
    const text = node.dataset.testid === "stElementContainer" ? controlText(node) : expanderText(node);
    if (text && !found.has(name)) found.set(name, text);
  }
  const texts = JSON.stringify([...found]);
  if (state.listed === texts) return;
  const ticked = new Set(hidden(state));
  state.listed = texts;
  state.controls.replaceChildren();
  for (const [name, text] of found) box(state, state.controls, text, name).checked = ticked.has(name);
}

function controlText(node) {
  const control = node.querySelector(CONTROL.join());
  return control && inWords(control.querySelector("[data-testid=stWidgetLabel]") ?? control);
}

function expanderText(node) {
  const summary = node.querySelector(":scope > [data-testid=stExpander] summary");
  return summary && inWords(summary);
}

// What is read on screen: icons are letters in a font, and formulas stand there twice.
function inWords(node) {
  const clone = node.cloneNode(true);
  for (const extra of clone.querySelectorAll(".katex-mathml, [data-testid=stIconMaterial]")) extra.remove();
  return clone.textContent.trim().replace(/\s+/g, " ");
}

function word(name) {
  return name.split("-")[0];
}

function hidden(state) {
  return [...state.controls.querySelectorAll("input:checked")].map((input) => input.name);
}

function teachersLink(state) {
  const query = new URLSearchParams(location.search);
  const wanted = { hide: hidden(state).join(), lock: state.lock.checked ? "1" : "", big: state.big.checked ? "1" : "" };
  for (const [name, value] of Object.entries(wanted)) value ? query.set(name, value) : query.delete(name);
  const text = query.toString();
  return location.origin + location.pathname + (text && `?${text}`);
}

// Keeps what a teacher's link asks for as long as the tab lives: a change of page clears the address.
function note(state) {
  const here = new URLSearchParams(location.search);
  if (!VIEW.some((name) => here.has(name)) || state.noted === state.data.slug) return;
  state.noted = state.data.slug;
  try {
    const all = { ...stored(), [state.data.slug]: here.toString() };
    if (here.get("big")) all[EVERYWHERE] = "big";
    sessionStorage.setItem(PREPARED, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing forgets it on a change of page.
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(PREPARED)) ?? {};
  } catch {
    return {};
  }
}

function apply(state) {
  const here = new URLSearchParams(location.search);
  const prepared = VIEW.some((name) => here.has(name)) ? here : new URLSearchParams(stored()[state.data.slug] ?? "");
  const names = (prepared.get("hide") ?? "").slice(0, 2000).split(",").filter(Boolean).map((name) => CSS.escape(name));
  const rules = names.map((name) => `${MAIN} :is(.st-key-${name}, [class*="st-key-${name}-"]) { display: none; }`);
  const big = Boolean(prepared.get("big") || stored()[EVERYWHERE]);
  if (big) rules.push(BIG);
  rules.push(TOLD);
  state.style.textContent = rules.join("\n");
  state.locked = Boolean(prepared.get("lock"));
  state.watcher.disconnect();
  lock(state);
  if (state.locked) state.watcher.observe(document.querySelector(MAIN), { childList: true, subtree: true });
  say(state, [
    names.length && `${names.length} control${names.length > 1 ? "s" : ""} hidden`,
    state.locked && "locked",
    big && "large",
  ]);
}

const BIG = ":root { font-size: 24px; }";
const TOLD = `
  .tools-told { position: fixed; right: 1rem; bottom: 1rem; z-index: 1000; padding: 0.5rem 0.9rem; border-radius: 0.6rem;
    background: #1d2127; color: #fff; font: 0.9rem "Source Sans", sans-serif; box-shadow: 0 1px 8px #0006; }
  .tools-told[hidden] { display: none; }
  .tools-told button { font: inherit; color: inherit; background: none; border: 1px solid #fff8; border-radius: 0.5rem;
    padding: 0.15rem 0.6rem; margin-left: 0.6rem; cursor: pointer; }
  @media print { .tools-told { display: none; } }
`;

function lock(state) {
  document.documentElement.toggleAttribute("data-locked", state.locked); // for components that are not drawn yet
  for (const node of document.querySelectorAll(`${MAIN} :is(${CONTROL})`)) node.inert = state.locked;
  for (const { shadowRoot } of document.querySelectorAll(`${MAIN} [data-testid=stBidiComponentIsolated]`))
    for (const node of shadowRoot?.querySelectorAll(MOVABLE) ?? []) node.inert = state.locked;
}

// What was done to the page is told, and can be undone.
function say(state, done) {
  const parts = done.filter(Boolean);
  state.told ??= make("div", document.body, "", { className: "tools-told" });
  state.told.replaceChildren();
  state.told.hidden = !parts.length;
  if (!parts.length) return;
  make("span", state.told, `Prepared for a class: ${parts.join(", ")}.`);
  button(state.told, "Show all as usual", () => {
    const query = new URLSearchParams(location.search);
    for (const name of VIEW) query.delete(name);
    const others = stored();
    for (const name of [state.data.slug, EVERYWHERE]) delete others[name];
    sessionStorage.setItem(PREPARED, JSON.stringify(others));
    history.replaceState(history.state, "", location.pathname + (query.size ? `?${query}` : ""));
    apply(state);
    refresh(state);
  });
}
