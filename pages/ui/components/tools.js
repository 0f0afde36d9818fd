// Three drawers under the menu: share and print, prepare a link for a class, my progress.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tools");
  const state = (root.state ??= create(root));
  Object.assign(state, { data, ask: (answers) => setTriggerValue("answers", answers) });
  note(state);
  apply(state);
  refresh(state);
  return () => state.watcher.disconnect();
}

function create(root) {
  const state = { root, offered: new Set() };
  createLinks(state);
  createProgress(state);
  state.watcher = new MutationObserver(() => lock(state));
  return state;
}

function refresh(state) {
  refreshLinks(state);
  refreshProgress(state);
}

function drawer(state, title, onOpen) {
  const details = make("details", state.root);
  make("summary", details, title);
  details.addEventListener("toggle", () => details.open && onOpen());
  return details;
}

function make(tag, parent, text = "", attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  Object.assign(node, attributes);
  parent.append(node);
  return node;
}

function button(parent, text, act) {
  const node = make("button", parent, text, { type: "button" });
  node.addEventListener("click", act);
  return node;
}

// Says on the button itself that a text was copied; where the browser refuses, the text can be copied by hand.
async function copy(node, text, field) {
  const label = (node.label ??= node.textContent);
  try {
    await navigator.clipboard.writeText(text);
    node.textContent = "Copied";
  } catch {
    field.hidden = false;
    field.value = text;
    field.select();
    node.textContent = "Copy the text below";
  }
  setTimeout(() => (node.textContent = label), 2000);
}
