"""The adjoint lesson's runs, held against scipy, the matrix exponential and finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from core.derivations.step import Status
from core.expression import parse_field
from core.labs import adjoint, adjoint_cases, adjoint_nudge, adjoint_words
from core.labs.adjoint import Failed, Params, Run
from core.labs.adjoint_cases import CASES, OWN_PARAMETER
from core.labs.checked import Checked, Report


def problem(name: str, **changes: object) -> Params:
    case = CASES[name]
    known = {parameter.name: parameter.default for parameter in case.parameters}
    names = parse_field(case.formulas).parameters
    values = tuple((letter, known.get(letter, OWN_PARAMETER.default)) for letter in names)
    return replace(Params(case.formulas, values, case.box, case.start, case.target, case.time), **changes)


def solved(name: str, **changes: object) -> Run:
    found = adjoint.run(problem(name, **changes))
    assert isinstance(found, Run)
    return found


def loss(params: Params, inputs: np.ndarray) -> float:
    """By scipy, of (z0, theta, t0, t1)."""
    field, m = parse_field(params.formulas), len(params.values)
    values = dict(zip(params.names, inputs[2 : 2 + m], strict=True))
    t0, t1 = inputs[-2:]
    found = solve_ivp(
        lambda t, z: field(t, z, values).numpy(), (t0, t1), inputs[:2], method="DOP853", rtol=1e-12, atol=1e-13
    )
    return float(((found.y[:, -1] - params.target) ** 2).sum() / 2)


@pytest.mark.parametrize("name", list(CASES))
def test_all_gradients_are_those_of_finite_differences(name: str):
    run = solved(name)
    params = run.params
    inputs = np.array([*params.start, *(value for _, value in params.values), 0.0, params.t1])
    assert run.loss == pytest.approx(loss(params, inputs), rel=1e-6)
    for i, gradient in enumerate(run.adjoint.all):
        step = np.zeros_like(inputs)
        step[i] = 1e-4
        difference = (loss(params, inputs + step) - loss(params, inputs - step)) / 2e-4
        assert gradient == pytest.approx(difference, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", list(CASES))
def test_both_ways_agree_and_the_state_comes_back(name: str):
    run = solved(name)
    assert run.apart < 1e-6
    assert run.reconstruction < 1e-5
    np.testing.assert_allclose(run.z, run.forward, atol=1e-5)


def test_a_linear_field_has_the_adjoint_of_the_matrix_exponential():
    run = solved("linear")
    values = dict(run.params.values)
    matrix = np.array([[0.0, 1.0], [-values["D"], values["T"]]])
    for t, a in zip(run.times[::20], run.a[::20], strict=True):
        np.testing.assert_allclose(a, run.a[0] @ expm(matrix * (run.params.t1 - t)), rtol=1e-6)


def test_the_blocks_start_and_end_as_the_algorithm_says():
    run = solved("forced")
    field = parse_field(run.params.formulas)
    values = dict(run.params.values)
    f0, f1 = (field(t, z, values).numpy() for t, z in ((0.0, run.z[-1]), (run.params.t1, run.z[0])))
    np.testing.assert_allclose(run.a[0], run.forward[0] - run.params.target)
    assert not run.a_theta[0].any()
    assert run.a_t[0] == pytest.approx(-run.a[0] @ f1)
    assert run.a_t[-1] == pytest.approx(-run.a[-1] @ f0, rel=1e-6)
    assert abs(run.a_t[-1] - run.a_t[0]) > 0.01  # this f depends on t, so the accumulator gathers something
    np.testing.assert_allclose(run.slopes[0], f1)
    jacobian = field.jacobian(run.params.t1, run.z[0], values).numpy()
    np.testing.assert_allclose(run.slopes[1], -run.a[0] @ jacobian)
    assert run.later == pytest.approx(adjoint.LATER * run.adjoint.t1, rel=0.05)


def test_without_parameters_there_is_nothing_to_gather():
    run = solved("own", formulas=("z2", "-z1"), values=())
    assert run.a_theta.shape == (adjoint.OUTPUTS, 0)
    assert run.apart < 1e-6


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"formulas": ("1/z1", "z2"), "values": (), "start": (0.0, 1.0)}, "no finite value"),
        ({"formulas": ("z1", "sqrt(z2)"), "values": (), "start": (0.0, 0.0)}, "no finite value"),
        ({"formulas": ("sqrt(t)", "z1"), "values": (), "start": (0.0, 0.0)}, "no finite value"),
        ({"formulas": ("z1^2", "z2"), "values": (), "start": (2.0, 0.0)}, "cannot be followed"),
        ({"formulas": ("3*z1", "z2"), "values": (), "t1": 4.0}, "leaves the picture"),
        ({"formulas": ("-30*z1", "z2"), "values": (), "t1": 4.0}, "reconstructed"),
    ],
    ids=lambda given: str(given)[:50],
)
def test_what_cannot_be_solved_is_said(changes: dict[str, object], says: str):
    found = adjoint.run(problem("own", **changes))
    assert isinstance(found, Failed)
    assert says in found.message


def test_the_adjoint_tells_the_change_of_the_loss_to_first_order():
    nudge = adjoint_nudge.nudge(solved("linear"), 0.1, 30)
    assert isinstance(nudge, adjoint_nudge.Nudge)
    missed = [change - told for _, told, change in nudge.smaller]
    assert missed[0] / missed[2] == pytest.approx(16, rel=1e-3)  # L is quadratic in the start of a linear field
    np.testing.assert_allclose(nudge.product, nudge.told, rtol=1e-5)  # and a times the gap is one number
    pendulum = adjoint_nudge.nudge(solved("pendulum"), 0.02, 60)
    assert isinstance(pendulum, adjoint_nudge.Nudge)
    assert pendulum.change == pytest.approx(pendulum.told, rel=0.05)
    assert pendulum.product[-1] == pytest.approx(pendulum.told)
    np.testing.assert_allclose(pendulum.path[-1], np.array(pendulum.run.params.start) + pendulum.shift)


def test_a_moved_start_that_fails_is_said():
    run = solved("own", formulas=("z1^2", "-z2"), values=(), start=(0.2, 0.0), t1=4.0)
    found = adjoint_nudge.nudge(run, 0.5, 0)
    assert isinstance(found, Failed)


@pytest.mark.parametrize(
    ("formulas", "says"),
    [
        (("z2", "abs(z1)"), "f2 is not smooth: abs"),
        (("sign(t)*z1", "z2"), "f1 is not smooth: sign"),
        (("a*b*c*d", "z1"), "4 parameters"),
        (("z1 + ", "z2"), "expected"),
        (
            ("+".join(f"sin({i}*z1)" for i in range(1, 20)), "+".join(f"cos({i}*z1)" for i in range(1, 20))),
            "operations",
        ),
        (("z3", "z1"), "z3"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_formulas_that_do_not_fit_get_a_sentence(formulas: tuple[str, str], says: str):
    reading = adjoint_cases.read(formulas)
    assert reading.field is None
    assert says in reading.message
    assert reading.message.rstrip()[-1] in ".0123456789abcdefghijklmnopqrstuvwxyz')"


def test_smooth_formulas_are_taken():
    for name, case in CASES.items():
        assert adjoint_cases.read(case.formulas).field is not None, name
    assert adjoint_cases.read(("z2", "abs(-2)*z1")).field is not None  # a number is smooth


def test_words_carry_the_numbers():
    run = solved("pendulum")
    nudge = adjoint_nudge.nudge(run, 0.1, 60)
    assert isinstance(nudge, adjoint_nudge.Nudge)
    right = adjoint_words.RISES if nudge.change > 0 else adjoint_words.FALLS
    wrong = next(guess for guess in adjoint_words.GUESSES if guess != right)
    assert f"**Right: {right}.**" in adjoint_words.about_nudge(nudge, right)
    assert f"You said: {wrong}." in adjoint_words.about_nudge(nudge, wrong)
    assert f"{run.adjoint.z0[0]:+.6g}" in adjoint_words.gradient_table(run)
    assert f"L = {run.loss:.4g}" in adjoint_words.about_loss(run)
    question, answer, tolerance, explanation = adjoint_words.later_exercise(run)
    assert adjoint_words.pair(run.slopes[0]) in question
    assert answer == pytest.approx(0.01 * run.adjoint.t1)
    assert 0 < tolerance < max(0.1 * abs(answer), 1e-4)
    assert f"{run.later:.4g}" in explanation


def test_a_solution_that_forgets_its_start_is_named_so():
    run = solved("own", formulas=("2*z1 - z1^3", "-4*z2"), values=(), start=(1.0, 1.0), t1=4.0)
    assert run.apart > 1e-5
    assert "forgets its start" in adjoint_words.about_gradients(run)


def test_a_mistake_that_changes_nothing_is_said_to():
    def report(*statuses: Status) -> Report:
        steps = tuple(Checked("", "", status, "", "identity", "", 0.0) for status in statuses)
        return Report("", "", "", steps)

    assert "makes no difference" in adjoint_words.about_break(report("proved"), "step 1")
    assert "settles nothing" in adjoint_words.about_break(report("proved", "undecided"), "step 1")
    said = adjoint_words.about_break(report("proved", "failed", "failed"), "step 3")
    assert said.startswith("**Right: step 3.** Step 2, step 3 fail.")
    assert "You said: step 1. **Answer: step 2.**" in adjoint_words.about_break(report("proved", "failed"), "step 1")


def test_the_algorithm_needs_no_more_than_its_arguments():
    """As the page shows it: z' = theta z, L = z(1), by hand."""
    theta = torch.tensor([0.5], dtype=torch.float64)
    z1 = torch.exp(theta)
    found = adjoint.adjoint_method(lambda t, z, p: p * z, z1, theta, 1.0, 0.0, torch.ones_like(z1), [1.0, 0.0])
    z, a, by_theta, by_t = (piece[-1] for piece in found.states)
    np.testing.assert_allclose([float(z), float(a), float(by_theta)], [1.0, np.exp(0.5), np.exp(0.5)], rtol=1e-6)
    assert float(by_t) == pytest.approx(-0.5 * np.exp(0.5))


def test_a_second_solve_that_fails_is_not_quoted():
    *_, explanation = adjoint_words.later_exercise(replace(solved("pendulum"), later=float("nan")))
    assert "nan" not in explanation
    assert "second solve" not in explanation
