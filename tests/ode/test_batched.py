"""`solve_batch`: each sample as if it were alone."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import MaxStepsError, NonFiniteError, SolverError, StepUnderflowError, solve, solve_batch

EXPLICIT = ["adaptive_heun", "fehlberg2", "bosh3", "dopri5", "tsit5", "dopri8"]
B = 4
RATES = torch.tensor([0.5, 2.0, 7.0, 0.0], dtype=torch.float64)
Y0 = torch.tensor([[1.0, 0.0], [0.5, -1.0], [2.0, 1.0], [0.1, 0.2]], dtype=torch.float64)


def turning(t: Tensor, y: Tensor, rate: Tensor) -> Tensor:
    """A pendulum (n, 2) or (2,) at frequencies (n,) or (), damped as time tells."""
    angle, speed = y.unbind(-1)
    return torch.stack([speed, -rate * torch.sin(angle) - 0.3 * torch.cos(t) * speed], dim=-1)


def loop(
    method: str, t0: Any, t1: Any, times: Any = None, y0: Tensor = Y0, rates: Tensor = RATES, **kwargs: Any
) -> Any:
    """The same by `solve`, one sample at a time."""
    t0, t1 = (torch.as_tensor(t).expand(B).tolist() for t in (t0, t1))
    return [
        solve(
            turning,
            y0[i],
            t0[i],
            t1[i],
            method=method,
            args=(rates[i],),
            times=None if times is None else times[i],
            **kwargs,
        )
        for i in range(B)
    ]


@pytest.mark.parametrize("t1", [2.0, -2.0])
@pytest.mark.parametrize("method", EXPLICIT)
def test_a_batch_is_a_loop_of_solves(method: str, t1: float):
    """The same states and, since the control is the same, the same steps."""
    tol: Any = {"rtol": 1e-4, "atol": 1e-5}
    together = solve_batch(turning, Y0, 0.0, t1, method=method, args=(RATES,), **tol)
    assert together.times.tolist() == [[0.0] * B, [t1] * B]
    assert together.states.shape == (2, B, 2)
    torch.testing.assert_close(together.states[0], Y0, rtol=0, atol=0)
    for i, alone in enumerate(loop(method, 0.0, t1, **tol)):
        torch.testing.assert_close(together.states[1, i], alone.y, rtol=1e-8, atol=1e-8)
        assert (int(together.accepted[i]), int(together.rejected[i])) == (alone.accepted, alone.rejected)
    assert together.nfe >= int((together.accepted + together.rejected).max())


def test_a_stiff_sample_adds_no_steps_to_the_others():
    slow, stiff = torch.ones(3, dtype=torch.float64), torch.tensor([1.0, 1000.0, 1.0], dtype=torch.float64)
    y0 = torch.ones(3, 1, dtype=torch.float64)
    calm, mixed = (solve_batch(lambda t, y, r=r: -r[:, None] * y, y0, 0.0, 3.0) for r in (slow, stiff))
    for i in (0, 2):
        assert int(calm.accepted[i]) == int(mixed.accepted[i])
        assert int(calm.rejected[i]) == int(mixed.rejected[i])
        torch.testing.assert_close(calm.states[:, i], mixed.states[:, i], rtol=0, atol=1e-15)
    assert int(mixed.accepted[1]) > 20 * int(mixed.accepted[0])


def test_an_arrived_sample_stays_where_it_is():
    """What func gives for it, after its end, is of no consequence."""
    t1 = torch.tensor([0.5, 3.0], dtype=torch.float64)

    def func(t: Tensor, y: Tensor) -> Tensor:
        assert bool((t <= t1 + 1e-15).all()), "f is never asked beyond a sample's end"
        return -y

    s = solve_batch(func, torch.ones(2, 1, dtype=torch.float64), 0.0, t1)
    torch.testing.assert_close(s.states[-1, :, 0], torch.exp(-t1), rtol=1e-5, atol=0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("method", ["bosh3", "dopri5", "tsit5", "dopri8"])
def test_intervals_and_times_of_each_sample(method: str, sign: float):
    t0 = sign * torch.tensor([0.0, 1.0, -2.0, 0.3], dtype=torch.float64)
    t1 = t0 + sign * torch.tensor([1.0, 0.1, 2.0, 3.0], dtype=torch.float64)
    share = torch.tensor([0.0, 0.2, 0.21, 0.9, 1.0], dtype=torch.float64)[:, None] ** torch.tensor([1.0, 2.0, 0.5, 1.0])
    times = t0 + share * (t1 - t0)
    times[-1] = t1
    tol: Any = {"rtol": 1e-6, "atol": 1e-8}
    together = solve_batch(turning, Y0, t0, t1, method=method, args=(RATES,), times=times, **tol)
    assert torch.equal(together.times, times)
    for i, alone in enumerate(loop(method, t0, t1, times.T.tolist(), **tol)):
        torch.testing.assert_close(together.states[:, i], alone.states, rtol=1e-7, atol=1e-7)


def test_times_for_all_samples():
    times = [0.0, 0.3, 1.0]
    together = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,), times=times)
    assert together.states.shape == (3, B, 2)
    for i, alone in enumerate(loop("dopri5", 0.0, 2.0, [times] * B)):
        torch.testing.assert_close(together.states[:, i], alone.states, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("method", EXPLICIT)
def test_gradients_are_those_of_the_loop(method: str):
    times = torch.tensor([0.0, 0.7, 1.5], dtype=torch.float64)
    tol: Any = {"rtol": 1e-4, "atol": 1e-5}
    y0, rates = Y0.clone().requires_grad_(), RATES.clone().requires_grad_()
    weights = torch.linspace(-1, 1, 3 * B * 2, dtype=torch.float64).reshape(3, B, 2)
    together = solve_batch(turning, y0, 0.0, 1.5, method=method, args=(rates,), times=times, **tol)
    found = torch.autograd.grad((weights * together.states).sum(), [y0, rates])
    alone = loop(method, 0.0, 1.5, [times] * B, y0=y0, rates=rates, **tol)
    states = torch.stack([one.states for one in alone], dim=1)
    expected = torch.autograd.grad((weights * states).sum(), [y0, rates])
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_gradients_of_samples_that_arrive_early_and_of_stiff_ones_are_finite():
    y0, rates = torch.ones(3, 1).double().requires_grad_(), torch.tensor([1.0, 500.0, 3.0]).double().requires_grad_()
    t1 = torch.tensor([0.1, 1.0, 2.0], dtype=torch.float64)
    s = solve_batch(lambda t, y: -rates[:, None] * y, y0, 0.0, t1)
    (found,) = torch.autograd.grad(s.states[-1].sum(), rates)
    torch.testing.assert_close(found, -t1 * torch.exp(-rates * t1), rtol=1e-3, atol=1e-6)


def test_float32():
    together = solve_batch(turning, Y0.float(), 0.0, 2.0, args=(RATES.float(),), rtol=1e-4, atol=1e-5)
    assert together.states.dtype == torch.float32
    expected = torch.stack([alone.y for alone in loop("dopri5", 0.0, 2.0)])
    torch.testing.assert_close(together.states[-1].double(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(3,), (3, 2, 2), (1, 1), (0, 2), (3, 0)], ids=str)
def test_shapes(shape: tuple[int, ...]):
    s = solve_batch(
        lambda t, y: -y, torch.ones(shape).double(), 0.0, 1.0, times=[0.0, 0.5, 1.0], options={"max_num_steps": 500}
    )
    assert s.states.shape == (3, *shape)
    torch.testing.assert_close(s.states[-1], torch.full(shape, math.exp(-1)).double(), rtol=1e-5, atol=0)


BAD: dict[str, tuple[Any, type[SolverError]]] = {
    "NaN at the start": (lambda t, y: torch.tensor([[1.0], [1.0], [math.nan]]).double() * y, NonFiniteError),
    "NaN later": (lambda t, y: torch.where((t > 0.5)[:, None] & (y > 2), math.nan, -0 * y), NonFiniteError),
    "blow-up": (lambda t, y: torch.where(y > 2, y * y, -y), StepUnderflowError),
    "too stiff": (lambda t, y: torch.where(y > 2, -1e5 * (y - 3), -y), MaxStepsError),
}


@pytest.mark.parametrize(("func", "kind"), BAD.values(), ids=BAD)
def test_errors_name_the_sample_and_its_time(func: Any, kind: type[SolverError]):
    y0 = torch.tensor([[1.0], [2.0], [2.9]], dtype=torch.float64)
    with pytest.raises(kind, match=r"^sample 2: .*t=") as caught:
        solve_batch(func, y0, 0.0, 2.0, options={"max_num_steps": 1500}, rtol=1e-4, atol=1e-6)
    assert 0 <= caught.value.t < 2


def test_options():
    plain = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,))
    short = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,), options={"max_step": 0.05})
    first = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,), options={"first_step": 1e-4})
    assert bool((short.accepted >= 40).all())
    assert bool((first.accepted > plain.accepted).any())
    torch.testing.assert_close(short.states, plain.states, rtol=1e-4, atol=1e-4)
    for name, value in {"safety": 0.5, "ifactor": 1.2}.items():
        changed = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,), options={name: value, "first_step": 1e-3})
        base = solve_batch(turning, Y0, 0.0, 2.0, args=(RATES,), options={"first_step": 1e-3})
        assert int(changed.accepted.sum()) > int(base.accepted.sum()), name


@pytest.mark.parametrize("name", ["controller", "min_step"])
def test_options_count_as_for_one_sample(name: str):
    """Not taken and forgotten."""
    options: dict[str, Any] = {name: "PID" if name == "controller" else 0.2}
    stiff = torch.tensor([20.0], dtype=torch.float64)
    outcomes = []
    for batch in (True, False):
        try:
            if batch:
                s = solve_batch(
                    lambda t, y: stiff * (torch.cos(9 * t)[:, None] - y),
                    torch.ones(1, 1).double(),
                    0.0,
                    2.0,
                    options=options,
                )
                outcomes.append(int(s.accepted[0]))
            else:
                outcomes.append(
                    solve(
                        lambda t, y: stiff * (torch.cos(9 * t) - y), torch.ones(1).double(), 0.0, 2.0, options=options
                    ).accepted
                )
        except StepUnderflowError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]
