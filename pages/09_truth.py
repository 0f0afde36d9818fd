r"""Can the heatmap be trusted?

How would you notice if a heatmap had nothing to do with what the network learnt? Let the network forget, take the hot
places away, or cover them, and see whether the map and the answer follow.

Prerequisites: the Grad-CAM explorer. Sources: Adebayo et al. 2018; Petsiuk et al. 2018; Zeiler and Fergus 2014.
"""

import streamlit as st

from core.cam import metrics, occlusion
from core.labs import trust
from core.labs import trust_words as words
from pages.ui import exercise, show
from pages.ui import trust_controls as controls
from pages.ui.compare_controls import choose, show_chosen
from pages.ui.picture import choose_picture

st.title("Can the heatmap be trusted?")
st.markdown(
    "A heatmap looks convincing when it lies on the object. But an edge detector also lies on the object, and it knows "
    "nothing of any network. **How would you notice if a heatmap had nothing to do with what the network learnt?** "
    "Three tests, on the picture, network, layer and class of the explorer."
)

chosen = choose_picture()
settings, view = st.columns([3, 2], gap="large")
with settings:
    scene = choose(chosen)
    seed = controls.choose_seed()
with view:
    show_chosen(scene, "t_map")

st.header("1. A network that forgets")
st.markdown(
    "Give the last stage random weights, as large as the trained ones were but without what they had learnt. Then the "
    "stage before it too, and so on down to the input: *cascading randomisation*. The network's answer is soon "
    "worthless. A map that explains the answer must change as well; one that does not was never about it."
)
st.markdown(
    "Three maps are watched: **Grad-CAM**; **guided back-propagation**, which follows the score's gradient down to the "
    "pixels and lets only positive values pass each ReLU, so that it looks sharp; and an **edge detector** (Sobel's), "
    "which sees only the picture."
)
st.markdown(words.about_stages(trust.forgetting(scene.net)))
objection = trust.guided_objection(scene.net)
guess = exercise.predict(
    "**What do you expect?** While the upper half of the stages forgets, which maps go on looking as before?"
    if objection is None
    else "**What do you expect?** While the upper half of the stages forgets, what does Grad-CAM's map do?",
    words.KEPT if objection is None else words.KEPT_ALONE,
    key=f"t_guess_kept {scene.about}",
)
show.notices(objection)
if guess is not None:
    controls.show_cascade(scene, seed, guess)
st.subheader("Worked example: when are two maps alike?")
exercise.worked_example(words.ranks_example(), key="t_worked")

st.header("2. Pixels that go away")
st.markdown(
    "*Deletion*: make the pixels grey, the hottest first, and watch the probability of the class. If the map marks "
    "what the network looks at, it falls at once. *Insertion*: begin with a blurred picture and bring the hottest "
    "pixels back first. For comparison the same is done by **random maps** (a random number in each cell, laid over "
    "the picture in the same way) and by **Eigen-CAM**, which shows what the feature maps have most in common and "
    "asks for no class."
)
count = controls.choose_count()
guess = exercise.predict(
    f"**What do you expect?** Pixels go by {trust.title(scene.setting.method)} for {scene.name}. The probability falls",
    words.FALLS,
    key=f"t_guess_falls {scene.about}",
)
if guess is not None:
    controls.show_removal(scene, seed, count, guess)

st.header("3. A square that covers")
st.markdown(
    "*Occlusion* needs neither gradient nor feature maps: cover a place with a grey square and see by how much the "
    "score $y^c$ of the class falls. One pass through the network for each place makes it slow, but it shows an effect "
    "rather than a derivative. How well do the quick maps agree with it? Both are compared with their signs: a place "
    "can also speak against a class."
)
squares = controls.choose_squares(scene)
guess = exercise.predict(
    "**What do you expect?** Which map puts the places in the same order as occlusion, most nearly?",
    words.candidates(),
    key=f"t_guess_best {scene.about}",
)
if guess is not None:
    controls.show_occlusion(scene, squares, seed, guess)

show.source(metrics.randomised, metrics.rank_correlation, metrics.removal, occlusion.falls_beneath)
show.references(
    "Adebayo et al. 2018, [Sanity checks for saliency maps](https://arxiv.org/abs/1810.03292): section 3 randomises "
    "a network in this order.",
    "Springenberg et al. 2015, [Striving for simplicity](https://arxiv.org/abs/1412.6806): guided back-propagation.",
    "Petsiuk, Das, Saenko 2018, [RISE](https://arxiv.org/abs/1806.07421), section 3.3: deletion and insertion.",
    "Zeiler, Fergus 2014, [Visualizing and understanding convolutional networks](https://arxiv.org/abs/1311.2901), "
    "section 4.2: occlusion.",
    "Muhammad, Yeasin 2020, [Eigen-CAM](https://arxiv.org/abs/2008.00299).",
)
