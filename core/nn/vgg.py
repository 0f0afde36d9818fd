"""VGG: 3 x 3 convolutions padded by 1, which keep the size; max-pooling halves it.

Source: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(arXiv 1409.1556), table 1, columns A, B, D and E. Grad-CAM's layer is the last ReLU before the last
pooling (14 x 14 cells for a 224 x 224 picture: ``features.29`` in VGG16), not the pooling behind it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from core.nn.stages import Stages

Plan = tuple[tuple[int, ...], ...]
"""Output channels of the convolutions between two poolings, group by group."""


def vgg11() -> Stages:
    """Column A: 132,863,336 parameters."""
    return _vgg(((64,), (128,), (256, 256), (512, 512), (512, 512)))


def vgg13() -> Stages:
    """Column B: 133,047,848 parameters."""
    return _vgg(((64, 64), (128, 128), (256, 256), (512, 512), (512, 512)))


def vgg16(batch_norm: bool = False) -> Stages:
    """Column D: 138,357,544 parameters."""
    return _vgg(((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3), batch_norm)


def vgg16_bn() -> Stages:
    """Column D with batch normalisation behind every convolution: 138,365,992 parameters."""
    return vgg16(batch_norm=True)


def vgg19() -> Stages:
    """Column E: 143,667,240 parameters."""
    return _vgg(((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4))


class Linear(nn.Linear):
    """A linear layer that, once frozen, reads only the weights that its input's gradient needs.

    The ReLU behind it (behind the last one, the choice of a single class) makes most of the output's gradient
    exactly 0, and rows of the weights that meet a zero add nothing. The first dense layer has 411 MB of weights,
    and reading them is most of what it costs to explain another class of a picture.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102 (nn.Module's)
        if self.weight.requires_grad:
            return super().forward(input)
        return _FrozenLinear.apply(input, self.weight, self.bias)  # pyright: ignore[reportReturnType] (torch's stub)


class _FrozenLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        return F.linear(h, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride] (torch's stub has *args)
        (weight,) = ctx.saved_tensors
        sample, row = gradient.nonzero(as_tuple=True)
        starts = torch.searchsorted(sample, torch.arange(len(gradient)))
        # The sum over rows r of gradient[n, r] * weight[r], for every sample n of the batch.
        return F.embedding_bag(row, weight, starts, mode="sum", per_sample_weights=gradient[sample, row]), None, None


def _vgg(plan: Plan, batch_norm: bool = False) -> Stages:
    features: list[nn.Module] = []
    channels = 3
    for group in plan:
        for width in group:
            features.append(nn.Conv2d(channels, width, 3, padding=1))
            if batch_norm:
                features.append(nn.BatchNorm2d(width))
            features.append(nn.ReLU())
            channels = width
        features.append(nn.MaxPool2d(2))
    return Stages(
        {
            "features": nn.Sequential(*features),
            "avgpool": nn.AdaptiveAvgPool2d(7),
            "flatten": nn.Flatten(),
            "classifier": nn.Sequential(
                Linear(512 * 7 * 7, 4096),
                nn.ReLU(),
                nn.Dropout(),
                Linear(4096, 4096),
                nn.ReLU(),
                nn.Dropout(),
                Linear(4096, 1000),
            ),
        }
    )
