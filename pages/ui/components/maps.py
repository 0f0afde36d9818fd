"""Maps as canvases: values on hover, touch and arrow keys, linked across all panels of a page."""

import base64
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from streamlit.components.v2 import component

from core.figures.maps import Film, Panel
from core.figures.theme import lut
from core.images import Picture
from core.nn.preprocess import Box
from pages.ui import cached

_HERE = Path(__file__).parent
_maps = component(
    "maps",
    html='<div class="maps"></div>',
    css=(_HERE / "maps.css").read_text(),
    js="\n".join((_HERE / name).read_text() for name in ("scenes_clock.js", "maps.js")),
)


def show_maps(
    panels: Sequence[Panel],
    picture: Picture,
    box: Box,
    *,
    key: str,
    opacity: float = 0.5,
    smooth: bool = True,
    least_width: int = 300,
    film: Film | None = None,
) -> None:
    """Draw panels over one input of a network.

    Args:
        panels: the grids; those with `on_picture` are blended over `picture`.
        box: the part of the picture that the network was fed, in the picture's pixels.
        opacity: of the heat over the picture, 0 to 1.
        smooth: bilinear between cell centres, or one colour per cell.
        least_width: of a panel, in CSS pixels; as many stand side by side as fit.
        film: shown in a large panel before the others, with a slider that moves it in the browser.
    """
    if film is not None:
        first = -1 if film.clock.start is None else int(film.clock.start)
        panels = [film.panels[first], *panels]
    frames = film.panels if film is not None else ()
    height, width = picture.rgb.shape[:2]
    left, top, right, bottom = box
    shown = cached.shown(picture)
    _maps(
        key=key,
        data={
            "panels": [_as_data(panel) for panel in panels],
            "luts": {name: _base64(lut(name)) for name in {panel.scale for panel in (*panels, *frames)}},
            "picture": shown.url if any(panel.on_picture for panel in panels) else None,
            "size": shown.size,
            "box": (left / width, top / height, right / width, bottom / height),
            "opacity": opacity,
            "smooth": smooth,
            "least": least_width,
            "clock": None if film is None else dataclasses.asdict(film.clock),
            "frames": [_as_data(panel) for panel in frames],
            "beside": () if film is None else film.beside,
            "now": "" if film is None else film.now,
        },
    )


def _as_data(panel: Panel) -> dict[str, object]:
    rows, columns = panel.values.shape
    return {
        "title": panel.title,
        "caption": panel.caption,
        "alt": panel.alt,
        "rows": rows,
        "columns": columns,
        "values": _base64(panel.values.astype("<f4")),
        "low": panel.limits[0],
        "high": panel.limits[1],
        "scale": panel.scale,
        "onPicture": panel.on_picture,
    }


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
