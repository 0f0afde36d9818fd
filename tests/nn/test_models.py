"""The architectures are torchvision's: names, shapes, counts and, with the same weights, the same outputs."""

import json
import math
from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from core.nn.resnet import resnet18, resnet34, resnet50, resnet_cifar
from core.nn.squeezenet import squeezenet1_0, squeezenet1_1
from core.nn.stages import Stages, count_parameters
from core.nn.vgg import Linear, vgg11, vgg13, vgg16, vgg16_bn, vgg19
from tests.conftest import SHARED, needs_shared
from tests.nn.test_preprocess import torchvision_transforms

PARAMETERS: dict[Callable[[], Stages], int] = {
    resnet18: 11_689_512,
    resnet34: 21_797_672,
    resnet50: 25_557_032,
    vgg11: 132_863_336,
    vgg13: 133_047_848,
    vgg16: 138_357_544,
    vgg16_bn: 138_365_992,
    vgg19: 143_667_240,
    squeezenet1_0: 1_248_424,
    squeezenet1_1: 1_235_496,
}
"""num_params in torchvision's table of weights."""
BUILDERS = list(PARAMETERS)
every_model = pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)


def on_meta(build: Callable[[], Stages]) -> Stages:
    with torch.device("meta"):
        return build().eval()


def random_network(build: Callable[[], Stages]) -> Stages:
    """A network in eval mode with weights of a size that keeps activations alive; the same at every call."""
    net = on_meta(build)
    state = {key: _random(key, value.shape) for key, value in net.state_dict().items()}
    net.load_state_dict(state, assign=True)
    return net


def _random(key: str, shape: torch.Size) -> Tensor:
    if key.startswith("classifier") and len(shape) == 2:
        return _dense(shape)
    generator = torch.Generator().manual_seed(sum(key.encode()))
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
        return torch.rand(shape, generator=generator) + 0.5
    if len(shape) == 1:
        return torch.randn(shape, generator=generator) / 10
    return torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))


@cache
def _dense(shape: torch.Size) -> Tensor:
    """A VGG's dense weights, shared by all of them and made of one short repeated sequence: they are large."""
    noise = torch.randn(65_537, generator=torch.Generator().manual_seed(0)) * math.sqrt(2 / shape[1])
    size = math.prod(shape)
    return noise.repeat(size // len(noise) + 1)[:size].view(shape)


def published(file: str, build: Callable[[], Stages]) -> dict[str, list[int]]:
    return json.loads((SHARED / "weights" / file).read_text(encoding="utf-8"))[build.__name__]


@needs_shared
@every_model
def test_state_dict_has_torchvision_names_shapes_and_order(build):
    ours = [(key, list(value.shape)) for key, value in on_meta(build).state_dict().items()]
    assert ours == list(published("torchvision_state_dicts.json", build).items())


@every_model
def test_parameter_counts_are_the_published_ones(build):
    assert count_parameters(on_meta(build)) == PARAMETERS[build]


@needs_shared
@every_model
def test_output_shapes_stage_by_stage(build):
    theirs = published("torchvision_layer_shapes.json", build)
    rows = {row.name: row for row in on_meta(build).table((1, 3, 224, 224))}
    own = {"flatten", "classifier.4"} if build in (squeezenet1_0, squeezenet1_1) else {"flatten"}
    assert rows.keys() - theirs.keys() <= own  # torchvision flattens between its modules
    for name in rows.keys() & theirs.keys():
        assert rows[name].shape == (1, *theirs[name]), name
    # Every module of theirs is a stage, lies within one, or is a Sequential of several.
    for name in theirs:
        within = any(f"{name}.".startswith(f"{stage}.") for stage in rows)
        assert within or any(stage.startswith(f"{name}.") for stage in rows), name
    last = list(rows.values())[-1]
    assert last.shape == (1, 1000)
    assert not last.is_spatial


@every_model
def test_outputs_equal_torchvision_with_the_same_weights(build):
    torchvision_transforms()  # skips, or makes the package importable
    models = pytest.importorskip("torchvision.models")
    net = random_network(build)
    with torch.device("meta"):
        theirs = getattr(models, build.__name__)()
    theirs.load_state_dict(net.state_dict(), assign=True)
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, got = theirs.eval()(x), net(x)
    assert expected.std() > 0.01
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


def test_resnet_cifar_counted_by_hand():
    def block(channels, width):
        convolutions = 9 * channels * width + 9 * width * width + 4 * width
        return convolutions + (channels * width + 2 * width if channels != width else 0)

    stem, head = 27 * 32 + 64, 128 * 10 + 10
    blocks = 2 * block(32, 32) + block(32, 64) + block(64, 64) + block(64, 128) + block(128, 128)
    assert count_parameters(on_meta(resnet_cifar)) == stem + blocks + head == 696_618


@pytest.mark.parametrize("side", [4, 32, 37])
def test_resnet_cifar_quarters_the_side(side):
    shapes = {row.name: row.shape for row in on_meta(resnet_cifar).table((2, 3, side, side))}
    half = (side + 1) // 2
    quarter = (half + 1) // 2
    assert shapes["bn1"] == shapes["layer1.1"] == (2, 32, side, side)
    assert shapes["layer2.0"] == shapes["layer2.1"] == (2, 64, half, half)
    assert shapes["layer3.1"] == (2, 128, quarter, quarter)
    assert shapes["fc"] == (2, 10)


def test_resnet_cifar_takes_widths_blocks_and_classes():
    with torch.device("meta"):
        net = resnet_cifar(widths=(4, 8), blocks=3, classes=7)
    rows = net.table((1, 3, 8, 8))
    blocks = [row.name for row in rows if row.kind == "BasicBlock"]
    assert blocks == ["layer1.0", "layer1.1", "layer1.2", "layer2.0", "layer2.1", "layer2.2"]
    assert rows[-1].shape == (1, 7)


def test_initial_resnets_keep_the_variance():
    """Each He-initialised convolution has weights of variance 2 / fan out."""
    for name, parameter in resnet_cifar().named_parameters():
        if parameter.ndim == 4:
            fan_out = parameter.shape[0] * parameter.shape[2] * parameter.shape[3]
            assert float(parameter.detach().std()) == pytest.approx(math.sqrt(2 / fan_out), rel=0.15), name


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("zeros", [0.0, 0.5, 1.0])
def test_a_frozen_dense_layer_of_vgg_has_the_gradient_of_any_other(batch: int, zeros: float):
    generator = torch.Generator().manual_seed(0)
    layer = Linear(12, 7)
    h = torch.randn(batch, 12, generator=generator, requires_grad=True)
    mask = torch.rand(batch, 7, generator=generator) >= zeros
    weights = torch.randn(batch, 7, generator=generator) * mask
    weights[0] = 0  # a sample without any gradient
    (expected,) = torch.autograd.grad((layer(h) * weights).sum(), h)
    output = layer(h)
    layer.requires_grad_(False)
    torch.testing.assert_close(layer(h), output)
    (got,) = torch.autograd.grad((layer(h) * weights).sum(), h)
    torch.testing.assert_close(got, expected)
    assert not layer(h.detach()).requires_grad
