"""Laws that every solve obeys, whatever the method, size, precision or field: hypothesis draws them.

Fixed-step methods obey them to rounding, adaptive ones to a multiple of the tolerance (a changed state changes the
norm, and so the steps). The draws are the same in every run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.ode import odeint, odeint_dense, solve, solve_batch
from tests.ode.problems import Field

ADAPTIVE = ["adaptive_heun", "fehlberg2", "bosh3", "dopri5", "tsit5", "dopri8", "kencarp4"]
FIXED = ["euler", "midpoint", "heun2", "heun3", "rk4", "rk4_classic", "explicit_adams", "implicit_adams"]
SYMMETRIC = ["implicit_midpoint", "trapezoid", "gl4", "gl6"]
"""Their own inverses: a step back undoes a step."""
IMPLICIT = [*SYMMETRIC, "implicit_euler", "radauIIA3", "radauIIA5", "sdirk2", "trbdf2"]
STEPS = {"step_size": 0.125}
NEWTON = 1e-6
"""What the iterations of an implicit step may leave over, in units of the state."""
AGREE = 300
"""Global errors in units of the tolerance; see test_against_scipy."""


def tolerance(method: str, dtype: torch.dtype) -> float:
    """rtol = atol for which the method takes some dozens of steps, and not below what float32 resolves."""
    fine = {"adaptive_heun": 1e-4, "fehlberg2": 1e-4, "bosh3": 1e-5, "dopri5": 1e-7, "tsit5": 1e-7}.get(method, 1e-8)
    if method == "kencarp4":
        fine = 1e-6
    return max(fine, 1e-5) if dtype == torch.float32 else fine


def rounding(dtype: torch.dtype) -> float:
    return 1e-4 if dtype == torch.float32 else 1e-11


@dataclass(frozen=True)
class Draw:
    """A smooth, bounded field that depends on time, couples all components, and a state for it."""

    seed: int
    dim: int
    dtype: torch.dtype

    def tensor(self, *shape: int, salt: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 7 + salt)
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(self.dtype)

    @property
    def y0(self) -> Tensor:
        return self.tensor(self.dim, salt=1)

    def batch(self, count: int) -> Tensor:
        return self.tensor(count, self.dim, salt=2)

    @property
    def matrix(self) -> Tensor:
        return self.tensor(self.dim, self.dim, salt=3) / self.dim**0.5

    def field(self, autonomous: bool = False) -> Field:
        matrix, bias = self.matrix, self.tensor(self.dim, salt=4)

        def func(t: Tensor, y: Tensor) -> Tensor:
            return torch.tanh(y @ matrix + bias * (1.0 if autonomous else torch.cos(3 * t))) - 0.2 * y

        return func


draws = st.builds(
    Draw,
    seed=st.integers(0, 10_000),
    dim=st.integers(1, 6),
    dtype=st.sampled_from([torch.float64, torch.float32]),
)
adaptive = st.sampled_from(ADAPTIVE)
stepping = st.sampled_from([*FIXED, *IMPLICIT])


def law(examples: int) -> Callable[[Any], Any]:
    """The same few examples in every run."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def times(*values: float, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(values, dtype=dtype)


def run(draw: Draw, method: str, t: Tensor, y0: Any = None, func: Any = None) -> Any:
    """A solve with the tolerance, or the step size, that suits the method."""
    y0, func = draw.y0 if y0 is None else y0, draw.field() if func is None else func
    if method in ADAPTIVE:
        tol = tolerance(method, draw.dtype)
        return odeint(func, y0, t, rtol=tol, atol=tol, method=method)
    return odeint(func, y0, t, rtol=1e-3, atol=1e-4, method=method, options=STEPS)


def allowed(draw: Draw, method: str) -> float:
    if method in ADAPTIVE:
        return AGREE * tolerance(method, draw.dtype)
    if method == "implicit_adams":  # its iteration stops at the tolerance, for the state as a whole
        return 1e-4
    return NEWTON if method in IMPLICIT and draw.dtype == torch.float64 else rounding(draw.dtype)


def close(a: Any, b: Any, tol: float) -> None:
    torch.testing.assert_close(a, b, rtol=tol, atol=tol)


@law(40)
@given(draws, adaptive)
def test_there_and_back(draw: Draw, method: str):
    there = run(draw, method, times(0.0, 1.0))[-1]
    back = run(draw, method, times(1.0, 0.0), y0=there)[-1]
    close(back, draw.y0, 3 * allowed(draw, method))  # the way back magnifies what the way there did wrong


@law(20)
@given(draws, st.sampled_from(SYMMETRIC))
def test_a_symmetric_method_goes_back_exactly(draw: Draw, method: str):
    there = run(draw, method, times(0.0, 1.0))[-1]
    back = run(draw, method, times(1.0, 0.0), y0=there)[-1]
    close(back, draw.y0, 10 * allowed(draw, method))


@law(40)
@given(draws, st.one_of(adaptive, st.sampled_from([m for m in [*FIXED, *IMPLICIT] if "adams" not in m])))
def test_a_stop_on_the_way_changes_nothing(draw: Draw, method: str):
    """The interval [0, 1] at once, with outputs on the way, and as two solves. (Adams would lose its memory.)"""
    once = run(draw, method, times(0.0, 1.0))[-1]
    outputs = run(draw, method, times(0.0, 0.3, 0.5, 0.9, 1.0))
    middle = run(draw, method, times(0.0, 0.5))[-1]
    twice = run(draw, method, times(0.5, 1.0), y0=middle)[-1]
    tol = allowed(draw, method)
    close(outputs[-1], once, tol)
    close(outputs[2], middle, tol)
    close(twice, once, tol)


@law(40)
@given(draws, st.one_of(adaptive, stepping), st.integers(1, 4))
def test_a_batch_is_a_loop(draw: Draw, method: str, count: int):
    t, batch = times(0.0, 0.6, 1.0), draw.batch(count)
    together = run(draw, method, t, y0=batch)
    assert together.shape == (3, count, draw.dim)
    for i, y0 in enumerate(batch):
        close(together[:, i], run(draw, method, t, y0=y0), allowed(draw, method))


@law(15)
@given(draws, st.sampled_from(["bosh3", "dopri5", "tsit5"]), st.integers(1, 4))
def test_a_batch_with_steps_of_its_own_is_a_loop_to_rounding(draw: Draw, method: str, count: int):
    batch, tol, func = draw.batch(count), tolerance(method, draw.dtype), draw.field(autonomous=True)
    kwargs: Any = {"method": method, "rtol": tol, "atol": tol}
    together = solve_batch(func, batch, 0.0, 1.0, times=times(0.0, 0.6, 1.0), **kwargs)
    assert together.states.shape == (3, count, draw.dim)
    for i, y0 in enumerate(batch):
        alone = solve(func, y0, 0.0, 1.0, times=times(0.0, 0.6, 1.0), **kwargs)
        close(together.states[:, i], alone.states, rounding(draw.dtype))
        if draw.dtype == torch.float64:  # in float32 a rounding may decide about a step
            assert int(together.accepted[i]) == alone.accepted
            assert int(together.rejected[i]) == alone.rejected


@law(40)
@given(draws, st.one_of(adaptive, stepping), st.integers(0, 5))
def test_a_tuple_is_its_parts_end_to_end(draw: Draw, method: str, cut: int):
    cut, func, t = cut % draw.dim, draw.field(), times(0.0, 0.6, 1.0)

    def of_tuple(t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        rate = func(t, torch.cat([y[0].reshape(-1), y[1]]))
        return rate[:cut].reshape(y[0].shape), rate[cut:]

    flat = run(draw, method, t)
    parts = run(draw, method, t, y0=(draw.y0[:cut].reshape(1, -1), draw.y0[cut:]), func=of_tuple)
    assert isinstance(parts, tuple)
    assert parts[0].shape == (3, 1, cut)
    close(torch.cat([parts[0][:, 0], parts[1]], dim=-1), flat, allowed(draw, method))


@law(30)
@given(draws, st.one_of(adaptive, stepping))
def test_the_order_of_the_components_does_not_matter(draw: Draw, method: str):
    """The norm is the same up to the order of its sum, so even an adaptive method keeps its steps."""
    order = torch.randperm(draw.dim, generator=torch.Generator().manual_seed(draw.seed))
    inverse, func = torch.argsort(order), draw.field()
    t = times(0.0, 0.6, 1.0)
    plain = run(draw, method, t)
    mixed = run(draw, method, t, y0=draw.y0[order], func=lambda t, y: func(t, y[inverse])[order])
    # One accepted step more or less may hang on a rounding; then only the tolerance holds.
    close(mixed, plain[:, order], allowed(draw, method))
    if draw.dtype == torch.float64 and method not in IMPLICIT and method != "kencarp4":
        close(mixed, plain[:, order], 1e-9)


@law(30)
@given(draws, adaptive, st.booleans())
def test_dense_output_is_odeint(draw: Draw, method: str, backward: bool):
    t = times(0.0, 0.1, 0.35, 0.8, 1.0)
    t = t.flip(0) if backward else t
    tol = tolerance(method, draw.dtype)
    dense = odeint_dense(draw.field(), draw.y0, t[0], t[-1], rtol=tol, atol=tol, method=method)
    at_once = dense(t)
    assert isinstance(at_once, Tensor)
    assert at_once.shape == (5, draw.dim)
    exactly = rounding(draw.dtype)
    # The same steps, the same polynomials; where stages are iterated, up to what an iteration leaves over.
    close(at_once, run(draw, method, t), max(exactly, 1e-7) if method == "kencarp4" else exactly)
    for i, time in enumerate(t):
        close(dense(time), at_once[i], exactly)
    close(at_once[0], draw.y0, exactly)


@law(30)
@given(draws, st.one_of(adaptive, stepping))
def test_the_clock_may_start_anywhere(draw: Draw, method: str):
    func, t = draw.field(), times(0.0, 0.5, 1.0)
    shifted = run(draw, method, t + 4, func=lambda t, y: func(t - 4, y))
    tol = allowed(draw, method)
    close(shifted, run(draw, method, t), tol)


@law(30)
@given(draws, stepping, st.floats(-3, 3))
def test_a_linear_field_is_solved_linearly(draw: Draw, method: str, scale: float):
    matrix, t = draw.matrix, times(0.0, 0.5, 1.0)
    one, other = draw.y0, draw.tensor(draw.dim, salt=5)

    def solved(y0: Tensor) -> Tensor:
        return run(draw, method, t, y0=y0, func=lambda t, y: y @ matrix)

    close(solved(one + scale * other), solved(one) + scale * solved(other), 100 * max(1e-7, allowed(draw, method)))


@pytest.mark.parametrize("method", [*ADAPTIVE, *FIXED, *IMPLICIT])
def test_the_same_solve_twice_is_the_same_to_the_last_digit(method: str):
    draw = Draw(seed=1, dim=4, dtype=torch.float64)
    t = times(0.0, 0.6, 1.0)
    before = draw.y0
    first, second = run(draw, method, t, y0=before), run(draw, method, t)
    assert torch.equal(first, second)
    assert torch.equal(before, draw.y0)  # and the state given is left as it was
