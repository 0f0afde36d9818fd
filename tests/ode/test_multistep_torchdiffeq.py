"""Adams' methods beside torchdiffeq's: the same arithmetic on equal steps, and where its weights err on others."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.ode.test_multistep import MATRIX, METHODS, Y0, alternating, exact, field, grid, net, solve


@pytest.mark.parametrize("options", [{}, {"max_order": 4}, {"max_order": 7, "max_iters": 2}], ids=str)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", METHODS)
def test_equal_steps_agree_with_torchdiffeq(method: str, backward: bool, options: dict[str, Any]):
    theirs = pytest.importorskip("torchdiffeq")
    t = grid(40, 0.3, 1.3)
    t = t.flip(0) if backward else t
    for y0 in (Y0, Y0 * (1 + 0.5j)):
        for rtol, atol in ((1e-3, 1e-6), (1e-12, 1e-12)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # both iterate in vain at the smaller tolerance
                other = theirs.odeint(net, y0, t, method=method, options=options, rtol=rtol, atol=atol)
                mine = solve(net, y0, t, method, options, rtol=rtol, atol=atol)[0]
            # eleven slopes at these steps are beyond the explicit formula's stability: rounding grows on both sides
            tol = 1e-9 if method == "explicit_adams" and not options else 1e-12
            torch.testing.assert_close(mine, other, rtol=tol, atol=tol)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_agree_with_torchdiffeq(method: str):
    """Of the state and the field; those of times do not, since its weights take no part in them."""
    theirs = pytest.importorskip("torchdiffeq")
    t = grid(12)
    kwargs: Any = {"rtol": 1e-3, "atol": 1e-3}
    matrix, y0 = MATRIX.clone().requires_grad_(), Y0.clone().requires_grad_()

    def func(s: Tensor, y: Tensor) -> Tensor:
        return torch.tanh(y @ matrix) + torch.cos(s)

    results = (solve(func, y0, t, method, **kwargs)[0], theirs.odeint(func, y0, t, method=method, **kwargs))
    mine, other = (torch.autograd.grad(states.square().sum(), [y0, matrix]) for states in results)
    torch.testing.assert_close(mine, other, rtol=1e-11, atol=1e-12)


def test_unequal_steps_are_where_torchdiffeq_errs():
    """Its weights are those of equal steps: on others its result does not even converge."""
    theirs = pytest.importorskip("torchdiffeq")
    t = alternating(320)
    options = {"max_order": 5}
    other = theirs.odeint(field, exact(0.0), t, method="explicit_adams", options=options)
    mine = solve(field, exact(0.0), t, "explicit_adams", options)[0]
    assert (other[-1] - exact(2.0)).abs() > 1e4 * (mine[-1] - exact(2.0)).abs()
