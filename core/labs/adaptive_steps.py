r"""What error control does: steps accepted and rejected, their error estimates, and the error that matters.

Source: Hairer, Norsett, Wanner, Solving ODEs I, II.4 (automatic step size control), II.0 (Arenstorf's orbit).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.solver_problems import Field, attempt
from core.ode import Solution, SolverError, solve

METHODS = ("bosh3", "dopri5", "tsit5", "dopri8")

PROBLEMS = {
    "vdp": "Van der Pol's oscillator",
    "arenstorf": "Arenstorf's orbit",
    "pulses": "decay with pulses",
}

LATEX = {
    "vdp": r"z_1' = z_2,\; z_2' = \mu\,(1 - z_1^2)\,z_2 - z_1,\; z(0) = (2, 0)",
    "arenstorf": r"""\begin{aligned}
        x'' &= x + 2 y' - (1 - m)\,(x + m) / r_1^3 - m\,(x - 1 + m) / r_2^3 \\
        y'' &= y - 2 x' - (1 - m)\,y / r_1^3 - m\,y / r_2^3
        \end{aligned}""",
    "pulses": r"z' = -z + 20 \left(e^{-100 (t - 3)^2} + e^{-100 (t - 7)^2}\right),\; z(0) = 1",
}
SAYS = {
    "vdp": "It creeps along and then jumps; the more so, the larger $\\mu$.",
    "arenstorf": "A satellite at $(x, y)$ between earth and moon, in a frame that turns with them: $m$ is the moon's "
    "share of the mass, $r_1$ and $r_2$ are the distances to earth and moon. After one period it is back.",
    "pulses": "It decays, but for two short pulses that a long step may jump over.",
}
"""What each problem is."""

MOST_STEPS = 1_500
"""Attempts, accepted and rejected; the run ends there with the solver's own message."""

_EARTH, _MOON = 0.987722529, 0.012277471  # shares of the mass, of three bodies of which the third has none


@dataclass(frozen=True)
class Params:
    """What a run needs."""

    problem: str
    method: str
    exponent: int
    """rtol = atol = 10 to this power."""
    mu: float = 2.0
    """Of Van der Pol's oscillator alone."""


@dataclass(frozen=True, eq=False)
class Result:
    """A run with error control."""

    params: Params
    message: str
    """The solver's, where it gave up; else empty."""
    t1: float
    nfe: int
    t: Float[np.ndarray, " accepted+1"]
    """Ends of the accepted steps, 0 first."""
    z: Float[np.ndarray, " accepted+1"]
    """The first component there."""
    sizes: Float[np.ndarray, " accepted"]
    ratios: Float[np.ndarray, " accepted"]
    """Estimated local error over the tolerance."""
    rejections: Float[np.ndarray, "rejected 3"]
    """(t, size, ratio) of each rejected attempt."""
    curve: Float[np.ndarray, "m 2"]
    """The first component between the steps, evenly in time."""
    rejected_z: Float[np.ndarray, " rejected"]
    """The first component where each rejected attempt began."""
    errors: Float[np.ndarray, " accepted+1"]
    """Largest error of a component against a reference with tolerance 1e-12; NaN where it gave up."""
    tolerance: float

    @property
    def worst(self) -> float:
        """The largest global error of the run."""
        return float(np.nanmax(self.errors))


def arenstorf(t: Tensor, z: Tensor) -> Tensor:
    """A satellite between earth and moon, in a frame that turns with them: place and speed."""
    x, y, u, v = z.tolist()
    d1 = ((x + _MOON) ** 2 + y * y) ** 1.5
    d2 = ((x - _EARTH) ** 2 + y * y) ** 1.5
    du = x + 2 * v - _EARTH * (x + _MOON) / d1 - _MOON * (x - _EARTH) / d2
    dv = y - 2 * u - _EARTH * y / d1 - _MOON * y / d2
    return torch.tensor([u, v, du, dv], dtype=z.dtype)


def van_der_pol(mu: float) -> Field:
    """An oscillator whose friction pushes small swings and brakes large ones, mu times as strongly."""

    def field(t: Tensor, z: Tensor) -> Tensor:
        a, b = z.tolist()
        return torch.tensor([b, mu * (1 - a * a) * b - a], dtype=z.dtype)

    return field


def pulses(t: Tensor, z: Tensor) -> Tensor:
    """Decay, with a short smooth pulse at t = 3 and at t = 7."""
    pushed = 20 * (torch.exp(-100 * (t - 3) ** 2) + torch.exp(-100 * (t - 7) ** 2))
    return -z + pushed


def problem(params: Params) -> tuple[Field, tuple[float, ...], float]:
    """The field, the start and the end of a problem."""
    if params.problem == "arenstorf":
        return arenstorf, (0.994, 0.0, 0.0, -2.00158510637908252240537862224), 17.0652165601579625588917206249
    if params.problem == "pulses":
        return pulses, (1.0,), 10.0
    return van_der_pol(params.mu), (2.0, 0.0), 20.0


def run(params: Params) -> Result:
    """Solve with error control, and again with tolerance 1e-12 to know the error."""
    field, start, t1 = problem(params)
    z0 = torch.tensor(start, dtype=torch.float64)
    tolerance = 10.0**params.exponent
    solution, message = attempt(
        lambda: solve(
            field,
            z0,
            0.0,
            t1,
            method=params.method,
            rtol=tolerance,
            atol=tolerance,
            dense=True,
            max_steps=MOST_STEPS,
        )
    )
    reference = _reference(field, z0, solution.times.tolist())
    states = np.asarray(solution.states)
    rejections = np.array(solution.rejections, dtype=np.float64).reshape(-1, 3)
    return Result(
        params,
        message,
        t1,
        solution.nfe,
        solution.times.numpy(),
        states[:, 0],
        np.array(solution.step_sizes),
        np.array(solution.error_ratios),
        rejections,
        _between(solution),
        np.interp(rejections[:, 0], solution.times.numpy(), states[:, 0]),
        np.abs(states - reference).max(axis=1),
        tolerance,
    )


def _between(solution: Solution, count: int = 800) -> np.ndarray:
    if not solution.accepted:
        return np.zeros((0, 2))
    t = torch.linspace(0, solution.t, count, dtype=torch.float64)
    states = solution(t)
    return np.stack([t.numpy(), np.asarray(states)[:, 0]], axis=1)


def _reference(field: Field, z0: Tensor, times: list[float]) -> np.ndarray:
    wanted = times[1:]
    found = np.full((len(times), len(z0)), np.nan)
    found[0] = z0.numpy()
    if wanted:
        try:
            exact = solve(
                field, z0, 0.0, wanted[-1], method="dopri8", rtol=1e-12, atol=1e-12, times=wanted, max_steps=4_000
            )
        except SolverError:
            return found
        found[1:] = np.asarray(exact.states)
    return found
