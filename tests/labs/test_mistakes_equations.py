"""What settles the statements on equations, solvers and residual networks."""

from fractions import Fraction
from math import cos, exp, pi, sin

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs import depth_limit, mistakes_equations, mistakes_networks, mistakes_solvers
from core.labs.mistakes_data import Settled, Table
from core.ode import solve
from core.ode.tableaus import TABLEAUS


def table(settled: Settled) -> Table:
    assert settled.table is not None
    return settled.table


def test_only_the_linear_homogeneous_equation_doubles_with_its_start():
    fields = (lambda z: -z, lambda z: 1 - z, lambda z: -np.sin(z))
    for highest, row in zip(fields, table(mistakes_equations.last_index(2)).rows, strict=True):
        ends = [
            solve_ivp(lambda t, y, g=highest: [y[1], g(y[0])], (0, 1), [start, 0], rtol=1e-10, atol=1e-12).y[0, -1]
            for start in (1.0, 2.0)
        ]
        assert row[1:] == pytest.approx((*ends, 2 * ends[0]), abs=1e-6)
    linear, driven, pendulum = table(mistakes_equations.last_index(3)).rows
    assert linear[2] == pytest.approx(linear[3], abs=1e-6)
    assert abs(float(driven[2]) - float(driven[3])) > 0.3
    assert abs(float(pendulum[2]) - float(pendulum[3])) > 0.3


@pytest.mark.parametrize("slope", [0.5, 3.0])
def test_three_slopes_at_one_place(slope: float):
    found = mistakes_equations.stacking(slope)
    for row, first in zip(table(found).rows, (slope, 0.0, -slope), strict=True):
        assert row[1:] == pytest.approx((1.0, first, cos(3) + first * sin(3)), abs=1e-7)
    assert found.plot is not None
    for curve, first in zip(found.plot.curves, (slope, 0.0, -slope), strict=True):
        np.testing.assert_allclose(curve.y, [cos(t) + first * sin(t) for t in curve.x], atol=1e-7)


@pytest.mark.parametrize("cells", [4, 16])
def test_the_cut_rod_is_never_the_heat_equation(cells: int):
    rows = table(mistakes_equations.constraint(cells)).rows
    for factor, row in zip((1, 2, 4), rows, strict=True):
        n, states, fastest, missed = map(float, row)
        assert (n, states) == (factor * cells, factor * cells - 1)
        assert fastest == pytest.approx(4 * n**2 * sin(pi * (n - 1) / (2 * n)) ** 2, rel=1e-9)
        decay = 4 * n**2 * sin(pi / (2 * n)) ** 2
        assert missed == pytest.approx(exp(-0.1 * decay) - exp(-0.1 * pi**2), rel=2e-2)
    assert min(float(row[3]) for row in rows) > 0


def classic(h: float) -> float:
    """One step of the textbook's method for z' = 1 - t z^2 from 1."""

    def f(t: float, z: float) -> float:
        return 1 - t * z * z

    k1 = f(0, 1)
    k2 = f(h / 2, 1 + h / 2 * k1)
    k3 = f(h / 2, 1 + h / 2 * k2)
    return 1 + h / 6 * (k1 + 2 * k2 + 2 * k3 + f(h, 1 + h * k3))


@pytest.mark.parametrize("h", [0.1, 0.5, 1.0])
def test_rk4_is_the_three_eighths_rule(h: float):
    theirs = pytest.importorskip("torchdiffeq")
    rk4, textbook, exact = (
        float(value) for value in table(mistakes_solvers.three_eighths(h)).column("z after the step")
    )
    times = torch.tensor([0.0, h], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    torchdiffeq = float(
        theirs.odeint(lambda t, z: 1 - t * z**2, one, times, method="rk4", options={"step_size": h})[-1]
    )
    assert rk4 == pytest.approx(torchdiffeq, rel=1e-14)
    assert exact == pytest.approx(torchdiffeq, rel=1e-14)
    assert textbook == pytest.approx(classic(h), rel=1e-14)
    assert abs(rk4 - textbook) > 1e-8
    assert TABLEAUS["rk4"].b == (Fraction(1, 8), Fraction(3, 8), Fraction(3, 8), Fraction(1, 8))


@pytest.mark.parametrize("exponent", [2, 8])
def test_evaluations_are_not_steps(exponent: int):
    rows = {str(row[0]).strip("`"): row[1:] for row in table(mistakes_solvers.evaluations(exponent)).rows}
    for method, stages in (("dopri5", 6), ("bosh3", 3), ("tsit5", 6)):
        accepted, rejected, nfe, each = map(float, rows[method])
        assert nfe == 2 + stages * (accepted + rejected)
        assert each == nfe / accepted > 2
    assert rows["rk4"][:3] == (100, 0, 400)
    assert rows["euler"][:3] == (100, 0, 100)
    calls = 0

    def field(t: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return torch.stack([z[1], (1 - z[0] ** 2) * z[1] - z[0]])

    start = torch.tensor([2.0, 0.0], dtype=torch.float64)
    solve(field, start, 0.0, 10.0, method="dopri5", rtol=10.0**-exponent, atol=10.0**-exponent)
    assert calls == rows["dopri5"][2] != rows["dopri5"][0]


@pytest.mark.parametrize("exponent", [2, 4, 8])
def test_each_step_keeps_the_tolerance_and_the_solution_does_not(exponent: int):
    decay, stay, grow = table(mistakes_solvers.tolerance(exponent)).rows
    assert all(0 < float(row[1]) <= 1 for row in (decay, stay, grow))
    assert float(decay[3]) < 1
    assert float(stay[3]) > 1
    assert float(grow[3]) > 100
    wanted = 10.0**-exponent
    scipy = solve_ivp(lambda t, z: np.cos(t) + z - np.sin(t), (0, 10), [0.0], rtol=wanted, atol=wanted)
    assert abs(scipy.y[0, -1] - sin(10)) > 100 * wanted  # an independent solver agrees


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_the_skip_is_always_on(scale: float):
    given, computed, off, gap, tried, added = (row[1] for row in table(mistakes_networks.skip(scale)).rows)
    assert given == computed == 100
    assert off == 0
    assert float(gap) < 1e-14
    equal = sum(a == b and stride == 1 for a in (16, 32, 64) for b in (16, 32, 64) for stride in (1, 2))
    assert (tried, added) == (18, equal)


def test_the_skip_of_a_block_without_one_would_be_seen():
    """The measurement can tell: a branch alone has no identity in its Jacobian."""
    inputs = torch.ones(2, 3, dtype=torch.float64)
    plain = mistakes_networks._jacobians(lambda x: 0.1 * x, inputs)
    assert float((plain - torch.eye(3)).abs().max()) > 0.5


@pytest.mark.parametrize("seed", [1, 20])
def test_only_smooth_weights_have_an_ode(seed: int):
    rows = table(mistakes_networks.euler(seed)).rows
    slopes = {row[0]: float(row[3]) for row in rows}
    assert slopes["smooth, 1/N"] == pytest.approx(-1, abs=0.05)
    assert abs(slopes["independent, 1/sqrt(N)"]) < 0.2
    settings = depth_limit.limits(depth_limit.Params(seed)).settings
    assert [row[2] for row in rows] == [one.change[-1] for one in settings]
