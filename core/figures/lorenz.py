"""Two solutions of Lorenz's equations in space, and the distance between them."""

import numpy as np

from core.figures.scene import Axis, Layer, Line, Scene
from core.figures.theme import EVIDENCE, GRADIENT, STATE, TRUTH
from core.labs.lorenz import Twins

_LEAST = 1e-11


def twin_scenes(twins: Twins) -> tuple[Scene, Scene]:
    """The space with both curves, and their distance over time on a logarithmic axis."""
    return _space(twins), _distance(twins)


def _space(twins: Twins) -> Scene:
    ends = [", ".join(f"{value:.3g}" for value in states[-1]) for states in (twins.one, twins.other)]
    return Scene(
        "Both solutions",
        Axis("z1", -25.0, 25.0),
        Axis("z2", -35.0, 35.0),
        [
            Line(twins.one, STATE, "first", times=twins.times, width=1.5),
            Line(twins.other, GRADIENT, "second", times=twins.times, width=1.5, dashed=True),
        ],
        f"Two curves that start {twins.params.gap:.0e} apart at "
        f"({', '.join(f'{value:g}' for value in twins.params.start)}); at t = {twins.times[-1]:.3g} they are at "
        f"({ends[0]}) and ({ends[1]}).",
        z=Axis("z3", 0.0, 55.0),
    )


def _distance(twins: Twins) -> Scene:
    seen = np.maximum(twins.distance, _LEAST)  # below it there is rounding alone
    layers: list[Layer] = [
        Line(np.stack([twins.times, seen], axis=1), EVIDENCE, "distance", times=twins.times, width=1.5)
    ]
    words = "too short a growth for a line"
    if twins.fitted is not None:
        times = twins.times[slice(*twins.fitted)][[0, -1]]
        fit = np.exp(twins.offset + twins.rate * times)
        layers.append(Line(np.stack([times, fit], axis=1), TRUTH, f"slope {twins.rate:.3g}", width=3.0, dashed=True))
        words = f"between t = {times[0]:.3g} and {times[1]:.3g} its logarithm has the slope {twins.rate:.3g}"
    return Scene(
        "Distance between them",
        Axis("time t", 0.0, twins.params.time),
        Axis("distance", _LEAST, 100.0, log=True),
        layers,
        f"The distance begins at {twins.distance[0]:.1e} and ends at {twins.distance[-1]:.2g}; {words}.",
    )
