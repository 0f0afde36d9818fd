"""Words to a tree: the grammar, and every bound on what a formula may hold.

Precedence climbing: each operator binds its operands with a strength, and a right-hand side takes only what binds
tighter. (T. Norvell, "Parsing expressions by recursive descent", 1999, section "Precedence climbing".)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

from core.expression.tokens import MAX_LENGTH, MAX_NUMBER, FormulaError, Token, tokens
from core.expression.tree import ALIASES, CONSTANTS, FUNCTIONS, MAX_SIZE, Node

MAX_PARAMETERS = 6
"""Most names that are neither variables nor constants nor functions."""
MAX_NODES = 200
"""Most numbers, names, operators and functions."""
MAX_NESTING = 40
"""Most parentheses, signs and exponents inside one another."""
MAX_EXPONENT = 20
"""Largest absolute value of an exponent that is a number."""
MAX_DEGREE = 40
"""Largest degree, see `Node.degree`."""

SUM, PRODUCT, JUXTAPOSED, POWER = 1, 2, 3, 4  # how tightly operators bind
STRENGTH = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}
EXPECTED = "a number, a name or '('"
KNOWN = ", ".join(FUNCTIONS)


def parse_tree(text: str, variables: Sequence[str]) -> Node:
    """The tree of a formula.

    Raises:
        TypeError: `text` is no str.
        FormulaError: it is no formula, or beyond a bound.
    """
    if not isinstance(text, str):
        raise TypeError(f"a formula is a str; got {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        message = f"the formula goes on at position {MAX_LENGTH + 1}: at most {MAX_LENGTH} characters are allowed"
        raise FormulaError(message, text, MAX_LENGTH + 1)
    return _Parser(text, tuple(variables)).parse()


class _Parser:
    """One formula on its way from words to a tree."""

    def __init__(self, text: str, variables: tuple[str, ...]) -> None:
        self.text = text
        self.variables = variables
        self._tokens = tokens(text)
        self.token = next(self._tokens)  # the next one
        self.plain = False  # the last operand ended in a number or ')', and is no power: a factor may follow directly
        self.nodes = 0
        self.nesting = 0
        self.parameters: set[str] = set()

    def fail(self, what: str, position: int, advice: str = "") -> NoReturn:
        raise FormulaError(f"{what} at position {position}" + (f": {advice}" if advice else ""), self.text, position)

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.token = next(self._tokens)
        return token

    def node(self, token: Token, op: str, *parts: Node, name: str = "") -> Node:
        """A new node, if it is within the bounds; `token` is where it stands."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.fail("the formula is too long", token.position, f"at most {MAX_NODES} numbers, names and operators")
        node = Node(op, parts, name)
        value = node.constant
        if value is not None and not abs(value) <= MAX_NUMBER:
            if op == "/" and parts[1].constant == 0:
                self.fail("division by zero", token.position)
            self.fail("this part has no finite real value up to 1e100", token.position, "it is computed from numbers")
        if node.degree > MAX_DEGREE:
            self.fail("the powers become too high", token.position, f"multiplied out, at most {MAX_DEGREE} are allowed")
        return node

    def parse(self) -> Node:
        if self.token.kind == "end":
            self.fail("the formula is empty", 1, "type one such as -z2 + sin(t)")
        tree = self.expression(SUM)
        if self.token.kind == ")":
            self.fail("unexpected ')'", self.token.position, "no '(' is open")
        if _slope_size(tree) > MAX_SIZE:
            self.fail("the formula is too long", 1, "its derivative would have too many terms")
        return tree

    def expression(self, least: int, after: Token | None = None) -> Node:
        """As much of what comes as binds with at least the strength `least`; `after` is the word before it."""
        left = self.operand(least, after)
        while True:
            token = self.token
            if token.kind == "operator":
                strength = STRENGTH[token.text]
                if strength < least:
                    return left
                left = self.operation(left, self.take(), strength)
            elif token.kind == "power":
                left = self.power(left, token, self.node(self.take(), "number", name=token.text))
                if self.token.kind == "power" or self.token.text == "^":
                    self.fail(f"unexpected '{self.token.typed}' after a power", self.token.position, "use parentheses")
            elif token.kind in {"number", "name", "("}:
                if least > JUXTAPOSED and self.plain and after is not None and after.text != "^":
                    return left
                self.check_juxtaposed(token, after)
                if least > JUXTAPOSED:
                    return left
                left = self.node(token, "*", left, self.expression(POWER, token))
            else:
                return left

    def check_juxtaposed(self, token: Token, after: Token | None) -> None:
        """May a factor follow without an operator?"""
        if after is not None and after.text == "/" and self.plain:
            self.fail(
                "missing '*'", token.position, "after '/' this can be read in two ways; write '*' and parentheses"
            )
        if not self.plain or token.kind == "number" or (after is not None and after.text == "^"):
            self.fail(f"missing '*' before '{token.typed}'", token.position, "write an operator between the two")

    def operation(self, left: Node, token: Token, strength: int) -> Node:
        if token.text != "^":
            return self.node(token, token.text, left, self.expression(strength + 1, token))
        exponent = self.nested(token, POWER)
        return self.power(left, token, exponent)

    def power(self, base: Node, token: Token, exponent: Node) -> Node:
        self.plain = False
        value = exponent.constant
        if value is not None and abs(value) > MAX_EXPONENT:
            self.fail(
                "the exponent is too large", token.position, f"at most {MAX_EXPONENT}, and at least -{MAX_EXPONENT}"
            )
        if value is None and not (base.constant is not None and base.constant > 0):
            advice = "2^t and e^(-t) are allowed; for another base write exp(b*log(a)) for a^b"
            self.fail("the exponent must be a number, or the base a positive number,", token.position, advice)
        return self.node(token, "^", base, exponent)

    def nested(self, token: Token, least: int, after: Token | None = None) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail("nested too deeply", token.position, f"at most {MAX_NESTING} parentheses, signs and exponents")
        inner = self.expression(least, after or token)
        self.nesting -= 1
        return inner

    def operand(self, least: int, after: Token | None) -> Node:
        token = self.take()
        if token.kind == "number":
            self.plain = True
            return self.node(token, "number", name=token.text)
        if token.kind == "name":
            return self.named(token)
        if token.kind == "(":
            return self.parentheses(token)
        if token.kind == "operator" and token.text in "+-":
            # the sign of a product: -a b is -(a b), while the right-hand sides of * and ^ go on as they would
            inner = self.nested(token, max(least, PRODUCT), token if after is None else after)
            self.plain = False
            return inner if token.text == "+" else self.node(token, "negative", inner)
        if token.kind == "end":
            if after is None:
                self.fail(f"expected {EXPECTED}", token.position)
            self.fail(f"expected {EXPECTED} after '{after.typed}'", after.position)
        self.fail(f"unexpected '{token.typed}'", token.position, f"expected {EXPECTED}")

    def parentheses(self, opening: Token) -> Node:
        inner = self.nested(opening, SUM, opening)
        if self.token.kind != ")":
            self.fail("missing ')' for '('", opening.position)
        self.take()
        self.plain = True
        return inner

    def named(self, token: Token) -> Node:
        name = ALIASES.get(token.text, token.text)
        called = self.token.kind == "("
        if name in FUNCTIONS and name not in self.variables:
            if not called:
                self.fail(f"'{token.typed}' needs its argument in parentheses", token.position, f"{token.typed}(...)")
            return self.node(token, name, self.parentheses(self.take()))
        known = name in self.variables or name in CONSTANTS
        if called:
            advice = f"to multiply, write {token.typed}*(...)"
            if not known:
                near = _nearest(name)
                advice = (f"did you mean {near}? " if near else "") + f"{advice}; the functions are {KNOWN}"
            self.fail(f"'{token.typed}' is no function", token.position, advice)
        self.plain = False
        if name in self.variables or name in CONSTANTS:
            return self.node(token, "name" if name in self.variables else "constant", name=name)
        if advice := self.advice(name):
            self.fail(f"unknown name '{token.typed}'", token.position, advice)
        self.parameters.add(name)
        if len(self.parameters) > MAX_PARAMETERS:
            self.fail(f"'{token.typed}' is one parameter too many", token.position, f"at most {MAX_PARAMETERS}")
        return self.node(token, "name", name=name)

    def advice(self, name: str) -> str:
        """Why a name shall not be a parameter, which it would become unnoticed; empty where it may be one."""
        listed = ", ".join(self.variables)
        for right in (*self.variables, *CONSTANTS, *FUNCTIONS):
            if len(right) > 1 and name.lower() == right.lower():
                return f"did you mean {right}? Upper and lower case differ"
        if re.fullmatch("[xyzXYZ][0-9]*", name):
            return f"the variables are {listed}; x, y and z are not used as parameters"
        known = "|".join(sorted({*self.variables, *CONSTANTS}, key=len, reverse=True))
        if match := re.fullmatch(f"({'|'.join(FUNCTIONS)}|ln)({known})", name):
            return f"did you mean {match[1]}({match[2]})?"
        if re.fullmatch(f"({known})+", name):
            return f"did you mean {'*'.join(re.findall(known, name))}?"
        if match := re.search(r"z[0-9]+", name):
            return f"write '*' between the factors, such as a*{match[0]}; the variables are {listed}"
        return ""


def _nearest(name: str) -> str:
    return next(iter(difflib.get_close_matches(name.lower(), [*FUNCTIONS, *ALIASES], 1, 0.6)), "")


def _slope_size(node: Node) -> int:
    """At least the size of any first derivative of `node`, see `tree.derivative`; the rules' own nodes generously."""
    if not node.names:
        return 1
    total = 8
    for i, part in enumerate(node.parts):
        if part.names:  # each part that varies gives a term: its derivative, times what the others are
            total += _slope_size(part)
            if node.op == "*":
                total += node.parts[1 - i].size
            elif node.op == "/" and i == 0:
                total += node.parts[1].size
            elif node.op not in {"+", "-", "negative"}:
                total += node.size
    return total
