"""What a second reading of the package found, each held by a test."""

import gc
import math
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.ode import odeint, odeint_adjoint, odeint_checkpointed, odeint_dense, odeint_event, solve, solve_batch, steps
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


@pytest.mark.parametrize("interface", [odeint_adjoint, odeint_checkpointed])
def test_a_tensor_used_only_on_the_way_is_not_dropped(interface: Callable[..., Any]):
    outer, inner = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (1.0, 2.0))

    def field(t: Tensor, y: Tensor) -> Tensor:
        return -(inner if 0.3 < t < 0.5 else outer) * y

    with pytest.raises(ValueError, match="its gradient would be lost"):
        interface(field, vector(1.0), vector(0.0, 1.0), options={"jump_t": [0.3, 0.5]})[-1].sum().backward()


def encoded() -> tuple[nn.Module, Tensor]:
    """A network, and its output as weights of a field."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4)).double()
    return encoder, encoder(torch.ones(3, dtype=torch.float64)).reshape(2, 2)


@pytest.mark.parametrize("name", [None, "adjoint_params", "params"])
def test_weights_from_another_network(name: str | None):
    """Captured, or given as torchdiffeq's users give them: the gradient goes on into the network."""
    y0, t = torch.ones(2, dtype=torch.float64), vector(0.0, 0.5, 3.0)
    found = []
    interfaces: list[Callable[..., Any]] = [odeint]
    interfaces += [odeint_checkpointed] if name == "params" else [odeint_adjoint]
    interfaces += [odeint_adjoint, odeint_checkpointed] if name is None else []
    for interface in interfaces:
        encoder, weights = encoded()
        given = {} if name is None or interface is odeint else {name: (weights,)}
        y = interface(lambda t, y, w=weights: torch.tanh(w @ y), y0, t, rtol=1e-9, atol=1e-9, **given)
        found.append(torch.autograd.grad(y.sum(), list(encoder.parameters())))
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            torch.testing.assert_close(theirs, mine, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("interface", [odeint_adjoint, odeint_checkpointed])
def test_a_field_that_differentiates_by_time_inside(interface: Callable[..., Any]):
    """FFJORD's fields say t.requires_grad_()."""
    rate = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)

    def field(t: Tensor, y: Tensor) -> Tensor:
        with torch.enable_grad():
            t.requires_grad_(True)
            return -rate * t * y

    (gradient,) = torch.autograd.grad(interface(field, vector(1.0), vector(0.0, 1.0))[-1].sum(), rate)
    assert gradient.item() == pytest.approx(-0.5 * math.exp(-0.75), rel=1e-5)


def test_a_field_with_chance_in_it_is_not_taken_again():
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).double()
    kwargs: dict[str, Any] = {"method": "rk4", "options": {"step_size": 0.25}}
    y = odeint_checkpointed(lambda t, y: net(y), torch.ones(2, 4).double(), vector(0.0, 1.0), **kwargs)
    with pytest.raises(ValueError, match="not a function of t and y alone"):
        y[-1].sum().backward()


@pytest.mark.parametrize("interface", [odeint, odeint_adjoint])
def test_a_ball_in_single_precision_goes_on_bouncing(interface: Callable[..., Any]):
    gravity = torch.tensor([9.81], requires_grad=True)
    y: Any = (torch.tensor([10.0]), torch.tensor([0.0]))
    t, times = torch.tensor(0.0), []
    for _ in range(6):
        t, states = odeint_event(
            lambda t, y: (y[1], -gravity * torch.ones_like(y[1])),
            y,
            t,
            event_fn=lambda t, y: y[0],
            odeint_interface=interface,
            rtol=1e-6,
            atol=1e-6,
        )
        times.append(float(t.detach()))
        y = (states[0][-1] + 1e-7, -states[1][-1] * 0.8)
    fall = math.sqrt(2 * 10 / 9.81)
    assert times == pytest.approx([fall * (1 + 2 * sum(0.8**k for k in range(1, n + 1))) for n in range(6)], rel=1e-3)


@pytest.mark.parametrize("method", ["dopri5", "kencarp4", "gl4", "implicit_adams"])
def test_no_cycle_is_left_behind(method: str):
    """The field, and all that hangs on it, goes with its last user, without the collector's help."""

    class Decay(nn.Module):
        def forward(self, t: Tensor, y: Tensor) -> Tensor:
            return -y

    gc.disable()
    try:
        field = Decay()
        gone = weakref.ref(field)
        kwargs: dict[str, Any] = {} if method in ("dopri5", "kencarp4") else {"options": {"step_size": 0.1}}
        y0 = vector(1.0).requires_grad_()
        odeint(field, y0, vector(0.0, 1.0), method=method, rtol=1e-4, atol=1e-4, **kwargs)[-1].sum().backward()
        del field
        assert gone() is None
    finally:
        gc.enable()


def test_a_grid_made_by_hand_still_carries_the_times():
    t = vector(0.0, 1.0).requires_grad_()
    options = {"grid_constructor": lambda f, y0, t: torch.linspace(0, 1, 101, dtype=torch.float64)}
    (d_t,) = torch.autograd.grad(odeint(decay, vector(1.0), t, method="rk4", options=options)[-1].sum(), t)
    assert torch.allclose(d_t, vector(math.exp(-1), -math.exp(-1)), rtol=1e-6)


def test_a_late_event_on_fixed_steps_keeps_the_gradient_of_the_start():
    """Beyond the first stretch of the grid, where the slope is taken anew: y' = t, so t* = sqrt(t0^2 + 2 (1 - y0))."""
    t0 = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    options = {"step_size": 1e-3, "interp": "cubic"}
    time, _ = odeint_event(
        lambda t, y: t + 0 * y, vector(0.0), t0, event_fn=lambda t, y: y - 1, method="rk4", options=options
    )
    end = math.sqrt(0.2**2 + 2)
    assert float(time.detach()) == pytest.approx(end, abs=1e-9)
    assert torch.autograd.grad(time, t0)[0].item() == pytest.approx(0.2 / end, rel=1e-6)
