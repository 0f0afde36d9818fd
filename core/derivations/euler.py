r"""Euler's method: what one step misses, and what all steps together miss at most.

Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section I.7, theorem 7.5, and section II.3.
"""

from sympy import Derivative, Function, Integral, MatrixSymbol, Symbol, exp
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.checks import Definition, Identity, LimitOf, Series
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step
from core.derivations.symbols import fields, functions_of_time, jacobian, states, t

h, L, M, T = (Symbol(name, positive=True) for name in ("h", "L", "M", "T"))
"""Step, Lipschitz constant of f in z, bound of the solution's second derivative, length of the interval."""
k = Symbol("k", integer=True, nonnegative=True)
"""Number of the step."""
s = Symbol("s", real=True)
"""Time since the step's beginning, inside an integral."""
x = Symbol("x", positive=True)
q = Symbol("q", positive=True)


def euler_error(n: int = 2) -> Derivation:
    """Local error for n states, 2 or 3, and the bound on the global error, term by term.

    The bound is (Hairer, Norsett, Wanner, theorem 7.5, for a start without error) h M (exp(L T) - 1) / (2 L).
    """
    if n not in (2, 3):
        raise ValueError(f"expected 2 or 3 states, got {n}; `residual` has the derivation for 1")
    return Derivation(
        "Euler's error: of one step, and of all of them",
        f"The local error: every smooth f of {n} states. The sum: all positive h, L, M and T, one state; why one "
        "number is at most another is argued in words.",
        "Hairer, Norsett, Wanner 1993, section I.7, theorem 7.5, and section II.3",
        (*_local(n), *_gathered()),
    )


def _local(n: int) -> tuple[Step, ...]:
    """One step, started on the solution."""
    names, values = states(n), fields(n, 0)
    curve = functions_of_time("Z", n)
    along = [value.subs(dict(zip(names, curve, strict=True))) for value in values]
    solves: Given = tuple(zip((function.diff(t) for function in curve), along, strict=True))
    now: Given = tuple(zip(curve, names, strict=True))
    f, bend, J = MatrixSymbol("f", n, 1), MatrixSymbol(r"\ddot{\mathbf{Z}}", n, 1), MatrixSymbol("J", n, n)
    own = MatrixSymbol(r"\frac{\partial \mathbf{f}}{\partial t}", n, 1)
    given: Given = (
        (f, ImmutableDenseMatrix(values)),
        (J, jacobian(values, names)),
        (own, jacobian(values, [t])),
        (bend, ImmutableDenseMatrix([function.diff(t, 2) for function in curve])),
        *solves,
        *now,
    )
    return (
        Step(
            ImmutableDenseMatrix([function.diff(t) for function in curve]),
            ImmutableDenseMatrix(along),
            r"The solution $\mathbf{Z}(t)$ of $\mathbf{z}' = \mathbf{f}(\mathbf{z}, t)$: its slope is $\mathbf{f}$ "
            "along it.",
            Definition(),
        ),
        Step(
            bend,
            own + J * f,
            r"Its second derivative, by the chain rule. $\mathbf{J}$ is the matrix of the "
            r"$\partial f_i / \partial z_j$.",
            Identity(given),
        ),
        Step(
            ImmutableDenseMatrix(
                [
                    function.subs(t, t + h) - (name + h * value)
                    for function, name, value in zip(curve, names, values, strict=True)
                ]
            ),
            h**2 / 2 * bend,
            r"One step of size $h$, from $\mathbf{z} = \mathbf{Z}(t)$, misses the solution by the *local error*. It "
            "shrinks like $h^2$.",
            Series(h, 3, given),
        ),
    )


def _gathered() -> tuple[Step, ...]:
    """From the local error to the error at T; for one state, with sizes in place of vectors."""
    f, Z = Function("f", real=True), Function("Z", real=True)
    z = Symbol("z_k", real=True)
    growth = 1 + h * L
    first, now, following = (Symbol(name, real=True) for name in ("E_0", "E_k", "E_{k+1}"))
    closed = h * M / (2 * L) * (growth**k - 1)
    bound = h * M / (2 * L) * (exp(L * T) - 1)
    known = ((first, closed.subs(k, 0)), (now, closed), (following, closed.subs(k, k + 1)))
    inside = (h - s) * Derivative(Z(s), s) + Z(s)
    error, later, bent, local = (Symbol(name, real=True) for name in ("e_k", "e_{k+1}", "s_k", "d_k"))
    parts: Given = (
        (error, Z(t) - z),
        (bent, f(Z(t), t) - f(z, t)),
        (local, Z(t + h) - (Z(t) + h * f(Z(t), t))),
        (later, Z(t + h) - (z + h * f(z, t))),
    )
    return (
        Step(
            Derivative(inside, s),
            (h - s) * Derivative(Z(s), (s, 2)),
            "How large is it at most, for one state and a step from 0 to $h$? Integrate both sides over $s$ from 0 to "
            "$h$: on the left $Z(h) - Z(0) - h Z'(0)$ is what stays, the local error itself.",
            Identity(),
        ),
        Step(
            Integral((h - s) * M, (s, 0, h)),
            h**2 / 2 * M,
            "Where $|Z''| \\le M$, the right side's integral, and so the local error, is at most this.",
            Identity(),
        ),
        Step(
            error,
            Z(t) - z,
            "Now many steps. $e_k$ is the error before step $k$, of the number $z_k$ that Euler's method has got.",
            Definition(),
        ),
        Step(
            bent,
            f(Z(t), t) - f(z, t),
            "So its slope is off, too.",
            Definition(),
        ),
        Step(
            local,
            Z(t + h) - (Z(t) + h * f(Z(t), t)),
            "$d_k$ is the local error of that step, as above.",
            Definition(),
        ),
        Step(
            later,
            Z(t + h) - (z + h * f(z, t)),
            "After the step, which starts at $z_k$:",
            Definition(),
        ),
        Step(
            later,
            error + h * bent + local,
            "The new error has three parts: the old one, $h$ times what it does to the slope, and the local error.",
            Identity(parts),
        ),
        Step(
            now,
            closed,
            "The worst case after $k$ steps, if the start is exact. $L$ is a Lipschitz constant: "
            "$|f(u, t) - f(v, t)| \\le L\\,|u - v|$. Why this formula:",
            Definition(),
        ),
        Step(
            following,
            growth * now + h**2 / 2 * M,
            "In the worst case all three parts have one sign and are as large as they may be: $E_k$, $h L E_k$ and "
            "$h^2 M / 2$. The formula keeps to it, from each $k$ to $k + 1$,",
            Identity(known),
        ),
        Step(first, first * 0, "and it is 0 at the start.", Identity(known)),
        Step(
            exp(x) - (1 + x),
            Integral((x - s) * exp(s), (s, 0, x)),
            "For $x > 0$ nothing under the integral is negative, so $1 + x \\le e^x$.",
            Identity(),
        ),
        Step(
            h * M / (2 * L) * (q**k - 1),
            bound,
            "Put $q = e^{h L}$ in the place of $1 + h L$, which makes it larger, and $k = T / h$ steps: **at most "
            "this** is the error after the time $T$. The bound halves with $h$: Euler's method has order 1.",
            Identity(((q, exp(h * L)), (k, T / h))),
        ),
        Step(
            growth ** (T / h),
            exp(L * T),
            "For small steps that is no larger than needed: what was replaced tends to its replacement.",
            LimitOf(h),
        ),
    )
