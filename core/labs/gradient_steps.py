r"""How gradients depend on two small numbers: the solver's step h, and the step of finite differences.

Sources: Gholami, Keutzer, Biros 2019, ANODE (optimise then discretise, or discretise then optimise); Griewank, Walther
2008, Evaluating Derivatives, chapter 1 (differences).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from core.labs.gradient_problems import PROBLEMS
from core.labs.gradients import WAYS, Gradient, Params, by_back_propagation, computed_loss, exact_gradient
from core.labs.learning_bounds import one_thread
from core.labs.pieces import Run, at_once
from core.labs.residual import slope
from core.ode import SolverError, odeint, odeint_adjoint

COUNTS = tuple(4 * 2**k for k in range(6))
"""Numbers of equal steps."""
EXPONENTS = tuple(range(-2, -11, -1))
"""Powers of ten of the tolerances, for methods with error control."""
FLOOR = 1e-11
"""Relative differences below are rounding's and not fitted."""
_FITTED = 4

EPSILONS = tuple(10.0 ** (-k / 2) for k in range(2, 27))
"""Steps of finite differences, 0.1 to 1e-13."""
TOO_FAR = 1e6
"""Relative differences above say no more than that."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """Three distances of gradients (dL/dz0 and dL/dtheta together), relative to their length, as solves get finer."""

    params: Params
    x: Float[np.ndarray, " n"]
    """Step h, or tolerance."""
    counts: tuple[int, ...]
    """Steps, or powers of ten, that belong to `x`."""
    between: Float[np.ndarray, " n"]
    """Adjoint from direct."""
    adjoint: Float[np.ndarray, " n"]
    """Adjoint from exact."""
    direct: Float[np.ndarray, " n"]
    """Direct from exact."""
    slopes: tuple[float | None, float | None, float | None]
    """Of the three, in their order, on logarithmic axes; None where too few points are clear of rounding."""
    lost: int
    """Solves that failed, the coarsest ones, and are left out."""

    def needed(self, difference: float) -> int | None:
        """Equal steps that bring adjoint and direct as near to each other, by the slope from the finest solve on."""
        rate = self.slopes[0]
        if rate is None or rate < 0.5 or self.params.adaptive or self.between[-1] <= 0:
            return None
        return int(np.ceil(self.counts[-1] * (self.between[-1] / difference) ** (1 / rate)))


def settings(params: Params) -> tuple[int, ...]:
    """Of the solves that `finer` compares."""
    return EXPONENTS if params.adaptive else COUNTS


def both(params: Params) -> tuple[Gradient, Gradient] | None:
    """Adjoint and direct gradient; None where the solver fails."""
    with one_thread():
        try:
            a, d = (by_back_propagation(params, solver).gradient for solver in (odeint_adjoint, odeint))
        except SolverError:
            return None
    assert a is not None
    assert d is not None
    return a, d


def finer(params: Params, run: Run = at_once) -> Sweep:
    """Adjoint, direct and exact gradient with 4 to 128 steps, or with tolerances from 1e-2 to 1e-10.

    `run` computes `both` for each, or knows it already.
    """
    rows, counts = [], []
    exact = run(exact_gradient, params.problem, params.t1)
    for setting in settings(params):
        found = run(both, replace(params, setting=setting))
        if found is None:
            continue
        a, d = found
        row = [a.distance(d), a.distance(exact), d.distance(exact)]
        if max(row) < TOO_FAR:
            rows.append(row)
            counts.append(setting)
    between, adjoint, direct = np.array(rows).reshape(-1, 3).T
    x = np.array([10.0**one if params.adaptive else params.t1 / one for one in counts])
    slopes = _fit(x, between), _fit(x, adjoint), _fit(x, direct)
    return Sweep(params, x, tuple(counts), between, adjoint, direct, slopes, len(settings(params)) - len(counts))


def _fit(x: np.ndarray, values: np.ndarray) -> float | None:
    clear = np.flatnonzero(values > FLOOR)[-_FITTED:]
    return slope(x[clear], values[clear]) if len(clear) > 2 else None


@dataclass(frozen=True, eq=False)
class Differences:
    """dL/dtheta_1 by differences with ever smaller steps, beside back-propagation through the same solver."""

    params: Params
    direct: float
    """By back-propagation."""
    central: Float[np.ndarray, " n"]
    """Distance of (L(x + e) - L(x - e)) / 2e from it, relative, for each of `EPSILONS`."""
    one_sided: Float[np.ndarray, " n"]
    """Of (L(x + e) - L(x)) / e."""
    message: str = ""
    """The solver's, where it failed and there are no numbers."""

    @property
    def best(self) -> int:
        """Index of the best central difference."""
        return int(np.argmin(self.central))

    def slopes(self) -> tuple[float, float]:
        """Of the central and of the one-sided error, for e from 0.1 to 1e-3."""
        return slope(EPSILONS[:5], self.central[:5]), slope(EPSILONS[:5], self.one_sided[:5])


def differences(params: Params) -> Differences:
    """Move the first parameter by 0.1 to 1e-13, times max(1, |theta_1|)."""
    problem = PROBLEMS[params.problem]
    start = np.array([*problem.z0, *problem.theta, params.t1])
    at = len(problem.z0)
    scale = max(1.0, abs(start[at]))

    def value(move: float) -> float:
        moved = start.copy()
        moved[at] += move
        return computed_loss(params, moved)[0]

    with one_thread():
        try:
            gradient = by_back_propagation(params, WAYS["direct"]).gradient
            here = value(0.0)
            sides = np.array([[value(e * scale), value(-e * scale)] for e in EPSILONS])
        except SolverError as error:
            return Differences(params, float("nan"), np.empty(0), np.empty(0), str(error))
    assert gradient is not None
    right = float(gradient.theta[0])
    step = scale * np.array(EPSILONS)
    central = np.abs((sides[:, 0] - sides[:, 1]) / (2 * step) / right - 1)
    one_sided = np.abs((sides[:, 0] - here) / step / right - 1)
    least = torch.finfo(torch.float64).eps  # two numbers that agree to the last digit are this far apart at most
    return Differences(params, right, np.maximum(central, least), np.maximum(one_sided, least))


@dataclass(frozen=True)
class TwoSteps:
    """z' = k t z by two Euler steps, and both gradients by hand."""

    z: tuple[float, float, float]
    """z_0, z_1, z_2."""
    k: float
    h: float
    factors: tuple[float, float]
    """1 + h k t at t = 0 and t = h: dz_1/dz_0 and dz_2/dz_1."""
    direct: tuple[float, float, float]
    """dL/dz_2, dL/dz_1, dL/dz_0 by the chain rule."""
    adjoint: tuple[float, float, float]
    """a at t = 2h, h, 0, by two Euler steps of the adjoint equation backwards."""
    by_direct: float
    """dL/dz_0 by `odeint`."""
    by_adjoint: float
    """By `odeint_adjoint`."""
    exact: float


def two_steps(t1: float) -> TwoSteps:
    """The worked example."""
    problem = PROBLEMS["growth"]
    (z,), (k,), h = problem.z0, problem.theta, t1 / 2
    states, factors = [z], []
    for i in range(2):
        factors.append(1 + h * k * i * h)
        states.append(states[-1] * factors[-1])
    direct, adjoint = [states[-1]], [states[-1]]
    for i in (1, 0):
        direct.append(direct[-1] * factors[i])
        adjoint.append(adjoint[-1] + h * adjoint[-1] * k * (i + 1) * h)
    params = Params("growth", "euler", 2, t1)
    found = []
    for solver in (odeint, odeint_adjoint):
        gradient = by_back_propagation(params, solver).gradient
        assert gradient is not None
        found.append(float(gradient.z0[0]))
    return TwoSteps(
        (states[0], states[1], states[2]),
        k,
        h,
        (factors[0], factors[1]),
        (direct[0], direct[1], direct[2]),
        (adjoint[0], adjoint[1], adjoint[2]),
        found[0],
        found[1],
        float(exact_gradient(params.problem, params.t1).z0[0]),
    )
