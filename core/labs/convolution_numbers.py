"""Grids of numbers as a learner types them, and back: rows on lines, a blank line between channels."""

import re
from fractions import Fraction

from core.conv.sweep import Grids

MOST_DIGITS = 6
"""Of a number before the point, behind it, and below a fraction's line."""
_NUMBER = re.compile(
    rf"[+-]?(\d{{1,{MOST_DIGITS}}}(\.\d{{0,{MOST_DIGITS}}})?|\.\d{{1,{MOST_DIGITS}}})(/\d{{1,4}})?", re.ASCII
)


class NumbersError(ValueError):
    """The text is no grid that is accepted; the message says what was expected and what came."""


def read_grids(text: str, most: int, grids: int) -> Grids:
    """Grids of the same size, at most `grids` of them with at most `most` rows and columns each.

    Numbers stand apart by blanks or commas, rows by lines or semicolons. A number may be a fraction such as 1/9.

    Raises:
        NumbersError: for whatever reason there are none.

    >>> read_grids("1 2; 3 -.5", 12, 1)
    (((1.0, 2.0), (3.0, -0.5)),)
    """
    lines = [line.replace(",", " ").split() for line in text.replace(";", "\n").split("\n")]
    found: list[list[tuple[float, ...]]] = [[]]
    for number, line in enumerate(lines, 1):
        if line:
            found[-1].append(tuple(_number(word, number) for word in line))
        elif found[-1]:
            found.append([])
    found = [grid for grid in found if grid]
    if not found:
        raise NumbersError("Expected rows of numbers, got none.")
    if len(found) > grids:
        raise NumbersError(f"Expected at most {grids} grids, one for each channel; got {len(found)}.")
    for grid in found:
        _check(grid, most)
    sizes = [f"{len(grid)} x {len(grid[0])}" for grid in found]
    if len(set(sizes)) > 1:
        raise NumbersError(f"Expected grids of one size, got {', '.join(sizes)}.")
    return tuple(map(tuple, found))


def write_grids(grids: Grids) -> str:
    """The text that `read_grids` reads back.

    >>> write_grids((((1 / 9, 0.5, -2.0),),))
    '1/9 0.5 -2'
    """
    return "\n\n".join("\n".join(" ".join(map(_written, row)) for row in grid) for grid in grids)


def _written(value: float) -> str:
    """A decimal where two places are enough, or else a fraction: ninths have no decimal."""
    two, six = (f"{value:.{places}f}".rstrip("0").rstrip(".") for places in (2, 6))
    fraction = Fraction(value).limit_denominator(9999)
    return str(fraction) if float(two) != value and float(fraction) == value else six


def _check(grid: list[tuple[float, ...]], most: int) -> None:
    lengths = [len(row) for row in grid]
    if len(set(lengths)) > 1:
        raise NumbersError(
            f"Expected rows of one length, got rows of {', '.join(map(str, lengths[: most + 1]))} numbers."
        )
    if max(len(grid), lengths[0]) > most:
        raise NumbersError(f"Expected at most {most} rows and {most} columns, got {len(grid)} x {lengths[0]}.")


def _number(word: str, line: int) -> float:
    if not _NUMBER.fullmatch(word):
        raise NumbersError(f"Expected numbers such as 3, -0.5 or 1/9; line {line} has {word[:20]!r}.")
    above, _, below = word.partition("/")
    if below and not int(below):
        raise NumbersError(f"Line {line} divides by zero: {word[:20]!r}.")
    return float(above) / int(below or 1)
