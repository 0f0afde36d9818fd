"""Fields that return the wrong thing, change or keep what they are given, on every path a solve can take."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import METHODS, SolverError, odeint, odeint_adjoint, odeint_dense, solve, solve_batch, steps
from core.ode.methods import ARRAY_LIMIT
from tests.ode.calls import EVERY, SHARED, Y0, T, decay

every = pytest.mark.parametrize("call", EVERY.values(), ids=EVERY)
shared = pytest.mark.parametrize("call", SHARED.values(), ids=SHARED)


def states(kind: str) -> Any:
    """A state that leads to the path of this kind."""
    if kind == "graph":
        return Y0.clone().requires_grad_()
    if kind == "tuple":
        return (Y0.clone(), Y0[0].clone())
    if kind == "tuple with a graph":
        return (Y0.clone().requires_grad_(), Y0[0].clone())
    return Y0.clone()


KINDS = ["arrays", "graph", "tuple", "tuple with a graph"]
kinds = pytest.mark.parametrize("kind", KINDS)


def pieces(y: Any) -> tuple[Tensor, ...]:
    return y if isinstance(y, tuple) else (y,)


# What func returns.

RESULTS: dict[str, tuple[Callable[[Tensor], Any], type[Exception], str]] = {
    "shape": (lambda y: -y[0], ValueError, r"state's shape \(2, 2\) and dtype torch.float64; got shape \(2,\)"),
    "broadcastable": (lambda y: -y[:1], ValueError, r"shape \(2, 2\).*got shape \(1, 2\)"),
    "dtype": (lambda y: -y.float(), TypeError, r"dtype torch.float64; got shape \(2, 2\) and torch.float32"),
    "complex": (lambda y: 1j * y, TypeError, r"dtype torch.float64; got .* torch.complex128"),
    "None": (lambda y: None, TypeError, "must return a tensor like its state; got NoneType"),
    "number": (lambda y: 1.0, TypeError, "must return a tensor like its state; got float"),
    "array": (lambda y: y.detach().numpy(), TypeError, "must return a tensor like its state; got ndarray"),
    "tuple": (lambda y: (y,), TypeError, "must return a tensor like its state; got a tuple of 1"),
}


@every
@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize(("result", "kind", "says"), RESULTS.values(), ids=RESULTS)
def test_results(call: Callable[..., Any], result: Any, kind: type[Exception], says: str, late: bool):
    def func(t: Tensor, y: Tensor) -> Any:
        return -y if late and bool((t < 0.3).all()) else result(y)

    with pytest.raises(kind, match=says + r".*") as caught:
        call(func, states("arrays"), T)
    assert "at t=" in str(caught.value)


OF_TUPLES: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "too few": (lambda y: y[:1], TypeError, "a tuple of 2 tensors like its state; got a tuple of 1"),
    "too many": (lambda y: (*y, y[0]), TypeError, "a tuple of 2 tensors like its state; got a tuple of 3"),
    "tensor": (lambda y: y[0], TypeError, r"a tuple of 2 tensors.*got a torch.float64 tensor of shape \(2, 2\)"),
    "None": (lambda y: None, TypeError, "a tuple of 2 tensors like its state; got NoneType"),
    "None inside": (lambda y: (y[0], None), TypeError, r"func's result \[1\] must be a tensor; got NoneType"),
    "shape": (lambda y: (y[0], y[0]), ValueError, r"func's result \[1\].*shape \(2,\).*got shape \(2, 2\)"),
    "dtype": (lambda y: (y[0].float(), y[1]), TypeError, r"func's result \[0\].*torch.float64; got.*torch.float32"),
}


@shared
@pytest.mark.parametrize(("result", "kind", "says"), OF_TUPLES.values(), ids=OF_TUPLES)
def test_results_of_tuples(call: Callable[..., Any], result: Any, kind: type[Exception], says: str):
    with pytest.raises(kind, match=says):
        call(lambda t, y: result(y), states("tuple"), T)


@kinds
def test_a_list_will_do_for_a_tuple_and_a_view_for_a_tensor(kind: str):
    y0 = states(kind)

    def listed(t: Tensor, y: Any) -> Any:
        return [-piece for piece in y] if isinstance(y, tuple) else (-y).T.clone().T

    plain = odeint(decay, y0, T)
    views = odeint(listed, y0, T)
    for a, b in zip(pieces(plain), pieces(views), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-15)


# What func does to its arguments.


def in_place(t: Tensor, y: Any) -> Any:
    changed = tuple(piece.mul_(-1) for piece in pieces(y))
    return changed if isinstance(y, tuple) else changed[0]


def late(t: Tensor, y: Any) -> Any:
    return in_place(t, y) if float(t.max()) > 0.3 else decay(t, y)


@shared
@pytest.mark.parametrize("inference", [False, True], ids=["", "inference mode"])
@pytest.mark.parametrize("func", [in_place, late])
@kinds
def test_in_place_is_refused_and_y0_is_as_it_was(kind: str, func: Any, inference: bool, call: Callable[..., Any]):
    y0 = states(kind)
    before = [piece.detach().clone() for piece in pieces(y0)]
    with torch.inference_mode(inference), pytest.raises(RuntimeError, match=r"in.?place"):
        call(func, y0, T)
    assert all(torch.equal(a, b) for a, b in zip(before, pieces(y0), strict=True))


@pytest.mark.parametrize("func", [in_place, late])
@pytest.mark.parametrize("kind", ["arrays", "graph"])
def test_in_place_in_a_batch(kind: str, func: Any):
    y0 = states(kind)
    with pytest.raises(RuntimeError, match=r"in.?place"):
        solve_batch(func, y0, 0.0, 1.0)
    assert torch.equal(y0, Y0)


@every
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_in_inference_mode(call: Callable[..., Any], inside: bool):
    """Also of a state that was made there, which has no version counter."""
    outside = Y0.clone()
    with torch.inference_mode():
        result = call(decay, Y0.clone() if inside else outside, T)
    assert result is not None


@every
def test_a_field_may_change_its_time(call: Callable[..., Any]):
    times = T + 0.1

    def scribbling(t: Tensor, y: Tensor) -> Tensor:
        time = t.clone()
        t.zero_()
        return -y * time.reshape(-1, *[1] * (y.ndim - 1) if time.ndim else [])

    result = call(scribbling, Y0.clone(), times, options={"max_num_steps": 200})
    assert torch.equal(times, T + 0.1)
    if call in (EVERY["odeint"], EVERY["solve_batch"]):
        states = result if isinstance(result, Tensor) else result.states
        torch.testing.assert_close(states[-1], Y0 * math.exp(-0.6), rtol=1e-5, atol=0)


# What func keeps, and gives again.

SIZES = {"arrays": 4, "tensors": ARRAY_LIMIT + 1}
sizes = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


def settings(method: str) -> dict[str, Any]:
    return {} if METHODS[method].adaptive else {"options": {"step_size": 0.05}}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_states_that_func_keeps_stay_as_they_were(kind: str, method: str):
    kept: list[tuple[Tensor, Tensor]] = []

    def func(t: Tensor, y: Any) -> Any:
        kept.extend((piece, piece.detach().clone()) for piece in pieces(y))
        return decay(t, y)

    y0 = states(kind)
    odeint(func, y0, T, method=method, rtol=1e-4, atol=1e-4, **settings(method))
    assert len(kept) >= 4
    assert all(torch.equal(now.detach(), then) for now, then in kept)


@sizes
@pytest.mark.parametrize("method", [*METHODS, "scipy_solver"])
def test_a_field_may_give_the_same_tensor_each_time(method: str, size: int):
    """One that computes into a buffer of its own."""
    if METHODS.get(method, METHODS["dopri5"]).implicit and size > 100:
        pytest.skip("a dense Jacobian of so many unknowns")
    y0, buffer = torch.linspace(0, 1, size, dtype=torch.float64), torch.zeros(size, dtype=torch.float64)
    given = {"rtol": 1e-3, **(settings(method) if method != "scipy_solver" else {})}

    def buffered(t: Tensor, y: Tensor) -> Tensor:
        buffer.copy_((t - y).detach())
        return buffer

    if METHODS.get(method, METHODS["dopri5"]).implicit:  # whose Newton needs a graph: the Jacobian is zero here
        plain = odeint(lambda t, y: torch.cos(t).expand(size).clone(), y0, T, method=method, **given)
        again = odeint(lambda t, y: buffer.copy_(torch.cos(t).expand(size)), y0, T, method=method, **given)
    else:
        plain = odeint(lambda t, y: t - y, y0, T, method=method, **given)
        again = odeint(buffered, y0, T, method=method, **given)
    torch.testing.assert_close(again, plain, rtol=0, atol=1e-12)


def test_a_batched_field_may_give_the_same_tensor_each_time():
    buffer = torch.zeros_like(Y0)
    plain = solve_batch(lambda t, y: t[:, None] - y, Y0, 0.0, 1.0).states
    again = solve_batch(lambda t, y: buffer.copy_(t[:, None] - y), Y0, 0.0, 1.0).states
    torch.testing.assert_close(again, plain, rtol=0, atol=1e-12)


@every
def test_a_field_may_give_its_own_state_back(call: Callable[..., Any]):
    y0 = Y0.clone()
    result = call(lambda t, y: y, y0, T)
    assert torch.equal(y0, Y0)
    if isinstance(result, Tensor):
        torch.testing.assert_close(result[-1], Y0 * torch.exp(torch.tensor(1.0)), rtol=1e-6, atol=0)


# y0 and the result.


@pytest.mark.parametrize("method", [*METHODS, "scipy_solver"])
@pytest.mark.parametrize("kind", ["arrays", "tuple"])
def test_y0_and_the_result_share_no_memory(kind: str, method: str):
    y0 = states(kind)
    given = {} if method == "scipy_solver" else settings(method)
    result = odeint(decay, y0, T, method=method, rtol=1e-4, atol=1e-4, **given)
    for piece, of_result, expected in zip(pieces(y0), pieces(result), (Y0, Y0[0]), strict=False):
        assert torch.equal(of_result[0], expected)
        of_result.fill_(7.0)
        assert torch.equal(piece, expected)


def test_dense_output_is_not_changed_through_what_it_gave():
    dense = odeint_dense(decay, Y0, 0.0, 1.0)
    for time in (0.0, 0.4, 1.0):
        first = dense(time)
        assert isinstance(first, Tensor)
        before = first.clone()
        first.zero_()
        assert torch.equal(dense(time), before)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", ["arrays", "tuple"])
def test_a_step_looked_at_may_be_changed(kind: str):
    ends = []
    for change in (False, True):
        end = None
        for step in steps(decay, states(kind), 0.0, 1.0):
            end = [piece.clone() for piece in pieces(step.y1)]
            if change:
                for piece in (*pieces(step.y0), *pieces(step.y1)):
                    piece.zero_()
        ends.append(end)
    for a, b in zip(*ends, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_stop_and_event_may_change_what_they_see():
    def scribble(t: Any, y: Any) -> Tensor:
        value = y.sum() - 1e-9
        y.zero_()
        return value

    plain = solve(decay, Y0, 0.0, 1.0).y
    watches: list[dict[str, Any]] = [{"stop": lambda t, y: bool(scribble(t, y) < 0)}, {"event": scribble}]
    for watch in watches:
        torch.testing.assert_close(solve(decay, Y0, 0.0, 1.0, **watch).y, plain)


def test_an_error_of_the_field_stays_its_own():
    def func(t: Tensor, y: Tensor) -> Tensor:
        raise KeyError("mine")

    for call in (*EVERY.values(), odeint_adjoint):
        with pytest.raises(KeyError, match="mine"):
            call(func, Y0, T)


@pytest.mark.parametrize("start", [20.0, 26.0])
def test_a_slope_beyond_all_numbers_ends_with_a_solver_error(start: float):
    """exp(676) is finite, its square is not: the first step would have come out as 0."""
    for call in EVERY.values():
        with pytest.raises(SolverError):
            call(lambda t, y: torch.exp(y * y), torch.full_like(Y0, start), T)


def test_a_tuple_that_never_reaches_its_times_ends_with_a_solver_error():
    start = (torch.ones(1).double(), torch.ones(2).double())
    with pytest.raises(SolverError) as caught:
        solve(lambda t, s: (s[0] ** 2, s[1]), start, 0.0, 2.0, times=[2.0])
    partial: Any = caught.value.partial
    assert [tuple(state.shape) for state in partial.states] == [(0, 1), (0, 2)]
