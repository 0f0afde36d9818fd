"""Widgets of the page on residual networks and ODEs, its checked derivation, and its training."""

from functools import partial
from weakref import WeakKeyDictionary

import streamlit as st

from core.figures import annuli as figures
from core.figures import residual as residual_figures
from core.figures.scene import Scene
from core.labs import annuli, depth_limit, residual, residual_words
from core.labs.annuli import Annuli, Snapshot
from pages.ui import cached, share, show, training
from pages.ui.components.scenes import show_scenes
from pages.ui.worker import Job

_STEPS = {f"1/{n}" if n > 1 else "1": 1 / n for n in (1, 2, 4, 8, 16, 32, 64)}
_TOLERANCES = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4, "1e-5": 1e-5}
_SEEDS = ("1", "2", "3")


def choose_field() -> residual.Params:
    """The branch, and how many states start side by side."""
    left, right = st.columns(2)
    with left:
        titles = {name: field.title for name, field in residual.FIELDS.items()}
        name = share.select("Branch f", list(titles), "network", titles.__getitem__, "r_field")
    with right:
        starts = share.slider("Number of starts", 3, 15, 9, 2, "r_starts")
    return residual.Params(name, int(starts))


def choose_block(field: str) -> residual.BlockParams:
    """What one block is given, and its step."""
    left, right = st.columns(2)
    with left:
        start = share.slider("State z given to the block", -2.0, 2.0, -1.0, 0.1, "r_z")
    with right:
        h = share.select("Step h", list(_STEPS), "1/4", str, "r_h")
    return residual.BlockParams(field, round(start, 6), _STEPS[h])


def choose_tolerance() -> float:
    """The largest error that is still good enough."""
    return _TOLERANCES[share.select("Tolerance for the error at the end", list(_TOLERANCES), "1e-3", str, "r_tol")]


def choose_draw() -> depth_limit.Params:
    """Which random weights."""
    seed = share.slider("Draw of the random weights", 1, 20, 1, 1, "r_draw")
    return depth_limit.Params(int(seed))


def choose_setting() -> tuple[str, str]:
    """Kind of weights, and scale of a block."""
    left, right = st.columns(2)
    with left:
        weights = share.select("Weights", depth_limit.WEIGHTS, "independent", str.capitalize, "r_weights")
    with right:
        scale = share.select("Each block is scaled by", depth_limit.SCALES, "1/N", str, "r_scale")
    return weights, scale


def show_limit(params: depth_limit.Params, weights: str, scale: str) -> None:
    """The chosen setting's paths, what they say, and how all settings change when blocks are doubled."""
    limits = cached.run(depth_limit.limits, params)
    scenes = cached.draw(residual_figures.limit_scenes, _chosen, params, weights, scale)
    show_scenes(scenes, key="r_limit", clock=residual_figures.limit_clock())
    st.markdown(residual_words.about_setting(limits.find(weights, scale)))
    st.markdown("Does the end settle when the blocks are doubled? For all four settings, the chosen one in blue:")
    chart = cached.draw(residual_figures.doubling_chart, _chosen, params, weights, scale)
    show.figure(chart, residual_figures.doubling_in_words(limits), key="r_doubling")


def _chosen(params: depth_limit.Params, weights: str, scale: str) -> depth_limit.Chosen:
    return depth_limit.Chosen(cached.run(depth_limit.limits, params), weights, scale)


def choose_training() -> tuple[annuli.Params, int]:
    """What to train, and the seed of the networks to show."""
    left, right = st.columns(2)
    with left:
        chosen = share.choices("Seeds, trained one after the other", _SEEDS, _SEEDS, str, "r_seeds") or ["1"]
        iterations = share.slider("Iterations of each network", 100, 800, 400, 100, "r_iterations")
    with right:
        augment = share.slider("Dimensions added to the augmented network", 1, 5, 3, 1, "r_added")
        shown = share.select("Show the networks of seed", chosen, chosen[0], str, "r_shown")
    st.caption("Other seeds, iterations or dimensions start the training anew; another seed to show does not.")
    return annuli.Params(tuple(map(int, chosen)), int(iterations), int(augment)), int(shown)


def train_annuli(params: annuli.Params, shown: int) -> None:
    """Offer the training and draw it."""
    training.live("r_annuli", params, partial(Annuli, params), partial(_draw, params, shown))


def _draw(params: annuli.Params, shown: int, snapshot: Snapshot | None, job: Job | None) -> None:
    if snapshot is None:
        snapshot = cached.run(annuli.untrained, params)
    if snapshot.pair(shown) is None:
        st.caption(f"Seed {shown} has not begun yet: these are the networks of seed {snapshot.runs[-1].seed}.")
        shown = snapshot.runs[-1].seed
    flow, border, curves = _scenes(snapshot, shown)
    show_scenes(flow, key="r_flow", clock=figures.flow_clock(), least_width=250)
    st.caption("Below, each place of the input plane has the colour of what the network says of it; pale is undecided.")
    show_scenes(border, key="r_border", least_width=260, height=320)
    show_scenes(curves, key="r_training", height=260)
    st.markdown(residual_words.about_training(snapshot))


_DRAWN: WeakKeyDictionary[Snapshot, dict[int, tuple[list[Scene], ...]]] = WeakKeyDictionary()
"""What was drawn of a snapshot, by seed, for as long as the snapshot lives: a page at rest draws nothing anew."""


def _scenes(snapshot: Snapshot, seed: int) -> tuple[list[Scene], ...]:
    drawn = _DRAWN.setdefault(snapshot, {})
    pair = snapshot.pair(seed)
    if seed not in drawn and pair is not None:
        drawn[seed] = (
            figures.flow_scenes(*pair),
            figures.border_scenes(*pair),
            figures.training_scenes(snapshot, seed),
        )
    return drawn[seed]
