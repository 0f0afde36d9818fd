"""Regions of stability against known intervals, runs against the stability function."""

import math

import numpy as np
import pytest

from core.labs.stability import METHODS, STEPS, TestRunParams, region, run_test
from core.ode.tableaus import TABLEAUS

KNOWN = {  # Hairer, Wanner II, IV.2
    "euler": 2.0,
    "midpoint": 2.0,
    "heun3": 2.512745,
    "bosh3": 2.512745,
    "rk4_classic": 2.785293563,
    "dopri5": 3.306567893,
    "implicit_euler": math.inf,
    "trapezoid": math.inf,
    "radauIIA5": math.inf,
    "gl4": math.inf,
}


@pytest.mark.parametrize("method", KNOWN)
def test_real_intervals_are_as_known(method: str):
    assert region(method).interval == pytest.approx(KNOWN[method], rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_outlines_lie_where_r_has_size_1(method: str):
    one = region(method)
    points = one.outline[~np.isnan(one.outline[:, 0])]
    assert len(points) > 100
    assert np.abs(TABLEAUS[method].stability(points @ np.array([1, 1j]))) == pytest.approx(1, abs=1e-9)
    assert (one.a_stable, one.l_stable) == (TABLEAUS[method].stability.a_stable, TABLEAUS[method].stability.l_stable)


def test_the_outline_of_euler_is_the_whole_circle():
    points = region("euler").outline
    angles = np.sort(np.arctan2(points[:-1, 1], points[:-1, 0] + 1))
    assert np.diff(angles).max() < 0.1
    assert np.hypot(points[:-1, 0] + 1, points[:-1, 1]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_steps_multiply_by_the_stability_function(method: str):
    for re, im in ((-0.5, 0.0), (-1.3, 0.7), (-2.9, -2.0), (0.3, 1.5), (-7.0, 6.0), (0.0, 0.0)):
        run = run_test(TestRunParams(method, re, im))
        assert run.message == ""
        assert len(run.states) == STEPS + 1
        assert run.predicted == pytest.approx(abs(TABLEAUS[method].stability(complex(re, im))))
        assert run.measured == pytest.approx(run.predicted, rel=1e-6)
        exact = np.exp(complex(re, im) * run.exact[:, 0])
        np.testing.assert_allclose(run.exact[:, 1:], np.stack([np.real(exact), np.imag(exact)], axis=1))


@pytest.mark.parametrize(
    ("method", "pole"), [("implicit_euler", 1.0), ("trapezoid", 2.0), ("kencarp4", 4.0)], ids=lambda x: str(x)
)
def test_a_pole_is_said_to_be_one(method: str, pole: float):
    run = run_test(TestRunParams(method, pole, 0.0))
    assert run.message
    assert run.measured is None


def test_a_step_to_zero_is_measured_as_such():
    assert run_test(TestRunParams("euler", -1.0, 0.0)).measured == 0.0
