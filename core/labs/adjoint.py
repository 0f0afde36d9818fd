r"""A loss at the end of an ODE and its gradients by the adjoint method, held against back-propagation.

The loss is L = |z(t1) - z*|^2 / 2. The source is Chen et al. 2018, appendices B and C, with one change of sign: the
accumulator of time starts at -a(t1) f(t1), so that it ends at dL/dt0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.expression import parse_field
from core.labs.equilibria import Box
from core.labs.fields import arrows
from core.ode import Solution, SolverError, odeint, solve

OUTPUTS = 101
"""Times, from t1 down to t0, at which all is kept."""
T0 = 0.0
LATER = 0.01
"""How much later the solve ends in `Run.later`."""
PRECISION = {"rtol": 1e-8, "atol": 1e-10, "method": "tsit5"}
TIGHT = {**PRECISION, "max_steps": 400}
"""Of `solve`, which gives up after so many attempts."""

Field = Callable[[Tensor, Tensor, Tensor], Tensor]
"""f of (t, z, theta)."""


def adjoint_method(
    f: Field,
    z1: Tensor,
    theta: Tensor,
    t1: float,
    t0: float,
    dL_dz1: Tensor,
    times: Sequence[float],
) -> Solution:
    """Gradients of L(z(t1)), by one solve from t1 back to t0.

    Of the forward solve nothing is needed but its end, z1.
    The result holds z, a, a_theta and a_t at `times`.
    """
    f1 = f(torch.tensor(t1), z1, theta)
    a_t1 = -dL_dz1 @ f1
    start = (z1, dL_dz1, torch.zeros_like(theta), a_t1)
    slopes = partial(augmented, f, theta)
    return solve(slopes, start, t1, t0, times=times, **TIGHT)


def augmented(
    f: Field,
    theta: Tensor,
    t: Tensor,
    state: tuple[Tensor, ...],
) -> tuple[Tensor, ...]:
    """f, -a df/dz, -a df/dtheta, -a df/dt: all slopes."""
    z, a, _, _ = state
    with torch.enable_grad():
        z, theta, t = map(leaf, (z, theta, t))
        dz_dt = f(t, z, theta)
        products = torch.autograd.grad(
            dz_dt,
            (z, theta, t),
            -a,  # the row: no Jacobian is formed
            allow_unused=True,
            materialize_grads=True,
        )
    return dz_dt.detach(), *products


def leaf(value: Tensor) -> Tensor:
    """The same numbers, to differentiate by."""
    return value.detach().double().requires_grad_()


@dataclass(frozen=True)
class Params:
    """A problem: z' = f(t, z, theta) from `start` at t0 = 0 to t1, and the target z* of the loss.

    Attributes:
        formulas: the two components of f.
        values: (name, number) of every parameter; in this order they are theta.
        box: the part of the plane that is shown.
    """

    formulas: tuple[str, ...]
    values: tuple[tuple[str, float], ...]
    box: Box
    start: tuple[float, float]
    target: tuple[float, float]
    t1: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(name for name, _ in self.values)


@dataclass(frozen=True, eq=False)
class Gradients:
    """One way's answer."""

    z0: Float[np.ndarray, "2"]
    theta: Float[np.ndarray, " m"]
    t0: float
    t1: float

    @property
    def all(self) -> Float[np.ndarray, " 4+m"]:
        """Every number, one after the other."""
        return np.concatenate([self.z0, self.theta, [self.t0, self.t1]])


@dataclass(frozen=True, eq=False)
class Run:
    """A solve forwards and one backwards; arrays run from t1 down to t0.

    Attributes:
        forward: z of the forward solve.
        z, a, a_theta, a_t: the blocks of the backward solve.
        slopes: their derivatives at t1, in this order.
        adjoint, direct: gradients by the adjoint method, and by back-propagation through the solver's steps.
        steps: accepted steps, forwards and backwards.
        nfe: evaluations of f, forwards and backwards; each one backwards comes with a product a df/d(z, theta, t).
        points, vectors: the field at t0 as arrows.
        moving: whether f depends on t.
        later: change of the loss if the solve ends `LATER` later; NaN if it cannot.
    """

    params: Params
    times: Float[np.ndarray, " k"]
    forward: Float[np.ndarray, "k 2"]
    z: Float[np.ndarray, "k 2"]
    a: Float[np.ndarray, "k 2"]
    a_theta: Float[np.ndarray, "k m"]
    a_t: Float[np.ndarray, " k"]
    slopes: tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"], Float[np.ndarray, " m"], float]
    adjoint: Gradients
    direct: Gradients
    loss: float
    steps: tuple[int, int]
    nfe: tuple[int, int]
    points: Float[np.ndarray, "n 2"]
    vectors: Float[np.ndarray, "n 2"]
    moving: bool
    later: float

    @property
    def apart(self) -> float:
        """Largest difference of the two ways' gradients, relative to the largest of their numbers."""
        return float(np.abs(self.adjoint.all - self.direct.all).max() / max(np.abs(self.direct.all).max(), 1e-12))

    @property
    def reconstruction(self) -> float:
        """How far from the start the backward solve's state arrives."""
        return float(np.hypot(*(self.z[-1] - self.params.start)))


@dataclass(frozen=True)
class Failed:
    """A problem that could not be solved, forwards or backwards."""

    message: str


def run(params: Params) -> Run | Failed:
    """Solve forwards, then backwards by the adjoint method, and back-propagate for comparison."""
    field = parse_field(params.formulas)
    values = torch.tensor([value for _, value in params.values], dtype=torch.float64)
    z0 = torch.tensor(params.start, dtype=torch.float64)
    target = torch.tensor(params.target, dtype=torch.float64)

    def f(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
        return field(t, z, dict(zip(params.names, theta, strict=True)))

    if not _smooth_at(f, z0, values):
        return Failed("At this start f, or one of its derivatives, has no finite value. Move the start, or change f")
    times = np.linspace(params.t1, T0, OUTPUTS)
    seen = params.box
    try:
        forward = solve(lambda t, z: f(t, z, values), z0, T0, params.t1, times=times[::-1].tolist(), **TIGHT)
    except SolverError as error:
        return Failed(f"From this start the solution cannot be followed to t1: at t = {error.t:.3g} the solver gave up")
    z = array_of(forward.states)[::-1].copy()
    if np.abs(z).max() > 50 * np.abs(seen).max():
        return Failed("From this start the solution leaves the picture by far: the numbers would say nothing")
    z1 = torch.from_numpy(z[0].copy())
    try:
        backward = adjoint_method(f, z1, values, params.t1, T0, z1 - target, times.tolist())
    except SolverError as error:
        return Failed(
            f"Forwards it worked, but backwards the solver gave up at t = {error.t:.3g}: this solution cannot be "
            "reconstructed from its end, as the gradient lab explains"
        )
    assert isinstance(backward.states, tuple)
    blocks = [array_of(piece) for piece in backward.states]
    begun = (z1, z1 - target, torch.zeros_like(values), torch.zeros(()).to(z1))
    *slopes, slope_t = (array_of(piece) for piece in augmented(f, values, torch.tensor(params.t1).to(z1), begun))
    direct = _direct(f, z0, values, params.t1, target)
    if not np.isfinite(np.concatenate([direct.all, *(block[-1].ravel() for block in blocks)])).all():
        return Failed("The gradients of this loss have no finite values")
    points, vectors = arrows(lambda at: field(0.0, torch.from_numpy(at), dict(params.values)).numpy(), params.box)
    return Run(
        params,
        times,
        z,
        *blocks,
        slopes=(slopes[0], slopes[1], slopes[2], float(slope_t)),
        adjoint=Gradients(blocks[1][-1], blocks[2][-1], float(blocks[3][-1]), -float(blocks[3][0])),
        direct=direct,
        loss=float(((z1 - target) ** 2).sum() / 2),
        steps=(forward.accepted, backward.accepted),
        nfe=(forward.nfe, backward.nfe),
        points=points,
        vectors=vectors,
        moving=not field.autonomous,
        later=_later(lambda t, z: f(t, z, values), z1, params.t1, target),
    )


def _smooth_at(f: Field, z0: Tensor, values: Tensor) -> bool:
    """Whether f and its derivatives by z, theta and t are finite at the start."""
    z, theta, t = map(leaf, (z0, values, torch.tensor(T0)))
    slope = f(t, z, theta)
    parts = [slope]
    for component in slope.unbind():
        if component.requires_grad:
            parts += torch.autograd.grad(
                component, (z, theta, t), retain_graph=True, allow_unused=True, materialize_grads=True
            )
    return all(bool(part.isfinite().all()) for part in parts)


def _later(f: Callable[[Tensor, Tensor], Tensor], z1: Tensor, t1: float, target: Tensor) -> float:
    try:
        z = array_of(solve(f, z1, t1, t1 + LATER, times=[t1 + LATER], **TIGHT).states)[-1]
    except SolverError:
        return float("nan")
    return float(((z - target.numpy()) ** 2).sum() - ((z1 - target) ** 2).sum()) / 2


def _direct(f: Field, z0: Tensor, theta: Tensor, t1: float, target: Tensor) -> Gradients:
    """Back-propagation through the steps of the solver."""
    z0, theta = z0.clone().requires_grad_(), theta.clone().requires_grad_()
    t = torch.tensor([T0, t1], dtype=torch.float64, requires_grad=True)
    end = odeint(lambda time, z: f(time, z, theta), z0, t, **PRECISION)[-1]
    loss = ((end - target) ** 2).sum() / 2
    by_z, by_theta, by_t = map(array_of, torch.autograd.grad(loss, (z0, theta, t), materialize_grads=True))
    return Gradients(by_z, by_theta, float(by_t[0]), float(by_t[1]))


def array_of(value: object) -> np.ndarray:
    """A tensor's numbers."""
    assert isinstance(value, Tensor)
    return value.detach().numpy()
