"""Colours by meaning, the same in light and dark, and perceptual colour scales."""

from functools import cache

import numpy as np
import plotly.colors
from jaxtyping import UInt8

STATE = "#3d85c6"
"""Activations: what the network holds."""
GRADIENT = "#d9822b"
"""Derivatives."""
EVIDENCE = "#c2417c"
"""What speaks for a class."""
AGAINST = "#2f9e8f"
"""What speaks against it."""
MUTED = "#8a8f98"
TRUTH = MUTED
"""The exact or given thing that a computation is held against."""
SERIES = (STATE, GRADIENT, AGAINST, EVIDENCE, "#8a6fd1", "#7f6a4f")
"""For several alike things in one picture, told apart also by symbol, dash or label."""

SEQUENTIAL = ("inferno", "viridis", "cividis", "magma")
"""Perceptually uniform scales for values from 0 up; a learner may choose among them."""
SIGNED = "signed"
"""Diverging scale for values around 0: against, neutral, for."""
GREY = "grey"


@cache
def lut(scale: str) -> UInt8[np.ndarray, "256 3"]:
    """The 256 colours of a scale, from low to high.

    Raises:
        KeyError: a scale that is none of `SEQUENTIAL`, `SIGNED` and `GREY`.
    """
    anchors = {
        **{name: plotly.colors.get_colorscale(name) for name in SEQUENTIAL},
        SIGNED: [[0.0, "#14655b"], [0.25, AGAINST], [0.5, "#f4f1ee"], [0.75, EVIDENCE], [1.0, "#7a1547"]],
        GREY: [[0.0, "#101418"], [1.0, "#f4f6f8"]],
    }[scale]
    at = np.linspace(0, 1, 256)
    places = [place for place, _ in anchors]
    channels = np.array([_rgb(colour) for _, colour in anchors], dtype=float)  # (anchors, 3)
    table = np.stack([np.interp(at, places, channels[:, i]) for i in range(3)], axis=1)
    table = np.rint(table).astype(np.uint8)
    table.flags.writeable = False
    return table


def _rgb(colour: str) -> tuple[float, ...]:
    if colour.startswith("#"):
        return plotly.colors.hex_to_rgb(colour)
    return plotly.colors.unlabel_rgb(colour)
