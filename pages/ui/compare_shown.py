"""The parts of the page that compares maps: their pieces of work, and what they show once it is predicted."""

from typing import Any

import streamlit as st
from torch import Tensor

from core.figures import compare_maps as figures
from core.figures.maps import class_panel
from core.images import Picture
from core.labs import compare_maps as lab
from core.labs import compare_maps_words as words
from core.labs import two_maps
from core.labs.trust import Setting, guided_objection
from pages.ui import cached, exercise, piecewise, pins, share, show
from pages.ui.compare_controls import Scene
from pages.ui.components.maps import show_maps
from pages.ui.trust_controls import pass_seconds

SCALE = "inferno"
OPACITY = 0.55


def _of(picture: Picture, setting: Setting) -> tuple[Any, ...]:
    """Network, input and explanation of a setting."""
    explanation = cached.explanation(picture, setting.model, setting.layer, setting.target)
    return cached.network(setting.model), cached.fed(picture, setting.model).x, explanation


# ---- Pieces


def stage(picture: Picture, setting: Setting) -> lab.StageMap:
    """The map at one stage. (Not by way of the explorer's cache, which would keep the whole pass.)"""
    net, fed = cached.network(setting.model), cached.fed(picture, setting.model)
    return lab.stage_map(net, fed.x, setting.layer, setting.target, setting.method)


def swept(picture: Picture, settings: tuple[Setting, ...]) -> lab.Sweep:
    """All stages."""
    return lab.sweep([cached.run(stage, picture, setting) for setting in settings])


def tail_seconds(picture: Picture, setting: Setting) -> float:
    """How long the stages after the layer take."""
    net, _, explanation = _of(picture, setting)
    return lab.tail_seconds(net, explanation)


def score_piece(picture: Picture, setting: Setting, count: int, group: int) -> Tensor:
    """Some masked scores."""
    net, x, explanation = _of(picture, setting)
    return lab.score_piece(net, x, explanation, count, group)


def ablation_piece(picture: Picture, setting: Setting, group: int) -> Tensor:
    """Some falls."""
    net, _, explanation = _of(picture, setting)
    return lab.ablation_piece(net, explanation, group)


def rest(picture: Picture, setting: Setting) -> list[lab.Beyond]:
    """Eigen-CAM and the guided ones."""
    net, x, explanation = _of(picture, setting)
    return [lab.eigen_cam(explanation), *lab.guided(net, x, explanation)]


def surer(picture: Picture, setting: Setting, factor: float) -> lab.Surer | None:
    """Both gradients with multiplied feature maps."""
    passed = cached.trace(picture, setting.model, setting.layer)
    return lab.surer(cached.network(setting.model), passed, setting.target, factor)


def target(picture: Picture, setting: Setting) -> lab.Target:
    """Both maps and all lengths."""
    found = [cached.run(surer, picture, setting, factor) for factor in lab.FACTORS]
    return lab.wrong_target(cached.trace(picture, setting.model, setting.layer), setting.target, found)


def everything(picture: Picture, setting: Setting) -> lab.AllClasses | None:
    """The scores of all classes in all cells."""
    net, _, explanation = _of(picture, setting)
    return lab.all_classes(net, explanation)


def plain(scene: Scene) -> Setting:
    """The setting without the method, for what does not depend on it."""
    return Setting(scene.setting.model, scene.setting.layer, scene.setting.target)


# ---- What is shown


def show_sweep(scene: Scene, guess: exercise.Guess) -> None:
    """The strip of all stages."""
    picture, one = scene.chosen.picture, scene.setting
    if not piecewise.done("Measuring", [(pass_seconds, picture, one.model)], "x_pass"):
        return
    seconds = cached.run(pass_seconds, picture, one.model) * 3 * len(scene.rows)
    if not piecewise.wanted("A map at every stage", seconds, scene.about, "x_sweep"):
        return
    settings = tuple(Setting(one.model, layer, one.target, one.method) for layer in scene.rows)
    if not piecewise.done("Stage by stage", [(stage, picture, setting) for setting in settings], "x_sweeping"):
        return
    result = cached.run(swept, picture, settings)
    panels = figures.strip(result, SCALE)
    show_maps(panels, picture, scene.fed.box, key="x_strip", opacity=OPACITY, smooth=False, least_width=140)
    st.caption(
        "From input to output, each map on its own scale; *rank* is the rank correlation with the last stage's map: 1 "
        "for the same order of all places, 0 for none."
    )
    guess.reveal(words.about_sweep(result, guess, scene.name))


def show_pins(pinned: dict[pins.Letter, pins.Pin]) -> None:
    """Both maps and the difference."""
    if len(pinned) < 2:
        st.info("Pin a setting as A, change something at the top of the page, and pin that as B.")
        return
    common = share.toggle("Both maps on one colour scale", False, "x_common")
    sides = {letter: pin.side() for letter, pin in pinned.items()}
    highest = max(float(side.values.max()) for side in sides.values())
    for column, letter in zip(st.columns(2), pins.LETTERS, strict=True):
        pin, side = pinned[letter], sides[letter]
        high = highest if common else float(side.values.max())
        with column:
            panel = figures.side_panel(side.values, letter, pin.title, SCALE, high)
            show_maps([panel], pin.picture, side.box, key=f"x_side_{letter}", opacity=OPACITY, least_width=240)
    if pinned["A"].picture.digest != pinned["B"].picture.digest:
        show.notices("A and B are on different pictures, so there is no place at which to subtract them.")
        return
    if common and sides["A"].unit != sides["B"].unit:
        show.notices("Their units differ (another network, layer or method): one scale says nothing about both.")
    result = two_maps.difference(sides["A"], sides["B"])
    if result is None:
        show.notices("The two networks saw no common part of the picture.")
        return
    panel = figures.difference_panel(result)
    picture = pinned["A"].picture
    show_maps([panel], picture, result.box, key="x_difference", opacity=0.7, smooth=False, least_width=420)
    st.markdown(words.about_difference(result))


def choose_count() -> int:
    """How many feature maps Score-CAM asks."""
    return int(share.slider("Feature maps that Score-CAM asks", 8, 64, 32, 8, "x_masks"))


def show_beyond(scene: Scene, count: int, guess: exercise.Guess) -> None:
    """Grad-CAM and the methods that need more than one gradient."""
    picture, setting = scene.chosen.picture, plain(scene)
    timing = [(pass_seconds, picture, setting.model), (tail_seconds, picture, setting)]
    if not piecewise.done("Measuring", timing, "x_tail"):
        return
    channels = scene.explanation.activation.shape[1]
    closed = lab.head_objection(scene.net, setting.layer) is None
    whole, tail = (cached.run(work, *arguments) for work, *arguments in timing)
    seconds = min(count, channels) * whole + (0 if closed else channels * tail)
    if not piecewise.wanted("Score-CAM and Ablation-CAM", seconds, (scene.about, count), "x_beyond"):
        return
    scores = [(score_piece, picture, setting, count, group) for group in range(lab.groups(min(count, channels)))]
    falls = [(ablation_piece, picture, setting, group) for group in range(1 if closed else lab.groups(channels))]
    if not piecewise.done("Asking the network", [*scores, *falls, (rest, picture, setting)], "x_asking"):
        return
    results = [
        lab.score_cam(scene.explanation, count, [cached.run(*piece) for piece in scores]),
        lab.ablation_cam(scene.explanation, [cached.run(*piece) for piece in falls]),
        *cached.run(rest, picture, setting),
    ]
    first = class_panel(scene.explanation, "gradcam", "Grad-CAM", SCALE)
    panels = [first, *figures.beyond_panels(results, SCALE)]
    show_maps(panels, picture, scene.fed.box, key="x_beyond_maps", opacity=OPACITY, least_width=220)
    show.notices(guided_objection(scene.net))
    if closed:
        st.caption(
            "Here Ablation-CAM has a closed form: a mean and a linear layer follow, so setting a feature map to 0 "
            "takes its weight times its mean off the score."
        )
    guess.reveal(words.about_beyond(results, guess))


def show_target(scene: Scene, guess: exercise.Guess) -> None:
    """Grad-CAM of the probability beside that of the score."""
    picture, setting = scene.chosen.picture, plain(scene)
    if not piecewise.done("Measuring", [(tail_seconds, picture, setting)], "x_tail_too"):
        return
    seconds = cached.run(tail_seconds, picture, setting) * 4 * len(lab.FACTORS)
    if not piecewise.wanted("Making the network surer", seconds, scene.about, "x_target"):
        return
    pieces = [(surer, picture, setting, factor) for factor in lab.FACTORS]
    if not piecewise.done("Making the network surer", pieces, "x_surer"):
        return
    result = cached.run(target, picture, setting)
    panels = figures.target_panels(result, scene.name, SCALE)
    show_maps(panels, picture, scene.fed.box, key="x_targets", opacity=OPACITY)
    show.figure(cached.draw(figures.lengths_chart, target, picture, setting), figures.lengths_alt(result), "x_lengths")
    st.caption(
        f"The feature maps at `{setting.layer}` were multiplied by factors from {lab.FACTORS[0]:g} to "
        f"{lab.FACTORS[-1]:g}, which makes the network less or more sure; each length is divided by its longest."
    )
    guess.reveal(words.about_target(result, guess, scene.name))


def show_all(scene: Scene, guess: exercise.Guess) -> lab.AllClasses | None:
    """Which class wins each cell, and the maps of the best classes."""
    picture, setting, classes = scene.chosen.picture, plain(scene), scene.entry.classes
    result = cached.run(everything, picture, setting)
    if result is None:
        return None
    map_column, legend_column = st.columns([3, 2])
    with map_column:
        chart = figures.winners_chart(result, classes)
        show.figure(chart, figures.winners_alt(result, classes), "x_winners")
    legend_column.markdown(words.legend(result, classes))
    guess.reveal(words.about_all(result, classes, guess))
    best = scene.answer.best(12)
    st.markdown(f"The maps of the {len(best)} classes with the highest scores, on one scale from 0:")
    panels = figures.class_panels(result, classes, best, SCALE)
    show_maps(panels, picture, scene.fed.box, key="x_classes", opacity=OPACITY, smooth=False, least_width=165)
    return result
