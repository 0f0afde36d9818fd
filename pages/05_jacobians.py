r"""Jacobians and vector-Jacobian products

What is the derivative of a map from many numbers to many numbers, and how do you use it without ever writing
it down?

Prerequisites: partial derivatives, 2 x 2 matrices. Sources: Spivak 1965, chapter 2; Griewank and Walther 2008,
chapters 3 and 4.
"""

import streamlit as st

from core.figures import jacobians as figures
from core.labs import jacobian_cost, jacobian_products, jacobian_ways, jacobians
from core.labs import jacobian_words as words
from pages.ui import cached, derivations, exercise, jacobian_controls, show
from pages.ui.components.scenes import show_scenes

st.title("Jacobians and vector-Jacobian products")
st.markdown(
    r"A map $f$ takes $n$ numbers $z$ to $m$ numbers $f(z)$. Its *Jacobian* $J = Df$ at a point $p$ is the "
    r"$m \times n$ matrix of partial derivatives, $J_{ij} = \partial f_i / \partial z_j$. **What does it do, and how "
    "do you use it without ever writing it down?** A layer of a network may have a million inputs and outputs: the "
    r"$10^{12}$ entries of its Jacobian fit into no memory, and training needs it all the same."
)

st.header("1. The best linear map")
st.markdown(
    r"Near $p$ a smooth $f$ is almost linear: $f(z) \approx f(p) + J\,(z - p)$. No other matrix comes as close. Below, "
    r"$f$ bends the grid and the circle (solid); the linear map draws straight lines and an ellipse (dashed). **Drag "
    "the point**, then shrink the circle; Play runs around it in all planes."
)
choice = jacobian_controls.choose()
point = choice.params.point
picture = cached.run(jacobians.picture, choice.params)
show_scenes(
    cached.draw(figures.picture_scenes, jacobians.picture, choice.params),
    key="j_picture",
    clock=figures.angle_clock(),
    on_pick=choice.move,
    least_width=230,
    height=330,
)
st.caption(
    "The last panel magnifies both curves by 1/r: as r shrinks, they become one. The arrows are the half axes of the "
    "ellipse, and the directions in the input plane that become them (the singular value decomposition of J)."
)
show.notices(words.about_singular(picture.linear))
question = r"**What do you expect?** Where $\det J = -2$, $f$ makes of a small circle a curve of"
guess = exercise.predict(question, words.AREA, key="j_guess_area")
if guess is not None:
    guess.reveal(words.about_area(guess, cached.run(jacobians.picture, jacobian_controls.FOLD), picture))
    shrunk = cached.run(jacobians.shrink, point)
    chart = cached.draw(figures.shrink_chart, jacobians.shrink, point)
    show.figure(chart, figures.shrink_in_words(shrunk), key="j_shrink")
    st.markdown(words.about_shrinking(shrunk))

st.header("2. The same matrix, three ways")
st.markdown(
    "sympy differentiates the formulas. torch runs $f$ and applies the chain rule to each operation (*automatic "
    "differentiation*). Difference quotients move one input after the other by a little."
)
found = cached.run(jacobian_ways.symbolic, point.formulas)
if found.latex:
    st.latex(f"J(z) = {found.latex}")
st.latex(f"J(p) = {words.matrix(picture.linear.jacobian)}")
show.notices(found.message)
ways = cached.run(jacobian_ways.three_ways, found, point)
jacobian_controls.show_ways(ways)
st.markdown(words.about_ways(ways))

st.header("3. Products instead of the matrix")
st.markdown(
    r"Let $a$ be a row of $m$ numbers, such as the slopes $\partial L / \partial f$ of a loss $L$, and $v$ a column of "
    r"$n$ numbers, a direction. The *vector-Jacobian product* (vjp) $aJ$ carries slopes back to the inputs; the "
    r"*Jacobian-vector product* (jvp) $Jv$ carries a direction forward. Neither needs $J$: a vjp is one run backwards "
    r"through the operations of $f$, a jvp one run forwards. Drag the tip of $v$."
)
vectors = jacobian_controls.choose_vectors(point)
pair = cached.run(jacobian_products.products, vectors)
show_scenes(
    cached.draw(figures.product_scenes, jacobian_products.products, vectors),
    key="j_products",
    on_pick=jacobian_controls.move_v,
    height=300,
)
st.markdown(words.about_products(pair))
st.subheader("By hand, on these numbers")
exercise.worked_example(words.product_steps(pair), key="j_steps")
st.subheader("Why, for every map")
derivations.show("vjp-jvp")
derivations.proof("change-of-variables", key="j_proof_flow", title="What a flow does to areas and densities")

st.header("4. What it costs")
st.markdown(
    r"Take $f(z) = W_2 \tanh(W_1 z)$ with $n$ inputs and $n$ outputs. Row $i$ of $J$ is the vjp with $a = e_i$, which "
    r"is 1 at place $i$ and 0 elsewhere, so $n$ vjps give all of $J$."
)
question = "**What do you expect?** For large $n$, all of $J$ by vjps takes, compared with one vjp,"
guess = exercise.predict(question, words.RATIO, key="j_guess_cost")
if guess is not None and jacobian_controls.costs_measured():
    costs = cached.run(jacobian_controls.costs)
    show.figure(cached.draw(figures.cost_chart, jacobian_controls.costs), figures.cost_in_words(costs), key="j_cost")
    guess.reveal(words.about_cost(guess, costs))
    st.caption("Time of the processor on this machine, measured once since its start; the fastest of several runs.")
    st.markdown(
        r"**Few outputs: run backwards** ($m$ vjps give $J$). **Few inputs: run forwards** ($n$ jvps). A loss has one "
        "output. The adjoint method (page 4) is a vjp through the solution of a differential equation."
    )

st.header("Check yourself")
exercise.number_exercise(*words.exercise(pair), key=f"j_exercise {point}")
question = "A loss depends on $n$ weights, through many layers. What gives its whole gradient?"
exercise.choice_exercise(question, words.COUNT, words.COUNT_RIGHT, key="j_count")

show.source(jacobians.shrink, jacobian_ways.three_ways, jacobian_products.vjp, jacobian_cost.jacobian_by_rows)
show.references(
    "Spivak 1965, *Calculus on Manifolds*, chapter 2: the derivative as a linear map.",
    "Griewank and Walther 2008, *Evaluating Derivatives*, chapters 3 and 4: forward and reverse mode, and their cost.",
    "Baydin et al. 2018, [Automatic differentiation in machine learning](https://jmlr.org/papers/v18/17-468.html).",
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): vjps, appendix C.",
)
