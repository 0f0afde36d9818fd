r"""Solver lab

How good is a numerical solution, and what does it cost? Errors, work, stability, step control and stiffness,
measured on the solvers that the other pages use.

Prerequisites: what z' = f(t, z) means, and Euler's step. Sources: Hairer, Norsett, Wanner I; Hairer, Wanner II.
"""

import streamlit as st

from core.figures import solvers as figures
from core.figures import stability as planes
from core.figures import stiffness as stiff
from core.labs import adaptive_steps, solver_problems, solver_words, solvers, stability, stiffness
from pages.ui import cached, exercise, sheet, show
from pages.ui import solver_controls as controls
from pages.ui.components.scenes import show_scenes

st.title("Solver lab")
st.markdown(
    "A solver walks from $z(t)$ to $z(t + h)$ in steps of size $h$, looking only at the slope $z' = f(t, z)$. "
    "**How wrong is it after many steps, and what does a better answer cost?** Five experiments, one in each tab."
)
order, work, stable, steps, stiffly = controls.sections()

if sheet.opens(order):
    with order:
        st.header("Order: what half the step buys")
        st.markdown(
            "A method has **order** $p$ when its error is about $C h^p$ for small $h$. Its *tableau* of coefficients "
            "decides $p$. Here `rk4` is the 3/8 rule, as torchdiffeq's `rk4` is, and `rk4_classic` the textbooks'; "
            "`dopri5` and `tsit5` are held to equal steps."
        )
        params = controls.choose_order()
        motion = cached.run(solvers.approach, solvers.MotionParams(params.problem, params.methods))
        show_scenes([figures.motion_scene(motion)], key="s_motion", clock=figures.motion_clock(motion))
        question = "**What do you expect?** A method of order 4 halves its step. Its error is"
        guess = exercise.predict(question, solver_words.HALVING, key="s_guess_order")
        if guess is not None:
            result = cached.run(solvers.study_order, params)
            chart = cached.draw(figures.order_chart, solvers.study_order, params)
            show.figure(chart, figures.order_alt(result), key="s_order")
            guess.reveal(f"{solver_words.about_order(result, guess)}\n\n{solver_words.order_table(result)}")
            show.notices(solver_words.about_order_outliers(result))
            st.caption(
                "Filled marks were fitted: the smallest steps that are clear of round-off, four at most (three for "
                f"one step). Implicit methods stop at {solvers.MOST_IMPLICIT} steps: each step solves equations."
            )
        st.subheader("Worked example: the order of a tableau, without running it")
        exercise.worked_example(solver_words.order_conditions(), key="s_worked")
        controls.prove_order()
        show.source(solvers.study_order, solver_problems.equal_steps)

if sheet.opens(work):
    with work:
        st.header("Work: error against evaluations of f")
        st.markdown(
            "Where $f$ is a network, evaluations of $f$ are what a solution costs; their number is **nfe**. It is not "
            "the number of steps: a step has several *stages*, and an **adaptive** method, which chooses each step by "
            "an estimate of its error, also pays for attempts that it rejects. Adaptive methods run at tolerances "
            "$10^{-2}$ to $10^{-11}$, the others with 8 equal steps and more."
        )
        params = controls.choose_work()
        question = "**What do you expect?** Which needs the least work for an error of $10^{-3}$ at the end?"
        guess = exercise.predict(question, solver_words.CHEAPEST, key="s_guess_work")
        if guess is not None:
            result = cached.run(solvers.study_work, params)
            chart = cached.draw(figures.work_chart, solvers.study_work, params)
            show.figure(chart, figures.work_alt(result), key="s_work")
            guess.reveal(f"{solver_words.about_work(result, guess)}\n\n{solver_words.work_table(result)}")
            question, answers, right = solver_words.steps_and_work(result)
            st.subheader("Check yourself")
            exercise.choice_exercise(question, answers, right, key=f"s_count {question}")
        show.source(solvers.study_work, solvers.expected_nfe)

if sheet.opens(stable):
    with stable:
        st.header("Stability: when errors grow from step to step")
        st.markdown(
            r"On the test equation $z' = \lambda z$ with a complex number $\lambda$, a step of any Runge-Kutta method "
            r"multiplies by $R(h\lambda)$, its **stability function**. Where $|R| \le 1$ the numbers do not grow. "
            r"A method is **A-stable** if that holds wherever $h\lambda$ has a negative real part; **L-stable** if "
            r"also $R \to 0$ far left. The exact tableau decides both. Inside the outline a step shrinks (green), "
            r"outside it grows (pink): **move** the point $h\lambda$."
        )
        methods, place = controls.choose_stability()
        regions = [cached.run(stability.region, method) for method in methods]
        run = cached.run(stability.run_test, place)
        scenes = [planes.plane(regions, run), planes.run_scene(run)]
        show_scenes(scenes, key="s_plane", clock=planes.run_clock(), on_pick=controls.move_z, height=420)
        question = "**What do you expect?** Here, each step multiplies the size of the solver's numbers by"
        guess = exercise.predict(question, solver_words.FACTORS, key="s_guess_growth")
        if guess is not None:
            guess.reveal(f"{solver_words.about_run(run, guess)}\n\n{solver_words.stability_table(regions)}")
            controls.prove_stability(methods[0])
        show.source(stability.run_test, stability.real_interval)

if sheet.opens(steps):
    with steps:
        st.header("Error control: steps accepted and rejected")
        st.markdown(
            "A pair of methods gives two results for one step; their difference estimates the step's error. Divided by "
            "the tolerance, `atol` + `rtol` $|z|$, it is the **error ratio**: at most 1 is accepted, more is rejected "
            "and tried again with a shorter step."
        )
        params = controls.choose_steps()
        result = cached.run(adaptive_steps.run, params)
        show.notices(solver_words.step_message(result))
        question = "**What do you expect?** The largest error of the solution, the *global* error, is"
        guess = exercise.predict(question, solver_words.BELOW, key="s_guess_steps")
        scenes = cached.draw(figures.step_scenes, adaptive_steps.run, params)
        shown = scenes if guess is not None else scenes[:-1]
        show_scenes(shown, key="s_steps", clock=figures.step_clock(result), height=280)
        st.markdown(solver_words.step_counts(result))
        if guess is not None:
            guess.reveal(solver_words.about_steps(result, guess))
        show.source(adaptive_steps.run)

if sheet.opens(stiffly):
    with stiffly:
        st.header("Stiffness: slow solutions that make explicit methods crawl")
        st.markdown(
            r"The solution is slow, but whatever lies beside it is pulled in at a rate $\lambda$. The pull is soon "
            r"over, yet an explicit method must keep $h\lambda$ inside its region of stability. An implicit one need "
            r"not; it pays with equations to solve in each step."
        )
        params = controls.choose_stiffness()
        limit = cached.run(stability.region, "dopri5").interval
        result = cached.run(stiffness.run, params)
        show_scenes(stiff.stiff_scenes(result, limit), key="s_stiffness", clock=stiff.stiff_clock(), height=300)
        st.markdown(solver_words.stiff_table(result))
        show.notices(*solver_words.stiff_messages(result))
        question = r"**What do you expect?** From $\lambda = 100$ to $1{,}000$, the steps of `dopri5` become"
        guess = exercise.predict(question, solver_words.CRAWL, key="s_guess_stiff")
        if guess is not None:
            sweep = cached.run(stiffness.sweep, params.problem)
            chart = cached.draw(stiff.sweep_chart, stiffness.sweep, params.problem)
            show.figure(chart, stiff.sweep_alt(sweep), key="s_sweep")
            guess.reveal(f"{solver_words.about_sweep(guess, sweep)} {solver_words.about_stiffness(result, limit)}")
        st.subheader("Check yourself")
        exercise.number_exercise(*solver_words.largest_step(params.strength), key=f"s_longest {params.strength}")
        show.source(stiffness.field_of, stiffness.run)

show.references(
    "Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*: II.1 to II.3 (order), II.4 (step control).",
    "Hairer, Wanner, *Solving Ordinary Differential Equations II*: IV.1 to IV.3 (stiffness, stability functions).",
    "Dormand, Prince 1980, J. Comput. Appl. Math. 6, 19-26; error estimate and dense output: Shampine 1986, Math. "
    "Comp. 46, 135-150.",
    "Tsitouras 2011, Comput. Math. Appl. 62, 770-775. Kennedy, Carpenter 2003, Appl. Numer. Math. 44, 139-181.",
)
