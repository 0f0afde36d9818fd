"""Widgets of the page that compares an ODE-Net with its solver and a ResNet, and the results that they ask for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
import torch

from core.images import Picture
from core.labs import odenet_compare as compare
from core.labs.depth_cam import FIXED, STEPS, TOLERANCES, Way
from core.labs.odenet_compare import KEEPING, TIGHTEST, WAYS, Memory, Robust, Solved
from core.nn.odenet import Gradient, solved_by
from core.nn.registry import ASSETS, REGISTRY, UNLISTED, Pretrained
from core.samples import SAMPLES
from pages.ui import cached, share
from pages.ui.depth_controls import CLASSES, COARSE, ODENET, RESNET
from pages.ui.piecewise import done

TRAINED = {COARSE: "Trained with two Euler steps", ODENET: "Trained further with finer solvers"}
"""The two ODE-Nets; the first is asked about."""
TITLES = {RESNET: "ResNet", ODENET: "ODE-Net", COARSE: "ODE-Net, two Euler steps"}
TRAINED_WITH = {COARSE: Way("euler", 2), ODENET: Way("rk4", 1)}
"""How each was solved at the end of its training."""
DRAWS, STRENGTHS = 6, 6
_BEST = "best"
_TOLERANCES = {f"1e{power}": power for power in TOLERANCES}


def choose_class(picture: Picture) -> int:
    """A class of CIFAR-10; at first that with the ODE-Net's highest score."""
    best = cached.run(best_of, picture)
    options = [_BEST, *CLASSES]
    titles = dict(zip(options, (f"the best one: {CLASSES[best]}", *CLASSES), strict=True))
    name = share.select("Class", options, _BEST, titles.__getitem__, "z_class")
    return best if name == _BEST else CLASSES.index(name)


def best_of(picture: Picture) -> int:
    """The class that the ODE-Net names."""
    return int(compare.answers(cached.network(ODENET), cached.fed(picture, ODENET).x).argmax())


def solve_of(picture: Picture, name: str, target: int, way: Way) -> Solved:
    """One network, solved in one way."""
    return compare.solve_by(cached.network(name), cached.fed(picture, ODENET).x, target, way)


Ways = Mapping[str, tuple[list[Solved], Solved]]


def all_ways(picture: Picture, target: int) -> Ways | None:
    """Both ODE-Nets by title: by all ways, and the most accurate of them; None while they are not all there."""
    ways = (*WAYS, TIGHTEST)
    if not done("Solving", [(solve_of, picture, name, target, way) for name in TRAINED for way in ways], "z_ways"):
        return None
    found = {}
    for name, title in TRAINED.items():
        rows = [cached.run(solve_of, picture, name, target, way) for way in ways]
        found[title] = rows, min((row for row in rows if not row.failure), key=_looseness)
    return found


def _looseness(solved: Solved) -> tuple[bool, int]:
    """Adaptive solves before all others, a smaller tolerance before a larger one."""
    return solved.way.method in FIXED, solved.way.setting


def by_training(solved: Ways) -> dict[str, tuple[Solved, Solved]]:
    """Both ODE-Nets by title: solved as in training, and as accurately as can be."""
    found = {}
    for name, title in TRAINED.items():
        rows, exact = solved[title]
        found[title] = next(row for row in rows if row.way == TRAINED_WITH[name]), exact
    return found


def choose_counts() -> tuple[Way, float, int]:
    """Tolerance, strength of the noise, and its seed."""
    left, middle, right = st.columns(3)
    with left:
        tolerance = share.select("Tolerance, rtol = atol", list(_TOLERANCES), "1e-5", str, "z_count_tol")
    with middle:
        sigma = share.slider("Noise σ, colours from 0 to 1", 0.0, 0.5, 0.2, 0.05, "z_sigma", format="%g")
    with right:
        seed = share.number("Seed of the noise", 0, 10**6, 0, 1, "z_seed")
    return Way("dopri5", _TOLERANCES[tolerance]), round(sigma, 3), int(seed)


def counts_of(picture: Picture, way: Way) -> tuple[int, ...]:
    """Evaluations for a picture, in each block."""
    twin = solved_by(cached.network(ODENET), way.solver)
    return tuple(compare.evaluations(twin, cached.fed(picture, ODENET).x)[0].tolist())


def changed_counts_of(picture: Picture, way: Way, sigma: float, seed: int) -> dict[str, tuple[int, ...]]:
    """The same for a picture that is changed in several ways."""
    twin = solved_by(cached.network(ODENET), way.solver)
    changes = compare.changed(cached.fed(picture, ODENET).x, sigma, seed)
    return {name: tuple(compare.evaluations(twin, x)[0].tolist()) for name, x in changes}


Counts = Mapping[str, Sequence[int]]


def counts(picture: Picture, way: Way, sigma: float, seed: int) -> tuple[Counts, Counts] | None:
    """Of the changed picture, and of the gallery; None while they are not all there."""
    gallery = {SAMPLES[name].title: (counts_of, cached.sample(name), way) for name in SAMPLES}
    changes = changed_counts_of, picture, way, sigma, seed
    if not done("Counting", [changes, *gallery.values()], "z_counts"):
        return None
    return cached.run(*changes), {title: cached.run(*piece) for title, piece in gallery.items()}


def choose_noise() -> tuple[float, int]:
    """The strongest noise, and its seed."""
    left, right = st.columns(2)
    with left:
        most = share.slider("Strongest noise σ", 0.05, 0.5, 0.3, 0.05, "z_most", format="%g")
    with right:
        seed = share.number("Seed of the noise", 0, 10**6, 0, 1, "z_noise_seed")
    return round(most, 3), int(seed)


def noise_of(picture: Picture, name: str, target: int, sigma: float, seed: int) -> Robust:
    """One network's probability of the class under noise of one strength."""
    x = cached.fed(picture, ODENET).x
    return compare.robust(cached.network(name), x, target, [sigma], DRAWS, seed)


def under_noise(picture: Picture, target: int, most: float, seed: int) -> tuple[Robust, Robust] | None:
    """The ResNet's and the ODE-Net's; None while they are not all there."""
    sigmas = [round(float(sigma), 4) for sigma in np.linspace(0, most, STRENGTHS)]
    pieces = {name: [(noise_of, picture, name, target, sigma, seed) for sigma in sigmas] for name in (RESNET, ODENET)}
    if not done("Adding noise", [*pieces[RESNET], *pieces[ODENET]], "z_noise"):
        return None
    first, second = (compare.joined([cached.run(*piece) for piece in pieces[name]]) for name in (RESNET, ODENET))
    return first, second


def cards() -> dict[str, tuple[Pretrained, Mapping[str, Any]]]:
    """The three networks by title, with the cards beside their weights."""
    known = REGISTRY | UNLISTED
    return {
        title: (known[name], json.loads((ASSETS / f"{name}.json").read_text(encoding="utf-8")))
        for name, title in TITLES.items()
    }


def memory_of(height: int, width: int, name: str, steps: int, keeping: Gradient) -> Memory:
    """What the gradient for one picture of this size keeps; its colours do not matter."""
    net = cached.network(name)
    twin = solved_by(net, Way("euler", steps).solver)
    return compare.memory(twin, torch.zeros(1, 3, height, width), keeping=keeping)


def memories(picture: Picture) -> tuple[Memory, dict[str, list[Memory]]] | None:
    """The ResNet's, and the ODE-Net's by way and number of steps; None while they are not all there."""
    height, width = cached.fed(picture, ODENET).pixels.shape[:2]
    resnet = memory_of, height, width, RESNET, 1, "direct"
    pieces = {way: [(memory_of, height, width, ODENET, steps, way) for steps in STEPS] for way in KEEPING}
    if not done("Measuring", [resnet, *(piece for some in pieces.values() for piece in some)], "z_memory"):
        return None
    return cached.run(*resnet), {way: [cached.run(*piece) for piece in some] for way, some in pieces.items()}
