"""The order of every method, of its output between steps, and what stiff decay it damps, measured by whole solves.

The problem is nonlinear and depends on time: the spiral r = 1 / (1 + t), angle t^2, which solves
y' = -|y| y + 2 t J y with J a quarter turn. Runge-Kutta pairs take equal steps here: their error control is switched
off by a norm that is always 0, while the tolerance, which Newton's iteration answers to, stays tight.
"""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import ADAPTIVE, METHODS, odeint, odeint_dense, solve
from tests.ode.problems import state, vector

START, END = 0.0, 2.0

COUNTS = {1: (256, 512), 2: (64, 128), 3: (64, 128), 4: (128, 256), 5: (100, 200), 6: (20, 40), 8: (20, 28)}
"""Numbers of steps in the asymptotic range of each order, and well above rounding."""

ADAMS: dict[str, tuple[int, dict[str, int]]] = {
    "explicit_adams": (4, {"max_order": 5}),
    "implicit_adams": (5, {"max_order": 5, "max_iters": 30}),
    "fixed_adams": (5, {"max_order": 5, "max_iters": 30}),
}
"""Order and options: the error of the first steps, which are rk4's, is of order 4 or 5."""

PAIRS = ["dopri5", "tsit5", "bosh3", "dopri8", "kencarp4"]


def spiral(t: Tensor, y: Tensor) -> Tensor:
    u, v = y.unbind(-1)
    r = torch.hypot(u, v)
    return state(-r * u - 2 * t * v, -r * v + 2 * t * u)


def exact(t: Tensor) -> Tensor:
    return state(torch.cos(t**2), torch.sin(t**2)) / (1 + t)[..., None]


def equal_steps(name: str, h: float) -> dict[str, Any]:
    """Options for steps of h whatever their error."""
    if name in ADAPTIVE:
        return {"first_step": h, "min_step": h, "max_step": h, "norm": lambda y: torch.tensor(0.0)}
    return {"step_size": h, **ADAMS.get(name, (0, {}))[1]}


def end_error(name: str, t: Tensor, count: int) -> float:
    h = float((t[-1] - t[0]).abs()) / count
    y = odeint(spiral, exact(t[0]), t, method=name, rtol=1e-13, atol=1e-13, options=equal_steps(name, h))
    return float((y[-1] - exact(t[-1])).abs().max())


def slope(errors: list[float], counts: tuple[int, int]) -> float:
    return math.log(errors[0] / errors[1]) / math.log(counts[1] / counts[0])


def claimed(name: str) -> int:
    return ADAMS[name][0] if name in ADAMS else METHODS[name].tableau.order


@pytest.mark.parametrize("name", METHODS)
def test_order(name: str):
    counts = COUNTS[claimed(name)]
    errors = [end_error(name, vector(START, END), count) for count in counts]
    assert slope(errors, counts) == pytest.approx(claimed(name), abs=0.1)


@pytest.mark.parametrize("name", ["rk4", "tsit5", "gl4", "trbdf2", "explicit_adams"])
def test_order_back_in_time(name: str):
    counts = COUNTS[claimed(name)]
    errors = [end_error(name, vector(END, START), count) for count in counts]
    assert slope(errors, counts) == pytest.approx(claimed(name), abs=0.1)


@pytest.mark.parametrize("name", PAIRS)
def test_local_order_of_the_dense_output(name: str):
    """One step from the exact state: an error of one order more than the dense output's, all along the step."""
    order = METHODS[name].tableau.dense_order
    assert order is not None
    sizes = (0.2, 0.1) if order == 7 else (0.02, 0.01)
    begin = 0.3
    errors = []
    for h in sizes:
        kwargs: dict[str, Any] = {"method": name, "rtol": 1e-13, "atol": 1e-13, "options": equal_steps(name, h)}
        times = begin + h * torch.linspace(0.05, 0.95, 19, dtype=torch.float64)
        y = odeint_dense(spiral, exact(vector(begin))[0], begin, begin + h, **kwargs)(times)
        assert isinstance(y, Tensor)
        errors.append(float((y - exact(times)).abs().max()))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order + 1, abs=0.1)


@pytest.mark.parametrize("interface", ["odeint", "odeint_dense", "solve"])
@pytest.mark.parametrize("name", PAIRS)
def test_order_at_times_between_steps(name: str, interface: str):
    """The error of a whole solve, where outputs are not steps' ends: the method's order, as the dense output allows."""
    tableau = METHODS[name].tableau
    assert tableau.dense_order is not None
    order = min(tableau.order, tableau.dense_order + 1)
    counts = COUNTS[order]
    times = torch.linspace(START, END, 172, dtype=torch.float64)
    errors = []
    for count in counts:
        kwargs: dict[str, Any] = {"method": name, "rtol": 1e-13, "atol": 1e-13}
        kwargs["options"] = equal_steps(name, (END - START) / count)
        y0 = exact(times[0])
        if interface == "odeint":
            y = odeint(spiral, y0, times, **kwargs)
        elif interface == "odeint_dense":
            y = odeint_dense(spiral, y0, START, END, **kwargs)(times)
        else:
            y = solve(spiral, y0, START, END, times=times, **kwargs).states
        assert isinstance(y, Tensor)
        errors.append(float((y - exact(times)).square().mean().sqrt()))
    assert slope(errors, counts) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(
    ("name", "interp", "order"),
    [("rk4", "cubic", 4), ("rk4", "linear", 2), ("heun3", "cubic", 3), ("gl6", "cubic", 4), ("euler", "cubic", 1)],
)
def test_order_between_grid_points(name: str, interp: str, order: int):
    """A straight line costs all but the second order, the cubic all but the fourth."""
    counts = COUNTS[order]
    times = torch.linspace(START, END, 172, dtype=torch.float64)
    errors = []
    for count in counts:
        options = {"step_size": (END - START) / count, "interp": interp}
        y = odeint(spiral, exact(times[0]), times, method=name, options=options)
        errors.append(float((y - exact(times)).square().mean().sqrt()))
    assert slope(errors, counts) == pytest.approx(order, abs=0.1)


# Stiff decay: y' = -1e6 (y - cos t), begun off the curve that solutions fall onto.

STIFF = 1e6


def falls(t: Tensor, y: Tensor) -> Tensor:
    return -STIFF * (y - torch.cos(t))


def distances(name: str) -> list[float]:
    """From cos t after each of ten steps of 0.1."""
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    options = equal_steps(name, 0.1)
    y = odeint(falls, vector(2), t, method=name, rtol=1e-10, atol=1e-10, options=options)
    return (y[:, 0] - torch.cos(t)).tolist()


L_STABLE = [name for name, m in METHODS.items() if m.implicit and not m.adams and m.tableau.stability.l_stable]


@pytest.mark.parametrize("name", L_STABLE)
@pytest.mark.filterwarnings("ignore:the slope changes")
def test_an_l_stable_method_damps(name: str):
    distance = distances(name)
    assert distance[0] == 1.0
    assert abs(distance[1]) < 1e-4
    # stiffly accurate ones lie on the curve of slow solutions; cos t - y is about sin(t) / 1e6 there
    assert max(map(abs, distance[2:])) < (2e-6 if METHODS[name].tableau.stiffly_accurate else 1e-3)


@pytest.mark.parametrize("name", ["trapezoid", "implicit_midpoint", "gl4", "gl6"])
@pytest.mark.filterwarnings("ignore:the slope changes")
def test_an_a_stable_method_that_is_not_l_stable_goes_on_ringing(name: str):
    distance = distances(name)
    sign = -1.0 if name != "gl4" else 1.0  # R at infinity, (-1)^s
    for i, value in enumerate(distance):
        assert value == pytest.approx(sign**i, abs=0.02)


def test_l_stable_methods_are_as_published():
    assert set(L_STABLE) == {"implicit_euler", "sdirk2", "trbdf2", "kencarp4", "radauIIA3", "radauIIA5"}
