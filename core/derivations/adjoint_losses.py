r"""The adjoint where the loss looks at the state more than once: at several times, or all the time.

Sources: Chen, Rubanova, Bettencourt, Duvenaud, Neural Ordinary Differential Equations (2018), section 2 and figure 2;
Pontryagin et al., The Mathematical Theory of Optimal Processes (1962), for a loss that is an integral.
"""

from sympy import BlockMatrix, Derivative, Dummy, Function, MatrixSymbol, S, Symbol, ZeroMatrix, symbols
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.adjoint_augmented import F_THETA
from core.derivations.adjoint_equation import F_Z, slope_by_limit
from core.derivations.adjoint_gradients import L_THETA, integral_name
from core.derivations.adjoint_setting import (
    Break,
    Setting,
    Whole,
    functions,
    line,
    matrix,
    mistake,
    named,
    rates,
    setting,
    slope_of,
)
from core.derivations.checks import Definition, Identity
from core.derivations.step import Derivation, Step
from core.derivations.symbols import functions_of_time, jacobian, t, t0, t1

BREAKS = (
    Break("jump-sign", "The jump goes the wrong way."),
    Break("jump-forgotten", "The jump is left out."),
    Break("running-sign", "The derivative of the running loss has the wrong sign."),
    Break("running-forgotten", "The derivative of the running loss is left out."),
)

t2 = Symbol("t_2", real=True)
_BEFORE, _AFTER = r"\mathbf{a}(t_1^-)", r"\mathbf{a}(t_1^+)"
_L_1, _L_2 = (rf"\frac{{\partial \ell_{i}}}{{\partial \mathbf{{z}}(t_{i})}}" for i in (1, 2))
_L_Z = r"\frac{\partial \ell}{\partial \mathbf{z}}"


def adjoint_losses(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    """Losses at several times, and a running loss; arguments as of `adjoint_equation`.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-losses", BREAKS, broken, s)
    steps = (*_jump(s, broken), *_pieces(s), *_running(s, broken), *_collected(s))
    holds = f"{s.holds[:-1]}, and every smooth loss."
    return Derivation(
        "More than one look at the state", holds, "Chen et al. 2018, section 2; Pontryagin et al. 1962", steps
    )


def _jump(s: Setting, broken: str) -> tuple[Step, ...]:
    """The adjoint on both sides of a time at which the loss looks."""
    look, later = (Function(name, real=True)(*s.z) for name in ("l", "R"))
    before = named(_BEFORE, line([Derivative(look + later, symbol) for symbol in s.z]))
    after = named(_AFTER, line([Derivative(later, symbol) for symbol in s.z]))
    by_state = named(_L_1, line([Derivative(look, symbol) for symbol in s.z]))
    jumps = {"jump-sign": after[0] - by_state[0], "jump-forgotten": after[0]}
    return (
        Step(
            Symbol("L"),
            Symbol(r"{\ell_1(\mathbf{z}(t_1)) + \ell_2(\mathbf{z}(t_2))}"),
            r"Let the loss look twice, at $t_1$ by $\ell_1$ and at the later time $t_2$ by $\ell_2$.",
            Definition(),
        ),
        Step(
            before[0],
            jumps.get(broken, after[0] + by_state[0]),
            "Let $t_1^-$ be just before $t_1$ and $t_1^+$ just after. Seen from after, the loss changes with the "
            "state by "
            r"what comes later only; seen from before, by $\ell_1$ too. So the adjoint jumps.",
            Identity((before, after, by_state)),
        ),
    )


def _pieces(s: Setting) -> tuple[Step, ...]:
    """The parameters' gradient is still one integral, over both pieces."""
    if not s.m:
        return ()
    ends = [[Function(value.name, real=True)(*s.theta, time) for value in s.z] for time in (t1, t2)]
    looks = [Function(f"l_{i}", real=True)(*end) for i, end in enumerate(ends, 1)]
    gradient = named(L_THETA, line([Derivative(looks[0] + looks[1], symbol) for symbol in s.theta]))
    by_state = [
        named(name, line([Derivative(look, value) for value in end]))
        for name, look, end in zip((_L_1, _L_2), looks, ends, strict=True)
    ]
    sensitivity = [named(rf"\mathbf{{S}}(t_{i})", jacobian(end, s.theta)) for i, end in enumerate(ends, 1)]
    # from here on by letters: a S on the first and on the second piece, which is 0 at t0
    first, second = Whole(functions("P", 1, s.m)), Whole(functions("Q", 1, s.m))
    l1, l2, after = (line(symbols(f"{letter}:{s.n}")) for letter in "uvw")
    s1, s2 = (matrix(s.n, s.m, lambda j, k, i=i: Symbol(f"S{i}{j}{k}")) for i in (1, 2))
    values = (
        *first.at(t1, (after + l1) * s1),
        *first.at(t0, ImmutableDenseMatrix.zeros(1, s.m)),
        *second.at(t2, l2 * s2),
        *second.at(t1, after * s1),
    )
    total = MatrixSymbol(L_THETA, 1, s.m), l1 * s1 + l2 * s2
    early = named(integral_name(), first.integral(t0, t1))
    late = named(integral_name().replace("{t_0}^{t_1}", "{t_1}^{t_2}"), second.integral(t1, t2))
    return (
        Step(
            gradient[0],
            by_state[0][0] * sensitivity[0][0] + by_state[1][0] * sensitivity[1][0],
            r"The gradient by parameters $\theta$, by the chain rule: $\mathbf S$ is how the state changes with them.",
            Identity((gradient, *by_state, *sensitivity)),
        ),
        Step(
            total[0],
            early[0] + late[0],
            r"On each piece $\mathbf a \mathbf S$ changes by this integral. The jump puts in just what $\ell_1$ adds "
            "to the "
            "gradient, so nothing else has to be added.",
            Identity((total, early, late, *values)),
        ),
    )


def _running(s: Setting, broken: str) -> tuple[Step, ...]:
    """A loss that is an integral over time becomes one more state."""
    loss = Function("l", real=True)(*s.z, t)
    states = functions_of_time("a", s.n + 1)
    a, a_c = named("a", line(states[:-1])), named(r"a_{\mathit{c}}", line(states[-1:]))
    f_z, l_z = named(F_Z, s.f_z), named(_L_Z, jacobian([loss], s.z))
    whole = jacobian((*s.f, loss), (*s.z, Dummy("c")))
    blocks = BlockMatrix([[f_z[0], ZeroMatrix(s.n, 1)], [l_z[0], ZeroMatrix(1, 1)]])
    tends_to, started = slope_by_limit(line(states), whole)
    slope = named(r"\dot{\mathbf{a}}", tends_to[:, :-1])
    slope_c = named(r"\dot{a}_{\mathit{c}}", tends_to[:, -1:])
    jac = named(r"\frac{\partial (\mathbf{f}, \ell)}{\partial (\mathbf{z}, c)}", whole)
    known = (slope, slope_c, a, a_c, f_z, l_z, *started)
    result = {"running-sign": l_z[0] - a[0] * f_z[0], "running-forgotten": -a[0] * f_z[0]}
    return (
        Step(
            Symbol(r"{\dot{c}}"),
            Symbol(r"{\ell(\mathbf{z}, t)}"),
            r"Now a loss that runs, the integral of $\ell(\mathbf z, t)$ over time. Count what has been collected so "
            "far, "
            r"$c$, among the states: it starts at 0 with the slope $\ell$, and the loss is its end value.",
            Definition(),
        ),
        Step(
            jac[0],
            blocks,
            r"The Jacobian of both slopes, in blocks. Nothing depends on $c$.",
            Identity((jac, f_z, l_z)),
        ),
        Step(
            BlockMatrix([[slope[0], slope_c[0]]]),
            -BlockMatrix([[a[0], a_c[0]]]) * blocks,
            r"The adjoint equation for all states, with $a_c$ the adjoint of $c$.",
            Identity(known),
        ),
        Step(
            slope_c[0],
            S.Zero,
            r"So $a_c$ never changes. The loss is the end value of $c$ itself, so $a_c$ is 1 at the end and always.",
            Identity(known),
        ),
        Step(
            slope[0],
            result.get(broken, -a[0] * f_z[0] - l_z[0]),
            "The block of the state, with 1 for $a_c$. It starts backwards from 0, where nothing looks at the end "
            "itself.",
            Identity((*known, (states[-1], S.One))),
        ),
    )


def _collected(s: Setting) -> tuple[Step, ...]:
    """The parameters' gradient of a running loss."""
    if not s.m:
        return ()
    loss = Function("l", real=True)(*s.z, t)
    a, values = line(functions_of_time("a", s.n)), functions("S", s.n, s.m)
    l_z, f_theta = named(_L_Z, jacobian([loss], s.z)), named(F_THETA, s.f_theta)
    product = named(r"\frac{d}{dt} \left(\mathbf{a} \mathbf{S}\right)", slope_of(a * values))
    slopes = (*rates(a, -a * s.f_z - l_z[1]), *rates(values, s.f_z * values + s.f_theta))
    # by letters: P is a S, which is 0 at both ends, and Q the integral of a f_theta
    both, wanted = Whole(functions("P", 1, s.m)), Whole(functions("Q", 1, s.m))
    nothing = ImmutableDenseMatrix.zeros(1, s.m)
    looked = wanted.integral(t0, t1) - both.integral(t0, t1)
    looks = named(rf"\int_{{t_0}}^{{t_1}} {_L_Z} \mathbf{{S}} \, dt", looked)
    integral = named(integral_name(), wanted.integral(t0, t1))
    return (
        Step(
            product[0],
            MatrixSymbol("a", 1, s.n) * f_theta[0] - l_z[0] * MatrixSymbol("S", s.n, s.m),
            r"With parameters $\theta$, and $\mathbf S$ for how the state changes with them: the product rule, where "
            "two "
            "terms cancel as before.",
            Identity((product, named("a", a), named("S", values), l_z, f_theta, *slopes)),
        ),
        Step(
            looks[0],
            integral[0],
            r"Integrate: $\mathbf a$ is 0 at $t_1$ and $\mathbf S$ at $t_0$. On the left is the gradient of the "
            "running "
            "loss, on the right the integral that gives it without any sensitivity.",
            Identity((looks, integral, *both.at(t1, nothing), *both.at(t0, nothing))),
        ),
    )
