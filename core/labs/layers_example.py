"""One layer forward and backward with numbers, by the formulas of the page, held against `torch.autograd`."""

from dataclasses import dataclass
from math import exp, log1p

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from core.nn.mlp import network

RATE = 0.5
"""Step size of the gradient descent that follows."""


@dataclass(frozen=True)
class ExampleParams:
    """A network of one layer of width 2 and a head, with its first weights.

    Attributes:
        point: h_0.
        target: 0 or 1, its class.
        seed: of the first weights.
    """

    residual: bool
    point: tuple[float, float] = (1.0, -0.5)
    target: int = 1
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Example:
    """All that is computed on the way forward and back, in its order; gradients are rows."""

    params: ExampleParams
    weight: Float[np.ndarray, "2 2"]
    head: Float[np.ndarray, " 2"]
    before: Float[np.ndarray, " 2"]
    """W h + b, where b is 0."""
    f: Float[np.ndarray, " 2"]
    after: Float[np.ndarray, " 2"]
    """h_1."""
    score: float
    loss: float
    by_score: float
    by_after: Float[np.ndarray, " 2"]
    """dL/dh_1."""
    branch: Float[np.ndarray, "2 2"]
    """df/dh."""
    jacobian: Float[np.ndarray, "2 2"]
    """dh_1/dh_0: df/dh, plus I if residual."""
    by_before: Float[np.ndarray, " 2"]
    """dL/dh_0."""
    by_weight: Float[np.ndarray, "2 2"]
    by_bias: Float[np.ndarray, " 2"]
    apart: float
    """Largest difference of these gradients from those of `torch.autograd`."""
    stepped: float
    """Loss after one step of gradient descent on W and b."""


def example(params: ExampleParams) -> Example:
    """One layer forward, backward, and a step."""
    net = network(2, 1, params.residual, "gaussian", 1.0, torch.Generator().manual_seed(params.seed)).double()
    weight, _, head, _ = (parameter.detach().numpy() for parameter in net.parameters())
    head, h = head[0], np.array(params.point)
    before = weight @ h
    f = np.tanh(before)
    after = h + f if params.residual else f
    score = float(head @ after)
    by_score = 1 / (1 + exp(-score)) - params.target
    by_after = by_score * head
    slope = 1 - f**2
    branch = slope[:, None] * weight
    jacobian = branch + np.eye(2) if params.residual else branch
    by_bias = by_after * slope
    by_weight = np.outer(by_bias, h)
    by_before = by_after @ jacobian
    f_stepped = np.tanh((weight - RATE * by_weight) @ h - RATE * by_bias)
    stepped = float(head @ (h + f_stepped if params.residual else f_stepped))
    mine = np.concatenate([by_before, by_weight.ravel(), by_bias])
    return Example(
        params, weight, head, before, f, after, score, _loss(score, params.target), by_score, by_after, branch,
        jacobian, by_before, by_weight, by_bias, float(np.abs(mine - _autograd(net, params)).max()),
        _loss(stepped, params.target),
    )  # fmt: skip


def _loss(score: float, target: int) -> float:
    """Cross-entropy: -log of the probability of the right class."""
    return log1p(exp(-score if target else score))


def _autograd(net: nn.Module, params: ExampleParams) -> Float[np.ndarray, " 8"]:
    """The gradients by h_0, W and b, from torch."""
    point = torch.tensor([params.point], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[float(params.target)]], dtype=torch.float64)
    loss = nn.functional.binary_cross_entropy_with_logits(net(point), target)
    weight, bias, *_ = net.parameters()
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, [point, weight, bias])]).numpy()
