"""What a learner takes home: the overlay, the arrays and the script that repeats them."""

import streamlit as st

from core.cam import Explanation
from core.figures.theme import lut
from core.labs import gradcam
from core.nn.preprocess import Fed
from pages.ui.picture import Chosen


def gradcam_downloads(chosen: Chosen, fed: Fed, explanation: Explanation, params: gradcam.Params) -> None:
    """Three buttons; each file is made only when it is asked for."""
    picture = chosen.picture
    overlay, arrays, script = st.columns(3)
    overlay.download_button(
        "Overlay (PNG)",
        lambda: gradcam.overlay_png(picture, fed, explanation, params, lut(params.scale)),
        "overlay.png",
        "image/png",
        on_click="ignore",
        width="stretch",
    )
    arrays.download_button(
        "Arrays (npz)",
        lambda: gradcam.npz(fed, explanation, params.method),
        "arrays.npz",
        "application/octet-stream",
        on_click="ignore",
        width="stretch",
    )
    script.download_button(
        "Script (Python)",
        gradcam.script(params, picture.digest, chosen.sample),
        "gradcam_script.py",
        "text/x-python",
        on_click="ignore",
        width="stretch",
    )
