r"""Does the heat point at the object?

A map of heat looks convincing wherever it lies: does it point at the object? On drawn scenes the place of each
object is known, so this can be measured; and where it points elsewhere, one learns what the network looks at.

Prerequisites: Grad-CAM. Sources: Selvaraju et al. 2017, section 4.1; Zhang et al. 2016; Lapuschkin et al. 2019.
"""

import streamlit as st

from core.cam import metrics
from core.labs import pointing, pointing_scene, pointing_words, shortcut, shortcut_words
from core.nn import scenes
from pages.ui import exercise, scene_controls, show

st.title("Does the heat point at the object?")
st.markdown(
    "A map of heat looks convincing wherever it lies. **Does it point at the object?** On photographs one has to "
    "believe it. These scenes are drawn, with objects of eight kinds on textured grounds, so the place of each is "
    "known: its *box* is the smallest rectangle around it."
)

st.header("Move the objects, and watch the heat")
st.markdown(
    r"A small network has learnt to say which kinds are on the canvas. It gives a score $y^c$ for each kind $c$, and "
    r"its answer is $\sigma(y^c) = 1 / (1 + e^{-y^c})$, from 0 (no) to 1 (yes). These are eight "
    "questions of their own, not one choice among eight, as with softmax: several kinds may be there, or none, and the "
    "answers need not add up to 1. The answer is above one half where the score is above 0."
)
chosen = scene_controls.choose_scene()
scene_controls.arrange(chosen)

st.header("Over many scenes, for every method")
st.markdown(
    "One map proves little. Here scenes that the network has never seen are drawn, one to three objects on each, and "
    "for each object the map of its class is held against its box, by each method. Two *baselines* know nothing: one "
    "always points at the centre of the canvas, one at a random place, with a box of the size that objects have on "
    "average."
)
guess = exercise.predict(
    "**What do you expect?** For which part of the objects does Grad-CAM's hottest place lie in the box?",
    pointing_words.RATES,
    key="o_guess_rate",
)
params = scene_controls.choose_trials()
if guess is not None:
    scene_controls.show_trials(params, guess)
    st.markdown(
        "Pointing asks for one place, IoU for the whole extent: a map can do the first well and spread far beyond the "
        "object. And a high rate says only that the map lies on the object, not that the network needs what the map "
        "shows: an edge detector, too, marks objects, and has no class at all."
    )

st.header("A planted shortcut")
st.markdown(
    "Two networks of the same kind learnt from the same scenes. For one of them, every training scene with a star also "
    "had a **red tag** in a corner (any of the four, since scenes are turned and mirrored in training). The tag is "
    "easier to find than a star. A network that uses such a shortcut is called a *Clever Hans*, after a horse that "
    "seemed to count and in truth watched its master's face."
)
scene, star, tag = scene_controls.choose_starred()
guess = exercise.predict(
    "**What do you expect?** With star and tag both there, the heat for star of the network trained with tags is",
    shortcut_words.GUESSES,
    key="o_guess_tag",
)
scene_controls.show_pair(scene, star, tag, guess)
st.subheader("Would the accuracy have told?")
st.markdown(
    "Right answers of both, measured after training on 2,000 unseen scenes, drawn once without tags and once with a "
    "tag beside every star:"
)
st.markdown(shortcut_words.accuracy_table(shortcut.accuracies()))
if guess is not None:
    st.markdown(
        "Now each scene with a star is drawn in four versions, with and without its star, with and without the tag, "
        "and both networks are asked:"
    )
    scene_controls.show_starred_trials(scene_controls.choose_starred_trials())

st.header("Check yourself")
first = chosen.scene.things[0]
question, share, reason = pointing_words.random_share(chosen.scene, first.kind, scenes.box(first))
exercise.number_exercise(question, share, 0.5, reason, key=f"o_share {chosen.name}")

show.source(metrics.points_at, metrics.heat_box, metrics.overlap, pointing_scene.look, pointing.piece, shortcut.piece)
show.references(
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391): section 4.1 holds the box at 15 %.",
    "Zhang et al. 2016, [Top-down neural attention by excitation backprop](https://arxiv.org/abs/1608.00507): section "
    "4.3, the pointing game.",
    "Lapuschkin et al. 2019, [Unmasking Clever Hans predictors](https://arxiv.org/abs/1902.10178).",
    "Wilson 1927, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22, "
    "209-212: the interval of a rate.",
)
