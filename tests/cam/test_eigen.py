"""Eigen-CAM against numpy's singular value decomposition."""

import numpy as np
import pytest
import torch

from core.cam.eigen import eigencam


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (3, 40, 3, 3), (1, 1, 2, 2), (2, 7, 1, 1)])
def test_the_map_is_the_first_singular_pair_with_a_positive_sum(shape):
    activation = torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))
    weights = eigencam(activation)
    maps = (weights[:, :, None, None] * activation).sum(1)
    for a, found, v in zip(activation, maps, weights, strict=True):
        u, s, vt = np.linalg.svd(a.double().flatten(1).T.numpy(), full_matrices=False)
        sign = 1 if u[:, 0].sum() >= 0 else -1
        np.testing.assert_allclose(v, sign * vt[0], atol=1e-5)
        np.testing.assert_allclose(found.flatten(), sign * s[0] * u[:, 0], atol=1e-4)
        assert found.sum() >= 0


def test_nothing_gives_nothing():
    for shape in [(2, 3, 2, 2), (2, 7, 1, 2)]:
        nothing = torch.zeros(shape)
        assert not (eigencam(nothing)[:, :, None, None] * nothing).sum(1).any()


def test_larger_maps_are_the_same_maps_larger():
    activation = torch.rand(1, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(eigencam(1000 * activation), eigencam(activation))
