"""Maps of the plane into itself, as the texts of their formulas: a gallery, and what a learner types."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.expression import FormulaError, VectorField, parse_field

Formulas = tuple[str, str]
Place = tuple[float, float]
Box = tuple[tuple[float, float], tuple[float, float]]

LARGEST = 1e9
"""Values and slopes beyond this are not drawn, and not computed with."""


@dataclass(frozen=True)
class Map:
    """A map f of (z1, z2), and where to look at it first.

    Attributes:
        formulas: f1 and f2, in z1 and z2.
        box: ranges of z1 and z2, both equally long.
        start: the point at first.
        says: what it is, and where to look.
        units: what z1 and z2 are.
    """

    title: str
    formulas: Formulas
    start: Place
    says: str
    box: Box = ((-2.0, 2.0), (-2.0, 2.0))
    units: tuple[str, str] = ("z1", "z2")


MAPS: dict[str, Map] = {
    "square": Map(
        "Square of a complex number",
        ("z1^2 - z2^2", "2*z1*z2"),
        (1.0, 0.6),
        "The point $z_1 + i z_2$ is squared. Small circles stay almost circles; only at 0 is the linear map 0.",
    ),
    "tanh": Map(
        "A layer of a network",
        ("tanh(1.5*z1 - z2 + 0.3)", "tanh(0.5*z1 + 1.2*z2 - 0.2)"),
        (0.3, 0.2),
        "Two units with weights, biases and tanh. Far out the units saturate and squeeze the circle.",
    ),
    "polar": Map(
        "Polar coordinates to Cartesian",
        ("z1*cos(z2)", "z1*sin(z2)"),
        (1.4, 0.7),
        "$z_1$ is the distance from the origin, $z_2$ the angle. At distance 0 all angles are the same place.",
        ((-0.5, 2.5), (-1.0, 2.0)),
        ("distance z1", "angle z2 (rad)"),
    ),
    "fold": Map(
        "A fold",
        ("z1^2", "z2"),
        (-1.0, 0.5),
        "The plane is folded along $z_1 = 0$: the left half comes to lie upside down on the right one.",
    ),
    "turn": Map(
        "Rotation and scaling",
        ("1.2*z1 - 0.9*z2", "0.9*z1 + 1.2*z2"),
        (0.8, 0.4),
        "Linear: a turn by $\\arctan(3/4)$ and a stretch by 1.5, the same everywhere.",
    ),
    "shear": Map(
        "A shear",
        ("z1 + z2", "z2"),
        (0.5, 0.5),
        "Linear: each row slides sideways by its height. Circles become slanted ellipses.",
    ),
    "own": Map(
        "Your own formulas",
        ("z1 + 0.3*sin(2*z2)", "z2 - 0.3*z1^2"),
        (0.5, 0.5),
        "Formulas in $z_1$ and $z_2$, written `z1` and `z2`, with `+ - * / ^`, numbers, `pi`, `e`, and functions: "
        "`sin`, `exp`, `log`, `sqrt`, `tanh`, `abs` and more.",
    ),
}
"""By the name that stands in the address."""


@dataclass(frozen=True)
class Reading:
    """What came of reading formulas: a place where the map can be looked at, or what is wrong."""

    formulas: Formulas
    place: Place | None
    """The place asked for, or where that has no value the nearest of a grid that has one."""
    latex: str = ""
    message: str = ""
    pointed: str = ""
    """The formula with a mark beneath the place of the mistake."""


def read(formulas: Formulas, box: Box, start: Place) -> Reading:
    """Read formulas that a learner typed."""
    try:
        field = parse_field(formulas)
    except FormulaError as error:
        return Reading(formulas, None, "", f"In the formula for f{error.component}: {error.message}.", error.pointed())
    for index, (text, component) in enumerate(zip(formulas, field.components, strict=True), 1):
        if others := sorted(component.tree.names - {"z1", "z2"}):
            error = FormulaError("", text, text.find(others[0]) + 1)
            message = f"In the formula for f{index}: {others[0]} is neither z1 nor z2, nor a function known here."
            return Reading(formulas, None, "", message, error.pointed())
    places = [start, *_grid(box, start)]
    found = next((place for place in places if finite_at(formulas, place)), None)
    message = "" if found else "This map has no value with finite slopes anywhere in the picture."
    return Reading(formulas, found, latex(field), message)


def _grid(box: Box, near: Place) -> Iterator[Place]:
    """Places all over the box, those near a place first; a little off the middle, where formulas are often singular."""
    x, y = np.meshgrid(*(low + (high - low) * (np.arange(16) + 0.53) / 16 for low, high in box))
    places = np.stack([x.ravel(), y.ravel()], axis=1).round(2)
    order = np.argsort(np.hypot(*(places - np.array(near)).T), kind="stable")
    yield from ((float(x), float(y)) for x, y in places[order])


def latex(field: VectorField) -> str:
    """Both components, one beneath the other."""
    lines = [f"f_{i}(z) &= {component.latex}" for i, component in enumerate(field.components, 1)]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def finite_at(formulas: Formulas, place: Place) -> bool:
    """Whether the map has a value and slopes there, none beyond `LARGEST`."""
    field, z = parse_field(formulas), torch.tensor(place, dtype=torch.float64)
    values = torch.cat([field(0.0, z), field.jacobian(0.0, z).flatten()])
    return bool((values.abs() <= LARGEST).all())  # nan is not


def images(formulas: Formulas, points: Float[np.ndarray, "... 2"]) -> Float[np.ndarray, "... 2"]:
    """f at points; nan where there is no value, or one beyond `LARGEST`."""
    values = parse_field(formulas)(0.0, torch.from_numpy(np.ascontiguousarray(points))).numpy()
    fine = (np.abs(values) <= LARGEST).all(axis=-1, keepdims=True)
    return np.where(fine, values, np.nan)
