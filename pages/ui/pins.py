"""Two settings that a learner has pinned, A and B: in the session, and in the URL where the picture is a sample."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.cam import METHODS
from core.images import Picture
from core.labs.trust import Setting
from core.labs.two_maps import Side
from core.nn import weights
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached, share
from pages.ui.compare_controls import Scene

Letter = Literal["A", "B"]
LETTERS: tuple[Letter, Letter] = ("A", "B")
_PINS = "x_pins"
_BETWEEN = "~"


@dataclass(frozen=True, eq=False)
class Pin:
    """One pinned map."""

    picture: Picture
    sample: str | None
    setting: Setting

    @property
    def title(self) -> str:
        """Class, network, layer and method."""
        entry, setting = REGISTRY[self.setting.model], self.setting
        return f"{entry.classes[setting.target]}, {entry.title}, {setting.layer}, {METHODS[setting.method].title}"

    def text(self) -> str:
        """As it stands in the URL; empty for a learner's own picture."""
        setting = self.setting
        if self.sample is None:
            return ""
        return _BETWEEN.join([self.sample, setting.model, setting.layer, str(setting.target), setting.method])

    def side(self) -> Side:
        """Its map and where it lies."""
        setting, fed = self.setting, cached.fed(self.picture, self.setting.model)
        explanation = cached.explanation(self.picture, setting.model, setting.layer, setting.target)
        unit = f"{setting.model} {setting.layer} {setting.method}"
        return Side(explanation.map(setting.method)[0].numpy(), fed.box, unit)


def read(text: str) -> Pin | None:
    """A pin from a link; None for anything that is none."""
    match text[:200].split(_BETWEEN):
        case [sample, model, layer, target, method] if sample in SAMPLES and model in REGISTRY and method in METHODS:
            entry, picture = REGISTRY[model], cached.sample(sample)
        case _:
            return None
    if not (target.isascii() and target.isdigit() and len(target) < 6 and int(target) < len(entry.classes)):
        return None
    try:
        layers = [row.name for row in cached.layers(model, cached.fed(picture, model))]
    except weights.WeightsError:
        return None
    return Pin(picture, sample, Setting(model, layer, int(target), method)) if layer in layers else None


def choose(scene: Scene) -> dict[Letter, Pin]:
    """The two buttons, and what is pinned."""
    if _PINS not in st.session_state:
        found = {letter: read(st.query_params.get(f"x_{letter.lower()}", "")) for letter in LETTERS}
        st.session_state[_PINS] = {letter: pin for letter, pin in found.items() if pin is not None}
    now = Pin(scene.chosen.picture, scene.chosen.sample, scene.setting)
    for column, letter in zip(st.columns(2), LETTERS, strict=True):
        column.button(f"Pin this as {letter}", key=f"x_pin_{letter}", on_click=_pin, args=(letter, now))
        pin = st.session_state[_PINS].get(letter)
        column.caption(f"{letter}: {pin.title}" if pin else f"{letter} is not pinned yet.")
    for letter in LETTERS:
        pin = st.session_state[_PINS].get(letter)
        share.mirror(f"x_{letter.lower()}", pin.text() if pin else "")
    return dict(st.session_state[_PINS])


def _pin(letter: Letter, pin: Pin) -> None:
    st.session_state[_PINS] = st.session_state.get(_PINS, {}) | {letter: pin}
