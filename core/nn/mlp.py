r"""A multilayer perceptron with layers of equal width, plain or residual, as a list of named stages.

Plain: :math:`h_{t+1} = f(h_t, \theta_t)`. Residual: :math:`h_{t+1} = h_t + f(h_t, \theta_t)`. In both
:math:`f(h, \theta) = \tanh(W h + b)` with :math:`\theta = (W, b)`.

Sources: Glorot and Bengio 2010 (first weights); He et al. 2016, section 3 (the residual step, widening by zeros);
Saxe et al. 2014, section 3 (orthogonal first weights).
"""

from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.nn.stages import Stages

GAUSSIAN, ORTHOGONAL = FIRST_WEIGHTS = ("gaussian", "orthogonal")
"""How the first weights of a layer are drawn."""


class Widen(nn.Module):
    """Append zeros to each point, so that it becomes a state of `width` numbers: a skip needs equal shapes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Float[Tensor, "batch dims"]) -> Float[Tensor, "batch width"]:
        """The first states."""
        return nn.functional.pad(x, (0, self.width - x.shape[1]))


class Layer(nn.Module):
    """h -> tanh(W h + b), plus h itself if residual."""

    def __init__(self, linear: nn.Linear, residual: bool) -> None:
        super().__init__()
        self.linear, self.residual = linear, residual

    def forward(self, h: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        """The next states."""
        f = torch.tanh(self.linear(h))
        return h + f if self.residual else f


def first_weights(inputs: int, outputs: int, kind: str, gain: float, generator: torch.Generator) -> Tensor:
    """A matrix to begin with: independent normal entries of variance gain^2 / inputs, or gain times an orthogonal one.

    Args:
        kind: one of `FIRST_WEIGHTS`; orthogonal ones are square.
        generator: the only source of chance; both kinds take the same numbers from it.
    """
    matrix = torch.randn(outputs, inputs, generator=generator)
    if kind == "orthogonal":
        q, r = torch.linalg.qr(matrix)
        return gain * q * r.diagonal().sign()  # with these signs all orthogonal matrices are equally likely
    return gain / sqrt(inputs) * matrix


def parts(
    width: int, depth: int, residual: bool, kind: str, gain: float, generator: torch.Generator
) -> dict[str, nn.Module]:
    """The network's stages by name: widen, `depth` layers with biases 0, and a head with one score for each point.

    The same generator gives a plain and a residual network the same first weights.
    """

    def linear(outputs: int, kind: str, gain: float) -> nn.Linear:
        made = nn.Linear(width, outputs, device="meta").to_empty(device="cpu")  # takes nothing from torch's generator
        with torch.no_grad():
            made.weight.copy_(first_weights(width, outputs, kind, gain, generator))
            made.bias.zero_()
        return made

    layers = [Layer(linear(width, kind, gain), residual) for _ in range(depth)]
    return {"widen": Widen(width), "layers": nn.Sequential(*layers), "head": linear(1, "gaussian", 1.0)}


def network(width: int, depth: int, residual: bool, kind: str, gain: float, generator: torch.Generator) -> Stages:
    """A network of `parts`.

    >>> net = network(2, 3, True, "gaussian", 1.0, torch.Generator().manual_seed(0))
    >>> list(net.stages)
    ['widen', 'layers.0', 'layers.1', 'layers.2', 'head']
    """
    return Stages(parts(width, depth, residual, kind, gain, generator))


def states(net: Stages, x: Float[Tensor, "batch dims"]) -> list[Float[Tensor, "batch width"]]:
    """h_0 (the points, widened) to h_N, where N is the number of layers; the head is left out."""
    found = []
    for name, stage in net.stages.items():
        if name != "head":
            x = stage(x)
            found.append(x)
    return found
