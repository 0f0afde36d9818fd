r"""Differential equations

What is a differential equation, what is a solution, and when is there exactly one?

Prerequisites: derivatives and integrals; matrices for the first section. Sources: Coddington and Levinson 1955,
chapter 1; Hairer, Norsett and Wanner 1993, sections I.7, I.8 and II.3; Meurer et al. 2017.
"""

import streamlit as st

from core.figures import equations as figures
from core.labs import analytic, equation_words, equations, existence, picard
from core.labs.verdict import verdict
from pages.ui import cached, derivations, equation_controls, exercise, show
from pages.ui.components.scenes import show_scenes

st.title("Differential equations")
st.markdown(
    "A function $z(t)$ of time $t$ is unknown; known is a relation between it and its derivatives $z', z'', \\dots$. "
    "**What does such a relation say, and when does it determine the function?** A Neural ODE is a "
    "differential equation whose right-hand side is a network, so all that is true here is true of it."
)

st.header("Any order, as a system of first order")
st.markdown(
    "An ordinary differential equation of **order n** is $F(t, z, z', \\dots, z^{(n)}) = 0$, the $n$-th derivative "
    "$z^{(n)}$ the highest in it. Solved for that one, it is **explicit**. Solvers take the form $z' = f(z, t)$: "
    "$z$ is a list of numbers, the *state*; stacking the lower derivatives brings every explicit equation into it. "
    "The *linear homogeneous* ones, with numbers $a_i$ of which $a_{n+1}$ is not 0, are a special "
    "case:"
)
st.latex(r"a_1 z + a_2 z' + \dots + a_{n+1} z^{(n)} = 0")
st.markdown(
    "Solving for $z'$ with $z''$ left on the right does not give the form: $f$ may use $z$ and $t$ alone. "
    "Two kinds of equation do not have it at all. A **partial differential equation** such as $u_t = u_{xx}$ has "
    "derivatives along several variables, and its state is a whole function. A **differential-algebraic equation** as "
    "$z_1' = z_2,\\; 0 = z_1 - \\sin t$ has a row without a derivative, and none that says how $z_2$ moves on."
)
form = equation_controls.choose_equation()
stacked = cached.run(equations.stack, form)
st.subheader("Worked example: from the equation to the system")
exercise.worked_example(equation_words.stacking_steps(stacked), key=f"d_steps_{form.name}_{form.order}")
scenes = cached.draw(figures.stacked_scenes, equations.stack, form)
show_scenes(scenes, key="d_stacked", clock=figures.time_clock(stacked))
st.markdown(equation_words.about_stacking(stacked))
show.notices(stacked.message or None)
derivations.proof("order-reduction", form.order, key="d_proof_order", title="Why this always works, checked")
if stacked.linear is not None:
    guess = exercise.predict(equation_words.FATE_QUESTION, equation_words.FATE, key="d_guess_fate")
    if guess is not None:
        guess.reveal(equation_words.about_fate(guess, stacked.linear))
        st.markdown(equation_words.eigenvalue_table(stacked.linear))
        st.caption(equation_words.about_eigenvalues(stacked.linear))
    derivations.proof("companion-matrix", form.order, key="d_proof_matrix", title="The companion matrix, checked")

st.header("A formula beside a solver")
st.markdown(
    "Some equations have solutions in closed form. sympy finds the one below for all parameters at once, and it is put "
    "back into the equation. A solver knows nothing of it: it goes in steps of size $h$. Its **local error** is what "
    "one step adds, started on the exact solution; its **global error** is what has gathered."
)
name = equation_controls.choose_problem()
chosen = equation_controls.choose_comparison(name)
formula = cached.run(analytic.solve_by_formula, name)
st.latex(formula.equation_latex)
st.latex(formula.latex)
derivations.show_report(formula.report)
compared = cached.run(analytic.compare, formula, chosen)
show_scenes(cached.draw(figures.comparison_scene, analytic.compare, formula, chosen), key="d_solution")
show.notices(None if compared.run.finished else equation_words.failure(compared.run))
sizes = ["like one local error", "like the sum of all of them", "the equation decides"]
guess = exercise.predict("**What do you expect?** How large does the global error get?", sizes, key="d_guess_error")
if guess is not None:
    errors = cached.draw(figures.error_chart, analytic.compare, formula, chosen)
    show.figure(errors, figures.error_alt(compared), key="d_errors")
    st.markdown(equation_words.about_errors(compared))
    guess.reveal(
        f"{verdict(guess, sizes[2])} Where neighbouring solutions approach each other, as for $z' = -5 (z - \\cos t)$, "
        "old errors fade; where they part, old errors grow."
    )

st.header("Is there a solution, and is it the only one?")
st.markdown(
    "**Picard-Lindelöf.** Let $f$ be continuous on the rectangle $|t - t_0| \\le a,\\; |z - z_0| \\le b$, with "
    "$|f| \\le M$ there, and *Lipschitz* in $z$: one $L$ with $|f(t, u) - f(t, v)| \\le L |u - v|$ for all $u, v$ in "
    "it. Then $z' = f(t, z),\\; z(t_0) = z_0$ has **exactly one** solution where $|t - t_0| \\le \\alpha$, "
    "$\\alpha = \\min(a, b/M)$. It is *local*: nothing is said of later times. "
    "Its proof builds the solution $\\varphi$ as the limit of *iterates* $\\varphi_k$, and says how far they are "
    "off; with $t_0 = 0$, on the interval from 0 to $\\alpha$:"
)
st.latex(r"\varphi_0(t) = z_0")
st.latex(r"\varphi_{k+1}(t) = z_0 + \int_0^t f(s, \varphi_k(s))\, ds")
st.latex(r"|\varphi - \varphi_k| \le M L^k \alpha^{k+1} / (k+1)!")
question = "**What do you expect?** For $z' = z,\\; z(0) = 1$, what is the k-th iterate?"
iterated = ["$(1 + t/k)^k$", "the Taylor polynomial of $e^t$ of degree k", "a polynomial of degree $2^k$"]
guess = exercise.predict(question, iterated, key="d_guess_iterate")
if guess is not None:
    guess.reveal(f"{verdict(guess, iterated[1])} Each round adds one term of the series. Other problems differ.")
    asked = equation_controls.choose_picard()
    iterates = cached.run(picard.iterate, asked)
    scenes = cached.draw(figures.picard_scene, picard.iterate, asked)
    show_scenes(scenes, key="d_iterates", clock=figures.picard_clock())
    st.markdown(equation_words.about_taylor(iterates))
    st.markdown(equation_words.iterate_table(iterates))
    show.figure(cached.draw(figures.picard_chart, picard.iterate, asked), figures.picard_alt(iterates), key="d_bounds")
    st.markdown(equation_words.about_bound(iterates))
    derivations.proof("picard", asked.problem, key="d_proof_picard", title="The iterates, integrated and checked")

st.header("Where the theorem fails")
st.markdown(
    "**Not unique.** $z' = 3 z^{2/3}$ is continuous, so solutions exist (Peano). But from $z(0) = 0$ there are "
    "infinitely many: 0 until any time $c$, then $(t - c)^3$. Move $c$: every curve solves the same problem."
)
lost = cached.run(existence.uniqueness)
show_scenes(cached.draw(figures.family_scene, existence.uniqueness), key="d_family", clock=figures.family_clock(lost))
question = "**What do you expect?** For $z' = 3 z^{2/3}$ from exactly $z(0) = 0$, what will Euler and dopri5 return?"
returned = ["$t^3$, the largest", "0, the smallest", "they refuse"]
guess = exercise.predict(question, returned, key="d_guess_unique")
if guess is not None:
    st.markdown(equation_words.uniqueness_table(lost))
    guess.reveal(
        f"{verdict(guess, returned[1])} From exactly 0 they see $f = 0$ and stay, without a word: one solution of "
        "many. The least bit above, and they leave at once. Implicit Euler refuses: it needs "
        "$\\partial f / \\partial z$, infinite at 0 and huge beside it. The reason is the quotient that a Lipschitz "
        f"constant $L$ would have to bound; towards 0 it grows without bound:\n\n{equation_words.quotient_table(lost)}"
    )
st.markdown(
    "**Not for ever.** $z' = z^2$ has exactly one solution from each start, $z(t) = z(0) / (1 - z(0)\\, t)$, but for "
    "$z(0) > 0$ it grows over every bound at $t^* = 1 / z(0)$. Every solver below is asked to go on to $1.5\\, t^*$."
)
start = equation_controls.choose_blow_up()
ended = cached.run(existence.blow_up, start)
show_scenes(cached.draw(figures.blow_up_scene, existence.blow_up, start), key="d_blow_up")
st.markdown("\n".join(f"- {sentence}" for sentence in equation_words.about_blow_up(ended)))
with st.expander("What the solvers said, word for word"):
    st.code(equation_words.word_for_word(ended), language=None, wrap_lines=True)

st.header("Check yourself")
exercise.number_exercise(*equation_words.blow_up_exercise(start), key=f"d_exercise {start.z0:g}")
exercise.choice_exercise(*equation_words.FORM_EXERCISE, key="d_exercise_form")
st.markdown("Two pages go on from here: the *vector-field explorer* draws many solutions, the *solver lab* measures.")

show.source(equations.companion, equations.stack, analytic.solves, analytic.compare, picard.picard, existence.blow_up)
show.references(
    "Coddington and Levinson 1955, *Theory of Ordinary Differential Equations*, chapter 1: existence and uniqueness.",
    "Hairer, Nørsett and Wanner 1993, *Solving Ordinary Differential Equations I*, sections I.7, I.8 and II.3.",
    "Teschl 2012, *Ordinary Differential Equations and Dynamical Systems* (AMS), chapters 1 to 3.",
    "Meurer et al. 2017, [SymPy: symbolic computing in Python](https://doi.org/10.7717/peerj-cs.103).",
)
