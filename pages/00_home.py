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
    st.title("Neural ODEs and Grad-CAM")
    st.markdown(
        "A network with many small layers moves its state as a differential equation does, and what it has seen in a "
        "picture can be read off its gradients. Here you take both into your own hands.\n\n"
        "- **Move something**: every picture answers at once, and plays.\n"
        "- **Predict before you look**, then compare with the numbers of the run on screen.\n"
        "- **Bring your own**: a formula, measurements, a photograph.\n"
        "- **Take it home**: every state is a link, and a script repeats it.\n\n"
        "No account, and nothing leaves this server: what you bring stays in your session."
    )
    learn, look = st.columns(2)
    if learn.button("Start the lessons", type="primary", icon=":material/arrow_forward:", key="learn", width="stretch"):
        st.switch_page(menu.lessons()["differential-equations"].page())
    if look.button("Open the Grad-CAM explorer", icon=":material/image_search:", key="start", width="stretch"):
        st.switch_page(menu.lessons()["gradcam"].page())
with heat:
    show_maps(panels, picture, fed.box, key="hero", opacity=0.55, least_width=240)
    st.caption(
        f"One picture, two questions: what speaks for “{panels[0].title}”, and what for “{panels[1].title}”? "
        f"Computed on this page by a network of {entry.parameters:,} parameters."
    )

for part, numbers in menu.PARTS.items():
    inside = [lesson for lesson in menu.lessons().values() if lesson.number in numbers]
    if part and inside:
        st.header(part)
        columns = st.columns(3)
        for place, lesson in enumerate(inside):
            with columns[place % 3].container(border=True):
                st.page_link(lesson.page(), label=f"**{lesson.title}**")
                st.caption(lesson.question)
