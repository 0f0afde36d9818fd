"""Weights that are not on this machine: what they cost, the download with progress, and cancel."""

import streamlit as st

from core.nn import weights
from core.nn.fetch import fetch
from core.nn.registry import Pretrained

_FAILED = "download_failed"


@st.fragment
def offer_download(entry: Pretrained) -> None:
    """Say how large the entry's weights are and download them on request; reruns the page when they are here.

    Any rerun of this fragment, such as the one that Cancel starts, interrupts the download at its next
    sign of progress, and nothing of it is kept.
    """
    accuracy = f" (top-1 accuracy on ImageNet: {entry.top1:.1f} %)" if entry.top1 else ""
    st.info(
        f"{entry.title}{accuracy} has {entry.parameters:,} parameters. Its weights are a file of "
        f"{entry.megabytes:.0f} MB that is not on this machine yet. {weights.advice(entry)}"
    )
    failed = st.session_state.pop(_FAILED, None)
    if failed:
        st.error(failed)
    if not st.button(f"Download {entry.megabytes:.0f} MB", key="download", type="primary"):
        return
    bar = st.progress(0.0, "Connecting")
    st.button("Cancel", key="cancel_download")

    def show(done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), f"{done / 2**20:.1f} of {total / 2**20:.1f} MB")

    def interrupted() -> bool:
        st.empty()  # a call at which Streamlit stops this run if a newer one has been asked for
        return False

    try:
        fetch(entry, weights.cache_folder(), show, interrupted)
    except weights.WeightsError as error:
        st.session_state[_FAILED] = str(error)
        st.rerun(scope="fragment")
    st.rerun()
