"""Problems that are hard to follow backwards, with derivatives by hand, on arrays, so that a step is cheap."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Problem:
    """z' = f(t, z) that is hard to follow backwards; derivatives by hand, on arrays, so that a step is cheap."""

    title: str
    latex: str
    strength: str
    """What its slider sets, in LaTeX."""
    range: tuple[float, float, float, float]
    """Of the slider: lowest, highest, default, step."""
    compared: tuple[float, ...]
    """Strengths of the comparison."""
    z0: tuple[float, ...]
    make: Callable[[float], tuple[tuple[float, ...], float]]
    """Strength to (theta, t1)."""
    f: Callable[[float, Array, Array], Array]
    """(t, z, theta) to the slope (d,)."""
    jacobians: Callable[[float, Array, Array], tuple[Array, Array]]
    """To df/dz (d, d) and df/dtheta (d, p)."""
    autonomous: bool = True


def relaxation(t: float, z: Array, theta: Array) -> Array:
    """A pull of strength lambda towards cos t."""
    return -theta[0] * (z - np.cos(t))


def relaxation_jacobians(t: float, z: Array, theta: Array) -> tuple[Array, Array]:
    """Its derivatives."""
    return np.array([[-theta[0]]]), -(z - np.cos(t))[:, None]


def van_der_pol(t: float, z: Array, theta: Array) -> Array:
    """An oscillation that pumps itself up, and brakes where it is large."""
    return np.array([z[1], theta[0] * (1 - z[0] ** 2) * z[1] - z[0]])


def van_der_pol_jacobians(t: float, z: Array, theta: Array) -> tuple[Array, Array]:
    """Its derivatives."""
    x, v = z
    braking = 1 - x * x
    return (
        np.array([[0.0, 1.0], [-2 * theta[0] * x * v - 1, theta[0] * braking]]),
        np.array([[0.0], [braking * v]]),
    )


def lorenz(t: float, z: Array, theta: Array) -> Array:
    """Lorenz's equations."""
    (x, y, w), (sigma, rho, beta) = z, theta
    return np.array([sigma * (y - x), x * (rho - w) - y, x * y - beta * w])


def lorenz_jacobians(t: float, z: Array, theta: Array) -> tuple[Array, Array]:
    """Their derivatives."""
    (x, y, w), (sigma, rho, beta) = z, theta
    return (
        np.array([[-sigma, sigma, 0.0], [rho - w, -1.0, -x], [y, x, -beta]]),
        np.array([[y - x, 0.0, 0.0], [0.0, x, 0.0], [0.0, 0.0, -w]]),
    )


PROBLEMS = {
    "relaxation": Problem(
        "pull towards cos t",
        r"z' = -\lambda\,(z - \cos t),\quad z(0) = 2,\quad t_1 = 2",
        r"$\lambda$, strength of the pull",
        (1.0, 100.0, 20.0, 1.0),
        (1.0, 5.0, 10.0, 20.0, 50.0, 100.0),
        (2.0,),
        lambda strength: ((strength,), 2.0),
        relaxation,
        relaxation_jacobians,
        autonomous=False,
    ),
    "vdp": Problem(
        "Van der Pol's oscillator",
        r"\begin{gathered} z_1' = z_2,\quad z_2' = \mu\,(1 - z_1^2)\,z_2 - z_1 \\ "
        r"z(0) = (2, 0),\quad t_1 = 10 \end{gathered}",
        r"$\mu$, strength of the friction",
        (0.5, 10.0, 1.0, 0.5),
        (0.5, 1.0, 2.0, 5.0, 10.0),
        (2.0, 0.0),
        lambda strength: ((strength,), 10.0),
        van_der_pol,
        van_der_pol_jacobians,
    ),
    "lorenz": Problem(
        "Lorenz's equations",
        r"\begin{gathered} z_1' = \sigma (z_2 - z_1),\quad z_2' = z_1 (\rho - z_3) - z_2 \\ "
        r"z_3' = z_1 z_2 - \beta z_3,\quad z(0) = (1, 1, 1) \\ "
        r"\sigma = 10,\quad \rho = 28,\quad \beta = \tfrac83 \end{gathered}",
        "$t_1$, the horizon",
        (0.5, 5.0, 1.0, 0.5),
        (0.5, 1.0, 1.5, 2.0, 3.0),
        (1.0, 1.0, 1.0),
        lambda strength: ((10.0, 28.0, 8 / 3), strength),
        lorenz,
        lorenz_jacobians,
    ),
}
