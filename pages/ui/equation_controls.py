"""Widget groups of the lesson on differential equations -> frozen parameters."""

import streamlit as st

from core.labs import analytic, equation_words, equations, existence, picard
from pages.ui import share

_TOLERANCES = range(2, 10)


def choose_equation() -> equations.Params:
    """An equation and its coefficients."""
    names = list(equation_words.EQUATIONS)
    name = share.select("Equation", names, "oscillator", equation_words.EQUATIONS.__getitem__, "d_equation")
    if name == "driven":
        st.caption("Its coefficients are fixed; the others' are yours.")
        return equations.Params((0.5, 2.0, 1.0, 1.0), "driven")
    if name == "linear":
        order = int(share.slider("Order n", 1, 4, 3, 1, "d_order"))
        defaults = (1.0, 2.0, 2.0, 1.0, 1.0)
        columns = st.columns(order + 1)
        lower = [
            columns[i].slider(f"$a_{i + 1}$", -3.0, 3.0, defaults[i], 0.25, key=f"d_a{i + 1}", bind="query-params")
            for i in range(order)
        ]
        with columns[order]:
            top = share.slider(f"$a_{order + 1}$, not 0", 0.5, 3.0, 1.0, 0.25, "d_top")
        return equations.Params((*(min(max(value, -3.0), 3.0) for value in lower), top), "linear")
    damping, pull = st.columns(2)
    with damping:
        a2 = share.slider("Friction $a_2$", 0.0, 2.0, 0.4, 0.1, "d_friction")
    with pull:
        a1 = share.slider("Pull $a_1$", 0.5, 9.0, 4.0, 0.5, "d_pull")
    return equations.Params((a1, a2, 1.0), "pendulum" if name == "pendulum" else "oscillator")


def choose_problem() -> str:
    """A problem that has a formula."""
    names = list(analytic.PROBLEMS)
    return share.select("Problem", names, "pull", lambda name: analytic.PROBLEMS[name].title, "d_problem")


def choose_comparison(name: str) -> analytic.Params:
    """Numbers of the problem, and a solver with its step or tolerance."""
    problem = analytic.PROBLEMS[name]
    columns = st.columns(len(problem.settings) + 1)
    values = []
    for i, s in enumerate(problem.settings):
        with columns[i]:
            values.append(share.slider(s.meaning, s.low, s.high, s.default, s.step, f"d_{name}_{i}"))
    low, high, default = problem.starts
    with columns[-1]:
        z0 = share.slider("Start $z_0$", low, high, default, 0.05, f"d_{name}_z0")
    solver, precision = st.columns(2)
    with solver:
        method = share.select("Solver", analytic.METHODS, "euler", equation_words.TITLES.__getitem__, "d_method")
    adaptive = analytic.Params(name, (), 0.0, method, 1, 1.0).adaptive
    steps, exponent = 32, 4
    with precision:
        if adaptive:
            shown = "Tolerance: 10 to the power of minus"
            exponent = int(share.slider(shown, _TOLERANCES[0], _TOLERANCES[-1], 4, 1, "d_tolerance"))
        else:
            power = int(share.slider("Number of steps: 2 to the power of", 2, 9, 5, 1, "d_steps"))
            steps = 2**power
            st.caption(f"{steps} steps of h = {problem.t1 / steps:.4g}.")
    return analytic.Params(name, tuple(values), z0, method, steps, 10.0**-exponent)


def choose_picard() -> picard.Params:
    """A problem for Picard's iteration and the length of the interval."""
    left, right = st.columns(2)
    names = list(equation_words.PICARD)
    with left:
        name = share.select("Problem", names, "growth", equation_words.PICARD.__getitem__, "d_picard")
    with right:
        h = share.slider(r"Length of the interval $\alpha$", 0.1, 2.0, 1.5, 0.05, "d_h")
    return picard.Params(name, round(h, 3))


def choose_blow_up() -> existence.BlowUpParams:
    """A start, and the number of steps of the methods that do not choose theirs."""
    left, right = st.columns(2)
    with left:
        z0 = share.slider("Start $z(0)$", 0.2, 5.0, 0.5, 0.1, "d_z0")
    with right:
        steps = int(share.slider("Steps of the fixed-step methods", 6, 60, 20, 2, "d_fixed"))
    return existence.BlowUpParams(round(z0, 3), steps)
