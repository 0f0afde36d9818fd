r"""Compare maps

How much does a heatmap depend on how it is made? The same class through all layers, by other methods, by the wrong
target, for all classes at once, and any two settings side by side with their difference.

Prerequisites: the Grad-CAM explorer. Sources: Selvaraju et al. 2017; Wang et al. 2020; Desai and Ramaswamy 2020.
"""

import streamlit as st

from core.cam import eigen, guided, perturbing
from core.labs import compare_maps as lab
from core.labs import compare_maps_words as words
from core.labs import two_maps
from core.labs.trust import guided_objection
from pages.ui import compare_shown as shown
from pages.ui import exercise, pins, show
from pages.ui.compare_controls import choose, show_chosen
from pages.ui.picture import choose_picture

st.title("Compare maps")
st.markdown(
    "One picture, one network, one class: and yet a heatmap comes out in many ways. **How much does it depend on how "
    "it is made?** All that follows is about the picture, network, layer and class of the explorer."
)

chosen = choose_picture()
settings, view = st.columns([3, 2], gap="large")
with settings:
    scene = choose(chosen)
with view:
    show_chosen(scene, "x_map")

st.header("1. Through all layers")
st.markdown(
    f"The same class, {scene.name}, explained at every stage that holds feature maps, from the input to the output. "
    "Early maps have many cells and know edges; late ones have few cells and know things."
)
guess = exercise.predict(
    "**What do you expect?** At which of the stages does the map look like the one at the last stage?",
    words.ALIKE,
    key=f"x_guess_alike {scene.about}",
)
if guess is not None:
    shown.show_sweep(scene, guess)

st.header("2. A beside B")
st.markdown(
    "Pin the present setting, change what you like (picture, network, layer, class, method), and pin another. What "
    "differs, and where?"
)
shown.show_pins(pins.choose(scene))

st.header("3. Methods that need more than one gradient")
st.markdown("Grad-CAM asks for one gradient. These ask otherwise:")
st.markdown(words.ASKS)
count = shown.choose_count()
guess = exercise.predict(
    "**What do you expect?** Which of these methods orders the places least like Grad-CAM (lowest rank correlation)?",
    words.others(guided_objection(scene.net)),
    key=f"x_guess_least {scene.about}",
)
if guess is not None:
    shown.show_beyond(scene, count, guess)

st.header("4. The wrong target")
st.markdown(
    "Grad-CAM takes the gradient of the *score* $y^c$, the number before softmax. A common mistake is to take that of "
    "the *probability* $p^c$ instead. To see what goes wrong, the feature maps $A$ are multiplied by a growing factor, "
    "which makes the network surer and surer of its best class."
)
guess = exercise.predict(
    r"**What do you expect?** As the probability goes to 1, how long is its gradient $\partial p^c / \partial A$?",
    words.LENGTHS,
    key=f"x_guess_length {scene.about}",
)
if guess is not None:
    shown.show_target(scene, guess)
st.subheader("Worked example: two classes")
exercise.worked_example(words.sure_example(), key="x_worked")

st.header("5. All classes at once")
objection = lab.head_objection(scene.net, scene.setting.layer)
if objection is not None:
    show.notices(objection)
else:
    st.markdown(
        "After this layer come only a mean over the cells and a linear layer (the *head*). So the head can be applied "
        "to each cell by itself: one product of matrices gives a score of every class in every cell, and the mean over "
        "the cells is the class's score. Which class wins where?"
    )
    guess = exercise.predict(
        f"**What do you expect?** How many of {len(scene.entry.classes):,} classes have the highest score in a cell?",
        words.WINNERS,
        key=f"x_guess_winners {scene.about}",
    )
    result = None if guess is None else shown.show_all(scene, guess)
    if result is not None:
        exercise.number_exercise(
            f"What is the mean of {scene.name}'s scores over all cells? (within 0.01; no sum is needed)",
            *words.mean_exercise(result, scene.setting.target, scene.name),
            key=f"x_mean {scene.about}",
        )

show.source(two_maps.difference, perturbing.masked_scores, eigen.eigencam, guided.guided_gradcam, lab.all_classes)
show.references(
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391): section 3; guided Grad-CAM in 3.2.",
    "Wang et al. 2020, [Score-CAM](https://arxiv.org/abs/1910.01279). Muhammad, Yeasin 2020, "
    "[Eigen-CAM](https://arxiv.org/abs/2008.00299).",
    "Desai, Ramaswamy 2020, Ablation-CAM, Winter Conference on Applications of Computer Vision, section 3.",
    "Springenberg et al. 2015, [Striving for simplicity](https://arxiv.org/abs/1412.6806): guided back-propagation.",
    "Zhou et al. 2016, [Class activation mapping](https://arxiv.org/abs/1512.04150): a linear head, cell by cell.",
)
