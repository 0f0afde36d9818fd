"""The explorer's choices, as other pages on the same picture need them."""

from dataclasses import dataclass

import streamlit as st

from core.cam import Explanation
from core.figures.maps import class_panel
from core.labs import gradcam
from core.labs.trust import Setting
from core.nn.preprocess import Fed
from core.nn.registry import Pretrained
from core.nn.stages import Stages
from pages.ui import cached, controls
from pages.ui.components.maps import show_maps
from pages.ui.fetching import require_weights
from pages.ui.picture import Chosen


@dataclass(frozen=True, eq=False)
class Scene:
    """What a page explains: the explorer's state, and what follows from it."""

    chosen: Chosen
    entry: Pretrained
    setting: Setting
    answer: gradcam.Answer
    fed: Fed
    explanation: Explanation
    rows: list[str]
    """The layers that can be explained, from input to output."""

    @property
    def net(self) -> Stages:
        """The network, shared."""
        return cached.network(self.entry.name)

    @property
    def name(self) -> str:
        """Of the class."""
        return self.entry.classes[self.setting.target]

    @property
    def about(self) -> str:
        """All that it depends on, as text: for the keys of predictions."""
        return f"{self.chosen.picture.digest} {self.setting}"


def show_chosen(scene: Scene, key: str) -> None:
    """The map that the choices lead to, on the picture, and how sure the network is."""
    panel = class_panel(scene.explanation, scene.setting.method, scene.name, "inferno")
    show_maps([panel], scene.chosen.picture, scene.fed.box, key=key, opacity=0.55)
    probability = scene.answer.probabilities[scene.setting.target]
    st.caption(f"{scene.entry.title} gives {scene.name} a probability of {probability:.1%}. {scene.chosen.caption}")


def choose(chosen: Chosen) -> Scene:
    """The widgets of the explorer, under the same keys, so that its state comes along; of several classes the first."""
    entry = controls.choose_network()
    require_weights(entry)
    picture, fed = chosen.picture, cached.fed(chosen.picture, entry.name)
    rows = cached.layers(entry.name, fed)
    layer = controls.choose_layer(entry, rows)
    answer = gradcam.answer(cached.trace(picture, entry.name, layer))
    target, *others = controls.choose_classes(entry, answer, picture)
    if others:
        st.caption(f"Of these, {entry.classes[target]} is explained on this page.")
    method = controls.choose_method()
    explanation = cached.explanation(picture, entry.name, layer, target)
    setting = Setting(entry.name, layer, target, method)
    return Scene(chosen, entry, setting, answer, fed, explanation, [row.name for row in rows])
