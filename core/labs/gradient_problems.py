r"""Initial value problems whose loss is differentiated, each with the exact gradient where there is a formula.

The loss is :math:`L = \tfrac12 |z(t_1)|^2`, so that its derivative by the last state is that state.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Problem:
    """z' = f(t, z, theta) from z(0) = z0, with values that the labs start from."""

    title: str
    latex: str
    f: Function
    """(), (d,), (p,) -> (d,)."""
    z0: tuple[float, ...]
    theta: tuple[float, ...]
    names: tuple[str, ...]
    """Of the parameters, in LaTeX; those of a network only say what they are."""
    solution: Function | None = None
    """(t, z0, theta) to z(t), in closed form."""
    autonomous: bool = True
    """Whether f is free of t."""


def growth(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
    """Growth at the rate k t."""
    return theta * t * z


def growth_solution(t: Tensor, z0: Tensor, theta: Tensor) -> Tensor:
    """z0 exp(k t^2 / 2)."""
    return z0 * torch.exp(theta * t**2 / 2)


def logistic(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
    """Growth at the rate r that ends at K."""
    r, capacity = theta[0], theta[1]
    return r * z * (1 - z / capacity)


def logistic_solution(t: Tensor, z0: Tensor, theta: Tensor) -> Tensor:
    """K z0 / (z0 + (K - z0) exp(-r t))."""
    r, capacity = theta[0], theta[1]
    return capacity * z0 / (z0 + (capacity - z0) * torch.exp(-r * t))


def linear(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
    """A z with all four entries of A as parameters."""
    return theta.reshape(2, 2) @ z


def linear_solution(t: Tensor, z0: Tensor, theta: Tensor) -> Tensor:
    """exp(A t) z0."""
    return torch.linalg.matrix_exp(theta.reshape(2, 2) * t) @ z0


def pendulum(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
    """Angle and angular velocity, with friction."""
    return torch.stack([z[1], -theta[0] * torch.sin(z[0]) - theta[1] * z[1]])


HIDDEN = 6


def network(t: Tensor, z: Tensor, theta: Tensor) -> Tensor:
    """Two states, six hidden units, two slopes: 30 weights."""
    inner, bias, outer = theta[:12].reshape(HIDDEN, 2), theta[12:18], theta[18:].reshape(2, HIDDEN)
    return outer @ torch.tanh(inner @ z + bias)


def _weights() -> tuple[float, ...]:
    drawn = torch.randn(5 * HIDDEN, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return tuple(round(float(weight), 3) for weight in drawn)


PROBLEMS = {
    "growth": Problem(
        "growth at the rate k t", r"z' = k\,t\,z", growth, (1.5,), (0.5,), ("k",), growth_solution, autonomous=False
    ),
    "logistic": Problem(
        "logistic growth", r"z' = r\,z\,(1 - z / K)", logistic, (0.3,), (1.5, 2.0), ("r", "K"), logistic_solution
    ),
    "linear": Problem(
        "linear system",
        r"z' = A z,\quad A = \begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        linear,
        (1.0, 0.5),
        (-0.2, -1.5, 1.5, -0.2),
        ("a", "b", "c", "d"),
        linear_solution,
    ),
    "pendulum": Problem(
        "pendulum with friction",
        r"z_1' = z_2,\quad z_2' = -g \sin z_1 - c\,z_2",
        pendulum,
        (1.2, 0.0),
        (2.0, 0.3),
        ("g", "c"),
    ),
    "network": Problem(
        "small network, 30 weights",
        r"z' = W_2 \tanh(W_1 z + b)",
        network,
        (1.0, -0.5),
        _weights(),
        (),
    ),
}


def loss(z: Tensor) -> Tensor:
    """L = |z|^2 / 2."""
    return z.square().sum() / 2


def tensors(problem: Problem) -> tuple[Tensor, Tensor]:
    """z0 (d,) and theta (p,), each a leaf that requires a gradient."""
    z0 = torch.tensor(problem.z0, dtype=torch.float64, requires_grad=True)
    return z0, torch.tensor(problem.theta, dtype=torch.float64, requires_grad=True)
