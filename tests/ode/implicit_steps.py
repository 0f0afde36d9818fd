"""What the tests of implicit methods share: steppers made and driven by hand, and a nonlinear problem."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from core.ode.field import Field
from core.ode.implicit import ImplicitStepper, NewtonOptions
from core.ode.problem import Layout, Time
from core.ode.tableaus import TABLEAUS
from core.ode.tolerance import Tolerance
from tests.ode.problems import state, vector

NAMES = [name for name, tableau in TABLEAUS.items() if not tableau.explicit]
FULLY = ["radauIIA3", "radauIIA5", "gl4", "gl6"]


def stepper_for(name: str, func, y0, *, seen: int | None = None, adaptive: bool = False, **options) -> ImplicitStepper:
    layout = Layout.of(y0)
    if seen is not None:
        layout = Layout(layout.shapes, layout.is_tuple, layout.dtype, layout.device, seen)
    tolerance = Tolerance(layout, 1e-6, 1e-9)
    return ImplicitStepper(Field(func, layout), TABLEAUS[name], tolerance, NewtonOptions(**options), adaptive)


def walk(stepper: ImplicitStepper, y0, times: list[Time]) -> Any:
    """Steps from time to time; the state at the last."""
    y, k = stepper.from_state(y0), None
    for t0, t1 in pairwise(times):
        if k is None or not stepper.fsal:
            k = stepper.derivative(t0, y)
        y = stepper.step(t0, t1 - t0, t1, y, k)
        k = stepper.last_slope()
    return stepper.to_state(y)


def grid(n: int, t1: float = 2.0) -> list[Time]:
    return [t1 * i / n for i in range(n + 1)]


def pendulum(t: Tensor, y: Tensor) -> Tensor:
    """Driven, damped, nonlinear in both components; each row of a batch by itself."""
    q, p = y.unbind(-1)
    return state(p + 0.3 * torch.sin(t) * q * q, -torch.sin(q) - 0.1 * p**3)


START = vector(1.0, 0.5)
