"""Widget groups of the solver lab -> values; their state is in the URL under names that begin with ``s_``."""

from collections.abc import Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from core.labs import adaptive_steps, solvers, stability, stiffness
from core.labs.solver_problems import PROBLEMS
from core.labs.solver_words import TITLES
from core.ode.tableaus import TABLEAUS
from pages.ui import derivations, share

SECTIONS = ["Order", "Work", "Stability", "Steps", "Stiffness"]


def sections() -> Sequence[TabContainer]:
    """The page's tabs; only the open one is worth running."""
    return st.tabs(SECTIONS, key="s_tab", on_change="rerun", bind="query-params")


def choose_order() -> solvers.OrderParams:
    """Problem, methods, step sizes, precision, local or global error."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        problem = share.select(
            "Problem", list(PROBLEMS), "oscillator", lambda name: PROBLEMS[name].title, key="s_problem"
        )
        st.latex(PROBLEMS[problem].latex)
    with right:
        default = ["euler", "midpoint", "heun3", "rk4_classic", "dopri5"]
        methods = _methods(solvers.FIXED, default, "s_methods")
    first, second, third = st.columns(3)
    with first:
        sizes = share.slider("Step sizes, each half of the one before", 3, 10, 8, 1, "s_sizes")
    with second:
        single = share.toggle("float32 in place of float64", False, "s_single")
    with third:
        local = share.toggle("One step in place of the whole interval", False, "s_local")
    return solvers.OrderParams(problem, methods, int(sizes), single, local)


def prove_order() -> None:
    """The order conditions of a method to choose, and Euler's error, folded away."""
    method = share.select("Tableau", list(TABLEAUS), "heun3", lambda name: TITLES.get(name, name), "s_tableau")
    derivations.proof(f"order-{method}", key="s_proof_order", title="Its order conditions, checked")
    derivations.proof("euler-error", key="s_proof_euler", title="Why Euler's error halves with the step, checked")


def prove_stability(method: str) -> None:
    """The stability function of the method that is run, folded away."""
    derivations.proof(f"stability-{method}", key="s_proof_stability", title="Its stability function, checked")


def choose_work() -> solvers.WorkParams:
    """Problem and methods of the comparison by work."""
    problem = share.select(
        "Problem",
        list(solvers.WORK_PROBLEMS),
        "orbit",
        lambda name: solvers.WORK_PROBLEMS[name].title,
        key="s_task",
    )
    st.latex(solvers.WORK_PROBLEMS[problem].latex)
    methods = _methods(solvers.WORKERS, ["euler", "rk4_classic", "bosh3", "dopri5", "dopri8"], "s_workers")
    return solvers.WorkParams(problem, methods)


def choose_stability() -> tuple[tuple[str, ...], stability.TestRunParams]:
    """Methods, the first of which is shaded and run, and the place z."""
    methods = _methods(stability.METHODS, ["euler", "rk4_classic", "implicit_euler"], "s_regions") or ("euler",)
    first = "rk4_classic" if "rk4_classic" in methods else methods[0]
    shown = share.select("Shade and run", methods, first, TITLES.__getitem__, "s_run")
    left, right = st.columns(2)
    with left:
        re = share.number(r"Real part of $h\lambda$", *stability.REAL, -2.5, 0.1, "s_re")
    with right:
        im = share.number(r"Imaginary part of $h\lambda$", *stability.IMAGINARY, 1.0, 0.1, "s_im")
    ordered = (shown, *(method for method in methods if method != shown))
    return ordered, stability.TestRunParams(shown, round(re, 3), round(im, 3))


def move_z(x: float, y: float) -> None:
    """Put the place that was picked in the plane into the fields for it."""
    st.session_state["s_re"], st.session_state["s_im"] = round(x, 2), round(y, 2)


def choose_steps() -> adaptive_steps.Params:
    """Problem, method and tolerance of a run with error control."""
    first, second = st.columns(2)
    with first:
        problem = share.select(
            "Problem", list(adaptive_steps.PROBLEMS), "vdp", adaptive_steps.PROBLEMS.__getitem__, "s_run_problem"
        )
        mu = 2.0
        if problem == "vdp":
            mu = share.slider(r"$\mu$, strength of the friction", 0.0, 10.0, 2.0, 0.5, "s_mu", format="%g")
    with second:
        method = share.select("Method", adaptive_steps.METHODS, "dopri5", TITLES.__getitem__, "s_pair")
        exponent = share.slider("Tolerance rtol = atol = 10 to the power", -10, -2, -4, 1, "s_tol")
    st.latex(adaptive_steps.LATEX[problem])
    st.caption(adaptive_steps.SAYS[problem])
    return adaptive_steps.Params(problem, method, int(exponent), mu)


def choose_stiffness() -> stiffness.Params:
    """Problem and strength."""
    problem = share.select("Problem", list(stiffness.PROBLEMS), "cosine", stiffness.PROBLEMS.__getitem__, "s_stiff")
    if problem == "cosine":
        st.latex(r"z' = -\lambda\,(z - \cos t),\quad z(0) = 0")
    else:
        st.latex(r"z_1' = z_2,\quad z_2' = \lambda\,(1 - z_1^2)\,z_2 - z_1,\quad z(0) = (2, 0)")
    exponent = share.slider(r"$\lambda$ = 10 to the power", 0.0, 5.0, 3.0, 0.5, "s_lambda", format="%g")
    return stiffness.Params(problem, float(f"{10.0**exponent:.3g}"))


def _methods(options: tuple[str, ...], default: list[str], key: str) -> tuple[str, ...]:
    chosen = share.choices(f"Methods, {solvers.MOST} at most", options, default, TITLES.__getitem__, key)
    if len(chosen) > solvers.MOST:
        st.caption(f"Only the first {solvers.MOST} are shown.")
    return tuple(chosen[: solvers.MOST])
