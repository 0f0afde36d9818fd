"""What a common mistake is, and what settles it: texts, numbers, checked formulas, curves and grids."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.derivations.step import Derivation, Step
from core.labs import checked

Cell = str | int | float


@dataclass(frozen=True)
class Control:
    """The one number that a learner may change; all numbers are int, or all are float."""

    label: str
    low: float
    high: float
    default: float
    step: float


@dataclass(frozen=True)
class Table:
    """Measured numbers, as they were measured; `markdown` rounds them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: int = 4

    def column(self, name: str) -> list[Cell]:
        """The entries under a heading."""
        return [row[self.columns.index(name)] for row in self.rows]

    @property
    def markdown(self) -> str:
        """The table for a page, rounded to `digits`; its first column on the left."""
        lines = [self.columns, (":--", *("--:" for _ in self.columns[1:]))]
        lines += [tuple(shown(cell, self.digits) for cell in row) for row in self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Curve:
    """One series of a plot."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    kind: str = "line"
    """line, dashed or dots."""


@dataclass(frozen=True)
class Plot:
    """Curves over one pair of axes; a title has its unit where there is one."""

    curves: tuple[Curve, ...]
    x_title: str
    y_title: str
    x_log: bool = False
    y_log: bool = False


@dataclass(frozen=True, eq=False)
class Grid:
    """A map as a picture: row 0 on top, `low` and `high` at the ends of the colours."""

    title: str
    values: Float[np.ndarray, "rows columns"]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Settled:
    """What settles a statement.

    Attributes:
        ran: what was computed, before any result of it.
        concludes: what the numbers say, with the ones that decide.
        table: the numbers.
        right, wrong: formulas that were checked: as it is, and as it is often read.
        holds: for what the right ones were checked.
    """

    ran: str
    concludes: str
    table: Table | None = None
    right: tuple[checked.Checked, ...] = ()
    wrong: tuple[checked.Checked, ...] = ()
    holds: str = ""
    plot: Plot | None = None
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """A statement that is often read, and what is true.

    Attributes:
        name: short, for links and tests.
        title: a few words for a list.
        said: the statement as it is often read.
        true: what is true, in its place.
        page: slug of the page that teaches it.
        settle: value of the control -> what settles it.
    """

    name: str
    theme: str
    title: str
    said: str
    true: str
    page: str
    settle: Callable[[float], Settled]
    control: Control


def proof(right: Derivation, *wrong: Step) -> tuple[checked.Report, checked.Report]:
    """A derivation and its wrong versions, all checked now."""
    read = Derivation(right.title, right.holds, right.source, wrong)
    return checked.check(right), checked.check(read)


def shown(cell: Cell, digits: int = 4) -> str:
    """A cell of a table as text, rounded to so many digits.

    >>> shown(1234), shown(1.23456e-5), shown(0.5), shown("a"), shown(float("nan"))
    ('1,234', '1.235e-05', '0.5', 'a', 'none')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    if cell != cell:
        return "none"
    return f"{cell:.{digits}g}"


def tensor(*values: float) -> Tensor:
    """A vector of float64; torch would round the numbers to float32 before it widens them."""
    return torch.tensor(values, dtype=torch.float64)


def rough(value: float) -> str:
    """Two digits, without a power of ten up to millions.

    >>> rough(5919.3), rough(0.06152), rough(6.94)
    ('5,900', '0.062', '6.9')
    """
    return f"{float(f'{value:.2g}'):,g}" if value < 1e6 else f"{value:.2g}"
