r"""Back-propagation through Euler's steps, beside the adjoint equation: equal in the limit, and not before.

Sources: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I (1993), section II.3, for the local error;
Gholami, Keutzer, Biros, ANODE: Unconditionally Accurate Memory-Efficient Gradients for Neural ODEs (2019), section 4,
for the difference between differentiating the steps and solving the adjoint equation by steps.
"""

from sympy import Derivative, Function, MatrixSymbol, Sum, Symbol
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.adjoint_augmented import F_THETA
from core.derivations.adjoint_equation import F_Z, TRANSPOSED
from core.derivations.adjoint_gradients import L_THETA
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
)
from core.derivations.checks import Definition, Identity, LimitOf, Series
from core.derivations.printing import latex
from core.derivations.step import Derivation, Step
from core.derivations.symbols import functions_of_time, h, jacobian, t

BREAKS = (
    Break("sign", "The step's Jacobian is taken with a minus sign."),
    Break("transpose", "The Jacobian of f is transposed. Where it is symmetric, that changes nothing.", 2),
    Break("index", "The adjoint before the step is used where the one after it belongs.", least_m=1),
    Break("order", "Both orders are claimed to agree up to h squared. Where the Jacobian is constant, they do."),
)

_A, _A_NEXT = r"\mathbf{a}_k", r"\mathbf{a}_{k+1}"
_J, _CHANGE = r"\mathbf{J}", r"\dot{\mathbf{J}}"


def discrete_adjoint(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    """The chain rule through Euler's steps; arguments as of `adjoint_equation`.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-discrete", BREAKS, broken, s)
    source = "Hairer, Norsett, Wanner 1993, section II.3; Gholami et al. 2019, section 4"
    steps = (*_step(s, broken), *_gradient(s, broken), *_limit(s), *_errors(s, broken))
    return Derivation("Back-propagation through Euler's steps", s.holds, source, steps)


def _step(s: Setting, broken: str) -> tuple[Step, ...]:
    """One step, and the chain rule through it."""
    z, f = named(r"\mathbf{z}_k", column(s.z)), named("f", column(s.f))
    f_z, one = named(F_Z, s.f_z), named("I", ImmutableDenseMatrix.eye(s.n))
    used = named(TRANSPOSED, s.f_z.T) if broken == "transpose" else f_z
    name = r"\frac{\partial \mathbf{z}_{k+1}}{\partial \mathbf{z}_k}"
    turned = named(name, jacobian([z + h * f for z, f in zip(s.z, s.f, strict=True)], s.z))
    reached = [Function(f"T_{i}", real=True)(*s.z) for i in range(1, s.n + 1)]
    loss = Function("L", real=True)(*reached)
    now = named(_A, line([Derivative(loss, symbol) for symbol in s.z]))
    later = named(_A_NEXT, line([Derivative(loss, value) for value in reached]))
    values = named(_A_NEXT, _letters(s))
    near = one[0] + (-h if broken == "sign" else h) * used[0]
    return (
        Step(
            MatrixSymbol(r"\mathbf{z}_{k+1}", s.n, 1),
            z[0] + h * f[0],
            r"One step of Euler's method, of size $h$, from the state $\mathbf z_k$ at the time $t_k$ to the next. "
            r"Here and below $\mathbf f$ and its derivatives are taken at $\mathbf z_k$ and $t_k$.",
            Definition(),
        ),
        Step(
            turned[0],
            near,
            r"How the next state depends on this one: the identity $\mathbf I$ plus $h$ times the Jacobian of "
            r"$\mathbf f$.",
            Identity((turned, one, f_z, used)),
        ),
        Step(
            now[0],
            later[0] * turned[0],
            r"$\mathbf a_k$ is the derivative of the loss by $\mathbf z_k$, a row. The chain rule: through the next "
            "state.",
            Identity((now, later, named(name, jacobian(reached, s.z)))),
        ),
        Step(
            now[0],
            values[0] * near,
            r"Both together. This is what back-propagation computes, step by step backwards.",
            Identity(((now[0], values[0] * turned[0]), values, turned, one, f_z, used)),
        ),
    )


def _letters(s: Setting) -> ImmutableDenseMatrix:
    """The entries of the adjoint after the step."""
    return line([Symbol(rf"a_{{k+1,{i}}}", real=True) for i in range(1, s.n + 1)])


def _gradient(s: Setting, broken: str) -> tuple[Step, ...]:
    """The parameters' gradient of all steps."""
    if not s.m:
        return ()
    states = [Function(value.name, real=True)(*s.theta) for value in s.z]  # z_k, which the steps before made of theta
    values = matrix(s.n, s.m, lambda i, j: Symbol(f"S_{{{i + 1}{j + 1}}}"))
    later = [value + h * f for value, f in zip(states, s.along(states), strict=True)]
    known = tuple((Derivative(states[i], s.theta[j]), values[i, j]) for i in range(s.n) for j in range(s.m))
    known = (*known, *zip(states, s.z, strict=True))
    after = named(r"\mathbf{S}_{k+1}", matrix(s.n, s.m, lambda i, j: Derivative(later[i], s.theta[j])))
    now, one = named(r"\mathbf{S}_k", values), named("I", ImmutableDenseMatrix.eye(s.n))
    f_z, f_theta = named(F_Z, s.f_z), named(F_THETA, s.f_theta)
    a_next = named(_A_NEXT, _letters(s))
    a = MatrixSymbol(_A, 1, s.n), a_next[1] * (one[1] + h * s.f_z)
    through = (after[0], (one[1] + h * s.f_z) * values + h * s.f_theta)
    k, count = Symbol("k", integer=True), Symbol("N", integer=True, positive=True)
    products = [Function(f"P_{j}", real=True) for j in range(s.m)]  # a_k S_k, by the number k of the step
    change = line([Sum(value(k + 1) - value(k), (k, 0, count - 1)) for value in products])
    total = named(rf"h \sum_{{k=0}}^{{N-1}} \mathbf{{a}}_{{k+1}} {F_THETA}", change)
    gradient = named(L_THETA, line([value(count) for value in products]))
    return (
        Step(
            after[0],
            (one[0] + h * f_z[0]) * now[0] + h * f_theta[0],
            r"For the gradient by parameters $\theta$ let $\mathbf S_k$ be how $\mathbf z_k$ changes with them. "
            "Differentiate "
            "the step.",
            Identity((after, now, one, f_z, f_theta, *known)),
        ),
        Step(
            a_next[0] * after[0] - a[0] * now[0],
            h * (a[0] if broken == "index" else a_next[0]) * f_theta[0],
            r"In $\mathbf a \mathbf S$ all cancels but for what this one step adds.",
            Identity((a_next, a, through, now, f_theta)),
        ),
        Step(
            gradient[0],
            total[0],
            r"Add this up over all $N$ steps. $\mathbf S_0$ is 0, and $\mathbf a_N \mathbf S_N$ is the gradient, by "
            "the chain "
            r"rule. For small $h$ the sum is nearly the integral of the adjoint method.",
            Identity((gradient, total, *((value(0), 0) for value in products))),
        ),
    )


def _limit(s: Setting) -> tuple[Step, ...]:
    """The step's adjoint for smaller and smaller steps."""
    values = line(functions_of_time("a", s.n))
    f_z, one, a = named(F_Z, s.f_z), ImmutableDenseMatrix.eye(s.n), named("a", values)
    letters = _letters(s)
    a_next, now = named(_A_NEXT, letters), MatrixSymbol(_A, 1, s.n)
    curve = named(_A_NEXT, at(values, t + h))
    quotient = (a_next[0] - now) / h
    return (
        Step(
            quotient,
            -a_next[0] * f_z[0],
            "So for each unit of time the adjoint changes, at any $h$, by:",
            Identity((a_next, (now, letters * (one + h * s.f_z)), f_z)),
        ),
        Step(
            quotient,
            -a[0] * f_z[0],
            r"For smaller and smaller steps this tends to the right side of the adjoint equation, where $\mathbf "
            "a_{k+1}$ lies "
            r"on a smooth curve that is $\mathbf a$ at $t_k$.",
            LimitOf(h, (curve, (now, curve[1] * (one + h * s.f_z)), f_z, a)),
        ),
    )


def _errors(s: Setting, broken: str) -> tuple[Step, ...]:
    """What one step misses, and that two orders of doing things differ by as much."""
    along = jacobian(s.along(s.curve), s.curve)
    moves = [named(rf"\frac{{\partial {_J}}}{{\partial {latex(symbol)}}}", s.f_z.diff(symbol)) for symbol in (*s.z, t)]
    spread = moves[-1][0]
    change = moves[-1][1]
    for f, move in zip(s.f, moves, strict=False):
        spread += f * move[0]
        change += f * move[1]
    # From here on the Jacobian along a curve by letters, with its slope; a formula that was typed is put in again. Up
    # to h^2 nothing else of the curve counts, so it may be the solution, or Euler's straight step, which touches it.
    values, turning = line(functions_of_time("a", s.n)), functions("J", s.n, s.n)
    slope = functions(r"\dot{J}", s.n, s.n)
    here, moving = (s.f_z, change) if s.typed else (turning, slope)
    by_letters = (*rates(turning, slope), *((*pairs(turning, here), *pairs(slope, moving)) if s.typed else ()))
    f_z, one, a = named(_J, here), named("I", ImmutableDenseMatrix.eye(s.n)), named("a", values)
    near, changed, squared = one[0] + h * f_z[0], named(_CHANGE, moving), named(rf"{_J}^2", here * here)
    exact = named(r"\mathbf{a}(t_k+h)", at(values, t + h))
    a_next = named(_A_NEXT, _letters(s))
    there = named(rf"{_J}_{{k+1}}", at(turning, t + h))
    other, now = MatrixSymbol(r"\tilde{\mathbf{a}}_k", 1, s.n), MatrixSymbol(_A, 1, s.n)
    differ = ImmutableDenseMatrix.zeros(1, s.n) if broken == "order" else h**2 * a_next[0] * changed[0]
    return (
        Step(MatrixSymbol(_J, s.n, s.n), named(F_Z, s.f_z)[0], "What does one step miss? For short:", Definition()),
        Step(
            changed[0],
            spread,
            "Along a solution the Jacobian itself changes: by the chain rule, since its entries are functions of state "
            "and time.",
            Identity((named(_CHANGE, slope_of(along)), *moves, *s.follows, *s.here)),
        ),
        Step(
            exact[0] * near - a[0],
            -(h**2) / 2 * a[0] * (squared[0] + changed[0]),
            r"From the exact adjoint at $t_k + h$ one step back, minus the exact adjoint $\mathbf a$ at $t_k$: "
            "Taylor's formula. Halving a small $h$ quarters what one step misses. (Each further step multiplies that "
            r"error by $\mathbf I + h \mathbf J$ only, so about $1/h$ steps, in a fixed time, miss order $h$ in all.)",
            Series(h, 3, (exact, a, one, f_z, squared, changed, *rates(values, -values * turning), *by_letters)),
        ),
        Step(
            other,
            a_next[0] * (one[0] + h * there[0]),
            r"The adjoint method solves the adjoint equation backwards. By a step of Euler's method it starts from "
            r"$\mathbf z_{k+1}$, and takes the Jacobian there, $\mathbf J_{k+1}$.",
            Definition(),
        ),
        Step(
            other - now,
            differ,
            "So it is not the gradient of the steps that were made: both differ in each step by this. (Euler's step "
            r"leaves $\mathbf z_k$ with the slope of the solution, so $\mathbf J$ changes by $h \dot{\mathbf J}$ "
            "on it, too. With $h$ the difference goes to 0, and both tend to the gradient of the exact solution.)",
            Series(
                h,
                3,
                (
                    (other, a_next[0] * (one[0] + h * there[0])),
                    (now, a_next[0] * near),
                    *(a_next, one, there, f_z, changed),
                    *by_letters,
                ),
            ),
        ),
    )
