"""What was measured: everything computed the same Jacobian, and the times are times. How long is up to the machine."""

import itertools
import time

import numpy as np
import pytest
import torch

from core.labs import jacobian_cost, jacobian_words
from core.labs.jacobian_cost import SIZES, Costs, Way


@pytest.fixture(scope="module")
def costs() -> Costs:
    return jacobian_cost.measure()


def test_all_ways_give_the_same_jacobian(costs: Costs):
    assert 0 < costs.apart < 1e-12
    assert costs.sizes == SIZES
    for way in (costs.value, costs.vjp, costs.jvp, costs.rows, costs.vectorised):
        assert len(way.seconds) == len(costs.sizes)
        assert (way.seconds > 0).all()


def test_it_is_the_networks_jacobian():
    f = jacobian_cost.network(5)
    z = torch.randn(5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    moves = 1e-6 * torch.eye(5, dtype=torch.float64)
    quotients = torch.stack([(f(z + move) - f(z - move)) / 2e-6 for move in moves], dim=1)
    j = jacobian_cost.jacobian_by_rows(f, z)
    torch.testing.assert_close(j, quotients, rtol=1e-6, atol=1e-8)
    a = torch.arange(5.0, dtype=torch.float64)
    torch.testing.assert_close(jacobian_cost.one_vjp(f, z, a), a @ j)


def test_slopes_are_fitted_to_the_largest_sizes():
    sizes = np.array(SIZES, dtype=float)
    assert Way("", np.maximum(sizes, 32.0) ** 3).slope == pytest.approx(3)
    assert Way("", sizes[:5] ** 2).slope == pytest.approx(2)


def test_other_work_on_the_machine_is_not_counted():
    def wait() -> torch.Tensor:
        time.sleep(0.02)
        return torch.zeros(1)

    assert jacobian_cost._fastest(wait)[0] < 0.015


def test_a_clock_that_stands_still_for_a_while_gives_the_mean(monkeypatch: pytest.MonkeyPatch):
    ticks = itertools.count()
    monkeypatch.setattr(jacobian_cost, "thread_time", lambda: 0.001 * (next(ticks) // 4))  # two runs for each step
    seconds, _ = jacobian_cost._fastest(lambda: torch.zeros(1))
    assert 0 < seconds < 0.001


@pytest.mark.parametrize("factor", [1.0, 0.001])
def test_the_reveal_tells_the_ratio_and_doubts_odd_ones(costs: Costs, factor: float):
    ones = np.ones(len(SIZES))
    made = Costs(
        Way("f", ones),
        Way("vjp", ones),
        Way("jvp", ones),
        Way("rows", factor * np.array(SIZES)),
        Way("batch", ones),
        costs.apart,
    )
    right, wrong = (jacobian_words.about_cost(guess, made) for guess in (jacobian_words.RATIO[1], "about as long"))
    assert right.startswith("**Right: about n times as long.** With n = 512")
    assert wrong.startswith("**Not quite.** You said: about as long. ")
    assert ("disturbed" in right) == (factor != 1.0)
