"""Widgets of the gradient lab -> values; their state is in the URL under names that begin with ``gl_``."""

from collections.abc import Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from core.labs import gradient_failures as failing
from core.labs import gradient_hard_problems as hard
from core.labs import gradient_memory as memory
from core.labs import gradient_meter as meter
from core.labs import gradients
from core.labs.gradient_problems import PROBLEMS
from core.labs.solver_words import TITLES
from core.ode import ADAPTIVE
from pages.ui import share

SECTIONS = ["Six ways", "Memory", "A meter", "Failures"]
_MOST = {"64": 64, "128": 128, "256": 256}
_AGREE = {"1e-3": 1e-3, "1e-4": 1e-4, "1e-5": 1e-5, "1e-6": 1e-6}


def sections() -> Sequence[TabContainer]:
    """The page's tabs; only the open one is worth running."""
    return st.tabs(SECTIONS, key="gl_tab", on_change="rerun", bind="query-params")


def choose_gradient() -> gradients.Params:
    """Problem, method, its steps or tolerance, and the last time."""
    left, right = st.columns(2, gap="large")
    with left:
        problem = _problem("growth", "gl_problem")
        t1 = share.slider("Last time $t_1$", 0.5, 3.0, 2.0, 0.25, "gl_t1", format="%g")
        st.latex(PROBLEMS[problem].latex)
    with right:
        method = share.select("Method", gradients.METHODS, "euler", TITLES.__getitem__, "gl_method")
        if method in ADAPTIVE:
            setting = share.slider("Tolerance rtol = atol = 10 to the power", -10, -2, -5, 1, "gl_tol")
        else:
            setting = share.slider("Steps, all equal", 2, 64, 20, 1, "gl_steps")
        epsilon = share.slider("Finite differences: step $\\varepsilon$ = 10 to the power", -12, -1, -5, 1, "gl_eps")
    st.caption(_values(problem))
    return gradients.Params(problem, method, int(setting), t1, int(epsilon))


def _problem(default: str, key: str) -> str:
    return share.select("Problem", list(PROBLEMS), default, lambda name: PROBLEMS[name].title, key)


def _values(name: str) -> str:
    problem = PROBLEMS[name]
    loss = r"The loss is $L = \tfrac12 |z(t_1)|^2$."
    start = ", ".join(f"{value:g}" for value in problem.z0)
    if not problem.names:
        return rf"{loss} $z(0) = ({start})$; $\theta$: {len(problem.theta)} weights, drawn at random once."
    named = ", ".join(f"{letter} = {value:g}" for letter, value in zip(problem.names, problem.theta, strict=True))
    single = f"z(0) = {start}" if len(problem.z0) == 1 else f"z(0) = ({start})"
    return rf"{loss} ${single}$; $\theta$: ${named}$."


def choose_difference() -> float:
    """How near adjoint and direct shall be."""
    return _AGREE[share.select("Relative difference wanted", list(_AGREE), "1e-4", str, "gl_agree")]


def choose_memory() -> memory.Params:
    """Method and the most steps."""
    left, right = st.columns(2)
    with left:
        method = share.select("Method", ("euler", "rk4_classic"), "euler", TITLES.__getitem__, "gl_memory_method")
    with right:
        most = share.select("Up to how many steps", list(_MOST), "128", str, "gl_most")
    return memory.Params(method, _MOST[most])


def choose_meter() -> meter.Params:
    """Problem and both tolerances."""
    left, right = st.columns(2, gap="large")
    with left:
        problem = _problem("logistic", "gl_meter_problem")
        t1 = share.slider("Last time $t_1$", 0.5, 3.0, 2.0, 0.25, "gl_meter_t1", format="%g")
        st.latex(PROBLEMS[problem].latex)
    with right:
        forward = share.slider("Way there: tolerance 10 to the power", -10, -2, -8, 1, "gl_there")
        backward = share.slider("Way back: tolerance 10 to the power", -11, -2, -4, 1, "gl_back")
    return meter.Params(problem, int(forward), int(backward), t1)


def choose_failure() -> failing.Params:
    """Problem, its strength, tolerance and stored states."""
    left, right = st.columns(2, gap="large")
    with left:
        titles = {name: problem.title for name, problem in hard.PROBLEMS.items()}
        name = share.select("Problem", list(titles), "relaxation", titles.__getitem__, "gl_fail")
        problem = hard.PROBLEMS[name]
        strength = share.slider(problem.strength, *problem.range, f"gl_{name}", format="%g")
    with right:
        exponent = share.slider("Tolerance rtol = atol = 10 to the power", -8, -3, -5, 1, "gl_fail_tol")
        stored = share.slider("Stored states; 1 is $z(t_1)$ alone", 1, failing.MOST_STORED, 1, 1, "gl_stored")
    st.latex(problem.latex)
    return failing.Params(name, round(strength, 3), int(exponent), int(stored))
