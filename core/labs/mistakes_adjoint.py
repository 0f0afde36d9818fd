"""Common mistakes about the adjoint method's equations, each settled by formulas and by numbers."""

from math import exp
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.derivations import mistakes as derivations
from core.labs.mistakes_data import Control, Mistake, Settled, Table, proof, tensor
from core.ode import odeint, odeint_adjoint, solve

THEME = "The adjoint method"
_TIGHT: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-12}
_THETA = 0.5
_STEP = 1e-4
"""Of the difference quotients."""


def minus_sign(states: float) -> Settled:
    """Slope of the adjoint along a path of a small network, measured, beside both signs."""
    n, now, end = int(states), 0.5, 1.0
    generator = torch.Generator().manual_seed(n)
    weights = torch.randn(n, n, generator=generator, dtype=torch.float64)

    def field(t: Tensor, z: Tensor) -> Tensor:
        return torch.tanh(weights @ z) + t

    def adjoint(t: float) -> tuple[Tensor, Tensor]:
        """State at t, and the derivative of the sum of the end's states by it, by back-propagation."""
        start = tensor(*[1.0] * n)
        z = odeint(field, start, tensor(0.0, t), method="rk4", options={"step_size": 1 / 40})[-1]
        z = z.detach().requires_grad_()
        last = odeint(field, z, tensor(t, end), method="rk4", options={"step_size": 1 / 40})[-1]
        return z.detach(), torch.autograd.grad(last.sum(), z)[0]

    z, a = adjoint(now)
    slope = (adjoint(now + _STEP)[1] - adjoint(now - _STEP)[1]) / (2 * _STEP)
    _, pulled = torch.autograd.functional.vjp(lambda z: field(tensor(now), z), z, a)
    product = pulled if isinstance(pulled, Tensor) else pulled[0]
    rows = tuple((f"$a_{i + 1}$", float(slope[i]), -float(product[i]), float(product[i])) for i in range(n))
    right, wrong = proof(derivations.minus_sign(n), derivations.wrong_minus_sign(n))
    return Settled(
        ran=f"A network of {n} state{'s' if n > 1 else ''} flows from $t = 0$ to 1; the loss is the sum of its states "
        "at the end. Measured at $t = 0.5$: the slope of $\\mathbf a$, from its values a moment earlier and later.",
        concludes=f"The measured slope of $a_1$ is {rows[0][1]:z.5f}. With the minus sign the formula gives "
        f"{rows[0][2]:z.5f}, without it {rows[0][3]:z.5f}. The sign belongs to every line of the proof.",
        table=Table(("component", "slope, measured", "with the minus", "without"), rows),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def total_derivative(time: float) -> Settled:
    """The change of f = t z along its own solution, beside its partial derivative by t."""

    def field(t: Tensor, z: Tensor) -> Tensor:
        return t * z

    def along(t: float) -> tuple[Tensor, Tensor]:
        z = odeint(field, tensor(exp(0.125)), tensor(-0.5, t), method="dopri8", **_TIGHT)[-1]
        return z, t * z

    (_, later), (_, earlier) = along(time + _STEP), along(time - _STEP)
    total = float(later - earlier) / (2 * _STEP)
    state = along(time)[0].requires_grad_()
    at = tensor(time).requires_grad_()
    slope = field(at, state)
    by_t, by_z = (float(part) for part in torch.autograd.grad(slope.sum(), (at, state)))
    right, wrong = proof(derivations.total_derivative(), derivations.wrong_total_derivative())
    rows = (
        ("$df/dt$ along the solution, measured", total),
        (r"$\partial f/\partial t$, with $z$ held fixed", by_t),
        (r"$(\partial f/\partial z)\, f$", by_z * float(slope.detach())),
        ("sum of the last two", by_t + by_z * float(slope.detach())),
    )
    return Settled(
        ran=f"Take $f(z, t) = t z$ and its solution through $z(0) = 1$, at $t = {time:g}$. The first number follows "
        "the solution; the others are partial derivatives by automatic differentiation.",
        concludes=f"The straight d gives {total:z.4f}, the round one {by_t:z.4f}. They differ by {total - by_t:z.4f}: "
        "that is what $f$ gains because $z$ moves. "
        + ("At $t = 0$ that is nothing, since $f = 0$ there: move $t$." if time == 0 else "The block matrix needs ∂."),
        table=Table(("derivative", "value"), rows),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def parameter_integral(end: float) -> Settled:
    """dL/dtheta of z' = theta z by four ways, the last as it is often read."""
    times = torch.linspace(0, end, 401, dtype=torch.float64)
    start = tensor(1.0)
    z = odeint(lambda t, z: _THETA * z, start, times, method="dopri8", **_TIGHT)[:, 0].numpy()
    back = odeint(lambda t, a: -_THETA * a, start, times.flip(0), method="dopri8", **_TIGHT)[:, 0].numpy()[::-1]
    integral = float(np.trapezoid(back * z, times.numpy()))
    theta = tensor(_THETA).requires_grad_()
    loss = odeint_adjoint(lambda t, z: theta * z, start, times[[0, -1]], method="dopri8", **_TIGHT)[-1].sum()
    (adjoint,) = torch.autograd.grad(loss, theta)
    ends = [
        float(odeint(lambda t, z, k=k: k * z, start, times[[0, -1]], method="dopri8", **_TIGHT)[-1])
        for k in (_THETA + _STEP, _THETA - _STEP)
    ]
    rows = (
        ("difference quotient of the loss", (ends[0] - ends[1]) / (2 * _STEP)),
        ("`odeint_adjoint`", float(adjoint)),
        (r"$+\int_{t_0}^{t_1}$", integral),
        (r"$-\int_{t_1}^{t_0}$, as Chen et al. write it", -float(np.trapezoid((back * z)[::-1], times.numpy()[::-1]))),
        (r"$-\int_{t_0}^{t_1}$, as it is often read", -integral),
    )
    right, wrong = proof(derivations.parameter_integral(), *derivations.wrong_parameter_integral())
    return Settled(
        ran=rf"$z' = \theta z$ with $\theta = {_THETA}$ from $z(0) = 1$; the loss is $L = z(t_1)$ at $t_1 = {end:g}$. "
        "The integral is taken over solutions $z$ and $a$ of this project's solver.",
        concludes=f"A larger $\\theta$ makes the end larger: the loss's own difference quotient is {rows[0][1]:z.4f}. "
        f"The integral from $t_0$ to $t_1$ gives {integral:z.4f}, and so does the one with a minus sign and its limits "
        "exchanged. A minus sign with the limits in their usual order gives the wrong sign, and without limits the "
        "formula is no number at all.",
        table=Table(("way", r"$dL/d\theta$"), rows),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def time_accumulator(start: float) -> Settled:
    """dL/dt0 of z' = 2 t z: the accumulator solved backwards from both end values."""

    def loss(t0: float) -> float:
        one = tensor(1.0)
        return float(odeint(lambda t, z: 2 * t * z, one, tensor(t0, 1.0), rtol=1e-11, atol=1e-12)[-1])

    def backward(first: float) -> float:
        """a_t at the start, if it begins with this at the end; z and a are solved along with it."""
        both = tensor(end, 1.0, first)
        found = solve(_augmented, both, 1.0, start, method="dopri8", **_TIGHT).y
        return float(found[2]) if isinstance(found, Tensor) else float("nan")

    end = loss(start)
    times = tensor(start, 1.0).requires_grad_()
    one = tensor(1.0)
    last = odeint_adjoint(lambda t, z: 2 * t * z, one, times, rtol=1e-10, atol=1e-12)[-1].sum()
    (adjoint,) = torch.autograd.grad(last, times)
    quotient = (loss(start + _STEP) - loss(start - _STEP)) / (2 * _STEP)
    begun, zero = backward(-2 * end), backward(0.0)
    right, wrong = proof(derivations.time_accumulator(), derivations.wrong_time_accumulator())
    rows = (
        ("difference quotient of the loss", quotient),
        ("`odeint_adjoint`", float(adjoint[0])),
        ("$a_t$, started at $-a(t_1) f(t_1)$", begun),
        ("$a_t$, started at 0", zero),
    )
    return Settled(
        ran=f"$z' = 2 t z$ from $z(t_0) = 1$ at $t_0 = {start:g}$ to $t_1 = 1$, with the loss $L = z(t_1)$. The "
        "accumulator is solved back from $t_1$ to $t_0$, together with $z$ and $a$, from both start values.",
        concludes=f"Moving the start changes the loss by {quotient:z.4f} for each unit of $t_0$. Started at "
        f"$-a(t_1) f(t_1) = {-2 * end:z.4f}$ the accumulator ends at {begun:z.4f}, started at 0 at {zero:z.4f}.",
        table=Table(("way", "$dL/dt_0$"), rows),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def _augmented(t: Tensor, state: Tensor) -> Tensor:
    """Slopes of z, a and a_t for f = 2 t z."""
    z, a, _ = state
    return torch.stack([2 * t * z, -a * 2 * t, -a * 2 * z])


_PROOF = (
    r"In the proof of the adjoint equation the row $\mathbf a = [\mathbf a_{\mathbf z}, a_\theta, a_t]$ holds the "
    r"loss's derivatives by state, parameters and time; a block matrix holds those of their slopes $[\mathbf f, 0, 1]$."
)
_ADJOINT = r"Let $a = dL/dz$ be the adjoint of $z' = f(z, t, \theta)$."
_BACKWARDS = (
    r"Going back from $t_1$ to $t_0$, one accumulator collects the gradient by $\theta$, another the gradient by the "
    "start time $t_0$."
)

MISTAKES = (
    Mistake(
        "minus-sign",
        THEME,
        "The sign in the proof",
        rf"{_PROOF} So $\frac{{d\mathbf a}}{{dt}}$ is the row times the matrix; the next line takes the minus sign.",
        rf"{_PROOF} So $\frac{{d\mathbf a}}{{dt}}$ is *minus* the row times the matrix, in this line and in the next.",
        "adjoint-method",
        minus_sign,
        Control("Number of states n", 1, 3, 1, 1),
    ),
    Mistake(
        "partial-derivatives",
        THEME,
        "Straight d or round ∂",
        r"In the block matrix of the adjoint proof it does not matter whether one writes $\frac{df}{dt}$ or "
        r"$\frac{\partial f}{\partial t}$.",
        r"The block matrix of the adjoint proof holds partial derivatives. $\frac{df}{dt}$ along a solution is "
        r"$\frac{\partial f}{\partial t} + \frac{\partial f}{\partial z} f$, in general another number.",
        "adjoint-method",
        total_derivative,
        Control("Time t", 0.0, 2.0, 1.0, 0.1),
    ),
    Mistake(
        "parameter-integral",
        THEME,
        "The gradient's integral",
        rf"{_ADJOINT} The gradient by the parameters is "
        r"$\frac{dL}{d\theta} = -\int a\, \frac{\partial f}{\partial \theta}\, dt$.",
        rf"{_ADJOINT} The gradient by the parameters is "
        r"$\frac{dL}{d\theta} = +\int_{t_0}^{t_1} a\, \frac{\partial f}{\partial \theta}\, dt$, from the start $t_0$ "
        r"to the end $t_1$; with a minus sign the limits are exchanged.",
        "adjoint-method",
        parameter_integral,
        Control("End time t₁", 0.5, 3.0, 2.0, 0.5),
    ),
    Mistake(
        "time-accumulator",
        THEME,
        "Where accumulators start",
        rf"{_BACKWARDS} Both start at 0.",
        rf"{_BACKWARDS} That of $\theta$ starts at 0, but that of $t$ at $-a(t_1) f(t_1)$, where $a = dL/dz$.",
        "adjoint-method",
        time_accumulator,
        Control("Start time t₀", 0.0, 0.9, 0.4, 0.1),
    ),
)
