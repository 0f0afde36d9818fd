"""The solver lab as a visitor meets it: each tab at its defaults, at the ends of its controls, from links."""

import pytest
from streamlit.testing.v1 import AppTest

from core.figures.solvers import order_chart
from core.labs import adaptive_steps, solvers, stability, stiffness
from core.labs.solver_problems import PROBLEMS
from pages.ui.solver_controls import SECTIONS
from tests.pages.visiting import chart, component, open_page, sound, words


def lab(section: str, **query: str) -> AppTest:
    return open_page("solver-lab", s_tab=section, **query)


def guess(at: AppTest, answer: int = 0) -> AppTest:
    """Make the first prediction of the open tab."""
    return sound(at.radio[0].set_value(at.radio[0].options[answer]).run())


@pytest.mark.parametrize("section", SECTIONS)
def test_only_the_open_tab_runs(section: str):
    at = lab(section)
    assert len(at.header) == 1
    assert not at.error
    assert "What do you expect?" in at.radio[0].label
    assert set(at.query_params) <= {"s_tab"}  # defaults stay out of the link


def test_the_first_tab_is_order_and_a_bad_link_falls_back_to_it():
    for at in (open_page("solver-lab"), lab("Nothing")):
        assert at.header[0].value.startswith("Order")


def test_order_is_predicted_before_it_is_measured():
    at = lab("Order")
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "s_order")
    assert "measured slope" not in words(at)
    at = guess(at, 3)
    params = solvers.OrderParams(
        "oscillator", ("euler", "midpoint", "heun3", "rk4_classic", "dopri5"), 8, single=False, local=False
    )
    result = solvers.study_order(params)
    shown = chart(at, "s_order")["data"]
    assert [trace["name"] for trace in shown] == [trace["name"] for trace in order_chart(result).to_dict()["data"]]
    assert "Right" in words(at)
    for curve in result.curves:
        assert f"| {curve.method} | {curve.order} | {curve.slope:.2f} |" in words(at)


def test_the_ends_of_the_controls_of_order():
    at = guess(lab("Order"))
    for problem in PROBLEMS:
        sound(at.selectbox(key="s_problem").set_value(problem).run())
    for sizes in (3, 10):
        sound(at.slider(key="s_sizes").set_value(sizes).run())
    for key in ("s_single", "s_local"):
        sound(at.toggle(key=key).set_value(True).run())
    assert "p + 1" in words(at)
    for methods in ([], list(solvers.FIXED)):
        at.session_state["s_methods"] = methods
        sound(at.run())
    assert f"Only the first {solvers.MOST}" in words(at)


def test_the_order_of_the_tableau_step_by_step():
    at = lab("Order")
    for _ in range(4):
        sound(at.button(key="s_worked next").click().run())
    assert "missed, so the order is 3" in words(at)


def test_work_is_compared_after_a_prediction_and_counted():
    at = lab("Work")
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "s_work")
    at = guess(at, 2)
    assert "Right" in words(at)
    assert len(chart(at, "s_work")["data"]) == 5
    count = at.radio[1]
    accepted, rejected = (int(word.rstrip(".")) for word in count.label.split() if word.rstrip(".").isdigit())
    sound(count.set_value(str(accepted)).run())
    assert "Not quite" in at.info[0].value
    right = 2 + 3 * (accepted + rejected)  # bosh3 has four stages, the last of which is shared
    assert f"= {right} |" not in words(at)  # not to be read off the table
    sound(at.radio[1].set_value(str(right)).run())
    assert "Right" in at.success[0].value


@pytest.mark.parametrize("problem", ["orbit", "cubic"])
def test_the_ends_of_the_controls_of_work(problem: str):
    at = guess(lab("Work", s_task=problem))
    for methods in ([], ["euler"], ["kencarp4"], list(solvers.WORKERS)):
        at.session_state["s_workers"] = methods
        sound(at.run())


def test_the_plane_and_the_run_at_its_point():
    at = lab("Stability", s_re="-2.0", s_im="2.0")
    plane, run = component(at, "s_plane")["scenes"]
    assert plane["handle"] == [-2.0, 2.0]
    assert run["title"].startswith("rk4_classic")
    assert "measured per step" not in words(at)
    at = guess(at)
    factor = abs(stability.TABLEAUS["rk4_classic"].stability(complex(-2, 2)))
    assert f"|R(hλ)| = {factor:.6g} from the tableau, {factor:.6g} measured" in words(at)
    assert "-2.7853 to 0" in words(at)
    sound(at.number_input(key="s_re").set_value(-1.0).run())
    assert "measured per step" in words(at)  # once uncovered it stays, so that the point can be moved about


@pytest.mark.slow
@pytest.mark.parametrize("method", stability.METHODS)
def test_every_method_at_the_corners_of_the_plane(method: str):
    for re, im in ((-7.0, -6.0), (5.0, 6.0)):
        at = guess(lab("Stability", s_regions=method, s_re=str(re), s_im=str(im)))
        assert component(at, "s_plane")["scenes"][1]["title"].startswith(method)


def test_a_pole_is_said_to_be_one():
    at = guess(lab("Stability", s_regions="implicit_euler", s_re="1.0", s_im="0.0"))
    assert "pole" in words(at)


def test_no_region_is_euler():
    assert component(lab("Stability", s_regions="none"), "s_plane")["scenes"][1]["title"].startswith("euler")


def test_the_global_error_comes_after_the_prediction():
    at = lab("Steps")
    assert len(component(at, "s_steps")["scenes"]) == 3
    at = guess(at, 2)
    assert len(component(at, "s_steps")["scenes"]) == 4
    result = adaptive_steps.run(adaptive_steps.Params("vdp", "dopri5", -4))
    assert f"{len(result.sizes)} steps accepted, {len(result.rejections)} rejected" in words(at)
    assert f"The largest global error is {result.worst:.2g}, {result.worst / 1e-4:.0f} times" in words(at)


def test_the_ends_of_the_controls_of_steps():
    at = guess(lab("Steps"))
    for problem in adaptive_steps.PROBLEMS:
        sound(at.selectbox(key="s_run_problem").set_value(problem).run())
        for method in ("bosh3", "dopri8"):
            sound(at.selectbox(key="s_pair").set_value(method).run())
            for exponent in (-10, -2):
                sound(at.slider(key="s_tol").set_value(exponent).run())
                guess(at)


@pytest.mark.parametrize(("problem", "told"), [("vdp", r"\mu"), ("arenstorf", "r_1^3"), ("pulses", "e^{-100")])
def test_the_equation_of_the_run_is_shown(problem: str, told: str):
    at = lab("Steps", s_run_problem=problem)
    assert any(told in formula.value for formula in at.latex)


def test_the_solver_says_why_it_gave_up():
    at = lab("Steps", s_run_problem="arenstorf", s_pair="bosh3", s_tol="-10")
    assert f"The solver says: {adaptive_steps.MOST_STEPS} steps" in at.warning[0].value
    at = lab("Stiffness", s_lambda="5.0")
    assert "dopri5 says" in at.warning[0].value


@pytest.mark.parametrize("problem", stiffness.PROBLEMS)
def test_stiffness_is_measured(problem: str):
    at = lab("Stiffness", s_stiff=problem)
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "s_sweep")
    at = guess(at, 1)
    assert "Right" in words(at)
    steps = [result.runs[0].accepted for result in stiffness.sweep(problem).results]
    assert list(chart(at, "s_sweep")["data"][0]["y"]) == steps
    for exponent in (0.0, 5.0):
        sound(at.slider(key="s_lambda").set_value(exponent).run())


def test_the_longest_step_of_euler_is_marked():
    at = lab("Stiffness", s_lambda="2.0")
    sound(at.number_input[0].set_value(0.5).run())
    assert "Not quite" in at.info[0].value
    sound(at.number_input[0].set_value(0.02).run())
    assert "Right" in at.success[0].value


@pytest.mark.parametrize(
    ("section", "query"),
    [
        ("Order", {"s_problem": "x", "s_methods": "euler,<b>,rk9", "s_sizes": "99", "s_single": "maybe"}),
        ("Order", {"s_sizes": "NaN", "s_methods": "," * 5000}),
        ("Work", {"s_task": "../x", "s_workers": "none"}),
        ("Stability", {"s_re": "1e99", "s_im": "NaN", "s_run": "gl6", "s_regions": "euler"}),
        ("Steps", {"s_mu": "-4", "s_tol": "3", "s_pair": "euler", "s_run_problem": ""}),
        ("Stiffness", {"s_lambda": "1e9", "s_stiff": "__class__"}),
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(section: str, query: dict[str, str]):
    guess(lab(section, **query))


@pytest.mark.parametrize("method", ["heun3", "dopri8", "adaptive_heun"])
def test_order_conditions_are_checked_once_they_are_opened(method: str):
    at = lab("Order", s_tableau=method)
    assert "checked" not in words(at)
    at.session_state["s_proof_order"] = True
    sound(at.run())
    assert "✓ " in words(at)
    assert f"The tableau of {method}, as" in words(at)
    for bad in ("✗", "? undecided"):
        assert bad not in words(at)


def test_euler_s_error_is_derived():
    at = lab("Order")
    at.session_state["s_proof_euler"] = True
    assert "the *local error*" in words(sound(at.run()))


def test_the_stability_function_is_that_of_the_method_that_is_run():
    at = guess(lab("Stability", s_regions="trbdf2"))
    at.session_state["s_proof_stability"] = True
    assert "The tableau of trbdf2 on the linear equation" in words(sound(at.run()))
