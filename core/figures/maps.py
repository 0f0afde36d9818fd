"""Grids of values as panels: what the browser needs to draw them, and the words that replace them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.cam import METHODS, Explanation
from core.figures.scene import Clock
from core.figures.theme import GREY, SIGNED


@dataclass(frozen=True, eq=False)
class Panel:
    """One grid of values over the network's input."""

    title: str
    values: Float[np.ndarray, "h w"]
    limits: tuple[float, float]
    """Values at the two ends of the colour scale."""
    scale: str
    """A name that `core.figures.theme.lut` knows."""
    alt: str
    """What the panel shows, in words."""
    on_picture: bool = False
    """Laid over the picture, rather than shown as bare cells."""
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Film:
    """One panel in many versions, and a clock that steps through them."""

    panels: tuple[Panel, ...]
    """One for each frame of the clock; over a picture, so that all are as large."""
    clock: Clock
    """With frames; it starts at `start`, or at the last."""
    beside: tuple[int, ...] = ()
    """For each frame, which of the panels beside belongs to it; -1 for none."""
    now: str = ""
    """Added to the title of that panel."""


def class_panel(explanation: Explanation, method: str, title: str, scale: str) -> Panel:
    """The class activation map on the picture, from 0 to its own maximum."""
    values = explanation.map(method)[0].numpy()
    high = float(values.max())
    return Panel(
        title,
        values,
        (0.0, high),
        scale,
        alt=f"{METHODS[method].title} for {title}. {in_words(values)}",
        on_picture=True,
        caption=f"maximum {high:.3g}" if high > 0 else "blank: no positive evidence",
    )


def sum_panels(explanation: Explanation, method: str, scale: str) -> list[Panel]:
    """The weighted sum with its signs, and what the ReLU leaves of it."""
    raw = explanation.raw_map(method)[0].numpy()
    kept = np.maximum(raw, 0)
    return [
        Panel("Weighted sum", raw, symmetric(raw), SIGNED, f"Weighted sum, signed. {in_words(raw)}"),
        Panel("After the ReLU", kept, (0.0, float(kept.max())), scale, f"After the ReLU. {in_words(kept)}"),
    ]


def feature_panels(explanation: Explanation, channels: Sequence[int]) -> list[Panel]:
    """Feature maps, on one common grey scale."""
    maps = explanation.activation[0, list(channels)].numpy()
    low, high = min(0.0, float(maps.min())), float(maps.max())
    return [
        Panel(
            f"A, k = {k}",
            values,
            (low, high),
            GREY,
            f"Feature map {k}. {in_words(values)}",
            caption=f"mean {values.mean():.3g}",
        )
        for k, values in zip(channels, maps, strict=True)
    ]


def gradient_panels(explanation: Explanation, channels: Sequence[int]) -> list[Panel]:
    """The gradient of the score with respect to the same feature maps, on one common signed scale."""
    maps = explanation.gradient[0, list(channels)].numpy()
    limits = symmetric(maps)
    return [
        Panel(
            f"∂y/∂A, k = {k}",
            values,
            limits,
            SIGNED,
            f"Gradient at feature map {k}. {in_words(values)}",
            caption=f"α = {values.mean():+.3g}",
        )
        for k, values in zip(channels, maps, strict=True)
    ]


def strongest(explanation: Explanation, count: int) -> list[int]:
    """The feature maps that move Grad-CAM's sum most, either way: the largest |alpha_k| mean |A^k|."""
    share = explanation.alpha[0].abs() * explanation.activation[0].abs().mean((1, 2))
    return share.argsort(descending=True)[:count].tolist()


def symmetric(values: np.ndarray) -> tuple[float, float]:
    """Limits of a signed scale: as far below 0 as above."""
    reach = float(np.abs(values).max())
    return -reach, reach


def in_words(values: Float[np.ndarray, "h w"]) -> str:
    """A text alternative: size, range, and where the largest value lies."""
    rows, columns = values.shape
    low, high = float(values.min()), float(values.max())
    size = f"{rows} by {columns} cells"
    if low == high:
        return f"{size}, all {high:.3g}."
    return f"{size}, from {low:.3g} to {high:.3g}, largest {place(values)}."


def place(values: Float[np.ndarray, "h w"]) -> str:
    """Where the largest value lies, as one of nine parts of the picture."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    vertical = ("at the top", "in the middle", "at the bottom")[int((row + 0.5) / values.shape[0] * 3)]
    horizontal = ("left", "centre", "right")[int((column + 0.5) / values.shape[1] * 3)]
    return f"{vertical}, {horizontal}"
