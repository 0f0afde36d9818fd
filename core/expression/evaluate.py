"""Trees to functions of tensors: vectorised, differentiable, and without exceptions for any value.

Out of a function's domain the result is nan, at a pole it is infinite, as torch has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

import torch
from torch import Tensor

from core.expression.tree import Node

Values: TypeAlias = tuple[Tensor, ...]
Compiled: TypeAlias = Callable[[Values], Tensor]

TORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
}
"""Name -> the function of a tensor."""


def compiled(tree: Node, places: Mapping[str, int]) -> Compiled:
    """The tree as a function of the tensors of its names, each at its place. At least one value must be given."""
    if tree.constant is not None:
        value = tree.constant
        return lambda v: torch.full((), value, dtype=v[0].dtype)
    if tree.op == "name":
        i = places[tree.name]
        return lambda v: v[i].clone()  # a result of its own, that nobody's input changes with
    return _closure(tree, places)


def _closure(node: Node, places: Mapping[str, int]) -> Compiled:
    """Closures made once: a call walks them, and does nothing but the tensors' own operations."""
    if node.op == "name":
        i = places[node.name]
        return lambda v: v[i]
    if len(node.parts) == 1:
        f = _closure(node.parts[0], places)
        function = torch.neg if node.op == "negative" else TORCH[node.op]
        return lambda v: function(f(v))
    a, b = node.parts
    if a.constant is not None:
        return _with_number(node.op, a, _closure(b, places))
    f = _closure(a, places)
    if b.constant is not None:
        number = b.constant
        if node.op == "^":
            exponent = int(number) if number.is_integer() else number
            return lambda v: f(v).pow(exponent)
        if node.op == "+":
            return lambda v: f(v) + number
        if node.op == "-":
            return lambda v: f(v) - number
        return (lambda v: f(v) * number) if node.op == "*" else lambda v: f(v) / number
    g = _closure(b, places)
    if node.op == "+":
        return lambda v: f(v) + g(v)
    if node.op == "-":
        return lambda v: f(v) - g(v)
    return (lambda v: f(v) * g(v)) if node.op == "*" else lambda v: f(v) / g(v)


def _with_number(op: str, a: Node, g: Compiled) -> Compiled:
    number = math.nan if a.constant is None else a.constant
    if op == "+":
        return lambda v: g(v) + number
    if op == "-":
        return lambda v: torch.rsub(g(v), number)  # 1 - g, in half of its time
    if op == "*":
        return lambda v: g(v) * number
    if op == "/":

        def quotient(v: Values) -> Tensor:
            below = g(v)
            return torch.div(scalar(number, below.dtype), below)

        return torch_reciprocal(g) if number == 1 else quotient
    return (lambda v: torch.exp(g(v))) if a.name == "e" else lambda v: torch.pow(number, g(v))


def torch_reciprocal(g: Compiled) -> Compiled:
    """1 / g."""
    return lambda v: torch.reciprocal(g(v))


@lru_cache(maxsize=256)
def _scalar(value: float, dtype: torch.dtype) -> Tensor:
    return torch.tensor(value, dtype=dtype)


def scalar(value: float, dtype: torch.dtype) -> Tensor:
    """A number as a tensor without axes, which nobody may change."""
    return _scalar(value, dtype) if value else torch.tensor(value, dtype=dtype)  # 0.0 == -0.0: one key, two values


def as_tensor(value: Tensor | float, dtype: torch.dtype) -> Tensor:
    """A value in the precision `dtype`.

    Raises:
        TypeError: it is complex, or no number.
    """
    if isinstance(value, Tensor):
        if value.is_complex():
            raise TypeError("formulas take real values; got a complex tensor")
        return value if value.dtype is dtype else value.to(dtype)
    return scalar(float(value), dtype)
