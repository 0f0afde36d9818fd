"""Derivatives of gradients: what a backward pass must do so that it can itself be differentiated, or refuse to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override


class Partial(torch.autograd.Function):
    """`compute` of some tensors, and of others that it reaches by itself, as a function of just these.

    A gradient taken inside a backward pass would otherwise follow the graphs that its arguments hang on, and so run
    the same backward pass again. Arguments of `apply`: compute, of the first `count` tensors as leaves to a tuple;
    count; those tensors; the others. It can be differentiated once.
    """

    @staticmethod
    @override
    def forward(
        ctx: Any, compute: Callable[..., tuple[Tensor, ...]], count: int, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_() for tensor in tensors[:count]]
            results = compute(*leaves)
        ctx.inputs, ctx.results = (*leaves, *tensors[count:]), results
        return tuple(result.detach() for result in results)

    @staticmethod
    @override
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] # torch's decorator hides the name of ctx
        ctx: Any, *grads: Tensor
    ) -> tuple[Any, ...]:
        connected = [(result, grad) for result, grad in zip(ctx.results, grads, strict=True) if result.requires_grad]
        wanted = [tensor for tensor in ctx.inputs if tensor.requires_grad]
        results, weights = zip(*connected, strict=True)
        found = iter(torch.autograd.grad(results, wanted, weights, retain_graph=True, allow_unused=True))
        return (None, None, *(next(found) if tensor.requires_grad else None for tensor in ctx.inputs))


class Once(torch.autograd.Function):
    """A value that hangs on tensors by a derivative that is not known: asking for it says so.

    Arguments of `apply`: the message; the value; the tensors.
    """

    @staticmethod
    @override
    def forward(ctx: Any, message: str, value: Tensor, *_: Tensor) -> Tensor:
        ctx.message = message
        return value.view_as(value)

    @staticmethod
    @override
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor | None, ...]:
        raise NotImplementedError(ctx.message)


IMPLICIT_ONCE = (
    "implicit methods can be differentiated once only: the second derivative of a step's stages is not implemented. "
    "Use an explicit method for second derivatives"
)
