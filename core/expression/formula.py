"""What pages and labs hold: a formula, and a field of up to three of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy
import torch
from torch import Tensor

from core.expression.evaluate import Compiled, as_tensor, compiled
from core.expression.parser import parse_tree
from core.expression.printing import to_latex, to_sympy, to_text
from core.expression.tokens import MAX_NAME, FormulaError
from core.expression.tree import ALIASES, CONSTANTS, FUNCTIONS, MAX_DEPTH, MAX_SIZE, Node, derivative

MAX_DIMENSION = 3
"""Most components of a field."""


@dataclass(frozen=True)
class Formula:
    """A formula of variables and parameters; `parse` makes one."""

    text: str
    """As it was typed; of a derivative, as it would be."""
    variables: tuple[str, ...]
    tree: Node = field(repr=False, compare=False)  # follows from the others

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names that occur and are no variables, sorted."""
        return tuple(sorted(self.tree.names.difference(self.variables)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables and parameters that occur: what a call needs."""
        return tuple(name for name in (*self.variables, *self.parameters) if name in self.tree.names)

    def __call__(self, values: Mapping[str, Tensor | float]) -> Tensor:
        """The value, nan or infinite where there is none, of the shape that all the values given broadcast to.

        Args:
            values: of every name that occurs, further ones of `variables` for their shape, others are not looked at.
                Tensors decide the precision, float64 without one.

        Raises:
            ValueError: a value is missing.
            TypeError: a value is complex, or no number.
        """
        _require(self.names, values)
        given = [values[name] for name in self.names]
        shaped = [*given, *(values[name] for name in self.variables if name in values)]
        kinds = {value.dtype for value in shaped if isinstance(value, Tensor) and value.is_floating_point()}
        dtype = torch.float64
        for i, kind in enumerate(kinds):
            dtype = torch.promote_types(dtype, kind) if i else kind
        result = self._compiled(tuple([as_tensor(value, dtype) for value in given]) or (torch.zeros((), dtype=dtype),))
        shape = torch.broadcast_shapes(*(value.shape for value in shaped if isinstance(value, Tensor)))
        return result if result.shape == shape else result.expand(shape).clone()

    @cached_property
    def _compiled(self) -> Compiled:
        return compiled(self.tree, {name: i for i, name in enumerate(self.names)})

    def derivative(self, name: str) -> Formula:
        """The derivative by a variable or parameter, exact. The first derivative of what was typed always exists.

        Raises:
            FormulaError: it is too long, which takes derivatives of derivatives.
        """
        tree = derivative(self.tree, name)
        if tree.size > MAX_SIZE or tree.depth > MAX_DEPTH:
            message = f"the derivative by {name[:MAX_NAME]} has too many terms"
            raise FormulaError(message, self.text, 1)
        return Formula(to_text(tree), self.variables, tree)

    @cached_property
    def sympy(self) -> sympy.Expr:
        """The formula in sympy's words, with real symbols and exact numbers, not evaluated, see `to_sympy`."""
        return to_sympy(self.tree)

    @cached_property
    def latex(self) -> str:
        """The formula typeset as it was typed, to be put between dollar signs."""
        return to_latex(self.tree)


def parse(text: str, variables: Sequence[str] = ("z1", "z2", "t")) -> Formula:
    """Read a formula; nothing of it is evaluated as a program.

    Args:
        text: any text at all.
        variables: the names that are no parameters.

    Raises:
        FormulaError: it is no formula, or beyond a bound; the message says what, where and what to try.
        TypeError: `text` is no str.
        ValueError: a variable's name is no name, or taken.
    """
    for name in variables:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9]*", name) or name in {*FUNCTIONS, *ALIASES, *CONSTANTS}:
            raise ValueError(f"a variable's name is letters and digits, and no function's or constant's; got {name!r}")
    return Formula(text, tuple(variables), parse_tree(text, variables))


@dataclass(frozen=True)
class VectorField:
    """The right-hand side of z' = f(t, z), one formula for each component; `parse_field` makes one.

    A call takes `t` and `z` in the order the solvers of `core.ode` do.
    """

    components: tuple[Formula, ...]

    @property
    def dimension(self) -> int:
        """The number of components."""
        return len(self.components)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """All components' parameters, sorted."""
        return tuple(sorted({name for component in self.components for name in component.parameters}))

    @cached_property
    def autonomous(self) -> bool:
        """Whether t occurs in no component."""
        return not any("t" in component.tree.names for component in self.components)

    def __call__(self, t: Tensor | float, z: Any, values: Mapping[str, Any] = {}) -> Tensor:
        """f(t, z), of z's shape (..., n) and precision.

        Args:
            t: time, without axes or of the shape (...).
            z: states (..., n), a tensor or numbers, which become float64.
            values: of the parameters, numbers or tensors that broadcast with (...).

        Raises:
            ValueError: a parameter's value is missing, or z has not n as its last size.
            TypeError: a value is complex, or no number.
        """
        return self._evaluate(self._compiled, t, z, values)

    def jacobian(self, t: Tensor | float, z: Any, values: Mapping[str, Any] = {}) -> Tensor:
        """df_i/dz_j at [..., i, j], from the exact derivatives; arguments and exceptions as of a call."""
        n = self.dimension
        entries = self._evaluate(self._compiled_jacobian, t, z, values)
        return entries.reshape(*entries.shape[:-1], n, n)

    @cached_property
    def latex(self) -> str:
        """The system typeset, one line for each component, to be put between double dollar signs."""
        lines = [f"z_{i}' &= {component.latex}" for i, component in enumerate(self.components, 1)]
        return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"

    @cached_property
    def _places(self) -> dict[str, int]:
        names = [f"z{i + 1}" for i in range(self.dimension)] + ["t", *self.parameters]
        return {name: i for i, name in enumerate(names)}

    @cached_property
    def _compiled(self) -> tuple[Compiled, ...]:
        return tuple(compiled(component.tree, self._places) for component in self.components)

    @cached_property
    def _compiled_jacobian(self) -> tuple[Compiled, ...]:
        states = [f"z{j + 1}" for j in range(self.dimension)]
        return tuple(compiled(f.derivative(z).tree, self._places) for f in self.components for z in states)

    def _evaluate(self, functions: tuple[Compiled, ...], t: Any, z: Any, values: Mapping[str, Any]) -> Tensor:
        if not isinstance(z, Tensor):
            z = torch.as_tensor(z, dtype=torch.float64)
        if not z.is_floating_point():
            z = as_tensor(z, torch.float64)
        if z.ndim == 0 or z.shape[-1] != self.dimension:
            raise ValueError(f"z must have shape (..., {self.dimension}); got {tuple(z.shape)}")
        dtype = z.dtype
        parameters = self.parameters
        if parameters:
            _require(parameters, values)
        time = z if self.autonomous else as_tensor(t, dtype)  # z only keeps the place
        v = (*z.unbind(-1), time, *[as_tensor(values[name], dtype) for name in parameters])
        results = [function(v) for function in functions]
        shape = z.shape[:-1]
        for result in results:
            if result.shape != shape:  # a component that is constant, or times or parameters with axes of their own
                results = torch.broadcast_tensors(v[0], *results)[1:]
                break
        return torch.stack(tuple(results), -1)


def parse_field(texts: Sequence[str]) -> VectorField:
    """Read the right-hand sides of z1', z2', ...: formulas of z1 to zn and t.

    Raises:
        FormulaError: as `parse`; its `component` says which formula, from 1.
        TypeError: a text is no str.
        ValueError: not one to three texts.
    """
    if isinstance(texts, str):
        raise TypeError("a field is a sequence of formulas; got one str")
    if not 1 <= len(texts) <= MAX_DIMENSION:
        raise ValueError(f"a field has 1 to {MAX_DIMENSION} components; got {len(texts)}")
    variables = (*(f"z{i + 1}" for i in range(len(texts))), "t")
    components = []
    for i, text in enumerate(texts, 1):
        try:
            components.append(parse(text, variables))
        except FormulaError as error:
            raise FormulaError(error.message, text, error.position, i) from None
    return VectorField(tuple(components))


def _require(names: Sequence[str], values: Mapping[str, Any]) -> None:
    for name in names:
        if name not in values:
            raise ValueError(f"no value for {name}; needed are {', '.join(names)}")
