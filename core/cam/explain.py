r"""One forward pass, split at a stage, and one gradient.

For a network :math:`y = \mathrm{tail}(A)`, :math:`A = \mathrm{head}(x)`, all maps of `core.cam.methods`
need only the activation :math:`A` (n, k, h, w) and :math:`g = \partial y^c / \partial A` of the same
shape. The head runs without a graph; :math:`A` becomes a leaf; the tail runs with one; and
`torch.autograd.grad` asks for :math:`g` alone. No hook is registered and no parameter's gradient is
touched, so threads may share the network, and the cost is the least there is: one forward pass and
the tail's backward pass.

Source: Selvaraju et al., "Grad-CAM" (arXiv 1610.02391), section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from core.cam.methods import METHODS
from core.nn.stages import Stages


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one pass tells about the scores of n pictures, one class each."""

    layer: str
    targets: Int64[Tensor, " n"]
    """The explained class c of every picture."""
    scores: Float[Tensor, "n classes"]
    """The scores y before softmax (logits)."""
    activation: Float[Tensor, "n k h w"]
    """The feature maps A."""
    gradient: Float[Tensor, "n k h w"]
    r""":math:`\partial y^c / \partial A`."""

    @property
    def probabilities(self) -> Float[Tensor, "n classes"]:
        """Softmax of the scores. Never differentiated: the maps explain the score itself."""
        return self.scores.softmax(1)

    @property
    def alpha(self) -> Float[Tensor, "n k"]:
        r"""Grad-CAM's weights :math:`\alpha_k^c`: the mean of the gradient over the cells (equation 1)."""
        return self.gradient.mean((2, 3))

    def raw_map(self, method: str = "gradcam") -> Float[Tensor, "n h w"]:
        """The weighted sum of the feature maps, signed, before the ReLU.

        Raises:
            KeyError: a method that is not in `METHODS`.
        """
        weights = METHODS[method].weights(self.activation, self.gradient)
        return (weights * self.activation).sum(1)

    def weighted(self, weights: Float[Tensor, "n k"]) -> Float[Tensor, "n h w"]:
        """The sum of the feature maps, signed, by one weight for each: for rules that need no gradient."""
        return (weights[:, :, None, None] * self.activation).sum(1)

    def map(self, method: str = "gradcam") -> Float[Tensor, "n h w"]:
        """The class activation map: the positive part of `raw_map`, in units of the score."""
        return self.raw_map(method).relu()


@dataclass(frozen=True, eq=False)
class Trace:
    """A forward pass opened at one stage; classes and methods can be switched without running it again.

    It keeps the graph of the tail alive: cheap for a late stage, as heavy as training for an early one.
    """

    layer: str
    activation: Float[Tensor, "n k h w"]
    """The feature maps A: the leaf of the graph that leads to `scores`."""
    scores: Float[Tensor, "n classes"]

    def explain(
        self, targets: int | Sequence[int] | None = None, of: Literal["score", "probability"] = "score"
    ) -> Explanation:
        r"""The gradient of one class per picture; of the highest score if `targets` is None.

        `of` the probability is a mistake to learn from: :math:`\partial p_c = p_c (\partial y^c - \sum_j p_j \partial
        y^j)` mixes in all other classes, and vanishes as the network becomes sure.

        Raises:
            ValueError: a number of targets that is not the number of pictures, or a class out of range.
        """
        n, classes = self.scores.shape
        if targets is None:
            chosen = self.scores.argmax(1)
        else:
            chosen = torch.tensor([targets] * n if isinstance(targets, int) else list(targets), dtype=torch.int64)
        if chosen.shape != (n,):
            raise ValueError(f"expected one target for each of {n} pictures; got {len(chosen)}")
        if n and not (int(chosen.min()) >= 0 and int(chosen.max()) < classes):
            raise ValueError(f"targets must be classes 0 to {classes - 1}; got {chosen.tolist()}")
        # Pictures do not mix in eval mode, so the gradient of the sum is each picture's own.
        with torch.enable_grad():
            outputs = self.scores if of == "score" else self.scores.softmax(1)
            total = outputs.gather(1, chosen[:, None]).sum()
        (gradient,) = torch.autograd.grad(total, self.activation, retain_graph=True)
        return Explanation(self.layer, chosen, self.scores.detach(), self.activation.detach(), gradient)


def refuse_training(net: nn.Module) -> None:
    """Pictures of a batch influence each other where batch normalisation takes its statistics from them.

    Raises:
        ValueError: the network is in training mode.
    """
    if net.training:
        raise ValueError("expected a network in eval mode (net.eval()); got one in training mode")


def trace(net: Stages, x: Float[Tensor, "n 3 h w"], layer: str) -> Trace:
    """Run `net` on `x`, opened at the output of the stage `layer`.

    Raises:
        KeyError: `layer` is no stage of the network; the message lists the stages.
        ValueError: the network is in training mode, where pictures of a batch influence each other,
            or the stage's output is not a stack of feature maps (n, k, h, w).
    """
    refuse_training(net)
    with torch.no_grad():
        activation = net.run(x, upto=layer)
    if activation.ndim != 4:
        raise ValueError(f"stage {layer!r} gives {tuple(activation.shape)}; expected feature maps (n, k, h, w)")
    with torch.enable_grad():
        leaf = activation.detach().requires_grad_()
        return Trace(layer, leaf, net.run(leaf, after=layer))


def explain(
    net: Stages, x: Float[Tensor, "n 3 h w"], layer: str, targets: int | Sequence[int] | None = None
) -> Explanation:
    """Explain one class for every picture of a batch: `trace`, then `Trace.explain`.

    Args:
        net: a network in eval mode; it is not changed, and may be shared by threads.
        x: pictures as the network expects them (normalised).
        layer: name of a stage whose output is a stack of feature maps.
        targets: a class for all pictures, or one for each; the highest score if None.
    """
    return trace(net, x, layer).explain(targets)
