"""Figures of reconstructions that fail: the way there and the way back, and how it goes over strengths."""

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene
from core.figures.theme import EVIDENCE, GRADIENT, MUTED, STATE
from core.labs.gradient_failures import Run, Sweep
from core.labs.gradient_hard_problems import PROBLEMS

_LEAST = 1e-10
"""Distances below are drawn here."""
_MOST = 1e30
"""And those above here."""
_NAMES = {"relaxation": "strength λ", "vdp": "strength μ", "lorenz": "horizon t₁"}


def failure_clock(run: Run) -> Clock:
    """From t1 back to 0."""
    return Clock("time t, backwards", run.t1, 0.0, start=0.0, seconds=6.0)


def failure_scenes(run: Run) -> list[Scene]:
    """The first component both ways, and the distance of the ways."""
    t = Axis("time t", 0.0, run.t1)
    first = run.forward[:, 0]
    middle, half = (first.max() + first.min()) / 2, max(float(np.ptp(first)), 0.5)
    low, high = float(middle - half), float(middle + half)
    there = np.stack([run.times, first], axis=1)
    back = _joined([(stretch.times, stretch.z[:, 0].clip(low - half, high + half)) for stretch in run.stretches])
    gap = _joined([(stretch.times, stretch.gap.clip(_LEAST, _MOST)) for stretch in run.stretches])
    highest = float(np.nanmax(gap[:, 1]))
    top = 10.0 ** max(1.0, np.ceil(np.log10(highest) + 0.5))
    layers: list[Layer] = [
        Line(there, STATE, "forwards", width=4.0),
        Line(back, EVIDENCE, "backwards", times=back[:, 0], dashed=True),
    ]
    starts = np.array([(stretch.times[0], stretch.z[0, 0]) for stretch in run.stretches])
    layers.append(Dots(starts, EVIDENCE, "stored", symbol="square", size=3.5))
    end = f"it gave up at t = {run.reached:.3g}" if run.message else "at t = 0"
    return [
        Scene(
            "There and back, first component",
            t,
            Axis("z, first component", low, high),
            layers,
            f"The first component from {first[0]:.3g} to {first[-1]:.3g} and back, with {run.params.checkpoints} "
            f"stored states; {end} the way back is {run.gap:.1e} away.",
        ),
        Scene(
            "How far the way back is off",
            t,
            Axis("distance of the states", _LEAST, top, log=True),
            [Line(gap, EVIDENCE, "distance", times=gap[:, 0])],
            f"The distance of both ways on a logarithmic axis: {run.gap:.1e} at its end, t = {run.reached:.3g}. Values "
            f"outside {_LEAST:g} to {_MOST:g} are drawn at these.",
        ),
    ]


def _joined(pieces: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """One curve with a row of NaN between pieces."""
    rows = []
    for times, values in pieces:
        rows += [np.stack([times, np.nan_to_num(values, nan=_MOST)], axis=1), np.full((1, 2), np.nan)]
    return np.concatenate(rows[:-1])


def sweep_chart(sweep: Sweep) -> go.Figure:
    """Distance of the state and error of the gradient against the strength; open where the solver gave up."""
    traces = []
    for column, (count, dash) in enumerate(zip(sweep.checkpoints, ("dash", "solid"), strict=True)):
        runs = [row[column] for row in sweep.runs]
        stored = "1 state stored" if count == 1 else f"{count} states stored"
        for name, colour, symbol in (("state", EVIDENCE, "circle"), ("gradient", GRADIENT, "square")):
            values = [one.gap if name == "state" else one.error for one in runs]
            marks = [f"{symbol}-open" if one.message else symbol for one in runs]
            traces.append(
                line(
                    [one.params.strength for one in runs],
                    [min(max(value, _LEAST), _MOST) for value in values],
                    f"{name}, {stored}",
                    colour,
                    line={"color": colour, "width": 2, "dash": dash},
                    marker={"color": colour, "size": 9, "symbol": marks},
                )
            )
    strengths = PROBLEMS[sweep.problem].compared
    traces.append(
        line(
            [strengths[0], strengths[-1]],
            [1.0, 1.0],
            "as large as the gradient itself",
            MUTED,
            mode="lines",
            line={"color": MUTED, "width": 1, "dash": "dot"},
        )
    )
    figure = chart(
        traces,
        _NAMES[sweep.problem],
        "how far off",
        x_scale="log",
        y_scale="log",
        x_range=(strengths[0] / 1.3, strengths[-1] * 1.3),
        y_range=(1e-10, 1e31),
        height=440,
    )
    return figure.update_yaxes(dtick=6)  # over 41 decades, a label for each third would not fit


def sweep_alt(sweep: Sweep) -> str:
    """The chart in words."""
    parts = []
    for row in sweep.runs:
        said = [
            f"{one.params.checkpoints} stored: " + ("gave up" if one.message else f"{one.gap:.0e} and {one.error:.0e}")
            for one in row
        ]
        parts.append(f"{row[0].params.strength:g}: {', '.join(said)}")
    return f"Distance of the state and error of the gradient for each strength, logarithmic. {'; '.join(parts)}."
