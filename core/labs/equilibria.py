"""Where a field in the plane stands still: nullclines, equilibria, and what the linear part says of each.

Source: Strogatz (2015), Nonlinear Dynamics and Chaos, sections 5.2, 6.1 and 6.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from skimage.measure import find_contours

Kind = Literal[
    "saddle", "stable node", "unstable node", "stable spiral", "unstable spiral", "centre (linearly)", "degenerate"
]

Box = tuple[tuple[float, float], tuple[float, float]]
"""Ranges of z1 and z2."""

MOST = 40
"""Equilibria that are kept."""

GRID = 81
"""Points of each side of the grid on which equilibria are looked for; closer ones than a cell may be missed."""


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A place where the field is 0."""

    place: tuple[float, float]
    jacobian: Float[np.ndarray, "2 2"]
    kind: Kind

    @property
    def trace(self) -> float:
        """Of the Jacobian: the sum of the eigenvalues."""
        return float(np.trace(self.jacobian))

    @property
    def determinant(self) -> float:
        """Of the Jacobian: the product of the eigenvalues."""
        a = self.jacobian
        return float(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])

    @property
    def eigenvalues(self) -> tuple[complex, complex]:
        """The one with the larger real part, then the larger imaginary part, first."""
        first, second = sorted(map(complex, np.linalg.eigvals(self.jacobian)), key=lambda w: (-w.real, -w.imag))
        return first, second

    @property
    def eigenvalues_in_words(self) -> str:
        """Both, for reading: ``-0.1 ± 1.2i``, ``±1i``, ``1 and -1``."""
        first, second = self.eigenvalues
        if first.imag:
            turn = f"{abs(first.imag):.3g}i"
            return f"±{turn}" if abs(first.real) < 1e-12 * abs(first.imag) else f"{first.real:.3g} ± {turn}"
        # 0 but for rounding reads as 0
        size = max(abs(first), abs(second))
        return " and ".join(f"{0.0 if abs(w) < 1e-12 * size else w.real:.3g}" for w in (first, second))


def classify(jacobian: Float[np.ndarray, "2 2"]) -> Kind:
    r"""What trace and determinant of a Jacobian say of an equilibrium.

    With trace :math:`\tau` and determinant :math:`\Delta` the eigenvalues are
    :math:`(\tau \pm \sqrt{\tau^2 - 4\Delta})/2`. Within rounding of :math:`\Delta = 0` one of them is 0, and the
    linear part does not decide: "degenerate".
    """
    (a, b), (c, d) = np.asarray(jacobian, dtype=float).tolist()
    size = max(abs(a), abs(b), abs(c), abs(d))
    if size == 0:
        return "degenerate"
    a, b, c, d = a / size, b / size, c / size, d / size
    trace, determinant = a + d, a * d - b * c
    if abs(determinant) < 1e-9:
        return "degenerate"
    if determinant < 0:
        return "saddle"
    if abs(trace) < 1e-9:
        return "centre (linearly)"
    # (a - d)^2 + 4 b c is trace^2 - 4 determinant without its cancellation
    spiral = (a - d) ** 2 + 4 * b * c < -1e-12
    if trace < 0:
        return "stable spiral" if spiral else "stable node"
    return "unstable spiral" if spiral else "unstable node"


Field = Callable[[Float[np.ndarray, "m 2"]], Float[np.ndarray, "m 2"]]
Jacobian = Callable[[Float[np.ndarray, "m 2"]], Float[np.ndarray, "m 2 2"]]


def grid(box: Box, side: int) -> tuple[Float[np.ndarray, " side"], Float[np.ndarray, " side"], np.ndarray]:
    """Values of z1 and of z2 along the box, and all their pairs (side * side, 2), row by row of equal z2."""
    (left, right), (low, high) = box
    x, y = np.linspace(left, right, side), np.linspace(low, high, side)
    return x, y, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def nullcline(field: Field, component: int, box: Box, side: int = 121) -> tuple[Float[np.ndarray, "n 2"], bool]:
    """The curves on which one component of a field is 0, and whether it is 0 everywhere.

    Returns:
        Points; a row of NaN parts one curve from the next.
    """
    x, y, points = grid(box, side)
    values = field(points)[:, component].reshape(side, side)
    if not np.any(np.nan_to_num(values)):
        return np.empty((0, 2)), bool(np.all(values == 0))
    with np.errstate(invalid="ignore"):
        found = find_contours(np.where(np.isfinite(values), values, np.nan), 0.0)
    pieces = []
    for curve in found:
        # each point lies on an edge of the grid, at whose ends the component has opposite signs: halve it
        ends = [np.stack([x[c], y[r]], axis=1) for r, c in _corners(curve)]
        at_first, at_second = (values[r, c] for r, c in _corners(curve))
        first, second = ends
        for _ in range(14):
            middle = (first + second) / 2
            same = (field(middle)[:, component] * at_first > 0)[:, None]
            first, second = np.where(same, middle, first), np.where(same, second, middle)
        places = (first + second) / 2
        # a sign also changes across a pole or a jump, where the value does not become small
        around = np.maximum(np.abs(at_first), np.abs(at_second))
        zero = np.abs(field(places)[:, component]) <= 1e-2 * around + 1e-12
        places[~zero] = np.nan
        if zero.any():
            pieces += [places, np.full((1, 2), np.nan)]
    return (np.concatenate(pieces) if pieces else np.empty((0, 2))), False


def _corners(curve: Float[np.ndarray, "n 2"]) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(rows, columns) of the two ends of the edges of the grid on which points lie."""
    low, high = np.floor(curve).astype(int).T, np.ceil(curve).astype(int).T
    return (low[0], low[1]), (high[0], high[1])


def equilibria(field: Field, jacobian: Jacobian, box: Box) -> tuple[list[Equilibrium], bool]:
    """The places in a box where a field is 0, from left to right, and whether there are more than are kept.

    Newton's iteration with the Jacobian starts in each cell of a grid at whose corners both components change their
    sign, and from each point of the grid where the field is smaller than around it.
    """
    _, _, points = grid(box, GRID)
    values = field(points).reshape(GRID, GRID, 2)
    scale = _scale(values)
    starts = points.reshape(GRID, GRID, 2)[_promising(values / scale)]
    starts = starts[:: 1 + len(starts) // 400]  # a field that is 0 along a curve or everywhere promises too much
    low, high = np.array(box).T
    places = _newton(field, jacobian, starts, low, high)
    if len(places):
        residual = np.abs(field(places) / scale).max(axis=1)
        inside = ((places >= low - 1e-9 * (high - low)) & (places <= high + 1e-9 * (high - low))).all(axis=1)
        good = np.isfinite(residual) & (residual < 1e-8) & inside
        places = _distinct(places[good], residual[good], (high - low) * 1e-4)
    more = len(places) > MOST
    if more:
        places = places[np.linspace(0, len(places) - 1, MOST).round().astype(int)]
    # a coordinate that is 0 but for rounding reads as 0
    places = np.where(np.abs(places) < 1e-9 * (high - low), 0.0, places)
    found = []
    for place, matrix in zip(places, jacobian(places) if len(places) else (), strict=True):
        if np.isfinite(matrix).all():
            found.append(Equilibrium((float(place[0]), float(place[1])), matrix, classify(matrix)))
    return found, more


def _scale(values: Float[np.ndarray, "*grid 2"]) -> Float[np.ndarray, " 2"]:
    """A usual size of each component; 1 for one that is 0 or nowhere finite."""
    sizes = np.abs(values.reshape(-1, 2))
    usual = [np.median(column[np.isfinite(column)]) if np.isfinite(column).any() else 1.0 for column in sizes.T]
    largest = [np.max(column, initial=0.0, where=np.isfinite(column)) for column in sizes.T]
    return np.array([u or top or 1.0 for u, top in zip(usual, largest, strict=True)])


def _promising(values: Float[np.ndarray, "s s 2"]) -> Bool[np.ndarray, "s s"]:
    """Points of a grid from which an equilibrium may be near."""
    finite = np.isfinite(values[..., 0]) & np.isfinite(values[..., 1])
    corners = np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]])
    with np.errstate(invalid="ignore"):
        crossed = ((corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)).all(axis=-1)
    starts = np.zeros(finite.shape, dtype=bool)
    starts[:-1, :-1] = crossed
    size = np.where(finite, np.abs(np.where(finite[..., None], values, 0)).sum(axis=-1), np.inf)
    padded = np.pad(size, 1, constant_values=np.inf)
    n = len(size)
    around = np.stack([padded[i : i + n, j : j + n] for i in range(3) for j in range(3) if (i, j) != (1, 1)])
    return (starts | ((size <= around.min(axis=0)) & (size < 0.5))) & finite


def _newton(
    field: Field, jacobian: Jacobian, starts: Float[np.ndarray, "m 2"], low: np.ndarray, high: np.ndarray
) -> Float[np.ndarray, "m 2"]:
    """Where Newton's iterations lead, all of them at once; those that leave the finite numbers are dropped."""
    places, longest = starts, 0.1 * (high - low)
    for _ in range(50):
        values = field(places)
        matrices = jacobian(places) if len(places) else np.empty((0, 2, 2))
        usable = np.isfinite(np.column_stack([values, matrices.reshape(-1, 4)])).all(axis=1)
        places, values, matrices = places[usable], values[usable], matrices[usable]
        if not len(places):
            break
        steps = -(np.linalg.pinv(matrices, rcond=1e-12) @ values[:, :, None])[:, :, 0]
        steps *= np.minimum(1, 1 / np.maximum(np.abs(steps / longest).max(axis=1, keepdims=True), 1e-300))
        places = places + steps
        if np.all(np.abs(steps) <= 1e-14 * (high - low)):
            break
    return places


def _distinct(
    places: Float[np.ndarray, "m 2"], residual: Float[np.ndarray, " m"], apart: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, "k 2"]:
    """One of each group of places closer than `apart`, the one with the least residual; from left to right."""
    kept: list[np.ndarray] = []
    for index in np.argsort(residual, kind="stable"):
        place = places[index]
        if all((np.abs(place - other) > apart).any() for other in kept):
            kept.append(place)
    return np.array(sorted(kept, key=tuple)).reshape(-1, 2)
