"""Steps as callbacks see them, and events, against torchdiffeq's."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.ode.against_torchdiffeq import (
    ADAPTIVE,
    AGREE,
    CASES,
    TIGHT,
    Case,
    Net,
    assert_agree,
    both,
    case_ids,
    ours,
    real_dtype,
    recorded,
    start,
    theirs,
    uneven,
)

# Steps.


@pytest.mark.parametrize("first_step", [1e-4, 2.0], ids=["too short", "too long"])
@pytest.mark.parametrize("constants", [{}, {"safety": 0.6}, {"ifactor": 3.0}, {"dfactor": 0.4}], ids=str)
@pytest.mark.parametrize("method", ["bosh3", "dopri5"])
def test_the_step_controller_is_theirs(method: str, constants: dict[str, Any], first_step: float):
    """The same trials of the same lengths while the end is far. (dopri8's estimate is rounding at so short a step.)"""
    t, tol = torch.tensor([0.0, 3.0], dtype=torch.float64), TIGHT[method]
    options = {"first_step": first_step, **constants}
    mine, other = (
        recorded(package, Net(), start(), t, method=method, rtol=tol, atol=tol, options=options)
        for package in (ours, theirs)
    )
    assert len(other.steps) > 6
    for (t0, _, dt), (their_t0, _, their_dt) in zip(mine.steps[:6], other.steps[:6], strict=True):
        assert float(t0) == pytest.approx(float(their_t0), rel=1e-6, abs=1e-12)
        assert float(dt) == pytest.approx(float(their_dt), rel=1e-6)


@pytest.mark.parametrize("package", [ours, theirs], ids=["ours", "theirs"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_what_options_promise_of_the_steps(package: Any, backward: bool):
    """`first_step`, `max_step`, `step_t` and `jump_t`, seen by the callbacks."""
    t = torch.tensor([0.0, 2.0], dtype=torch.float64)
    t = t.flip(0) if backward else t
    step_t, jump_t = torch.tensor([0.3, 1.7], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    options = {"first_step": 0.01, "max_step": 0.2, "step_t": step_t, "jump_t": jump_t}
    seen = recorded(package, Net(), start(), t, method="dopri5", options=options)
    sign = -1 if backward else 1
    assert float(seen.steps[0][2]) == pytest.approx(0.01)
    assert all(0 < float(dt) <= 0.2 + 1e-12 for _, _, dt in seen.accepted)
    ends = [float(t0) + sign * float(dt) for t0, _, dt in seen.accepted]
    for stop in (0.3, 1.0, 1.7):
        assert min(abs(end - stop) for end in ends) < 1e-12
    # Either side of the jump is evaluated, the jump itself is not.
    near = [asked - 1.0 for asked in seen.asked if abs(asked - 1.0) < 1e-12]
    assert near
    assert all(gap != 0 for gap in near)
    assert min(near) < 0 < max(near)


# Callbacks.


@pytest.mark.parametrize("case", CASES, ids=case_ids)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_callbacks_of_a_fixed_step_method(backward: bool, case: Case):
    t = uneven(dtype=real_dtype(case))
    kwargs: Any = {"method": "rk4", "options": {"step_size": 0.2}}
    mine, other = (
        recorded(package, case.build(), case.y0, t.flip(0) if backward else t, fixed=True, **kwargs)
        for package in (ours, theirs)
    )
    assert len(mine.steps) == len(other.steps) > 5
    for a, b in zip(mine.steps, other.steps, strict=True):
        assert_agree(a, b, case.rounding)


@pytest.mark.parametrize("case", CASES, ids=case_ids)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_callbacks_of_an_adaptive_method(backward: bool, case: Case):
    t = uneven(dtype=real_dtype(case))
    kwargs: Any = {"method": "dopri5", "rtol": 1e-5, "atol": 1e-5, "options": {"first_step": 1.4}}
    mine, other = (
        recorded(package, case.build(), case.y0, t.flip(0) if backward else t, **kwargs) for package in (ours, theirs)
    )
    for seen in (mine, other):
        assert len(seen.steps) == len(seen.accepted) + len(seen.rejected)
        assert len(seen.rejected) > 0  # the first step is far too long
    # The first step and its rejection are the same; dt is positive in either direction. (The precision of t0 and dt
    # is theirs to choose: torchdiffeq tells fixed steps in the state's precision, adaptive ones in float64.)
    for a, b in ((mine.steps[0], other.steps[0]), (mine.rejected[0], other.rejected[0])):
        assert_agree(a[1], b[1], case.rounding)
        assert_agree((a[0].double(), a[2].double()), (b[0].double(), b[2].double()), case.rounding)
    assert float(mine.steps[0][2]) == pytest.approx(1.4)
    assert abs(len(mine.accepted) - len(other.accepted)) <= 2


@pytest.mark.parametrize("case", [CASES[0], CASES[2], CASES[3]], ids=["tensor", "tuple", "complex"])
def test_a_norm_sees_the_same_kind_of_argument(case: Case):
    kinds: list[set[Any]] = [set(), set()]

    def describe(y: Any) -> Any:
        return tuple(map(describe, y)) if isinstance(y, tuple) else (y.shape, y.dtype)

    for package, kind in zip((ours, theirs), kinds, strict=True):

        def norm(y: Any, kind: set[Any] = kind) -> Tensor:
            kind.add(describe(y))
            flat = torch.cat([part.reshape(-1) for part in y]) if isinstance(y, tuple) else y
            return flat.abs().pow(2).mean().sqrt()

        with torch.no_grad():
            package.odeint(case.build(), case.y0, uneven(), method="dopri5", options={"norm": norm})
    assert kinds[0] == kinds[1]


def test_a_callback_that_is_never_called_is_said():
    for package in (ours, theirs):
        with pytest.warns(UserWarning, match="callback"):
            recorded(package, Net(), start(), uneven(), method="rk4")


# Events.


class Fall(nn.Module):
    """A ball (height, speed) under gravity g with drag."""

    def __init__(self) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.tensor(9.8, dtype=torch.float64))

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        return torch.stack([y[1], -self.g - 0.1 * y[1] + 0.5 * torch.sin(t)])


class TupleFall(nn.Module):
    def __init__(self, fall: Fall) -> None:
        super().__init__()
        self.fall = fall

    def forward(self, t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        rate = self.fall(t, torch.stack(y))
        return rate[0], rate[1]


def ground(t: Tensor, y: Any) -> Tensor:
    return y[0] - 0.1 * t


def ground_or_speed(t: Tensor, y: Any) -> Tensor:
    return torch.stack([y[0] - 0.1 * t, y[1] + 3.0])


@dataclass
class EventResult:
    """Time and states of an event, and the gradient of a scalar of both with respect to y0, t0 and g."""

    time: Tensor
    states: Any
    gradients: list[Tensor] = field(default_factory=list)


def event(package: Any, interface: str, as_tuple: bool, event_fn: Any, reverse: bool, **kwargs: Any) -> EventResult:
    fall = Fall()
    func = TupleFall(fall) if as_tuple else fall
    height, speed = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (10.0, 2.0 if reverse else 1.0))
    t0 = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    y0 = (height, speed) if as_tuple else torch.stack([height, speed])
    time, states = package.odeint_event(
        func,
        y0,
        t0,
        event_fn=event_fn,
        reverse_time=reverse,
        odeint_interface=getattr(package, interface),
        **kwargs,
    )
    last = torch.stack([s[-1] for s in states]) if as_tuple else states[-1]
    (time * 1.3 + (last * torch.tensor([0.7, 0.4], dtype=torch.float64)).sum()).backward()
    gradients = [g for g in (height.grad, speed.grad, t0.grad, fall.g.grad) if g is not None]
    detached = tuple(s.detach() for s in states) if as_tuple else states.detach()
    return EventResult(time.detach(), detached, gradients)


@pytest.mark.parametrize("interface", ["odeint", "odeint_adjoint"])
@pytest.mark.parametrize("as_tuple", [False, True], ids=["tensor", "tuple"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("event_fn", [ground, ground_or_speed])
def test_events_and_their_gradients(interface: str, as_tuple: bool, reverse: bool, event_fn: Any):
    kwargs: Any = {"rtol": 1e-9, "atol": 1e-9, "method": "dopri5"}
    mine, other = (event(package, interface, as_tuple, event_fn, reverse, **kwargs) for package in (ours, theirs))
    assert len(mine.gradients) == len(other.gradients) == 4
    assert_agree(mine.time, other.time, 1e-7)
    assert_agree(mine.states, other.states, 1e-6)
    assert_agree(tuple(mine.gradients), tuple(other.gradients), 1e-5)


@pytest.mark.parametrize("interp", ["linear", "cubic"])
@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4"])
def test_events_with_fixed_steps(method: str, interp: str):
    options = {"step_size": 0.05, "interp": interp}
    mine, other = (
        event(package, "odeint", False, ground, False, method=method, rtol=1e-9, atol=1e-9, options=options)
        for package in (ours, theirs)
    )
    assert_agree(mine.time, other.time, 1e-8)
    assert_agree(mine.states, other.states, 1e-7)
    assert_agree(tuple(mine.gradients), tuple(other.gradients), 1e-6)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_odeint_until_an_event(method: str):
    y0, t = torch.tensor([10.0, 1.0], dtype=torch.float64), torch.tensor([0.5, 1.0], dtype=torch.float64)
    tol = TIGHT[method]
    mine, other = both(Fall(), y0, t, method=method, rtol=tol, atol=tol, event_fn=ground)
    assert_agree(mine, other, AGREE * tol * 10)  # states reach 14 in size
