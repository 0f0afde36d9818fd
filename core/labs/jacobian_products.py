"""Vector-Jacobian and Jacobian-vector products, with the matrix and without.

Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.expression import VectorField, parse_field
from core.labs import forward_mode
from core.labs.jacobian_maps import Place
from core.labs.jacobians import Point, linear


@dataclass(frozen=True)
class ProductParams:
    """A point, a row vector a of the output plane and a column vector v of the input plane."""

    point: Point
    a: Place
    v: Place


@dataclass(frozen=True, eq=False)
class Products:
    """Both products, with J and without."""

    params: ProductParams
    jacobian: Float[np.ndarray, "2 2"]
    row: Float[np.ndarray, " 2"]
    """a J, from the matrix."""
    backward: Float[np.ndarray, " 2"]
    """The same by one run backwards."""
    column: Float[np.ndarray, " 2"]
    """J v, from the matrix."""
    forward: Float[np.ndarray, " 2"]
    """The same by one run forwards."""

    @property
    def from_left(self) -> float:
        """(a J) v, with the row found backwards."""
        return float(self.backward @ np.array(self.params.v))

    @property
    def from_right(self) -> float:
        """a (J v), with the column found forwards."""
        return float(np.array(self.params.a) @ self.forward)


def products(params: ProductParams) -> Products:
    """a J and J v, each by hand and by one run."""
    field, jacobian = parse_field(params.point.formulas), linear(params.point).jacobian
    z = torch.tensor(params.point.place, dtype=torch.float64)
    a, v = (torch.tensor(vector, dtype=torch.float64) for vector in (params.a, params.v))
    return Products(
        params=params,
        jacobian=jacobian,
        row=a.numpy() @ jacobian,
        backward=vjp(field, z, a).numpy(),
        column=jacobian @ v.numpy(),
        forward=jvp(field, z, v).numpy(),
    )


def vjp(field: VectorField, z: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """a J by one run backwards: no matrix is formed."""
    z = z.clone().requires_grad_()
    value = field(0.0, z)
    if not value.requires_grad:  # a constant map
        return torch.zeros_like(z)
    return torch.autograd.grad(value, z, grad_outputs=a, materialize_grads=True)[0]


def jvp(field: VectorField, z: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """J v by one run forwards: no matrix is formed."""
    return forward_mode.jvp(lambda z: field(0.0, z), z, v)
