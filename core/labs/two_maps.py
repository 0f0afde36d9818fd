"""Two maps on one picture, and their difference on a common grid."""

from dataclasses import dataclass

import numpy as np

from core.cam.metrics import rank_correlation
from core.cam.overlay import on_picture
from core.labs.trust import Map
from core.nn.preprocess import Box


@dataclass(frozen=True, eq=False)
class Side:
    """One of two maps on the same picture."""

    values: Map
    box: Box
    """What it covers, in the picture's pixels."""
    unit: str
    """Two maps with the same unit can be subtracted as they are."""


@dataclass(frozen=True, eq=False)
class Difference:
    """A less B, where both networks saw the picture."""

    values: Map
    box: Box
    relative: bool
    """Each was divided by its maximum first."""
    finer: str
    """``A`` or ``B``: whose cells these are."""
    rank: float
    """Rank correlation of the two, on these cells."""


def difference(a: Side, b: Side) -> Difference | None:
    """On the finer one's cells, the coarser read bilinearly at their centres; None if they share no place."""
    box = (max(a.box[0], b.box[0]), max(a.box[1], b.box[1]), min(a.box[2], b.box[2]), min(a.box[3], b.box[3]))
    width, height = box[2] - box[0], box[3] - box[1]
    if width <= 0 or height <= 0:
        return None
    cells = [((s.box[2] - s.box[0]) / s.values.shape[1], (s.box[3] - s.box[1]) / s.values.shape[0]) for s in (a, b)]
    finer = min((0, 1), key=lambda i: cells[i][0] * cells[i][1])
    columns, rows = max(1, round(width / cells[finer][0])), max(1, round(height / cells[finer][1]))
    across, down = width / columns, height / rows
    relative = a.unit != b.unit
    read = []
    for side in (a, b):
        left, top, right, bottom = side.box
        moved = ((left - box[0]) / across, (top - box[1]) / down, (right - box[0]) / across, (bottom - box[1]) / down)
        highest = float(side.values.max())
        values = on_picture(side.values, (rows, columns), moved)
        read.append(values / highest if relative and highest > 0 else values)
    rank = rank_correlation(read[0], read[1])
    return Difference((read[0] - read[1]).astype(np.float32), box, relative, "AB"[finer], rank)
