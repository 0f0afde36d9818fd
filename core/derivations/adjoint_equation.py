r"""The adjoint equation, from the chain rule over a short piece of time.

Source: Chen, Rubanova, Bettencourt, Duvenaud, Neural Ordinary Differential Equations (2018), appendix B.1.
"""

from typing import Any

from sympy import Derivative, Function, MatrixSymbol, Symbol, symbols
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.adjoint_setting import (
    Break,
    Setting,
    at,
    column,
    functions,
    line,
    matrix,
    mistake,
    named,
    pairs,
    rates,
    setting,
    slope_of,
    variation,
)
from core.derivations.checks import Definition, Identity, LimitOf, Series
from core.derivations.deciding import Given
from core.derivations.printing import latex
from core.derivations.step import Derivation, Step
from core.derivations.symbols import eps, functions_of_time, jacobian, t

BREAKS = (
    Break("sign", "The minus sign is dropped."),
    Break("transpose", "The Jacobian is transposed. Where it is symmetric, that changes nothing.", 2),
    Break("identity", "The identity is left out of the Jacobian of T, as if the state at t played no part."),
    Break("chain", "The chain rule is forgotten: a is taken to be the same at both times."),
)

F_Z = r"\frac{\partial \mathbf{f}}{\partial \mathbf{z}}"
TRANSPOSED = r"\left(\frac{\partial \mathbf{f}}{\partial \mathbf{z}}\right)^{\top}"
_T_Z = r"\frac{\partial \mathbf{T}_\epsilon}{\partial \mathbf{z}}"


def adjoint_equation(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    r"""The adjoint equation a' = -a df/dz.

    Args:
        n: states, 1 to 3.
        m: parameters, 0 to 2.
        formulas: components of f that somebody typed, of z1, z2, ... and t; n and m are then theirs.
        broken: a mistake to make, a name in `BREAKS`.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-equation", BREAKS, broken, s)
    steps = (*_moving(s), *_turning(s, broken), *_chain(s, broken), *_limit(s, broken))
    return Derivation("The adjoint equation", s.holds, "Chen et al. 2018, appendix B.1", steps)


def _moving(s: Setting) -> tuple[Step, ...]:
    """The state a short time later."""
    z, f = named("z", column(s.z)), named("f", column(s.f))
    slope = MatrixSymbol(r"\dot{\mathbf{z}}", s.n, 1)
    later = named(r"\mathbf{z}(t+\epsilon)", at(column(s.curve), t + eps))
    return (
        Step(
            slope,
            f[0],
            r"The state $\mathbf z$ moves with the slope $\mathbf f$, which depends on the state, on parameters "
            r"$\theta$ and on the time $t$. The dot means: differentiated by $t$.",
            Definition(),
        ),
        Step(
            later[0],
            z[0] + eps * f[0],
            r"Taylor's formula for a short time $\epsilon$, where $\mathbf z$ is the state at $t$: its first "
            r"derivative is $\mathbf f$.",
            Series(eps, 2, (z, f, later, *s.follows, *s.here)),
        ),
        Step(
            MatrixSymbol(r"\mathbf{T}_\epsilon(\mathbf{z})", s.n, 1),
            later[0],
            r"The state at $t + \epsilon$ is a function of the state at $t$. Call this function $\mathbf T_\epsilon$.",
            Definition(),
        ),
    )


def _turning(s: Setting, broken: str) -> tuple[Step, ...]:
    """How that state depends on the one before."""
    start = symbols(f"y_1:{s.n + 1}", real=True)  # the state at t, apart from z, the state reached
    flow = variation(s, start, "M")
    f_z, one = named(F_Z, s.f_z), named("I", ImmutableDenseMatrix.eye(s.n))
    reached = named(_T_Z, flow.value)
    slope = named(r"\frac{d}{d\epsilon} " + _T_Z, flow.rate)
    return (
        Step(
            slope[0],
            f_z[0] * reached[0],
            r"How $\mathbf T_\epsilon$ depends on $\mathbf z$ is a Jacobian: row $i$ and column $j$ hold the "
            "derivative "
            r"of component $i$ by $z_j$. Differentiate $\dot{\mathbf z} = \mathbf f$ by the state at $t$: the chain "
            "rule. "
            rf"(${F_Z}$ is taken at the state reached.)",
            Identity((slope, reached, f_z, *flow.given)),
        ),
        Step(
            reached[0],
            eps * f_z[0] if broken == "identity" else one[0] + eps * f_z[0],
            r"At $\epsilon = 0$ nothing has moved, so this Jacobian is the identity $\mathbf I$ there, and by the step "
            rf"before its slope is ${F_Z}$. Taylor's formula again.",
            Series(eps, 2, (f_z, one, (reached[0], at(flow.value, t + eps)), *_started(s, flow.value))),
        ),
    )


def _started(s: Setting, flow: ImmutableDenseMatrix) -> Given:
    """What the steps before say of the Jacobian of T at epsilon = 0: its slope, and then its value."""
    return (*rates(flow, s.f_z * flow), *pairs(flow, ImmutableDenseMatrix.eye(s.n)))


def slope_by_limit(adjoint: ImmutableDenseMatrix, slopes: ImmutableDenseMatrix) -> tuple[ImmutableDenseMatrix, Given]:
    """The proof of the adjoint equation for other states, and what its expressions are.

    The states a short time later depend on those now by a Jacobian that is the identity at first, with known slopes.
    The adjoint's slope is what its difference quotient tends to: as the numerator starts at 0, the numerator's slope.

    Args:
        adjoint: a row of functions of t.
        slopes: the Jacobian of the states' right-hand side; rows of zeros belong to states that never depend on others.
    """
    size = slopes.rows
    moving = [i for i in range(size) if not slopes.row(i).is_zero_matrix]
    some, one = functions("M", len(moving), size), ImmutableDenseMatrix.eye(size)
    flow = matrix(size, size, lambda i, j: some[moving.index(i), j] if i in moving else one[i, j])
    started = (*rates(some, slopes.extract(moving, range(size))), *pairs(some, one.extract(moving, range(size))))
    return slope_of(adjoint - adjoint * flow), started


def _chain(s: Setting, broken: str) -> tuple[Step, ...]:
    """The loss, seen from the state now and from the state a short time later."""
    reached = [Function(f"T_{i}", real=True)(*s.z) for i in range(1, s.n + 1)]
    loss = Function("L", real=True)(*reached)
    turned = named(_T_Z, jacobian(reached, s.z))
    now = named(r"\mathbf{a}(t)", line([Derivative(loss, symbol) for symbol in s.z]))
    later = named(r"\mathbf{a}(t+\epsilon)", line([Derivative(loss, value) for value in reached]))
    return (
        Step(
            now[0],
            MatrixSymbol(r"\frac{\partial L}{\partial \mathbf{z}(t)}", 1, s.n),
            r"The adjoint $\mathbf a$: how the loss $L$, which looks at a later state, changes with the state at $t$. "
            "It is a row, with one entry for each state.",
            Definition(),
        ),
        Step(
            now[0],
            later[0] if broken == "chain" else later[0] * turned[0],
            r"The state at $t$ acts on the loss only through the state at $t + \epsilon$. So the chain rule: the loss "
            "by the later state, times the later state by the state now.",
            Identity((now, later, turned, *_short(s, reached))),
        ),
    )


def _short(s: Setting, reached: list[Any]) -> Given:
    """The entries of the Jacobian of T, and T itself, by letters: a difference would fill the page without them."""
    entries = (
        (Derivative(value, symbol), Symbol(rf"\frac{{\partial T_{i}}}{{\partial {latex(symbol)}}}"))
        for i, value in enumerate(reached, 1)
        for symbol in s.z
    )
    return (*entries, *zip(reached, symbols(f"T_1:{s.n + 1}"), strict=True))


def _limit(s: Setting, broken: str) -> tuple[Step, ...]:
    """The chain rule for a shorter and shorter time."""
    values, flow = line(functions_of_time("a", s.n)), functions("M", s.n, s.n)
    f_z = named(TRANSPOSED, s.f_z.T) if broken == "transpose" else named(F_Z, s.f_z)
    one, a = named("I", ImmutableDenseMatrix.eye(s.n)), named("a", values)
    later, reached = named(r"\mathbf{a}(t+\epsilon)", at(values, t + eps)), at(flow, t + eps)
    now = MatrixSymbol(r"\mathbf{a}(t)", 1, s.n)
    slope = MatrixSymbol(r"\dot{\mathbf{a}}", 1, s.n)
    known = (f_z, one, a, later, *_started(s, flow))
    by_chain_rule = (now, later[1] * reached)
    # The quotient's numerator is 0 at epsilon = 0, so the quotient tends to the slope of the numerator there.
    tends_to = (slope, slope_of(values - values * flow))
    quotient = (later[0] - now) / eps
    result = (1 if broken == "sign" else -1) * a[0] * f_z[0]
    return (
        Step(
            now,
            later[0] * (eps * f_z[0] if broken == "identity" else one[0] + eps * f_z[0]),
            r"Put the Jacobian of $\mathbf T_\epsilon$ in.",
            Series(eps, 2, (*known, by_chain_rule)),
        ),
        Step(
            quotient,
            slope,
            r"The change of $\mathbf a$ for each unit of time tends to its derivative: this is what a derivative is.",
            LimitOf(eps, (later, (now, values), (slope, values.diff(t)))),
        ),
        Step(
            quotient,
            result,
            r"The same quotient, with $\mathbf a(t)$ from the chain rule: what is left is $-\mathbf a(t+\epsilon)$ "
            "times "
            rf"${F_Z}$, and $\mathbf a(t+\epsilon)$ tends to $\mathbf a(t)$, or $\mathbf a$ for short.",
            LimitOf(eps, (*known, by_chain_rule)),
        ),
        Step(
            slope,
            result,
            "One quotient has one limit, so both are equal. This is the adjoint equation.",
            Identity((*known, tends_to)),
        ),
    )
