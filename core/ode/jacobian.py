r"""What Newton's iteration for the stages is made of: flat states, Jacobians, and the matrix of the linear systems."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from core.ode.problem import Layout

Weights: TypeAlias = float | Tensor
"""The part of a tableau's a that couples m stages: the number of a single one, or (m, m)."""


class Samples:
    """The part of a state that `func` depends on, as (B, n) real numbers: complex ones count twice.

    Args:
        layout: of the states.
        batched: see `NewtonOptions`; otherwise B = 1.

    Raises:
        ValueError: `batched`, and the tensors of the state have not got the same number of samples.
    """

    def __init__(self, layout: Layout, batched: bool) -> None:
        self.shapes = layout.shapes[: layout.seen]
        self.sizes = layout.sizes[: layout.seen]
        self.lead = sum(self.sizes)
        self.whole = self.lead == sum(layout.sizes)
        self.real = not layout.dtype.is_complex
        self.count = 1
        if batched:
            counts = {shape[0] if shape else 0 for shape in self.shapes}
            if len(counts) > 1 or 0 in counts:
                shapes = ", ".join(str(tuple(shape)) for shape in self.shapes)
                raise ValueError(f"option `batched` needs samples along axis 0 of every tensor; got shapes {shapes}")
            self.count = counts.pop()
        self._pieces = batched and layout.is_tuple
        self._shape = [self.lead] if layout.is_tuple else list(self.shapes[0])

    def flat(self, y: Tensor) -> Tensor:
        """A state, or the part that `func` sees, as (B, n)."""
        if not self.whole:
            y = y[: self.lead]
        if self._pieces:
            y = torch.cat([piece.reshape(self.count, -1) for piece in y.split(self.sizes)], dim=1)
        if not self.real:
            y = torch.view_as_real(y.resolve_conj())
        return y.reshape(self.count, -1)

    def state(self, flat: Tensor) -> Tensor:
        """The inverse of `flat`, of the part that `func` sees."""
        if not self.real:
            flat = torch.view_as_complex(flat.reshape(self.count, -1, 2))
        if self._pieces:
            flat = torch.cat(
                [piece.reshape(-1) for piece in flat.split([size // self.count for size in self.sizes], dim=1)]
            )
        return flat.reshape(self._shape)


def rows_of_jacobian(f: Tensor, y: Tensor, keep_graph: bool = False) -> Tensor:
    """df/dy of each sample, (B, n, n), from the graph of f (B, n) over y (B, n).

    One vectorised backward pass with n unit vectors. On two cores it took 0.12 to 0.23 ms for n from 1 to 20:
    torch.func's vjp with vmap took 1.3 to 3 times, forward mode 2 to 5 times, a loop over n = 20 rows 8 times as long.
    """
    b, n = y.shape
    if not f.requires_grad or not n:  # func does not depend on the state
        return y.new_zeros(b, n, n)
    units = torch.eye(n, dtype=y.dtype, device=y.device)[:, None].expand(n, b, n)
    (rows,) = torch.autograd.grad(f, y, units, retain_graph=keep_graph, allow_unused=True, is_grads_batched=True)
    return y.new_zeros(b, n, n) if rows is None else rows.detach().transpose(0, 1)


def spread(a: Weights, slopes: Tensor) -> Tensor:
    """The sums a_ij K_j of slopes (B, m, n)."""
    return a @ slopes if isinstance(a, Tensor) else a * slopes


def factored(a: Weights, h: float, jacobians: Tensor) -> tuple[Tensor, Tensor]:
    """LU factors and pivots of I - h a_ij J_i, (B, m n, m n), from J (B, m or 1, n, n).

    A singular matrix is not refused: its solutions are not finite.
    """
    b, _, n, _ = jacobians.shape
    if isinstance(a, Tensor):
        m = len(a)
        matrix = a[:, None, :, None] * jacobians[:, :, :, None]  # (B, m, n, m, n)
        matrix = -h * matrix.reshape(b, m * n, m * n)
    else:
        matrix = -h * a * jacobians[:, 0]
    matrix.diagonal(dim1=1, dim2=2).add_(1.0)
    factors, pivots, _ = torch.linalg.lu_factor_ex(matrix)
    return factors, pivots
