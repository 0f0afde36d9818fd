r"""The augmented state [y, a, dL/dtheta] and its solve from the last output back to the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Callbacks
from core.ode.capture import leaves_behind
from core.ode.fixed_grid import FixedOptions
from core.ode.methods import Setup, find_method, prepare
from core.ode.odeint import walk
from core.ode.problem import Layout, Time, in_dtype_of, number
from core.ode.scipy_solver import scipy_odeint
from core.ode.second import Partial

Pieces = tuple[Tensor, ...]


class Augmented:
    r"""The field :math:`[f, -a \, \partial f/\partial y, -a \, \partial f/\partial \theta]`.

    Args:
        func: the forward field; its method `vjp`, where it has one, is used.
        layout: of the forward state.
        params: what else to differentiate by.
        differentiable: keep a graph of the products too, for second derivatives.
    """

    def __init__(self, func: Callable[..., Any], layout: Layout, params: Pieces, differentiable: bool) -> None:
        self.func = func
        self.params = params
        self.differentiable = differentiable
        self.count = len(layout.shapes)
        self.is_tuple = layout.is_tuple
        self.vjp = getattr(func, "vjp", None)
        dtype = reduce(torch.promote_types, (param.dtype for param in params), layout.dtype)
        shapes = (*layout.shapes, *layout.shapes, *(param.shape for param in params))
        self._model = torch.empty(0, dtype=layout.dtype)
        self._look = True
        self._uniform = all(param.dtype is layout.dtype for param in params)
        self.layout = replace(layout, shapes=shapes, is_tuple=True, dtype=dtype, seen=2 * self.count)
        self.zeros = tuple(torch.zeros_like(param, dtype=dtype) for param in params)

    def slope(self, t: Tensor, y: Pieces) -> Pieces:
        """f(t, y) alone."""
        f = self.func(t, y if self.is_tuple else y[0])
        return tuple(f) if self.is_tuple else (f,)

    def look_again(self) -> None:
        """See at the next evaluation whether func uses more than it did."""
        self._look = True

    def along(self, t: Time, y: Pieces, a: Pieces) -> Tensor:
        """a f(t, y): the gradient with respect to the time at which the state is y."""
        f = self.slope(torch.as_tensor(t, dtype=y[0].real.dtype, device=y[0].device), y)
        return torch.stack([(one.conj() * other).sum().real for one, other in zip(a, f, strict=True)]).sum()

    def tolerance(self, given: Any) -> Any:
        """A forward tolerance for the augmented state; one given by element is kept for y and a."""
        if isinstance(given, Tensor) and given.ndim == 0:
            return float(given)
        if not isinstance(given, (Tensor, Sequence)):
            return given
        pieces = tuple(given) if self.is_tuple and isinstance(given, Sequence) else (given,)
        if self.is_tuple and len(pieces) == 1:
            raise ValueError("for a tuple state, give adjoint_rtol and adjoint_atol as numbers or one for each tensor")
        least = min(float(torch.as_tensor(piece).min()) for piece in pieces)
        return (*pieces, *pieces, *(least for _ in self.params))

    def __call__(self, t: Tensor, state: Pieces) -> Pieces:
        """The derivative of (y, a, dL/dtheta), each tensor by itself, at (y, a, ...)."""
        y, a = state[: self.count], state[self.count : 2 * self.count]
        if not self._uniform:
            y = tuple(in_dtype_of(piece, self._model) for piece in y)
            a = tuple(in_dtype_of(piece, self._model) for piece in a)
        if self.differentiable:
            return Partial.apply(partial(self._derivative, t), 2 * self.count, *y, *a, *self.params)
        return self._derivative(t, *y, *a)

    def _derivative(self, t: Tensor, *state: Tensor) -> Pieces:
        y, minus_a = state[: self.count], tuple(-piece for piece in state[self.count :])
        if self.vjp is not None and not self.differentiable:
            return self._analytic(t, y, minus_a)
        with torch.enable_grad():
            y = tuple(piece if piece.requires_grad else piece.detach().requires_grad_() for piece in y)
            f = self.slope(t, y)
            connected = [i for i, piece in enumerate(f) if piece.requires_grad]
            create = self.differentiable or any(piece.requires_grad for piece in state)
            if self._look and not create:
                self._check_leaves(t, f, y)
            products: Sequence[Tensor | None] = [None] * (self.count + len(self.params))
            if connected:
                products = torch.autograd.grad(
                    [f[i] for i in connected],
                    (*y, *self.params),
                    [minus_a[i] for i in connected],
                    create_graph=create,
                    retain_graph=True,  # func may have used a tensor computed outside of it
                    allow_unused=True,
                )
        models = (*y, *self.params)
        filled = [torch.zeros_like(model) if p is None else p for p, model in zip(products, models, strict=True)]
        values = f if create else [piece.detach() for piece in f]
        return tuple([self.cast(piece) for piece in (*values, *filled)])

    def _check_leaves(self, t: Tensor, f: Pieces, y: Pieces) -> None:
        """What func depends on was looked for at the start; elsewhere it may be more."""
        self._look = False
        if leaves_behind(f, (t, *y, *self.params)):
            raise ValueError(
                f"at t={number(t):g} func uses a tensor that requires a gradient but that it did not use at the start: "
                "its gradient would be lost. Name it in `adjoint_params`; if func makes it from its state by "
                "detach(), leave the state attached"
            )

    def _analytic(self, t: Tensor, y: Pieces, minus_a: Pieces) -> Pieces:
        assert self.vjp is not None
        one = not self.is_tuple
        f, a_y, *a_params = self.vjp(t, y[0] if one else y, minus_a[0] if one else minus_a)
        if len(a_params) != len(self.params):
            raise ValueError(
                f"func.vjp must return (f, a df/dy) and one product for each of {len(self.params)} parameters; "
                f"got {len(a_params)} of these"
            )
        pieces = (f, a_y) if one else (*f, *a_y)
        return tuple([self.cast(piece) for piece in (*pieces, *a_params)])

    def cast(self, piece: Tensor) -> Tensor:
        """In the augmented state's dtype."""
        return piece if piece.dtype is self.layout.dtype else piece.to(self.layout.dtype)


def backward_solve(
    augmented: Augmented,
    states: Pieces,
    grads: Sequence[Tensor | None],
    times: Sequence[float],
    settings: dict[str, Any],
    time_gradient: bool,
    exact: Sequence[Time],
) -> tuple[Pieces, Pieces, list[Tensor] | None]:
    """From the last output that the loss uses back to times[0].

    Args:
        augmented: the field.
        states: (T, *shape) each, the forward solution.
        grads: of the loss with respect to `states`, like them; None where it is zero.
        times: (T,)
        settings: rtol, atol, method, options.
        time_gradient: whether dL/dt_i are wanted.
        exact: the times; tensors where second derivatives with respect to them are wanted.

    Returns:
        dL/dy0, dL/dtheta, and dL/dt_i (T tensors) or None.
    """
    jumps = tuple(torch.zeros_like(s) if g is None else g for s, g in zip(states, grads, strict=True))
    used = torch.stack([jump.reshape(len(times), -1).ne(0).any(dim=1) for jump in jumps]).any(dim=0).tolist()
    last = max((i for i, is_used in enumerate(used) if is_used), default=0)
    n = augmented.count
    a: Pieces = tuple(torch.zeros_like(jump[0]) for jump in jumps)
    d_params = tuple(torch.zeros_like(param) for param in augmented.params)
    if last:
        arrived = Backwards(augmented, settings, states, jumps, used, times, exact).solve(last)
        a = tuple(in_dtype_of(piece, jump) for piece, jump in zip(arrived[n : 2 * n], jumps, strict=True))
        d_params = tuple(in_dtype_of(d, param) for d, param in zip(arrived[2 * n :], augmented.params, strict=True))
    d_times = None
    if time_gradient:
        at_outputs = [augmented.along(exact[i], _row(states, i), _row(jumps, i)) for i in range(1, len(times))]
        d_times = [-augmented.along(exact[0], _row(states, 0), a), *at_outputs]
    return tuple(piece + jump[0] for piece, jump in zip(a, jumps, strict=True)), d_params, d_times


class Backwards:
    """One backward solve; arguments as for `backward_solve`."""

    def __init__(
        self,
        augmented: Augmented,
        settings: dict[str, Any],
        states: Pieces,
        jumps: Pieces,
        used: Sequence[bool],
        times: Sequence[float],
        exact: Sequence[Time],
    ) -> None:
        self.augmented, self.states, self.jumps, self.used, self.times = augmented, states, jumps, used, times
        self.exact = exact
        self.method = settings["method"]
        self.options = dict(settings["options"])
        norm = self.options.get("norm")
        self.counted = 2 * augmented.count if norm == "seminorm" else None
        if norm == "seminorm":
            del self.options["norm"]
        elif norm is not None:
            # torchdiffeq's norms see an integral over time first, which is not needed here
            self.options["norm"] = lambda pieces: norm((torch.zeros_like(pieces[0].real.sum()), *pieces))
        self.rtol, self.atol = (augmented.tolerance(settings[name]) for name in ("rtol", "atol"))
        self.callbacks = Callbacks.of(augmented.func, "_adjoint")

    def solve(self, last: int) -> Pieces:
        """The augmented state at times[0], its jump there not yet added."""
        end = self._moved((*_row(self.states, last), *_row(self.jumps, last), *self.augmented.zeros), last, -1.0)
        if self.method == "scipy_solver":
            return self._by_scipy(end, last)
        setup = self._prepare(end, last)
        if isinstance(setup.options, FixedOptions):
            return self._on_grids(setup, last)
        run = setup.adaptive(self.times[0])
        for i in range(last - 1, -1, -1):
            if i and not self.used[i]:
                continue
            while run.t != self.times[i]:
                run.step(self.times[i])
                self.augmented.look_again()
            arrived = self._moved(self._pieces(run.y), i, 1.0)
            if not i:
                return arrived
            run.restart(setup.stepper.from_state(self._moved(self._jumped(arrived, i), i, -1.0)))
        raise AssertionError("no interval")  # last >= 1

    def _prepare(self, state: Pieces, i: int) -> Setup:
        augmented = self.augmented
        return prepare(
            augmented,
            tuple(map(augmented.cast, state)),
            self.times[i],
            find_method(self.method),
            self.rtol,
            self.atol,
            self.options,
            layout=augmented.layout,
            counted=self.counted,
            force_tensors=augmented.differentiable,
            callbacks=self.callbacks,
        )

    def _on_grids(self, setup: Setup, last: int) -> Pieces:
        """Fixed steps from each output time to the one before."""
        for i in range(last, 0, -1):
            t = torch.tensor([self.times[i], self.times[i - 1]], dtype=torch.float64)
            step = None
            for step in walk(setup, t, setup.stepper.to_state(setup.y)):  # noqa: B007 # the last one is what counts
                self.augmented.look_again()
            assert step is not None
            pieces = self._moved(self._pieces(step.y1), i - 1, 1.0)
            if i == 1:
                return pieces
            state = self._moved(self._jumped(pieces, i - 1), i - 1, -1.0)
            if setup.method.adams:
                setup = self._prepare(state, i - 1)  # its history ends at a jump
            else:
                setup.y = setup.stepper.from_state(state)
                setup.k = setup.stepper.derivative(self.times[i - 1], setup.y)
        raise AssertionError("no interval")  # last >= 1

    def _by_scipy(self, state: Pieces, last: int) -> Pieces:
        for i in range(last, 0, -1):
            t = torch.tensor([self.times[i], self.times[i - 1]], dtype=torch.float64)
            options = {name: value for name, value in self.options.items() if name != "norm"}
            ends = scipy_odeint(self.augmented, state, t, self.rtol, self.atol, options)
            assert isinstance(ends, tuple)
            state = tuple(piece[1] for piece in ends)
            if i > 1:
                state = self._jumped(state, i - 1)
        return state

    def _moved(self, pieces: Pieces, i: int, sign: float) -> Pieces:
        """The same values, hanging on the i-th time: arriving (1) or leaving (-1) there later changes them so."""
        time = self.exact[i]
        if not isinstance(time, Tensor):
            return pieces
        t = torch.tensor(self.times[i], dtype=pieces[0].real.dtype, device=pieces[0].device)
        delay = sign * (time - time.detach())
        slopes = self.augmented(t, pieces[: 2 * self.augmented.count])
        return tuple(piece + slope * delay.to(piece.dtype) for piece, slope in zip(pieces, slopes, strict=True))

    def _jumped(self, pieces: Pieces, i: int) -> Pieces:
        """At output i: the state of the forward solve, and a with its jump."""
        n = self.augmented.count
        a = tuple(piece + jump[i] for piece, jump in zip(pieces[n : 2 * n], self.jumps, strict=True))
        return tuple(map(self.augmented.cast, (*_row(self.states, i), *a, *pieces[2 * n :])))

    def _pieces(self, y: Any) -> Pieces:
        flat = torch.from_numpy(y) if isinstance(y, np.ndarray) else y
        split = self.augmented.layout.split(flat)
        assert isinstance(split, tuple)
        return split


def _row(pieces: Pieces, i: int) -> Pieces:
    return tuple(piece[i] for piece in pieces)
