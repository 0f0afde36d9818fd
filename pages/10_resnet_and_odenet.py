r"""ResNet against ODE-Net

Is a network with differential equations inside really a differential equation, and what does that buy? Two ODE-Nets
and a ResNet on the same picture: solvers, evaluations, noise, memory.

Prerequisites: depth is time (page 10), the solver lab (page 2). Sources: Ott et al. 2020; Chen et al. 2018.
"""

import streamlit as st

from core.figures import odenet_compare as figures
from core.labs import odenet_compare as compare
from core.labs import odenet_compare_words as words
from core.labs.depth_cam import STEPS
from pages.ui import exercise, show
from pages.ui import odenet_controls as controls
from pages.ui.picture import choose_picture

st.title("ResNet against ODE-Net")
st.markdown(
    r"An *ODE-Net* is a residual network in which each stage is an *ODE block*: its state follows $\frac{dz}{dt} = "
    r"f(t, z, \theta)$ from depth $t = 0$ to $t = 1$, and a solver computes the end. **Is such a network really a "
    r"differential equation, and what does that buy?** Choose a picture; everything below is about it."
)
chosen = choose_picture()
picture = chosen.picture
target = controls.choose_class(picture)
name = controls.CLASSES[target]
shown = f"{picture.digest} {target}"
st.caption(f"{chosen.caption} Class: {name}.")

st.header("1. Does the answer depend on the solver?")
cards = controls.cards()
odenets = {title: card for title, (_, card) in cards.items() if "by_solver" in card}
trained = words.training(next(iter(odenets.values())))
st.markdown(
    "Two ODE-Nets with the same layers. The *coarse* one was trained with two Euler steps in each block, the other "
    f"further with finer solvers: {trained}. A solver asks for the field $f$ some number of times, its *nfe* (number "
    "of function evaluations); the more, the closer it comes to the equation's own solution."
)
guess = exercise.predict(
    "**What do you expect?** Solve the *coarse* network as accurately as one can. Its answer, compared with two Euler "
    "steps:",
    words.CHANGES,
    key=f"z_guess_solver {shown}",
)
if guess is not None:
    solved = controls.all_ways(picture, target)
    if solved is not None:
        guess.reveal(words.about_accuracy(guess, controls.by_training(solved), target, controls.CLASSES))
        limits = figures.score_range([rows for rows, _ in solved.values()], target)
        sides = st.columns(2)
        for number, (title, (rows, exact)) in enumerate(solved.items()):
            with sides[number]:
                st.markdown(f"**{title}.** The dashed level is the tightest solve, {words.name_of(exact.way)}.")
                said = figures.scores_in_words(title, rows, exact, target)
                show.figure(figures.score_chart(rows, exact, target, limits), said, key=f"z_scores {number}")
        with st.expander("All numbers: score, evaluations there and back, and how alike the maps are"):
            st.markdown(
                "*nfe* is of the three blocks, one after the other. The map is Grad-CAM's at the end of the last "
                "block; its ranks are held against those of the tightest solve: 1 is the same order of all cells."
            )
            for title, (rows, exact) in solved.items():
                st.markdown(words.solve_table(title, rows, exact, target, controls.CLASSES))
    st.markdown(f"Not this picture alone, but 1,000 of CIFAR-10's test pictures:\n\n{words.solver_table(odenets)}")
    st.markdown(words.about_solvers(odenets))
    st.markdown(words.NOT_PROPER)

st.header("2. Which pictures need more evaluations?")
st.markdown(
    "A solver with error control takes as many steps as it needs. So a network may spend more on one picture than on "
    "another: here your picture changed in several ways, and the gallery."
)
way, sigma, seed = controls.choose_counts()
most = exercise.predict(
    "**What do you expect?** Among the changes of the picture, most evaluations of $f$ are needed for",
    words.MOST,
    key=f"z_guess_most {shown}",
)
if most is not None:
    counted = controls.counts(picture, way, sigma, seed)
    if counted is not None:
        most.reveal(words.about_counts(most, counted[0], way))
        for number, (title, each) in enumerate(zip(("Your picture, changed", "The gallery"), counted, strict=True)):
            st.markdown(f"**{title}**")
            show.figure(figures.counts_chart(each), figures.counts_in_words(each), key=f"z_counted {number}")

st.header("3. Noise")
st.markdown(
    rf"Add to each colour of each pixel a random number with mean 0 and standard deviation $\sigma$; colours go from "
    rf"0 to 1 and are cut off there. Both networks get the same {controls.DRAWS} draws. The bars reach from the least "
    rf"to the most."
)
strongest, noise_seed = controls.choose_noise()
holds = exercise.predict(
    f"**What do you expect?** Under noise, which network holds on to {name} longer?",
    words.HOLDS,
    key=f"z_guess_noise {shown}",
)
if holds is not None:
    noisy = controls.under_noise(picture, target, strongest, noise_seed)
    if noisy is not None:
        show.figure(figures.noise_chart(*noisy), figures.noise_in_words(*noisy), key="z_noisy")
        holds.reveal(words.about_noise(holds, *noisy, name))

st.header("4. What it costs")
st.markdown(words.card_table(cards))
st.caption("Shares of CIFAR-10's 10,000 test pictures, enlarged to so many pixels a side, from the networks' cards.")
st.markdown(
    "Now memory. To learn, a network keeps what its way back will need. Measured here for one picture of this size "
    "and one score, by watching every operation: the bytes of all results that wait between the way there and the way "
    "back. *Direct* back-propagates through the steps, *checkpointed* keeps few of them and takes the rest again, "
    "*adjoint* solves backwards."
)
memory = exercise.predict(
    f"**What do you expect?** With a third of the parameters, and {words.ASKED_STEPS} Euler steps in each block, the "
    "direct way through the ODE-Net keeps",
    words.MEMORIES,
    key="z_guess_memory",
)
if memory is not None:
    measured = controls.memories(picture)
    if measured is not None:
        resnet, odenet = measured
        said = figures.memory_in_words(resnet, odenet, STEPS)
        show.figure(figures.memory_chart(resnet, odenet, STEPS), said, key="z_memories")
        memory.reveal(words.about_memory(memory, resnet, odenet, STEPS))
        st.header("Check yourself")
        answer, why = words.most_steps(resnet, odenet["direct"], STEPS)
        exercise.number_exercise(
            "How many Euler steps in each block may the direct way take and keep no more than the ResNet?",
            answer,
            0.5,
            why,
            key=f"z_most_steps {answer}",
        )

show.source(compare.solve_by, compare.evaluations, compare.robust, compare.memory)
show.references(
    "Ott et al. 2020, [ResNet after all?](https://arxiv.org/abs/2007.15386): networks that rely on their solver's "
    "error.",
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): section 3.",
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391).",
    "Yan et al. 2020, [On robustness of neural ordinary differential equations](https://arxiv.org/abs/1910.05513).",
)
