"""Widgets of the network builder. The network itself stands in the address, in a few letters a layer."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.conv import exporting, exporting_keras, storing
from core.conv.items import MOST_CELLS, MOST_CHANNELS, Item, Network, network
from core.conv.kinds import KINDS, Argument, NetworkError, Value
from core.conv.presets import PRESETS
from core.figures import builder_field as field_figure
from core.labs import builder, builder_edits, builder_field
from core.labs import builder_words as words
from core.labs.builder import Table
from pages.ui import cached, share, show
from pages.ui.picture import choose_picture

_BUILT, _UNDO, _NOTE, _AT = "b_built", "b_undo", "b_note", "b_at"
_LINK = "b_net"
_FIRST = "lenet5"
_MOST_UNDONE = 30
_WIDE, _NARROW = 290, 104
"""Of fields that stand beside others, in CSS pixels."""
_SIDES = (("channels", MOST_CHANNELS), ("height", MOST_CELLS), ("width", MOST_CELLS))


def build() -> tuple[Table, int]:
    """The network as it stands, with its table, and the layer that is chosen; 0 where there is none."""
    built = _current()
    table = cached.run(builder.lay_out, built)
    _start(built)
    chosen = _choose_layer(table)
    _add(table, chosen)
    _problem(table)
    # a long table scrolls by itself, so that the layer that is edited stays in sight
    with st.container(height=640 if len(table.rows) > 16 else "content", key="b_table"):
        st.markdown(words.table_in_markdown(table, chosen))
    _mirror(built)
    return table, chosen


def _current() -> Network:
    """The session's network; at first the link's, or the default where the link holds none that can be read."""
    if _BUILT not in st.session_state:
        built, text = PRESETS[_FIRST].network, st.query_params.get(_LINK, "")
        if text:
            try:
                built = storing.from_link(text)
            except NetworkError as error:
                st.session_state[_NOTE] = f"The network in the link cannot be read: {error}."
        st.session_state[_BUILT] = built
    return st.session_state[_BUILT]


def _mirror(built: Network) -> None:
    link = storing.to_link(built)
    share.mirror(_LINK, "" if link == _FIRST or len(link) > storing.LONGEST_LINK else link)


def _become(built: Network, chosen: int | None = None) -> None:
    """The new network; the one before can be had back."""
    st.session_state.pop(_NOTE, None)
    if built != st.session_state[_BUILT]:
        st.session_state[_UNDO] = [*st.session_state.get(_UNDO, []), st.session_state[_BUILT]][-_MOST_UNDONE:]
        st.session_state[_BUILT] = built
    if chosen is not None:
        st.session_state[_AT] = chosen


def _try(make: Callable[[], tuple[Network, int | None]]) -> None:
    """An edit; where it makes no network it is said why, and the network stays."""
    try:
        _become(*make())
    except NetworkError as error:
        st.session_state[_NOTE] = f"Nothing was changed: {error}."


def _undo() -> None:
    before = st.session_state.get(_UNDO, [])
    if before:
        st.session_state[_BUILT], st.session_state[_UNDO] = before[-1], before[:-1]
        st.session_state.pop(_NOTE, None)


def _start(built: Network) -> None:
    row = _row()
    standing = next((name for name, preset in PRESETS.items() if preset.network == built), _FIRST)
    with row.container(width=_WIDE):
        name = share.select(
            "A network to start from", list(PRESETS), standing, lambda name: PRESETS[name].title, "b_preset"
        )
    row.button("Load", key="b_load", on_click=_become, args=(PRESETS[name].network, 1), type="primary")
    row.button("Undo", key="b_undo_last", on_click=_undo, disabled=not st.session_state.get(_UNDO))
    for index, (side, most) in enumerate(_SIDES):
        key = f"b_in_{side}"
        st.session_state[key] = float(built.shape[index])
        share.field(row, f"Input: {side}", 1, most, 1.0, key, on_change=_resize, args=(index, key), width=_NARROW)
    st.caption(f"{PRESETS[name].title}: {PRESETS[name].says}")
    if note := st.session_state.get(_NOTE):
        st.error(note, icon=":material/error:")


def _resize(index: int, key: str) -> None:
    sides: list[object] = list(st.session_state[_BUILT].shape)
    sides[index] = round(share.inside(st.session_state[key], 1, _SIDES[index][1]))
    _try(lambda: (network(sides, st.session_state[_BUILT].items), None))


def _choose_layer(table: Table) -> int:
    """The layer that the buttons and fields are about; 0 where there is none."""
    if not table.rows:
        st.markdown("There is no layer yet.")
        return 0
    built, numbers = table.network, [row.number for row in table.rows]
    at = st.session_state.get(_AT, 1)
    st.session_state[_AT] = min(max(at, 1), len(numbers)) if isinstance(at, int) else 1
    texts = {row.number: f"{row.number}: {row.words}{' ✗' if row.reason else ''}" for row in table.rows}
    row = _row()
    chosen = row.selectbox("Layer to edit", numbers, format_func=texts.__getitem__, key=_AT, width=_WIDE)
    one, last = built.items[chosen - 1], chosen == len(numbers)
    _button(row, "Move up", "b_up", chosen > 1, lambda: (builder_edits.move(built, chosen, chosen - 1), chosen - 1))
    further = chosen + 1
    _button(row, "Move down", "b_lower", not last, lambda: (builder_edits.move(built, chosen, further), further))
    _button(row, "Duplicate", "b_twice", True, lambda: (builder_edits.insert(built, chosen, one), further))
    _button(row, "Remove", "b_remove", True, lambda: (builder_edits.remove(built, chosen), max(chosen - 1, 1)))
    if one.values:
        fields = _row()
        for argument, value in zip(KINDS[one.kind].arguments, one.values, strict=True):
            _argument(fields, one, argument, value, chosen)
    return chosen


def _row() -> DeltaGenerator:
    """Widgets beside each other, as many as fit."""
    return st.container(horizontal=True, vertical_alignment="bottom")


def _button(
    place: DeltaGenerator,
    label: str,
    key: str,
    enabled: bool,
    make: Callable[[], tuple[Network, int | None]],
) -> None:
    place.button(label, key=key, disabled=not enabled, on_click=_try, args=(make,))


def _argument(place: DeltaGenerator, one: Item, argument: Argument, value: Value, chosen: int) -> None:
    """A field for one argument of the chosen layer."""
    key, name = f"b_{one.kind}_{argument.name}", argument.title
    given = (chosen, argument.name, key)
    st.session_state[key] = value
    if argument.options:
        place.selectbox(name, argument.options, key=key, on_change=_change, args=given, width=_NARROW)
    elif isinstance(argument.default, bool):
        place.toggle(name, key=key, on_change=_change, args=given)
    else:
        step = 0.05 if isinstance(argument.default, float) else 1.0
        st.session_state[key] = float(value)
        more: dict[str, Any] = {"on_change": _change, "args": given, "width": _NARROW}
        share.field(place, name, argument.low, argument.high, step, key, **more)


def _change(chosen: int, name: str, key: str) -> None:
    built: Network = st.session_state[_BUILT]
    value: Value = st.session_state[key]
    if chosen <= len(built.items):
        one = built.items[chosen - 1]
        if isinstance(value, float):
            of = next(argument for argument in KINDS[one.kind].arguments if argument.name == name)
            value = type(of.default)(share.inside(value, of.low, of.high))
        _try(lambda: (builder_edits.replace(built, chosen, one.change(**{name: value})), None))


def _add(table: Table, chosen: int) -> None:
    built = table.network
    row = _row()
    with row.container(width=_WIDE):
        kind = share.select("New layer", list(KINDS), "conv", lambda name: KINDS[name].title, "b_new")

    def behind(number: int) -> tuple[Network, int]:
        return builder_edits.insert(built, number, builder_edits.sensible(table, kind, number)), number + 1

    _button(row, f"Add behind layer {chosen}" if chosen else "Add", "b_add", True, lambda: behind(chosen))
    if chosen:
        _button(row, f"Add before layer {chosen}", "b_add_before", True, lambda: behind(chosen - 1))


def _problem(table: Table) -> None:
    if problem := table.problem:
        st.error(words.about_problem(table, problem), icon=":material/error:")
        if repair := builder_edits.repair(table):
            edit = (repair.network, problem.number)
            st.button(repair.words, key="b_repair", type="primary", on_click=_become, args=edit)


def choose_field(table: Table) -> builder_field.Seen | None:
    """A layer, a cell and a picture: what the cell sees; None where no layer sees a part of the input."""
    if not table.seeing:
        st.markdown("No layer of this network sees a part of the input: begin it with a convolution or pooling.")
        return None
    options = [str(number) for number in table.seeing]
    first = str(words.telling(table))
    one, two, three = st.columns([3, 2, 2])
    with one:
        number = share.select("Layer", options, first, lambda key: _layer(table, int(key)), "b_see")
    with two:
        down = share.slider("Cell: how far down (%)", 0, 100, 50, 1, "b_down")
    with three:
        across = share.slider("Cell: how far across (%)", 0, 100, 50, 1, "b_across")
    chosen = choose_picture()
    height, width = table.network.shape[1:]
    st.caption(f"{chosen.caption} Cut and scaled to {height} rows and {width} columns, as the network is fed it.")
    cell = (table.network, int(number), down / 100, across / 100)
    if chosen.sample is None:  # the learner's own picture is in no cache
        seen = builder_field.see(*cell, builder_field.as_input(chosen.picture.rgb, table.network.shape))
        figure = _framed(seen)
    else:
        seen = cached.run(field_seen, *cell, chosen.sample)
        figure = cached.draw(_framed, field_seen, *cell, chosen.sample)
    if seen is not None and figure is not None:
        show.figure(figure, field_figure.framed_in_words(seen), key="b_field")
    return seen


def _layer(table: Table, number: int) -> str:
    return f"{number}: {table.rows[number - 1].words}"


def field_seen(built: Network, number: int, down: float, across: float, picture: str) -> builder_field.Seen | None:
    """See `core.labs.builder_field.see`, with a picture of the gallery."""
    return builder_field.see(built, number, down, across, cached.run(_fed, picture, built.shape))


def _fed(picture: str, shape: tuple[int, int, int]) -> str:
    return builder_field.as_input(cached.sample(picture).rgb, shape)


def _framed(seen: builder_field.Seen | None) -> go.Figure | None:
    return field_figure.framed(seen) if seen else None


def take_away(table: Table) -> None:
    """File, link and programs."""
    built = table.network
    link = storing.to_link(built)
    st.markdown(words.about_link(built, len(link), storing.LONGEST_LINK))
    save, load = st.columns(2)
    with save:
        st.download_button(
            "Save (JSON)", storing.to_json(built), "network.json", "application/json", on_click="ignore", key="b_save"
        )
    with load:
        st.file_uploader(
            "Open a saved network",
            type=["json"],
            max_upload_size=1,
            key="b_upload",
            on_change=_receive,
            help=f"A file that was saved here, of at most {storing.MOST_BYTES // 1000} kB. Every value is checked.",
        )
        if note := st.session_state.get("b_file_note"):
            st.error("The file is not accepted; the network stays.", icon=":material/error:")
            st.text(note)
    if problem := table.problem:
        st.markdown(f"Programs are written once layer {problem.number} can take its input.")
        return
    for tab, (name, write) in zip(
        st.tabs(["PyTorch", "Keras"]),
        (("network_torch.py", exporting.pytorch), ("network_keras.py", exporting_keras.keras)),
        strict=True,
    ):
        with tab:
            program = cached.run(write, built)
            st.code(program, language="python", height=320)
            st.download_button("Save this program", program, name, "text/x-python", on_click="ignore", key=f"b_{name}")


def _receive() -> None:
    """A file's network, if there is one in it; else it is said why not, and the network stays."""
    st.session_state.pop("b_file_note", None)
    file = st.session_state.get("b_upload")
    if file is None:
        return
    try:
        _become(storing.from_json(file.getvalue()), 1)
    except NetworkError as error:
        st.session_state["b_file_note"] = str(error)
