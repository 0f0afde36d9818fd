"""The summary of a network as Keras 3 prints it on a terminal of 80 columns: layer, output shape, parameters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from core.conv.layers import Shape

HEADER = ("Layer (type)", "Output Shape", "Param #")
_WIDTHS = (31, 22, 13)
"""Characters inside the three columns."""
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class Row:
    """A layer in the summary.

    Attributes:
        kind: Keras' class, such as ``Conv2D``.
        shape: of its output, channels last, without the batch.
        trainable, fixed: its numbers, learned and only kept.
        name: given by Keras if empty; see `named`.
    """

    kind: str
    shape: Shape
    trainable: int = 0
    fixed: int = 0
    name: str = ""

    @property
    def parameters(self) -> int:
        """What the last column counts."""
        return self.trainable + self.fixed


def named(rows: Sequence[Row]) -> tuple[str, ...]:
    """The layers' names; those without one get Keras': the class in small letters, counted from the second on.

    >>> named([Row("Conv2D", (4, 4, 1)), Row("ZeroPadding2D", (6, 6, 1)), Row("Conv2D", (4, 4, 1))])
    ('conv2d', 'zero_padding2d', 'conv2d_1')
    """
    counts: dict[str, int] = {}
    names = []
    for row in rows:
        base = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", row.kind)).lower()
        number = counts.get(base, 0)
        if not row.name:
            counts[base] = number + 1
        names.append(row.name or (f"{base}_{number}" if number else base))
    return tuple(names)


def cells(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """The three texts of each row."""
    return [
        (f"{name} ({row.kind})", f"({', '.join(['None', *map(str, row.shape)])})", f"{row.parameters:,}")
        for name, row in zip(named(rows), rows, strict=True)
    ]


def totals(rows: Sequence[Row]) -> list[str]:
    """The three lines beneath the table; memory is that of 32-bit floats."""
    trainable, fixed = sum(row.trainable for row in rows), sum(row.fixed for row in rows)
    counts = {"Total": trainable + fixed, "Trainable": trainable, "Non-trainable": fixed}
    return [f" {name} params: {count:,} ({memory(4 * count)})" for name, count in counts.items()]


def summary(rows: Sequence[Row], model: str = "sequential") -> str:
    """The whole text, as `keras.Model.summary` prints it.

    >>> print(summary([Row("Dense", (10,), 170)]).splitlines()[4])
    │ dense (Dense)                   │ (None, 10)             │           170 │
    """
    table = [_rule("┏┳┓", "━"), _line(HEADER, "┃"), _rule("┡╇┩", "━")]
    for number, row in enumerate(cells(rows)):
        if number:
            table.append(_rule("├┼┤", "─"))
        parts = [wrap(text, width) for text, width in zip(row, _WIDTHS, strict=True)]
        table.extend(_line(texts, "│") for texts in zip_longest(*parts, fillvalue=""))
    return "\n".join([f'Model: "{model}"', *table, _rule("└┴┘", "─"), *totals(rows)])


def memory(count: float) -> str:
    """Bytes as Keras writes them, in units of 1,024.

    >>> memory(4 * 760)
    '2.97 KB'
    """
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.2f} {_UNITS[unit]}"


def _line(texts: Sequence[str], edge: str) -> str:
    first, second, last = texts
    inside = (first.ljust(_WIDTHS[0]), second.ljust(_WIDTHS[1]), last.rjust(_WIDTHS[2]))
    return f"{edge} {f' {edge} '.join(inside)} {edge}"


def _rule(corners: str, stroke: str) -> str:
    left, middle, right = corners
    return left + middle.join(stroke * (width + 2) for width in _WIDTHS) + right
