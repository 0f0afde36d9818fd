"""Events and the gradients of their times, direct and by the adjoint, against a falling ball's formulas."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from core import ode
from core.ode import EventNotFoundError, odeint, odeint_adjoint
from tests.ode.problems import vector

odeint_event: Any = ode.odeint_event
"""Its states are tensors here, or tuples, as y0 is."""

TIGHT: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}
by_interface = pytest.mark.parametrize("interface", [odeint, odeint_adjoint], ids=lambda f: f.__name__)

HEIGHT, SPEED, GRAVITY = 2.0, 1.5, 9.8
IMPACT = math.sqrt(SPEED**2 + 2 * GRAVITY * HEIGHT)
"""The speed at the ground, which a ball thrown upwards reaches after (speed + impact) / gravity."""


def fall(gravity: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda t, y: torch.stack([y[1], -gravity])


def ground(t: Tensor, y: Tensor) -> Tensor:
    return y[0]


def ball() -> tuple[Tensor, Tensor, Tensor]:
    """Height and speed, start, gravity."""
    y0, t0 = vector(HEIGHT, SPEED).requires_grad_(), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    return y0, t0, torch.tensor(GRAVITY, dtype=torch.float64, requires_grad=True)


@by_interface
@pytest.mark.parametrize("options", [{}, {"method": "rk4", "options": {"step_size": 0.05, "interp": "cubic"}}], ids=str)
def test_the_time_of_the_fall(interface: Any, options: dict[str, Any]):
    """A loss on t* alone; t* = t0 + (v + sqrt(v^2 + 2 g h)) / g."""
    y0, t0, gravity = ball()
    time, _ = odeint_event(fall(gravity), y0, t0, event_fn=ground, odeint_interface=interface, **TIGHT, **options)
    assert float(time.detach()) == pytest.approx(0.5 + (SPEED + IMPACT) / GRAVITY, abs=1e-10)
    d_y0, d_t0, d_g = torch.autograd.grad(time, (y0, t0, gravity))
    assert torch.allclose(d_y0, vector(1 / IMPACT, (1 + SPEED / IMPACT) / GRAVITY), rtol=1e-7)
    assert float(d_t0) == pytest.approx(1, rel=1e-8)
    assert float(d_g) == pytest.approx(HEIGHT / (GRAVITY * IMPACT) - (SPEED + IMPACT) / GRAVITY**2, rel=1e-7)


@by_interface
def test_the_state_at_the_ground(interface: Any):
    """(0, -sqrt(v^2 + 2 g h)): the height stays 0 whatever changes, and t0 changes nothing."""
    y0, t0, gravity = ball()
    _, y = odeint_event(fall(gravity), y0, t0, event_fn=ground, odeint_interface=interface, **TIGHT)
    assert y.shape == (2, 2)
    assert torch.allclose(y[-1].detach(), vector(0, -IMPACT), atol=1e-9)
    height = torch.autograd.grad(y[-1, 0], (y0, t0, gravity), retain_graph=True)
    assert all(torch.allclose(one, torch.zeros_like(one), atol=1e-8) for one in height)
    d_y0, d_t0, d_g = torch.autograd.grad(y[-1, 1], (y0, t0, gravity))
    assert torch.allclose(d_y0, vector(-GRAVITY / IMPACT, -SPEED / IMPACT), rtol=1e-7)
    assert float(d_t0) == pytest.approx(0, abs=1e-8)
    assert float(d_g) == pytest.approx(-HEIGHT / IMPACT, rel=1e-7)


@by_interface
def test_a_ball_that_bounces(interface: Any):
    """Dropped from h, with a share e of the speed kept: the third impact at sqrt(2 h / g) (1 + 2 e + 2 e^2)."""
    h, e, g = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (HEIGHT, 0.6, GRAVITY))
    t, y = torch.tensor(0.0, dtype=torch.float64), torch.stack([h, torch.zeros_like(h)])
    for _ in range(3):
        t, states = odeint_event(fall(g), y, t, event_fn=ground, odeint_interface=interface, **TIGHT)
        y = torch.stack([1e-12 + 0 * states[-1, 0], -e * states[-1, 1]])
    once, bounces = math.sqrt(2 * HEIGHT / GRAVITY), 1 + 2 * 0.6 + 2 * 0.36
    assert float(t.detach()) == pytest.approx(once * bounces, abs=1e-8)
    found = torch.stack(torch.autograd.grad(t, (h, e, g)))
    wanted = vector(once * bounces / (2 * HEIGHT), once * (2 + 4 * 0.6), -once * bounces / (2 * GRAVITY))
    assert torch.allclose(found, wanted, rtol=1e-6)


@by_interface
def test_parameters_of_the_event_function(interface: Any):
    """y = exp(-t) falls to c at -log c; t + y reaches level b."""
    c = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    t0 = torch.tensor(0.0, dtype=torch.float64)
    kwargs: dict[str, Any] = {"odeint_interface": interface, **TIGHT}
    time, y = odeint_event(lambda t, y: -y, vector(1.0), t0, event_fn=lambda t, y: y - c, **kwargs)
    assert float(torch.autograd.grad(time, c, retain_graph=True)[0]) == pytest.approx(-1 / 0.3, rel=1e-8)
    assert float(torch.autograd.grad(y[-1].sum(), c)[0]) == pytest.approx(1, rel=1e-8)
    b = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    time, _ = odeint_event(lambda t, y: -y, vector(1.0), t0, event_fn=lambda t, y: t + y - b, **kwargs)
    (found,) = torch.autograd.grad(time, b)
    assert float(found) == pytest.approx(1 / (1 - math.exp(-float(time.detach()))), rel=1e-7)


@by_interface
def test_back_in_time_with_a_tuple(interface: Any):
    """y' = y from 1 at 0 backwards: y = exp(t) is k at log k; z counts along."""
    k = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    t0 = torch.tensor(0.0, dtype=torch.float64)
    y0 = (vector(1.0).requires_grad_(), vector(0.0))
    time, (y, z) = odeint_event(
        lambda t, s: (s[0], torch.ones_like(s[1])),
        y0,
        t0,
        event_fn=lambda t, s: s[0] - k,
        reverse_time=True,
        odeint_interface=interface,
        **TIGHT,
    )
    assert float(time.detach()) == pytest.approx(math.log(0.25), abs=1e-9)
    assert float(torch.autograd.grad(time, k, retain_graph=True)[0]) == pytest.approx(4, rel=1e-8)
    assert float(torch.autograd.grad(z[-1].sum(), k, retain_graph=True)[0]) == pytest.approx(4, rel=1e-8)
    assert float(torch.autograd.grad(y[-1].sum(), y0[0])[0]) == pytest.approx(0, abs=1e-8)


@by_interface
def test_an_event_without_a_rate_has_no_gradient(interface: Any):
    """(y - 1/2)^3 crosses 0 with slope 0: its time's derivative is no number that could be given."""
    t0, y0 = torch.tensor(0.0, dtype=torch.float64), vector(1.0).requires_grad_()
    kwargs: dict[str, Any] = {"event_fn": lambda t, y: (y - 0.5) ** 3, "odeint_interface": interface, **TIGHT}
    with pytest.raises(ValueError, match="touched, not crossed"):
        odeint_event(lambda t, y: -y, y0, t0, **kwargs)
    with torch.no_grad():
        time, y = odeint_event(lambda t, y: -y, y0, t0, **kwargs)
    assert float(time) == pytest.approx(math.log(2), abs=1e-4)
    assert not y.requires_grad


@by_interface
@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_the_scale_of_an_event_function_does_not_matter(interface: Any, scale: float):
    y0, t0, gravity = ball()
    kwargs: dict[str, Any] = {"event_fn": lambda t, y: scale * y[0], "odeint_interface": interface, **TIGHT}
    time, _ = odeint_event(fall(gravity), y0, t0, **kwargs)
    (d_y0,) = torch.autograd.grad(time, y0)
    assert torch.allclose(d_y0, vector(1 / IMPACT, (1 + SPEED / IMPACT) / GRAVITY), rtol=1e-7)


@by_interface
def test_an_event_that_never_comes(interface: Any):
    y0, t0, gravity = ball()
    kwargs: dict[str, Any] = {"odeint_interface": interface, "options": {"max_num_steps": 50}}
    with pytest.raises(EventNotFoundError):
        odeint_event(fall(gravity), y0, t0, event_fn=lambda t, y: 2 + torch.sin(y[0]), **kwargs)
