"""A scene as a picture with heat on it, whose objects can be moved by pointer, touch and arrow keys.

The browser draws the scene itself while an object moves, and asks for new heat whenever the last question is answered.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.figures.pointing import Marked
from core.figures.theme import EVIDENCE, STATE, lut
from core.labs.pointing_scene import clamp
from core.nn.scenes import CANVAS, TAG, Scene, Thing, box, cover, draw

_HERE = Path(__file__).parent
_COLOURS = f".arrange {{ --object: {STATE}; --heat: {EVIDENCE}; }}\n"
_arrange = component(
    "arrange",
    html='<div class="arrange"></div>',
    css=_COLOURS + (_HERE / "arrange.css").read_text(),
    js=(_HERE / "arrange.js").read_text(),
)


@dataclass(frozen=True)
class Move:
    """An object's new place."""

    number: int
    x: float
    y: float


def show_scene(marked: Marked, *, key: str, scene_key: str = "", on_move: Callable[[Move], None] | None = None) -> None:
    """Draw a scene, its boxes, and what else is marked on it.

    Args:
        scene_key: names the scene apart from where its objects are: a late move of another one is dropped.
        on_move: called, before the page runs again, with a move that keeps the object on the canvas; without it,
            nothing can be moved.
    """
    scene = marked.look.scene

    def moved() -> None:
        move = _move(scene, scene_key, _sent(st.session_state.get(key)))
        if move is not None and on_move is not None:
            on_move(move)

    heat = None
    if marked.heat:
        cells = marked.look.cells
        heat = {
            "rows": cells.shape[0],
            "columns": cells.shape[1],
            "values": _base64(cells.astype("<f4")),
            "high": float(cells.max()),
            "lut": _base64(lut("inferno")),
        }
    _arrange(
        key=key,
        data={
            "canvas": CANVAS,
            "scene": scene_key,
            "ground": _base64(draw(replace(scene, things=(), tag=None))),
            "tag": None if scene.tag is None else [TAG, [round(255 * part) for part in scene.tag]],
            "things": [_thing(thing, thing.kind == marked.look.kind) for thing in scene.things],
            "movable": on_move is not None,
            "heat": heat,
            "opacity": marked.opacity,
            "hottest": marked.look.hottest if marked.heat else None,
            "around": marked.look.hot_box if marked.around else None,
            "alt": marked.alt,
            "told": marked.told,
            "answered": _moment(_sent(st.session_state.get(key))),
        },
        on_move_change=moved,
    )


def _thing(thing: Thing, chosen: bool) -> dict[str, object]:
    """An object as the browser moves it: what it covers of each pixel, cut out, and where."""
    # By whole pixels towards the middle of the canvas, where nothing of it can be cut off.
    right, down = (round((0.5 - value) * CANVAS) for value in (thing.x, thing.y))
    whole = cover(replace(thing, x=thing.x + right / CANVAS, y=thing.y + down / CANVAS))
    rows, columns = (np.flatnonzero(whole.any(axis=axis)) for axis in (1, 0))
    cut = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return {
        "kind": thing.kind,
        "x": thing.x,
        "y": thing.y,
        "low": thing.size,
        "high": 1 - thing.size,
        "box": box(thing),
        "chosen": chosen,
        "colour": [255 * part for part in thing.colour],
        "left": int(columns[0]) - right,
        "top": int(rows[0]) - down,
        "columns": cut.shape[1],
        "cover": _base64(np.rint(255 * cut).astype(np.uint8)),
    }


def _sent(state: object) -> object:
    """The `move` in what the browser last sent."""
    return state.get("move") if isinstance(state, Mapping) else None


def _move(scene: Scene, scene_key: str, sent: object) -> Move | None:
    """A move as the browser sent it, clamped to the canvas; None for anything else."""
    match sent:
        case [str() as key, int() as number, int() | float() as x, int() | float() as y, *_] if (
            key == scene_key and 0 <= number < len(scene.things) and x == x and y == y  # not NaN
        ):
            return Move(number, *clamp(scene.things[number], float(x), float(y)))
    return None


def _moment(sent: object) -> int | None:
    """The browser's mark of its last move, handed back so that it knows which of its moves this answers."""
    match sent:
        case [_, _, _, _, int() as moment]:
            return moment
    return None


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
