r"""The product of adjoint and field: its slope, and why it is constant where f does not depend on t by itself.

Source: Pontryagin, Boltyanskii, Gamkrelidze, Mishchenko, The Mathematical Theory of Optimal Processes (1962),
chapter 1: the Hamiltonian along a solution.
"""

from dataclasses import replace

from sympy import Function, S

from core.derivations.adjoint_augmented import F_T
from core.derivations.adjoint_equation import F_Z, TRANSPOSED
from core.derivations.adjoint_setting import (
    A_END,
    A_START,
    Break,
    Setting,
    Whole,
    at,
    column,
    functions,
    line,
    mistake,
    named,
    rates,
    setting,
    slope_of,
)
from core.derivations.checks import Identity
from core.derivations.step import Derivation, Step
from core.derivations.symbols import functions_of_time, t0, t1

BREAKS = (
    Break("sign", "The minus sign of the adjoint equation is dropped."),
    Break("transpose", "The Jacobian beside a is transposed. Where it is symmetric, that changes nothing.", 2),
    Break("forgotten", "The derivative by t alone is left out of the chain rule."),
    Break("total", "The whole derivative of f by t is put where the partial one belongs."),
)

_PRODUCT = r"\frac{d}{dt} \left(\mathbf{a} \mathbf{f}\right)"


def adjoint_invariant(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    """The slope of a f; arguments as of `adjoint_equation`.

    That it is constant is shown for f without t: for such functions if f is undefined, of formulas if they have no t.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-invariant", BREAKS, broken, s)
    steps = _slope(s, broken)
    if not s.typed:
        s = replace(s, f=tuple(Function(type(f).__name__, real=True)(*s.z, *s.theta) for f in s.f))
    if s.autonomous:
        steps += _constant(s)
    return Derivation("What the adjoint keeps", setting(n, m, formulas).holds, "Pontryagin et al. 1962", steps)


def _slope(s: Setting, broken: str) -> tuple[Step, ...]:
    values, along = line(functions_of_time("a", s.n)), column(s.along(s.curve))
    a, f, f_z, f_t = named("a", values), named("f", along), named(F_Z, s.f_z), named(F_T, s.f_t)
    used = named(TRANSPOSED, s.f_z.T) if broken == "transpose" else f_z
    slope = named(_PRODUCT, slope_of(values * along))
    slope_a, slope_f = named(r"\dot{\mathbf{a}}", slope_of(values)), named(r"\dot{\mathbf{f}}", slope_of(along))
    any_f = column(functions_of_time("f", s.n))  # the product rule is for every function of time
    chain_rule = f_z[0] * f[0] if broken == "forgotten" else f_z[0] * f[0] + f_t[0]
    known = (slope, a, f, f_z, f_t, used, slope_f, *rates(values, -values * s.f_z), *s.follows, *s.here)
    sign = 1 if broken == "sign" else -1
    return (
        Step(
            slope[0],
            slope_a[0] * f[0] + a[0] * slope_f[0],
            r"The adjoint $\mathbf a$ times the field $\mathbf f$, along a solution, is one number at each time. Its "
            "slope, "
            "by the product rule:",
            Identity(
                (
                    (slope[0], slope_of(values * any_f)),
                    (slope_f[0], slope_of(any_f)),
                    (f[0], any_f),
                    *(slope_a, a),
                )
            ),
        ),
        Step(
            slope_f[0],
            chain_rule,
            r"Along the solution $\mathbf f$ changes because the state moves, with the slope $\mathbf f$, and because "
            "$t$ goes on: the chain rule.",
            Identity((slope_f, f, f_z, f_t, *s.follows, *s.here)),
        ),
        Step(
            slope[0],
            sign * a[0] * used[0] * f[0] + a[0] * chain_rule,
            r"Put this and the adjoint equation in.",
            Identity(known),
        ),
        Step(
            slope[0],
            a[0] * slope_f[0] if broken == "total" else a[0] * f_t[0],
            r"The first and the second term cancel. Only the derivative of $\mathbf f$ by $t$ alone is left.",
            Identity(known),
        ),
    )


def _constant(s: Setting) -> tuple[Step, ...]:
    """For a field without t."""
    values, along = line(functions_of_time("a", s.n)), column(s.along(s.curve))
    slope = named(_PRODUCT, slope_of(values * along))
    end, start = named(A_END, at(values, t1)), named(A_START, at(values, t0))
    f = column(functions_of_time("f", s.n))
    f_end, f_start = named(r"\mathbf{f}(t_1)", at(f, t1)), named(r"\mathbf{f}(t_0)", at(f, t0))
    product = Whole(functions("P", 1, 1))
    change = named(rf"\int_{{t_0}}^{{t_1}} {_PRODUCT} \, dt", product.integral(t0, t1))
    ends = (*product.at(t1, end[1] * f_end[1]), *product.at(t0, start[1] * f_start[1]))
    return (
        Step(
            slope[0],
            S.Zero,
            r"Where $\mathbf f$ does not depend on $t$ by itself, nothing is left.",
            Identity((slope, *rates(values, -values * s.f_z), *s.follows, *s.here)),
        ),
        Step(
            end[0] * f_end[0] - start[0] * f_start[0],
            change[0],
            r"Then $\mathbf a \mathbf f$ is the same at all times, since it changes by the integral of 0. So a "
            "computed "
            r"$\mathbf a \mathbf f$ that moves on its way back to $t_0$ tells of an error.",
            Identity((end, start, f_end, f_start, change, *ends)),
        ),
    )
