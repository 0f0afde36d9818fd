"""Torch's forward mode without the warning that torch gives itself when it loads it."""

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor


def jvp(function: Callable[[Tensor], Tensor], z: Tensor, v: Tensor) -> Tensor:
    """The Jacobian of a function at z, times v: of the shape of the function's value."""
    _load()
    return torch.func.jvp(function, (z,), (v,))[1]


@cache
def _load() -> None:
    """Use it once: torch 2.13 then compiles a few rules, with a function that it has itself declared outdated."""
    one = torch.ones(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.func.jvp(torch.sin, (one,), (one,))
