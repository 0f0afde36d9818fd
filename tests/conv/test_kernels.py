"""The classical kernels against SciPy's filters of the same names."""

import numpy as np
import pytest
from scipy import ndimage

from core.conv.kernels import KERNELS, total

X = np.random.default_rng(0).integers(0, 256, (9, 11)).astype(float)


def answer(name: str) -> np.ndarray:
    return ndimage.correlate(X, np.array(KERNELS[name].weights))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", X),
        ("blur", ndimage.uniform_filter(X, 3)),
        ("laplacian", ndimage.laplace(X)),
        ("sobel-x", ndimage.sobel(X, axis=1)),
        ("sobel-y", ndimage.sobel(X, axis=0)),
        ("sharpen", X - ndimage.laplace(X)),
        ("edge", 9 * (X - ndimage.uniform_filter(X, 3))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_they_are_what_their_names_say(name: str, expected: np.ndarray):
    np.testing.assert_allclose(answer(name), expected, atol=1e-9)


def test_the_gaussian_is_two_binomial_filters_one_after_the_other():
    row = np.array([1, 4, 6, 4, 1]) / 16
    np.testing.assert_allclose(KERNELS["gaussian"].weights, np.outer(row, row), rtol=1e-15)


def test_emboss_is_the_cell_plus_a_step_along_the_diagonal():
    weights = np.array(KERNELS["emboss"].weights)
    weights[1, 1] -= 1
    np.testing.assert_array_equal(weights, -weights[::-1, ::-1])  # a difference: each weight against its opposite
    np.testing.assert_array_equal(weights, weights.T)


def test_sums_of_weights():
    sums = {name: kernel.total for name, kernel in KERNELS.items()}
    nothing = {"edge", "laplacian", "sobel-x", "sobel-y"}
    assert sums == {name: 0.0 if name in nothing else 1.0 for name in KERNELS}
    assert total(((1.0, 2.0), (3.0, -0.5))) == 5.5
