"""The pictures of the vector-field explorer: phase plane, time series, trace and determinant, an invariant."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart
from core.figures.scene import Arrows, Axis, Dots, Layer, Line, Scene, Symbol
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, SERIES, STATE, TRUTH
from core.labs.equilibria import Kind, classify
from core.labs.fields import Plane
from core.labs.systems import LINEAR
from core.labs.trajectories import TITLES, Race, Run

MARKS: dict[Kind, tuple[Symbol, str]] = {
    "saddle": ("cross", GRADIENT),
    "stable node": ("square", AGAINST),
    "unstable node": ("triangle", EVIDENCE),
    "stable spiral": ("disc", AGAINST),
    "unstable spiral": ("ring", EVIDENCE),
    "centre (linearly)": ("ring", SERIES[4]),
    "degenerate": ("cross", MUTED),
}
"""Kind of an equilibrium -> how it is drawn: what attracts is filled."""

_SYMBOLS: tuple[Symbol, ...] = ("disc", "square", "triangle", "ring", "cross")
_COLOURS = (0, 1, 2, 5, 4, 3, 0, 2)
"""Of `SERIES`, one for each method: those that are mostly chosen stand out most from the reference."""
_PLOTLY: dict[Symbol, str] = {
    "disc": "circle",
    "square": "square",
    "triangle": "triangle-up",
    "ring": "circle-open",
    "cross": "x",
}

_SMALL: dict[Symbol, float] = {"disc": 1.8, "ring": 2.0, "square": 3.2, "cross": 2.0, "triangle": 3.5}
"""Sizes at which small marks look alike."""

REACH = 3.3
"""Least half width of the axes of trace and determinant: a little more than the linear system's sliders."""

MOST_POINTS = 1000
MOST_DOTS = 400
"""Steps that are marked; of more, every second, every third, ..."""


def look(method: str) -> tuple[str, Symbol, bool]:
    """Colour, symbol and whether dashed, of a method's curve; symbol and dash alone tell all of them apart."""
    index = list(TITLES).index(method)
    return SERIES[_COLOURS[index]], _SYMBOLS[index % 5], index >= 5


def plane_layers(plane: Plane) -> tuple[Layer, ...]:
    """Arrows and nullclines."""
    first, second = plane.nullclines
    return (
        Arrows(plane.points, plane.vectors, MUTED, "field"),
        Line(_thinned(first), SERIES[4], "z1' = 0", width=1.5, dashed=True),
        Line(_thinned(second), SERIES[5], "z2' = 0", width=1.5, dashed=True),
    )


def equilibrium_layers(plane: Plane) -> tuple[Layer, ...]:
    """Dots, one layer for each kind."""
    layers: list[Layer] = []
    for kind, (symbol, colour) in MARKS.items():
        of_kind = [one for one in plane.equilibria if one.kind == kind]
        if of_kind:
            places = np.array([one.place for one in of_kind])
            labels = [f"{kind}, eigenvalues {one.eigenvalues_in_words}" for one in of_kind]
            layers.append(Dots(places, colour, kind, symbol=symbol, size=7.0, labels=labels))
    return tuple(layers)


def portrait_layers(curves: Sequence[np.ndarray]) -> tuple[Layer, ...]:
    """All curves of the portrait as one layer."""
    if not curves:
        return ()
    gap = np.full((1, 2), np.nan)
    return tuple(Line(np.concatenate([curve, gap]), STATE, "portrait", width=0.7) for curve in curves)


def run_layers(race: Race) -> tuple[Layer, ...]:
    """Reference, curves and steps in the phase plane."""
    layers: list[Layer] = [_curve(race.reference, None)]
    for run in race.runs:
        layers += [_curve(run, None), _steps(run, None)]
    return tuple(layers)


def series_scenes(race: Race, titles: Sequence[str], clock: str) -> tuple[Scene, Scene]:
    """z1 and z2 over time; `titles` of their axes, and of that of time."""
    scenes = []
    for component in (0, 1):
        layers: list[Layer] = [_curve(race.reference, component)]
        for run in race.runs:
            layers += [_curve(run, component), _steps(run, component)]
        low, high = race.params.box[component]
        scenes.append(
            Scene(
                f"z{component + 1} over time",
                Axis(clock, 0.0, race.params.time),
                Axis(titles[component], low, high),
                layers,
                _series_in_words(race, component),
            )
        )
    return scenes[0], scenes[1]


def phase_scene(plane: Plane, race: Race, layers: Sequence[Layer], titles: Sequence[str]) -> Scene:
    """The phase plane, with the start as its handle."""
    (left, right), (low, high) = plane.params.box
    return Scene(
        "Phase plane",
        Axis(titles[0], left, right),
        Axis(titles[1], low, high),
        layers,
        phase_in_words(plane, race),
        handle=race.params.start,
        handle_name="start",
    )


def trace_plane(plane: Plane) -> Scene:
    """Trace and determinant: the kinds as regions of small marks, the plane's equilibria as large ones.

    The one equilibrium of the gallery's linear system is a handle there: its two coordinates are the parameters.
    """
    found = plane.equilibria
    movable = plane.params.flow.formulas == LINEAR.formulas
    x = max([REACH, *(1.1 * abs(one.trace) for one in found)])
    y = max([REACH, *(1.1 * abs(one.determinant) for one in found)])
    at = (np.arange(20) + 0.5) / 10 - 1
    places = np.stack(np.meshgrid(at * x, at * y), axis=-1).reshape(-1, 2)
    kinds = [classify(np.array([[0.0, 1.0], [-determinant, trace]])) for trace, determinant in places]
    layers: list[Layer] = []
    for kind, (symbol, colour) in MARKS.items():
        region = places[[one == kind for one in kinds]]
        if len(region):
            layers.append(Dots(region, colour, kind, symbol=symbol, size=_SMALL[symbol], labels=[kind] * len(region)))
    traces = np.linspace(-x, x, 121)
    parabola = np.stack([traces, traces**2 / 4], axis=1)
    layers += [
        Line(parabola[parabola[:, 1] <= y], MUTED, "determinant = trace²/4", width=1.5),
        Line(np.array([[-x, 0.0], [x, 0.0]]), MUTED, "determinant = 0", width=1.5, dashed=True),
        Line(np.array([[0.0, 0.0], [0.0, y]]), SERIES[4], "trace = 0: centres", width=1.5),
    ]
    if found:
        here = np.array([[one.trace, one.determinant] for one in found])
        labels = [f"equilibrium at ({one.place[0]:.3g}, {one.place[1]:.3g}): {one.kind}" for one in found]
        layers.append(Dots(here, STATE, "equilibria of the picture above", symbol="disc", size=6.0, labels=labels))
    words = "; ".join(f"trace {one.trace:.3g}, determinant {one.determinant:.3g}: {one.kind}" for one in found)
    return Scene(
        "Trace and determinant",
        Axis("trace of the Jacobian", -x, x),
        Axis("determinant of the Jacobian", -y, y),
        layers,
        "Regions: saddles below determinant 0; above it, nodes below the parabola determinant = trace²/4 and spirals "
        f"above it, stable at the left, unstable at the right. Here: {words or 'no equilibrium in the picture'}.",
        handle=(found[0].trace, found[0].determinant) if movable and found else None,
        handle_name="trace and determinant",
    )


def invariant_chart(race: Race) -> go.Figure:
    """The invariant along each run, at the ends of its steps."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": np.round(run.step_times, 4).tolist(),
            "y": np.round(run.levels, 5).tolist(),
            "name": run.title,
            "line": {"color": look(run.method)[0], "width": 2, "dash": "dash" if look(run.method)[2] else "solid"},
            "marker": {
                "color": look(run.method)[0],
                "size": 8,
                "symbol": _PLOTLY[look(run.method)[1]],
                "maxdisplayed": 12,
            },
        }
        for run in race.runs
        if run.levels is not None
    ]
    return chart(traces, "time t (s)", "energy (1/s²)")


def invariant_in_words(race: Race) -> str:
    """What `invariant_chart` shows."""
    parts = [
        f"{run.title} from {run.levels[0]:.4g} to {run.levels[-1]:.4g}" for run in race.runs if run.levels is not None
    ]
    return f"Energy over time, from t = 0 to {race.params.time:g}: {', '.join(parts)}."


def phase_in_words(plane: Plane, race: Race) -> str:
    """What the phase plane shows."""
    start = race.params.start
    found = [f"{one.kind} at ({one.place[0]:.3g}, {one.place[1]:.3g})" for one in plane.equilibria[:8]]
    ends = [_end_in_words(run) for run in (race.reference, *race.runs)]
    return (
        f"Arrows of the field; equilibria: {', '.join(found) or 'none found'}. "
        f"From the start ({start[0]:.3g}, {start[1]:.3g}): {'; '.join(ends)}."
    )


def _end_in_words(run: Run) -> str:
    if run.trouble:
        return f"{run.title} {run.trouble}"
    end = run.states[-1]
    return f"{run.title} ends at ({end[0]:.4g}, {end[1]:.4g}) after {run.accepted} steps"


def _series_in_words(race: Race, component: int) -> str:
    ends = [f"{run.title} {run.states[-1, component]:.4g}" for run in (race.reference, *race.runs)]
    return f"z{component + 1} from {race.params.start[component]:.4g} at t = 0; last values: {', '.join(ends)}."


def _curve(run: Run, component: int | None) -> Line:
    times, points = _thinned(run.times), _thinned(run.states)
    shown = points if component is None else np.stack([times, points[:, component]], axis=1)
    if run.method not in TITLES:
        return Line(shown, TRUTH, "reference", times=times, width=5.0)
    colour, _, dashed = look(run.method)
    return Line(shown, colour, run.title, times=times, dashed=dashed)


def _steps(run: Run, component: int | None) -> Dots:
    every = 1 + len(run.step_times) // MOST_DOTS
    times, points = run.step_times[::every], np.clip(run.step_states[::every], -1e30, 1e30)
    shown = points if component is None else np.stack([times, points[:, component]], axis=1)
    colour, symbol, _ = look(run.method)
    labels = [f"{run.title}, step {index * every}, t = {t:.4g}" for index, t in enumerate(times.tolist())]
    return Dots(shown, colour, run.title, times=times, symbol=symbol, size=3.0, labels=labels)


def _thinned(points: np.ndarray) -> np.ndarray:
    """About `MOST_POINTS` rows at the most, the last one and those of NaN among them."""
    every = max(1, -(-len(points) // MOST_POINTS))
    missing = np.isnan(points) if points.ndim == 1 else np.isnan(points).any(axis=1)
    keep = (np.arange(len(points)) % every == 0) | missing
    keep[-1:] = True
    return np.clip(points[keep], -1e30, 1e30)  # the browser gets 32 bits
