"""Characters to words: numbers, names, operators, each with its position; anything else is pointed at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LENGTH = 300
"""Most characters of a formula: checked before anything else looks at them."""
MAX_NAME = 12
"""Most characters of a name."""
MAX_DIGITS = 16
"""Most digits of a number: more than a float64 holds."""
MAX_NUMBER = 1e100
"""Largest absolute value of a number, and of what is computed from numbers alone; 1 / `MAX_NUMBER` is the smallest."""

GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Γ": "Gamma",
    "Δ": "Delta",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Ξ": "Xi",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
    "µ": "mu",
    "ϵ": "epsilon",
    "ϑ": "theta",
    "ϕ": "phi",
}
"""Greek letter -> its name; without those that look like Latin ones, and Σ and Π, which mean sums and products."""
SUPERSCRIPTS = {"²": "2", "³": "3"}
SIGNS = {"−": "-", "·": "*", "⋅": "*", "×": "*"}
"""Typeset signs -> the operator each means."""
SPACES = " \t\u00a0"

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_ADVICE = {
    "=": "type only the right-hand side",
    ",": "write a decimal point as '.'; every function takes one argument",
    "_": "write z1 for z with index 1",
    "[": "use '('",
    "{": "use '('",
    "]": "use ')'",
    "}": "use ')'",
    "÷": "write '/'",
    "√": "write sqrt(...)",
    "–": "write '-'",
    "—": "write '-'",
    "|": "write abs(...)",
    "'": "write a derivative's formula, not its name",
}
_WINDOW = 60  # columns of the text that `pointed` shows


class FormulaError(ValueError):
    """A text that is no formula, or one beyond the bounds.

    Attributes:
        message: what is wrong, and where.
        text: the text, at most `MAX_LENGTH` characters; whatever has no place in a formula is shown as U+FFFD.
        position: where, from 1; one past the last character where something is missing at the end.
        component: of which component of a field, from 1; None for a formula by itself.
    """

    def __init__(self, message: str, text: str, position: int, component: int | None = None) -> None:
        self.message = message
        self.text = "".join(map(_shown, text[:MAX_LENGTH]))
        self.position = position
        self.component = component
        super().__init__(message, self.text, position, component)  # all of it, so that a copy can be made

    def __str__(self) -> str:
        return self.message if self.component is None else f"in the formula for z{self.component}': {self.message}"

    def pointed(self) -> str:
        """Two lines of plain text: the formula, or the part of it around the mistake, and a caret under the mistake."""
        column = self.position - 1
        start = max(0, min(column - _WINDOW // 2, len(self.text) - _WINDOW))
        end = start + _WINDOW
        before, after = "…" * (start > 0), "…" * (end < len(self.text))
        return f"{before}{self.text[start:end]}{after}\n{' ' * (len(before) + column - start)}^"


@dataclass(frozen=True)
class Token:
    """A word of a formula."""

    kind: str
    """number, name, operator, power (a superscript), (, ) or end."""
    text: str
    """In plain letters: μ is mu, · is *, ** is ^."""
    position: int
    """Of its first character, from 1."""
    typed: str
    """As it was typed, at most `MAX_NAME` characters."""


def tokens(text: str) -> Iterator[Token]:
    """The words of `text` one by one, the last of kind end.

    Raises:
        FormulaError: a character that has no meaning here, a number or a name that is too long.
    """
    i = 0
    while i < len(text):
        character = text[i]
        if character in SPACES:
            i += 1
            continue
        token, length = _token(text, i)
        yield token
        i += length
    yield Token("end", "", len(text) + 1, "the end")


def _token(text: str, i: int) -> tuple[Token, int]:
    character = text[i]
    if match := _NUMBER.match(text, i):
        typed = match.group()
        _check_number(typed, text, i + 1)
        return Token("number", _plain(typed), i + 1, typed[:MAX_NAME]), len(typed)
    if character in GREEK:
        index = re.compile("[0-9]*").match(text, i + 1)
        typed = character + (index.group() if index else "")
        _check_name(GREEK[character] + typed[1:], text, i + 1)
        return Token("name", GREEK[character] + typed[1:], i + 1, typed), len(typed)
    if match := _NAME.match(text, i):
        typed = match.group()
        _check_name(typed, text, i + 1)
        return Token("name", typed, i + 1, typed), len(typed)
    if text.startswith("**", i):
        return Token("operator", "^", i + 1, "**"), 2
    if character in "+-*/^" or character in SIGNS:
        return Token("operator", SIGNS.get(character, character), i + 1, character), 1
    if character in "()":
        return Token(character, character, i + 1, character), 1
    if character in SUPERSCRIPTS:
        return Token("power", SUPERSCRIPTS[character], i + 1, character), 1
    raise FormulaError(f"unexpected {_named(character)} at position {i + 1}{_advice(character)}", text, i + 1)


def _check_number(typed: str, text: str, position: int) -> None:
    mantissa, _, exponent = typed.lower().partition("e")
    if sum(map(str.isdigit, mantissa)) > MAX_DIGITS:
        raise FormulaError(f"more than {MAX_DIGITS} digits in the number at position {position}", text, position)
    short = len(exponent) <= 4  # also of a zero: exact arithmetic would write 0e999999999 out
    value = float(typed) if short else float("inf")
    zero = short and not mantissa.strip("0.")
    if not (zero or 1 / MAX_NUMBER <= value <= MAX_NUMBER):
        raise FormulaError(
            f"the number at position {position} is out of range: 0, or from 1e-100 to 1e100", text, position
        )
    follows = text[position - 1 + len(typed) :][:1]
    if typed == "0" and follows and follows in "xXoObB":
        raise FormulaError(
            f"unexpected '{follows}' at position {position + 1}: numbers are decimal", text, position + 1
        )


def _check_name(name: str, text: str, position: int) -> None:
    if len(name) > MAX_NAME:
        raise FormulaError(f"the name at position {position} has more than {MAX_NAME} characters", text, position)


def _plain(typed: str) -> str:
    """A number with digits on both sides of its point, or without one."""
    mantissa, mark, exponent = typed.lower().partition("e")
    whole, point, decimals = mantissa.partition(".")
    return (whole or "0") + (point + decimals if decimals else "") + mark + exponent


def _shown(character: str) -> str:
    if character in SPACES:
        return " "
    known = character in GREEK or character in SIGNS or character in SUPERSCRIPTS
    return character if known or (character.isascii() and character.isprintable()) else "\ufffd"


def _named(character: str) -> str:
    """A character as a message shows it: never itself where it could act on the text around it, or pass for another."""
    if character.isascii() and character.isprintable():
        return f'"{character}"' if character == "'" else f"'{character}'"
    name = unicodedata.name(character, "")
    return f"character U+{ord(character):04X}" + (f" ({name})" if name else "")


def _advice(character: str) -> str:
    if character in _ADVICE:
        return f": {_ADVICE[character]}"
    if character in "\n\r":
        return ": a formula is one line"
    if not character.isascii() and character.isalpha():
        return ": it may look like one, but is no letter from a to z"
    return ""
