// A state that was pinned, drawn pale beneath the one on screen. It outlives a change of page, not of tab.

const PINNED_NAME = "A, pinned";
const PINNED = new Map(); // component -> its scenes, as the server sent them

function createPin(state) {
  state.pin = element("button", "");
  state.pin.type = "button";
  state.pin.className = "pin";
  state.pin.addEventListener("click", () => {
    if (!PINNED.delete(state.key)) PINNED.set(state.key, state.given);
    state.hidden.delete(PINNED_NAME);
    state.update();
    state.pin.focus();
  });
}

function refreshPin(state) {
  const pinned = PINNED.has(state.key);
  state.pin.textContent = pinned ? "Unpin A" : "Pin as A";
  state.pin.title = pinned ? "Draw only what is on screen" : "Keep this, pale, beneath what you change next";
  if (state.legend.lastChild !== state.pin) state.legend.append(state.pin);
}

// A scene with the layers of the pinned one in the same axes beneath its own; shades would cover each other.
function withPinned(state, scene, i) {
  const pinned = PINNED.get(state.key)?.[i];
  const alike = (axis) => pinned[axis]?.title === scene[axis]?.title;
  if (!pinned || pinned === scene || !["x", "y", "z"].every(alike)) return scene;
  const beneath = pinned.layers.filter(({ kind }) => kind !== "shade");
  const named = beneath.map((layer) => ({ ...layer, name: PINNED_NAME, pale: true, dashed: layer.kind === "line" }));
  return { ...scene, layers: [...named, ...scene.layers], alt: `${scene.alt} Beneath it, pinned: ${pinned.alt}` };
}
