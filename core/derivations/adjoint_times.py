r"""The gradients of the loss by the times at which the solution starts and ends.

Source: Chen, Rubanova, Bettencourt, Duvenaud, Neural Ordinary Differential Equations (2018), appendix B.2.
"""

from sympy import Derivative, Function, MatrixSymbol, S
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.adjoint_equation import F_Z
from core.derivations.adjoint_setting import (
    A_END,
    A_START,
    Break,
    Setting,
    Whole,
    at,
    chain,
    column,
    functions,
    line,
    named,
    pairs,
    rates,
    slope_of,
    variation,
)
from core.derivations.checks import Definition, Identity, LimitOf
from core.derivations.deciding import explicit
from core.derivations.step import Step
from core.derivations.symbols import eps, functions_of_time, t, t0, t1

BREAKS = (
    Break("start-sign", "The minus sign of dL/dt0 is dropped."),
    Break("end-sign", "The end value of a_t has the wrong sign."),
    Break("end-left-out", "The end value of a_t is left out: it starts at 0, as a_theta does."),
)
L_END, L_START = r"\frac{dL}{dt_1}", r"\frac{dL}{dt_0}"
_F_END, _F_START = r"\mathbf{f}(t_1)", r"\mathbf{f}(t_0)"
_A_T_END, _A_T_START = r"a_{\mathit{t}}(t_1)", r"a_{\mathit{t}}(t_0)"


def steps(s: Setting, broken: str) -> tuple[Step, ...]:
    """The steps; `broken` is one of `BREAKS`, "transpose", or something that concerns others."""
    return (*_end(s), *_shift(s), *_start(s, broken), *_collected(s, broken))


def _end(s: Setting) -> tuple[Step, ...]:
    """The later the end, the further the state has moved."""
    ends = [value.xreplace({t: t1}) for value in s.curve]
    loss = Function("L", real=True)(*ends)
    there = s.along(ends, t1)
    gradient = named(L_END, line([Derivative(loss, t1)]))
    a, f = named(A_END, line([Derivative(loss, value) for value in ends])), named(_F_END, column(there))
    follows = zip((Derivative(value, t1) for value in ends), there, strict=True)
    return (
        Step(
            gradient[0],
            a[0] * f[0],
            "Now the times. The later the end $t_1$, the further the state has moved when the loss looks at it, with "
            "the "
            r"slope $\mathbf f$: the chain rule.",
            Identity((gradient, a, f, *follows, *zip(ends, s.z, strict=True))),
        ),
    )


def _shift(s: Setting) -> tuple[Step, ...]:
    """How the state depends on the time at which the solution starts."""
    by = variation(s, (t0,), "W")
    values, slope, f_z = named("W", by.value), named(r"\dot{\mathbf{W}}", by.rate), named(F_Z, s.f_z)
    first = [value.xreplace({t: t0}) for value in s.curve]
    start, moved = (
        named(r"\mathbf{z}_0", column(s.z)),
        named(r"\mathbf{z}(t_0+\epsilon)", at(column(s.curve), t0 + eps)),
    )
    follows = zip((Derivative(value, t0) for value in first), s.along(first, t0), strict=True)
    f = named(_F_START, column(s.along(s.z, t0)))
    return (
        Step(
            values[0],
            MatrixSymbol(r"\frac{d \mathbf{z}}{d t_0}", s.n, 1),
            r"And $\mathbf W$: how the state at the time $t$ changes with the time $t_0$ of the start, where the state "
            r"$\mathbf z_0$ at the start stays as it is.",
            Definition(),
        ),
        Step(
            slope[0],
            f_z[0] * values[0],
            r"Differentiate $\dot{\mathbf z} = \mathbf f$ by $t_0$: $\mathbf f$ depends on it through the state only.",
            Identity((slope, values, f_z, *by.given)),
        ),
        Step(
            (start[0] - moved[0]) / eps,
            -f[0],
            r"A solution that starts $\epsilon$ later is still at $\mathbf z_0$ where this one has moved on to "
            r"$\mathbf z(t_0 + \epsilon)$. So this limit is $\mathbf W(t_0)$.",
            LimitOf(eps, (start, moved, f, *follows, *zip(first, s.z, strict=True))),
        ),
    )


def _start(s: Setting, broken: str) -> tuple[Step, ...]:
    """The gradient by the start's time."""
    a, values = line(functions_of_time("a", s.n)), functions("W", s.n, 1)
    slope = named(r"\frac{d}{dt} \left(\mathbf{a} \mathbf{W}\right)", slope_of(a * values))
    product = Whole(functions("P", 1, 1))  # a W, whose slope is 0 by the first step here
    end, start = named(A_END, at(a, t1)), named(A_START, at(a, t0))
    at_end = named(r"\mathbf{W}(t_1)", at(values, t1))
    at_start = column(s.along(s.z, t0))
    gradient, f = MatrixSymbol(L_START, 1, 1), named(_F_START, at_start)
    ends = (*pairs(at(product.value, t1), at(product.value, t0)), *product.at(t0, -start[1] * at_start))
    return (
        Step(
            slope[0],
            S.Zero,
            r"The product rule for $\mathbf a \mathbf W$: both terms cancel, and nothing is added this time.",
            Identity((slope, *rates(a, -a * s.f_z), *rates(values, s.f_z * values))),
        ),
        Step(
            gradient,
            end[0] * at_end[0],
            r"The loss looks at the state at $t_1$, which moves by $\mathbf W(t_1)$: the chain rule.",
            Identity(chain(s, (t0,), "W", L_START)),
        ),
        Step(
            gradient,
            start[0] * f[0] if broken == "start-sign" else -start[0] * f[0],
            r"$\mathbf a \mathbf W$ never changes, so its value at $t_1$ is the one at $t_0$, where $\mathbf W$ is "
            r"$-\mathbf f$.",
            Identity(((gradient, at(product.value, t1)), start, f, *ends)),
        ),
    )


def _collected(s: Setting, broken: str) -> tuple[Step, ...]:
    """The accumulator of the time."""
    a, clock = line(functions_of_time("a", s.n)), functions("A", 1, 1)
    along = column(s.along(s.curve))
    total = named(r"\frac{d}{dt} \left(a_{\mathit{t}} + \mathbf{a} \mathbf{f}\right)", slope_of(clock + a * along))
    slopes = (*rates(clock, -a * s.f_t), *rates(a, -a * s.f_z), *s.follows, *s.here)
    whole = functions("P", 1, 1)  # a_t + a f, whose slope is 0
    end, start = named(A_END, at(a, t1)), named(A_START, at(a, t0))
    f = column(functions_of_time("f", s.n))
    f_end, f_start = named(_F_END, at(f, t1)), named(_F_START, at(f, t0))
    begins = {"end-sign": end[0] * f_end[0], "end-left-out": ImmutableDenseMatrix.zeros(1, 1)}.get(
        broken, -end[0] * f_end[0]
    )
    clock_end, clock_start = named(_A_T_END, at(clock, t1)), named(_A_T_START, at(clock, t0))
    constant = (
        *pairs(at(clock, t0), at(whole, t0) - start[1] * f_start[1]),
        *pairs(at(whole, t0), at(whole, t1)),
        *pairs(at(whole, t1), at(clock, t1) + end[1] * f_end[1]),
        *pairs(at(clock, t1), explicit(begins, (end, f_end))),
    )
    gradient = (MatrixSymbol(L_START, 1, 1), -start[1] * f_start[1])
    return (
        Step(
            total[0],
            S.Zero,
            r"The adjoint $a_t$ of the time has the slope $-\mathbf a \frac{\partial \mathbf f}{\partial t}$. That is "
            "the "
            r"slope of $-\mathbf a \mathbf f$ too: the sum of $a_t$ and $\mathbf a \mathbf f$ never changes.",
            Identity((total, *slopes)),
        ),
        Step(
            clock_end[0],
            begins,
            r"Start it, at $t_1$, so that the sum is 0: at minus the gradient by $t_1$.",
            Definition(),
        ),
        Step(
            clock_start[0],
            gradient[0],
            r"Solved backwards to $t_0$, where the sum is still 0, it ends at the gradient by $t_0$.",
            Identity((clock_start, clock_end, gradient, *constant)),
        ),
    )
