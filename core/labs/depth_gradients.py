r"""The gradient on its way back through 2 to 64 layers, plain and residual, and the product of Jacobians that it meets.

With :math:`u = dL/dh_{t+1} \circ (1 - f^2)`, where f is the layer's tanh: :math:`dL/dh_t = u W_t`, plus
:math:`dL/dh_{t+1}` itself if residual; :math:`dL/dW_t = u^T h_t` and :math:`dL/db_t = u`, summed over the points.

Sources: Glorot and Bengio 2010; Saxe et al. 2014; He et al. 2016, Identity mappings in deep residual networks.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.clouds import CloudParams, cloud
from core.nn.mlp import first_weights

DEPTHS = (2, 4, 8, 16, 32, 64)
SEEDS = 5
SCALES = ("1", "1/sqrt(N)")
"""What the branch of a residual layer may be multiplied with; N is the number of layers."""


@dataclass(frozen=True)
class Params:
    """Networks with their first weights; `SEEDS` of each depth.

    Attributes:
        width: numbers in a state.
        weights: one of `core.nn.mlp.FIRST_WEIGHTS`.
        gain: their factor.
        scale: one of `SCALES`; plain layers have none.
    """

    cloud: CloudParams = field(default_factory=CloudParams)
    width: int = 2
    weights: str = "gaussian"
    gain: float = 1.0
    scale: str = "1"


@dataclass(frozen=True, eq=False)
class Depth:
    """Networks of one kind and depth N."""

    layers: int
    states: Float[np.ndarray, "seeds states"]
    """Norm of dL/dh_t for t = 0 .. N, all points together."""
    first: Float[np.ndarray, " seeds"]
    """Norm of the loss's gradient by the weights and biases of the first layer."""
    largest: Float[np.ndarray, " seeds"]
    """Largest singular value of dh_N/dh_0 at the first point."""
    smallest: Float[np.ndarray, " seeds"]


@dataclass(frozen=True, eq=False)
class Kind:
    """All depths, plain or residual."""

    residual: bool
    depths: tuple[Depth, ...]

    @property
    def name(self) -> str:
        """In words."""
        return "residual" if self.residual else "plain"

    def median(self, what: str) -> Float[np.ndarray, " depths"]:
        """Over the seeds; `what` is "first", "largest" or "smallest"."""
        return np.array([np.median(getattr(depth, what)) for depth in self.depths])

    @property
    def factor(self) -> float:
        """What one more layer multiplies the first layer's gradient with, on average from 2 to 64 layers."""
        first = self.median("first")
        return float((first[-1] / first[0]) ** (1 / (DEPTHS[-1] - DEPTHS[0])))


@dataclass(frozen=True, eq=False)
class Gradients:
    """Both kinds."""

    params: Params
    plain: Kind
    residual: Kind

    @property
    def kinds(self) -> tuple[Kind, Kind]:
        """Plain, residual."""
        return self.plain, self.residual


def measure(params: Params) -> Gradients:
    """Both kinds at all depths, with the same first weights."""
    kinds = [Kind(residual, tuple(_depth(params, residual, layers) for layers in DEPTHS)) for residual in (False, True)]
    return Gradients(params, *kinds)


def drawn(params: Params, layers: int, seed: int) -> tuple[Tensor, Tensor]:
    """First weights of all layers, (layers, width, width), and of the head, in double precision.

    They are those of `core.nn.mlp.network` with the same seed.
    """
    generator, width = torch.Generator().manual_seed(seed), params.width
    matrices = [first_weights(width, width, params.weights, params.gain, generator) for _ in range(layers)]
    return torch.stack(matrices).double(), first_weights(width, 1, "gaussian", 1.0, generator)[0].double()


def scale_of(params: Params, layers: int) -> float:
    """Factor of a residual layer's branch."""
    return 1.0 if params.scale == "1" else layers**-0.5


def _depth(params: Params, residual: bool, layers: int) -> Depth:
    pairs = [drawn(params, layers, seed) for seed in range(SEEDS)]
    weights = torch.stack([pair[0] for pair in pairs], dim=1)  # (layers, seeds, width, width)
    head = torch.stack([pair[1] for pair in pairs])[:, :, None]  # (seeds, width, 1)
    given = cloud(params.cloud)
    points = torch.nn.functional.pad(given.points.double(), (0, params.width - 2)).expand(SEEDS, -1, -1)
    scale = scale_of(params, layers) if residual else 1.0
    way, slopes = forward(points, weights, residual, scale)
    # of the mean cross-entropy by the scores, then by the last states
    gradient = ((way[-1] @ head).sigmoid() - given.second.double()[:, None]) / len(given.points) @ head.mT
    norms, first = backward(gradient, way, slopes, weights, residual, scale)
    largest, smallest = singular_values(slopes[:, :, 0], weights, residual, scale)
    return Depth(layers, norms.numpy(), first.numpy(), largest.numpy(), smallest.numpy())


def forward(
    h: Float[Tensor, "seeds n width"], weights: Float[Tensor, "layers seeds width width"], residual: bool, scale: float
) -> tuple[list[Tensor], Float[Tensor, "layers seeds n width"]]:
    """All states, and the slopes 1 - f^2 of the layers' tanh."""
    way, slopes = [h], []
    for matrix in weights:
        before = h @ matrix.mT
        f = torch.tanh(before)
        h = h + scale * f if residual else f
        way.append(h)
        slopes.append(before.cosh() ** -2)  # 1 - f^2 loses its digits where f is near 1
    return way, torch.stack(slopes)


def backward(
    gradient: Float[Tensor, "seeds n width"],
    way: list[Tensor],
    slopes: Tensor,
    weights: Float[Tensor, "layers seeds width width"],
    residual: bool,
    scale: float,
) -> tuple[Float[Tensor, "seeds states"], Float[Tensor, " seeds"]]:
    """Norms of dL/dh_t for every t, and of the gradient by the first layer's weights and biases.

    Args:
        gradient: dL/dh_N.
    """
    norms = [gradient.flatten(1).norm(dim=1)]
    weight = bias = gradient
    for h, slope, matrix in zip(way[-2::-1], slopes.flip(0), weights.flip(0), strict=True):
        branch = scale * gradient * slope
        weight, bias = branch.mT @ h, branch.sum(dim=1)
        gradient = branch @ matrix + (gradient if residual else 0.0)
        norms.append(gradient.flatten(1).norm(dim=1))
    first = torch.cat([weight.flatten(1), bias], dim=1).norm(dim=1)
    return torch.stack(norms[::-1], dim=1), first


def singular_values(
    slopes: Float[Tensor, "layers seeds width"],
    weights: Float[Tensor, "layers seeds width width"],
    residual: bool,
    scale: float,
) -> tuple[Float[Tensor, " seeds"], Float[Tensor, " seeds"]]:
    """The largest and the smallest one of dh_N/dh_0 = J_{N-1} ... J_0.

    The smallest one of the product would drown in the largest one's rounding errors; it is 1 over the largest one of
    the product of the inverses.
    """
    factors = scale * slopes[..., None] * weights
    if residual:
        factors = factors + torch.eye(weights.shape[-1], dtype=weights.dtype)
    product = inverse = torch.eye(weights.shape[-1], dtype=weights.dtype).expand(weights.shape[1], -1, -1)
    for factor, inverted in zip(factors, torch.linalg.inv_ex(factors)[0], strict=True):
        product, inverse = factor @ product, inverse @ inverted
    return _norm(product), 1 / _norm(inverse)


def _norm(matrix: Tensor) -> Tensor:
    """Largest singular value."""
    return torch.linalg.matrix_norm(matrix, ord=2)
