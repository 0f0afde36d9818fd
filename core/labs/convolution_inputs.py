"""Small grids of numbers, each made so that some kernel has something to find."""

from collections.abc import Callable

from core.conv.kernels import Weights

SIDE = 8


def _grid(value: Callable[[int, int], float]) -> Weights:
    return tuple(tuple(float(value(row, column)) for column in range(SIDE)) for row in range(SIDE))


GRIDS: dict[str, tuple[str, Weights]] = {
    "square": ("A bright square", _grid(lambda row, column: 9 * (1 < row < 6 and 1 < column < 6))),
    "edge": ("An upright edge", _grid(lambda row, column: 9 if column > 3 else 1)),
    "ramp": ("A ramp, brighter to the right", _grid(lambda row, column: column)),
    "diagonal": ("A diagonal line", _grid(lambda row, column: 9 * (row == column))),
    "dot": ("One bright cell", _grid(lambda row, column: 9 * (row == column == 3))),
    "board": ("A chessboard", _grid(lambda row, column: 9 * ((row + column) % 2))),
    "flat": ("One brightness", _grid(lambda row, column: 5)),
}
"""Name -> (title, cells from 0 to 9)."""
