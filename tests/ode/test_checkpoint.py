"""odeint_checkpointed: the gradient of `odeint` to rounding, from about the square root of its steps' states."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import ADAPTIVE, METHODS, odeint, odeint_checkpointed
from core.ode.checkpoint import Tape
from tests.ode.problems import vector

START = vector(1.0, -0.5)
TIMES = vector(0.1, 0.4, 0.77, 1.3)
RUNGE_KUTTA = [name for name, method in METHODS.items() if not method.adams]


def field(p: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda t, y: torch.sin(p[0] * y.flip(-1)) + p[1] * torch.cos(3 * t) * y - p[2] * y**2 / 4


def both(
    func: Callable[[Tensor], Any] = field, y0: Any = START, t: Tensor = TIMES, rounding: float = 1e-12, **kwargs: Any
) -> None:
    """States and gradients with respect to y0, t and the parameters agree to rounding."""
    results = []
    for interface in (odeint, odeint_checkpointed):
        leaves = [x.clone().requires_grad_() for x in (y0 if isinstance(y0, tuple) else (y0,))]
        times, p = t.clone().requires_grad_(), vector(0.7, -0.4, 0.9).requires_grad_()
        y = interface(func(p), tuple(leaves) if isinstance(y0, tuple) else leaves[0], times, **kwargs)
        pieces = y if isinstance(y, tuple) else (y,)
        loss = torch.zeros((), dtype=torch.float64)
        for i, piece in enumerate(pieces):
            loss = loss + ((i + 1) * piece * piece.conj()).real.sum() + piece.real.sin().sum()
        results.append([*(x.detach() for x in pieces), *torch.autograd.grad(loss, (*leaves, times, p))])
    for direct, recomputed in zip(*results, strict=True):
        assert direct.dtype == recomputed.dtype
        assert torch.allclose(direct, recomputed, rtol=rounding, atol=rounding)


def settings(name: str) -> dict[str, Any]:
    tolerance = {"adaptive_heun": 1e-4, "fehlberg2": 1e-4}.get(name, 1e-7)
    options = {} if name in ADAPTIVE else {"step_size": 0.06, "interp": "cubic"}
    return {"method": name, "rtol": tolerance, "atol": tolerance, "options": options}


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", RUNGE_KUTTA)
def test_every_method(name: str, backward: bool):
    # kencarp4's stages are solved to a fraction of the tolerance only, from whatever Jacobian is at hand
    rounding = 1e-6 if name == "kencarp4" else 1e-9 if name in ADAPTIVE else 1e-12
    both(t=TIMES.flip(0) if backward else TIMES, rounding=rounding, **settings(name))


@pytest.mark.parametrize("name", [name for name in ADAPTIVE if name != "kencarp4"])
def test_steps_of_prescribed_length(name: str):
    """Where rounding cannot move the steps, nothing but rounding differs."""
    options = {"first_step": 0.07, "min_step": 0.07, "max_step": 0.07, "norm": lambda y: torch.tensor(0.0)}
    both(method=name, options=options)


def graded(func: Any, y0: Any, t: Tensor) -> Tensor:
    """From t[0] to t[-1], ever longer steps."""
    inner = t[0] + (t[-1] - t[0]) * torch.linspace(0, 1, 14, dtype=t.dtype)[:-1] ** 2
    return torch.cat([inner, t[-1:]])


GRIDS: list[dict[str, Any]] = [
    {},
    {"step_size": 0.05},
    {"step_size": 0.05, "interp": "cubic"},
    {"step_size": 0.65},
    {"grid_constructor": graded},
    {"grid_constructor": graded, "interp": "cubic"},
    {"perturb": True},
    {"step_size": 0.07, "perturb": True, "interp": "cubic"},
]


@pytest.mark.parametrize("options", GRIDS, ids=lambda options: "+".join(options) or "default")
@pytest.mark.parametrize("name", ["euler", "rk4", "implicit_midpoint", "trapezoid"])
@pytest.mark.filterwarnings("ignore:the slope changes")
def test_every_kind_of_grid(name: str, options: dict[str, Any]):
    for t in (TIMES, TIMES.flip(0)):
        both(t=t, method=name, options=options)


def jumping(p: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Another field behind t = 0.5."""
    return lambda t, y: p[0] * y.flip(-1) + torch.cos(t) if float(t.detach()) < 0.5 else -p[1] * y**2 + p[2]


PRESCRIBED: list[dict[str, Any]] = [
    {"jump_t": [0.5]},
    {"step_t": [0.3, 0.9]},
    {"step_t": [0.3, 0.9], "jump_t": [0.5]},
    {"jump_t": [0.5], "first_step": 0.01, "max_step": 0.1},
]


@pytest.mark.parametrize("options", PRESCRIBED, ids=str)
@pytest.mark.parametrize("name", ["dopri5", "bosh3", "dopri8", "tsit5"])
def test_prescribed_times(name: str, options: dict[str, Any]):
    """The field at a jump is seen from the same side again."""
    for t in (TIMES, TIMES.flip(0)):
        func = jumping if "jump_t" in options else field
        both(func, t=t, method=name, rtol=1e-6, atol=1e-6, options=options, rounding=1e-8)


@pytest.mark.parametrize("name", ["rk4", "dopri5", "tsit5", "gl4"])
def test_tuples_and_complex_states(name: str):
    def of_tuples(p: Tensor) -> Any:
        inner = field(p)
        return lambda t, y: (inner(t, y[0]), p[0] * y[0].sum() - y[1])

    both(of_tuples, (START, torch.ones(2, 2).double()), rounding=1e-9, **settings(name))
    both(
        lambda p: lambda t, y: 1j * p[0] * y - p[1] * t * y.conj(),
        torch.complex(START, START),
        rounding=1e-9,
        **settings(name),
    )


@pytest.mark.parametrize("size", [2, 20_000])
def test_states_on_arrays_and_on_tensors(size: int):
    """Large states take tensors' steps forward, small ones arrays'; tensors' it is on the way back."""
    y0 = torch.linspace(-1, 1, size, dtype=torch.float64)
    both(y0=y0, method="dopri5", rtol=1e-5, atol=1e-5, rounding=1e-9 if size == 2 else 1e-11)


def test_many_outputs_in_one_step_and_none_in_many():
    both(t=torch.linspace(0, 0.01, 50, dtype=torch.float64), method="dopri5", rtol=1e-4, atol=1e-4)
    both(t=vector(0, 30), method="dopri5", rtol=1e-8, atol=1e-8, rounding=1e-9)


def test_a_field_whose_parameter_turns_up_late_must_be_given_it():
    leaf = vector(0.8).requires_grad_()

    def func(t: Tensor, y: Tensor) -> Tensor:
        return -leaf * y if float(t) > 0.5 else -y

    y = odeint_checkpointed(func, vector(1.0), vector(0, 1), params=(leaf,), options={"jump_t": [0.5]})
    (found,) = torch.autograd.grad(y[-1].sum(), leaf)
    assert float(found) == pytest.approx(-0.5 * math.exp(-0.9), rel=1e-6)
    with pytest.raises(ValueError, match=r"not use at the start|lost"):
        odeint_checkpointed(func, vector(1.0).requires_grad_(), vector(0, 1))[-1].sum().backward()


def test_params_must_name_what_func_uses():
    p = vector(0.7, -0.4, 0.9).requires_grad_()
    with pytest.raises(ValueError, match="would be lost"):
        odeint_checkpointed(field(p), START, TIMES, params=())


def test_what_it_cannot_do_is_refused():
    p = vector(0.7, -0.4, 0.9).requires_grad_()
    for name in ("explicit_adams", "implicit_adams", "scipy_solver"):
        with pytest.raises(ValueError, match="Runge-Kutta"):
            odeint_checkpointed(field(p), START, TIMES, method=name)
    event: Any = lambda t, y: y[0]  # noqa: E731
    with pytest.raises(ValueError, match="event_fn"):
        odeint_checkpointed(field(p), START, TIMES[:2], event_fn=event)


def test_backward_twice():
    y0, p = START.clone().requires_grad_(), vector(0.7, -0.4, 0.9).requires_grad_()
    loss = odeint_checkpointed(field(p), y0, TIMES).sum()
    once = torch.autograd.grad(loss, (y0, p), retain_graph=True)
    again = torch.autograd.grad(loss, (y0, p))
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


# Memory.


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 100, 1000, 5000])
def test_states_kept(count: int):
    """Every stretch begins with the state that belongs there, and there are no more than 2 sqrt(2 N)."""
    tape, most = Tape(), 0
    for i in range(count):
        tape.add(SimpleNamespace(t0=i, t1=i + 1, began=i, ended=i + 1, y0=i, y1=None), 0, 0)  # pyright: ignore[reportArgumentType]
        most = max(most, len(tape.states))
    assert tape.states == list(range(0, count, tape.stride))
    assert most <= 2 * math.sqrt(2 * count)
    assert tape.stride <= 2 * math.sqrt(2 * count)


class Live:
    """What graphs keep at a time, by torch's hooks for saved tensors."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    def pack(self, x: Tensor) -> "Kept":
        return Kept(self, x)

    def unpack(self, kept: "Kept") -> Tensor:
        return kept.x


class Kept:
    def __init__(self, live: Live, x: Tensor) -> None:
        self.live, self.x = live, x
        live.now += 1
        live.peak = max(live.peak, live.now)

    def __del__(self) -> None:
        self.live.now -= 1


def peak(interface: Callable[..., Any], count: int) -> int:
    """Most tensors kept by graphs during a solve of `count` steps and its gradient."""
    live, p = Live(), vector(0.7, -0.4, 0.9).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(live.pack, live.unpack):
        y = interface(field(p), START, vector(0, 1), method="midpoint", options={"step_size": 1 / count})
        y[-1].sum().backward()
    return live.peak


def test_peak_memory_against_the_number_of_steps():
    few, many = (peak(odeint, count) for count in (50, 800))
    assert many / few == pytest.approx(16, rel=0.1)
    few, many = (peak(odeint_checkpointed, count) for count in (50, 800))
    assert 3 < many / few < 6
    assert many < peak(odeint, 800) / 10
