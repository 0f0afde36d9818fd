r"""Grad-CAM explorer

Which places of a picture made a network give its answer? A class's score depends on feature maps; its
gradient says how much on each, and the sum of the maps, weighted by it, is a picture of the evidence.

Prerequisites: gradients, and that a convolution keeps places. Source: Selvaraju et al. 2017.
"""

import streamlit as st

from core.cam import METHODS, explain, trace
from core.cam.methods import gradcam as gradcam_weights
from core.figures.cam import alpha_bars, alpha_in_words
from core.figures.maps import class_panel, feature_panels, gradient_panels, strongest, sum_panels
from core.labs import gradcam
from core.nn import weights
from pages.ui import cached, controls, exercise, show
from pages.ui.components.maps import show_maps
from pages.ui.downloads import gradcam_downloads
from pages.ui.fetching import offer_download
from pages.ui.picture import choose_picture

st.title("Grad-CAM explorer")
st.markdown(
    "A network says *cat*. **Which places of the picture made it say so?** Take a sample or a photograph of "
    "your own, choose a class, and follow the numbers from the network's feature maps to the heat."
)

left, right = st.columns([2, 3], gap="large")
with left:
    chosen = choose_picture()
    entry = controls.choose_network()
    if weights.find(entry) is None:
        offer_download(entry)
        st.stop()
    picture, fed = chosen.picture, cached.fed(chosen.picture, entry.name)
    layer = controls.choose_layer(entry, cached.layers(entry.name, fed))
    answer = gradcam.answer(cached.trace(picture, entry.name, layer))
    show.top_classes(entry, answer)
    classes = controls.choose_classes(entry, answer, picture)
    method = controls.choose_method()
    scale, opacity, smooth = controls.choose_look()

explanations = [cached.explanation(picture, entry.name, layer, index) for index in classes]
explanation, name = explanations[0], gradcam.label(entry, classes[0])
params = gradcam.Params(entry.name, layer, classes[0], method, scale, opacity, smooth)
with right:
    panels = [
        class_panel(e, method, gradcam.label(entry, c), scale) for c, e in zip(classes, explanations, strict=True)
    ]
    show_maps(panels, picture, fed.box, key="overlay", opacity=opacity, smooth=smooth)
    st.caption(f"{chosen.caption} Point at a cell, or walk with the arrow keys, to read its value.")
    show.notices(
        gradcam.about_answer(entry, answer),
        gradcam.about_crop(picture, fed),
        *(gradcam.about_map(entry, e, method) for e in explanations),
    )
    gradcam_downloads(chosen, fed, explanation, params)

st.header("Predict: where is the heat for the other class?")
other = next(index for index in answer.best(2) if index != classes[0])
other_name = gradcam.label(entry, other)
st.markdown(
    f"The map above is for **{name}**. Among the rest, the network gives **{other_name}** the highest score. "
    "Before you look: where will its heat be?"
)
guess = exercise.predict(
    "The heat of the other class is", gradcam.PLACES, key=f"guess {picture.digest} {entry.name} {classes[0]}"
)
if guess is not None:
    rival = cached.explanation(picture, entry.name, layer, other)
    pair = [class_panel(explanation, method, name, scale), class_panel(rival, method, other_name, scale)]
    show_maps(pair, picture, fed.box, key="rival", opacity=opacity, smooth=smooth)
    st.markdown(gradcam.compare(guess, name, other_name, explanation, rival, method))

st.header("How the map is made, step by step")
channels = strongest(explanation, 8)
height, width = fed.pixels.shape[:2]
n_maps, rows, columns = explanation.activation.shape[1:]
st.markdown(
    f"**1. The input.** The picture is resized to {width} x {height} pixels, its colours are normalised, and a batch "
    f"axis is added: $x$ has shape (1, 3, {height}, {width}).\n\n"
    f"**2. The feature maps** $A^k$. At `{layer}` the network holds {n_maps} of them, {rows} x {columns} cells each. "
    "These eight matter most for the class, by $|\\alpha_k|$ times the map's mean. A feature map is the *output* of a "
    "filter on this picture, not the filter."
)
show_maps(feature_panels(explanation, channels), picture, fed.box, key="features", least_width=130)
st.markdown(
    f"**3. The gradient** $\\partial y^c / \\partial A^k$: how much the score $y^c$ of {name} rises when one cell of $A^k$ "
    "rises a little. $y^c$ is the score before softmax."
)
show_maps(gradient_panels(explanation, channels), picture, fed.box, key="gradients", least_width=130)
st.markdown("**4. One weight per map**: the mean of its gradient over all cells.")
st.latex(r"\alpha_k^c = \frac{1}{h\,w} \sum_{i=1}^{h} \sum_{j=1}^{w} \frac{\partial y^c}{\partial A^k_{ij}}")
st.plotly_chart(
    alpha_bars(explanation, channels),
    key="alpha",
    config={"displayModeBar": False},
    alt=alpha_in_words(explanation, channels),
)
st.markdown(
    f"**5. The weighted sum** of all {n_maps} maps keeps its sign: places for and against {name}. "
    "**6. The ReLU** keeps what speaks for it. **7. Upsampling** lays these few cells over the picture."
)
st.latex(r"L^c = \mathrm{ReLU}\Big(\sum_k \alpha_k^c A^k\Big)")
made = [*sum_panels(explanation, "gradcam", scale), class_panel(explanation, "gradcam", "On the picture", scale)]
show_maps(made, picture, fed.box, key="sum", opacity=opacity, smooth=smooth, least_width=220)

st.header("Other methods, same gradient")
st.markdown("All of them weigh the same feature maps with the same gradient; only the rule for the weights differs.")
show_maps(
    [class_panel(explanation, key, METHODS[key].title, scale) for key in METHODS],
    picture,
    fed.box,
    key="methods",
    opacity=opacity,
    smooth=smooth,
    least_width=220,
)
with st.expander("The rules, with their sources"):
    for rule in METHODS.values():
        st.markdown(f"**{rule.title}**: ${rule.latex}$. {rule.says} ({rule.source})")

st.header("Check yourself")
exercise.number_exercise(
    f"The picture is {picture.rgb.shape[1]} pixels wide. How many of them does one cell of the map at `{layer}` span?",
    answer=(fed.box[2] - fed.box[0]) / columns,
    tolerance=1.0,
    explanation=f"The network was fed {fed.box[2] - fed.box[0]:.0f} of these pixels, and the map has {columns} columns: "
    f"{fed.box[2] - fed.box[0]:.0f} / {columns} = {(fed.box[2] - fed.box[0]) / columns:.1f}. No smooth colouring makes the evidence finer than that.",
    key=f"cell {picture.digest} {entry.name} {layer}",
)
show.source(trace, explain, gradcam_weights)
show.references(
    (
        "The method.",
        "Selvaraju et al. 2017",
        "Grad-CAM: Visual Explanations from Deep Networks",
        "https://arxiv.org/abs/1610.02391",
    ),
    (
        "Its predecessor for pooled linear heads.",
        "Zhou et al. 2016",
        "Learning Deep Features for Discriminative Localization",
        "https://arxiv.org/abs/1512.04150",
    ),
    (
        "Which maps pass simple tests of honesty.",
        "Adebayo et al. 2018",
        "Sanity Checks for Saliency Maps",
        "https://arxiv.org/abs/1810.03292",
    ),
)
