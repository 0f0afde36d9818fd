"""Six ways to a gradient, against formulas, torchdiffeq, SciPy and each other."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torchdiffeq
from scipy.integrate import solve_ivp

from core.labs import gradients
from core.labs.gradient_problems import PROBLEMS, loss, tensors
from core.labs.gradient_words import (
    TITLES,
    about_computed,
    about_nearest,
    cost_table,
    distance_table,
    failures,
    value_table,
)
from core.labs.gradients import WAYS, Params, by_back_propagation, compare, exact_gradient, forward_sensitivities
from core.labs.tensor_memory import Meter
from core.labs.verdict import UNASKED

every_problem = pytest.mark.parametrize("name", list(PROBLEMS))


def gradient_of(params: Params, way: str) -> gradients.Gradient:
    found = by_back_propagation(params, WAYS[way]).gradient
    assert found is not None
    return found


def scipy_loss(name: str, x: np.ndarray) -> float:
    problem = PROBLEMS[name]
    d, theta = len(problem.z0), torch.from_numpy(x[len(problem.z0) : -1].copy())

    def f(t: float, z: np.ndarray) -> np.ndarray:
        return problem.f(torch.tensor(t, dtype=torch.float64), torch.from_numpy(z), theta).numpy()

    solution = solve_ivp(f, (0, x[-1]), x[:d], method="DOP853", rtol=1e-12, atol=1e-13)
    return float(np.square(solution.y[:, -1]).sum() / 2)


@every_problem
def test_the_formulas_solve_their_equations(name: str):
    problem = PROBLEMS[name]
    if problem.solution is None:
        return
    z0, theta = (tensor.detach() for tensor in tensors(problem))
    solution = problem.solution
    torch.testing.assert_close(solution(torch.tensor(0.0).double(), z0, theta), z0)
    for moment in (0.3, 1.7):
        t = torch.tensor(moment, dtype=torch.float64, requires_grad=True)
        z = solution(t, z0, theta)
        slope = torch.stack([torch.autograd.grad(one, t, retain_graph=True)[0] for one in z])
        torch.testing.assert_close(slope, problem.f(t.detach(), z.detach(), theta))


def test_the_exact_gradient_of_growth_is_the_one_by_hand():
    gradient = exact_gradient("growth", 2.0)
    z0, k, t = 1.5, 0.5, 2.0
    z = z0 * np.exp(k * t**2 / 2)
    np.testing.assert_allclose(gradient.z0, [z * z / z0])
    np.testing.assert_allclose(gradient.theta, [z * z * t**2 / 2])
    assert gradient.t1 == pytest.approx(z * k * t * z)


@every_problem
def test_the_exact_gradient_is_the_slope_of_scipys_loss(name: str):
    problem = PROBLEMS[name]
    x = np.array([*problem.z0, *problem.theta, 1.5])
    gradient = exact_gradient(name, 1.5)
    right = np.append(gradient.vector, gradient.t1)
    for i in {0, len(problem.z0), len(x) // 2, len(x) - 2, len(x) - 1}:
        moved = [x + sign * 1e-4 * np.eye(len(x))[i] for sign in (1, -1)]
        slope = (scipy_loss(name, moved[0]) - scipy_loss(name, moved[1])) / 2e-4
        assert right[i] == pytest.approx(slope, rel=1e-5, abs=1e-6)


@every_problem
@pytest.mark.parametrize(("way", "theirs"), [("direct", torchdiffeq.odeint), ("adjoint", torchdiffeq.odeint_adjoint)])
@pytest.mark.parametrize("method", ["euler", "midpoint"])
def test_torchdiffeq_gets_the_same_with_the_same_steps(name: str, way: str, theirs, method: str):
    problem, steps, t1 = PROBLEMS[name], 12, 1.5
    z0, theta = tensors(problem)

    class Field(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.theta = torch.nn.Parameter(theta.detach().clone())

        def forward(self, t: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            return problem.f(t, z, self.theta)

    field = Field()
    t = torch.tensor([0.0, t1], dtype=torch.float64)
    value = loss(theirs(field, z0, t, method=method, options={"step_size": t1 / steps})[-1])
    by_z0, by_theta = torch.autograd.grad(value, (z0, field.theta))
    found = gradient_of(Params(name, method, steps, t1), way)
    np.testing.assert_allclose(found.z0, by_z0.numpy(), rtol=1e-10)
    np.testing.assert_allclose(found.theta, by_theta.numpy(), rtol=1e-9, atol=1e-12)


@every_problem
@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4_classic"])
def test_at_equal_steps_three_ways_are_the_derivative_of_the_computed_loss(name: str, method: str):
    params = Params(name, method, 7, 1.5)
    direct = gradient_of(params, "direct")
    assert gradient_of(params, "checkpointed").distance(direct) < 1e-13
    assert forward_sensitivities(PROBLEMS[name], 1.5, params.settings())[0].distance(direct) < 1e-13
    differences = gradients.finite_differences(params).gradient
    assert differences is not None
    assert differences.distance(direct) < 1e-7
    assert differences.t1 == pytest.approx(direct.t1, rel=1e-6, abs=1e-8)
    assert gradient_of(params, "adjoint").distance(direct) > 1e-6


@every_problem
def test_at_a_tight_tolerance_all_ways_agree_with_the_exact_one(name: str):
    result = compare(Params(name, "dopri8", -10, 2.0))
    for way in result.ways:
        assert way.gradient is not None
        assert way.gradient.distance(result.exact) < 1e-6, way.name
        assert way.gradient.t1 == pytest.approx(result.exact.t1, rel=1e-5, abs=1e-7)


def test_evaluations_are_counted():
    result = compare(Params("logistic", "midpoint", 11, 2.0))
    assert result.find("direct").forward == result.find("adjoint").forward == 22
    assert result.find("direct").backward == 0
    assert result.find("checkpointed").backward == 22
    assert result.find("adjoint").backward >= 22
    assert result.find("sensitivities").forward == 22
    assert result.find("differences").forward == 22 * 2 * 4  # z0, r, K and t1, to both sides


def kept(way: str, steps: int, name: str = "logistic") -> int:
    with Meter() as meter:
        return by_back_propagation(Params(name, "euler", steps, 2.0), WAYS[way], meter).kept


def test_what_is_kept_grows_with_the_steps_for_the_direct_way_alone():
    counts = [8, 16, 24, 32]
    direct = [kept("direct", count) for count in counts]
    growth = {b - a for a, b in pairwise(direct)}
    assert len(growth) == 1
    assert growth.pop() > 0
    assert len({kept("adjoint", count) for count in counts}) == 1
    many = kept("checkpointed", 128)
    assert kept("adjoint", 128) < many < kept("direct", 128) / 15
    assert many < 4 * kept("checkpointed", 8)


def test_a_way_that_fails_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gradients, "MOST_STEPS", 2)
    result = compare(Params("pendulum", "dopri5", -10, 2.0))
    assert all(way.gradient is None for way in result.ways)
    said = failures(result)
    assert len(said) == 5
    assert all("steps" in sentence for sentence in said)
    assert value_table(result).count("failed") == 5
    assert " ms |" not in cost_table(result)
    assert "not every way arrives" in about_nearest(result, "")
    assert about_computed(result, "").startswith("Nor")


def test_the_words_hold_the_numbers():
    result = compare(Params("growth", "euler", 20, 2.0))
    table = value_table(result)
    for way in result.ways:
        assert way.gradient is not None
        assert f"| {TITLES[way.name]} | {way.gradient.z0[0]:.5g} | {way.gradient.theta[0]:.5g} |" in table
    assert distance_table(result).count("< 1e-14") == 2  # checkpointed and sensitivities, from direct
    text = about_nearest(result, "the adjoint's")
    assert text.startswith("**Right: the adjoint's.**")
    assert about_computed(result, "the direct one").startswith("**Right: the direct one.**")
    direct = result.find("direct").gradient
    assert direct is not None
    assert f"{direct.distance(result.exact):.1e}" in text
    assert about_nearest(result, "the direct one").startswith("**Not quite.**")
    assert about_computed(result, UNASKED).startswith("**Answer: the direct one.** Finite differences")
