"""Widgets of the pages on ODE-Nets, whose state is in the URL under ``z_``, and the results that they ask for."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.cam import METHODS
from core.figures import depth_cam as figures
from core.images import Picture
from core.labs import depth_cam
from core.labs.depth_cam import FIXED, STEPS, TOLERANCES, Pair, Split, Way
from core.nn import cifar10
from pages.ui import cached, share, show
from pages.ui.components.maps import show_maps
from pages.ui.piecewise import done

ODENET, RESNET, COARSE = "odenet_cifar10", "resnet_cifar10", "odenet_coarse"
CLASSES = cifar10.CLASSES
_BEST = "best"
_METHODS = {
    "dopri5": "dopri5: steps of its own choice",
    "euler": "euler: fixed steps",
    "midpoint": "midpoint: fixed steps",
    "rk4": "rk4: fixed steps",
}
Result = TypeVar("Result", Pair, Split)
_TOLERANCES = {f"1e{power}": power for power in TOLERANCES}


def choose_map() -> tuple[int | None, str]:
    """A class of CIFAR-10, None for the one with the highest score; and the rule for the map's weights."""
    left, right = st.columns(2)
    with left:
        options = [_BEST, *CLASSES]
        name = share.select("Class", options, _BEST, lambda one: "the best one" if one == _BEST else one, "z_class")
    with right:
        rule = share.select("Rule for the map", list(METHODS), "gradcam", lambda one: METHODS[one].title, "z_rule")
    return (None if name == _BEST else CLASSES.index(name)), rule


def choose_way() -> Way:
    """A solver, and its tolerance or its number of steps."""
    left, right = st.columns(2)
    with left:
        method = share.select("Solver", list(_METHODS), "dopri5", _METHODS.__getitem__, "z_solver")
    with right:
        if method in FIXED:
            return Way(method, int(share.select("Steps in each block", [str(n) for n in STEPS], "4", str, "z_steps")))
        tolerance = share.select("Tolerance, rtol = atol", list(_TOLERANCES), "1e-3", str, "z_tol")
        return Way(method, _TOLERANCES[tolerance])


def choose_cut() -> float:
    """A depth of the whole network."""
    return round(share.slider("Cut at depth", 0.0, 3.0, 1.5, 0.0625, "z_cut", format="%g"), 4)


def computed(title: str, key: str, work: Callable[..., Result], *params: object) -> Result | None:
    """A result that may take a second, in turn with other sessions; None while it is stopped, or if it failed."""
    if not done(title, [(work, *params)], key):
        return None
    result = cached.run(work, *params)
    failure = (result.journey if isinstance(result, Pair) else result).failure
    show.notices(failure or None)
    return None if failure else result


def pair_of(picture: Picture, target: int | None, method: str, way: Way) -> Pair:
    """The maps of both networks."""
    x = cached.fed(picture, ODENET).x
    return depth_cam.pair(cached.network(ODENET), cached.network(RESNET), x, target, method, way)


def split_of(picture: Picture, target: int, way: Way, place: float) -> Split:
    """The ODE-Net cut in two."""
    return depth_cam.split(cached.network(ODENET), cached.fed(picture, ODENET).x, target, way, place)


def show_film(picture: Picture, pair: Pair) -> None:
    """The ODE-Net's maps with their slider, and the ResNet's beside them."""
    show_maps(
        [figures.panel(moment, moment.layer, "inferno") for moment in pair.beside],
        picture,
        cached.fed(picture, ODENET).box,
        key="z_film",
        opacity=0.6,
        film=figures.film(pair, "inferno"),
    )
