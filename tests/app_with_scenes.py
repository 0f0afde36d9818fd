"""Scenes with known data, in a Streamlit app of their own: `streamlit run` this file; `?show=` picks one of them."""

import numpy as np
import streamlit as st

from core.figures.scene import Arrows, Axis, Clock, Dots, Line, Scene, Shade
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, STATE, TRUTH
from pages.ui.components.scenes import show_scenes

TURN = 2 * np.pi


def moved(x: float, y: float) -> None:
    """What the server heard last."""
    st.session_state["start"] = (x, y)


def plane() -> None:
    """A circle run through in time, its two coordinates over time, and what was solved backwards."""
    start = st.session_state.setdefault("start", (1.0, 0.0))
    end = st.slider("end", 1.0, 12.0, TURN, key="end")
    t = np.linspace(0, end, 401)
    turned = np.stack([np.cos(t), np.sin(t)], 1) @ np.array([start, (-start[1], start[0])])
    half = turned[: len(t) // 2]
    around = np.stack(np.meshgrid(np.linspace(-2, 2, 17), np.linspace(-2, 2, 17)), -1).reshape(-1, 2)
    field = 0.15 * np.stack([-around[:, 1], around[:, 0]], 1)
    z = Axis("state z₁", -2, 2), Axis("state z₂", -2, 2)
    stops = slice(0, None, 50)
    phase = Scene(
        "Phase plane",
        *z,
        [
            Arrows(around, field, MUTED, "field"),
            Line(turned, STATE, "solution", times=t, width=3),
            Line(half[::-1] * 0.5, AGAINST, "backwards", times=t[: len(half)][::-1]),
            Dots(turned[stops], GRADIENT, "steps", times=t[stops], labels=[f"step {i}" for i in range(len(t[stops]))]),
            Dots(np.zeros((1, 2)), TRUTH, "fixed point", symbol="cross", size=6),
        ],
        "A circle around the origin.",
        square=True,
        handle=start,
    )
    seconds = Axis("time t (s)", 0, 12)
    over_time = Scene(
        "Over time",
        seconds,
        Axis("state z", -2, 2),
        [
            Line(np.stack([t, turned[:, 0]], 1), STATE, "z₁", times=t),
            Line(np.stack([t, turned[:, 1]], 1), GRADIENT, "z₂", times=t, dashed=True),
            Line(np.array([[0, 0], [12, 0]]), TRUTH, "zero", width=1),
        ],
        "A cosine and a sine.",
    )
    show_scenes([phase, over_time], key="plane", clock=Clock("time t (s)", 0, end, seconds=2), on_pick=moved)
    st.text(f"start {start[0]:.3f} {start[1]:.3f}")


def frames() -> None:
    """Three frames of dots over a shade that stays; more of them on demand."""
    count = int(st.number_input("frames", 1, 9, 3, key="frames"))
    values = np.add.outer(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40))
    values[:10, :10] = np.nan
    layers = [
        Shade(values, (-2, 2), "signed"),
        *(Dots(np.array([[k + 0.5, 0.5]]), "#000000", "place", size=8, frame=k) for k in range(count)),
    ]
    scene = Scene("Frames", Axis("place x", 0, 9), Axis("height y", 0, 1), layers, "A dot that jumps.")
    clock = Clock("step", start=0, seconds=1.5, frames=tuple(f"frame {k}, x = {k + 0.5}" for k in range(count)))
    show_scenes([scene], key="frames_scene", clock=clock)


def logarithmic() -> None:
    """An error over a step size, both logarithmic; the handle picks a step size. No clock."""
    start = st.session_state.setdefault("start", (0.01, 1e-4))
    h = np.geomspace(1e-4, 1, 9)
    layers = [
        Line(np.stack([h, h], 1), STATE, "Euler", times=h),
        Dots(np.stack([h, h], 1), STATE, "Euler", symbol="ring", size=5),
        Line(np.stack([h, h**2], 1), GRADIENT, "midpoint", dashed=True),
        Dots(np.stack([h, h**2], 1), GRADIENT, "midpoint", symbol="triangle", size=5),
        Dots(np.stack([h, h**0.5], 1), EVIDENCE, "half order", symbol="square"),
    ]
    x, y = Axis("step size h (s)", 1e-4, 1, log=True), Axis("global error", 1e-8, 1, log=True)
    show_scenes([Scene("Order", x, y, layers, "Two lines of slope 1 and 2.", handle=start)], key="log", on_pick=moved)
    st.text(f"start {start[0]:.4g} {start[1]:.4g}")


def space() -> None:
    """A helix in three dimensions."""
    t = np.linspace(0, 3 * TURN, 600)
    helix = np.stack([np.cos(t), np.sin(t), t / 10], 1)
    layers = [
        Line(helix, STATE, "helix", times=t, width=2.5),
        Dots(helix[::100], EVIDENCE, "turns", times=t[::100], labels=list("abcdef")),
    ]
    axes = Axis("state z₁", -1, 1), Axis("state z₂", -1, 1)
    scene = Scene("Helix", *axes, layers, "A helix that climbs.", z=Axis("augmented a", 0, 2))
    show_scenes([scene], key="space", clock=Clock("time t (s)", 0, 3 * TURN, start=3 * TURN / 2))


def three() -> None:
    """Three scenes, the first of which leads."""
    line = Line(np.array([[0.0, 0.0], [1.0, 1.0]]), STATE, "line")
    axes = Axis("time t (s)", 0, 1), Axis("state z", 0, 1)
    show_scenes([Scene(name, *axes, [line], "A line.") for name in "ABC"], key="three", height=200, lead=True)


def odd() -> None:
    """What labs may hand over when all goes wrong; a clock that runs backwards."""
    nothing, one = np.zeros((0, 2)), np.ones((1, 2))
    gone = np.full((5, 2), np.nan)
    away = np.array([[0.0, 0.0], [1e30, -1e30], [np.inf, 1.0], [0.5, 0.5], [1e300, 1.0], [1.0, 0.0]])
    layers = [
        Arrows(np.concatenate([one, gone]), np.concatenate([0 * one, gone]), MUTED, "no arrows"),
        *(Line(points, STATE, "lines", times=points[:, 0]) for points in (nothing, one, gone, away)),
        *(Dots(points, EVIDENCE, "dots", times=points[:, 0]) for points in (nothing, one, gone, away)),
    ]
    flat, log = Axis("x", 1, 1), Axis("x", 0, 0, log=True)
    with np.errstate(over="ignore"):
        show_scenes(
            [
                Scene("", flat, flat, layers, "Nothing.", square=True, handle=(5, np.inf)),
                Scene("", log, Axis("y", -1, 1), layers, "Nothing."),
                Scene("", flat, flat, [Line(np.zeros((0, 3)), STATE)], "Nothing.", z=flat),
                Scene("", Axis("x", 0, 1), Axis("y", 0, 1), layers, "Nothing.", handle=(0, 0)),
            ],
            key="odd",
            clock=Clock("time t (s)", 1, 0),
        )


SHOWN = {"plane": plane, "frames": frames, "log": logarithmic, "space": space, "three": three, "odd": odd}
# A page named here: Streamlit would take the folder tests/pages for more of them.
page = st.Page(SHOWN[st.query_params.get("show", "plane")], url_path="scenes", default=True)
st.navigation([page], position="hidden").run()
