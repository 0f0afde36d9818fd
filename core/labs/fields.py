"""A vector field in the plane as the explorer shows it: arrows, nullclines, equilibria and its phase portrait.

Source: Strogatz (2015), Nonlinear Dynamics and Chaos, chapters 5 and 6.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.expression import FormulaError, VectorField, parse_field
from core.labs.equilibria import Box, Equilibrium, equilibria, grid, nullcline
from core.ode import SolverError, solve_batch

ARROWS = 21
"""Arrows along each axis."""


@dataclass(frozen=True)
class Reading:
    """What came of reading formulas: the field, or what is wrong."""

    field: VectorField | None
    message: str = ""
    pointed: str = ""
    """The formula with a mark beneath the place of the mistake."""


@dataclass(frozen=True)
class Flow:
    """A field with numbers for its parameters: what makes z' = f(t, z) complete.

    Attributes:
        formulas: the components, as `core.expression.parse_field` reads them.
        values: (name, number) of every parameter.
    """

    formulas: tuple[str, ...]
    values: tuple[tuple[str, float], ...] = ()

    def function(self) -> Callable[[Tensor, Tensor], Tensor]:
        """f of (t, z), for z of shape (..., n).

        Raises:
            FormulaError: a formula that cannot be read.
        """
        field, values = parse_field(self.formulas), dict(self.values)
        return lambda t, z: field(t, z, values)


@dataclass(frozen=True)
class Params:
    """A field and the part of the plane that is shown."""

    flow: Flow
    box: Box


@dataclass(frozen=True, eq=False)
class Plane:
    """A field at t = 0, seen in a box.

    Attributes:
        points: (m, 2), middles of the arrows; places where the field is not finite are left out.
        vectors: (m, 2), arrows as drawn: directions in the picture are those of the field, lengths grow with its size
            v as v / (v + median).
        nullclines: of z1' and of z2'; rows of NaN part the curves.
        vanishing: for each component, whether it is 0 everywhere.
        equilibria: from left to right.
        more: whether there are more equilibria than are kept.
        autonomous: whether the field is the same at every t; otherwise all this is the field of t = 0 alone.
    """

    params: Params
    points: Float[np.ndarray, "m 2"]
    vectors: Float[np.ndarray, "m 2"]
    nullclines: tuple[Float[np.ndarray, "_ 2"], Float[np.ndarray, "_ 2"]]
    vanishing: tuple[bool, bool]
    equilibria: tuple[Equilibrium, ...]
    more: bool
    autonomous: bool


def read(formulas: tuple[str, ...]) -> Reading:
    """Read formulas that a learner typed."""
    try:
        return Reading(parse_field(formulas))
    except FormulaError as error:
        return Reading(None, str(error), error.pointed())


def plane(params: Params) -> Plane:
    """All that stands still in the picture of a field."""
    field = parse_field(params.flow.formulas)
    values = dict(params.flow.values)
    start = torch.zeros((), dtype=torch.float64)

    def f(points: np.ndarray) -> np.ndarray:
        return field(start, torch.from_numpy(points), values).numpy()

    def jacobian(points: np.ndarray) -> np.ndarray:
        return field.jacobian(start, torch.from_numpy(points), values).numpy()

    points, vectors = arrows(f, params.box)
    lines = [nullcline(f, component, params.box) for component in (0, 1)]
    found, more = equilibria(f, jacobian, params.box)
    return Plane(
        params,
        points,
        vectors,
        nullclines=(lines[0][0], lines[1][0]),
        vanishing=(lines[0][1], lines[1][1]),
        equilibria=tuple(found),
        more=more,
        autonomous=field.autonomous,
    )


def arrows(
    f: Callable[[np.ndarray], np.ndarray], box: Box
) -> tuple[Float[np.ndarray, "m 2"], Float[np.ndarray, "m 2"]]:
    """Middles and vectors of arrows on a grid inside a box, in the units of the axes."""
    low, high = np.array(box).T
    margin = (high - low) / (2 * ARROWS)
    _, _, points = grid(((low[0] + margin[0], high[0] - margin[0]), (low[1] + margin[1], high[1] - margin[1])), ARROWS)
    seen = f(points) / (high - low)  # in widths and heights of the picture
    size = np.hypot(*seen.T)
    keep = np.isfinite(size)
    points, seen, size = points[keep], seen[keep], size[keep]
    middle = float(np.median(size[size > 0])) if (size > 0).any() else 1.0
    lengths = 0.95 / ARROWS / (size + middle)
    return points, seen * lengths[:, None] * (high - low)


def portrait(params: Params) -> tuple[Float[np.ndarray, "_ 2"], ...]:
    """Curves through a dozen places, each followed forwards and backwards until it leaves the picture.

    The field of t = 0 is walked at a bounded speed: that changes when a place is passed, not the curve, and a
    solution that runs to infinity in finite time does so here no more.
    """
    f = params.flow.function()
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in zip(*params.box, strict=True))
    width = high - low
    start = torch.zeros((), dtype=torch.float64)
    columns, rows = ((torch.arange(n, dtype=torch.float64) + 0.5) / n for n in (4, 3))
    places = low + width * torch.cartesian_prod(columns, rows)  # (12, 2)
    usual = torch.nan_to_num(f(start, places) / width, 0.0, 0.0, 0.0).norm(dim=1).median().clamp(min=1e-9)

    def paced(t: Tensor, z: Tensor) -> Tensor:
        speed = torch.nan_to_num(f(start, z), 0.0, 0.0, 0.0).clamp(-1e12, 1e12)
        beyond = ((z - low) / width - 0.5).abs().amax(dim=-1, keepdim=True)  # 0.5 at the edge
        slower = (3 - 2 * beyond).clamp(0, 1)  # stands still a whole picture away
        return slower * speed / ((speed / width).norm(dim=-1, keepdim=True) + usual)

    curves: list[np.ndarray] = []
    for end in (2.0, -2.0):
        times = torch.linspace(0, end, 121, dtype=torch.float64)
        try:
            options = {"max_num_steps": 400}
            found = solve_batch(paced, places, 0.0, end, times=times, rtol=1e-4, atol=1e-5, options=options).states
        except SolverError:  # a field with jumps, say: the picture does without
            continue
        seen = ((found >= low - 0.1 * width) & (found <= high + 0.1 * width)).all(dim=-1, keepdim=True)
        curves += list(torch.where(seen, found, torch.nan).transpose(0, 1).numpy())
    return tuple(curves)
