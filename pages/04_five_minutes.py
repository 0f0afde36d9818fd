r"""The adjoint in five minutes

How does a loss change with the start and the parameters of a differential equation? One equation, four ways,
the same digits.

Prerequisites: derivatives and integrals. Source: Chen et al. 2018, section 2 and appendix B.
"""

import streamlit as st

from core.figures import five_minutes as figures
from core.labs import five_minute_words as words
from core.labs import five_minutes
from pages.ui import cached, exercise, five_minute_controls, show
from pages.ui.components.scenes import show_scenes

st.title("The adjoint in five minutes")
st.markdown(
    r"A state $z(t)$ starts at $z_0$ and follows $z' = f$ with $f = k\,t\,z$, up to the time $t_1$. There a loss "
    r"judges it: $L = \tfrac12 z(t_1)^2$. **How does the loss change with the start $z_0$ and the parameter $k$?** "
    "Here everything has a formula, so four ways can be compared."
)
params = five_minute_controls.choose()
formulas = cached.run(five_minutes.by_sympy)
result = cached.run(five_minutes.four_ways, formulas, params)

st.header("1. By hand")
five_minute_controls.show_steps(1, 9)

st.header("2. By sympy")
st.markdown("A program that knows the rules solves and differentiates; this is what it answered just now.")
st.latex(formulas.solution_latex)
st.latex(rf"\frac{{\partial L}}{{\partial z_0}} = {formulas.start_latex}")
st.latex(rf"\frac{{\partial L}}{{\partial k}} = {formulas.rate_latex}")

st.header("3. By the adjoint method")
st.markdown(
    r"Most equations have no formula for $z$. But $a(t) = \partial L / \partial z(t)$, the *adjoint*, has a "
    "differential equation of its own, known at the end and solved backwards by any solver."
)
five_minute_controls.show_steps(10, 15)
st.markdown(
    r"And $k$? It pushes the state at every moment, by $\partial f / \partial k = t\, z$, and $a$ says what a push is "
    "worth. So all moments add up:"
)
st.latex(r"\frac{\partial L}{\partial k} = \int_0^{t_1} a \frac{\partial f}{\partial k}\, dt")
question = r"**What do you expect?** Drawn against $t$, the integrand $a(t)\, t\, z(t)$ is"
guess = exercise.predict(question, words.SHAPES, key="v_guess")
if guess is None:
    curves = [cached.draw(figures.curves_scene, five_minutes.four_ways, formulas, params)]
else:
    curves = cached.draw(figures.all_scenes, five_minutes.four_ways, formulas, params)
show_scenes(curves, key="v_scenes", clock=figures.backwards_clock(result), least_width=260, height=280)
if guess is not None:
    st.caption("Press Play: the clock runs from the end to the start.")
    guess.reveal(words.about_shape(guess, result))
    five_minute_controls.show_steps(16, 18)
five_minute_controls.show_scope()

st.header("4. By autograd")
st.markdown(
    "A solver is a program, so torch can run all its operations backwards (*automatic differentiation*). It keeps "
    "every step in memory; the adjoint keeps none, and solves again."
)

st.header("All four")
five_minute_controls.show_tables(result)
st.markdown(words.about_agreement(result))

st.header("Check yourself")
exercise.number_exercise(*words.exercise(result), key=f"v_exercise {params}")
st.markdown("The general case, with matrices in place of numbers, is the page on the adjoint method.")

show.source(five_minutes.by_sympy, five_minutes.adjoint, five_minutes.autograd)
show.references(
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): section 2, B."
)
