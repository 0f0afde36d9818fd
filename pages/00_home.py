r"""Start

What the tutorial gives, in one screen, and the way in.
"""

import streamlit as st

from core.figures.maps import class_panel
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached, menu
from pages.ui.components.maps import show_maps

entry = next(iter(REGISTRY.values()))
sample = next(iter(SAMPLES.values()))
picture = cached.sample(sample.name)
fed = cached.fed(picture, entry.name)
explanation = cached.trace(picture, entry.name, entry.default_layer).explain()

words, heat = st.columns([3, 2], gap="large", vertical_alignment="center")
with words:
    st.title("See what a network sees")
    st.markdown(
        "A neural network answers in one word. The reasons are inside it, as numbers that one can look at.\n\n"
        "- **Upload a photograph** and see which places made the network give its answer.\n"
        "- **Follow every step** from feature maps and gradients to the heat, with the values under your pointer.\n"
        "- **Predict before you look**, and find out what such a map can tell and what it cannot.\n"
        "- **Take it home**: each state is a link, and a short script repeats it.\n\n"
        "Everything runs on this machine. Your pictures stay in your session."
    )
    if st.button("Open the Grad-CAM explorer", type="primary", icon=":material/arrow_forward:", key="start"):
        st.switch_page(menu.lessons()["gradcam"].page())
with heat:
    show_maps(
        [
            class_panel(
                explanation, "gradcam", f"Evidence for “{entry.classes[int(explanation.targets[0])]}”", "inferno"
            )
        ],
        picture,
        fed.box,
        key="hero",
        opacity=0.55,
    )
    st.caption(f"{sample.title}. {sample.credit}. Computed just now by a network of {entry.parameters:,} parameters.")
