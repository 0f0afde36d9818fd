"""The programs make the networks: shape and parameters of what they build, and the same numbers where both run."""

from math import prod
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from torch import nn

from core.conv import run
from core.conv.exporting import pytorch
from core.conv.exporting_keras import keras as keras_program
from core.conv.items import Network, item
from core.conv.presets import PRESETS
from core.nn.stages import count_parameters
from tests.conv.networks import networks

SAME = item("conv", filters=2, kernel=4, padding="same")


def made(program: str) -> Any:
    """What the program calls `network`; it is our own text, not a learner's."""
    names: dict[str, Any] = {"__name__": "program"}
    exec(compile(program, "program", "exec"), names)
    return names["network"]


def totals(network: Network) -> tuple[tuple[int, ...], int, int]:
    costs = run(network.layers, network.shape)
    shape = costs[-1].shape if costs else network.shape
    return shape, sum(cost.trainable for cost in costs), sum(cost.fixed for cost in costs)


def check_torch(network: Network) -> None:
    with torch.device("meta"):
        real: nn.Module = made(pytorch(network)).eval()
        shape = tuple(real(torch.empty(1, *network.shape)).shape[1:])
    kept = (value.numel() for name, value in real.named_buffers() if not name.endswith("num_batches_tracked"))
    assert (shape, count_parameters(real), sum(kept)) == totals(network)


@pytest.mark.parametrize("name", PRESETS)
def test_pytorch_of_the_presets(name: str):
    check_torch(PRESETS[name].network)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@given(networks())
@example(Network((2, 6, 5), (SAME,)))
@settings(max_examples=60, deadline=None)
def test_pytorch_of_random_networks(network: Network):
    check_torch(network)


def test_the_program_runs_as_it_is_handed_out(capsys: pytest.CaptureFixture[str]):
    exec(compile(pytorch(PRESETS["lenet5"].network), "program", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "torch.Size([1, 10])\n61,706 parameters\n"


def check_keras(network: Network, keras: ModuleType) -> Any:
    real = made(keras_program(network))
    shape = tuple(real.output.shape[1:])
    trainable, fixed = (
        sum(prod(weight.shape) for weight in weights)
        for weights in (real.trainable_weights, real.non_trainable_weights)
    )
    assert ((shape[-1], *shape[:-1]), trainable, fixed) == totals(network)
    return real


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "squeezenet"])
def test_keras_of_the_presets(name: str, keras: ModuleType):
    check_keras(PRESETS[name].network, keras)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@given(network=networks())
@example(network=Network((2, 6, 5), (SAME, item("max_pool", kernel=3, padding=1, ceil=True))))
@settings(max_examples=15, deadline=None)
def test_keras_of_random_networks(network: Network, keras: ModuleType):
    check_keras(network, keras)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    "items",
    [
        (item("conv", filters=4, kernel=4, stride=3, padding=2), item("max_pool", kernel=3, padding=1, ceil=True)),
        (item("conv", filters=4, groups=2, dilation=2, padding=2), item("average_pool", kernel=3, padding=1)),
        (item("conv", filters=3, kernel=2, dilation=2, stride=2, padding=1), item("activation", function="tanh")),
        (SAME, item("activation", function="softmax"), item("fire", squeeze=2, expand=3)),
        (item("residual", filters=4, stride=2, project=True), item("batch_norm"), item("global_pool")),
    ],
    ids=["ceil", "groups", "dilation and stride", "same", "residual"],
)
def test_both_programs_compute_the_same(items: tuple, keras: ModuleType):
    """With the weights of the one in the other: padding, ceil mode and skips mean the same in both."""
    network = Network((2, 11, 9), items)
    here: nn.Module = made(pytorch(network)).eval()
    there = check_keras(network, keras)
    for values in here.state_dict().values():
        if values.is_floating_point():
            values.uniform_(0.2, 0.9, generator=torch.Generator().manual_seed(values.numel()))
    x = torch.randn(1, *network.shape, generator=torch.Generator().manual_seed(0))
    hand_over(here, there)
    with torch.no_grad():
        out = torch.as_tensor(there(x.permute(0, 2, 3, 1), training=False)).permute(0, 3, 1, 2)
        torch.testing.assert_close(out, here(x), rtol=1e-4, atol=1e-5)


def hand_over(here: nn.Module, there: Any) -> None:
    """torch's weights to the Keras layers of the same kinds, in the order of the program."""
    modules = [one for one in here.modules() if isinstance(one, (nn.Conv2d, nn.BatchNorm2d))]
    layers = [one for one in there.layers if one.weights]
    assert len(modules) == len(layers)
    for module in modules:
        wanted = "Conv2D" if isinstance(module, nn.Conv2d) else "BatchNormalization"
        state = {name: value.detach() for name, value in module.state_dict().items() if value.dim()}
        if isinstance(module, nn.Conv2d):
            values = [state["weight"].permute(2, 3, 1, 0), *([state["bias"]] if "bias" in state else [])]
        else:
            values = [state[name] for name in ("weight", "bias", "running_mean", "running_var")]
        shapes = [tuple(value.shape) for value in values]
        layer = next(
            one for one in layers if type(one).__name__ == wanted and [tuple(w.shape) for w in one.weights] == shapes
        )
        layers.remove(layer)
        layer.set_weights([value.numpy() for value in values])
