"""A map and its linear part at a point, shrinking circles, both products, and what they cost."""

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Arrows, Axis, Clock, Dots, Layer, Line, Scene
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, STATE
from core.labs.jacobian_cost import Costs, Way
from core.labs.jacobian_products import Products
from core.labs.jacobians import LINES, RADII, Picture, Shrink

_QUARTER = 90
"""Index of the point at a quarter of the circle's 360."""


def angle_clock() -> Clock:
    """Runs around the circle, in all panels at once."""
    return Clock("angle on the circle (rad)", 0.0, 2 * np.pi, seconds=5.0)


def picture_scenes(picture: Picture) -> list[Scene]:
    """Input plane, output plane, and the output around f(p) divided by the radius."""
    return [_input(picture), _output(picture), _magnified(picture)]


def _input(picture: Picture) -> Scene:
    params, fit = picture.params, picture.linear
    (left, right), (low, high) = params.box
    layers: list[Layer] = [Line(grid, MUTED, "grid", width=0.8) for grid in picture.grids]
    layers += [
        Line(picture.circle, STATE, "circle", times=picture.angles, width=2.5),
        _start(picture.circle, STATE),
        *_axes_of_ellipse(np.linalg.svd(fit.jacobian)[2] * params.radius, np.array(params.point.place)),
    ]
    x, y = params.point.place
    return Scene(
        "Input plane",
        Axis(params.units[0], left, right),
        Axis(params.units[1], low, high),
        layers,
        f"A grid of {LINES} by {LINES} lines, and a circle of radius {params.radius:g} around the point p = ({x:.3g}, "
        f"{y:.3g}).",
        square=True,
        handle=params.point.place,
        handle_name="point p",
    )


def _output(picture: Picture) -> Scene:
    fit = picture.linear
    (left, right), (low, high) = picture.view
    layers: list[Layer] = [Line(_clipped(image), MUTED, "f of the grid", width=0.8) for image in picture.images]
    layers += [
        Line(_straight(picture, index), GRADIENT, "linear map of the grid", width=0.8, dashed=True) for index in (0, 1)
    ]
    layers += [
        Line(_clipped(picture.image), STATE, "f of the circle", times=picture.angles, width=2.5),
        Line(_clipped(picture.ellipse), GRADIENT, "linear map of the circle", times=picture.angles, dashed=True),
        _start(picture.image, STATE),
        Dots(_clipped(fit.value[None]), STATE, "f(p)", symbol="cross", size=5.0),
    ]
    return Scene(
        "Output plane", Axis("f1", left, right), Axis("f2", low, high), layers, output_in_words(picture), square=True
    )


def _magnified(picture: Picture) -> Scene:
    fit, radius = picture.linear, picture.params.radius
    curve, ellipse = (picture.image - fit.value) / radius, (picture.ellipse - fit.value) / radius
    reach = max(1.4 * fit.stretches[0], 1.05 * float(np.nanmax(np.abs(curve), initial=0.0)), 1e-9)
    left, values, _ = np.linalg.svd(fit.jacobian)
    layers: list[Layer] = [
        Line(curve, STATE, "f of the circle", times=picture.angles, width=2.5),
        Line(ellipse, GRADIENT, "linear map of the circle", times=picture.angles, dashed=True),
        _start(curve, STATE),
        *_axes_of_ellipse(left.T * values[:, None], np.zeros(2)),
    ]
    first, second = fit.stretches
    return Scene(
        "Output, magnified 1/r times",
        Axis("(f1 - f1(p)) / r", -reach, reach),
        Axis("(f2 - f2(p)) / r", -reach, reach),
        layers,
        f"The same two curves around f(p), divided by the radius. The linear map's is an ellipse whose half axes are "
        f"{first:.3g} and {second:.3g}, the singular values of J.",
        square=True,
    )


def _axes_of_ellipse(vectors: np.ndarray, middle: np.ndarray) -> list[Layer]:
    """The longest half axis and the shortest: rows of `vectors`, from the middle."""
    looks = (("longest half axis", AGAINST), ("shortest half axis", EVIDENCE))
    return [
        Arrows(middle + vectors[index : index + 1] / 2, vectors[index : index + 1], colour, name)
        for index, (name, colour) in enumerate(looks)
    ]


def _start(curve: np.ndarray, colour: str) -> Dots:
    """Marks at angle 0 and after a quarter, which show the way round."""
    labels = ("angle 0", "angle 90 degrees")
    points = _clipped(curve[[0, _QUARTER]])
    fine = [index for index in (0, 1) if np.isfinite(points[index]).all()]
    return Dots(
        points[fine], colour, "angles 0 and 90°", symbol="square", size=3.5, labels=[labels[index] for index in fine]
    )


def _straight(picture: Picture, index: int) -> np.ndarray:
    """A grid's lines by the linear map: their ends are enough."""
    grid = picture.grids[index].reshape(LINES, -1, 2)[:, [0, -2, -1]].reshape(-1, 2)
    return _clipped(picture.linear(grid - np.array(picture.params.point.place)))


def _clipped(points: np.ndarray) -> np.ndarray:
    return np.clip(points, -1e30, 1e30)  # the browser gets 32 bits


def output_in_words(picture: Picture) -> str:
    """What the output plane shows."""
    x, y = picture.linear.value
    size = "is not defined everywhere" if picture.area is None else f"has {abs(picture.area):.3g} times its area"
    return (
        f"f maps p to ({x:.4g}, {y:.4g}). Solid: f of the grid and of the circle; dashed: the linear map's. f of the "
        f"circle {size}; the linear map's has {abs(picture.linear.determinant):.3g} times."
    )


def shrink_chart(found: Shrink) -> go.Figure:
    """Both differences between f and its linear map against the radius."""
    traces = [
        _measured(found.gaps, "distance of the curves, over r", found.gap_slope, STATE, "circle", "solid"),
        _measured(found.area_gaps, "area factor minus det J", found.area_slope, GRADIENT, "square", "dash"),
    ]
    return chart(traces, "radius r of the circle", "difference", x_scale="log", y_scale="log")


def _measured(
    values: np.ndarray, name: str, slope: float | None, colour: str, symbol: str, dash: str
) -> dict[str, object]:
    seen = [None if not np.isfinite(value) or value <= 1e-15 else float(value) for value in values]
    told = "exact but for rounding" if slope is None else f"slope {slope:.2f}"
    return line(
        RADII,
        seen,  # pyright: ignore[reportArgumentType]  # plotly leaves None open
        f"{name}: {told}",
        colour,
        line={"color": colour, "width": 2, "dash": dash},
        marker={"color": colour, "size": 8, "symbol": symbol},
    )


def shrink_in_words(found: Shrink) -> str:
    """What `shrink_chart` shows."""
    gaps, areas = found.gaps, found.area_gaps
    return (
        f"From radius {RADII[0]:g} to {RADII[-1]:.2g}: the largest distance between the curves, over r, goes from "
        f"{gaps[0]:.2g} to {gaps[-1]:.2g}; the area factor minus det J from {areas[0]:.2g} to {areas[-1]:.2g}."
    )


def product_scenes(found: Products) -> list[Scene]:
    """v and a J at p, J v and a at f(p)."""
    params = found.params
    a, v = np.array(params.a), np.array(params.v)
    looks = (
        ("Input plane: v and a J", "1", v, "column v", found.backward, "row a J", (3.0, params.v)),
        ("Output plane: J v and a", "f", found.forward, "column J v", a, "row a", (3.0, None)),
    )
    scenes = []
    for title, letter, column, column_name, row, row_name, (least, handle) in looks:
        reach = max(least, 1.15 * float(np.abs([column, row]).max()))
        layers: list[Layer] = [
            Arrows(column[None] / 2, column[None], STATE, column_name),
            Arrows(row[None] / 2, row[None], GRADIENT, row_name),
        ]
        names = ("along z1", "along z2") if letter == "1" else ("along f1", "along f2")
        scenes.append(
            Scene(
                title,
                Axis(names[0], -reach, reach),
                Axis(names[1], -reach, reach),
                layers,
                f"{column_name} = ({column[0]:.4g}, {column[1]:.4g}) and {row_name} = ({row[0]:.4g}, {row[1]:.4g}); "
                f"their product is {float(row @ column):.6g}.",
                square=True,
                handle=handle,
                handle_name="tip of v",
            )
        )
    return scenes


_LOOKS = (
    (MUTED, "x", "dot"),
    (GRADIENT, "circle", "solid"),
    (STATE, "square", "dash"),
    (EVIDENCE, "diamond", "solid"),
    (AGAINST, "triangle-up", "dashdot"),
)


def cost_chart(costs: Costs) -> go.Figure:
    """Milliseconds against n."""
    traces = [
        line(
            costs.sizes,
            (way.seconds * 1e3).tolist(),
            f"{way.name}: slope {way.slope:.1f}",
            colour,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "size": 8, "symbol": symbol},
        )
        for way, (colour, symbol, dash) in zip(_all(costs), _LOOKS, strict=True)
    ]
    return chart(traces, "n, numbers in and out", "time (ms)", x_scale="log", y_scale="log", height=420)


def _all(costs: Costs) -> tuple[Way, ...]:
    return costs.value, costs.vjp, costs.jvp, costs.rows, costs.vectorised


def cost_in_words(costs: Costs) -> str:
    """What `cost_chart` shows."""
    ends = [f"{way.name} {way.seconds[-1] * 1e3:.3g} ms (slope {way.slope:.1f})" for way in _all(costs)]
    return f"Time against n from {costs.sizes[0]} to {costs.sizes[-1]}. At n = {costs.sizes[-1]}: {', '.join(ends)}."
