"""What a second reading of the package found, each held by a test."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import odeint, odeint_dense, odeint_event, solve, solve_batch, steps
from core.ode.problem import carries_derivatives, is_batched, transforming
from tests.ode.problems import vector


def decay(t: Tensor, y: Tensor) -> Tensor:
    return -y


def test_an_event_in_solve_moves_with_the_state():
    """y(t*) = 1/2 whatever y0 is, and t* = log(2 y0)."""
    y0 = vector(1.0).requires_grad_()
    found = solve(decay, y0, 0.0, 5.0, event=lambda t, y: y - 0.5, rtol=1e-9, atol=1e-12)
    assert isinstance(found.y, Tensor)
    assert torch.autograd.grad(found.y.sum(), y0, retain_graph=True)[0].item() == pytest.approx(0.0, abs=1e-8)
    assert torch.autograd.grad(found.times[-1], y0)[0].item() == pytest.approx(1.0, rel=1e-8)


def test_dense_output_ends_at_the_event():
    found = solve(decay, vector(1.0), 0.0, 5.0, event=lambda t, y: y - 0.5, dense=True)
    assert isinstance(found(0.6), Tensor)
    with pytest.raises(ValueError, match="outside the solved interval"):
        found(0.75)


def test_gradients_with_respect_to_times_are_given_or_refused():
    t = vector(0.25, 0.5).requires_grad_()
    dense = odeint_dense(decay, vector(1.0), 0.0, 1.0)
    y = dense(t)
    assert isinstance(y, Tensor)
    (d_t,) = torch.autograd.grad(y.sum(), t)
    assert torch.allclose(d_t, -torch.exp(-t.detach()), atol=1e-5)
    end = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    calls: list[Any] = [
        lambda: odeint_dense(decay, vector(1.0), 0.0, end),
        lambda: solve(decay, vector(1.0), 0.0, end),  # pyright: ignore[reportArgumentType] # a tensor is the point
        lambda: solve(decay, vector(1.0), 0.0, 1.0, times=t),
        lambda: solve_batch(decay, torch.ones(2, 1), 0.0, end),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="no gradient with respect to times"):
            call()


@pytest.mark.parametrize("method", ["explicit_adams", "implicit_adams", "gl4", "trbdf2", "implicit_euler", "rk4"])
def test_a_number_in_single_precision_stays_so(method: str):
    t = torch.linspace(0, 1, 5, dtype=torch.float64).requires_grad_()
    options = {"interp": "cubic", "step_size": 0.13}
    assert (
        odeint(decay, torch.tensor(1.0), t, method=method, options=options, rtol=1e-4, atol=1e-4).dtype == torch.float32
    )


def test_an_event_function_that_starts_as_nan():
    with pytest.raises(ValueError, match="event_fn must stay finite"):
        solve(decay, vector(1.0), 0.0, 5.0, event=lambda t, y: y * math.nan)


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_jump_at_the_end_is_not_looked_behind(direction: float):
    seen: list[float] = []

    def watched(t: Tensor, y: Tensor) -> Tensor:
        seen.append(float(t) * direction)
        return -y

    odeint(watched, vector(1.0), vector(0.0, direction), options={"jump_t": [direction]})
    assert 0 <= min(seen) <= max(seen) <= 1


def test_the_limit_on_steps_of_a_batch_is_exact():
    needed = solve_batch(decay, torch.ones(2, 1).double(), 0.0, 1.0)
    most = int((needed.accepted + needed.rejected).max())
    again = solve_batch(decay, torch.ones(2, 1).double(), 0.0, 1.0, options={"max_num_steps": most})
    assert torch.equal(again.accepted, needed.accepted)


def test_interp_belongs_to_odeint():
    options = {"interp": "linear"}
    with pytest.raises(ValueError, match="`interp` is an option of odeint"):
        solve(decay, vector(1.0), 0.0, 1.0, method="rk4", step_size=0.1, options=options)
    with pytest.raises(ValueError, match="`interp` is an option of odeint"):
        odeint_dense(decay, vector(1.0), 0.0, 1.0, method="rk4", options={"step_size": 0.1, **options})


def test_an_event_far_from_zero_in_single_precision():
    t0 = torch.tensor(3e7)
    time, _ = odeint_event(decay, torch.tensor([1.0]), t0, event_fn=lambda t, y: y - 0.5, rtol=1e-5, atol=1e-6)
    assert float(time) == pytest.approx(3e7 + math.log(2), abs=4)


def test_a_grid_constructor_cannot_change_the_solution():
    def meddling(func: Any, y0: Tensor, t: Tensor) -> Tensor:
        y0.mul_(2)
        return torch.linspace(0, 1, 11, dtype=t.dtype)

    y = odeint(decay, vector(1.0), vector(0.0, 1.0), method="rk4", options={"grid_constructor": meddling})
    assert y[-1].item() == pytest.approx(math.exp(-1), rel=1e-5)


def test_no_times_no_states():
    states = odeint_dense(decay, torch.ones(2, 3).double(), 0.0, 1.0)(torch.empty(0))
    assert isinstance(states, Tensor)
    assert states.shape == (0, 2, 3)


def test_steps_keep_the_gradient_mode_that_they_began_with():
    rate = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    walk = steps(lambda t, y: -rate * y, vector(1.0), 0.0, 5.0)
    with torch.no_grad():
        first = next(walk)
    assert isinstance(first.y1, Tensor)
    assert not first.y1.requires_grad
    second = next(walk)
    assert isinstance(second.y1, Tensor)
    assert not second.y1.requires_grad


def test_what_torch_does_not_say_in_public():
    """Private functions of torch, pinned: an upgrade that changes them must fail here."""
    x = torch.ones(2)
    assert not transforming()
    torch.func.grad(lambda y: [y.sum(), transforming() or pytest.fail("not seen")][0])(x)
    with torch.autograd.forward_ad.dual_level():
        assert transforming()
        assert carries_derivatives(x)
    torch.vmap(lambda y: [y, is_batched(y) or pytest.fail("not seen")][0])(torch.ones(2, 2))
    torch.vmap(lambda y: torch.func.grad(lambda z: [z.sum(), is_batched(z) or pytest.fail("not seen")][0])(y))(x)
    assert not is_batched(x)
