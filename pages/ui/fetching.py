"""Weights that are not on this machine: what they cost, the download with progress, and cancel."""

import streamlit as st

from core.nn import weights
from core.nn.fetch import fetch
from core.nn.registry import Pretrained
from pages.ui import cached


def require_weights(entry: Pretrained) -> None:
    """Go on if the entry's network can be had; else say why not, offer what can be done, and end the page here."""
    if weights.find(entry) is None:
        _offer_download(entry)
        st.stop()
    try:
        with st.spinner(f"Loading {entry.title}"):
            cached.network(entry.name)
    except weights.WeightsError as error:
        st.error(str(error))
        st.stop()


def _offer_download(entry: Pretrained) -> None:
    """Say how large the weights are and download them on request; reruns the page when they are here.

    Any rerun of the page, such as the one that Cancel starts, interrupts the download when the next piece
    arrives, and nothing of it is kept. (Not a fragment: a fragment's rerun would wait for the download.)
    """
    st.info(
        f"{entry.title} has {entry.parameters:,} parameters. Its weights are a file of "
        f"{entry.megabytes:.0f} MB that is not on this machine yet. {weights.advice(entry)}"
    )
    if not st.button(f"Download {entry.megabytes:.0f} MB", key="download", type="primary"):
        return
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Connecting")
        st.button("Cancel", key="cancel_download")

    def show(done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), f"{done / 2**20:.1f} of {total / 2**20:.1f} MB")

    def interrupted() -> bool:
        st.empty()  # a call at which Streamlit ends this run if a newer one has been asked for
        return False

    try:
        fetch(entry, weights.cache_folder(), show, interrupted)
    except weights.WeightsError as error:
        place.error(str(error))
    else:
        st.rerun()
