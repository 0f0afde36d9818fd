r"""Start

What the tutorial gives, in one screen, and the way in.
"""

import streamlit as st

from core.figures import residual as figures
from core.figures.maps import class_panel
from core.labs import gradcam, residual
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached, menu
from pages.ui.components.maps import show_maps
from pages.ui.components.scenes import show_scenes

entry = next(iter(REGISTRY.values()))
sample = next(iter(SAMPLES.values()))
picture = cached.sample(sample.name)
fed, passed = cached.fed(picture, entry.name), cached.trace(picture, entry.name, entry.default_layer)
best = gradcam.answer(passed).best(1)[0]
explanation = cached.explanation(picture, entry.name, entry.default_layer, best)
panel = class_panel(explanation, "gradcam", entry.classes[best], "inferno")
field = residual.Params("network", starts=9)

words, heat = st.columns([3, 2], gap="large")
with words:
    st.title("Neural ODEs and Grad-CAM")
    st.markdown(
        "A network with many small layers moves its state as a differential equation does, and what it has seen in a "
        "picture can be read off its gradients. Here you take both into your own hands.\n\n"
        "- **Move something**: every picture answers at once, and plays.\n"
        "- **Predict before you look**, then compare with the numbers of the run on screen.\n"
        "- **Bring your own**: a formula, measurements, a photograph.\n"
        "- **Take it home**: every state is a link, and a script repeats it; below the menu are worksheets, links for "
        "a class, and your progress.\n\n"
        "No account, and nothing leaves this server: what you bring stays in your session."
    )
    learn, look = st.columns(2)
    if learn.button("Start the lessons", type="primary", icon=":material/arrow_forward:", key="learn", width="stretch"):
        st.switch_page(menu.lessons()["differential-equations"].page())
    if look.button("Open the Grad-CAM explorer", icon=":material/image_search:", key="start", width="stretch"):
        st.switch_page(menu.lessons()["gradcam"].page())
with heat:
    paths = cached.draw(figures.paths_scenes, residual.compare, field)
    show_scenes(paths, key="paths", clock=figures.paths_clock(), height=280)
    show_maps([panel], picture, fed.box, key="hero", opacity=0.55, least_width=240)
    st.caption(
        "Above: a residual network's steps become the curves of an ODE; press Play. Below: what speaks for "
        f"“{panel.title}” in a picture, by a network of {entry.parameters:,} parameters."
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
