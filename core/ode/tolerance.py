r"""How large an error is: the norm of the error estimate over what is tolerated.

.. math:: r = \left\lVert \frac{e}{\text{atol} + \text{rtol} \max(|y_0|, |y_1|)} \right\rVert

A step is accepted where r <= 1. The norm is the root mean square; of a tuple, the largest of its tensors'.

Source: Hairer, Norsett, Wanner, Solving ODEs I, II.4, equations 4.10 and 4.11.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.errors import warn
from core.ode.problem import Layout

Norm = Callable[[Any], Any]
"""Of a state-like tensor, or tuple of tensors, to a number."""


class Tolerance:
    """rtol, atol and norm for states of one layout.

    Args:
        layout: of the states.
        rtol, atol: a number, a tensor that broadcasts to the state, or for a tuple one of these for each tensor.
        norm: of the user's kind of state; the root mean square by default.
        counted: how many leading tensors of a tuple count; all by default.

    Raises:
        ValueError: a tolerance below zero, both zero, not finite, or of a shape that does not fit.
    """

    def __init__(
        self, layout: Layout, rtol: Any, atol: Any, norm: Norm | None = None, counted: int | None = None
    ) -> None:
        self.layout = layout
        self.norm = norm
        self.rtol = _tolerance("rtol", rtol, layout)
        self.atol = _tolerance("atol", atol, layout)
        if np.any((np.asarray(self.rtol) == 0) & (np.asarray(self.atol) == 0)):
            raise ValueError("`rtol` and `atol` must not both be 0: no step could pass")
        self._parts = layout.slices[:counted] if len(layout.shapes) > 1 else None
        self._rtol_tensor, self._atol_tensor = (self._as_tensor(value) for value in (self.rtol, self.atol))

    def warn_below_epsilon(self) -> None:
        """Warn of a relative tolerance that the state's precision cannot meet."""
        epsilon = torch.finfo(self.layout.real_dtype).eps
        if float(np.max(self.rtol)) < epsilon:
            warn(
                f"rtol={float(np.max(self.rtol)):g} is below the rounding error of {self.layout.dtype} "
                f"({epsilon:.2g}): steps will be rejected for rounding, not for accuracy. Use float64, or a larger rtol"
            )

    def of_arrays(self, error: np.ndarray, y0: np.ndarray, y1: np.ndarray) -> float:
        """r for flat arrays (n,); NaN where anything is."""
        scale = np.maximum(np.abs(y0), np.abs(y1))
        scale *= self.rtol
        scale += self.atol
        return self.norm_of_array(error / scale)

    def norm_of_array(self, v: np.ndarray) -> float:
        """The norm of a flat array (n,)."""
        if self.norm is not None:
            return float(self.norm(self.layout.from_array(v)))  # all tensors
        if self._parts is None:
            return _rms(v)
        return max(_rms(v[part]) for part in self._parts)

    def of_tensors(self, error: Tensor, y0: Tensor, y1: Tensor) -> float:
        """r for tensors; NaN where anything is."""
        return self.norm_of_tensor(error / (self._atol_tensor + self._rtol_tensor * torch.maximum(y0.abs(), y1.abs())))

    def norm_of_tensor(self, v: Tensor) -> float:
        """The norm of a tensor of the state's shape."""
        if self.norm is not None:
            return float(self.norm(self.layout.split(v)))
        if v.numel() == 0:
            return 0.0
        if self._parts is None:
            return _rms_of_tensor(v)
        return max(_rms_of_tensor(v[part]) for part in self._parts)

    def scale_array(self, y: np.ndarray) -> np.ndarray:
        """atol + rtol |y|."""
        return self.atol + self.rtol * np.abs(y)

    def scale_tensor(self, y: Tensor) -> Tensor:
        """atol + rtol |y|."""
        return self._atol_tensor + self._rtol_tensor * y.abs()

    def _as_tensor(self, value: float | np.ndarray) -> Any:
        if isinstance(value, float):
            return value
        tensor = torch.tensor(value).to(self.layout.device)
        return tensor if self.layout.is_tuple else tensor.reshape(self.layout.shapes[0])


def _rms_of_tensor(v: Tensor) -> float:
    return float(torch.linalg.vector_norm(v)) / math.sqrt(max(v.numel(), 1))


def _rms(v: np.ndarray) -> float:
    if not v.size:
        return 0.0
    return math.sqrt(np.vdot(v, v).real / v.size)


def _tolerance(name: str, given: Any, layout: Layout) -> float | np.ndarray:
    """As one number, or as one for each value of the flat state."""
    if layout.is_tuple and (isinstance(given, Sequence) or (isinstance(given, Tensor) and given.ndim)):
        if len(given) != len(layout.shapes):
            raise ValueError(
                f"`{name}` must have one entry for each of the state's {len(layout.shapes)} tensors; got {len(given)}"
            )
        pieces = [_expanded(name, piece, shape, layout) for piece, shape in zip(given, layout.shapes, strict=True)]
        return np.concatenate(pieces)
    if isinstance(given, Tensor) and given.ndim:
        return _expanded(name, given, layout.shapes[0], layout)
    return float(_checked(name, np.asarray(given, np.float64)))


def _expanded(name: str, given: Any, shape: torch.Size, layout: Layout) -> np.ndarray:
    array = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given, layout.array_real)
    if array.size == shape.numel():  # also flat, as torchdiffeq wants it for a tuple's tensors
        array = array.reshape(shape)
    try:
        return _checked(name, np.broadcast_to(array, shape)).reshape(-1)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise ValueError(f"`{name}` of shape {array.shape} does not fit a state of shape {tuple(shape)}") from None


def _checked(name: str, array: np.ndarray) -> np.ndarray:
    if not np.all(np.isfinite(array)) or np.any(array < 0):
        raise ValueError(f"`{name}` must be finite and not negative; got {array.tolist()}")
    return array
