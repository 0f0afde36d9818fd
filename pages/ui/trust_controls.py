"""The three tests of a heatmap: their widgets, their pieces of work, and what they show once it is predicted."""

import numpy as np
import streamlit as st

from core.figures import trust as figures
from core.images import Picture
from core.labs import covering, trust
from core.labs import trust_words as words
from core.labs.trust import Setting
from pages.ui import cached, exercise, piecewise, share, show
from pages.ui.compare_controls import Scene
from pages.ui.components.maps import show_maps
from pages.ui.components.scenes import show_scenes

SCALE = "inferno"


def choose_seed() -> int:
    """Of all that is random on the page."""
    about = "Of the random weights, the random maps and nothing else: the same seed gives the same numbers."
    return int(share.number("Seed of everything random", 0, 9999, 0, 1, "t_seed", help=about))


# ---- Pieces: each result is small, and computed once for everyone who looks at the same picture


def trained(picture: Picture, setting: Setting) -> trust.Maps:
    """The maps of the network as trained."""
    fed = cached.fed(picture, setting.model)
    return trust.maps_of(cached.network(setting.model), fed, setting.layer, setting.target)


def attempt(picture: Picture, setting: Setting, seed: int, number: int) -> trust.Attempt:
    """The maps when so many stages are random."""
    fed, net = cached.fed(picture, setting.model), cached.network(setting.model)
    first = cached.run(trained, picture, setting)
    return trust.attempt(net, fed, setting.layer, setting.target, first, seed, number)


def cascade(picture: Picture, setting: Setting, seed: int) -> trust.Cascade:
    """All attempts."""
    fed = cached.fed(picture, setting.model)
    count = len(trust.forgetting(cached.network(setting.model)))
    attempts = tuple(cached.run(attempt, picture, setting, seed, number) for number in range(count + 1))
    height, width = fed.pixels.shape[:2]
    edges = trust.coarse(cached.run(trained, picture, setting).edges)
    return trust.Cascade(attempts, edges, (height, width), seed)


def pass_seconds(picture: Picture, model: str) -> float:
    """How long one picture takes."""
    return trust.pass_seconds(cached.network(model), cached.fed(picture, model).x)


def curve(picture: Picture, setting: Setting, method: str, way: trust.Way, seed: int, number: int) -> trust.Removal:
    """Deletion or insertion by one map."""
    net, fed = cached.network(setting.model), cached.fed(picture, setting.model)
    explanation = cached.explanation(picture, setting.model, setting.layer, setting.target)
    return trust.curve(net, fed.x, explanation, method, way, seed, number)


def curves(picture: Picture, setting: Setting, way: trust.Way, seed: int, count: int) -> trust.Curves:
    """By the chosen map, by Eigen-CAM and by random maps."""
    pieces = curve_pieces(picture, setting, way, seed, count)
    chosen, eigen, *random = (cached.run(curve, *arguments) for _, *arguments in pieces)
    return trust.Curves(way, setting.method, chosen, eigen, tuple(random))


def curve_pieces(picture: Picture, setting: Setting, way: trust.Way, seed: int, count: int) -> list[piecewise.Piece]:
    """What `curves` is made of."""
    class_only = Setting(setting.model, setting.layer, setting.target)  # these two do not depend on the method
    return [
        (curve, picture, setting, setting.method, way, 0, 0),
        (curve, picture, class_only, trust.EIGEN, way, 0, 0),
        *((curve, picture, class_only, trust.RANDOM, way, seed, number) for number in range(count)),
    ]


def row(picture: Picture, model: str, target: int, squares: covering.Squares, number: int) -> np.ndarray:
    """One row of the occlusion map."""
    return covering.occluded_row(cached.network(model), cached.fed(picture, model).x, target, squares, number)


def occluded(picture: Picture, setting: Setting, squares: covering.Squares, seed: int) -> covering.Occluded:
    """The occlusion map beside every method."""
    explanation = cached.explanation(picture, setting.model, setting.layer, setting.target)
    rows = [
        cached.run(row, picture, setting.model, setting.target, squares, number) for number in range(squares.shape[0])
    ]
    return covering.occluded(explanation, squares, rows, seed)


# ---- What is shown


def show_cascade(scene: Scene, seed: int, guess: exercise.Guess) -> None:
    """Maps to scrub through, both curves, and what they say."""
    picture, setting = scene.chosen.picture, Setting(scene.entry.name, scene.setting.layer, scene.setting.target)
    pieces = [(trained, picture, setting)]
    if not piecewise.done("Explaining", pieces, "t_trained"):
        return
    first = cached.run(trained, picture, setting)
    refused = trust.too_large(scene.net, first)
    if refused is not None:
        show.notices(refused)
        return
    seconds = trust.cascade_seconds(scene.net, first)
    if not piecewise.wanted("Randomising stage by stage", seconds, (scene.about, seed), "t_cascade"):
        return
    numbers = range(len(trust.forgetting(scene.net)) + 1)
    pieces = [(attempt, picture, setting, seed, number) for number in numbers]
    if not piecewise.done("Randomising", pieces, "t_randomising"):
        return
    result = cached.run(cascade, picture, setting, seed)
    show_scenes(
        cached.draw(_scenes, cascade, picture, setting, seed),
        key="t_scrub",
        clock=figures.cascade_clock(result),
        height=250,
        least_width=260,
    )
    st.caption(
        "Each map has its own scale, from 0 to its maximum; bright is high. Grad-CAM is drawn in its own cells; guided "
        f"back-propagation as the largest size over the three colours, in at most {trust.THUMBNAIL} cells a side."
    )
    show.notices(*words.notices(result))
    for measure in ("rank", "structure"):
        chart = cached.draw(_CHARTS[measure], cascade, picture, setting, seed)
        show.figure(chart, figures.cascade_alt(result, measure), f"t_{measure}")
    guess.reveal(words.about_cascade(result, guess, scene.name))


def _scenes(result: trust.Cascade) -> list[figures.Scene]:
    return figures.cascade_scenes(result, SCALE)


def _rank_chart(result: trust.Cascade) -> figures.go.Figure:
    return figures.cascade_chart(result, "rank")


def _structure_chart(result: trust.Cascade) -> figures.go.Figure:
    return figures.cascade_chart(result, "structure")


_CHARTS = {"rank": _rank_chart, "structure": _structure_chart}


def choose_count() -> int:
    """How many random maps."""
    return int(share.slider("Random maps", 2, 10, 5, 1, "t_orders"))


def show_removal(scene: Scene, seed: int, count: int, guess: exercise.Guess) -> None:
    """Deletion and insertion, their areas, and what they say."""
    picture, setting = scene.chosen.picture, scene.setting
    if not piecewise.done("Measuring", [(pass_seconds, picture, setting.model)], "t_pass"):
        return
    seconds = cached.run(pass_seconds, picture, setting.model) * 2 * (count + 2) * (trust.STEPS + 1)
    if not piecewise.wanted("Deletion and insertion", seconds, (scene.about, seed, count), "t_removal"):
        return
    pieces = [piece for way in _WAYS for piece in curve_pieces(picture, setting, way, seed, count)]
    if not piecewise.done("Taking pixels away and bringing them back", pieces, "t_removing"):
        return
    for way in _WAYS:
        result = cached.run(curves, picture, setting, way, seed, count)
        st.subheader("Deletion" if way == "delete" else "Insertion")
        chart = cached.draw(figures.curves_chart, curves, picture, setting, way, seed, count)
        show.figure(chart, figures.curves_alt(result), f"t_{way}")
        if way == "delete":
            guess.reveal(words.about_curves(result, scene.name, guess))
        else:
            st.markdown(words.about_curves(result, scene.name))
    st.markdown(words.areas_table(*(cached.run(curves, picture, setting, way, seed, count) for way in _WAYS)))
    st.markdown(words.CAVEAT)


_WAYS: tuple[trust.Way, trust.Way] = ("delete", "insert")


def choose_squares(scene: Scene) -> covering.Squares:
    """Side and stride of the grey square, in cells of the layer."""
    one, other = st.columns(2)
    with one:
        size = share.slider("Side of the square (cells)", 1.0, 6.0, 3.0, 0.5, "t_side")
    with other:
        stride = share.slider("Stride (cells)", 1, 4, 1, 1, "t_stride")
    return covering.squares_for(tuple(scene.explanation.activation.shape[2:]), size, int(stride))


def show_occlusion(scene: Scene, squares: covering.Squares, seed: int, guess: exercise.Guess) -> None:
    """The occlusion map beside the chosen one, and every method's agreement."""
    picture, setting = scene.chosen.picture, scene.setting
    if not piecewise.done("Measuring", [(pass_seconds, picture, setting.model)], "t_pass_too"):
        return
    rows, columns = squares.shape
    seconds = cached.run(pass_seconds, picture, setting.model) * rows * (columns + 1)
    if not piecewise.wanted("Occlusion", seconds, (scene.about, squares), "t_occlusion"):
        return
    pieces = [(row, picture, setting.model, setting.target, squares, number) for number in range(rows)]
    if not piecewise.done("Covering", pieces, "t_covering"):
        return
    plain = Setting(setting.model, setting.layer, setting.target)
    result = cached.run(occluded, picture, plain, squares, seed)
    heat = trust.heat_by(scene.explanation, setting.method)
    panels = [figures.occlusion_panel(result, scene.name), figures.signed_panel(heat, trust.title(setting.method))]
    st.caption(words.about_squares(scene.explanation, result))
    show_maps(panels, picture, scene.fed.box, key="t_occluded", opacity=0.6, smooth=False)
    guess.reveal(words.about_occlusion(result, guess, scene.name))
    chart = cached.draw(figures.agreement_chart, occluded, picture, plain, squares, seed)
    show.figure(chart, figures.agreement_alt(result), "t_agreement")
    answer, why = words.passes(result)
    exercise.number_exercise(
        "If the square moved by half a cell at a time, how many places would it have on this map?",
        answer,
        0.5,
        why,
        key=f"t_places {scene.about}",
    )
