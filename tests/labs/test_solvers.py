"""Order and work: slopes against the tableaus' orders, errors against exact solutions."""

import math

import numpy as np
import pytest
import torch

from core.labs.solver_problems import ORBIT, PROBLEMS, attempt, equal_steps
from core.labs.solvers import (
    FIXED,
    FRAMES,
    WORK_PROBLEMS,
    WORKERS,
    MotionParams,
    OrderParams,
    WorkParams,
    approach,
    expected_nfe,
    order_of,
    study_order,
    study_work,
)
from core.ode import solve


@pytest.mark.parametrize("local", [False, True], ids=["interval", "one step"])
def test_slopes_are_the_orders(local: bool):
    result = study_order(OrderParams("oscillator", FIXED, 8, single=False, local=local))
    for curve in result.curves:
        assert curve.slope == pytest.approx(curve.order + local, abs=0.15), curve.method
        assert curve.order == order_of(curve.method)
        assert (curve.errors[curve.used] > result.floor).all()


def test_orders_from_1_to_6_are_there():
    assert {order_of(method) for method in FIXED} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_exact_solutions_solve_their_problems(problem: str):
    p = PROBLEMS[problem]
    assert p.exact(np.zeros(1))[0] == pytest.approx(p.z0)
    fine = solve(p.func, torch.tensor(p.z0, dtype=torch.float64), 0.0, p.t1, method="dopri8", rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(fine.states, p.exact(fine.times.numpy()), atol=1e-10)


def test_the_planet_comes_back():
    z0 = torch.tensor(ORBIT.z0, dtype=torch.float64)
    end = solve(ORBIT.func, z0, 0.0, ORBIT.t1, method="dopri8", rtol=1e-12, atol=1e-12).states[-1]
    np.testing.assert_allclose(end, ORBIT.z0, atol=1e-9)


def test_errors_of_euler_are_those_of_its_formula():
    (curve,) = study_order(OrderParams("decay", ("euler",), 5, single=False, local=False)).curves
    counts = (2.0 / curve.h).round().astype(int)
    for n, h, error in zip(counts, curve.h, curve.errors, strict=True):
        steps = np.arange(n + 1)
        assert error == pytest.approx(np.abs((1 - h) ** steps - np.exp(-h * steps)).max(), rel=1e-9)


def test_float32_stops_at_its_rounding():
    single, double = (
        study_order(OrderParams("oscillator", ("rk4_classic",), 8, single=s, local=False)).curves[0]
        for s in (True, False)
    )
    assert single.errors.min() > 1e-8 > double.errors.min()
    assert not single.used[-1]


def test_equal_steps_of_a_pair_are_equal():
    p = PROBLEMS["forced"]
    for method in ("dopri5", "tsit5", "rk4"):
        solution = equal_steps(p.func, torch.tensor(p.z0, dtype=torch.float64), p.t1, method, 7)
        np.testing.assert_allclose(solution.step_sizes, p.t1 / 7, rtol=1e-12)
        assert solution.rejected == 0


def test_a_failed_solve_is_kept_as_far_as_it_got():
    z0 = torch.ones(1, dtype=torch.float64)
    solution, message = attempt(lambda: solve(lambda t, z: z * z, z0, 0.0, 2.0, max_steps=200))
    assert "t=" in message
    assert solution.t == pytest.approx(1.0, abs=1e-5)  # where the solution blows up


def test_motion_ends_nearer_with_more_steps():
    motion = approach(MotionParams("forced", ("euler", "rk4")))
    ends = np.array([[abs(points[-1, 1] - motion.exact[-1]) for points in runs] for runs in motion.runs])
    assert [len(runs[0]) - 1 for runs in motion.runs] == list(FRAMES)
    assert (ends[1:] < ends[:-1]).all()


@pytest.mark.parametrize("problem", WORK_PROBLEMS)
def test_evaluations_add_up_and_errors_fall(problem: str):
    result = study_work(WorkParams(problem, WORKERS))
    assert [work.method for work in result.works] == list(WORKERS)
    for work in result.works:
        for accepted, rejected, nfe in zip(work.accepted, work.rejected, work.nfe, strict=True):
            expected = expected_nfe(work.method, accepted, rejected)
            assert expected is None or expected[1] == nfe
        assert (np.diff(work.nfe) >= 0).all()
        assert work.errors[-1] < work.errors[0] / 10


def test_expected_nfe_is_what_solve_counts():
    z0 = torch.tensor(ORBIT.z0, dtype=torch.float64)
    for method in ("bosh3", "dopri5", "dopri8"):
        s = solve(ORBIT.func, z0, 0.0, ORBIT.t1, method=method, rtol=1e-4, atol=1e-4)
        expected = expected_nfe(method, s.accepted, s.rejected)
        assert expected is not None
        assert expected[1] == s.nfe
        assert s.rejected > 0
    assert expected_nfe("kencarp4", 3, 0) is None


def test_no_method_is_no_trouble():
    assert study_order(OrderParams("decay", (), 3, False, False)).curves == ()
    assert study_work(WorkParams("decay", ())).works == ()
    assert math.isclose(approach(MotionParams("decay", ())).exact[-1], math.exp(-2))
