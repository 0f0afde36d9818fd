r"""Formulas that are often written wrongly: the right one as a derivation, the wrong one as a step that must fail.

For each function there is one with ``wrong_`` in front: the same claim as it is often read. A page shows both, each
with its verdict. Sources: Chen et al. 2018, appendix B; Hairer, Norsett, Wanner, Solving Ordinary Differential
Equations I, section I.1 and I.12; Hairer, Wanner, Solving Ordinary Differential Equations II, section VI.1.
"""

from sympy import (
    Derivative,
    Determinant,
    Function,
    Integral,
    MatMul,
    MatrixSymbol,
    Mul,
    S,
    Subs,
    Symbol,
    cos,
    exp,
    eye,
    sin,
    symbols,
)
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.checks import Identity
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Side, Step
from core.derivations.symbols import fields, jacobian, parameters, states, t, t0, t1

_APPENDIX = "Chen et al. 2018, appendix B"
_HNW = "Hairer, Norsett, Wanner 1993, section I.1"
_COUNT = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}

theta, z0 = symbols("theta z_0", real=True)
z, f = Function("z", real=True), Function("f")


def minus_sign(n: int = 2) -> Derivation:
    """The block product in the adjoint of the augmented state Z = [z, theta, t], for n states."""
    whole, blocks, part, first, given = _augmented(n)
    return Derivation(
        "The block product of the adjoint equation",
        f"Every smooth f of {_COUNT[n]} state{'s' if n > 1 else ''} and one parameter.",
        f"{_APPENDIX}.2",
        (
            Step(
                -whole * blocks,
                -part * first,
                r"The row $\mathbf a = [\mathbf a_{\mathbf z}, a_\theta, a_t]$ holds the loss's derivatives by "
                r"$\mathbf z$, $\theta$ and $t$, of which only $\mathbf z$ changes by $\mathbf f$: the other rows of "
                r"the matrix are 0. Its rate of change is the left side, and the minus sign stands on both sides.",
                Identity(given),
            ),
        ),
    )


def wrong_minus_sign(n: int = 2) -> Step:
    """The line without its minus sign, followed by the one that has it."""
    whole, blocks, part, first, given = _augmented(n)
    why = "The minus sign left out in one line, and back in the next."
    return Step(whole * blocks, -part * first, why, Identity(given))


def _augmented(n: int) -> tuple[MatrixSymbol, Side, MatrixSymbol, Side, Given]:
    """The row a, the block matrix, the row of z alone, the first row of blocks, and their entries."""
    state, parameter, field = states(n), parameters(1), fields(n, 1)
    whole, part = MatrixSymbol("a", 1, n + 2), MatrixSymbol(r"\mathbf{a}_{\mathbf{z}}", 1, n)
    row = r"\frac{\partial \mathbf{f}}{\partial \mathbf{z}} & \frac{\partial \mathbf{f}}{\partial \theta} & "
    row += r"\frac{\partial \mathbf{f}}{\partial t}"
    zero = r"\mathbf{0} & 0 & 0"
    blocks = MatrixSymbol(rf"\begin{{bmatrix}} {row} \\[0.5em] {zero} \\ {zero} \end{{bmatrix}}", n + 2, n + 2)
    first = MatrixSymbol(rf"\begin{{bmatrix}} {row} \end{{bmatrix}}", n, n + 2)
    entries = [Symbol(f"a_{i}", real=True) for i in range(1, n + 1)]
    everything = (*state, *parameter, t)
    given = (
        (whole, ImmutableDenseMatrix([[*entries, *symbols("a_theta a_t", real=True)]])),
        (part, ImmutableDenseMatrix([entries])),
        (blocks, jacobian((*field, S.Zero, S.One), everything)),
        (first, jacobian(field, everything)),
    )
    return whole, blocks, part, first, given


def total_derivative() -> Derivation:
    """Along a solution, f changes with t and with z."""
    return Derivation(
        "Total and partial derivative along a solution",
        "Every smooth f of one state and t.",
        f"{_HNW}; {_APPENDIX}.2",
        (
            Step(
                *_TOTAL,
                "The chain rule along a solution, on which $z' = f$: $f$ changes because $t$ does, and because $z$ "
                "does. The round ∂ holds all other variables fixed; the straight d follows the solution.",
                _ALONG,
            ),
        ),
    )


def wrong_total_derivative() -> Step:
    """The straight d where the round one is meant."""
    return Step(_TOTAL[0], Derivative(f(_Z, t), t), "Straight d and round ∂ taken for the same.", _ALONG)


_Z = Symbol("z", real=True)
_ALONG = Identity(((Derivative(z(t), t), f(z(t), t)), (z(t), _Z)))
_TOTAL = (Derivative(f(z(t), t), t), Derivative(f(_Z, t), t) + Derivative(f(_Z, t), _Z) * f(_Z, t))


def parameter_integral() -> Derivation:
    """The gradient by a parameter, with its limits and its sign."""
    return Derivation(
        "The gradient by a parameter is an integral with limits",
        "z' = θ z with L = z at the end, for all θ, starts and times.",
        f"{_APPENDIX}.2",
        (
            Step(
                Derivative(Integral(_integrand(_S), (_S, t, t1)), t),
                -_integrand(t),
                r"Take $f = \theta z$ and $L = z(t_1)$. Then $z = z_0 e^{\theta (t - t_0)}$, "
                r"$a = e^{\theta (t_1 - t)}$ and $\partial f/\partial\theta = z$. The integral of "
                r"$a\,\partial f/\partial\theta$ from $t$ to $t_1$ has the slope that $a_\theta$ must have, and it is "
                "0 at $t = t_1$: that is the end value. The minus sign belongs to the *lower* limit.",
                Identity(),
            ),
            Step(
                _GRADIENT,
                Integral(_integrand(t), (t, t0, t1)),
                r"At $t = t_0$ it is the gradient $dL/d\theta$, with a plus sign.",
                Identity(),
            ),
        ),
    )


def wrong_parameter_integral() -> tuple[Step, Step]:
    """The minus sign kept between the limits, and no limits at all."""
    limits, none = "The minus sign kept, with the limits from $t_0$ to $t_1$.", "As it is written, without limits."
    return (
        Step(_GRADIENT, -Integral(_integrand(t), (t, t0, t1)), limits, Identity()),
        Step(_GRADIENT, -Integral(_integrand(t), t), none, Identity()),
    )


_S = Symbol("s", real=True)
_GRADIENT = Derivative(z0 * exp(theta * (t1 - t0)), theta)


def _integrand(time: Symbol) -> Side:
    """a df/dtheta of z' = theta z."""
    return Mul(exp(theta * (t1 - time)), z0 * exp(theta * (time - t0)), evaluate=False)


def time_accumulator() -> Derivation:
    """The gradient by the start time, from the accumulator's value at the end."""
    return Derivation(
        "Where the accumulator of the start time begins",
        "z' = 2 t z with L = z at the end, for all starts and times.",
        f"{_APPENDIX}.2 and C",
        (
            Step(
                _BY_START,
                _AT_END + _COLLECTED,
                r"Take $f = 2 t z$ and $L = z(t_1)$. Then $z = z_0 e^{t^2 - t_0^2}$, $a = e^{t_1^2 - t^2}$ and "
                r"$\partial f/\partial t = 2 z$. Going back from $t_1$ to $t_0$ the accumulator $a_t$ collects the "
                r"integral of $a\,\partial f/\partial t$. It ends at $dL/dt_0$ if it starts at $-a(t_1) f(t_1)$, the "
                "term without an integral.",
                Identity(),
            ),
            Step(
                _BY_START,
                -2 * t0 * z0 * exp(t1**2 - t0**2),
                "The same without any integral, $-a(t_0) f(t_0)$: a later start leaves out the solution's first piece.",
                Identity(),
            ),
        ),
    )


def wrong_time_accumulator() -> Step:
    """The accumulator begins at 0."""
    return Step(_BY_START, _COLLECTED, r"The accumulator started at 0, as that of $\theta$ is.", Identity())


_BY_START = Derivative(z0 * exp(t1**2 - t0**2), t0)
_AT_END = -2 * t1 * z0 * exp(t1**2 - t0**2)
_COLLECTED = Integral(Mul(exp(t1**2 - t**2), 2 * z0 * exp(t**2 - t0**2), evaluate=False), (t, t0, t1))


def last_index(n: int = 2) -> Derivation:
    """The linear equation of order n has n + 1 coefficients."""
    return Derivation(
        "A linear equation's last coefficient",
        f"Order {n}, all coefficients and all functions z with that many derivatives.",
        _HNW,
        (
            Step(
                _product(n),
                _terms(n),
                f"One coefficient for each of $z, z', \\dots$ up to the derivative of order {n}: they are {n + 1}, "
                f"since the first stands at order 0. The last is $a_{{{n + 1}}}$.",
                Identity(),
            ),
        ),
    )


def wrong_last_index(n: int = 2) -> Step:
    """The list closed with the index of its order."""
    last, beyond = _coefficients(n)[n - 1 :]
    wrong = _terms(n).xreplace({beyond: last})
    return Step(_product(n), wrong, f"The list closed with $a_{n}$ at the derivative of order {n}.", Identity())


def _coefficients(n: int) -> tuple[Symbol, ...]:
    return symbols(f"a_1:{n + 2}", real=True)


def _product(n: int) -> Side:
    derivatives = ImmutableDenseMatrix([[z(t).diff(t, order)] for order in range(n + 1)])
    return MatMul(ImmutableDenseMatrix([_coefficients(n)]), derivatives, evaluate=False)


def _terms(n: int) -> Side:
    return sum((c * z(t).diff(t, order) for order, c in enumerate(_coefficients(n))), S.Zero)


def stacking() -> Derivation:
    """An equation of order 2 as a system of first order."""
    first, second, third = _coefficients(2)
    highest = (Derivative(z(t), t, t), -(first * z(t) + second * Derivative(z(t), t)) / third)
    stacked = ImmutableDenseMatrix([[z(t)], [Derivative(z(t), t)]])
    matrix = ImmutableDenseMatrix([[0, 1], [-first / third, -second / third]])
    return Derivation(
        "Stacked derivatives make a system of first order",
        "Every equation of order 2 with constant coefficients, the last not 0.",
        _HNW,
        (
            Step(
                stacked.diff(t),
                MatMul(matrix, stacked, evaluate=False),
                "Solve $a_1 z + a_2 z' + a_3 z'' = 0$ for the **highest** derivative and let the state be the column "
                "of $z$ and $z'$: its slope is a function of the state.",
                Identity((highest,)),
            ),
        ),
    )


def wrong_stacking() -> Step:
    """Two solutions of z'' + z = 0 with the same z at the same t, whose slopes a function of z and t would equate."""
    slope = Symbol("B", real=True)
    left, right = (Subs(Derivative(solution, t), t, 0) for solution in (cos(t) + slope * sin(t), cos(t)))
    why = (
        r"Of $z'' + z = 0$ both $\cos t + B \sin t$ and $\cos t$ are solutions, and both are 1 at $t = 0$. Were $z'$ "
        r"a function of $z$ and $t$, their slopes there would be equal."
    )
    return Step(left, right, why, Identity())


def constraint() -> Derivation:
    """A differential-algebraic system cannot be solved for its derivatives."""
    return Derivation(
        "An algebraic equation among differential ones",
        "The system z₁' = z₂, z₁ = cos t.",
        "Hairer, Wanner 1996, section VI.1",
        (
            Step(
                Determinant(_BY_SLOPES),
                S.Zero,
                r"The system is $F = [z_1' - z_2,\; z_1 - \cos t] = 0$. Its derivatives by $z_1'$ and $z_2'$ make this "
                "matrix: no $z_2'$ stands anywhere, so its determinant is 0.",
                Identity(),
            ),
        ),
    )


def wrong_constraint() -> Step:
    """Solved for the derivatives all the same."""
    inverse = ImmutableDenseMatrix(2, 2, symbols("x_1:5", real=True))
    why = "To solve for $z_1'$ and $z_2'$ takes an inverse of that matrix, whatever its entries $x_1$ to $x_4$."
    return Step(MatMul(_BY_SLOPES, inverse, evaluate=False), ImmutableDenseMatrix(eye(2)), why, Identity())


def _by_slopes() -> ImmutableDenseMatrix:
    first, second = states(2)
    slopes = symbols("p_1 p_2", real=True)
    return jacobian((slopes[0] - second, first - cos(t)), slopes)


_BY_SLOPES = _by_slopes()
