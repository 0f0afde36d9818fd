"""Widgets of the layer calculator; all of it stands in the address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.conv.programs import ACTIVATIONS
from core.labs import calculator, calculator_exercises
from core.labs import calculator_words as words
from core.labs.calculator import KINDS, WORDS, Count, Params
from pages.ui import cached, exercise, share

MOST_CELLS = 1024
MOST_CHANNELS = 4096
NUMBERS = "number"
PADDINGS = {"valid": "'valid': none", "same": "'same', as Keras means it", NUMBERS: "numbers: p cells at both ends"}
_KEPT = "_k_good"

EXAMPLES: dict[str, dict[str, Any]] = {
    "The lesson's": {},
    "VGG's 3 x 3": {"n": 224, "f": 64, "k": 3, "padding": NUMBERS, "p": 1, "act": "relu"},
    "ResNet's first": {"n": 224, "f": 64, "k": 7, "s": 2, "padding": NUMBERS, "p": 3, "bias": False},
    "'same' at stride 2": {"n": 8, "f": 16, "k": 3, "s": 2, "padding": "same"},
    "1 x 1": {"n": 56, "c": 256, "f": 64, "k": 1},
    "Depthwise": {"n": 56, "c": 32, "f": 32, "k": 3, "padding": "same", "g": 32},
    "Dilated": {"n": 33, "c": 1, "f": 1, "k": 3, "d": 4, "padding": "same"},
    "Pool, rounded up": {"kind": "max", "n": 12, "c": 64, "k": 3, "s": 2, "ceil": True},
    "DCGAN's, upwards": {
        "kind": "transposed", "n": 8, "c": 256, "f": 128, "k": 4, "s": 2, "padding": NUMBERS, "p": 1, "bias": False,
    },
}  # fmt: skip
"""Settings by name: keys without their prefix; what is not named is the default."""

DEFAULTS: dict[str, Any] = {
    "kind": "conv", "axes": "2", "n": 200, "c": 3, "f": 10, "k": 5, "s": 1, "padding": "valid", "p": 0, "d": 1,
    "g": 1, "bias": True, "act": "none", "ceil": False, "r": 0, "each": False,
}  # fmt: skip


def choose() -> Count:
    """The layer; where there is none it is said why, and the last one that could be holds."""
    with st.container(horizontal=True):
        for name in EXAMPLES:
            st.button(name, key=f"k_example {name}", on_click=_load, args=(name,))
    params = _read()
    found = cached.run(calculator.count, params)
    if not found.error:
        st.session_state[_KEPT] = params
        return found
    st.error("There is no such layer; the page stays with the last one that there is.", icon=":material/error:")
    st.code(found.error, language=None, wrap_lines=True)
    return cached.run(calculator.count, st.session_state.get(_KEPT, Params()))


def _load(name: str) -> None:
    """Every control as the example has it."""
    for key, value in {**DEFAULTS, **EXAMPLES[name]}.items():
        names = [f"k_{key}{axis}" for axis in (1, 2, 3)] if key == "n" else [f"k_{key}"]
        for each in names:
            st.session_state[each] = value


def _part() -> None:
    """The sizes of the single axes begin as what all had."""
    for key in ("k", "s", "d", "p", "r"):
        if f"k_{key}" in st.session_state:
            for axis in (1, 2, 3):
                st.session_state[f"k_{key}{axis}"] = st.session_state[f"k_{key}"]


def _read() -> Params:
    kind: Any = share.select("Layer", list(KINDS), "conv", lambda name: KINDS[name].capitalize(), "k_kind")
    shape, window, more = st.columns(3, gap="large")
    with shape:
        dims = int(share.select("Axes", ["1", "2", "3"], "2", _axes_in_words, "k_axes"))
        cells = [
            _whole(f"Cells: {name}", 1, MOST_CELLS, 200, f"k_n{number}")
            for number, name in enumerate(words.names(dims), 1)
        ]
        channels = _whole("Channels $C$ of the input", 1, MOST_CHANNELS, 3, "k_c")
        filters = channels
        if kind in {"conv", "transposed"}:
            filters = _whole("Filters $F$: channels out", 1, MOST_CHANNELS, 10, "k_f")
    with window:
        each = dims > 1 and _switch("Sizes for each axis apart", False, "k_each", _part)
        kernel = _sizes("Kernel $k$", 1, 32, 5, "k", dims, each)
        stride = _sizes("Stride $s$", 1, 32, 1, "s", dims, each)
        dilation = (1,) * dims
        if kind in {"conv", "transposed"}:
            dilation = _sizes("Dilation $d$", 1, 16, 1, "d", dims, each)
    with more:
        padding, left = _padding(kind, dims, each)
        groups, bias, activation, ceil = 1, False, "", False
        if kind in {"conv", "transposed"}:
            groups = _whole("Groups $g$", 1, MOST_CHANNELS, 1, "k_g")
            names = ["none", *ACTIVATIONS]
            activation = share.select("Activation", names, "none", str, "k_act")
            bias = _switch("A bias for each filter", True, "k_bias")
        elif padding != "same":
            ceil = _switch("Round up (torch's ceil_mode)", False, "k_ceil")
    return Params(
        kind,
        (channels, *cells),
        filters,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        bias,
        "" if activation == "none" else activation,
        ceil,
        left,
    )


def _axes_in_words(count: str) -> str:
    return f"{count}: {', '.join(words.names(int(count)))}"


def _whole(label: str, low: int, high: int, default: int, key: str) -> int:
    """A field for a whole number. It stands in the address also where an example has set it unseen."""
    st.session_state[key] = float(share.inside(_wanted(key, default), low, high))
    value = round(share.field(st.container(), label, low, high, 1.0, key, persist_state="session"))
    share.write_numbers(key, () if value == default else (value,))
    return value


def _switch(label: str, default: bool, key: str, on_change: Callable[[], None] | None = None) -> bool:
    """The same for a switch: 0 or 1 in the address."""
    st.session_state[key] = bool(_wanted(key, default))
    value = st.toggle(label, key=key, on_change=on_change, persist_state="session")
    share.write_numbers(key, () if value == default else (int(value),))
    return value


def _wanted(key: str, default: int) -> float:
    """What was set, or else what the address asks for."""
    if key in st.session_state:
        return float(st.session_state[key])
    return float((*share.read_numbers(key), default)[0])


def _padding(kind: str, dims: int, each: bool) -> tuple[Any, tuple[int, ...]]:
    """A word or numbers; and what a transposed convolution adds at the end."""
    word = share.select("Padding", [*WORDS, NUMBERS], "valid", PADDINGS.__getitem__, "k_padding")
    if word != NUMBERS:
        return word, (0,) * dims
    label = "Cells cut off both ends $p$" if kind == "transposed" else "Cells at both ends $p$"
    amounts = _sizes(label, 0, 32, 0, "p", dims, each)
    left = _sizes("Output padding $r$", 0, 31, 0, "r", dims, each) if kind == "transposed" else (0,) * dims
    return amounts, left


def _sizes(label: str, low: int, high: int, default: int, key: str, dims: int, each: bool) -> tuple[int, ...]:
    """One number for all axes, or one field for each."""
    if not each:
        return (_whole(label, low, high, default, f"k_{key}"),) * dims
    values = []
    for number, (name, column) in enumerate(zip(words.names(dims), st.columns(dims), strict=True), 1):
        with column:
            values.append(_whole(f"{label}, {name}", low, high, default, f"k_{key}{number}"))
    return tuple(values)


def choose_axis(found: Count) -> int:
    """The axis to be drawn."""
    names = words.names(len(found.axes))
    if len(names) == 1:
        return 0
    return int(share.select("Axis drawn", [str(i) for i in range(len(names))], "0", lambda i: names[int(i)], "k_drawn"))


def show_sizes(found: Count) -> None:
    """The rule in letters, then with the numbers of each axis."""
    st.latex(words.formula(found))
    for line in words.substituted(found):
        st.latex(line)
    st.markdown(words.about_padding(found))


def show_programs(found: Count) -> None:
    """Both languages side by side: what each cannot say, its program, and what it prints of the layer."""
    programs = cached.run(calculator.programs, found.params)
    pair = (("Keras", programs.keras), ("PyTorch", programs.torch))
    for column, (name, program) in zip(st.columns(2, gap="medium"), pair, strict=True):
        with column:
            st.subheader(name)
            for note in program.notes:
                st.info(note, icon=":material/translate:")
            if program.source:
                st.code(program.source, language="python", wrap_lines=True)
    for call, program in (("model.summary()", programs.keras), ("print(layer)", programs.torch)):
        if program.shown:
            st.markdown(f"`{call}` prints")
            st.code(program.shown, language=None)


@dataclass(frozen=True)
class Round:
    """Which exercises are on screen."""

    number: int

    def show(self) -> None:
        """Each with a field of its own, so that an answer does not stay for the next numbers."""
        for index, one in enumerate(calculator_exercises.exercises(self.number)):
            exercise.number_exercise(one.question, one.answer, 0, one.why, f"k_exercise_{index} {self.number}")


def choose_round() -> Round:
    """The exercises, with a button for fresh numbers."""

    def renew() -> None:
        st.session_state["k_round"] = st.session_state.get("k_round", 0) + 1

    st.button("Fresh numbers", key="k_fresh", icon=":material/casino:", on_click=renew)
    return Round(int(st.session_state.get("k_round", 0)))
