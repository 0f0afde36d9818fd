"""What deep networks tend to, over several draws of their weights."""

import numpy as np
import pytest

from core.labs import depth_limit, residual_words
from core.labs.depth_limit import BLOCKS, DRAWN, SCALES, WEIGHTS, Params


@pytest.fixture(scope="module", params=[1, 2, 3])
def limits(request) -> depth_limit.Limits:
    return depth_limit.limits(Params(request.param))


def test_smooth_weights_converge_to_an_ode(limits: depth_limit.Limits):
    setting = limits.find("smooth", "1/N")
    assert setting.change_slope == pytest.approx(-1, abs=0.05)
    assert setting.moved_slope == pytest.approx(0, abs=0.02)
    assert setting.moved[-1] > 0.5


def test_independent_weights_stay_put(limits: depth_limit.Limits):
    setting = limits.find("independent", "1/N")
    assert setting.moved_slope == pytest.approx(-0.5, abs=0.08)
    assert setting.change_slope == pytest.approx(-0.5, abs=0.08)
    assert setting.moved[-1] < 0.06


def test_independent_weights_diffuse_under_the_other_scale(limits: depth_limit.Limits):
    setting = limits.find("independent", "1/sqrt(N)")
    assert setting.moved_slope == pytest.approx(0, abs=0.1)
    assert setting.change_slope == pytest.approx(0, abs=0.15)
    assert setting.change[-1] > 0.5


def test_smooth_weights_run_away_under_the_other_scale(limits: depth_limit.Limits):
    assert limits.find("smooth", "1/sqrt(N)").moved_slope == pytest.approx(0.5, abs=0.08)


def test_the_diffusion_has_the_variance_of_its_sde():
    """One block's mean square, by quadrature, is the rate of the variance at the start: few blocks barely move z."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    rate = 4 * (weights * np.tanh(nodes) ** 2).sum() / weights.sum()  # at z = 0, b alone is inside the tanh
    rng = np.random.default_rng(0)
    v, w, b = rng.standard_normal((3, 100_000, 8))
    assert np.mean(depth_limit.branch(np.zeros(100_000), v, w, b) ** 2) == pytest.approx(rate, rel=0.02)
    moved = np.mean(
        [depth_limit.limits(Params(seed)).find("independent", "1/sqrt(N)").moved[-1] ** 2 for seed in (1, 2)]
    )
    assert rate < moved < 4 * 1  # the rate grows with |z|, up to 4 where every tanh is 1


def test_paths_are_networks_started_at_zero(limits: depth_limit.Limits):
    for weights in WEIGHTS:
        for scale in SCALES:
            setting = limits.find(weights, scale)
            for blocks, path in zip(BLOCKS, setting.paths, strict=True):
                assert path.shape == (blocks + 1, DRAWN)
                assert not path[0].any()
            assert residual_words.about_setting(setting)


def test_the_same_seed_gives_the_same_networks():
    one, other = (depth_limit.limits(Params(5)).find("smooth", "1/N") for _ in range(2))
    np.testing.assert_array_equal(one.paths[-1], other.paths[-1])
    assert not np.array_equal(one.change, depth_limit.limits(Params(6)).find("smooth", "1/N").change)
