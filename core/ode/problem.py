r"""States and times as solvers see them, checked.

A user's state is a tensor or a tuple of tensors. `Layout` describes it; explicit steps without a
graph see it as one flat numpy array, all others as one tensor (a tuple is laid end to end).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

State: TypeAlias = Tensor | tuple[Tensor, ...]
"""A state as its user knows it."""

Time: TypeAlias = float | Tensor
"""A float, or a 0-dim tensor where a gradient with respect to time is asked for."""


def pieces_of(state: State) -> tuple[Tensor, ...]:
    """The tensors of a state."""
    return state if isinstance(state, tuple) else (state,)


def number(t: Time) -> float:
    """A time's value."""
    return t.detach().item() if isinstance(t, Tensor) else t


def in_dtype_of(piece: Tensor, model: Tensor) -> Tensor:
    """In the model's dtype: of a real tensor's gradient, the real part."""
    return (piece.real if piece.is_complex() and not model.is_complex() else piece).to(model.dtype)


REAL = {torch.float32: np.float32, torch.float64: np.float64}
COMPLEX = {torch.complex64: (np.complex64, np.float32), torch.complex128: (np.complex128, np.float64)}


@dataclass(frozen=True)
class Layout:
    """Shapes, precision and place of a state.

    Args:
        shapes: one shape for each tensor of the state.
        is_tuple: whether the user's state is a tuple.
        dtype: float32, float64, complex64 or complex128.
        device: where the state lies.
        seen: how many leading tensors `func` depends on; the others are integrals that only accumulate.
    """

    shapes: tuple[torch.Size, ...]
    is_tuple: bool
    dtype: torch.dtype
    device: torch.device
    seen: int | None = None

    @classmethod
    def of(cls, y0: State) -> Layout:
        """The layout of `y0`.

        Raises:
            TypeError: not a tensor or tuple of tensors; integer, half or bfloat16; mixed dtypes or devices.
        """
        pieces = (y0,) if isinstance(y0, Tensor) else y0
        if not isinstance(pieces, tuple) or not pieces:
            raise TypeError(f"`y0` must be a tensor or a non-empty tuple of tensors; got {describe(y0)}")
        for i, piece in enumerate(pieces):
            if not isinstance(piece, Tensor):
                raise TypeError(f"`y0[{i}]` must be a tensor; got {describe(piece)}")
        first = pieces[0]
        for i, piece in enumerate(pieces):
            where = f"y0[{i}]" if isinstance(y0, tuple) else "y0"
            if piece.dtype in (torch.float16, torch.bfloat16):
                raise TypeError(
                    f"`{where}` is {piece.dtype}: its rounding error swamps a step's error, so no solver here is right "
                    "in it. Use y0.float(), and let func compute in half precision inside if it must"
                )
            if piece.dtype not in REAL and piece.dtype not in COMPLEX:
                raise TypeError(f"`{where}` must be float32, float64 or complex; got {piece.dtype}. Try y0.double()")
            if piece.dtype != first.dtype or piece.device != first.device:
                raise TypeError(
                    f"all tensors of `y0` must share dtype and device; got {first.dtype} on {first.device} "
                    f"and {piece.dtype} on {piece.device} (`{where}`)"
                )
        return cls(tuple(piece.shape for piece in pieces), isinstance(y0, tuple), first.dtype, first.device)

    @cached_property
    def sizes(self) -> list[int]:
        """Number of values of each tensor."""
        return [shape.numel() for shape in self.shapes]

    @cached_property
    def slices(self) -> list[slice]:
        """Where each tensor lies in the flat state."""
        ends = np.cumsum(self.sizes).tolist()
        return [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]

    @cached_property
    def real_dtype(self) -> torch.dtype:
        """The dtype of times and norms."""
        return self.dtype.to_real()

    @cached_property
    def array_dtype(self) -> Any:
        """The state's dtype in numpy's terms."""
        return REAL[self.dtype] if self.dtype in REAL else COMPLEX[self.dtype][0]

    @cached_property
    def array_real(self) -> Any:
        """The dtype of times and norms in numpy's terms."""
        return REAL[self.real_dtype]

    def join(self, y: State) -> Tensor:
        """The user's state as one tensor: itself, or a tuple's tensors end to end."""
        return torch.cat([piece.reshape(-1) for piece in y]) if isinstance(y, tuple) else y

    def split(self, y: Tensor) -> State:
        """The inverse of `join`; leading axes (times, samples) stay in front."""
        if not self.is_tuple:
            return y
        lead = y.shape[:-1]
        sizes = self.sizes if y.shape[-1] == sum(self.sizes) else self.sizes[: self.seen]
        pieces = y.split(sizes, dim=-1)
        return tuple(piece.reshape((*lead, *shape)) for piece, shape in zip(pieces, self.shapes, strict=False))

    def from_array(self, flat: np.ndarray, seen: int | None = None) -> State:
        """A flat array (n,) as the user's state, or as its first `seen` tensors, sharing memory."""
        if not self.is_tuple:
            return torch.from_numpy(flat.reshape(self.shapes[0]))
        pieces = zip(self.slices[:seen], self.shapes[:seen], strict=True)
        return tuple(torch.from_numpy(flat[part].reshape(shape)) for part, shape in pieces)

    def after(self, t: float, direction: float) -> float:
        """The next time that the state's precision can tell from `t`, forward (+inf) or backward (-inf)."""
        return float(np.nextafter(self.array_real(t), self.array_real(direction)))


def transforming() -> bool:
    """Whether forward-mode differentiation or a functional transform is under way: it may reach the field unseen."""
    # torch 2.13 has no public way to ask for either
    functorch: Any = torch._C._functorch  # pyright: ignore[reportAttributeAccessIssue]
    return forward_ad._current_level >= 0 or functorch.maybe_current_level() is not None


def carries_derivatives(*values: State) -> bool:
    """Whether a derivative may hang on a value: numpy would drop it."""
    graph = torch.is_grad_enabled() and any(tensor.requires_grad for value in values for tensor in pieces_of(value))
    return graph or transforming()


def refuse_time_gradient(*times: Any) -> None:
    """Raise ValueError where a gradient with respect to a time is wanted of a function that has none."""
    if any(isinstance(time, Tensor) and time.requires_grad and torch.is_grad_enabled() for time in times):
        raise ValueError("there is no gradient with respect to times here: use odeint, or detach() them")


@contextmanager
def solving() -> Iterator[None]:
    """Where solvers run.

    Outside of inference mode, whose tensors have no version counter to tell a change in place by; and with numpy
    silent about infinities, which are looked for in other ways.
    """
    gradients = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.set_grad_enabled(gradients), np.errstate(all="ignore"):
        yield


def is_batched(tensor: Tensor) -> bool:
    """Whether `torch.vmap` runs over the tensor: its values then cannot steer Python."""
    functorch: Any = torch._C._functorch  # pyright: ignore[reportAttributeAccessIssue] # as above
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return True
        tensor = functorch.get_unwrapped(tensor)
    return False


def check_times(t: Tensor, layout: Layout) -> list[float]:
    """The output times as floats.

    Args:
        t: (T,), T >= 2, strictly increasing or strictly decreasing.

    Raises:
        TypeError: not a floating point tensor.
        ValueError: not one-dimensional, shorter than 2, not finite or not strictly monotonic.
    """
    if not isinstance(t, Tensor) or not t.is_floating_point():
        raise TypeError(f"`t` must be a tensor of floating point times; got {describe(t)}")
    if t.ndim != 1:
        raise ValueError(f"`t` must be one-dimensional; got shape {tuple(t.shape)}")
    if len(t) < 2:
        raise ValueError(f"`t` must hold the initial time and at least one more; got {len(t)} time(s)")
    times = t.detach().tolist()
    sign = 1.0 if times[1] > times[0] else -1.0
    for i, time in enumerate(times):
        if not math.isfinite(time):
            raise ValueError(f"`t` must be finite; got t[{i}]={time}")
        if i and not (time - times[i - 1]) * sign > 0:
            raise ValueError(f"`t` must be strictly monotonic; got t[{i}]={time!r} after t[{i - 1}]={times[i - 1]!r}")
    return times


def describe(value: Any) -> str:
    """What a value is, for messages."""
    if isinstance(value, Tensor):
        return f"a {value.dtype} tensor of shape {tuple(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__}"
