"""Scenes: what a plane or a space holds, as arrays; the browser draws, plays and scrubs them.

A figure that moves or that is pointed into is a `Scene`; one that only stands is a plotly chart (`chart`).
Scenes that stand side by side share one `Clock`: a continuous time along the curves, or a list of frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Symbol = Literal["disc", "ring", "square", "cross", "triangle"]


@dataclass(frozen=True)
class Axis:
    """One axis of a scene, with a fixed range, so that a change of the data moves nothing else."""

    title: str
    """With its unit, such as ``time t (s)``; quantities without a unit stand alone."""
    low: float
    high: float
    log: bool = False
    """Logarithmic; `low` and `high` are the quantity's own values, above 0."""


@dataclass(frozen=True, eq=False)
class Arrows:
    """A vector field: short arrows centred at points, as long as they are given."""

    points: Float[np.ndarray, "n 2"]
    vectors: Float[np.ndarray, "n 2"]
    """In the units of the axes; on a logarithmic one the slope at the point."""
    colour: str
    name: str = ""
    frame: int | None = None
    """Shown only in this frame of the clock; None is always."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve in two dimensions, or three in a scene with a z axis. A row of NaN breaks it."""

    points: Float[np.ndarray, "n d"]
    colour: str
    name: str = ""
    """In the legend, where a click hides and shows all layers of this name; empty ones stay out."""
    times: Float[np.ndarray, " n"] | None = None
    """Increasing (or decreasing, for a curve solved backwards) from one break to the next; with a continuous clock the
    curve is drawn from its first point up to the clock's time, over a faint whole, with a head (open if dashed)."""
    width: float = 2.0
    dashed: bool = False
    frame: int | None = None


@dataclass(frozen=True, eq=False)
class Dots:
    """Single places."""

    points: Float[np.ndarray, "n d"]
    colour: str
    name: str = ""
    times: Float[np.ndarray, " n"] | None = None
    """With a continuous clock, each is solid from its time on and faint before."""
    symbol: Symbol = "disc"
    size: float = 4.0
    """Radius in CSS pixels."""
    labels: Sequence[str] = ()
    """One for each point, read out when it is pointed at; or none at all."""
    frame: int | None = None


@dataclass(frozen=True, eq=False)
class Shade:
    """Values on a grid that fills the axes: row 0 at the bottom (y low), column 0 at x low; NaN is left open.

    The cells are equal in size on the screen, also along a logarithmic axis. All shades lie beneath all other layers.
    """

    values: Float[np.ndarray, "rows columns"]
    limits: tuple[float, float]
    """Values at the two ends of the colour scale."""
    scale: str
    """A name that `core.figures.theme.lut` knows."""
    opacity: float = 0.5
    frame: int | None = None


Layer = Arrows | Line | Dots | Shade


@dataclass(frozen=True, eq=False)
class Scene:
    """One panel; layers are drawn in their order."""

    title: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]
    alt: str
    """What the panel shows, in words, with its numbers."""
    z: Axis | None = None
    """With it the scene is a space, turned by dragging and by arrow keys; it holds lines and dots of 3 columns."""
    square: bool = False
    """One unit of x as long as one of y: the plot takes the largest part of its panel that allows it."""
    handle: tuple[float, float] | None = None
    """A place that a click, a drag or the arrow keys move (2-D scenes only)."""
    handle_name: str = "start"


@dataclass(frozen=True)
class Clock:
    """What the slider beneath the scenes moves through.

    A continuous one runs from `low` to `high` in `seconds`; with `frames` it steps through them at `seconds` in all.
    """

    title: str
    """Such as ``time t (s)``."""
    low: float = 0.0
    """Where Play begins; above `high` it runs backwards."""
    high: float = 1.0
    start: float | None = None
    """Where it stands at first: the end unless given; for frames an index."""
    seconds: float = 6.0
    frames: tuple[str, ...] = ()
    """One label for each frame, such as ``h = 1/4, 8 layers``."""
