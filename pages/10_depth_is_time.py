r"""Depth is time

Where along the depth of a network does the evidence for a class appear? In a network whose blocks are solutions of
differential equations there is a heatmap at every depth, not only after every layer.

Prerequisites: Grad-CAM (page 9), the adjoint equation (page 4). Sources: Chen et al. 2018; Selvaraju et al. 2017.
"""

import streamlit as st

from core.cam import METHODS
from core.cam.depth import passages
from core.figures import depth_cam as figures
from core.labs import depth_cam
from core.labs import depth_cam_words as words
from core.nn.odenet import ConvField
from pages.ui import cached, derivations, exercise, show
from pages.ui import depth_controls as controls
from pages.ui.picture import choose_picture

st.title("Depth is time")
st.markdown(
    "Grad-CAM paints the evidence for a class at one layer. A *Neural ODE* has no layers inside: its state flows. "
    "**Where along the depth of a network does the evidence for a class appear?** Here the heat has a slider from "
    "input to output, and stops nowhere in between."
)

st.header("1. Twins")
st.markdown(
    r"A *residual block* adds something to its input: $z \leftarrow z + f(z)$. An *ODE block* lets its state $z$ flow "
    r"from depth $t = 0$ to $t = 1$ by the differential equation $\frac{dz}{dt} = f(t, z, \theta)$, where $\theta$ are "
    r"its weights. The *field* $f$ consists of two 3 x 3 convolutions, SiLU (a smooth relative of the ReLU) before "
    r"each, and a normalisation after the first, whose scale and shift change linearly with $t$. Below, a ResNet "
    "and its twin, the *ODE-Net*: in each stage one ODE block stands for both residual blocks. The stages stay apart, "
    "since the solution of an ODE keeps the shape of its state: halving the side and widening the channels is done "
    "between the blocks."
)
st.markdown(words.twin_table(cached.run(depth_cam.twins, 48, 48)))
st.caption("For an input of 48 x 48 pixels; an output is channels x rows x columns. Both were trained on CIFAR-10.")

st.header("2. The heat at every depth")
st.markdown(
    r"For a class $c$ with the score $y^c$ (before softmax), a map needs the feature maps and how much the score rises "
    r"with each of their cells. Inside a block these are the state $z(t)$ and the *adjoint* "
    r"$a(t) = \frac{\partial y^c}{\partial z(t)}$. One solve forwards and one backwards give both at every $t$."
)
chosen = choose_picture()
picture = chosen.picture
target, method = controls.choose_map()
way = controls.choose_way()
asked = (controls.pair_of, picture, target, method, way)
pair = controls.computed("Solving", "z_pair", *asked)
if pair is not None:
    journey = pair.journey
    name = controls.CLASSES[journey.target]
    st.markdown(words.about_answers(pair, controls.CLASSES))
    guess = exercise.predict(
        f"**Before you move the slider:** where does the evidence for {name} appear, in the place where it ends up?",
        words.WHERE,
        key=f"z_guess_where {picture.digest} {journey.target}",
    )
    st.markdown(
        "The large picture is the ODE-Net's, at the depth that the slider says; at first it is the end. Whole numbers "
        "are where a block ends. The small ones are the ResNet's, after each of its blocks; the one that covers the "
        "same depth is framed. Each map has its own colours, from 0 to its maximum: how strong it is, the sums below "
        "say."
    )
    controls.show_film(picture, pair)
    st.caption(f"{chosen.caption} Heat for {name} by {METHODS[method].title}. {words.about_work(journey, way)}")

    st.header("3. How strong, and where")
    st.markdown(
        "Add up the cells of each map before its ReLU: those above 0, which speak for the class, and those below, "
        "which speak against it. Then compare the places: the *cosine* between each map and its network's last one, "
        "both on the last one's cells."
    )
    if guess is None:
        st.info("Predict above, then the curves appear.", icon=":material/help:")
    else:
        guess.reveal(words.about_appearing(guess, pair))
        show.figure(cached.draw(figures.evidence_chart, *asked), figures.evidence_in_words(pair), key="z_evidence")
        st.markdown(words.about_evidence(pair))
        show.figure(cached.draw(figures.likeness_chart, *asked), figures.likeness_in_words(pair), key="z_likeness")
        st.markdown(words.CAVEAT)

    st.header("4. The adjoint, checked")
    st.markdown(
        r"The adjoint follows $\frac{da}{dt} = -a\,\frac{\partial f}{\partial z}$ from the end of a block back to its "
        r"start. It can be checked without that equation: cut the network in two at a depth. Solve up to there; take "
        r"that state as an input; solve the rest, and back-propagate through it."
    )
    place = controls.choose_cut()
    agree = exercise.predict(
        "**What do you expect?** The gradient of the cut network and $a(t)$ agree",
        words.AGREE,
        key=f"z_guess_cut {way.method in depth_cam.FIXED}",
    )
    if agree is not None:
        cut = controls.computed("Cutting", "z_split", controls.split_of, picture, journey.target, way, place)
        if cut is not None:
            agree.reveal(words.about_split(agree, cut, way, journey))
    derivations.proof("adjoint-equation", key="z_proof", title="Why the adjoint follows this equation, checked")

    st.header("Check yourself")
    exercise.choice_exercise(
        f"The film above has {len(journey.moments)} maps. How often must the network be solved for it?",
        *words.solves(journey, way),
        key=f"z_solves {way}",
    )

show.source(passages, depth_cam.split, ConvField.forward, METHODS[method].weights)
show.references(
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): section 2, the "
    "adjoint.",
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391): section 3.",
    "He et al. 2016, [Deep residual learning](https://arxiv.org/abs/1512.03385): section 4.2, for CIFAR-10.",
)
