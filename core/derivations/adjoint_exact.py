r"""The adjoint method on equations that can be solved by hand, and the same gradients from the solver of this project.

For :math:`z' = k t z` and for the logistic equation with a second state beside it everything has a closed form: the
state, the adjoint, the gradients. `core.ode.odeint_adjoint` has to agree.

Source of the logistic equation: Hirsch, Smale, Devaney, Differential Equations, Dynamical Systems, and an Introduction
to Chaos (2013), section 1.2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from sympy import Derivative, Function, Integral, Symbol, exp
from torch import Tensor

from core.derivations.adjoint_equation import F_Z
from core.derivations.adjoint_setting import A_END, at, line, matrix, named, pairs, rates, slope_of
from core.derivations.checks import Definition, Draw, Identity, Matches, Sampled, numbers
from core.derivations.deciding import Given
from core.derivations.printing import latex
from core.derivations.step import Derivation, Side, Step
from core.derivations.symbols import states, t, t0, t1
from core.ode import odeint_adjoint

SAMPLES = 5
_DRAWS = {t0: numbers(0, 0.5), t1: numbers(0.7, 1.2)}

k, z0, theta, x, y = (Symbol(name, real=True) for name in ("k", "z_0", "theta", "x", "y"))
L: Any = Function("L", real=True)


def _functions_of_time(*names: str) -> list[Any]:
    return [Function(name, real=True)(t) for name in names]


z, a = _functions_of_time("z", "a")


def adjoint_linear() -> Derivation:
    """Adjoint and gradients of z' = k t z in closed form, between any two times, and as the solver computes them."""
    solution: Any = z0 * exp(k * (t**2 - t0**2) / 2)
    end, start = z.xreplace({t: t1}), z.xreplace({t: t0})
    a_end, a_start = a.xreplace({t: t1}), a.xreplace({t: t0})
    adjoint = solution.xreplace({t: t1}) * exp(k * (t1**2 - t**2) / 2)
    loss, field = L(z0, k, t0, t1), k * t * z
    product = named(r"\frac{d}{dt} \left(a f\right)", slope_of(line([a * field])))
    known = (
        (loss, solution.xreplace({t: t1}) ** 2 / 2),
        *((a.xreplace({t: time}), adjoint.xreplace({t: time})) for time in (t, t0, t1)),
        *((z.xreplace({t: time}), solution.xreplace({t: time})) for time in (t, t0, t1)),
    )
    by_k = end**2 * (t1**2 - t0**2) / 2
    return Derivation(
        "A linear equation, by hand and by the solver",
        "All real k, start states and times; the last four steps at random numbers.",
        "Chen et al. 2018, appendix B",
        (
            Step(Derivative(z, t), field, "A field with one state and one parameter, $f = k t z$.", Definition()),
            Step(z, solution, r"Its solution from $z_0$ at $t_0$: separate $z$ from $t$ and integrate.", Definition()),
            Step(Derivative(z, t), field, "Differentiated, it follows the field.", Identity(known)),
            Step(start, z0, "And it starts where it should.", Identity(known)),
            Step(loss, end**2 / 2, "The loss looks at the end. It is a function of all that may change.", Definition()),
            Step(a, end * exp(k * (t1**2 - t**2) / 2), "The adjoint in closed form.", Definition()),
            Step(Derivative(a, t), -a * k * t, r"It follows the adjoint equation: here $J = k t$.", Identity(known)),
            Step(a_end, end, "At the end it is the derivative of $z^2 / 2$ at the end state.", Identity(known)),
            Step(Derivative(loss, z0), a_start, "At the start it is the gradient by the start state.", Identity(known)),
            Step(
                a * t * z,
                end**2 * t,
                r"The derivative of $f$ by $k$ is $t z$. Times $a$, all but $t$ itself stays the same on the way.",
                Identity(known),
            ),
            Step(
                Derivative(loss, k),
                Integral(end**2 * t, (t, t0, t1)),
                "The gradient by $k$ is the integral of that. On the left the loss itself is differentiated.",
                Identity(known),
            ),
            Step(
                Derivative(loss, t1),
                a_end * field.xreplace({t: t1}),
                r"The gradient by the end is $a f$ there.",
                Identity(known),
            ),
            Step(
                Derivative(loss, t0),
                -a_start * field.xreplace({t: t0}),
                r"And by the start it is $-a f$ there.",
                Identity(known),
            ),
            Step(
                product[0],
                a * k * z,
                r"$a f$ changes only as $f$ depends on $t$ by itself: $k z$ is the derivative of $k t z$ by $t$ alone.",
                Identity((product, *known)),
            ),
            *_compared(
                _Problem((z0,), _linear, lambda state: state[0] ** 2 / 2),
                (loss, known),
                ((z0, a_start), (k, by_k), (t0, -k * t0 * a_start * start), (t1, k * t1 * end**2)),
                {k: numbers(-1, 1), z0: numbers(-1.5, 1.5), **_DRAWS},
            ),
        ),
    )


def adjoint_core() -> Derivation:
    """Adjoint and gradients of a nonlinear field of two states in closed form, and as the solver computes them."""
    z1, z2 = _functions_of_time(*(symbol.name for symbol in states(2)))
    a1, a2, w = _functions_of_time("a_1", "a_2", "w")
    grown, left = exp(theta * (t - t0)), exp(theta * (t1 - t))
    below = 1 - x + x * grown
    ends = [value.xreplace({t: t1}) for value in (z1, z2)]
    loss = L(x, y, theta, t0, t1)
    field = [theta * z1 * (1 - z1), theta * z1 * z2]
    solved = ((z1, x * grown / below), (z2, y * below))
    further = 1 - z1 + z1 * left  # what the state at t is multiplied or divided by on its way to t1
    in_short = (left / w**2 + z2**2 * w * (left - 1), z2 * w**2)
    adjoint = tuple((name, value.xreplace({w: further})) for name, value in zip((a1, a2), in_short, strict=True))
    row, f_z = line([a1, a2]), matrix(2, 2, lambda i, j: field[i].diff((z1, z2)[j]))
    closed = line([value for _, value in adjoint])
    slope, short, jac = named(r"\dot{\mathbf{a}}", slope_of(row)), named("a", row), named(F_Z, f_z)
    end = named(A_END, at(row, t1))
    at_end = tuple((value.xreplace({t: t1}), known.xreplace({t: t1})) for value, known in solved)
    starts = tuple((value.xreplace({t: t0}), known.xreplace({t: t0})) for value, known in (*adjoint, *solved))
    moving = tuple((Derivative(value, t), known) for value, known in zip((z1, z2), field, strict=True))
    known = (*at_end, *starts)
    product = ends[0] * (1 - ends[0]) + ends[0] * ends[1] ** 2  # a f / theta at the end, and at all times
    return Derivation(
        "A nonlinear field of two states, by hand and by the solver",
        "All real theta, start states and times where the solution exists; the last five steps at random numbers.",
        "Hirsch, Smale, Devaney 2013, section 1.2, for the first state",
        (
            Step(Derivative(z1, t), field[0], "The logistic equation: growth that slows down near 1.", Definition()),
            Step(Derivative(z2, t), field[1], "A second state grows with the first.", Definition()),
            *(
                Step(value, formula, why, Definition())
                for (value, formula), why in zip(
                    solved,
                    ("The solution of the first from $x$ at $t_0$.", "And of the second, from $y$."),
                    strict=True,
                )
            ),
            *(
                Step(
                    Derivative(value, t),
                    slope_now,
                    f"Differentiated, the {which} follows its equation.",
                    Identity(solved),
                )
                for value, slope_now, which in zip((z1, z2), field, ("first", "second"), strict=True)
            ),
            Step(loss, ends[0] + ends[1] ** 2 / 2, "A loss that looks at both states at the end.", Definition()),
            Step(w, further, "A short name for what the adjoint needs more than once.", Definition()),
            Step(a1, in_short[0], "The adjoint of the first state, in closed form.", Definition()),
            Step(a2, in_short[1], "And of the second.", Definition()),
            Step(
                slope[0],
                -short[0] * jac[0],
                "It follows the adjoint equation. The states move, too, while this is differentiated.",
                Identity((slope, short, jac, *rates(row, slope_of(closed)), *moving, *adjoint)),
            ),
            Step(
                end[0],
                line([1, ends[1]]),
                r"At $t_1$ it is the derivative of the loss by both states.",
                Identity((end, *pairs(at(row, t1), at(closed, t1)))),
            ),
            *_compared(
                _Problem((x, y), _logistic, lambda state: state[0] + state[1] ** 2 / 2),
                (loss, known),
                (
                    (x, a1.xreplace({t: t0})),
                    (y, a2.xreplace({t: t0})),
                    (theta, (t1 - t0) * product),
                    (t0, -theta * product),
                    (t1, theta * product),
                ),
                {theta: numbers(0.5, 1.5), x: numbers(0.1, 0.9), y: numbers(0.5, 1.5), **_DRAWS},
            ),
        ),
    )


@dataclass(frozen=True)
class _Problem:
    """What a solver needs: the symbols of the start, f(t, z, numbers), and the loss of the end state."""

    start: tuple[Symbol, ...]
    field: Callable[[Tensor, Tensor, dict[Symbol, Tensor]], Tensor]
    loss: Callable[[Tensor], Tensor]


def _linear(time: Tensor, state: Tensor, numbers: dict[Symbol, Tensor]) -> Tensor:
    return numbers[k] * time * state


def _logistic(time: Tensor, state: Tensor, numbers: dict[Symbol, Tensor]) -> Tensor:
    first, second = state.unbind()
    return numbers[theta] * first * torch.stack([1 - first, second])


def _solved(problem: _Problem, by: Symbol, values: Mapping[Symbol, Side]) -> float:
    """The gradient by one of the numbers, by the adjoint method."""
    numbers = {name: torch.tensor(float(value), dtype=torch.float64) for name, value in values.items()}
    numbers[by].requires_grad_()
    start = torch.stack([numbers[name] for name in problem.start])
    times = torch.stack([numbers[t0], numbers[t1]])
    end = odeint_adjoint(
        lambda time, state: problem.field(time, state, numbers), start, times, rtol=1e-9, atol=1e-11, method="dopri8"
    )[-1]
    return float(torch.autograd.grad(problem.loss(end), numbers[by])[0])


def _compared(
    problem: _Problem,
    loss: tuple[Any, Given],
    gradients: tuple[tuple[Symbol, Any], ...],
    draws: Mapping[Symbol, Draw],
) -> tuple[Step, ...]:
    """One step for each gradient: the formula against the solver's."""
    whys = {
        t0: r"By the start's time: $-\mathbf a \mathbf f$ there.",
        t1: r"By the end's time: $\mathbf a \mathbf f$ there.",
    }
    whys |= {symbol: f"By the start ${symbol.name}$: the adjoint there." for symbol in problem.start}
    return tuple(
        Step(
            Derivative(loss[0], by),
            formula,
            whys.get(
                by,
                rf"By ${latex(by)}$: the integral of $\mathbf a \frac{{\partial \mathbf f}}{{\partial {latex(by)}}}$.",
            ),
            Matches(
                partial(_solved, problem, by),
                "`core.ode.odeint_adjoint`",
                Sampled(draws, samples=SAMPLES, tolerance=1e-7, given=loss[1]),
            ),
        )
        for by, formula in gradients
    )
