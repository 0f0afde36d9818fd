"""The field, the right-hand side of y' = f(t, y): counted, its arguments made, its result checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.problem import Layout, State, Time, describe, number


class GraphNeededError(Exception):
    """The field's result requires a gradient, which numpy cannot carry: start again with tensors."""


def as_array(k: Tensor) -> np.ndarray:
    """A field's result as an array, sharing memory where it can.

    Raises:
        GraphNeededError: it requires a gradient.
    """
    if k.requires_grad:
        if torch.is_grad_enabled():
            raise GraphNeededError
        k = k.detach()
    try:
        return k.numpy()
    except RuntimeError:  # a view that conjugates or negates
        return k.resolve_conj().resolve_neg().numpy()


class Field:
    """A user's `func(t, y, *args)`: counted, its arguments made, its result checked.

    Attributes:
        nfe: number of evaluations so far.
        times_made: where a list is put here, the time tensors that `func` got.
    """

    def __init__(self, func: Callable[..., State], layout: Layout, args: tuple[Any, ...] = ()) -> None:
        self.func = func
        self.layout = layout
        self.args = args
        self.nfe = 0
        self.times_made: list[Tensor] | None = None
        self._on_cpu = layout.device.type == "cpu"
        self._shape = layout.shapes[0]
        self._dtype = layout.dtype
        self._real = layout.array_real

    def time(self, t: Time) -> Tensor:
        """`t` as the 0-dim tensor that `func` gets, in the state's precision."""
        if isinstance(t, Tensor):
            return t.to(self.layout.device, self.layout.real_dtype)
        if self._on_cpu:
            return torch.from_numpy(np.array(t, self._real))  # a third of torch.tensor's time
        return torch.tensor(t, dtype=self.layout.real_dtype, device=self.layout.device)

    def __call__(self, t: Time, y: State) -> State:
        """dy/dt at (t, y).

        Raises:
            TypeError, ValueError: `func` returned another structure, shape or dtype than its state has.
            RuntimeError: `func` changed its argument in place.
        """
        if isinstance(y, tuple):
            return self._call_on_tuple(t, y)
        self.nfe += 1
        version = y._version
        time = self.time(t)
        if self.times_made is not None:
            self.times_made.append(time)
        k = self.func(time, y, *self.args)
        self._check(t, y, version, k)
        return k

    def into_rows(self, out: np.ndarray) -> Callable[[int, Any, np.ndarray], None]:
        """A function of (i, t, y) that writes dy/dt at (t, y), y flat (n,), into row i of `out` (m, n).

        For states on the CPU that carry no graph; it raises as a call does, and GraphNeededError where the result
        requires a gradient. This is the hot path of small problems: each call saved is some percent of a solve.
        """
        args, shape, dtype, real = self.args, self._shape, self._dtype, self._real
        func: Callable[..., Any] = self.func
        from_numpy, array = torch.from_numpy, np.array
        layout = self.layout
        if layout.is_tuple:
            parts = list(zip(layout.slices, layout.shapes, strict=True))
            pieces = [[row[part].reshape(shape) for part, shape in parts] for row in out]
            seen = parts[: layout.seen]

            def tuple_into(i: int, t: Any, y: np.ndarray) -> None:
                self.nfe += 1
                state = tuple([from_numpy(y[part].reshape(shape)) for part, shape in seen])
                k = func(from_numpy(array(t, real)), state, *args)
                self._check_tuple(t, state, [0] * len(state), k)
                for view, piece in zip(pieces[i], k, strict=True):
                    view[...] = as_array(piece)

            return tuple_into
        views = [row.reshape(shape) for row in out]

        def into(i: int, t: Any, y: np.ndarray) -> None:
            self.nfe += 1
            state = from_numpy(y.reshape(shape))
            k = func(from_numpy(array(t, real)), state, *args)
            if type(k) is not Tensor or state._version or k.shape != shape or k.dtype is not dtype:
                self._check(t, state, 0, k)
            try:
                views[i][...] = k.numpy()
            except RuntimeError:  # it requires a gradient, or is a view that conjugates
                views[i][...] = as_array(k)

        return into

    def _check(self, t: Time, y: Tensor, version: int, k: Any) -> None:
        if y._version != version:
            raise _changed_in_place(t)
        if not isinstance(k, Tensor):
            raise TypeError(f"func must return a tensor like its state; got {describe(k)} at {_at(t)}")
        if k.shape != self._shape or k.dtype is not self._dtype:
            raise _mismatch("func", t, k, self._shape, self.layout)

    def _call_on_tuple(self, t: Time, y: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.nfe += 1
        versions = [piece._version for piece in y]
        time = self.time(t)
        if self.times_made is not None:
            self.times_made.append(time)
        k = self.func(time, y, *self.args)
        self._check_tuple(t, y, versions, k)
        return tuple(k)

    def _check_tuple(self, t: Time, y: tuple[Tensor, ...], versions: list[int], k: Any) -> None:
        if versions != [piece._version for piece in y]:
            raise _changed_in_place(t)
        if not isinstance(k, (tuple, list)) or len(k) != len(self.layout.shapes):
            count = len(self.layout.shapes)
            raise TypeError(
                f"func must return a tuple of {count} tensors like its state; got {describe(k)} at {_at(t)}"
            )
        for i, (piece, shape) in enumerate(zip(k, self.layout.shapes, strict=True)):
            if not isinstance(piece, Tensor):
                raise TypeError(f"func's result [{i}] must be a tensor; got {describe(piece)} at {_at(t)}")
            if piece.shape != shape or piece.dtype is not self._dtype:
                raise _mismatch(f"func's result [{i}]", t, piece, shape, self.layout)


def _at(t: Time) -> str:
    if isinstance(t, Tensor) and t.numel() != 1:
        return f"t={float(t.min()):g} to {float(t.max()):g}"
    return f"t={number(t):g}"


def _changed_in_place(t: Time) -> RuntimeError:
    return RuntimeError(
        f"func changed its state in place at {_at(t)}; the solver still needs it. "
        "Compute the derivative into a new tensor, or begin with y = y.clone()"
    )


def _mismatch(name: str, t: Time, k: Tensor, shape: torch.Size, layout: Layout) -> Exception:
    kind = TypeError if k.shape == shape else ValueError
    return kind(
        f"{name} at {_at(t)} must have the state's shape {tuple(shape)} and dtype {layout.dtype}; "
        f"got shape {tuple(k.shape)} and {k.dtype}"
        + (" (autocast? end func with .to(y.dtype))" if k.dtype in (torch.float16, torch.bfloat16) else "")
    )
