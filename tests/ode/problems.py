r"""Initial value problems with known answers, shared by the tests of the solvers.

`DETEST` holds the 25 non-stiff ones of `detest`. `STIFF` and `OTHERS` hold the usual rest, with constants from Hairer
and Wanner, Solving ODEs II, section IV.10, unless said. Every `func(t, y)` takes a state (..., n).
"""

import torch
from torch import Tensor

from tests.ode.detest import (
    DETEST,
    GRAVITY,
    MASSES,
    PLANETS,
    SUN,
    Field,
    Problem,
    c5,
    second_difference,
    state,
    symmetric,
    van_der_pol,
    vector,
)

__all__ = [
    "DETEST",
    "EVERY",
    "GRAVITY",
    "LORENZ",
    "MASSES",
    "OREGONATOR",
    "OSCILLATOR",
    "OTHERS",
    "PLANETS",
    "ROBERTSON",
    "STIFF",
    "SUN",
    "Field",
    "Problem",
    "c5",
    "heat",
    "state",
    "van_der_pol",
    "vector",
]

# Stiff problems.


def robertson(t: Tensor, y: Tensor) -> Tensor:
    """Robertson's autocatalytic reaction; the three shares sum to 1."""
    y1, y2, y3 = y.unbind(-1)
    slow, fast = 0.04 * y1 - 1e4 * y2 * y3, 3e7 * y2**2
    return state(-slow, slow - fast, fast)


def oregonator(t: Tensor, y: Tensor) -> Tensor:
    """The Belousov-Zhabotinskii reaction."""
    y1, y2, y3 = y.unbind(-1)
    return state(77.27 * (y2 + y1 * (1 - 8.375e-6 * y1 - y2)), (y3 - (1 + y1) * y2) / 77.27, 0.161 * (y1 - y3))


def heat(n: int = 40, t1: float = 0.1) -> Problem:
    """u_t = u_xx on [0, 1] with cold ends by n inner points, from a box: every mode takes part."""
    x = torch.arange(1, n + 1, dtype=torch.float64) / (n + 1)
    box = ((x - 0.5).abs() < 0.25).to(torch.float64)
    return symmetric("heat equation", second_difference(n) * (n + 1) ** 2, box, t1, stiff=True)


ROBERTSON = Problem("Robertson", robertson, vector(1, 0, 0), 0.0, 1e5, stiff=True)
OREGONATOR = Problem("Oregonator", oregonator, vector(1, 2, 3), 0.0, 360.0, stiff=True)
STIFF = (
    van_der_pol(10.0, 40.0),
    van_der_pol(100.0, 200.0),
    van_der_pol(1000.0, 2000.0),
    ROBERTSON,
    OREGONATOR,
    heat(),
)


# The rest.


def lorenz(t: Tensor, y: Tensor) -> Tensor:
    """Lorenz's convection at sigma = 10, rho = 28, beta = 8/3: chaotic, so only short times can be compared."""
    y1, y2, y3 = y.unbind(-1)
    return state(10 * (y2 - y1), y1 * (28 - y3) - y2, y1 * y2 - 8 / 3 * y3)


def oscillator(t: Tensor, y: Tensor) -> Tensor:
    y1, y2 = y.unbind(-1)
    return state(y2, -y1)


def whirl(t: Tensor, y: Tensor) -> Tensor:
    """y' = (cos t I + 2 t J) y with J a quarter turn: growth exp(sin t) and the angle t^2."""
    y1, y2 = y.unbind(-1)
    return state(torch.cos(t) * y1 - 2 * t * y2, torch.cos(t) * y2 + 2 * t * y1)


def whirl_exact(t: Tensor) -> Tensor:
    return torch.exp(torch.sin(t))[:, None] * state(torch.cos(t**2), torch.sin(t**2))


SPIRAL_MATRIX = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]], dtype=torch.float64)


def spiral(t: Tensor, y: Tensor) -> Tensor:
    """z' = A z^3, the demonstration of Chen et al. (2018)."""
    return y**3 @ SPIRAL_MATRIX.to(y.dtype)


LORENZ = Problem("Lorenz", lorenz, vector(1, 1, 1), 0.0, 2.0)
OSCILLATOR = Problem("oscillator", oscillator, vector(1, 0), 0.0, 10.0, lambda t: state(torch.cos(t), -torch.sin(t)))
DECAY = Problem("decay", lambda t, y: -y, vector(1, 2), 0.0, 5.0, lambda t: torch.exp(-t)[:, None] * vector(1, 2))
WHIRL = Problem("whirl", whirl, vector(1, 0), 0.0, 4.0, whirl_exact)
LOGISTIC = Problem(
    "logistic", lambda t, y: y * (1 - y), vector(0.1), 0.0, 10.0, lambda t: (1 / (1 + 9 * torch.exp(-t)))[:, None]
)
SPIRAL = Problem("spiral", spiral, vector(2, 0), 0.0, 25.0)
OTHERS = (LORENZ, OSCILLATOR, DECAY, WHIRL, LOGISTIC, SPIRAL)

EVERY = (*DETEST, *STIFF, *OTHERS)
