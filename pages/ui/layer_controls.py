"""Widgets of the page on layers: data, a learner's own points, networks, training, and what is taken home."""

import math
from functools import partial
from weakref import WeakKeyDictionary

import streamlit as st

from core.figures import layers as figures
from core.figures.scene import Scene
from core.labs import clouds, depth_gradients, layers, layers_example, layers_program, layers_words
from core.labs.clouds import MOST, REACH, CloudParams, Placed
from core.labs.layers import Params, Snapshot
from core.nn.mlp import FIRST_WEIGHTS
from pages.ui import cached, exercise, share, training
from pages.ui.components.scenes import show_scenes
from pages.ui.worker import Job

_DATA = {"spirals": "Two spirals", "moons": "Two moons", "circles": "Two circles", "own": "Your own points"}
_LAYERS = ("2", "4", "8", "16", "32", "64")
_WIDTHS = {"2": "2: a plane", "3": "3: a space"}
_DEPTH_WIDTHS = ("2", "3", "8", "16")
_RATES = {"Adam": ("0.02", "0.01", "0.005", "0.002"), "gradient descent": ("1", "0.3", "0.1", "0.03")}
_USUAL = {"Adam": "0.005", "gradient descent": "0.3"}
_OWN, _PEN = "p_points", "p_pen"
_CLASSES = {"0": "class 0 (disc)", "1": "class 1 (ring)"}
_ADAM = (
    "Adam divides each gradient by its recent size, so that small ones move weights too; gradient descent takes it as "
    "it is."
)
_GAIN = "Standard deviation of the first weights times the square root of the width."
_WEIGHTS = (
    "Gaussian: each weight is drawn by itself, from a normal distribution. Orthogonal: a random matrix that keeps "
    "lengths, times the gain."
)
_PEN_AT = -1.8
"""At first, in both directions: in a corner, where it is in nobody's way."""


def choose_cloud() -> CloudParams:
    """The data; a learner's own points once there are enough of them."""
    left, right = st.columns(2)
    with left:
        name = share.select("Data", list(_DATA), "spirals", _DATA.__getitem__, "p_data")
    if name == "own":
        code = _draw_own()
        placed = clouds.read(code)
        if clouds.ready(placed):
            return CloudParams("own", 0.0, 0, code)
        st.info(
            f"Expected: {clouds.LEAST} points of each class or more. Here are {len(placed)} in all, "
            f"{clouds.counts(placed)[0]} of class 0 and {clouds.counts(placed)[1]} of class 1. Until then the two "
            "moons stand in."
        )
        return CloudParams("moons")
    with right:
        noise = share.slider("Noise: standard deviation per coordinate", 0.0, 0.3, 0.06, 0.02, "p_noise")
    with left:
        seed = int(share.number("Seed of the points", 0, 999, 0, 1, "p_seed"))
    return CloudParams(name, round(noise, 4), seed)


def _draw_own() -> str:
    """A plane to click in, number fields for the same, undo and clear; returns the points as `clouds.write` does."""
    if _OWN not in st.session_state:
        st.session_state[_OWN] = clouds.write(clouds.read(st.query_params.get(_OWN, "")))
    placed = clouds.read(st.session_state[_OWN])
    plane, tools = st.columns([3, 2])
    with tools:
        label = share.select("Class of the next point", list(_CLASSES), "0", _CLASSES.__getitem__, "p_class")
        pen = tuple(_coordinate(index) for index in (1, 2))
        full = len(placed) >= MOST
        st.button("Add a point here", key="p_add", disabled=full, on_click=_add, args=(*pen, int(label)))
        with st.container(horizontal=True):
            st.button("Undo", key="p_undo", disabled=not placed, on_click=_undo)
            st.button("Clear", key="p_clear", disabled=not placed, on_click=_clear)
        st.caption(
            f"{len(placed)} of at most {MOST} points. A click or a tap in the plane adds one there. By keyboard: "
            "arrow keys in the plane or the number fields move the pen, the button adds a point where it stands. The "
            "points are part of the link."
        )
    with plane:
        show_scenes(
            [figures.drawing_scene(placed, (pen[0], pen[1]))],
            key="p_draw",
            on_pick=partial(_add, label=int(label)),
            on_keys=_move,
            height=340,
        )
    code = st.session_state[_OWN]
    if code and st.query_params.get(_OWN) != code:
        st.query_params[_OWN] = code
    elif not code and _OWN in st.query_params:
        del st.query_params[_OWN]
    return code


def _coordinate(index: int) -> float:
    value = share.number(f"Pen: $x_{index}$", -REACH, REACH, _PEN_AT, 0.1, f"{_PEN}{index}", format="%.2f")
    return value if math.isfinite(value) else _PEN_AT


def _move(x: float, y: float) -> None:
    """The pen to another place."""
    st.session_state[f"{_PEN}1"], st.session_state[f"{_PEN}2"] = round(x, 3), round(y, 3)


def _placed() -> list[Placed]:
    return list(clouds.read(st.session_state.get(_OWN, "")))


def _add(x: float, y: float, label: int) -> None:
    st.session_state[_OWN] = clouds.write([*_placed(), clouds.place(x, y, label)])


def _undo() -> None:
    st.session_state[_OWN] = clouds.write(_placed()[:-1])


def _clear() -> None:
    st.session_state[_OWN] = ""


def choose_networks(cloud: CloudParams) -> Params:
    """Depth, width and first weights of both networks."""
    left, right = st.columns(2)
    with left:
        count = int(share.select("Number of layers N", _LAYERS, "16", str, "p_layers"))
        width = int(share.select("Width: numbers in a state", list(_WIDTHS), "2", _WIDTHS.__getitem__, "p_width"))
    with right:
        gain = share.slider("Gain of the first weights", 0.25, 3.0, 1.0, 0.25, "p_gain", help=_GAIN)
        seed = int(share.number("Seed of the first weights", 0, 999, 0, 1, "p_first"))
    return Params(cloud, width, count, gain=round(gain, 4), seed=seed)


def choose_training(params: Params) -> Params:
    """Optimiser, step size and length of the training."""
    one, two, three = st.columns(3)
    with one:
        optimiser = share.select("Optimiser", list(_RATES), "Adam", _named, "p_optimiser", _ADAM)
    with two:
        key = "p_rate" if optimiser == "Adam" else "p_rate_plain"
        rate = float(share.select("Step size η", _RATES[optimiser], _USUAL[optimiser], str, key))
    with three:
        iterations = int(share.slider("Iterations", 100, 800, 400, 100, "p_iterations"))
    st.caption("Any other setting, here or above, starts the training anew. Try 4 layers, and 32.")
    return Params(
        params.cloud, params.width, params.layers, params.weights, params.gain, params.seed, optimiser, rate, iterations
    )


def _named(optimiser: str) -> str:
    return optimiser[0].upper() + optimiser[1:]


def train(params: Params, guess: exercise.Guess) -> Snapshot:
    """The live training of both networks, held against the prediction; returns what is on show."""
    job = training.live("p_layers_training", params, partial(layers.Training, params), partial(_draw, params, guess))
    return cached.run(layers.untrained, params) if job is None or job.latest is None else job.latest


def _draw(params: Params, guess: exercise.Guess, snapshot: Snapshot | None, job: Job | None) -> None:
    snapshot = cached.run(layers.untrained, params) if snapshot is None else snapshot
    guess.reveal(layers_words.about_training(snapshot, guess))
    flow, border, curves = _scenes(snapshot)
    st.caption("Each place of the input plane has the colour of what the network says of it; pale is undecided.")
    show_scenes(border, key="p_border", least_width=260, height=320)
    show_scenes(curves, key="p_curves", least_width=260, height=260)
    st.caption("The cloud on its way, with the weights of the moment:")
    last = len(figures.flow_times(params.layers)) - 1
    show_scenes(flow, key="p_learned", clock=figures.flow_clock(params.layers, last), least_width=260)
    st.markdown(layers_words.about_flow(snapshot))


_DRAWN: WeakKeyDictionary[Snapshot, tuple[list[Scene], ...]] = WeakKeyDictionary()
"""What was drawn of a snapshot, for as long as it lives: a page at rest draws nothing anew."""


def _scenes(snapshot: Snapshot) -> tuple[list[Scene], ...]:
    if snapshot not in _DRAWN:
        drawers = (figures.flow_scenes, figures.border_scenes, figures.training_scenes)
        _DRAWN[snapshot] = tuple(draw(snapshot) for draw in drawers)
    return _DRAWN[snapshot]


def choose_example() -> layers_example.ExampleParams:
    """The worked example: kind of layer, the point that goes in, its class."""
    left, right = st.columns(2)
    with left:
        residual = share.toggle("Residual layer", False, "p_ex_residual")
        target = int(share.select("The point is of", ("0", "1"), "1", "class {}".format, "p_ex_class"))
    with right:
        x = share.slider("First number of $h_0$", -2.0, 2.0, 1.0, 0.1, "p_ex_x")
        y = share.slider("Second number of $h_0$", -2.0, 2.0, -0.5, 0.1, "p_ex_y")
    return layers_example.ExampleParams(residual, (round(x, 4), round(y, 4)), target)


def choose_depths(cloud: CloudParams) -> depth_gradients.Params:
    """First weights of the networks whose gradients are measured."""
    left, right = st.columns(2)
    with left:
        gain = share.slider("Gain", 0.25, 3.0, 1.0, 0.25, "p_depth_gain", help=_GAIN)
        weights = share.select("First weights", FIRST_WEIGHTS, "gaussian", str.capitalize, "p_depth_weights", _WEIGHTS)
    with right:
        width = int(share.select("Width", _DEPTH_WIDTHS, "2", str, "p_depth_width"))
        scale = share.select("Residual branch times", depth_gradients.SCALES, "1", str, "p_depth_scale")
    return depth_gradients.Params(cloud, width, weights, round(gain, 4), scale)


def download(snapshot: Snapshot) -> None:
    """The program that repeats the training on show."""
    st.download_button(
        "Program (PyTorch)",
        partial(layers_program.program, snapshot.params, snapshot.done or snapshot.params.iterations),
        "layers.py",
        "text/x-python",
        on_click="ignore",
        key="p_program",
    )
