r"""Start

What the tutorial gives, in one screen, and the way in.
"""

import streamlit as st

from core.figures.maps import class_panel
from core.labs import gradcam
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached, menu
from pages.ui.components.maps import show_maps

entry = next(iter(REGISTRY.values()))
sample = next(iter(SAMPLES.values()))
picture = cached.sample(sample.name)
fed, passed = cached.fed(picture, entry.name), cached.trace(picture, entry.name, entry.default_layer)
best = gradcam.answer(passed).best(2)
panels = [
    class_panel(
        cached.explanation(picture, entry.name, entry.default_layer, index),
        "gradcam",
        entry.classes[index],
        "inferno",
    )
    for index in best
]

words, heat = st.columns([3, 2], gap="large", vertical_alignment="center")
with words:
    st.title("See what a network sees")
    st.markdown(
        "A neural network answers in one word. Its reasons are inside it, as numbers that one can look at. "
        "Here you will understand how, with your own pictures.\n\n"
        "- **Upload a photograph** and see which places made a network give its answer.\n"
        "- **Follow every step** from feature maps and gradients to the heat, with each value under your pointer.\n"
        "- **Predict before you look**, and find out what such a map tells and what it does not.\n"
        "- **Take it home**: every state is a link, and a short script repeats it.\n\n"
        "No account, and nothing leaves this server: your pictures stay in your session."
    )
    if st.button("Open the Grad-CAM explorer", type="primary", icon=":material/arrow_forward:", key="start"):
        st.switch_page(menu.lessons()["gradcam"].page())
with heat:
    show_maps(panels, picture, fed.box, key="hero", opacity=0.55, least_width=240)
    st.caption(
        f"One picture, two questions: what speaks for “{panels[0].title}”, and what for “{panels[1].title}”? "
        f"Computed on this page by a network of {entry.parameters:,} parameters."
    )
