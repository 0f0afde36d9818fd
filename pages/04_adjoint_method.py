r"""The adjoint method

How does a loss at the end of an ODE depend on its start and its parameters, without storing the way there?

Prerequisites: the chain rule for several variables, ODEs (page 2), Neural ODEs (page 3). Sources: Pontryagin et al.
1962; Chen et al. 2018, section 2 and appendices B and C; Kidger 2022, section 5.1.
"""

import streamlit as st

from core.labs import adjoint, adjoint_nudge, adjoint_words
from pages.ui import adjoint_controls, exercise, show

st.title("The adjoint method")
st.markdown(
    r"A state $z(t)$ moves by $\frac{dz}{dt} = f(z, t, \theta)$ from time $t_0$ to $t_1$; $\theta$ are the parameters, "
    r"such as weights of a network. A loss $L$ looks at the end, $z(t_1)$. To train, one needs the derivatives of $L$ "
    r"by the start, by $\theta$ and by the times. Back-propagation gets them by walking back through every step of the "
    "solver, so it stores every step. **How does a loss at the end depend on the start and the parameters, without "
    "storing the way there?**"
)

st.header("1. What the loss says of every point of the way")
st.markdown(
    r"The **adjoint** is $a(t) = \frac{\partial L}{\partial z(t)}$: by how much $L$ changes, for each unit by which "
    r"the state is moved at time $t$ and then left to itself. It is a *row* vector, so that a small move $\delta z$, a "
    r"column, changes $L$ by the number $a\, \delta z$. An arrow in the plane is a column: it shows the transpose "
    r"$a^\top$. Below, $L = \frac{1}{2} |z(t_1) - z^*|^2$ with a target $z^*$. Move the start or the target in the "
    r"picture, and play: the clock runs **backwards**, from $t_1$ to $t_0$, because at $t_1$ the adjoint is known."
)
choice = adjoint_controls.choose()
st.markdown(
    r"Before you measure: the start is moved by $\delta z$, of the direction and length chosen here. Compare with the "
    r"orange arrow at the start, once it has been drawn back to there."
)
nudge = adjoint_controls.choose_nudge()
guess = exercise.predict(r"With the start moved by $\delta z$,", adjoint_words.GUESSES, key="a_guess_loss")
found = adjoint_controls.show_plane(choice, nudge if guess is not None else None)
st.markdown(adjoint_words.about_loss(choice.run))
st.caption(adjoint_controls.arrows_in_words(choice.run))
if guess is not None and found:
    guess.reveal(adjoint_words.about_nudge(found, guess))

st.header("2. The equation, derived")
st.markdown(
    r"How does $a$ change along the way? The list has eight derivations: the adjoint equation first; then parameters "
    r"and time, the three gradients, what stays constant, more than one loss, the steps of a solver, and two equations "
    r"by hand. A step with a tick was checked by this program and is printed from what was checked. Vectors are bold: "
    r"$\mathbf z$, $\mathbf f$ are columns, $\mathbf a$ a row. `:=` defines. Then break a derivation on purpose, and "
    "see a tick become a cross."
)
proof = adjoint_controls.choose_proof(choice)
adjoint_controls.show_proof(proof)

st.header("3. State, parameters and time in one")
st.markdown(
    r"Parameters do not move, time moves at speed 1: stack all three into one state "
    r"$\mathbf Z = [\mathbf z, \theta, t]$ with $\dot{\mathbf Z} = \mathbf g = [\mathbf f, 0, 1]$. The adjoint "
    r"equation holds for it too, with one big Jacobian, nearly all of it zero. Its first row of blocks is all that "
    "there is to compute."
)
adjoint_controls.show_block(proof)

st.header("4. The algorithm, and the code that runs it")
st.markdown("For the problem of section 1: in words, and as the functions that this page has just run.")
adjoint_controls.show_algorithm()
st.markdown(
    "All blocks as they are gathered. Time runs to the right in every panel, the clock runs to the left, from $t_1$ to "
    f"$t_0$. {adjoint_words.about_accumulators(choice.run)}"
)
adjoint_controls.show_blocks(choice)
st.markdown(adjoint_words.gradient_table(choice.run))
st.markdown(adjoint_words.about_gradients(choice.run))
st.subheader("One step back, by hand")
exercise.worked_example(adjoint_words.backward_steps(choice.run), key="a_steps")

st.header("5. What it does not promise")
st.markdown(
    "- **Constant memory** means: independent of the number of *steps*. It still holds the state, its adjoint and one "
    "evaluation of $f$.\n"
    "- It **differentiates first and discretises then**: with loose tolerances the result is not the gradient of the "
    "loss that was computed, only close to that of the exact solution.\n"
    "- It **solves the state backwards**, and a solution that forgets its start cannot be reconstructed from its end: "
    "then it fails, loudly or not.\n\n"
    "The page *Gradient lab* measures all three, beside other ways to the same gradients."
)

st.header("Check yourself")
exercise.number_exercise(*adjoint_words.later_exercise(choice.run), key=f"a_later {choice.params}")
exercise.choice_exercise(
    r"Why does the accumulator of time start at $-a(t_1) f(t_1)$?",
    adjoint_words.ACCUMULATOR,
    adjoint_words.ACCUMULATOR_RIGHT,
    key="a_accumulator",
)

show.source(adjoint.adjoint_method, adjoint.augmented, adjoint.run, adjoint_nudge.nudge)
show.references(
    "Pontryagin et al. 1962, *The Mathematical Theory of Optimal Processes*: where the adjoint equation comes from.",
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): appendices B and C.",
    "Kidger 2022, [On neural differential equations](https://arxiv.org/abs/2202.02435), section 5.1.",
    "Gholami et al. 2019, [ANODE](https://arxiv.org/abs/1902.10298): what goes wrong when solving backwards.",
)
