r"""What the adjoint equation is solved for: the gradient by the parameters, by an integral; then those by the times.

Sources: Chen, Rubanova, Bettencourt, Duvenaud, Neural Ordinary Differential Equations (2018), appendix B.2; the proof
by sensitivities is older: Pontryagin et al., The Mathematical Theory of Optimal Processes (1962).
"""

import sympy
from sympy import Derivative, Function, MatrixSymbol
from sympy.matrices import ImmutableDenseMatrix

from core.derivations import adjoint_times
from core.derivations.adjoint_augmented import F_THETA
from core.derivations.adjoint_equation import F_Z, TRANSPOSED
from core.derivations.adjoint_setting import (
    A_END,
    A_START,
    Break,
    Setting,
    Whole,
    at,
    chain,
    functions,
    line,
    matrix,
    mistake,
    named,
    rates,
    setting,
    slope_of,
    variation,
)
from core.derivations.checks import Definition, Identity
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step
from core.derivations.symbols import functions_of_time, t, t0, t1

BREAKS = (
    Break("forgotten", "How f depends on theta is left out of the sensitivity's equation.", least_m=1),
    Break("limits", "The limits of the integral are swapped.", least_m=1),
    Break("transpose", "The Jacobian beside a is transposed. Where it is symmetric, that changes nothing.", 2, 1),
    *adjoint_times.BREAKS,
)

L_THETA = r"\frac{dL}{d\theta}"


def adjoint_gradients(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    """The loss's gradients by theta, t1 and t0; arguments as of `adjoint_equation`.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-gradients", BREAKS, broken, s)
    by_theta = (
        (*_sensitivity(s, broken), *_product(s, broken), *_gradient(s, broken), *_collected(s, broken)) if s.m else ()
    )
    source = "Chen et al. 2018, appendix B.2; Pontryagin et al. 1962"
    return Derivation("The three gradients", s.holds, source, (*by_theta, *adjoint_times.steps(s, broken)))


def _sensitivity(s: Setting, broken: str) -> tuple[Step, ...]:
    """How the state depends on the parameters."""
    by = variation(s, s.theta, "S")
    values, slope = named("S", by.value), named(r"\dot{\mathbf{S}}", by.rate)
    f_z, f_theta = named(F_Z, s.f_z), named(F_THETA, s.f_theta)
    start, fixed = _start(s)
    return (
        Step(
            values[0],
            MatrixSymbol(r"\frac{d \mathbf{z}}{d \theta}", s.n, s.m),
            r"The sensitivity $\mathbf S$: how the state at the time $t$ changes with the parameters $\theta$, where "
            "the "
            "start stays as it is. One row for each state, one column for each parameter.",
            Definition(),
        ),
        Step(
            slope[0],
            f_z[0] * values[0] if broken == "forgotten" else f_z[0] * values[0] + f_theta[0],
            r"Differentiate $\dot{\mathbf z} = \mathbf f$ by $\theta$: $\mathbf f$ depends on it through the state and "
            "by itself.",
            Identity((slope, values, f_z, f_theta, *by.given)),
        ),
        Step(
            start[0],
            sympy.S.Zero,
            r"The start at $t_0$ is given, whatever $\theta$ is.",
            Identity((start, *fixed)),
        ),
    )


def _start(s: Setting) -> tuple[tuple[MatrixSymbol, ImmutableDenseMatrix], Given]:
    """The sensitivity at the start, and that the start does not depend on the parameters."""
    starts = [Function(value.name, real=True)(*s.theta, t0) for value in s.z]
    derivatives = matrix(s.n, s.m, lambda i, j: Derivative(starts[i], s.theta[j]))
    return named(r"\mathbf{S}(t_0)", derivatives), tuple(zip(starts, s.z, strict=True))


def _product(s: Setting, broken: str) -> tuple[Step, ...]:
    """The slope of the adjoint times the sensitivity."""
    a, values = line(functions_of_time("a", s.n)), functions("S", s.n, s.m)
    f_z, f_theta = named(F_Z, s.f_z), named(F_THETA, s.f_theta)
    used = named(TRANSPOSED, s.f_z.T) if broken == "transpose" else f_z
    slope = named(r"\frac{d}{dt} \left(\mathbf{a} \mathbf{S}\right)", slope_of(a * values))
    known = (slope, f_z, f_theta, used, named("S", values), named("a", a))
    known = (*known, *rates(a, -a * s.f_z), *rates(values, s.f_z * values + s.f_theta))
    second = f_z[0] * MatrixSymbol("S", s.n, s.m)
    second = second if broken == "forgotten" else second + f_theta[0]
    row = MatrixSymbol("a", 1, s.n)
    return (
        Step(
            slope[0],
            -row * used[0] * MatrixSymbol("S", s.n, s.m) + row * second,
            r"The product rule for $\mathbf a \mathbf S$, with the adjoint equation for the slope of $\mathbf a$ and "
            "the "
            r"equation above for that of $\mathbf S$.",
            Identity(known),
        ),
        Step(
            slope[0],
            row * f_theta[0],
            "The first and the second term cancel: that is what the adjoint equation is made for.",
            Identity(known),
        ),
    )


def _gradient(s: Setting, broken: str) -> tuple[Step, ...]:
    """From the slope to the gradient."""
    swapped = broken == "limits"
    product = Whole(functions("P", 1, s.m))  # a S, whose slope is a f_theta by the step before
    integral = named(integral_name(swapped), product.integral(*((t1, t0) if swapped else (t0, t1))))
    a, values = line(functions_of_time("a", s.n)), functions("S", s.n, s.m)
    s0, s1 = (named(rf"\mathbf{{S}}(t_{i})", at(values, time)) for i, time in enumerate((t0, t1)))
    a0, a1 = named(A_START, at(a, t0)), named(A_END, at(a, t1))
    ends = (*product.at(t1, a1[1] * s1[1]), *product.at(t0, a0[1] * s0[1]))
    gradient = MatrixSymbol(L_THETA, 1, s.m)
    return (
        Step(
            a1[0] * s1[0] - a0[0] * s0[0],
            integral[0],
            r"So integrate from the start $t_0$ to the end $t_1$: the fundamental theorem of calculus.",
            Identity((integral, a0, a1, s0, s1, *ends)),
        ),
        Step(
            gradient,
            a1[0] * s1[0],
            r"The loss looks at the state at $t_1$, which moves by $\mathbf S(t_1)$ with $\theta$: the chain rule, "
            "where "
            r"$\mathbf a(t_1)$ is the loss's own derivative by that state.",
            Identity(chain(s, s.theta, "S", L_THETA)),
        ),
        Step(
            gradient,
            integral[0],
            r"$\mathbf S(t_0)$ is 0. What is left needs no sensitivity: one integral along the solution gives the "
            "gradient by all parameters.",
            Identity(((gradient, a1[0] * s1[0]), integral, a1, s1, *ends, *((entry, 0) for entry in s0[1].flat()))),
        ),
    )


def _collected(s: Setting, broken: str) -> tuple[Step, ...]:
    """The accumulator that an ODE solver carries along: its slope is -a f_theta."""
    swapped = broken == "limits"
    collected = Whole(line([Function(rf"a_{{\theta,{i}}}", real=True)(t) for i in range(1, s.m + 1)]))
    integral = named(integral_name(swapped), -collected.integral(*((t1, t0) if swapped else (t0, t1))))
    end = named(r"\mathbf{a}_\theta(t_1)", at(collected.value, t1))
    start = named(r"\mathbf{a}_\theta(t_0)", at(collected.value, t0))
    nothing = ImmutableDenseMatrix.zeros(1, s.m)
    gradient = (MatrixSymbol(L_THETA, 1, s.m), -collected.integral(t0, t1))
    return (
        Step(
            end[0],
            sympy.S.Zero,
            r"An ODE solver carries the integral along, as the adjoint $\mathbf a_\theta$ of the parameters with the "
            rf"slope $-\mathbf a {F_THETA}$. At $t_1$ nothing is collected yet: it starts at 0.",
            Definition(),
        ),
        Step(
            start[0],
            end[0] + integral[0],
            r"Solved backwards from $t_1$ to $t_0$, it collects the integral.",
            Identity((start, end, integral)),
        ),
        Step(
            start[0],
            gradient[0],
            "So it ends at the gradient.",
            Identity((start, gradient, *collected.at(t1, nothing))),
        ),
    )


def integral_name(swapped: bool = False) -> str:
    """How the integral is printed."""
    limits = "{t_1}^{t_0}" if swapped else "{t_0}^{t_1}"
    return rf"\int_{limits} \mathbf{{a}} {F_THETA} \, dt"
