"""Widgets of the page on convolution. All of it stands in the address, but for a picture of one's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.conv.arithmetic import Padding
from core.conv.kernels import KERNELS, Weights
from core.conv.sweep import Filter, Grids
from core.conv.sweep import Params as SweepParams
from core.labs import convolution
from core.labs import convolution_words as words
from core.labs.convolution import Params, Walk
from core.labs.convolution_inputs import GRIDS
from core.labs.convolution_numbers import NumbersError, read_grids, write_grids
from pages.ui import cached, share
from pages.ui.picture import choose_picture

MOST_CELLS, MOST_WEIGHTS, MOST_CHANNELS, MOST_FILTERS = 12, 5, 3, 3
LONGEST = 1500
"""Characters of a typed grid."""
OWN = "own"
KINDS = {"numbers": "A grid of numbers", "picture": "A picture"}
COLOURS = ("red", "green", "blue")
FIRST = ("sobel-x", "sobel-y", "laplacian")
"""Kernels of the filters at first."""
DEFAULT = Params(
    SweepParams((GRIDS["square"][1],), (Filter((KERNELS["sobel-x"].weights,)),)), ("numbers",), ("filter 1",)
)
"""A walk that there always is."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Input:
    """What the kernel walks over; `private` if it comes from the learner's own picture."""

    cells: Grids
    channels: tuple[str, ...]
    picture: bool = False
    private: bool = False
    caption: str = ""


@dataclass(frozen=True)
class Choice:
    """What stands on screen: always a walk that there is."""

    params: Params
    input: Input
    walk: Walk

    def run(self, work: Callable[..., Result], *params: object) -> Result:
        """A lab's result, kept for everyone unless it is of somebody's own picture."""
        return _run(self.input, work, *params)

    def draw(self, figure: Callable[[Any], Result], work: Callable[..., Any], *params: object) -> Result:
        """The same, of a figure."""
        if not self.input.private:
            return cached.draw(figure, work, *params)
        return figure(self.walk if work is convolution.walk else work(*params))


def choose() -> Choice:
    """Input, layer and filters; where they do not fit together it is said why, and the last walk holds."""
    left, right = st.columns(2, gap="medium")
    with left:
        kind = share.select("Input", list(KINDS), "numbers", KINDS.__getitem__, "c_input")
    with right:
        count = int(share.slider("Filters", 1, MOST_FILTERS, 1, 1, "c_filters"))
    seen = _picture() if kind == "picture" else _numbers()
    geometry, *places = st.columns(1 + count, gap="medium")
    with geometry:
        stride = int(share.slider("Stride s: cells from place to place", 1, 4, 1, 1, "c_s"))
        dilation = int(share.slider("Dilation d: cells from weight to weight", 1, 3, 1, 1, "c_d"))
        padding = _padding()
    filters, names = _filters(places, seen)
    params = Params(SweepParams(seen.cells, filters, stride, padding, dilation), seen.channels, names)
    found = _run(seen, convolution.walk, params)
    if isinstance(found, Walk):
        st.session_state["_c_good"] = choice = Choice(params, seen, found)
        return choice
    st.error(f"There is no such walk: {found.reason}. The last one stays.", icon=":material/error:")
    kept = st.session_state.get("_c_good")
    if isinstance(kept, Choice):
        return kept
    found = cached.run(convolution.walk, DEFAULT)
    assert isinstance(found, Walk)
    return Choice(DEFAULT, Input(DEFAULT.sweep.cells, DEFAULT.channels), found)


def _run(seen: Input, work: Callable[..., Result], *params: object) -> Result:
    return work(*params) if seen.private else cached.run(work, *params)


def _numbers() -> Input:
    titles = {name: title for name, (title, _) in GRIDS.items()} | {OWN: "My own numbers"}
    menu, field = st.columns(2, gap="medium", vertical_alignment="bottom")
    with menu:
        name = share.select("Numbers", list(titles), "square", titles.__getitem__, "c_grid")
    with field:
        if name != OWN:
            cells: Grids = (GRIDS[name][1],)
            st.button("Edit these numbers", "c_edit", on_click=_edit, args=("c_grid", "c_cells", cells))
            return Input(cells, ("numbers",))
        about = f"Up to {MOST_CELLS} x {MOST_CELLS}. A blank line begins a further channel, {MOST_CHANNELS} at most."
        cells = _typed("Rows of numbers", (GRIDS["square"][1],), "c_cells", MOST_CELLS, MOST_CHANNELS, about)
    one = len(cells) == 1
    return Input(cells, ("numbers",) if one else tuple(f"channel {i + 1}" for i in range(len(cells))))


def _picture() -> Input:
    chosen = choose_picture()
    left, right = st.columns(2)
    with left:
        longest = int(share.slider("Cells along its longer side", 24, 48, 32, 4, "c_wide"))
    with right:
        colour = share.toggle("Three channels: red, green, blue", False, "c_colour")
    if chosen.sample is None:
        cells = convolution.reduced(chosen.picture, longest, colour)
    else:
        cells = cached.run(_sample_cells, chosen.sample, longest, colour)
    caption = f"{chosen.caption} Scaled down to {len(cells[0][0])} x {len(cells[0])} cells, brightness from 0 to 255."
    channels = COLOURS if colour else ("brightness",)
    return Input(cells, channels, picture=True, private=chosen.sample is None, caption=caption)


def _sample_cells(name: str, longest: int, colour: bool) -> Grids:
    return convolution.reduced(cached.sample(name), longest, colour)


def _padding() -> Padding:
    kinds = {"valid": "none ('valid')", "same": "'same'", "number": "a number of cells"}
    kind = share.select("Padding: zeros around the input, hatched", list(kinds), "valid", kinds.__getitem__, "c_pad")
    if kind == "number":
        return int(share.slider("Padding p: zeros on each side", 0, 4, 1, 1, "c_p"))
    return "same" if kind == "same" else "valid"


def _filters(places: Sequence[DeltaGenerator], seen: Input) -> tuple[tuple[Filter, ...], tuple[str, ...]]:
    """Filters of one size, and their names: one at each of the places."""
    kernels, biases, names = [], [], []
    for index, place in enumerate(places):
        with place:
            name, grids = _kernel(index, len(seen.cells))
            shares = _shares(index, seen.channels) if len(seen.cells) > 1 else (1.0,)
            bias = share.number(f"Bias {index + 1}", -1000.0, 1000.0, 0.0, 1.0, f"c_b{index + 1}", format="%g")
        kernels.append(tuple(_scaled(grid, by) for grid, by in zip(grids, shares, strict=True)))
        biases.append(bias if bias == bias else 0.0)  # a NaN passes every bound
        names.append(f"filter {index + 1}, {name}")
    sizes = {(len(kernel[0]), len(kernel[0][0])) for kernel in kernels}
    if len(sizes) > 1:
        st.caption("All filters of a layer have one size: zeros were put around the smaller kernels.")
    framed = convolution.of_one_size(tuple(kernels))
    return tuple(Filter(*pair) for pair in zip(framed, biases, strict=True)), tuple(names)


def _kernel(index: int, channels: int) -> tuple[str, Grids]:
    """The name of a kernel, and its weights for each channel."""
    titles = {name: kernel.title for name, kernel in KERNELS.items()} | {OWN: "My own weights"}
    key, typed = f"c_k{index + 1}", f"c_w{index + 1}"
    name = share.select(f"Kernel {index + 1}", list(titles), FIRST[index], titles.__getitem__, key)
    if name != OWN:
        weights = KERNELS[name].weights
        st.caption(KERNELS[name].says)
        st.button("Edit these weights", f"{key} edit", on_click=_edit, args=(key, typed, (weights,)))
        return KERNELS[name].title, (weights,) * channels
    several = f" One grid serves all channels; {channels} of them, with blank lines between, one each."
    about = f"Up to {MOST_WEIGHTS} x {MOST_WEIGHTS}, fractions such as 1/9 too.{several if channels > 1 else ''}"
    start: Grids = (KERNELS[FIRST[index]].weights,)
    grids = _typed(f"Weights {index + 1}", start, typed, MOST_WEIGHTS, channels, about)
    if len(grids) not in (1, channels):
        st.error(f"Expected one grid or {channels}, got {len(grids)}: the first serves all channels.")
    return "own", grids if len(grids) == channels else grids[:1] * channels


def _shares(index: int, channels: tuple[str, ...]) -> tuple[float, ...]:
    """How much each channel counts in a filter."""
    columns = st.columns(len(channels))
    found = []
    for number, (column, name) in enumerate(zip(columns, channels, strict=True), 1):
        with column:
            value = share.number(f"{name} ×", -1.0, 1.0, 1.0, 0.5, f"c_m{index + 1}_{number}", format="%g")
        found.append(value if value == value else 1.0)
    return tuple(found)


def _scaled(grid: Weights, by: float) -> Weights:
    return tuple(tuple(weight * by + 0.0 for weight in row) for row in grid)


def _typed(label: str, start: Grids, key: str, most: int, grids: int, about: str) -> Grids:
    """A field for grids of numbers; what cannot be read is explained, and the last good ones hold."""
    text = st.text_area(label, write_grids(start), 210, max_chars=LONGEST, key=key, bind="query-params", help=about)[
        :LONGEST
    ]
    kept = f"_{key}_good"
    try:
        found = read_grids(text, most, grids)
    except NumbersError as error:
        st.error("These numbers cannot be used; the last good ones stay.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        last: Grids = st.session_state.get(kept, start)
        return last if len(last) <= grids else last[:1]
    st.session_state[kept] = found
    return found


def _edit(menu: str, field: str, grids: Grids) -> None:
    """Take what is shown as the start of one's own."""
    st.session_state[menu] = OWN
    st.session_state[field] = write_grids(grids)


def first_filter_alone(choice: Choice) -> SweepParams:
    """What the flip is shown on."""
    return replace(choice.params.sweep, filters=choice.params.sweep.filters[:1])


def flat() -> convolution.Flat:
    """All kernels on a flat region."""
    return cached.run(convolution.flat)


def show_program(choice: Choice) -> None:
    """The layer on screen as a program, where its input is short enough to be printed."""
    with st.expander("The same in torch", icon=":material/code:"):
        if choice.input.picture:
            st.markdown("A picture has too many cells to print: choose a grid of numbers as the input of section 2.")
        else:
            st.code(words.program(choice.walk.sweep), language="python", wrap_lines=True)
