r"""`Problem`, and the 25 non-stiff problems of Hull, Enright, Fellen and Sedgwick: `DETEST`.

Source: Comparing numerical methods for ordinary differential equations, SIAM J. Numer. Anal. 9 (1972). Five classes of
five, each on [0, 20]. Every `func(t, y)` takes a state (..., n) and works on its last axis, so a batch of states is as
good as one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ellipj
from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]
"""f(t, y): a scalar and (..., n) -> (..., n)."""


@dataclass(frozen=True)
class Problem:
    """y' = func(t, y), y(t0) = y0 of shape (n,), on [t0, t1]; `exact` maps times (N,) to states (N, n)."""

    name: str
    func: Field
    y0: Tensor
    t0: float
    t1: float
    exact: Callable[[Tensor], Tensor] | None = None
    stiff: bool = False

    def __str__(self) -> str:
        return self.name

    def for_scipy(self) -> Callable[[float, np.ndarray], np.ndarray]:
        """The same field on numpy states (n,), as scipy.integrate calls it."""

        def field(t: float, y: np.ndarray) -> np.ndarray:
            return self.func(torch.tensor(t, dtype=torch.float64), torch.from_numpy(y)).numpy()

        return field


def vector(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def state(*components: Tensor) -> Tensor:
    return torch.stack(components, dim=-1)


def unit(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.float64)[0]


def symmetric(name: str, matrix: Tensor, y0: Tensor, t1: float = 20.0, stiff: bool = False) -> Problem:
    """y' = M y with a symmetric M (n, n), solved by its eigenvectors: y(t) = V exp(t L) V^T y0."""
    eigenvalues, vectors = torch.linalg.eigh(matrix)

    def exact(t: Tensor) -> Tensor:
        return (torch.exp(t[:, None] * eigenvalues) * (y0 @ vectors)) @ vectors.T

    return Problem(name, lambda t, y: y @ matrix, y0, 0.0, t1, exact, stiff)


def second_difference(n: int) -> Tensor:
    side = torch.ones(n - 1, dtype=torch.float64)
    return torch.diag(side, 1) + torch.diag(side, -1) - 2 * torch.eye(n, dtype=torch.float64)


# Class A: single equations.


def a5_exact(t: Tensor) -> Tensor:
    """In polar coordinates (t, y) = r (cos a, sin a) the curve is the spiral r = 4 exp(pi/2 - a): bisection for a."""
    low, high = torch.full_like(t, -math.pi / 4), torch.full_like(t, math.pi / 2)  # t falls from low to high
    for _ in range(60):
        middle = (low + high) / 2
        beyond = 4 * torch.exp(math.pi / 2 - middle) * torch.cos(middle) > t
        low, high = torch.where(beyond, middle, low), torch.where(beyond, high, middle)
    return (4 * torch.exp(math.pi / 2 - low) * torch.sin(low))[:, None]


CLASS_A = (
    Problem("A1", lambda t, y: -y, vector(1), 0.0, 20.0, lambda t: torch.exp(-t)[:, None]),
    Problem("A2", lambda t, y: -(y**3) / 2, vector(1), 0.0, 20.0, lambda t: torch.rsqrt(t + 1)[:, None]),
    Problem("A3", lambda t, y: y * torch.cos(t), vector(1), 0.0, 20.0, lambda t: torch.exp(torch.sin(t))[:, None]),
    Problem(
        "A4",
        lambda t, y: y / 4 * (1 - y / 20),
        vector(1),
        0.0,
        20.0,
        lambda t: (20 / (1 + 19 * torch.exp(-t / 4)))[:, None],
    ),
    Problem("A5", lambda t, y: (y - t) / (y + t), vector(4), 0.0, 20.0, a5_exact),
)


# Class B: small systems.


def b1(t: Tensor, y: Tensor) -> Tensor:
    """Two populations in conflict."""
    y1, y2 = y.unbind(-1)
    return state(2 * (y1 - y1 * y2), -(y2 - y1 * y2))


def b3(t: Tensor, y: Tensor) -> Tensor:
    """A nonlinear chemical reaction."""
    y1, y2, _ = y.unbind(-1)
    return state(-y1, y1 - y2**2, y2**2)


def b4(t: Tensor, y: Tensor) -> Tensor:
    """The integral surface of a torus: radius 2 + cos t, angle t, height sin t."""
    y1, y2, y3 = y.unbind(-1)
    r = torch.hypot(y1, y2)
    return state(-y2 - y1 * y3 / r, y1 - y2 * y3 / r, y1 / r)


def b4_exact(t: Tensor) -> Tensor:
    r = 2 + torch.cos(t)
    return state(r * torch.cos(t), r * torch.sin(t), torch.sin(t))


def b5(t: Tensor, y: Tensor) -> Tensor:
    """Euler's rigid body without forces; the solution is sn, cn, dn of parameter 0.51."""
    y1, y2, y3 = y.unbind(-1)
    return state(y2 * y3, -y1 * y3, -0.51 * y1 * y2)


def b5_exact(t: Tensor) -> Tensor:
    return torch.from_numpy(np.stack(ellipj(t.numpy(), 0.51)[:3], axis=-1))


B2_MATRIX = torch.tensor([[-1, 1, 0], [1, -2, 1], [0, 1, -1]], dtype=torch.float64)
CLASS_B = (
    Problem("B1", b1, vector(1, 3), 0.0, 20.0),
    symmetric("B2", B2_MATRIX, vector(2, 0, 1)),
    Problem("B3", b3, vector(1, 0, 0), 0.0, 20.0),
    Problem("B4", b4, vector(3, 0, 0), 0.0, 20.0, b4_exact),
    Problem("B5", b5, vector(0, 1, 1), 0.0, 20.0, b5_exact),
)


# Class C: moderate systems.


def decay_chain(rates: Tensor) -> Field:
    """Each of the n - 1 first species turns into the next at its rate; the last one stays."""

    def field(t: Tensor, y: Tensor) -> Tensor:
        flow = rates * y[..., :-1]
        none = torch.zeros_like(y[..., :1])
        return torch.cat([none, flow], dim=-1) - torch.cat([flow, none], dim=-1)

    return field


def c1_exact(t: Tensor) -> Tensor:
    """Poisson probabilities of 0 to 8 events, and of more."""
    k = torch.arange(9, dtype=torch.float64)
    some = t[:, None] ** k * torch.exp(-t[:, None] - torch.lgamma(k + 1))
    return torch.cat([some, 1 - some.sum(-1, keepdim=True)], dim=-1)


def c2_exact(t: Tensor) -> Tensor:
    """Yule's pure birth process: geometric probabilities."""
    k = torch.arange(9, dtype=torch.float64)
    grown = -torch.expm1(-t[:, None])
    return torch.cat([torch.exp(-t[:, None]) * grown**k, grown**9], dim=-1)


# Jupiter, Saturn, Uranus, Neptune, Pluto: position in astronomical units, velocity in these per 100 days.
PLANETS = torch.tensor(
    [
        [3.42947415189, 3.35386959711, 1.35494901715, -0.557160570446, 0.505696783289, 0.230578543901],
        [6.64145542550, 5.97156957878, 2.18231499728, -0.415570776342, 0.365682722812, 0.169143213293],
        [11.2630437207, 14.6952576794, 6.27960525067, -0.325325669158, 0.189706021964, 0.0877265322780],
        [-30.1552268759, 1.65699966404, 1.43785752721, -0.0240476254170, -0.287659532608, -0.117219543175],
        [-21.1238353380, 28.4465098142, 15.3882659679, -0.176860753121, -0.216393453025, -0.0148647893090],
    ],
    dtype=torch.float64,
)
GRAVITY, SUN = 2.95912208286, 1.00000597682
MASSES = vector(0.000954786104043, 0.000285583733151, 0.0000437273164546, 0.0000517759138449, 0.00000277777777778)


def c5(t: Tensor, y: Tensor) -> Tensor:
    """Five planets in coordinates that move with the sun: 15 positions, then 15 velocities."""
    position, velocity = y.unflatten(-1, (2, 5, 3)).unbind(-3)
    apart = position[..., None, :, :] - position[..., :, None, :]  # (..., j, k, 3): from planet j to planet k
    distance = apart.norm(dim=-1) + torch.eye(5, dtype=y.dtype)  # any distance from itself: apart is 0 there
    solar = position / position.norm(dim=-1, keepdim=True) ** 3
    others = apart / distance[..., None] ** 3 - solar[..., None, :, :] * (1 - torch.eye(5, dtype=y.dtype))[..., None]
    masses = MASSES.to(y.dtype)[:, None]
    acceleration = GRAVITY * ((masses * others).sum(-2) - (SUN + masses) * solar)
    return torch.stack([velocity, acceleration], dim=-3).flatten(-3)


CLASS_C = (
    Problem("C1", decay_chain(vector(*[1] * 9)), unit(10), 0.0, 20.0, c1_exact),
    Problem("C2", decay_chain(vector(*range(1, 10))), unit(10), 0.0, 20.0, c2_exact),
    symmetric("C3", second_difference(10), unit(10)),
    symmetric("C4", second_difference(51), unit(51)),
    Problem("C5", c5, PLANETS.unflatten(-1, (2, 3)).transpose(0, 1).flatten(), 0.0, 20.0),
)


# Class D: the two-body problem at five eccentricities.


def two_bodies(t: Tensor, y: Tensor) -> Tensor:
    position, velocity = y[..., :2], y[..., 2:]
    return torch.cat([velocity, -position / position.norm(dim=-1, keepdim=True) ** 3], dim=-1)


def orbit(name: str, e: float) -> Problem:
    """Kepler's ellipse of eccentricity e; u - e sin u = t by Newton's method gives the exact place."""

    def exact(t: Tensor) -> Tensor:
        u = t + e * torch.sin(t)
        for _ in range(50):
            u = u - (u - e * torch.sin(u) - t) / (1 - e * torch.cos(u))
        speed, minor = 1 / (1 - e * torch.cos(u)), math.sqrt(1 - e**2)
        return state(torch.cos(u) - e, minor * torch.sin(u), -speed * torch.sin(u), speed * minor * torch.cos(u))

    return Problem(name, two_bodies, vector(1 - e, 0, 0, math.sqrt((1 + e) / (1 - e))), 0.0, 20.0, exact)


CLASS_D = tuple(orbit(f"D{i + 1}", e) for i, e in enumerate((0.1, 0.3, 0.5, 0.7, 0.9)))


# Class E: higher order equations.


def e1(t: Tensor, y: Tensor) -> Tensor:
    """Bessel's equation of order 1/2 in x = t + 1."""
    y1, y2 = y.unbind(-1)
    return state(y2, -(y2 / (t + 1) + (1 - 0.25 / (t + 1) ** 2) * y1))


def e1_exact(t: Tensor) -> Tensor:
    x = t + 1
    scale = torch.sqrt(2 / (math.pi * x))
    return state(scale * torch.sin(x), scale * (torch.cos(x) - torch.sin(x) / (2 * x)))


def e3(t: Tensor, y: Tensor) -> Tensor:
    """Duffing's equation, driven."""
    y1, y2 = y.unbind(-1)
    return state(y2, y1**3 / 6 - y1 + 2 * torch.sin(2.78535 * t))


def e4(t: Tensor, y: Tensor) -> Tensor:
    """A fall with air resistance."""
    y2 = y[..., 1]
    return state(y2, 0.032 - 0.4 * y2**2)


def e4_exact(t: Tensor) -> Tensor:
    rate = math.sqrt(0.032 * 0.4)
    return state(30 + torch.log(torch.cosh(rate * t)) / 0.4, math.sqrt(0.032 / 0.4) * torch.tanh(rate * t))


def e5(t: Tensor, y: Tensor) -> Tensor:
    """A linear pursuit."""
    y2 = y[..., 1]
    return state(y2, torch.sqrt(1 + y2**2) / (25 - t))


def e5_exact(t: Tensor) -> Tensor:
    left = 1 - t / 25
    return state(12.5 * (-torch.log(left) - (1 - left**2) / 2), (1 / left - left) / 2)


def van_der_pol(mu: float, t1: float, name: str | None = None) -> Problem:
    """y'' = mu (1 - y^2) y' - y from (2, 0): a relaxation oscillation, stiff where mu is large."""

    def field(t: Tensor, y: Tensor) -> Tensor:
        y1, y2 = y.unbind(-1)
        return state(y2, mu * (1 - y1**2) * y2 - y1)

    return Problem(name or f"Van der Pol, mu = {mu:g}", field, vector(2, 0), 0.0, t1, stiff=mu >= 10)


CLASS_E = (
    Problem("E1", e1, e1_exact(vector(0))[0], 0.0, 20.0, e1_exact),
    van_der_pol(1.0, 20.0, "E2"),
    Problem("E3", e3, vector(0, 0), 0.0, 20.0),
    Problem("E4", e4, vector(30, 0), 0.0, 20.0, e4_exact),
    Problem("E5", e5, vector(0, 0), 0.0, 20.0, e5_exact),
)

DETEST = (*CLASS_A, *CLASS_B, *CLASS_C, *CLASS_D, *CLASS_E)
