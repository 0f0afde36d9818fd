r"""Grad-CAM explorer

Which places of a picture made a network give its answer? A class's score depends on feature maps; its
gradient says how much on each, and the sum of the maps, weighted by it, is a picture of the evidence.

Prerequisites: gradients, and that a convolution keeps places. Source: Selvaraju et al. 2017.
"""

import streamlit as st

from core.cam import METHODS, explain, trace
from core.figures.cam import alpha_bars, alpha_in_words
from core.figures.maps import class_panel, feature_panels, gradient_panels, strongest, sum_panels
from core.labs import gradcam, gradcam_words
from pages.ui import cached, controls, derivations, exercise, menu, share, show
from pages.ui.components.maps import show_maps
from pages.ui.downloads import gradcam_downloads
from pages.ui.fetching import require_weights
from pages.ui.picture import choose_picture

st.title("Grad-CAM explorer")
st.markdown(
    "A network says *cat*. **Which places of the picture made it say so?** Take a sample or a photograph of "
    "your own, choose a class, and follow the numbers from the network's feature maps to the heat."
)

chosen = choose_picture()
seen, control = st.columns([3, 2], gap="large")
with control:
    entry = controls.choose_network()
    require_weights(entry)
    picture, fed = chosen.picture, cached.fed(chosen.picture, entry.name)
    layer = controls.choose_layer(entry, cached.layers(entry.name, fed))
    answer = gradcam.answer(cached.trace(picture, entry.name, layer))
    show.top_classes(entry, answer)
    classes = controls.choose_classes(entry, answer, picture)
    method = controls.choose_method()
    scale, opacity, smooth = controls.choose_look()

explanations = [cached.explanation(picture, entry.name, layer, index) for index in classes]
explanation, name = explanations[0], entry.classes[classes[0]]
params = gradcam.Params(entry.name, layer, classes[0], method, scale, opacity, smooth)
with seen:
    st.markdown(gradcam_words.about_verdict(entry, answer))
    panels = [
        class_panel(one, method, entry.classes[index], scale) for index, one in zip(classes, explanations, strict=True)
    ]
    show_maps(
        panels,
        picture,
        fed.box,
        key="overlay",
        opacity=opacity,
        smooth=smooth,
        least_width=300 if len(panels) == 1 else 200,
    )
    st.caption(f"{chosen.caption} Point at a cell, or walk with the arrow keys, to read its value.")
    show.notices(
        gradcam_words.about_answer(entry, answer),
        gradcam_words.about_crop(picture, fed),
        *(gradcam_words.about_map(entry, one, method) for one in explanations),
    )
    gradcam_downloads(chosen, fed, explanation, params)

st.header("Predict: where is the heat for another class?")
other = gradcam.rival(answer, classes[0])
other_name = entry.classes[other]
st.markdown(
    f"The map above is for **{name}**. Of all other classes, **{other_name}** has the highest score. "
    "Before you look: where will its heat be?"
)
guess = exercise.predict(
    f"Compared with the heat for {name}, that for {other_name} is",
    gradcam_words.PLACES,
    key=f"g_guess {picture.digest} {entry.name} {layer} {classes[0]}",
)
if guess is not None:
    against = cached.explanation(picture, entry.name, layer, other)
    pair = [class_panel(explanation, method, name, scale), class_panel(against, method, other_name, scale)]
    show_maps(pair, picture, fed.box, key="rival", opacity=opacity, smooth=smooth)
    guess.reveal(gradcam_words.compare(guess, name, other_name, explanation, against, method))

st.header("How the map is made, step by step")
st.markdown("Point at any cell below: the same place is marked in every picture of this page.")
channels = strongest(explanation, 8)
st.markdown(gradcam_words.about_input(fed))
st.markdown(gradcam_words.about_features(explanation))
show_maps(feature_panels(explanation, channels), picture, fed.box, key="features", least_width=165)
st.markdown(gradcam_words.about_gradient(explanation, name))
show_maps(gradient_panels(explanation, channels), picture, fed.box, key="gradients", least_width=165)
weight, _, heat = derivations.report("gradcam-weights").steps
st.markdown(r"**4. One weight for each feature map**: the mean of its gradient over all $h \times w$ cells.")
derivations.show_formula(weight)
bars, in_words = alpha_bars(explanation, channels), alpha_in_words(explanation, channels)
show.figure(bars, in_words, key="alpha")
st.markdown(
    f"**5. The weighted sum** of all {explanation.activation.shape[1]} feature maps keeps its sign: places for {name}, "
    "and against it. **6. The ReLU** keeps what speaks for it. **7. Upsampling** lays these few cells over the picture."
)
derivations.show_formula(heat)
made = [*sum_panels(explanation, "gradcam", scale), class_panel(explanation, "gradcam", "On the picture", scale)]
show_maps(made, picture, fed.box, key="sum", opacity=opacity, smooth=smooth, least_width=220)

st.header("What the cells add up to")
st.markdown(
    f"Add up all cells of the weighted sum for {name}, before the ReLU. The score $y^c$ of {name} is "
    f"{explanation.scores[0, classes[0]]:.3f}, and it may contain a bias: a number that no cell has a part in."
)
guess = exercise.predict(
    f"Is the sum of all cells for {name}, before the ReLU, its score less the bias?",
    gradcam_words.SUMS,
    key=f"g_sum {picture.digest} {entry.name} {layer} {classes[0]}",
)
if guess is not None:
    guess.reveal(gradcam_words.about_sum(guess, explanation, name, cached.network(entry.name)))

st.header("Other methods, same gradient")
st.markdown(
    "All of them weigh the same feature maps by the same gradient $g$; only the rule for the weights $w$ differs."
)
panels = [class_panel(explanation, key, rule.title, scale) for key, rule in METHODS.items()]
show_maps(panels, picture, fed.box, key="methods", opacity=opacity, smooth=smooth, least_width=220)
with st.expander("The rules, with their sources"):
    for rule in METHODS.values():
        st.markdown(f"**{rule.title}**: ${rule.latex}$. {rule.says} ({rule.source})")

st.header("The formulas, step by step")
st.markdown("Why the weights are means, and when Grad-CAM is CAM.")
topics = gradcam_words.DERIVATIONS
derivations.show(share.select("Derivation", list(topics), "gradcam-cam", topics.__getitem__, "proof"))

st.header("Check yourself")
question = (
    f"The picture is {picture.rgb.shape[1]} pixels wide. How many of them does one cell of the map at {layer} span?"
)
span, reason = gradcam_words.cell_span(fed, explanation)
exercise.number_exercise(question, span, 1.0, reason, key=f"g_span {picture.digest} {entry.name} {layer}")

st.header("Go on with this picture")
for lesson in (menu.lessons()[slug] for slug in ("maps-compared", "truth", "depth-is-time")):
    st.page_link(lesson.page(), label=f"**{lesson.title}** {lesson.question}")

show.source(trace, explain, METHODS[method].weights)
show.references(
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391): section 3 holds the formulas above.",
    "Zhou et al. 2016, [Class activation mapping](https://arxiv.org/abs/1512.04150): the case of a pooled linear head.",
    "Dumoulin, Visin 2016, [A guide to convolution arithmetic](https://arxiv.org/abs/1603.07285).",
    "Adebayo et al. 2018, [Sanity checks for saliency maps](https://arxiv.org/abs/1810.03292): which maps to distrust.",
)
