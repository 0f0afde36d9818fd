"""Euler's error: the bound against runs of the solver."""

import math

import pytest
import torch

from core.derivations.euler import L, M, T, euler_error, h
from core.ode import solve


@pytest.mark.parametrize("n", [0, 1, 4])
def test_other_dimensions_are_refused(n: int):
    with pytest.raises(ValueError, match="2 or 3 states"):
        euler_error(n)


@pytest.mark.parametrize("steps", [1, 8, 64])
def test_the_bound_bounds_the_solver(steps: int):
    """z' = z from 1, for a time of 1: L = 1 and |z''| is at most e."""
    bound = float(euler_error().steps[-2].rhs.subs({h: 1 / steps, L: 1, M: math.e, T: 1}))
    start = torch.ones(1, dtype=torch.float64)
    end = solve(lambda t, z: z, start, 0.0, 1.0, method="euler", step_size=1 / steps).y
    assert isinstance(end, torch.Tensor)
    assert bound / 4 < math.e - float(end) <= bound
