"""Networks with published totals, as lists of layers.

Sources: LeCun et al. 1998, "Gradient-based learning applied to document recognition", figure 2; Simonyan, Zisserman
(arXiv 1409.1556), table 1, columns D and E; He et al. (arXiv 1512.03385), table 1; Iandola et al. (arXiv 1602.07360),
version 1.1 of the authors' repository.
"""

from dataclasses import dataclass

from core.conv.items import Item, Network, item

_RELU = item("activation")
_TANH = item("activation", function="tanh")
_IMAGENET = (3, 224, 224)


@dataclass(frozen=True)
class Preset:
    """A network with its name and what is particular about it."""

    title: str
    says: str
    network: Network


def _conv(filters: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True) -> Item:
    return item("conv", filters=filters, kernel=kernel, stride=stride, padding=padding, bias=bias)


def _dense(units: int) -> Item:
    return item("dense", units=units)


def _lenet() -> Network:
    pool = item("average_pool")
    return Network(
        (1, 32, 32),
        (
            *(_conv(6, 5), _TANH, pool, _conv(16, 5), _TANH, pool),
            *(_conv(120, 5), _TANH, item("flatten"), _dense(84), _TANH, _dense(10)),
        ),
    )


def _vgg(groups: tuple[tuple[int, int], ...]) -> Network:
    features: list[Item] = []
    for channels, count in groups:
        features += [_conv(channels, 3, padding=1), _RELU] * count
        features.append(item("max_pool"))
    hidden = (_dense(4096), _RELU, item("dropout"))
    return Network(_IMAGENET, (*features, item("flatten"), *hidden, *hidden, _dense(1000)))


def _resnet18() -> Network:
    stem = [_conv(64, 7, 2, 3, bias=False), item("batch_norm"), _RELU, item("max_pool", kernel=3, padding=1)]
    blocks: list[Item] = []
    for channels in (64, 128, 256, 512):
        grows = channels > 64
        first = item("residual", filters=channels, stride=2 if grows else 1, project=grows)
        blocks += [first, _RELU, item("residual", filters=channels), _RELU]
    return Network(_IMAGENET, (*stem, *blocks, item("global_pool"), item("flatten"), _dense(1000)))


def _squeezenet() -> Network:
    pool = item("max_pool", kernel=3, ceil=True)
    fires = [item("fire", squeeze=n, expand=4 * n) for n in (16, 16, 32, 32, 48, 48, 64, 64)]
    head = (item("dropout"), _conv(1000, 1), _RELU, item("global_pool"), item("flatten"))
    return Network(_IMAGENET, (_conv(64, 3, 2), _RELU, pool, *fires[:2], pool, *fires[2:4], pool, *fires[4:], *head))


PRESETS: dict[str, Preset] = {
    "lenet5": Preset(
        "LeNet-5 (1998)",
        "For a grey 32 x 32 picture. The variant of most textbooks: every filter of the second convolution sees all 6 "
        "maps (in the paper only some), pooling is a plain mean, and the output is a dense layer.",
        _lenet(),
    ),
    "vgg16": Preset(
        "VGG16 (2014)",
        "Nothing but 3 x 3 convolutions padded by 1, which keep the size, and pooling, which halves it.",
        _vgg(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))),
    ),
    "vgg19": Preset(
        "VGG19 (2014)",
        "VGG16 with one more convolution in each of its last three groups.",
        _vgg(((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))),
    ),
    "resnet18": Preset(
        "ResNet-18 (2015)",
        "Residual blocks: each adds what two convolutions make of its input to the input itself. Where the shape "
        "changes, a 1 x 1 convolution on the skip makes both fit.",
        _resnet18(),
    ),
    "squeezenet": Preset(
        "SqueezeNet 1.1 (2016)",
        "Fire modules: a 1 x 1 convolution to few channels, then 1 x 1 and 3 x 3 beside each other. Its last layers "
        "are a convolution and a mean, not dense.",
        _squeezenet(),
    ),
}
"""Name, as in links -> preset."""
