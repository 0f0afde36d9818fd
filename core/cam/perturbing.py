r"""Weights of feature maps without a gradient: each is changed, and the score is looked at again.

* Score-CAM (Wang et al., arXiv 1910.01279, section 3 and algorithm 1): the picture is masked by one feature map at a
  time. Each mask is a forward pass of the whole network, so only the most varying feature maps are asked.
* Ablation-CAM (Desai, Ramaswamy, WACV 2020, section 3): one feature map at a time is set to 0. Only the stages after it
  run again, and where these are a mean over the cells and a linear layer, nothing has to run at all.

Both go through the feature maps in batches; between two batches the caller may show progress or stop.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from core.cam.explain import Explanation
from core.nn.stages import Stages

Weights = Float[Tensor, " k"]


def most_varying(activation: Float[Tensor, "1 k h w"], count: int) -> Int64[Tensor, " n"]:
    """The feature maps with the largest variance over their cells, largest first; all of them if there are fewer."""
    return activation[0].flatten(1).var(1).topk(min(count, activation.shape[1])).indices


def score_cam(
    net: Stages, x: Float[Tensor, "1 3 h w"], explanation: Explanation, channels: Int64[Tensor, " n"], batch: int = 16
) -> Iterator[Weights]:
    r"""Weights of the chosen feature maps: the softmax, over them, of the score of :math:`x \circ H_k`.

    :math:`H_k` is the feature map, upsampled bilinearly to the input and scaled to reach from 0 to 1. The score of the
    empty picture, which the paper subtracts from all, changes no softmax. Feature maps left out weigh 0.

    Yields:
        The weights (k,) by the feature maps asked so far, after each batch.
    """
    scores = torch.empty(0)
    for some in channels.split(batch):
        scores = torch.cat([scores, masked_scores(net, x, explanation, some)])
        yield score_weights(explanation, channels[: len(scores)], scores)


def masked_scores(
    net: Stages, x: Float[Tensor, "1 3 h w"], explanation: Explanation, channels: Int64[Tensor, " n"]
) -> Float[Tensor, " n"]:
    r"""The score of :math:`x \circ H_k` for each of `channels`: what Score-CAM's weights are made of."""
    masks = explanation.activation[0, channels][:, None]
    masks = F.interpolate(masks, size=x.shape[2:], mode="bilinear", align_corners=False)
    low, high = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
    masks = (masks - low) / (high - low).clamp_min(torch.finfo(masks.dtype).tiny)
    with torch.no_grad():
        return net(x * masks)[:, int(explanation.targets[0])]


def score_weights(explanation: Explanation, channels: Int64[Tensor, " n"], scores: Float[Tensor, " n"]) -> Weights:
    """Score-CAM's weights by the `masked_scores` of some channels."""
    return _spread(scores.softmax(0), channels, explanation)


def ablation_cam(net: Stages, explanation: Explanation, batch: int = 32) -> Iterator[Weights]:
    r"""Weights :math:`y^c - y^c_k`: by how much the score falls when feature map k is 0.

    The paper divides them all by :math:`y^c`, which changes the map's unit and, where the score is negative, its sign;
    here they stay in units of the score.

    Yields:
        The weights (k,) by the feature maps asked so far, after each batch; at once where a closed form is known.
    """
    known = linear_falls(net, explanation)
    if known is not None:
        yield known[0]
        return
    channels = torch.arange(explanation.activation.shape[1])
    falls = torch.empty(0)
    for some in channels.split(batch):
        falls = torch.cat([falls, falls_without(net, explanation, some)])
        yield _spread(falls, channels[: len(falls)], explanation)


def falls_without(net: Stages, explanation: Explanation, channels: Int64[Tensor, " n"]) -> Float[Tensor, " n"]:
    """By how much the score falls when one of `channels` is 0, for each of them: Ablation-CAM's weights."""
    ablated = explanation.activation.repeat(len(channels), 1, 1, 1)
    ablated[torch.arange(len(channels)), channels] = 0
    target = int(explanation.targets[0])
    with torch.no_grad():
        return explanation.scores[0, target] - net.run(ablated, after=explanation.layer)[:, target]


def linear_falls(net: Stages, explanation: Explanation) -> Float[Tensor, "n k"] | None:
    """Ablation-CAM's weights where a mean over the cells and a linear layer are all that follows; None elsewhere."""
    head = linear_head(net, explanation.layer)
    if head is None:
        return None
    return head.weight.detach()[explanation.targets] * explanation.activation.mean((2, 3))


def linear_head(net: Stages, layer: str) -> nn.Linear | None:
    """The linear layer, if all that follows the stage `layer` is a mean over the cells, flattening and that."""
    names = list(net.stages)
    match [net.stages[name] for name in names[names.index(layer) + 1 :]]:
        case [nn.AdaptiveAvgPool2d(output_size=1 | (1, 1)), nn.Flatten(), nn.Linear() as head]:
            return head
    return None


def _spread(weights: Tensor, channels: Tensor, explanation: Explanation) -> Weights:
    return torch.zeros(explanation.activation.shape[1]).index_copy(0, channels, weights)
