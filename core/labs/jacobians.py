"""A map near a point: the linear map that fits it best there, on a grid and on circles that shrink.

Source: Spivak, Calculus on Manifolds (1965), chapter 2.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.expression import parse_field
from core.labs.jacobian_maps import Box, Formulas, Place, images

CORNERS = 360
"""Points on a circle, whose polygons' areas are compared."""
LINES = 11
"""Of the grid, each way."""
RADII = tuple(0.4 * 0.5**k for k in range(9))
"""Of the circles that shrink."""


@dataclass(frozen=True)
class Point:
    """A map, and a point of the plane."""

    formulas: Formulas
    place: Place


@dataclass(frozen=True)
class Params:
    """What the picture shows: a point, and a circle around it."""

    point: Point
    box: Box
    radius: float
    units: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Linear:
    """The linear map at a point: f(z) is about f(p) + J (z - p)."""

    value: Float[np.ndarray, " 2"]
    jacobian: Float[np.ndarray, "2 2"]

    @property
    def determinant(self) -> float:
        """Of J, without a rounding error that would hide a 0."""
        (a, b), (c, d) = self.jacobian.tolist()
        return a * d - b * c

    @property
    def stretches(self) -> tuple[float, float]:
        """Singular values of J: by how much the circle is stretched along its longest and its shortest axis."""
        first, second = np.linalg.svd(self.jacobian, compute_uv=False).tolist()
        return first, second

    @property
    def singular(self) -> bool:
        """Whether J has no inverse, but for rounding."""
        first, second = self.stretches
        return second <= 1e-12 * max(first, 1e-300)

    def __call__(self, offsets: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """f(p) + J d, for offsets d from p."""
        return self.value + offsets @ self.jacobian.T


def linear(point: Point) -> Linear:
    """The map's value and exact Jacobian."""
    field, z = parse_field(point.formulas), torch.tensor(point.place, dtype=torch.float64)
    return Linear(field(0.0, z).numpy(), field.jacobian(0.0, z).numpy())


@dataclass(frozen=True, eq=False)
class Picture:
    """Grid and circle, and what f and the linear map make of them. Rows of nan part the lines of a grid."""

    params: Params
    linear: Linear
    grids: tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]
    """The grid's lines along z1, and those along z2."""
    images: tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]
    angles: Float[np.ndarray, " m"]
    circle: Float[np.ndarray, "m 2"]
    image: Float[np.ndarray, "m 2"]
    ellipse: Float[np.ndarray, "m 2"]
    """The linear map's image of the circle."""
    view: Box
    """Part of the output plane to show; it depends on the map alone, not on the point."""
    area: float | None
    """Signed area inside the circle's image over that of the circle; none where f has no value on it."""


def picture(params: Params) -> Picture:
    """Map the grid and the circle."""
    fit, formulas = linear(params.point), params.point.formulas
    grids = _grids(params.box)
    mapped = (images(formulas, grids[0]), images(formulas, grids[1]))
    angles = np.linspace(0, 2 * np.pi, CORNERS + 1)
    offsets = params.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    circle = params.point.place + offsets
    image = images(formulas, circle)
    return Picture(
        params=params,
        linear=fit,
        grids=grids,
        images=mapped,
        angles=angles,
        circle=circle,
        image=image,
        ellipse=fit(offsets),
        view=_view(np.concatenate(mapped)),
        area=_ratio(image, circle),
    )


def _grids(box: Box) -> tuple[np.ndarray, np.ndarray]:
    (left, right), (low, high) = box
    along, gap = np.linspace(0, 1, 49), np.full((1, 2), np.nan)
    rows, columns = [], []
    for at in np.linspace(0, 1, LINES):
        rows += [np.stack([left + (right - left) * along, np.full(49, low + (high - low) * at)], axis=1), gap]
        columns += [np.stack([np.full(49, left + (right - left) * at), low + (high - low) * along], axis=1), gap]
    return np.concatenate(rows), np.concatenate(columns)


def _view(points: np.ndarray) -> Box:
    """A square that holds the points; without the farthest where they are far beyond the rest."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return (-1.0, 1.0), (-1.0, 1.0)
    low, high = np.percentile(points, 5, axis=0), np.percentile(points, 95, axis=0)
    low, high = np.maximum(points.min(axis=0), 2 * low - high), np.minimum(points.max(axis=0), 2 * high - low)
    middle, half = (low + high) / 2, 0.55 * float((high - low).max())
    half = max(half, 1e-6 * float(np.abs(middle).max()), 1e-9)
    (x, y) = middle.tolist()
    return (x - half, x + half), (y - half, y + half)


def _ratio(image: np.ndarray, circle: np.ndarray) -> float | None:
    """Quotient of the signed areas of two closed polygons."""
    inside = _area(image) / _area(circle)
    return inside if np.isfinite(inside) else None


def _area(polygon: np.ndarray) -> float:
    x, y = (polygon - polygon[0]).T
    return float(x[:-1] @ y[1:] - x[1:] @ y[:-1]) / 2


@dataclass(frozen=True, eq=False)
class Shrink:
    """Circles of the radii `RADII` around a point, by f and by the linear map."""

    linear: Linear
    ratios: Float[np.ndarray, " n"]
    """Signed area of the image over that of the circle; nan where f has no value on it."""
    gaps: Float[np.ndarray, " n"]
    """Largest distance of the image from the ellipse, over the radius."""
    gap_slope: float | None
    """Of log(gaps) against log(radius); none where the linear map is exact, or too few gaps are above rounding."""
    area_slope: float | None
    """The same of |ratio - det J|."""

    @property
    def area_gaps(self) -> Float[np.ndarray, " n"]:
        """|ratio - det J|."""
        return np.abs(self.ratios - self.linear.determinant)

    @property
    def differentiable(self) -> bool:
        """Whether the distance falls faster than the radius, as the definition of the derivative demands."""
        return self.gap_slope is None or self.gap_slope > 0.05 or bool(self.gaps[-1] < 1e-6 * self.linear.stretches[0])


def shrink(point: Point) -> Shrink:
    """Measure how the linear map comes closer as the circle shrinks."""
    fit = linear(point)
    angles = np.linspace(0, 2 * np.pi, CORNERS + 1)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ratios, gaps = [], []
    for radius in RADII:
        image = images(point.formulas, point.place + radius * directions)
        ratio = _ratio(image - fit.value, radius * directions)
        ratios.append(np.nan if ratio is None else ratio)
        gaps.append(np.hypot(*(image - fit(radius * directions)).T).max() / radius)
    size = 1 + float(np.abs(fit.value).max()) + fit.stretches[0]
    noise = 1e-13 * size / np.array(RADII)
    off = np.abs(np.array(ratios) - fit.determinant)
    return Shrink(
        linear=fit,
        ratios=np.array(ratios),
        gaps=np.array(gaps),
        gap_slope=_slope(np.array(gaps), noise),
        area_slope=_slope(off, noise * size),
    )


def _slope(gaps: np.ndarray, noise: np.ndarray) -> float | None:
    """Slope over the smaller half of the radii, of what is well above rounding."""
    sure = np.isfinite(gaps) & (gaps > 100 * noise)
    radii, gaps = np.array(RADII)[sure][-5:], gaps[sure][-5:]
    return float(np.polyfit(np.log(radii), np.log(gaps), 1)[0]) if len(gaps) >= 3 else None
