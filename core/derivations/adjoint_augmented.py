r"""The adjoint of parameters and of time, by counting both among the states.

Source: Chen, Rubanova, Bettencourt, Duvenaud, Neural Ordinary Differential Equations (2018), appendix B.2.
"""

from typing import Any

import sympy
from sympy import BlockMatrix, Derivative, MatrixSymbol, ZeroMatrix
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.adjoint_equation import F_Z, TRANSPOSED, slope_by_limit
from core.derivations.adjoint_setting import (
    Break,
    Setting,
    column,
    line,
    mistake,
    named,
    setting,
)
from core.derivations.checks import Definition, Identity
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step
from core.derivations.symbols import functions_of_time, jacobian, t

BREAKS = (
    Break("sign", "The minus signs are dropped."),
    Break("transpose", "The block of the states is transposed. Where it is symmetric, that changes nothing.", 2),
    Break("forgotten", "The block of the parameters is forgotten.", least_m=1),
    Break("clock", "The last entry is 1, the rate of t itself, where the derivative of that 1 belongs."),
    Break("time", "The derivative of f by t is left out. Where f does not depend on t, that is right."),
)

F_THETA = r"\frac{\partial \mathbf{f}}{\partial \theta}"
F_T = r"\frac{\partial \mathbf{f}}{\partial t}"
_G_Z = r"\frac{\partial \mathbf{g}}{\partial \mathbf{Z}}"


def augmented_adjoint(n: int = 2, m: int = 1, formulas: tuple[str, ...] = (), broken: str = "") -> Derivation:
    """The adjoint equation of the state, the parameters and the time together; arguments as of `adjoint_equation`.

    Raises:
        ValueError: no such dimensions, formulas or mistake.
    """
    s = setting(n, m, formulas)
    mistake("adjoint-augmented", BREAKS, broken, s)
    blocks = _Blocks(s, broken)
    steps = (*_state(s, blocks), *_jacobian(s, blocks, broken), *_equations(s, blocks, broken))
    return Derivation("State, parameters and time together", s.holds, "Chen et al. 2018, appendix B.2", steps)


class _Blocks:
    """The state Z, its slope g and its adjoint, in blocks; the block of the parameters only where there are some."""

    def __init__(self, s: Setting, broken: str) -> None:
        size = s.n + s.m + 1
        states = functions_of_time("a", size)  # the adjoint of Z
        self.a = named("a", line(states[: s.n]))
        self.a_theta = named(r"\mathbf{a}_\theta", line(states[s.n : -1])) if s.m else None
        self.a_t = named(r"a_{\mathit{t}}", line(states[-1:]))
        self.adjoint = line(states)
        self.z, self.f = named("z", column(s.z)), named("f", column(s.f))
        self.theta = named(r"\theta", column(s.theta)) if s.m else None
        self.t, self.one = named(r"\mathit{t}", column([t])), named(r"\mathrm{1}", column([sympy.S.One]))
        self.f_z, self.f_t = named(F_Z, s.f_z), named(F_T, s.f_t)
        self.f_theta = named(F_THETA, s.f_theta) if s.m else None
        self.whole = jacobian((*s.f, *[sympy.S.Zero] * s.m, sympy.S.One), (*s.z, *s.theta, t))
        swapped = named(TRANSPOSED, s.f_z.T)
        self.used = swapped if broken == "transpose" else self.f_z
        self.adjoints: Given = tuple(pair for pair in (self.a, self.a_theta, self.a_t) if pair)
        self.derivatives: Given = tuple(pair for pair in (self.used, self.f_z, self.f_theta, self.f_t) if pair)
        self.values: Given = tuple(pair for pair in (self.z, self.f, self.theta, self.t, self.one) if pair)

    def row(self, *blocks: Any) -> BlockMatrix:
        """Side by side, without those that are None."""
        return BlockMatrix([[block for block in blocks if block is not None]])

    def stacked(self, *blocks: Any) -> BlockMatrix:
        """One below the other, without those that are None."""
        return BlockMatrix([[block] for block in blocks if block is not None])

    @property
    def adjoint_row(self) -> BlockMatrix:
        """The adjoint of Z."""
        return self.row(self.a[0], self.a_theta and self.a_theta[0], self.a_t[0])


def _state(s: Setting, b: _Blocks) -> tuple[Step, ...]:
    size = s.n + s.m + 1
    whole = [*s.curve, *s.theta, t]
    slope = named(r"\dot{\mathbf{Z}}", column([Derivative(value, t) for value in whole]))
    zero = ZeroMatrix(s.m, 1) if s.m else None
    parameters = r"parameters $\theta$ never change, and " if s.m else ""
    return (
        Step(
            MatrixSymbol("Z", size, 1),
            b.stacked(b.z[0], b.theta and b.theta[0], b.t[0]),
            "Count everything that the loss may be differentiated by among the states: one long column.",
            Definition(),
        ),
        Step(
            slope[0],
            b.stacked(b.f[0], zero, b.one[0]),
            rf"Its slope, in short $\mathbf g$: the state follows $\mathbf f$, {parameters}"
            "the time $t$ goes on at the rate 1.",
            Identity((slope, *b.values, *s.follows, *s.here)),
        ),
    )


def _jacobian(s: Setting, b: _Blocks, broken: str) -> tuple[Step, ...]:
    whole = named(_G_Z, b.whole)
    corner = b.one[0] if broken == "clock" else ZeroMatrix(1, 1)
    opened = sympy.Matrix(b.whole)
    if broken == "clock":
        opened[-1, -1] = sympy.S.One
    if broken == "transpose":
        opened[: s.n, : s.n] = s.f_z.T
    if broken == "forgotten":
        opened[: s.n, s.n : -1] = sympy.zeros(s.n, s.m)
    if broken == "time":
        opened[: s.n, -1] = sympy.zeros(s.n, 1)
    given = (whole, *b.derivatives, b.one)
    return (
        Step(
            whole[0],
            _blocks(s, b, broken, corner),
            r"The Jacobian of $\mathbf g$, in blocks. Only $\mathbf f$ depends on anything; the other rows are the "
            "derivatives of constants.",
            Identity(given),
        ),
        Step(
            whole[0],
            ImmutableDenseMatrix(opened),
            "The same with its blocks opened: row $i$ and column $j$ hold the derivative of component $i$ by entry "
            "$j$.",
            Identity(given),
        ),
    )


def _blocks(s: Setting, b: _Blocks, broken: str, corner: Any) -> BlockMatrix:
    by_t = ZeroMatrix(s.n, 1) if broken == "time" else b.f_t[0]
    top, below, last = [b.used[0], by_t], [ZeroMatrix(s.m, s.n), ZeroMatrix(s.m, 1)], [ZeroMatrix(1, s.n), corner]
    if b.f_theta is None:
        return BlockMatrix([top, last])
    top.insert(1, ZeroMatrix(s.n, s.m) if broken == "forgotten" else b.f_theta[0])
    below.insert(1, ZeroMatrix(s.m, s.m))
    last.insert(1, ZeroMatrix(1, s.m))
    return BlockMatrix([top, below, last])


def _equations(s: Setting, b: _Blocks, broken: str) -> tuple[Step, ...]:
    sign = 1 if broken == "sign" else -1
    tends_to, started = slope_by_limit(b.adjoint, b.whole)
    slope = named(r"\dot{\mathbf{a}}", tends_to[:, : s.n])
    slope_theta = named(r"\dot{\mathbf{a}}_\theta", tends_to[:, s.n : -1]) if s.m else None
    slope_t = named(r"\dot{a}_{\mathit{t}}", tends_to[:, -1:])
    slopes = tuple(pair for pair in (slope, slope_theta, slope_t) if pair)
    given = (*slopes, *b.adjoints, *b.derivatives, *started)
    right = _blocks(s, b, broken, ZeroMatrix(1, 1))
    by_theta = None if b.f_theta is None else b.a[0] * b.f_theta[0]
    last = ImmutableDenseMatrix.zeros(1, 1) if broken == "time" else sign * b.a[0] * b.f_t[0]
    steps = [
        Step(
            b.row(slope[0], slope_theta and slope_theta[0], slope_t[0]),
            sign * b.adjoint_row * right,
            r"The adjoint equation holds for $\mathbf Z$ and $\mathbf g$ as it does for $\mathbf z$ and $\mathbf f$. "
            r"The adjoint has a block for each block of $\mathbf Z$.",
            Identity(given),
        ),
        Step(
            b.adjoint_row * named(_G_Z, b.whole)[0],
            b.row(b.a[0] * b.f_z[0], by_theta, b.a[0] * b.f_t[0]),
            r"Row times matrix. The rows of zeros take every other block out: only $\mathbf a$ is needed.",
            Identity((named(_G_Z, b.whole), *b.adjoints, *b.derivatives)),
        ),
        Step(slope[0], sign * b.a[0] * b.used[0], r"Block by block: the adjoint of the state.", Identity(given)),
    ]
    if slope_theta and by_theta is not None:
        nothing = ImmutableDenseMatrix.zeros(1, s.m)
        steps.append(
            Step(
                slope_theta[0],
                nothing if broken == "forgotten" else sign * by_theta,
                r"The adjoint of the parameters. It does not act back on $\mathbf a$, so it only adds up.",
                Identity(given),
            )
        )
    steps.append(
        Step(
            slope_t[0],
            last,
            "The adjoint of the time, with the derivative of $\\mathbf f$ by $t$ alone.",
            Identity(given),
        )
    )
    return tuple(steps)
