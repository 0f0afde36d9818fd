"""A formula's meaning as a tree of numbers, names, operators and functions; its bounds and its derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

CONSTANTS = {"pi": math.pi, "e": math.e}
"""Names with a fixed value."""

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda x: float((x > 0) - (x < 0)),
}
"""Name -> the function of a number."""
ALIASES = {"ln": "log"}
"""Other names of functions."""

OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": math.pow,
}

MAX_SIZE = 5000
"""Most nodes of a derivative."""
MAX_DEPTH = 300
"""Most nodes from the root of a derivative to a leaf: functions here call themselves once for each."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A number, constant, name, operator or function with its arguments; never changed, and shared between trees."""

    op: str
    """number, constant, name, negative, an operator, or a function."""
    parts: tuple[Node, ...] = ()
    name: str = ""
    """A number's digits, or the name."""
    size: int = field(init=False, default=1)
    """Nodes of the tree."""
    depth: int = field(init=False, default=1)
    """Nodes on the longest way to a leaf."""
    degree: float = field(init=False, default=0.0)
    """The largest power of any name that multiplying out could give, |exponents| in denominators added; powers of
    numbers count too, so that no tower of powers is below a bound on it."""
    names: frozenset[str] = field(init=False, default=frozenset())
    """The variables and parameters that occur."""
    constant: float | None = field(init=False, default=None)
    """The value where no name occurs, nan where that is no finite real number; None otherwise."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        if self.parts:
            put(self, "size", 1 + sum(part.size for part in self.parts))
            put(self, "depth", 1 + max(part.depth for part in self.parts))
            put(self, "names", frozenset().union(*(part.names for part in self.parts)))
        elif self.op == "name":
            put(self, "names", frozenset((self.name,)))
        put(self, "constant", _constant(self))
        put(self, "degree", _degree(self))


def _constant(node: Node) -> float | None:
    if node.names:
        return None
    if node.op == "number":
        return float(node.name)
    if node.op == "constant":
        return CONSTANTS[node.name]
    values = [math.nan if part.constant is None else part.constant for part in node.parts]
    try:
        if node.op == "negative":
            return -values[0]
        return OPERATORS[node.op](*values) if node.op in OPERATORS else FUNCTIONS[node.op](*values)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _degree(node: Node) -> float:
    degrees = [part.degree for part in node.parts]
    if node.op == "name":
        return 1.0
    if node.op in {"*", "/"}:
        return sum(degrees)
    if node.op == "^":
        exponent = node.parts[1].constant
        # at least 1: x^0 and x^0.01 shall not hide a tower of powers above them
        return max(degrees[1], 1.0) if exponent is None else max(1.0, abs(exponent) * max(1.0, degrees[0]))
    return max(degrees, default=0.0)


def number(value: Fraction | int) -> Node:
    """A number as a tree: a decimal where a short one is exact, a quotient otherwise; negative ones with their sign."""
    value = Fraction(value)
    if value < 0:
        return Node("negative", (number(-value),))
    text = decimal(value)
    if text is None:
        return Node("/", (Node("number", name=str(value.numerator)), Node("number", name=str(value.denominator))))
    return Node("number", name=text)


def decimal(value: Fraction) -> str | None:
    """A number of at most 16 digits that is `value` exactly; None where there is none."""
    text = str(value.numerator) if value.denominator == 1 else format(float(value), ".16f").rstrip("0")
    return text if Fraction(text) == value and len(text) <= 17 else None


def exact(node: Node) -> Fraction | None:
    """The value of a number, with its sign or as a quotient of two; None for all else."""
    if node.op == "number":
        return Fraction(node.name)
    values = [exact(part) for part in node.parts] if node.op in {"negative", "/"} else [None]
    if any(value is None for value in values):
        return None
    first, *rest = [value for value in values if value is not None]
    if not rest:
        return -first
    return first / rest[0] if rest[0] else None


# What follows builds derivatives: each does what its operator does, and leaves out zeros, ones and double signs.


def add(a: Node, b: Node) -> Node:
    """a + b."""
    if _is(a, 0):
        return b
    if _is(b, 0):
        return a
    if b.op == "negative":
        return subtract(a, b.parts[0])
    return _folded(a, b, lambda x, y: x + y) or Node("+", (a, b))


def subtract(a: Node, b: Node) -> Node:
    """a - b."""
    if _is(a, 0):
        return negative(b)
    if _is(b, 0):
        return a
    if b.op == "negative":
        return add(a, b.parts[0])
    return _folded(a, b, lambda x, y: x - y) or Node("-", (a, b))


def negative(a: Node) -> Node:
    """-a."""
    if _is(a, 0):
        return a
    return a.parts[0] if a.op == "negative" else Node("negative", (a,))


def multiply(a: Node, b: Node) -> Node:
    """a b, numbers first."""
    if _is(a, 0) or _is(b, 0):
        return number(0)
    if a.op == "negative":
        return negative(multiply(a.parts[0], b))
    if b.op == "negative":
        return negative(multiply(a, b.parts[0]))
    if _is(a, 1):
        return b
    if _is(b, 1):
        return a
    if b.op == "number" and a.op != "number":
        a, b = b, a
    if folded := _folded(a, b, lambda x, y: x * y):
        return folded
    if b.op == "*":  # a (b c) as a b c, so that numbers meet and no parentheses are left
        return multiply(multiply(a, b.parts[0]), b.parts[1])
    if b.op == "/" and _is(b.parts[0], 1):
        return divide(a, b.parts[1])
    return Node("*", (a, b))


def divide(a: Node, b: Node) -> Node:
    """a / b."""
    if _is(a, 0) or _is(b, 1):
        return a
    return negative(divide(a.parts[0], b)) if a.op == "negative" else Node("/", (a, b))


def power(a: Node, b: Node) -> Node:
    """a ^ b."""
    if _is(b, 0):
        return number(1)
    return a if _is(b, 1) else Node("^", (a, b))


def call(function: str, a: Node) -> Node:
    """A function of a."""
    return Node(function, (a,))


def _is(node: Node, value: int) -> bool:
    return node.op == "number" and node.constant == value


def _folded(a: Node, b: Node, fold: Callable[[Fraction, Fraction], Fraction]) -> Node | None:
    x, y = exact(a), exact(b)
    if x is None or y is None or a.op == "/" or b.op == "/":
        return None
    value = fold(x, y)
    return number(value) if decimal(abs(value)) is not None else None


def _one() -> Node:
    return number(1)


def _square(u: Node) -> Node:
    return power(u, number(2))


SLOPES: dict[str, Callable[[Node], Node]] = {
    "sin": lambda u: call("cos", u),
    "cos": lambda u: negative(call("sin", u)),
    "tan": lambda u: add(_one(), _square(call("tan", u))),
    "asin": lambda u: divide(_one(), call("sqrt", subtract(_one(), _square(u)))),
    "acos": lambda u: negative(SLOPES["asin"](u)),
    "atan": lambda u: divide(_one(), add(_one(), _square(u))),
    "sinh": lambda u: call("cosh", u),
    "cosh": lambda u: call("sinh", u),
    "tanh": lambda u: subtract(_one(), _square(call("tanh", u))),
    "exp": lambda u: call("exp", u),
    "log": lambda u: divide(_one(), u),
    "sqrt": lambda u: divide(_one(), multiply(number(2), call("sqrt", u))),
    "abs": lambda u: call("sign", u),
    "sign": lambda _: number(0),
}
"""Function f -> u -> f'(u); sign's derivative is taken as 0 at 0 too, as torch does."""


def derivative(node: Node, name: str) -> Node:
    """d node / d name, exact."""
    if name not in node.names:
        return number(0)
    if node.op == "name":
        return number(1)
    if node.op == "negative":
        return negative(derivative(node.parts[0], name))
    if node.op not in OPERATORS:
        (u,) = node.parts
        slope, inner = SLOPES[node.op](u), derivative(u, name)
        return divide(inner, slope.parts[1]) if slope.op == "/" else multiply(slope, inner)
    a, b = node.parts
    da, db = derivative(a, name), derivative(b, name)
    if node.op == "+":
        return add(da, db)
    if node.op == "-":
        return subtract(da, db)
    if node.op == "*":
        return add(multiply(da, b), multiply(a, db))
    if node.op == "/":
        return subtract(divide(da, b), divide(multiply(a, db), _square(b)))
    if b.constant is not None:
        n = exact(b)
        less = subtract(b, _one()) if n is None else number(n - 1)
        return multiply(multiply(b, power(a, less)), da)
    rate = node if a.op == "constant" and a.name == "e" else multiply(call("log", a), node)
    return multiply(rate, db)
