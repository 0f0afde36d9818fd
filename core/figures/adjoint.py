"""A solution with its adjoint drawn along it, and the blocks of the backward solve as they grow from t1 down to t0."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from core.figures.scene import Arrows, Axis, Clock, Dots, Layer, Line, Scene
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, SERIES, STATE, TRUTH
from core.labs.adjoint import T0, Run
from core.labs.adjoint_nudge import Nudge, View
from core.labs.equilibria import Box

FRAMES = 26
"""Times at which the first figure stands still, from t1 down to t0."""
_EVERY = 2
"""Of these, every second one leaves its arrow behind."""
_LONGEST = 0.2
"""Length of the longest arrow, beside the width of the picture."""


def frames(run: Run) -> Sequence[int]:
    """Where the frames stand among the run's times."""
    return [round(i) for i in np.linspace(0, len(run.times) - 1, FRAMES)]


def backwards_frames(run: Run) -> Clock:
    """One frame for each time, starting at t1."""
    labels = tuple(f"t = {run.times[i]:.2f}" for i in frames(run))
    return Clock("time t, from t1 back to t0", start=FRAMES - 1, seconds=6.0, frames=labels)


def scale(run: Run) -> float:
    """Length of the drawn arrows over that of a."""
    (left, right), _ = run.params.box
    return _LONGEST * (right - left) / max(float(np.linalg.norm(run.a, axis=1).max()), 1e-12)


def plane_scenes(view: View) -> list[Scene]:
    """The plane with the adjoint's arrows; beside it the adjoint over time or, of a moved start, what a(t) says."""
    run, nudge = view.run, view.nudge
    if nudge is None:
        return [_plane(view, []), _adjoint_over_time(run)]
    moved = Line(nudge.path, EVIDENCE, "from the moved start", dashed=True)
    places = np.array([nudge.path[-1], nudge.path[0]])
    ends = Dots(places, EVIDENCE, "from the moved start", symbol="ring", size=4.5, labels=("moved start", "its end"))
    return [_plane(view, [moved, ends]), _product(nudge)]


def _plane(view: View, more: Sequence[Layer]) -> Scene:
    run, params = view.run, view.run.params
    field = "field at t = 0" if run.moving else "field f"
    layers: list[Layer] = [Arrows(run.points, run.vectors, MUTED, field), Line(run.forward, STATE, "solution z(t)")]
    size, at = scale(run), frames(run)
    for frame, i in enumerate(at):
        kept = [*at[: frame + 1 : _EVERY], i]
        layers.append(_arrows(run.forward[kept], size * run.a[kept], params.box, frame))
    layers += more
    for frame, i in enumerate(at):
        label = (f"z({run.times[i]:.2f}), a = ({run.a[i, 0]:.3g}, {run.a[i, 1]:.3g})",)
        layers.append(Dots(run.forward[i : i + 1], STATE, size=5.0, labels=label, frame=frame))
    layers.append(Dots(np.array([params.start]), STATE, "start", symbol="ring", size=5.0, labels=("start z(t0)",)))
    layers.append(Dots(np.array([params.target]), AGAINST, "target z*", symbol="cross", size=6.0, labels=("target",)))
    (left, right), (low, high) = params.box
    return Scene(
        "The solution, and a(t) along it",
        Axis("z1", left, right),
        Axis("z2", low, high),
        layers,
        plane_in_words(run),
        square=True,
        handle=params.target if view.handle == "target" else params.start,
        handle_name=view.handle,
    )


def _arrows(points: Float[np.ndarray, "n 2"], vectors: Float[np.ndarray, "n 2"], box: Box, frame: int) -> Line:
    """Arrows that begin at points, as lines: thicker than those of the field."""
    (left, right), _ = box
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    head = np.minimum(0.03 * (right - left), 0.4 * length) * vectors / np.maximum(length, 1e-300)
    across = 0.5 * head @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    tip = points + vectors
    gap = np.full_like(points, np.nan)
    rows = np.stack([points, tip, tip - head + across, tip, tip - head - across, gap], axis=1)
    return Line(rows.reshape(-1, 2), GRADIENT, "a(t), transposed", width=2.2, frame=frame)


def _adjoint_over_time(run: Run) -> Scene:
    high = _reach(run.a)
    layers: list[Layer] = [Line(_over_time(run, run.a[:, k]), GRADIENT, f"a{k + 1}", dashed=bool(k)) for k in range(2)]
    for frame, i in enumerate(frames(run)):
        places = np.array([[run.times[i], value] for value in run.a[i]])
        layers.append(Dots(places, GRADIENT, size=4.5, labels=("a1", "a2"), frame=frame))
    return Scene("The adjoint over time", _time(run), Axis("a = dL/dz", -high, high), layers, adjoint_in_words(run))


def _product(nudge: Nudge) -> Scene:
    run = nudge.run
    values = np.concatenate([nudge.product, [nudge.change, 0.0]])
    margin = 0.3 * max(float(np.ptp(values)), 1e-9)
    layers: list[Layer] = [
        Line(
            np.array([[T0, nudge.change], [run.params.t1, nudge.change]]), TRUTH, "change of L, measured", dashed=True
        ),
        Line(_over_time(run, nudge.product), EVIDENCE, "a(t) times the gap"),
    ]
    for frame, i in enumerate(frames(run)):
        layers.append(Dots(np.array([[run.times[i], nudge.product[i]]]), EVIDENCE, size=4.5, frame=frame))
    return Scene(
        "a(t) times the gap between both solutions",
        _time(run),
        Axis("change of L", float(values.min()) - margin, float(values.max()) + margin),
        layers,
        product_in_words(nudge),
    )


def backwards_clock(run: Run) -> Clock:
    """From t1 down to t0."""
    return Clock("time t, from t1 back to t0", low=run.params.t1, high=T0, seconds=6.0)


def block_scenes(run: Run) -> list[Scene]:
    """State, adjoint and both accumulators, drawn backwards, with back-propagation's gradients where they land."""
    direct, names = run.direct, run.params.names
    state = [_curve(run, run.z[:, k], STATE, f"z{k + 1}", k) for k in range(2)]
    start = _landing(run.params.start, "where the forward solve began")
    theta: list[Layer] = [
        _curve(run, run.a_theta[:, k], (EVIDENCE, SERIES[4], SERIES[5])[k], f"of {name}", k)
        for k, name in enumerate(names)
    ]
    adjoint = [_curve(run, run.a[:, k], GRADIENT, f"a{k + 1}", k) for k in range(2)]
    after = "by back-propagation"
    panels = [
        ("State z, solved backwards", "z", run.z, [*state, start]),
        ("Adjoint a, ends at dL/dz(t0)", "a", run.a, [*adjoint, _landing(direct.z0, after)]),
    ]
    if names:
        landing = _landing(direct.theta, after)
        panels.append(("Accumulator of θ, ends at dL/dθ", "a_θ", run.a_theta, [*theta, landing]))
    time = [_curve(run, run.a_t, AGAINST, "a_t", 0), _landing([direct.t0], after)]
    panels.append(("Accumulator of t, ends at dL/dt0", "a_t", run.a_t[:, None], time))
    scenes = []
    for title, axis, values, layers in panels:
        high = _reach(values)
        scenes.append(Scene(title, _time(run), Axis(axis, -high, high), layers, _block_in_words(title, values)))
    return scenes


def _curve(run: Run, values: Float[np.ndarray, " k"], colour: str, name: str, index: int) -> Line:
    return Line(_over_time(run, values), colour, name, times=run.times, width=2.0 + (index == 2), dashed=index == 1)


def _landing(values: Sequence[float] | Float[np.ndarray, " n"], name: str) -> Dots:
    places = np.array([[T0, value] for value in values])
    return Dots(places, TRUTH, name, symbol="ring", size=6.0, labels=[f"{name}: {value:.5g}" for value in values])


def _over_time(run: Run, values: Float[np.ndarray, " k"]) -> Float[np.ndarray, "k 2"]:
    return np.stack([run.times, values], axis=1)


def _time(run: Run) -> Axis:
    margin = 0.03 * run.params.t1
    return Axis("time t", T0 - margin, run.params.t1 + margin)


def _reach(values: Float[np.ndarray, "..."]) -> float:
    """A round bound, so that small changes move no axis."""
    reach = 1.15 * max(float(np.abs(values).max()), 1e-6)
    step = 10.0 ** np.floor(np.log10(reach))
    return float(next(bound * step for bound in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15) if bound * step >= reach))


def plane_in_words(run: Run) -> str:
    """The first panel's text alternative."""
    params, end, first, last = run.params, run.forward[0], run.a[-1], run.a[0]
    return (
        f"The plane of z1 and z2. The solution starts at ({params.start[0]:.2f}, {params.start[1]:.2f}) and ends, at "
        f"t1 = {params.t1:g}, at ({end[0]:.2f}, {end[1]:.2f}); the target is ({params.target[0]:.2f}, "
        f"{params.target[1]:.2f}), the loss {run.loss:.3g}. Arrows along the solution are a(t), transposed: "
        f"({last[0]:.3g}, {last[1]:.3g}) at t1 and ({first[0]:.3g}, {first[1]:.3g}) at t0."
    )


def adjoint_in_words(run: Run) -> str:
    """The second panel's text alternative."""
    return (
        f"Both components of a over time, from t1 = {run.params.t1:g} back to 0: a1 goes from {run.a[0, 0]:.3g} to "
        f"{run.a[-1, 0]:.3g}, a2 from {run.a[0, 1]:.3g} to {run.a[-1, 1]:.3g}."
    )


def product_in_words(nudge: Nudge) -> str:
    """The third panel's text alternative."""
    return (
        f"a(t) times the gap between both solutions: {nudge.product[0]:.3g} at t1, {nudge.product[-1]:.3g} at t0. "
        f"The loss changed by {nudge.change:.3g}."
    )


def _block_in_words(title: str, values: Float[np.ndarray, "k n"]) -> str:
    begins, ends = (", ".join(f"{value:.3g}" for value in row) for row in (values[0], values[-1]))
    return f"{title}, over time, drawn from t1 back to t0: from {begins} to {ends}."
