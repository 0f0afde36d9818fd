r"""Learning an ODE from data

How does a network learn the equation behind a curve? Points of a trajectory are given; the field f of z' = f(z) is
a small network inside a solver, and any optimiser trains it.

Prerequisites: differential equations (page 2), the adjoint method (page 4). Sources: Chen et al. 2018, section 5.1;
torchdiffeq, examples/ode_demo.py.
"""

import streamlit as st

from core.labs import learning, learning_iteration, learning_words
from core.labs.learning_problem import Problem
from core.nn import dynamics
from pages.ui import cached, exercise, show
from pages.ui import learning_controls as controls

st.title("Learning an ODE from data")
st.markdown(
    "Someone gives you points of a trajectory: times, and a state $z$ at each. **How does a network learn the equation "
    "behind the curve?** Write $z' = f_\\theta(z)$, where $z'$ is the change of the state per unit of time and "
    "$f_\\theta$ a small network with the weights $\\theta$. Solve it, compare the solution with the points, and "
    "follow the gradient."
)
formula = st.container()
st.markdown(
    "The matrices $W_1, W_2$ and the vectors $b_1, b_2$ are the weights $\\theta$; $\\tanh$ acts on each component by "
    "itself. The first data are a **spiral**. Its true field is $A z^3$ with "
    "$A = \\begin{pmatrix} -0.1 & 2 \\\\ -2 & -0.1 \\end{pmatrix}$, each component of $z$ cubed by itself; it starts "
    "in $(2, 0)$, and 1,000 points are given over 25 s. For the spiral the network is told of the cube, not of $A$; a "
    "switch below takes the cube away."
)

st.header("The training, live")
own = controls.choose_data()
with st.expander("Network, solver and optimiser", icon=":material/tune:"):
    problem = controls.choose_problem(own)
    settings = controls.choose_settings()
formula.latex(learning_words.field_formula(problem))
st.markdown(
    f"Each iteration draws **{settings.batch_size} pieces of {settings.batch_time} consecutive points**, solves from "
    "the first point of each, and compares with the others. Grey is what is given, blue what is learned. "
    "*nfe* (number of function evaluations) counts how often the solver asks for $f_\\theta$. Predict first:"
)
guesses = st.container()
progress = controls.train(problem, settings, own)
with guesses:
    controls.reveal(progress)

st.header("One iteration, step by step")
st.markdown("The first iteration of the spiral's training, with the settings above and the seed that you chose.")
spiral = problem if own is None else Problem(seed=problem.seed)
steps = learning_words.iteration_steps(cached.run(learning_iteration.first_iteration, spiral, settings))
exercise.worked_example(steps, "l_steps")

st.header("Your own measurements")
st.markdown(
    "Choose *Your own CSV file* as the data above: one column of times and one to three of measured quantities. "
    "Times may be irregular. Columns are standardised for the network (mean 0, standard deviation 1) and drawn in "
    "their own units; all else that you set stays. A missing value or a word is refused, with its row and column "
    "named. The last fifth of the rows is held out: training never sees it, and the distance there says what the fit "
    "is worth."
)
st.markdown(
    "Pieces that begin at different irregular times have different times in them. Since $f_\\theta$ does not depend on "
    "time, each piece may run on a clock $s$ of its own: from one point to the next, $s$ goes from 0 to 1 for all "
    "pieces together, and"
)
st.latex(r"\frac{dz}{ds} = (t_{k+1} - t_k) \, f_\theta(z)")

st.header("Take it home")
st.markdown(
    "The program trains from the first iteration with the settings as they are now: the same network, the same "
    "batches, and the losses that you saw if you changed nothing on the way (with torchdiffeq up to the tolerance). "
    "The two versions differ in their import line alone: one runs in a folder that holds this tutorial's `core`, the "
    "other wherever torchdiffeq is installed. For data of a file, it takes the file's path as its argument."
)
controls.downloads(problem, settings, own, progress)

st.header("Check yourself")
question, answer, reason = learning_words.rk4_question(settings)
exercise.number_exercise(question, answer, 0.5, reason, f"l_rk4 {settings.batch_time} {settings.substeps}")
exercise.choice_exercise(
    "Why should the learned field not be trusted far from the points it was trained on?",
    learning_words.EXTRAPOLATION,
    learning_words.UNSEEN,
    "l_far",
)

show.source(dynamics.LearnedField, dynamics.draw_batch, dynamics.predict_regular, learning.Training.step)
show.references(
    "Chen, Rubanova, Bettencourt, Duvenaud 2018, [Neural ODEs](https://arxiv.org/abs/1806.07366): section 5.1.",
    "[torchdiffeq](https://github.com/rtqichen/torchdiffeq): examples/ode_demo.py is the spiral of this page.",
    "Rackauckas et al. 2020, [Universal differential equations](https://arxiv.org/abs/2001.04385): known terms and "
    "learned ones in one equation.",
)
