"""Scenes as canvases: they play, scrub and are pointed into without a round trip to the server."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.figures.scene import Arrows, Axis, Clock, Dots, Layer, Line, Scene, Shade
from core.figures.theme import lut

_HERE = Path(__file__).parent
_PARTS = ("axes", "space", "layers", "clock", "panel", "handle", "pin", "table")
"""The files that together with scenes.js make one module; only that one exports."""
_scenes = component(
    "scenes",
    html='<div class="scenes"></div>',
    css=(_HERE / "scenes.css").read_text(),
    js="\n".join(
        (_HERE / name).read_text() for name in ("saving.js", *(f"scenes_{part}.js" for part in _PARTS), "scenes.js")
    ),
)


def show_scenes(
    scenes: Sequence[Scene],
    *,
    key: str,
    clock: Clock | None = None,
    on_pick: Callable[[float, float], None] | None = None,
    on_keys: Callable[[float, float], None] | None = None,
    least_width: int = 320,
    height: int = 360,
    lead: bool = False,
) -> None:
    """Draw scenes side by side, as many as fit, over one clock.

    Args:
        on_pick: called, before the page runs again, with the place to which the handle was moved; inside its axes.
        on_keys: called in its stead where arrow keys moved the handle.
        least_width: of a panel, in CSS pixels.
        height: of a panel's canvas, in CSS pixels; square scenes on narrow screens take less.
        lead: the first of three stands beside the two others, as high as both, where there is room.
    """

    def picked() -> None:
        pick = _pick(st.session_state.get(key))
        place, called = _inside(scenes, pick), on_keys if on_keys and _by_keys(pick) else on_pick
        if place is not None and called is not None:
            called(*place)

    _scenes(
        key=key,
        data={
            "key": key,
            "scenes": [_scene(scene) for scene in scenes],
            "clock": None if clock is None else _clock(clock),
            "least": least_width,
            "height": height,
            "lead": lead,
            "answered": _moment(st.session_state.get(key)),
        },
        on_pick_change=picked,
    )


def _pick(state: object) -> object:
    """The `pick` in what the browser last sent."""
    return state.get("pick") if isinstance(state, Mapping) else None


def _inside(scenes: Sequence[Scene], pick: object) -> tuple[float, float] | None:
    """A place as the browser sent it, clamped to the axes of the scene with a handle; None for anything else."""
    scene = next((scene for scene in scenes if scene.handle is not None), None)
    match pick:
        case [int() | float() as x, int() | float() as y, *_] if scene and x == x and y == y:  # not NaN
            return _within(x, scene.x), _within(y, scene.y)
    return None


def _within(value: float, axis: Axis) -> float:
    return float(min(max(value, axis.low), axis.high))


def _moment(state: object) -> int | None:
    """The browser's mark of its last pick, handed back so that it knows which of its moves this answers."""
    match _pick(state):
        case [_, _, int() as moment, *_]:
            return moment
    return None


def _by_keys(pick: object) -> bool:
    """Whether the browser says that keys moved the handle."""
    match pick:
        case [_, _, _, True]:
            return True
    return False


def _scene(scene: Scene) -> dict[str, object]:
    return {
        "title": scene.title,
        "x": _axis(scene.x),
        "y": _axis(scene.y),
        "z": None if scene.z is None else _axis(scene.z),
        "layers": [_packed_once(layer) for layer in scene.layers],
        "alt": scene.alt,
        "square": scene.square,
        "handle": None if scene.handle is None else _handle(scene, scene.handle),
        "handleName": scene.handle_name,
    }


def _handle(scene: Scene, place: tuple[float, float]) -> list[float]:
    return [_within(_finite(value), axis) for value, axis in zip(place, (scene.x, scene.y), strict=True)]


def _axis(axis: Axis) -> dict[str, object]:
    return {"title": axis.title, "low": _finite(axis.low), "high": _finite(axis.high), "log": axis.log}


def _clock(clock: Clock) -> dict[str, object]:
    return {
        "title": clock.title,
        "low": _finite(clock.low),
        "high": _finite(clock.high),
        "start": None if clock.start is None else _finite(clock.start),
        "seconds": _finite(clock.seconds),
        "frames": clock.frames,
    }


_PACKED: WeakKeyDictionary[Layer, dict[str, object]] = WeakKeyDictionary()
"""What the browser gets of a layer, for as long as the layer lives in the pages' cache."""


def _packed_once(layer: Layer) -> dict[str, object]:
    if layer not in _PACKED:
        _PACKED[layer] = _layer(layer)
    return _PACKED[layer]


def _layer(layer: Layer) -> dict[str, object]:
    match layer:
        case Arrows():
            return {
                "kind": "arrows",
                "points": _packed(layer.points),
                "vectors": _packed(layer.vectors),
                "colour": layer.colour,
                "name": layer.name,
                "frame": layer.frame,
            }
        case Line():
            return {
                "kind": "line",
                "points": _packed(layer.points),
                "times": None if layer.times is None else _packed(layer.times),
                "colour": layer.colour,
                "name": layer.name,
                "width": _finite(layer.width),
                "dashed": layer.dashed,
                "frame": layer.frame,
            }
        case Dots():
            return {
                "kind": "dots",
                "points": _packed(layer.points),
                "times": None if layer.times is None else _packed(layer.times),
                "colour": layer.colour,
                "name": layer.name,
                "symbol": layer.symbol,
                "size": _finite(layer.size),
                "labels": list(layer.labels),
                "frame": layer.frame,
            }
        case Shade():
            rows, columns = layer.values.shape
            low, high = layer.limits
            shades = (layer.values - low) / ((high - low) or 1.0)
            return {
                "kind": "shade",
                "rows": rows,
                "columns": columns,
                # 1 to 255 along the scale; 0 is no value
                "shades": _base64(np.nan_to_num(1 + np.rint(shades.clip(0, 1) * 254), nan=0.0).astype(np.uint8)),
                "lut": _base64(lut(layer.scale)),
                "opacity": _finite(layer.opacity),
                "frame": layer.frame,
            }


def _finite(value: float) -> float:
    """A number that JSON has: a single NaN, or an infinity, would keep the browser from reading the whole page."""
    return min(max(float(np.nan_to_num(value)), -1e300), 1e300)


def _packed(array: np.ndarray) -> str:
    """Row by row, as little-endian float32."""
    return _base64(np.ascontiguousarray(array, "<f4"))


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
