r"""From ResNet to ODE

A residual block adds something to what it was given. What becomes of a residual network when its blocks get
ever thinner and ever more? When is the answer an ordinary differential equation, and what can that not do?

Prerequisites: the residual step (page 1), Euler's method (page 2). Sources: Chen et al. 2018, section 1;
Dupont et al. 2019, sections 2 to 5; Cohen et al. 2021.
"""

import streamlit as st

from core.figures import residual as figures
from core.labs import annuli, depth_limit, residual
from core.labs import residual_words as words
from core.nn.odenet import ODEBlock
from pages.ui import cached, derivations, exercise, residual_controls, show
from pages.ui.components.scenes import show_scenes

st.title("From ResNet to ODE")
st.markdown(
    r"A block of a residual network returns its input $z_k$ plus what its *branch* $f$ makes of it: "
    r"$z_{k+1} = z_k + f(z_k, \theta_k)$, where $\theta_k$ are the weights of block $k$. The input's way around the "
    r"branch is the *skip*; it is always on, and input and output have the same shape. **What does the network "
    "become when its blocks get ever thinner and ever more?**"
)

st.header("1. Thinner blocks")
st.markdown(
    r"Give block $k$ a *depth* $t_k = k h$ and let it add only a fraction $h$ of its branch: "
    r"$z_{k+1} = z_k + h\, f(z_k, t_k)$. The weights are now part of $f$ and change smoothly with the depth $t$. "
    r"The plane below has depth to the right and a state of one dimension upwards; the arrows are the slopes "
    r"$f(z, t)$. The network takes a straight step along the slope at each circle. The thick grey curves follow "
    r"the slope everywhere: they solve the ordinary differential equation (ODE) $\frac{dz}{dt} = f(z, t)$. "
    "**Move the slider under the figure**, or play it: each frame halves $h$ and doubles the blocks."
)
params = residual_controls.choose_field()
st.latex(residual.FIELDS[params.field].latex)
compared = cached.run(residual.compare, params)
show_scenes(
    cached.draw(figures.paths_scenes, residual.compare, params),
    key="r_paths",
    clock=figures.paths_clock(),
    height=420,
)
show.notices(words.about_crossings(compared))
st.subheader("One block, with numbers")
block = residual_controls.choose_block(params.field)
exercise.worked_example(words.block_steps(cached.run(residual.one_block, block)), key="r_steps")

st.header("2. How many layers?")
st.markdown(
    "The *error* is the largest gap at the last depth, $t = 4$, between a path of the network and the solution from "
    "the same start. Twice as many blocks, each half as thick:"
)
guess = exercise.predict("With twice as many blocks, each half as thick, the error", words.HALVED, key="r_guess_error")
if guess is not None:
    show.figure(
        cached.draw(figures.error_chart, residual.compare, params), figures.errors_in_words(compared), key="r_errors"
    )
    guess.reveal(words.about_errors(compared, guess))
    tolerance = residual_controls.choose_tolerance()
    exercise.number_exercise(
        f"By the measured slope, how many blocks bring the error below {tolerance:g}? (within 10 %)",
        compared.needed(tolerance),
        0.1 * compared.needed(tolerance),
        words.needed_blocks(compared, tolerance),
        key=f"r_blocks {params} {tolerance}",
    )

st.header("3. The limit, checked")
st.markdown(
    r"Now for any smooth $f$ and any curve $Z(t)$, by symbols. $z^{+}$ is the block's output, $z$ its input at depth "
    r"$t$. Formulas with a tick are printed from the very expressions that sympy has just checked; `:=` defines."
)
derivations.show("residual-limit")

st.header("4. When there is such a limit, and when not")
st.markdown(
    r"All this took weights that change smoothly with depth, and blocks scaled by $1/N$, where $N$ is the number of "
    r"blocks (section 2 had $h = 4/N$). Real networks start with *independent* weights: block $k$ and block $k + 1$ "
    r"have nothing to do with each other. Take networks with eight hidden units in each branch, that start at $z = 0$. "
    r"Draw their weights anew for each block, with mean zero, and scale each block by $1/N$."
)
drawn_guess = exercise.predict(
    "With ever more blocks of independent weights, scaled by $1/N$, the end is", words.DRAWN_ANEW, key="r_guess_limit"
)
if drawn_guess is not None:
    drawn = residual_controls.choose_draw()
    setting = residual_controls.choose_setting()
    drawn_guess.reveal(words.about_prediction(cached.run(depth_limit.limits, drawn), drawn_guess))
    residual_controls.show_limit(drawn, *setting)
    st.markdown(
        "**A residual network is Euler's method for an ODE only if its weights are smooth in depth** and its blocks "
        "are scaled to match. Training can make them so, or not: Cohen et al. and Sander et al. measure it."
    )

st.header("5. Paths do not cross")
st.markdown(
    "Two classes in the plane: a disc, $|x| < 0.5$, and a ring around it, $1 < |x| < 1.5$. A *Neural ODE* takes the "
    "point $x$ as the state at depth 0, lets it flow to depth 1 along a field $f$ that is a small network, and ends "
    "with a *linear head*: a straight line between the classes. The *augmented* one appends zeros to $x$, so that its "
    "flow has more dimensions to move in. Both learn by gradient descent on the loss (cross-entropy)."
)
separable = exercise.predict(
    "Can a flow in the plane move a whole ring to one side of a line, and the disc inside it to the other?",
    words.SEPARABLE,
    key="r_guess_rings",
)
if separable is not None:
    separable.reveal(words.about_proof(separable))
    residual_controls.train_annuli(*residual_controls.choose_training())

st.header("Check yourself")
exercise.choice_exercise("What does the skip of a block need?", words.SKIP, words.SKIP_RIGHT, key="r_skip")

show.source(residual.residual_network, residual.network_field, ODEBlock, annuli.Training.step)
show.references(
    "He et al. 2016, [Deep residual learning](https://arxiv.org/abs/1512.03385): the residual block.",
    "Haber and Ruthotto 2017, [Stable architectures for deep neural networks](https://arxiv.org/abs/1705.03341).",
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): the first figure.",
    "Dupont et al. 2019, [Augmented neural ODEs](https://arxiv.org/abs/1904.01681): what flows cannot do.",
    "Cohen et al. 2021, [Scaling properties of deep residual networks](https://arxiv.org/abs/2105.12245).",
    "Sander et al. 2022, [Do residual neural networks discretize neural ODEs?](https://arxiv.org/abs/2205.14612)",
)
