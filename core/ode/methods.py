"""The methods by name, and a solve made ready: state, field, stepper, options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.ode.adaptive import Adaptive, Callbacks, Statistics
from core.ode.array_stepper import ArrayStepper
from core.ode.control import AdaptiveOptions
from core.ode.errors import warn
from core.ode.field import Field
from core.ode.fixed_grid import FixedOptions
from core.ode.implicit import ImplicitStepper, NewtonOptions
from core.ode.multistep import AdamsOptions, ArrayAdams, TensorAdams
from core.ode.problem import Layout, State, Time, carries_derivatives, is_batched, pieces_of
from core.ode.runge_kutta import Stepper
from core.ode.tableau import Tableau
from core.ode.tableaus import TABLEAUS
from core.ode.tensor_stepper import TensorStepper
from core.ode.tolerance import Tolerance


@dataclass(frozen=True)
class Method:
    """A way to solve.

    Args:
        name: as users give it.
        tableau: of a Runge-Kutta method; for Adams' methods that of their starting steps.
        adams: "explicit", "implicit" or None.
    """

    name: str
    tableau: Tableau
    adams: str | None = None

    @property
    def adaptive(self) -> bool:
        """Whether steps follow an error estimate."""
        return self.name in ADAPTIVE

    @property
    def implicit(self) -> bool:
        """Whether stages solve equations."""
        return not self.tableau.explicit

    def option_names(self) -> set[str]:
        """What `options` may hold."""
        names = {"norm"} | (AdaptiveOptions.names() if self.adaptive else FixedOptions.names())
        if self.adams:
            names |= AdamsOptions.names()
        if self.implicit:
            names |= NewtonOptions.names()
        return names


ADAPTIVE = ("adaptive_heun", "fehlberg2", "bosh3", "dopri5", "tsit5", "dopri8", "kencarp4")
"""Methods that choose their steps."""

ARRAY_LIMIT = 10_000
"""Values of a state above which torch's sums are faster than numpy's (whose threads get in torch's way)."""

METHODS: dict[str, Method] = {name: Method(name, tableau) for name, tableau in TABLEAUS.items()}
"""All methods but `scipy_solver`, which has no steps of its own."""

for _name in ("explicit", "implicit"):
    METHODS[f"{_name}_adams"] = Method(f"{_name}_adams", TABLEAUS["rk4"], adams=_name)
METHODS["fixed_adams"] = METHODS["implicit_adams"]  # torchdiffeq's older name


def find_method(name: str | None) -> Method:
    """The method called `name`, dopri5 by default.

    Raises:
        ValueError: no such method.
    """
    if name is None:
        return METHODS["dopri5"]
    if name == "scipy_solver":
        raise ValueError("scipy_solver shows nothing of its steps: it is for odeint and odeint_adjoint alone")
    if name not in METHODS:
        raise ValueError(f"no method {name!r}; there are {', '.join([*METHODS, 'scipy_solver'])}")
    return METHODS[name]


@dataclass
class Setup:
    """A solve about to begin: the state `y` at `t` with derivative `k`, as `stepper` holds them."""

    method: Method
    field: Field
    stepper: Stepper
    t: Time
    y: Any
    k: Any
    options: AdaptiveOptions | FixedOptions
    callbacks: Callbacks
    statistics: Statistics

    @property
    def interp(self) -> str:
        """How states between steps come about; see `dense.polynomial_of`."""
        return self.options.interp if isinstance(self.options, FixedOptions) else "own"

    def adaptive(self, end: float) -> Adaptive:
        """The integration towards `end` by a method with error control."""
        assert isinstance(self.options, AdaptiveOptions)
        run = Adaptive(self.stepper, self.t, self.y, self.k, end, self.options, self.callbacks)
        self.statistics = run.statistics
        return run


def prepare(
    func: Callable[..., State],
    y0: State,
    t0: Time,
    method: Method,
    rtol: Any,
    atol: Any,
    options: dict[str, Any] | None,
    *,
    args: tuple[Any, ...] = (),
    layout: Layout | None = None,
    counted: int | None = None,
    force_tensors: bool = False,
    callbacks: Callbacks | None = None,
    slope: State | None = None,
) -> Setup:
    """Check everything, evaluate the field once, and choose arrays or tensors.

    Args:
        func, y0, rtol, atol, options: as for `odeint`.
        t0: a tensor where its gradient is wanted.
        layout: of y0, where it has tensors that `func` does not see.
        counted: see `Tolerance`.
        force_tensors: even where arrays would do.
        callbacks: `func`'s own by default.
        slope: func(t0, y0), where it is known already.

    Raises:
        TypeError, ValueError: y0, a tolerance or an option is impossible, or `func` returns what does not fit.
    """
    layout = layout or Layout.of(y0)
    if options is not None and not isinstance(options, dict):
        raise TypeError(f"`options` must be a dictionary; got {options!r}")
    options = dict(options or {})
    unknown = options.keys() - method.option_names()
    if unknown:
        known = ", ".join(sorted(method.option_names()))
        warn(f"{method.name} has no option {', '.join(sorted(unknown))}; it has {known}")
    norm = options.get("norm")
    if norm is not None and not callable(norm):
        raise TypeError(f"option `norm` must be a function of a state to a number; got {norm!r}")
    tolerance = Tolerance(layout, rtol, atol, norm, counted)
    field = Field(func, layout, args)
    start = layout.split(layout.join(y0).clone())  # func must not reach the user's own tensor
    k = field(t0, start if layout.seen is None else start[: layout.seen]) if slope is None else slope
    if method.adaptive and any(map(is_batched, pieces_of(k))):
        raise ValueError(
            f"{method.name} chooses its steps by values, which torch.vmap hides: put the batch into the state, use "
            "solve_batch for steps of each sample's own, or a method with fixed steps"
        )
    arrays = not (
        force_tensors
        or method.implicit
        or layout.device.type != "cpu"
        or sum(layout.sizes) > ARRAY_LIMIT
        or carries_derivatives(y0, k)
        or isinstance(t0, Tensor)
    )
    given = {name: value for name, value in options.items() if name not in unknown}
    if method.adaptive and method.implicit:
        given.setdefault("controller", "PI")  # on stiff problems I control rejects two to three times as many steps
    stepper: Stepper
    if method.adams:
        adams = ArrayAdams if arrays else TensorAdams
        stepper = adams(field, method.tableau, tolerance, AdamsOptions.read(given, explicit=method.adams == "explicit"))
    elif method.implicit:
        stepper = ImplicitStepper(field, method.tableau, tolerance, NewtonOptions.read(given))
    else:
        stepper = (ArrayStepper if arrays else TensorStepper)(field, method.tableau, tolerance)
    stepper.name = method.name
    if method.adaptive:
        tolerance.warn_below_epsilon()
        read: AdaptiveOptions | FixedOptions = AdaptiveOptions.read(_those(given, AdaptiveOptions.names()))
    else:
        read = FixedOptions(**_those(given, FixedOptions.names()))
    if callbacks is None:
        callbacks = Callbacks.of(func)
        if not method.adaptive and (callbacks.accept or callbacks.reject):
            warn(f"{method.name} accepts every step: callback_accept_step and callback_reject_step are never called")
    return Setup(
        method, field, stepper, t0, stepper.from_state(start), stepper.from_state(k), read, callbacks, Statistics()
    )


def _those(given: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}
