"""Groups of widgets -> values. Their state is in the URL, so a link reopens it; bad values fall back."""

import streamlit as st

from core.cam import METHODS
from core.figures.theme import SEQUENTIAL
from core.images import Picture
from core.labs import gradcam
from core.nn.registry import REGISTRY, Pretrained
from core.nn.stages import StageRow
from pages.ui import share

MOST_CLASSES = 4
"""Maps side by side."""

_SHOWN = "classes_of"


def choose_network() -> Pretrained:
    """One network of the registry, the embedded one first."""
    names = list(REGISTRY)
    entry = REGISTRY[share.select("Network", names, names[0], lambda name: REGISTRY[name].title, "network")]
    kinds = len(entry.classes)
    data = "CIFAR-10" if kinds == 10 else "ImageNet"
    st.caption(f"Knows {kinds:,} kinds of things; right on {entry.top1:.1f} % of {data}'s evaluation pictures.")
    return entry


def choose_layer(entry: Pretrained, rows: list[StageRow]) -> str:
    """A stage with feature maps; the network's own default unless another is chosen."""
    shapes = {row.name: f"{row.name}: {row.shape[1]} maps of {row.shape[2]} x {row.shape[3]}" for row in rows}
    about = "Late layers know what, early layers know where. The list runs from input to output."
    return share.select("Layer", list(shapes), entry.default_layer, shapes.__getitem__, "layer", about)


def choose_classes(entry: Pretrained, answer: gradcam.Answer, picture: Picture) -> list[int]:
    """The classes to explain: those pinned for this picture and network, else the best one."""
    top = answer.best(5)
    shown = (entry.name, picture.digest)
    if st.session_state.get(_SHOWN) != shown:
        first = _SHOWN not in st.session_state
        wanted = share.read_numbers("classes") if first else []
        wanted = [index for index in dict.fromkeys(wanted) if index < len(entry.classes)]
        st.session_state[_SHOWN] = shown
        st.session_state["pinned"] = [index for index in wanted if index in top]
        st.session_state["others"] = [index for index in wanted if index not in top][:MOST_CLASSES]
    pinned = st.pills(
        "Explain these, side by side",
        top,
        selection_mode="multi",
        format_func=lambda index: entry.classes[index],
        key="pinned",
        wrap=True,
        help="The best one, while none is chosen.",
        persist_state="session",
    )
    others = st.multiselect(
        "Other classes",
        [index for index in range(len(entry.classes)) if index not in top],
        format_func=lambda index: entry.classes[index],
        key="others",
        max_selections=MOST_CLASSES,
        placeholder="type a name",
        persist_state="session",
    )
    share.write_numbers("classes", [*pinned, *others])
    return ([*pinned, *others] or top[:1])[:MOST_CLASSES]


def choose_method() -> str:
    """One of the methods that share a gradient."""
    return share.select("Method", list(METHODS), "gradcam", lambda name: METHODS[name].title, "method")


def choose_look() -> tuple[str, float, bool]:
    """Colour scale, opacity (0 to 1) and smoothness of the overlay."""
    opacity = st.slider("Opacity of the heat", 0, 100, 55, 5, format="%d %%", key="opacity", bind="query-params")
    scale = st.selectbox("Colours", SEQUENTIAL, key="colours", bind="query-params")
    coarse = st.toggle(
        "Show the coarse cells",
        key="cells",
        bind="query-params",
        help="The map has one value per cell; the smooth picture between the cells is interpolation, not evidence.",
    )
    return scale, min(max(opacity, 0), 100) / 100, not coarse
