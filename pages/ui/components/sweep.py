"""A kernel's walk as canvases and tables: it plays, steps and scrubs without a round trip to the server."""

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from streamlit.components.v2 import component

from core.figures.convolution import Grid
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, STATE, lut
from core.labs.convolution import Walk

_HERE = Path(__file__).parent
_PARTS = ("numbers", "grid", "gallery")
"""The files that together with sweep.js make one module; only that one exports."""
_COLOURS = f".sweep {{ --up: {EVIDENCE}; --down: {AGAINST}; --mark: {GRADIENT}; }}\n"
_sweep = component(
    "sweep",
    html='<div class="sweep"></div>',
    css=_COLOURS + (_HERE / "sweep.css").read_text(),
    js="\n".join(path.read_text() for path in (*(_HERE / f"sweep_{part}.js" for part in _PARTS), _HERE / "sweep.js")),
)


def show_sweep(walk: Walk, inputs: Sequence[Grid], outputs: Sequence[Grid], *, key: str, whole: bool = False) -> None:
    """Draw a walk with all its frames.

    Args:
        inputs, outputs: its grids, as `core.figures.convolution` makes them.
        whole: whether the maps are shown whole at first, and not as far as the kernel has come.
    """
    found = walk.sweep
    _sweep(
        key=key,
        data={
            "inputs": [_grid(grid) for grid in inputs],
            "outputs": [_grid(grid) for grid in outputs],
            "luts": _luts((*inputs, *outputs)),
            "kernels": _packed(found.kernels.astype("<f8")),
            "biases": found.biases.tolist(),
            "size": list(found.kernels.shape[2:]),
            "map": list(found.output.shape[1:]),
            "stride": found.params.stride,
            "dilation": found.params.dilation,
            "before": [found.down.before, found.along.before],
            "inner": [found.down.n, found.along.n],
            "whole": whole,
            "accent": STATE,
            "mark": GRADIENT,
        },
    )


def show_grids(grids: Sequence[Grid], *, key: str) -> None:
    """Draw grids side by side, as many as fit; pointing at a cell, or the arrow keys, read its value."""
    _sweep(key=key, data={"gallery": True, "outputs": [_grid(grid) for grid in grids], "luts": _luts(grids)})


def _luts(grids: Sequence[Grid]) -> dict[str, str]:
    return {name: _packed(lut(name)) for name in {grid.scale for grid in grids}}


def _grid(grid: Grid) -> dict[str, object]:
    rows, columns = grid.values.shape
    return {
        "name": grid.name,
        "title": grid.title,
        "rows": rows,
        "columns": columns,
        "values": _packed(np.ascontiguousarray(grid.values, "<f8")),
        "low": grid.limits[0],
        "high": grid.limits[1],
        "scale": grid.scale,
        "alt": grid.alt,
        "note": grid.note,
    }


def _packed(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
