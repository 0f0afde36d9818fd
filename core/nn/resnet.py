r"""Residual networks: :math:`h_{t+1} = \mathrm{ReLU}(h_t + f(h_t, \theta_t))`.

Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition"
(arXiv 1512.03385): section 4.1 for ImageNet, section 4.2 for CIFAR-10. As in torchvision, a
bottleneck that halves the resolution does it in its 3 x 3 convolution ("v1.5").
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from core.nn.stages import Stages


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and the skip (figure 5, left): (n, c, h, w) -> (n, width, h/s, w/s)."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _projection(channels, width, stride)

    def forward(self, h: Tensor) -> Tensor:  # noqa: D102 (nn.Module's)
        f = F.relu(self.bn1(self.conv1(h)))
        f = self.bn2(self.conv2(f))
        skip = h if self.downsample is None else self.downsample(h)
        return F.relu(skip + f)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 and the skip (figure 5, right): (n, c, h, w) -> (n, 4 width, h/s, w/s)."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = _projection(channels, 4 * width, stride)

    def forward(self, h: Tensor) -> Tensor:  # noqa: D102 (nn.Module's)
        f = F.relu(self.bn1(self.conv1(h)))
        f = F.relu(self.bn2(self.conv2(f)))
        f = self.bn3(self.conv3(f))
        skip = h if self.downsample is None else self.downsample(h)
        return F.relu(skip + f)


def resnet18() -> Stages:
    """ResNet-18 for ImageNet: 11,689,512 parameters."""
    return _imagenet(BasicBlock, (2, 2, 2, 2))


def resnet34() -> Stages:
    """ResNet-34 for ImageNet: 21,797,672 parameters."""
    return _imagenet(BasicBlock, (3, 4, 6, 3))


def resnet50() -> Stages:
    """ResNet-50 for ImageNet: 25,557,032 parameters."""
    return _imagenet(Bottleneck, (3, 4, 6, 3))


def resnet_cifar(
    widths: tuple[int, ...] = (32, 64, 128),
    blocks: int = 2,
    classes: int = 10,
    strides: tuple[int, ...] | None = None,
) -> Stages:
    """The CIFAR-10 network of section 4.2, with `blocks` basic blocks at each of `widths` channels.

    `strides` are those of the stem and of each width. Without them the stem keeps the resolution and every width after
    the first halves it, so the last feature maps have a quarter of the input's side; any input of at least 4 x 4
    pixels is accepted.
    """
    stem, *others = strides or (1, 1, *(2 for _ in widths[1:]))
    layers = {
        f"layer{i}": _layer(BasicBlock, channels, width, blocks, stride)
        for i, ((channels, width), stride) in enumerate(zip(pairwise((widths[0], *widths)), others, strict=True), 1)
    }
    return _initialised(
        Stages(
            {
                "conv1": nn.Conv2d(3, widths[0], 3, stem, padding=1, bias=False),
                "bn1": nn.BatchNorm2d(widths[0]),
                "relu": nn.ReLU(),
                **layers,
                "avgpool": nn.AdaptiveAvgPool2d(1),
                "flatten": nn.Flatten(),
                "fc": nn.Linear(widths[-1], classes),
            }
        )
    )


def resnet_scenes() -> Stages:
    """The network of `core.nn.train_scenes`: a score for each of eight kinds of objects; last maps of 16 x 16 cells."""
    return resnet_cifar((24, 48, 96), blocks=1, classes=8, strides=(2, 1, 2, 1))


def _imagenet(block: type[BasicBlock] | type[Bottleneck], blocks: tuple[int, int, int, int]) -> Stages:
    widths = (64, 128, 256, 512)
    channels = (64, *(width * block.expansion for width in widths))
    layers = {
        f"layer{i + 1}": _layer(block, channels[i], widths[i], blocks[i], stride=1 if i == 0 else 2) for i in range(4)
    }
    return _initialised(
        Stages(
            {
                "conv1": nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
                "bn1": nn.BatchNorm2d(64),
                "relu": nn.ReLU(),
                "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
                **layers,
                "avgpool": nn.AdaptiveAvgPool2d(1),
                "flatten": nn.Flatten(),
                "fc": nn.Linear(channels[-1], 1000),
            }
        )
    )


def _layer(
    block: type[BasicBlock] | type[Bottleneck], channels: int, width: int, blocks: int, stride: int
) -> nn.Sequential:
    rest = (block(width * block.expansion, width) for _ in range(blocks - 1))
    return nn.Sequential(block(channels, width, stride), *rest)


def _projection(channels: int, out: int, stride: int) -> nn.Sequential | None:
    """The 1 x 1 convolution that gives the skip the block's output shape; None where they agree."""
    if stride == 1 and channels == out:
        return None
    return nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


def _initialised(net: Stages) -> Stages:
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net
