"""Gradients and Jacobian products through 2 to 64 layers, plain beside residual."""

import numpy as np
from jaxtyping import Float

from core.figures.layers import PLAIN, RESIDUAL, decades
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene
from core.labs.depth_gradients import DEPTHS, SEEDS, Gradients, Kind


def depth_clock() -> Clock:
    """One frame for each number of layers."""
    frames = tuple(f"{layers} layers" for layers in DEPTHS)
    return Clock("number of layers N", start=len(DEPTHS) - 1, seconds=5.0, frames=frames)


def depth_scenes(result: Gradients) -> list[Scene]:
    """The gradient on its way back, the first layer's gradient against depth, singular values against depth."""
    return [_way_back(result), _first(result), _singular(result)]


def _way_back(result: Gradients) -> Scene:
    everything = np.concatenate([depth.states.ravel() for kind in result.kinds for depth in kind.depths])
    low, high = decades(everything)
    layers: list[Layer] = []
    for frame in range(len(DEPTHS)):
        for kind in result.kinds:
            depth = kind.depths[frame]
            part = np.linspace(0, 1, depth.layers + 1)
            layers.append(Line(_joined(part, depth.states.clip(low, high)), _colour(kind), width=0.8, frame=frame))
            middle = np.median(depth.states, axis=0).clip(low, high)
            rows = np.stack([part, middle], axis=1)
            dashed = kind.residual
            layers.append(Line(rows, _colour(kind), kind.name, width=2.6, dashed=dashed, frame=frame))
    said = "; ".join(
        f"{kind.name} with {DEPTHS[-1]} layers: {np.median(kind.depths[-1].states[:, -1]):.2g} at the last state, "
        f"{np.median(kind.depths[-1].states[:, 0]):.2g} at the input"
        for kind in result.kinds
    )
    return Scene(
        "dL/dh on its way back",
        Axis("t / N (0 input, 1 last state)", 0.0, 1.0),
        Axis("norm of dL/dh", low, high, log=True),
        layers,
        f"Norm of the gradient in each state, thin for each of {SEEDS} seeds, thick for the median. {said}.",
    )


def _first(result: Gradients) -> Scene:
    everything = np.concatenate([depth.first for kind in result.kinds for depth in kind.depths])
    low, high = decades(everything)
    layers: list[Layer] = []
    for kind in result.kinds:
        layers += _against_depth(kind, "first", kind.name, low, high)
    said = "; ".join(_ends(kind, "first", kind.name) for kind in result.kinds)
    return Scene(
        "Gradient of the first layer",
        _layers_axis(),
        Axis("norm of dL/d(W, b)", low, high, log=True),
        layers,
        f"Norm of the gradient by the first layer's weights and biases, against the number of layers. {said}.",
    )


def _singular(result: Gradients) -> Scene:
    names = ("largest", "smallest")
    everything = np.concatenate([getattr(d, name) for kind in result.kinds for d in kind.depths for name in names])
    low, high = decades(everything)
    layers: list[Layer] = []
    for kind in result.kinds:
        layers += _against_depth(kind, "largest", kind.name, low, high)
        layers += _against_depth(kind, "smallest", f"{kind.name}, smallest value", low, high, small=True)
    said = "; ".join(_ends(kind, name, f"{kind.name}, {name}") for kind in result.kinds for name in names)
    return Scene(
        "Singular values of the product",
        _layers_axis(),
        Axis("largest and smallest", low, high, log=True),
        layers,
        f"Largest and smallest singular value of the product of all layers' Jacobians, against their number. {said}.",
    )


def _against_depth(kind: Kind, what: str, name: str, low: float, high: float, *, small: bool = False) -> list[Layer]:
    """Median as a line, seeds as symbols, and the depth of the frame ringed."""
    middle = np.stack([DEPTHS, kind.median(what).clip(low, high)], axis=1)
    seeds = np.array([(depth.layers, value) for depth in kind.depths for value in getattr(depth, what)])
    seeds[:, 1] = seeds[:, 1].clip(low, high)
    symbol = "triangle" if small else "square" if kind.residual else "disc"
    made: list[Layer] = [
        Line(middle, _colour(kind), name, width=1.0 if small else 2.2, dashed=kind.residual),
        Dots(seeds, _colour(kind), name, symbol=symbol, size=2.2),
    ]
    made += [Dots(middle[i : i + 1], _colour(kind), symbol="ring", size=7.0, frame=i) for i in range(len(DEPTHS))]
    return made


def _layers_axis() -> Axis:
    return Axis("number of layers N", DEPTHS[0] / 1.3, DEPTHS[-1] * 1.3, log=True)


def _ends(kind: Kind, what: str, name: str) -> str:
    values = kind.median(what)
    return f"{name}: {values[0]:.2g} with {DEPTHS[0]}, {values[-1]:.2g} with {DEPTHS[-1]}"


def _joined(x: Float[np.ndarray, " n"], curves: Float[np.ndarray, "curves n"]) -> Float[np.ndarray, "m 2"]:
    """All curves as one line with breaks."""
    rows = np.full((len(curves), len(x) + 1, 2), np.nan)
    rows[:, :-1, 0], rows[:, :-1, 1] = x, curves
    return rows.reshape(-1, 2)


def _colour(kind: Kind) -> str:
    return RESIDUAL if kind.residual else PLAIN
