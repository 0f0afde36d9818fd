"""Jacobian-vector and vector-Jacobian products, and why a chain of functions is taken from the left.

Source: Griewank and Walther, Evaluating Derivatives (2008), chapters 3 and 4; Baydin et al. 2018, section 3.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
import torch
from sympy import Derivative, Function, MatrixSymbol, Symbol
from sympy.matrices import ImmutableDenseMatrix
from torch import Tensor

from core.derivations.checks import Definition, Identity, LimitOf, Matches, Sampled, numbers
from core.derivations.step import Derivation, Step
from core.derivations.symbols import eps, jacobian, row, states, t

MOST = 3
"""Largest dimension."""
SAMPLES = 5


def vjp_jvp(n: int = 2, m: int = 2) -> Derivation:
    """Both products for every smooth f of n numbers to m numbers, each 1 to 3, and for one f against torch.

    Raises:
        ValueError: n or m out of range.
    """
    if not (1 <= n <= MOST and 1 <= m <= MOST):
        raise ValueError(f"expected dimensions from 1 to {MOST}, got {n} and {m}")
    z = states(n)
    f: list[Any] = [Function(_name("f", i, m), real=True)(*z, t) for i in range(m)]
    a, v = _numbers("a", m), _numbers("v", n)
    J, A, V = MatrixSymbol("J", m, n), row("a", m), MatrixSymbol("v", n, 1)
    u, w = MatrixSymbol("u", m, 1), row("w", n)
    given = (
        (J, jacobian(f, z)),
        (A, ImmutableDenseMatrix([a])),
        (V, ImmutableDenseMatrix(v)),
        (u, J * V),
        (w, A * J),
    )
    moved = {name: name + eps * by for name, by in zip(z, v, strict=True)}
    scalar = sum((x * value for x, value in zip(a, f, strict=True)), sympy.Integer(0))
    steps = (
        Step(
            J,
            jacobian(f, z),
            f"The *Jacobian* of $f$, from {_many(n)} to {_many(m)}: row $i$, column $j$ holds the derivative of $f_i$ "
            "by $z_j$, at a fixed time $t$.",
            Definition(),
        ),
        Step(u, J * V, r"The **jvp** of a direction $\mathbf{v}$, a column.", Definition()),
        Step(
            ImmutableDenseMatrix([(value.xreplace(moved) - value) / eps for value in f]),
            u,
            r"It says how fast $f$ changes when its argument moves along $\mathbf{v}$.",
            LimitOf(eps, given),
        ),
        Step(w, A * J, r"The **vjp** of a row $\mathbf{a}$.", Definition()),
        Step(
            ImmutableDenseMatrix([[Derivative(scalar, name) for name in z]]),
            w,
            r"It is the gradient of one number, $\mathbf{a}$ times $f$: one backward pass, and no Jacobian is formed.",
            Identity(given),
        ),
        Step(
            w.T,
            J.T * A.T,
            r"Written as columns, it is a product with the *transpose* of the Jacobian.",
            Identity(given),
        ),
        Step(
            w * V,
            A * u,
            "Either product gives the same number, whether the row meets the Jacobian first or the column does.",
            Identity(given),
        ),
        *_chain(n, m),
        *_measured(z, a, v),
    )
    return Derivation(
        "Jacobian-vector and vector-Jacobian products",
        f"Every smooth f of {_many(n)} to {_many(m)} and every smooth g of those to 2; the last two steps for one f.",
        "Griewank and Walther 2008, chapters 3 and 4; Baydin et al. 2018, section 3",
        steps,
    )


def _chain(n: int, m: int) -> tuple[Step, ...]:
    """g after f."""
    z = states(n)
    f: list[Any] = [Function(_name("f", i, m), real=True)(*z, t) for i in range(m)]
    g: list[Any] = [Function(_name("g", i, 2), real=True)(*f, t) for i in range(2)]
    G, J, whole, A = MatrixSymbol("G", 2, m), MatrixSymbol("J", m, n), MatrixSymbol("K", 2, n), row("a", 2)
    p = row("p", m)
    given = (
        (G, jacobian(g, f)),
        (J, jacobian(f, z)),
        (whole, jacobian(g, z)),
        (A, ImmutableDenseMatrix([_numbers("a", 2)])),
        (p, A * G),
    )
    return (
        Step(G, jacobian(g, f), "After $f$ comes a function $g$ to 2 numbers, with the Jacobian", Definition()),
        Step(
            whole,
            G * J,
            r"The Jacobian $\mathbf{K}$ of both together is the product: the chain rule.",
            Identity(given),
        ),
        Step(p, A * G, r"So a row $\mathbf{a}$ goes through $g$ first,", Definition()),
        Step(
            A * whole,
            p * J,
            "and then through $f$: at each function a row meets a matrix, and no two Jacobians are multiplied.",
            Identity(given),
        ),
    )


def _measured(z: Sequence[Symbol], a: Sequence[Symbol], v: Sequence[Symbol]) -> tuple[Step, ...]:
    """A J v of one f, against torch."""
    f = concrete(z, len(a), sympy.sin)
    jvp = [sum(value.diff(name) * by for name, by in zip(z, v, strict=True)) for value in f]
    product = sum((x * value for x, value in zip(a, jvp, strict=True)), sympy.Integer(0))
    number = Symbol(r"\mathbf{a}\,\mathbf{J}\,\mathbf{v}")
    listed = ", ".join(sympy.latex(value) for value in f)
    sampled = Sampled({name: numbers(-2, 2) for name in (*z, *a, *v)}, samples=SAMPLES)

    def drawn(values: Mapping[Symbol, Any], names: Sequence[Symbol]) -> Tensor:
        return torch.tensor([float(values[name]) for name in names], dtype=torch.float64)

    def func(at: Tensor) -> Tensor:
        return torch.stack(concrete(list(at), len(a), torch.sin))

    def by_vjp(values: Mapping[Symbol, Any]) -> float:
        product: Any = torch.autograd.functional.vjp(func, drawn(values, z), drawn(values, a))[1]
        return float(product @ drawn(values, v))

    def by_jvp(values: Mapping[Symbol, Any]) -> float:
        product: Any = torch.autograd.functional.jvp(func, drawn(values, z), drawn(values, v))[1]
        return float(drawn(values, a) @ product)

    return (
        Step(
            number,
            product,
            rf"For $f(\mathbf{{z}}) = ({listed})$, torch's vjp times $\mathbf{{v}}$,",
            Matches(by_vjp, "`torch.autograd.functional.vjp`", sampled),
        ),
        Step(
            number,
            product,
            r"and $\mathbf{a}$ times its jvp.",
            Matches(by_jvp, "`torch.autograd.functional.jvp`", sampled),
        ),
    )


def concrete(z: Sequence[Any], m: int, sin: Any) -> list[Any]:
    """An f for any dimensions, of sympy's symbols or of torch's numbers."""
    n = len(z)
    return [z[i % n] ** 2 * z[(i + 1) % n] + sin((i + 1) * z[(i + 2) % n]) for i in range(m)]


def _numbers(letter: str, n: int) -> list[Symbol]:
    return [Symbol(_name(letter, i, n), real=True) for i in range(n)]


def _name(letter: str, i: int, n: int) -> str:
    return f"{letter}_{i + 1}" if n > 1 else letter


def _many(n: int) -> str:
    return f"{n} number" + "s" * (n > 1)
