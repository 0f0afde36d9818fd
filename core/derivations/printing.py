r"""LaTeX of checked expressions, as a textbook prints them.

Functions of three or more plain variables stand without them, :math:`f_1` for :math:`f_1(z_1, z_2, t)`; derivatives as
fractions, :math:`\frac{\partial f_1}{\partial z_2}`, with a round d wherever more than one variable is free; a partial
derivative taken at a curve's point prints like one; vectors and matrices are bold.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy import BlockMatrix, Derivative, MatAdd, MatMul, MatrixSymbol, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter


def latex(expression: sympy.Basic, colours: Mapping[str, str] | None = None) -> str:
    """LaTeX of an expression; `colours` as in `core.derivations.Step.printed`."""
    return _Printer(colours or {}).doprint(expression)


_ATOM = re.compile(
    r"""
    (?: \\(?:dot|tilde|hat|bar)\{ (?:\\mathbf\{)? (?P<dotted>[A-Za-z]) \}? \}
      | \\mathbf\{ (?P<bold>[A-Za-z]) \}
      | \\(?P<theta>theta)
      | (?<![\\A-Za-z]) (?P<plain>[A-Za-z]) (?![A-Za-z])
    )
    (?: _ (?: \\[a-z]+ | \w | \{ (?:[^{}] | \{[^{}]*\})* \} ) )?
    """,
    re.VERBOSE,
)
"""A letter inside of a name in LaTeX, with its dot and its index."""


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
        if "\\" not in expr.name:
            return self._coloured(expr.name, rf"\mathbf{{{expr.name}}}")
        # a name such as z(t + epsilon), or a derivative: each letter has its own colour
        return _ATOM.sub(lambda found: self._coloured(found[found.lastgroup or 0], found[0]), expr.name)

    def _print_MatrixBase(self, expr: Any) -> str:
        """As 0 where all is 0, and without brackets where there is one entry."""
        if all(entry == 0 for entry in expr.flat()):
            return "0"
        cells = [[self._print(expr[i, j]) for j in range(expr.cols)] for i in range(expr.rows)]
        return cells[0][0] if expr.shape == (1, 1) and _single(expr[0, 0]) else _table(cells)

    def _print_BlockMatrix(self, expr: BlockMatrix) -> str:
        """Lines between the blocks, where there are rows and columns of them."""
        rows, columns = expr.blockshape
        blocks: Any = expr.blocks
        cells = [[self._print(blocks[i, j]) for j in range(columns)] for i in range(rows)]
        return _table(cells, lines=min(rows, columns) > 1)

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        """By the indices of their letters; what is subtracted does not come first."""
        terms = sorted(super()._as_ordered_terms(expr, order), key=_indices)
        return sorted(terms, key=_negative) if _negative(terms[0]) else terms

    def _print_MatAdd(self, expr: MatAdd) -> str:
        """Plain names first, then products; what is subtracted comes last."""
        args: Sequence[Any] = expr.args
        terms = sorted(args, key=lambda term: (_negative(term), isinstance(term, MatMul)))
        tex = self._print(terms[0])
        for term in terms[1:]:
            minus = _negative(term)
            tex += f" - {self._print(-term)}" if minus else f" + {self._print(term)}"
        return tex

    def _print_MatMul(self, expr: MatMul) -> str:
        """A sum over a number as a fraction."""
        number, matrices = expr.as_coeff_matrices()
        above, below = number.as_numer_denom()
        if above == 1 and below != 1 and len(matrices) == 1 and isinstance(matrices[0], MatAdd):
            return rf"\frac{{{self._print(matrices[0])}}}{{{self._print(below)}}}"
        return super()._print_MatMul(expr)

    def _print_Function(self, expr: sympy.Function, exp: str | None = None) -> str:
        if not isinstance(expr, AppliedUndef):
            return super()._print_Function(expr, exp)
        name = self._head(expr)
        if not _bare(expr):
            inside = ", ".join(self._print(argument) for argument in expr.args)
            name += rf"\left({inside}\right)" if any(tall in inside for tall in _TALL) else f"({inside})"
        return name if exp is None else f"{name}^{{{exp}}}"

    def _print_ExpBase(self, expr: Any, exp: str | None = None) -> str:
        """A fraction does not become an exponent, where it would be too small to read."""
        power = self._print(expr.args[0])
        if r"\frac" not in power:
            return super()._print_ExpBase(expr, exp)
        return rf"\exp\left({power}\right)" if exp is None else rf"\exp^{{{exp}}}\left({power}\right)"

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
        if isinstance(inner, AppliedUndef) and (_bare(inner) or _of_one(inner) or inner.args == expr.variables[:1]):
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


_TALL = (r"\frac", r"\dfrac", r"\int", r"\sum", r"\begin")
"""What parentheses have to grow for."""
_WIDEST = 3
"""Columns of a matrix whose fractions are printed in full size."""
_STRUTS = {r"\dfrac": r"\rule[-1.1em]{0em}{2.7em}", r"\frac": r"\rule[-0.7em]{0em}{1.9em}"}
"""What keeps a row with fractions of this size apart from its neighbours and from lines."""


def _table(cells: Sequence[Sequence[str]], lines: bool = False) -> str:
    """A matrix in brackets, with lines between rows and columns where asked for."""
    size = r"\dfrac" if len(cells[0]) <= _WIDEST else r"\frac"
    rows = [" & ".join(row).replace(r"\frac", size) for row in cells]
    if len(rows) == 1:
        return rf"\begin{{bmatrix}} {rows[0]} \end{{bmatrix}}"
    rows = [row + _STRUTS[size] if size in row else row for row in rows]
    body = (r" \\ \hline " if lines else r" \\ ").join(rows)
    if not lines:
        return rf"{{\def\arraystretch{{1.25}}\begin{{bmatrix}} {body} \end{{bmatrix}}}}"
    columns = "|".join("c" * len(cells[0]))
    return rf"{{\def\arraystretch{{1.25}}\left[\begin{{array}}{{{columns}}} {body} \end{{array}}\right]}}"


def _negative(term: Any) -> bool:
    if isinstance(term, MatMul):
        term = term.as_coeff_matrices()[0]
    return term.could_extract_minus_sign()


_INDEX = re.compile(r"_\{?(\d+)")


def _indices(term: Any) -> list[int]:
    """The numbers in the names of its functions; where there is none, of its letters."""
    functions = [type(function).__name__ for function in term.atoms(AppliedUndef)]
    names = functions or [symbol.name for symbol in term.atoms(Symbol)]
    return sorted(int(index) for name in names for index in _INDEX.findall(name))


def _single(entry: Any) -> bool:
    """Whether it can stand among factors without parentheses."""
    return not isinstance(entry, sympy.Add) and not _negative(entry)


def _plain(function: Any) -> bool:
    return isinstance(function, AppliedUndef) and all(isinstance(argument, Symbol) for argument in function.args)


def _of_one(function: AppliedUndef) -> bool:
    """Whether its derivative needs no argument: through one alone, all ways to a variable lead."""
    return len(function.args) == 1 and isinstance(function.args[0], Symbol | AppliedUndef)


def _bare(function: AppliedUndef) -> bool:
    """Whether it is clear without its arguments what is meant."""
    arguments = function.args
    return len(arguments) >= 3 and all(isinstance(argument, Symbol) or _plain(argument) for argument in arguments)
