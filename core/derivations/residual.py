r"""A residual network is Euler's method, its limit is an ODE, and a step's error is of second order.

Source: Chen et al. 2018, section 1; Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.3.
"""

from sympy import Derivative, Function, Symbol

from core.derivations.checks import Definition, Identity, LimitOf, Series
from core.derivations.step import Derivation, Step
from core.derivations.symbols import h, t

z = Symbol("z", real=True)
"""The state at time t."""
z_next = Symbol("z^{+}", real=True)
"""What one residual block makes of it."""
f = Function("f")
"""The block's branch, or the field; smooth."""
Z = Function("Z")
"""A curve, differentiable as often as needed; from the fourth step on the ODE's solution with Z(t) = z."""

_F = f(z, t)
_SECOND = Derivative(_F, t) + Derivative(_F, z) * _F

BLOCK = Step(
    z_next,
    z + h * _F,
    "One residual block adds $h$ times the output of its branch $f$ to what it was given, $z$. "
    "A common ResNet has $h = 1$.",
    Definition(),
)
ODE = Step(
    Derivative(Z(t), t),
    f(Z(t), t),
    "Infinitely thin blocks: demand that the slope of the curve is $f$. This is the Neural ODE.",
    Definition(),
)


def residual_limit() -> Derivation:
    """A residual network's limit, and the error of one block."""
    return Derivation(
        "A residual block is a step of Euler's method",
        "Every smooth f and every differentiable Z, for a state of one dimension.",
        "Chen et al. 2018, section 1; Hairer, Norsett, Wanner 1993, section II.3",
        steps(),
    )


def steps(block: Step = BLOCK, ode: Step = ODE) -> tuple[Step, ...]:
    """The derivation, in order; whatever rests on the two definitions is checked with them."""
    step, curve, now = (block.lhs, block.rhs), (ode.lhs, ode.rhs), (Z(t), z)
    return (
        block,
        Step(
            (z_next - z) / h,
            _F,
            "So the change by one block, for each unit of depth, is $f$, at any $h$.",
            Identity((step,)),
        ),
        Step(
            (Z(t + h) - Z(t)) / h,
            Derivative(Z(t), t),
            "For a curve $Z$ through depth the same quotient tends to the slope. $Z$ is any differentiable function.",
            LimitOf(h),
        ),
        ode,
        Step(
            Derivative(Z(t), t, t),
            _SECOND,
            "Differentiate once more: the chain rule, with $f$ put in for $Z'$, where $Z(t) = z$.",
            Identity((curve, now)),
        ),
        Step(
            Z(t + h) - z_next,
            h**2 / 2 * Derivative(Z(t), t, t),
            "What one block misses: the curve after $h$, minus the block's output, both from the same $z = Z(t)$.",
            Series(h, 3, (step, curve, now)),
        ),
        Step(
            (Z(t + h) - z_next) / h**2,
            Derivative(Z(t), t, t) / 2,
            "So halving a small $h$ quarters the error of one block. Twice as many blocks, each with a quarter of the "
            "error: about half the error at the end, as section 2 measures. (The tick is for one block.)",
            LimitOf(h, (step, curve, now)),
        ),
    )
