r"""LaTeX of checked expressions, as a textbook prints them.

Functions of three or more plain variables stand without them, :math:`f_1` for :math:`f_1(z_1, z_2, t)`; derivatives as
fractions, :math:`\frac{\partial f_1}{\partial z_2}`, with a round d wherever more than one variable is free; a partial
derivative taken at a curve's point prints like one; vectors and matrices are bold.
"""

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Derivative, MatrixSymbol, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter


def latex(expression: sympy.Basic, colours: Mapping[str, str] | None = None) -> str:
    """LaTeX of an expression; `colours` as in `core.derivations.Step.printed`."""
    return _Printer(colours or {}).doprint(expression)


class _Printer(LatexPrinter):
    def __init__(self, colours: Mapping[str, str]) -> None:
        # t before h in t + h, as people write it
        super().__init__({"order": "rev-lex", "mat_str": "matrix", "mat_delim": "["})
        self._colours = colours

    def doprint(self, expr: sympy.Basic) -> str:
        # no derivative inside a fraction
        self._settings["long_frac_ratio"] = 2 if expr.has(Derivative) else None
        return super().doprint(expr)

    def _coloured(self, name: str, tex: str) -> str:
        bare = name.lstrip("\\").replace("mathbf{", "").replace("dot{", "").lstrip("\\")
        key = "theta" if bare.startswith("theta") else bare[:1]
        colour = self._colours.get(key)
        return rf"\textcolor{{{colour}}}{{{tex}}}" if colour else tex

    def _print_Symbol(self, expr: Symbol, style: str = "plain") -> str:
        return self._coloured(expr.name, super()._print_Symbol(expr, style))

    def _print_Dummy(self, expr: Symbol) -> str:
        return self._print_Symbol(expr)

    def _print_MatrixSymbol(self, expr: MatrixSymbol) -> str:
        tex = expr.name if "\\" in expr.name else rf"\mathbf{{{expr.name}}}"
        return self._coloured(expr.name, tex)

    def _print_Function(self, expr: sympy.Function, exp: str | None = None) -> str:
        if not isinstance(expr, AppliedUndef):
            return super()._print_Function(expr, exp)
        name = self._head(expr)
        if not _bare(expr):
            inside = ", ".join(self._print(argument) for argument in expr.args)
            name += rf"\left({inside}\right)"
        return name if exp is None else f"{name}^{{{exp}}}"

    def _head(self, function: AppliedUndef) -> str:
        """A function's name alone."""
        name = type(function).__name__
        return self._coloured(name, super()._print_Symbol(Symbol(name)))

    def _print_Derivative(self, expr: Any) -> str:
        inner, variables = expr.expr, expr.variable_count
        order = sum(count for _, count in variables)
        d = r"\partial" if len(inner.free_symbols) > 1 else "d"
        power = f"^{{{self._print(order)}}}" if order != 1 else ""
        below = " ".join(self._below(d, variable, count) for variable, count in reversed(variables))
        if isinstance(inner, Symbol):
            return rf"\frac{{{d}{power} {self._print(inner)}}}{{{below}}}"
        if isinstance(inner, AppliedUndef) and (_bare(inner) or inner.args == expr.variables[:1]):
            return rf"\frac{{{d}{power} {self._head(inner)}}}{{{below}}}"
        body = self._print(inner)
        if isinstance(inner, sympy.Add):
            body = rf"\left({body}\right)"
        return rf"\frac{{{d}{power}}}{{{below}}} {body}"

    def _below(self, d: str, variable: Any, count: Any) -> str:
        name = self._head(variable) if isinstance(variable, AppliedUndef) else self._print(variable)
        return f"{d} {name}" + ("" if count == 1 else f"^{{{self._print(count)}}}")

    def _print_Subs(self, subs: Any) -> str:
        """The partial derivative of a function at a curve's point prints like one at a plain place."""
        inner: Any = subs.args[0]
        places: dict[Any, Any] = dict(zip(subs.variables, subs.point, strict=True))
        whole = inner.func is Derivative and isinstance(inner.expr, AppliedUndef)
        if not whole or not all(isinstance(place, Symbol) or _plain(place) for place in places.values()):
            return super()._print_Subs(subs)
        order = sum(count for _, count in inner.variable_count)
        power = f"^{{{order}}}" if order != 1 else ""
        by = ((places.get(variable, variable), count) for variable, count in reversed(inner.variable_count))
        below = " ".join(self._below(r"\partial", *pair) for pair in by)
        return rf"\frac{{\partial{power} {self._head(inner.expr)}}}{{{below}}}"


def _plain(function: Any) -> bool:
    return isinstance(function, AppliedUndef) and all(isinstance(argument, Symbol) for argument in function.args)


def _bare(function: AppliedUndef) -> bool:
    """Whether it is clear without its arguments what is meant."""
    arguments = function.args
    return len(arguments) >= 3 and all(isinstance(argument, Symbol) or _plain(argument) for argument in arguments)
