"""SqueezeNet: few channels in, many out, and a convolution instead of a dense head.

Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters"
(arXiv 1602.07360), table 1; version 1.1 is its authors' later, 2.4 times cheaper one. The head is
convolution, ReLU, pooling: a class whose map is negative everywhere has the score 0 exactly, and
then nothing to explain.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.nn.stages import Stages


class Fire(nn.Module):
    """Squeeze to few channels, expand by 1 x 1 and 3 x 3 beside each other: (n, c, h, w) -> (n, 2 e, h, w)."""

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:  # noqa: D102 (nn.Module's)
        squeezed = F.relu(self.squeeze(h))
        return torch.cat([F.relu(self.expand1x1(squeezed)), F.relu(self.expand3x3(squeezed))], dim=1)


def squeezenet1_0() -> Stages:
    """Version 1.0: 1,248,424 parameters."""
    return _squeezenet(
        nn.Conv2d(3, 96, 7, stride=2),
        nn.ReLU(),
        _pool(),
        Fire(96, 16, 64),
        Fire(128, 16, 64),
        Fire(128, 32, 128),
        _pool(),
        Fire(256, 32, 128),
        Fire(256, 48, 192),
        Fire(384, 48, 192),
        Fire(384, 64, 256),
        _pool(),
        Fire(512, 64, 256),
    )


def squeezenet1_1() -> Stages:
    """Version 1.1: 1,235,496 parameters."""
    return _squeezenet(
        nn.Conv2d(3, 64, 3, stride=2),
        nn.ReLU(),
        _pool(),
        Fire(64, 16, 64),
        Fire(128, 16, 64),
        _pool(),
        Fire(128, 32, 128),
        Fire(256, 32, 128),
        _pool(),
        Fire(256, 48, 192),
        Fire(384, 48, 192),
        Fire(384, 64, 256),
        Fire(512, 64, 256),
    )


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


def _squeezenet(*features: nn.Module) -> Stages:
    return Stages(
        {
            "features": nn.Sequential(*features),
            "classifier": nn.Sequential(
                nn.Dropout(), nn.Conv2d(512, 1000, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
            ),
        }
    )
