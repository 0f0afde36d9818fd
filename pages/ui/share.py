"""State in the URL, under short names that do not depend on what a menu shows.

Streamlit's own `bind="query-params"` writes an option's label into the URL. Where labels carry figures
(a layer's shape depends on the picture) or spaces, these helpers write the option itself. A value that
is not among the options is ignored.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def select(
    label: str, options: Sequence[str], default: str, shown: Callable[[str], str], key: str, help: str = ""
) -> str:
    """A selectbox over `options` whose value is in the URL under `key` while it is not `default`."""
    wanted = st.session_state.get(key, st.query_params.get(key, default))
    # Set on every run: the browser goes on showing the old label of a value that stays while its label changes.
    st.session_state[key] = wanted if wanted in options else default
    value = st.selectbox(label, options, format_func=shown, key=key, help=help or None, persist_state="session")
    mirror(key, "" if value == default else value)
    return value


def read_numbers(key: str) -> list[int]:
    """The non-negative integers that the URL holds under `key`, such as ``3,5``; others are left out."""
    parts = st.query_params.get(key, "")[:200].split(",")
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]


def write_numbers(key: str, values: Sequence[int]) -> None:
    """Put integers into the URL under `key`."""
    mirror(key, ",".join(map(str, values)))


def mirror(key: str, text: str) -> None:
    """Put a text into the URL under `key`; an empty one leaves nothing there."""
    if text:
        if st.query_params.get(key) != text:
            st.query_params[key] = text
    elif key in st.query_params:
        del st.query_params[key]


def slider(label: str, low: float, high: float, default: float, step: float, key: str, **more: Any) -> float:
    """A slider whose value is in the URL; also a value that did not come from the slider is inside its bounds.

    All four numbers are int, or all are float; so is the value. `more` goes to `st.slider`.
    """
    return inside(st.slider(label, low, high, default, step, key=key, bind="query-params", **more), low, high)


def number(label: str, low: float, high: float, default: float, step: float, key: str, **more: Any) -> float:
    """A field for a number, as `slider`. `more` goes to `st.number_input`."""
    whole = isinstance(default, int)
    if whole:  # floats all the same, as in `field`
        low, high, default, step = float(low), float(high), float(default), float(step)
        more["format"] = "%.0f"
    value = st.number_input(label, low, high, default, step, key=key, bind="query-params", **more)
    value = inside(value, low, high)
    return round(value) if whole else value


def field(place: DeltaGenerator, label: str, low: float, high: float, step: float, key: str, **more: Any) -> float:
    """A field for a number that the session holds, as a float, under `key`; whole where the step is 1.

    Floats all the same: streamlit would make an int of infinity, which a message can hold. `more` goes to
    `st.number_input`.
    """
    shape = "%.0f" if step == 1 else "%.2f"
    value = place.number_input(label, float(low), float(high), step=step, format=shape, key=key, **more)
    return inside(low if value is None else value, low, high)


def inside(value: float, low: float, high: float) -> float:
    """The value, or the bound that it is beyond; what is not a number becomes `low`."""
    return min(max(low, value), high)  # in this order: max(low, nan) is low


def toggle(label: str, default: bool, key: str, **more: Any) -> bool:
    """A switch whose position is in the URL. `more` goes to `st.toggle`."""
    return st.toggle(label, default, key=key, bind="query-params", **more)


def text(label: str, default: str, longest: int, key: str, **more: Any) -> str:
    """A line of text that is in the URL; at most `longest` characters of it. `more` goes to `st.text_input`."""
    return st.text_input(label, default, longest, key=key, bind="query-params", **more)[:longest]


def choices(
    label: str, options: Sequence[str], default: Sequence[str], shown: Callable[[str], str], key: str
) -> list[str]:
    """Any of `options`, as pills in their order, with the choice in the URL as a list of them."""
    if key not in st.session_state:
        wanted = st.query_params.get(key, "")[:1000].split(",")
        known = [option for option in options if option in wanted]
        st.session_state[key] = known if known or wanted == ["none"] else list(default)
    given = st.pills(
        label, options, selection_mode="multi", format_func=shown, key=key, wrap=True, persist_state="session"
    )
    chosen = [option for option in options if option in given]
    mirror(key, "" if chosen == list(default) else ",".join(chosen) or "none")
    return chosen
