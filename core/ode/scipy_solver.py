"""scipy's solvers behind `odeint`: LSODA, RK45, RK23, DOP853, Radau, BDF; a second opinion, without gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.errors import MaxStepsError, NonFiniteError, SolverError, warn
from core.ode.field import Field
from core.ode.problem import Layout, State, carries_derivatives, check_times, pieces_of, solving
from core.ode.tolerance import Tolerance

SOLVERS = ("LSODA", "RK23", "RK45", "DOP853", "Radau", "BDF")
"""By the names of scipy.integrate's classes."""

PASSED_ON = ("min_step", "max_step", "first_step", "jac", "jac_sparsity", "lband", "uband")
"""Options that reach scipy as they are; `jac` is then of scipy's flat numpy states."""

MOST_STEPS = 100_000


def scipy_odeint(
    func: Callable[..., State] | Field, y0: State, t: Tensor, rtol: Any, atol: Any, options: dict[str, Any] | None
) -> State:
    """The states at the times t (T,), by scipy: (T, *shape) for each tensor of the state, in y0's dtype and place.

    scipy computes in double precision; `func` sees the state's own. In float32 ask for an rtol well above its rounding
    (1e-4, say): below, scipy spends its evaluations on resolving noise.

    Args:
        func: as for `odeint`, or a `Field`, whose count goes on.
        y0, t, rtol, atol: as for `odeint`.
        options: `solver` (LSODA by default), `max_num_steps`, and those in `PASSED_ON`. `norm` is accepted but unused,
            as in torchdiffeq: scipy has its own.

    Raises:
        ImportError: scipy is not installed.
        ValueError, TypeError: an argument is impossible; a gradient is wanted, or a complex state of LSODA.
        SolverError: scipy gave up, with its message and the time reached; NonFiniteError where func's first value is
            NaN or infinite, MaxStepsError where the steps run out.
    """
    field = func if isinstance(func, Field) else Field(func, Layout.of(y0))
    layout = field.layout
    times = check_times(t, layout)
    name, most, given = _read(options)
    if layout.dtype.is_complex and name == "LSODA":
        raise ValueError("scipy's LSODA takes no complex state; use options={'solver': 'DOP853'}, or 'BDF' if stiff")
    tolerance = Tolerance(layout, rtol, atol)
    if carries_derivatives(y0, t):
        raise _no_gradient("`y0` or `t` carries")

    start = layout.join(y0).detach().numpy(force=True).reshape(-1).astype(np.result_type(layout.array_dtype, float))
    if not start.size:
        raise ValueError("scipy_solver needs a state with at least one value; got none")
    right = _OnArrays(field)
    with solving():
        right(times[0], start)
        if right.non_finite is not None:  # scipy would look for a first step without end
            raise _non_finite(right.non_finite)
        solver = _class(name)(right, times[0], start, times[-1], rtol=tolerance.rtol, atol=tolerance.atol, **given)
        found = _march(solver, right, name, times, most)
    states = torch.from_numpy(found).to(layout.device, layout.dtype)
    return layout.split(states) if layout.is_tuple else states.reshape(len(times), *layout.shapes[0])


class _OnArrays:
    """A field as scipy calls it, on flat arrays in double precision.

    Attributes:
        non_finite: where it first returned NaN or infinity in the step under way, if anywhere.
        inside: whether `func` is at work, so that an error is its own.
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self.non_finite: float | None = None
        self.inside = False

    def __call__(self, time: float, flat: np.ndarray) -> np.ndarray:
        layout = self.field.layout
        # a copy: func must not reach scipy's own
        state = layout.from_array(flat.astype(layout.array_dtype), layout.seen)
        if layout.device.type != "cpu":
            state = tuple(y.to(layout.device) for y in state) if isinstance(state, tuple) else state.to(layout.device)
        self.inside = True
        k = self.field(time, state)
        self.inside = False
        if carries_derivatives(k):
            raise _no_gradient("func's result carries")
        pieces = pieces_of(k)
        slope = np.concatenate([piece.numpy(force=True).reshape(-1) for piece in pieces]).astype(flat.dtype)
        if self.non_finite is None and not np.isfinite(slope).all():
            self.non_finite = float(time)
        return slope


def _march(solver: Any, right: _OnArrays, name: str, times: list[float], most: int) -> np.ndarray:
    """The states (T, n), each from the dense output of the step it lies in: solve_ivp with its failures told apart."""
    rows, d = [solver.y], solver.direction
    for _ in range(most):
        before, right.non_finite = solver.t, None
        try:
            message = solver.step()
        except ValueError as error:  # of the linear algebra, which takes no NaN
            if right.inside or right.non_finite is None:
                raise
            raise _non_finite(right.non_finite) from error
        if not np.isfinite(solver.y).all() or (solver.status == "failed" and right.non_finite is not None):
            raise _non_finite(float(solver.t) if right.non_finite is None else right.non_finite)
        if solver.status == "failed" or solver.t == before:  # LSODA may stand still for ever, and call it success
            raise SolverError(
                f"scipy's {name} stopped at t={solver.t:.9g} on its way from {times[0]:g} to {times[-1]:g}: "
                f"{message or 'Time no longer moves.'} The solution may have a singularity just ahead, or func a jump",
                t=float(solver.t),
            )
        done = len(rows)
        while done < len(times) and times[done] * d <= solver.t * d:
            done += 1
        if done > len(rows):
            rows.extend(solver.dense_output()(np.array(times[len(rows) : done])).T)
        if solver.status == "finished":
            return np.stack(rows)
    raise MaxStepsError(
        f"{most} steps took scipy's {name} from t={times[0]:g} to t={solver.t:.6g} only. If the problem is stiff, try "
        "options={'solver': 'Radau'}; else allow more (max_num_steps) or a larger rtol",
        t=float(solver.t),
    )


def _read(options: dict[str, Any] | None) -> tuple[str, int, dict[str, Any]]:
    """The solver's name, the limit on steps, and what goes to scipy."""
    given = {name: value for name, value in (options or {}).items() if name != "norm"}
    solver, most = given.pop("solver", "LSODA"), given.pop("max_num_steps", MOST_STEPS)
    if solver not in SOLVERS:
        raise ValueError(f"option `solver` must be one of {', '.join(SOLVERS)}; got {solver!r}")
    if not most >= 1:
        raise ValueError(f"option `max_num_steps` must be positive; got {most}")
    unknown = given.keys() - set(PASSED_ON)
    if unknown:
        known = ", ".join(("solver", "max_num_steps", *PASSED_ON))
        warn(f"scipy_solver has no option {', '.join(sorted(unknown))}; it has {known}")
    passed = {name: float(value) if isinstance(value, Tensor) else value for name, value in given.items()}
    return solver, int(most), {name: value for name, value in passed.items() if name not in unknown}


def _class(name: str) -> Any:
    # scipy is this module's alone: whoever does not choose the method need not have it, nor wait for its import
    try:
        from scipy import integrate
    except ImportError as error:
        raise ImportError("method 'scipy_solver' needs scipy: pip install scipy") from error
    return getattr(integrate, name)


def _non_finite(t: float) -> NonFiniteError:
    return NonFiniteError(
        f"func returned NaN or infinity at t={t:.9g}. The state may have left the field's domain, or the solution may "
        "blow up: look at func there",
        t=t,
    )


def _no_gradient(who: str) -> ValueError:
    return ValueError(
        f"{who} a gradient or another transform of torch, which scipy_solver cannot carry. Use odeint_adjoint with "
        "method='scipy_solver', a method of this package such as dopri5, or torch.no_grad() if none is wanted"
    )
