"""State in the URL, under short names that do not depend on what a menu shows.

Streamlit's own `bind="query-params"` writes an option's label into the URL. Where labels carry figures
(a layer's shape depends on the picture) or spaces, these helpers write the option itself. A value that
is not among the options is ignored.
"""

from collections.abc import Callable, Sequence

import streamlit as st


def select(
    label: str, options: Sequence[str], default: str, shown: Callable[[str], str], key: str, help: str = ""
) -> str:
    """A selectbox over `options` whose value is in the URL under `key` while it is not `default`."""
    wanted = st.session_state.get(key, st.query_params.get(key, default))
    # Set on every run: the browser goes on showing the old label of a value that stays while its label changes.
    st.session_state[key] = wanted if wanted in options else default
    value = st.selectbox(label, options, format_func=shown, key=key, help=help or None, persist_state="session")
    _mirror(key, "" if value == default else value)
    return value


def read_numbers(key: str) -> list[int]:
    """The non-negative integers that the URL holds under `key`, such as ``3,5``; others are left out."""
    parts = st.query_params.get(key, "")[:200].split(",")
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]


def write_numbers(key: str, values: Sequence[int]) -> None:
    """Put integers into the URL under `key`."""
    _mirror(key, ",".join(map(str, values)))


def _mirror(key: str, text: str) -> None:
    if text:
        if st.query_params.get(key) != text:
            st.query_params[key] = text
    elif key in st.query_params:
        del st.query_params[key]
