r"""Trees as text that reads back to the same tree, as LaTeX, and for sympy: nothing reordered, nothing simplified."""

from __future__ import annotations

import re
from collections.abc import Callable

import sympy

from core.expression.tokens import GREEK
from core.expression.tree import FUNCTIONS, OPERATORS, Node, exact

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
_STRENGTH = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "negative": PRODUCT, "^": POWER}
_LETTERS = {*GREEK.values()} - {"pi"}
_NAMED = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log": r"\ln", "sign": r"\operatorname{sign}"}
SYMPY = {"asin": sympy.asin, "abs": sympy.Abs, **{n: getattr(sympy, n) for n in FUNCTIONS if n not in {"asin", "abs"}}}
"""Name -> sympy's function."""


def to_text(node: Node) -> str:
    """A formula that is read back to the same tree."""
    if not node.parts:
        return node.name
    if node.op not in _STRENGTH:
        return f"{node.op}({to_text(node.parts[0])})"
    parts = [f"({to_text(part)})" if parted else to_text(part) for part, parted in _parted(node)]
    return f"-{parts[0]}" if node.op == "negative" else node.op.join(parts)


def _parted(node: Node) -> list[tuple[Node, bool]]:
    """The operands of an operator, and whether each needs parentheses."""
    own = _STRENGTH[node.op]
    if node.op == "negative":
        (a,) = node.parts
        return [(a, a.op == "negative" or _strength(a) < PRODUCT)]
    a, b = node.parts
    if node.op == "^":
        return [(a, _strength(a) < ATOM), (b, _strength(b) < POWER)]
    left = _strength(a) < own or (a.op == "negative" and own == PRODUCT)
    return [(a, left), (b, _strength(b) <= own or b.op == "negative")]


def _strength(node: Node) -> int:
    return _STRENGTH.get(node.op, ATOM)


def to_latex(node: Node) -> str:
    """The formula typeset: quotients as fractions, products by juxtaposition where that can be read."""
    if node.op == "number":
        return power_of_ten(node.name)
    if node.op == "constant":
        return rf"\{node.name}" if node.name == "pi" else node.name
    if node.op == "name":
        return _name(node.name)
    if node.op not in _STRENGTH:
        return _call(node.op, node.parts[0])
    if node.op == "/":
        return rf"\frac{{{to_latex(node.parts[0])}}}{{{to_latex(node.parts[1])}}}"
    if node.op == "^":
        return _power(*node.parts)
    (a, a_parted), *rest = _parted(node)
    first = _bracketed(a, a_parted)
    if not rest:
        return f"-{first}"
    # a fraction holds itself together: a (b / c) needs no parentheses
    ((b, b_parted),) = rest
    second = _bracketed(b, b_parted and b.op != "/")
    if node.op != "*":
        return f"{first} {node.op} {second}"
    digits = re.match(r"[0-9]", second) or (re.search(r"(^|[-\s])[0-9.]+$", first) and second.startswith(r"\frac"))
    return rf"{first} \cdot {second}" if digits else f"{first} {second}"


def _bracketed(node: Node, parted: bool) -> str:
    return rf"\left({to_latex(node)}\right)" if parted else to_latex(node)


def _power(base: Node, exponent: Node) -> str:
    above = to_latex(exponent)
    whole = exponent.op == "number" and exponent.name.isdigit() and exponent.name not in {"0", "1"}
    if base.op in FUNCTIONS and base.op not in {"abs", "sqrt"}:
        # the square of a sine is written sin^2; sin^-1 would be read as its inverse
        return _call(base.op, base.parts[0], above) if whole else rf"\left({to_latex(base)}\right)^{{{above}}}"
    scientific = base.op == "number" and "e" in base.name
    return f"{_bracketed(base, _strength(base) < ATOM or scientific or base.op == 'sqrt')}^{{{above}}}"


def _call(function: str, argument: Node, power: str = "") -> str:
    inner = to_latex(argument)
    if function == "sqrt":
        return rf"\sqrt{{{inner}}}"
    if function == "abs":
        return rf"\left|{inner}\right|"
    above = f"^{{{power}}}" if power else ""
    return rf"{_NAMED.get(function, chr(92) + function)}{above}\left({inner}\right)"


def power_of_ten(digits: str) -> str:
    r"""A number's digits in LaTeX: what stands behind an e becomes the exponent of 10.

    >>> power_of_ten("-0.5"), power_of_ten("2.458e-05")
    ('-0.5', '2.458 \\cdot 10^{-5}')
    """
    mantissa, mark, exponent = digits.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if mark else mantissa


def _name(name: str) -> str:
    match = re.fullmatch(r"([A-Za-z]+)([0-9]*)", name)
    if match is None:  # digits inside
        return rf"\mathrm{{{name}}}"
    word, index = match.groups()
    letter = rf"\{word}" if word in _LETTERS else word if len(word) == 1 else rf"\mathrm{{{word}}}"
    return letter + (f"_{index}" if len(index) == 1 else f"_{{{index}}}" if index else "")


def to_sympy(node: Node) -> sympy.Expr:
    """The tree in sympy's words, real symbols, numbers exact, and not evaluated.

    Not evaluated, since sympy would then compute some numbers however large they are: sign(exp(exp(10^9)) - 2) never
    ends. ``doit()`` evaluates; a formula by somebody unknown should be given a limit in time for that.
    """
    if (value := exact(node)) is not None:
        return sympy.Rational(value.numerator, value.denominator)
    if node.op == "constant":
        return {"pi": sympy.pi, "e": sympy.E}[node.name]
    if node.op == "name":
        return sympy.Symbol(node.name, real=True)
    parts = [to_sympy(part) for part in node.parts]
    if all(part.is_Rational for part in parts) and node.op in OPERATORS:
        return _RATIONAL[node.op](*parts)  # within the bounds on degrees; sympy misprints 1 / 2 where not evaluated
    return _SYMPY_OPERATORS[node.op](*parts) if node.op in _SYMPY_OPERATORS else SYMPY[node.op](*parts, evaluate=False)


def _times(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(a, b, evaluate=False)


_RATIONAL: dict[str, Callable[..., sympy.Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
}
_SYMPY_OPERATORS: dict[str, Callable[..., sympy.Expr]] = {
    "negative": lambda a: _times(sympy.S.NegativeOne, a),
    "+": lambda a, b: sympy.Add(a, b, evaluate=False),
    "-": lambda a, b: sympy.Add(a, _times(sympy.S.NegativeOne, b), evaluate=False),
    "*": _times,
    "/": lambda a, b: _times(a, 1 / b if b.is_Rational else sympy.Pow(b, sympy.S.NegativeOne, evaluate=False)),
    "^": lambda a, b: sympy.Pow(a, b, evaluate=False),
}
