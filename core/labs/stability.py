r"""Where a method is stable: the region :math:`|R(h\lambda)| \le 1`, and runs of the test equation inside and outside.

Source: Hairer, Wanner, Solving ODEs II, IV.2 (explicit methods), IV.3 (implicit ones, A- and L-stability).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.labs.solver_problems import attempt, equal_steps
from core.ode.stability import StabilityFunction
from core.ode.tableaus import TABLEAUS

METHODS = (
    "euler",
    "midpoint",
    "heun3",
    "rk4_classic",
    "bosh3",
    "dopri5",
    "tsit5",
    "dopri8",
    "implicit_euler",
    "trapezoid",
    "sdirk2",
    "trbdf2",
    "kencarp4",
    "radauIIA3",
    "radauIIA5",
    "gl4",
)
"""Of methods that share a stability function, one: heun2 goes as midpoint, rk4 as rk4_classic."""

REAL = (-7.0, 5.0)
IMAGINARY = (-6.0, 6.0)
"""The part of the plane of z = h lambda that is shown."""

STEPS = 20
_ANGLES = 181
_CELLS = 97


@dataclass(frozen=True, eq=False)
class Region:
    """What a tableau's stability function says."""

    method: str
    growth: Float[np.ndarray, "rows columns"]
    """log10 |R(z)| on a grid over the plane shown, row 0 at the lowest imaginary part."""
    outline: Float[np.ndarray, "n 2"]
    """Places with |R(z)| = 1, as curves apart by rows of NaN."""
    interval: float
    """The method is stable on the real axis from minus this number to 0; infinite where it is so for all z < 0."""
    a_stable: bool
    l_stable: bool


def region(method: str) -> Region:
    """The region of stability of a Runge-Kutta method, from its exact stability function."""
    stability = TABLEAUS[method].stability
    x, y = np.linspace(*REAL, _CELLS), np.linspace(*IMAGINARY, _CELLS)
    with np.errstate(divide="ignore"):  # R has zeros
        growth = np.log10(np.abs(stability(x + 1j * y[:, None])))
    return Region(
        method,
        np.nan_to_num(growth, nan=9.0, posinf=9.0, neginf=-9.0).clip(-9, 9),
        outline(stability),
        real_interval(stability),
        stability.a_stable,
        stability.l_stable,
    )


def outline(stability: StabilityFunction) -> Float[np.ndarray, "n 2"]:
    r"""The places with :math:`|R| = 1`: the roots of :math:`P(z) - e^{i\varphi} Q(z)` followed as the angle turns."""
    size = max(len(stability.numerator), len(stability.denominator))
    p, q = (_padded(part, size) for part in (stability.numerator, stability.denominator))
    far = complex(1e9, 0)
    tracks = np.full((_ANGLES, size - 1), far)
    for row, angle in enumerate(np.linspace(0, 2 * math.pi, _ANGLES)):
        roots = np.roots(np.trim_zeros(p - np.exp(1j * angle) * q, "f"))
        rest = np.concatenate([roots, np.full(size - 1 - len(roots), far)])
        if row == 0:
            tracks[0] = rest
            continue
        for branch in np.argsort(np.abs(tracks[row - 1])):  # each goes on to the nearest root that is still free
            nearest = int(np.argmin(np.abs(rest - tracks[row - 1, branch])))
            tracks[row, branch] = rest[nearest]
            rest = np.delete(rest, nearest)
    jumps = np.zeros(tracks.shape, dtype=bool)
    jumps[1:] = np.abs(np.diff(tracks, axis=0)) > 1.0
    re, im = np.real(tracks), np.imag(tracks)
    hidden = (re < REAL[0]) | (re > REAL[1]) | (np.abs(im) > IMAGINARY[1])
    tracks[hidden | jumps] = complex(np.nan, np.nan)
    gap = np.full((1, size - 1), complex(np.nan, np.nan))
    joined = np.concatenate([tracks, gap]).T.reshape(-1)
    places = np.stack([np.real(joined), np.imag(joined)], axis=1)
    missing = np.isnan(places[:, 0])
    return places[~(missing & np.roll(missing, 1))]


def real_interval(stability: StabilityFunction) -> float:
    """How far to the left the real axis is stable, by bisection; infinite where nothing ends it before z = -100."""
    x = np.linspace(0, -100, 20_001)[1:]
    outside = np.flatnonzero(np.abs(stability(x.astype(complex))) > 1 + 1e-9)
    if not len(outside):
        return math.inf
    unstable = float(x[outside[0]])
    stable = unstable + 0.005
    for _ in range(60):
        middle = (stable + unstable) / 2
        if abs(stability(complex(middle))) > 1:
            unstable = middle
        else:
            stable = middle
    return -stable


def _padded(polynomial: tuple, size: int) -> np.ndarray:
    """Coefficients, the highest power first."""
    return np.array([0.0] * (size - len(polynomial)) + [float(x) for x in reversed(polynomial)], dtype=complex)


@dataclass(frozen=True)
class TestRunParams:
    """A method and the place z = h lambda, with h = 1."""

    __test__ = False  # not a test for pytest to collect
    method: str
    re: float
    im: float


@dataclass(frozen=True, eq=False)
class TestRun:
    """The test equation z' = lambda z, z(0) = 1, solved with `STEPS` steps of h = 1."""

    __test__ = False
    params: TestRunParams
    message: str
    """The solver's, where it failed; else empty."""
    states: Float[np.ndarray, "n 2"]
    """Real and imaginary part after each step, the start first."""
    predicted: float
    """|R(z)|; infinite at a pole."""
    measured: float | None
    """The factor by which the solver's numbers grow in a step, as the mean over its steps; None without a step."""
    exact: Float[np.ndarray, "m 3"]
    """t, and real and imaginary part of exp(lambda t)."""


def run_test(params: TestRunParams) -> TestRun:
    """Solve the test equation with the real solver; its complex state as two real numbers."""
    matrix = torch.tensor([[params.re, -params.im], [params.im, params.re]], dtype=torch.float64)
    z0 = torch.tensor([1.0, 0.0], dtype=torch.float64)
    z = complex(params.re, params.im)
    solution, message = attempt(
        lambda: equal_steps(lambda _, state: matrix @ state, z0, float(STEPS), params.method, STEPS)
    )
    states = np.asarray(solution.states)
    if not message and solution.accepted != STEPS:  # error control helped itself with shorter steps
        message, states = "A step of h = 1 has no solution: z is a pole of R.", states[:1]
    sizes = np.hypot(*states.T)
    measured = None
    if len(sizes) > 1:
        with np.errstate(divide="ignore"):  # a step may lead to 0 at once
            measured = float(np.exp((np.log(sizes[-1]) - np.log(sizes[0])) / (len(sizes) - 1)))
    try:
        predicted = abs(TABLEAUS[params.method].stability(z))
    except ZeroDivisionError:
        predicted = math.inf
    t = np.linspace(0, STEPS, 401)
    exact = np.exp(z * t)
    return TestRun(params, message, states, predicted, measured, np.stack([t, np.real(exact), np.imag(exact)], axis=1))
