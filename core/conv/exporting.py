"""A whole network as a program in PyTorch. `exporting_keras` has the same in Keras."""

from collections.abc import Sequence

from core.conv.items import Network
from core.conv.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Pool,
    Shape,
    run,
)
from core.conv.programs_torch import torch_calls

_FUNCTIONS = {"relu": "nn.ReLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()", "softmax": "nn.Softmax(dim=1)"}

_ADD = '''class Add(nn.ModuleList):
    """Paths from the same input, added."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(path(x) for path in self)


'''
_CONCATENATE = '''class Concatenate(nn.ModuleList):
    """Paths from the same input, their channels beside each other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([path(x) for path in self], dim=1)


'''
_PROGRAM = '''"""Input: {shape}, which is channels, height, width.

Behind each layer stands the shape of its output.
"""

import torch
from torch import nn


{classes}network = nn.Sequential(
{layers}
)

if __name__ == "__main__":
    network.eval()
    with torch.no_grad():
        print(network(torch.zeros(1, {sizes})).shape)
    print(f"{{sum(p.numel() for p in network.parameters()):,}} parameters")
'''


def pytorch(built: Network) -> str:
    """The network as a program, which makes `network` and prints the shape of its output and its parameters.

    Raises:
        core.conv.GeometryError: a layer that cannot take its input.
    """
    lines, _ = _sequence(built.layers, built.shape)
    layers = "\n".join(lines)
    classes = (_ADD if "Add([" in layers else "") + (_CONCATENATE if "Concatenate([" in layers else "")
    return _PROGRAM.format(shape=built.shape, classes=classes, layers=layers, sizes=", ".join(map(str, built.shape)))


def _sequence(layers: Sequence[Layer], shape: Shape) -> tuple[list[str], Shape]:
    """The lines inside of an nn.Sequential, and the shape behind it."""
    lines: list[str] = []
    for layer in layers:
        after = run([layer], shape)[-1].shape
        match layer:
            case Branches():
                written = _branches(layer, shape)
            case Conv() | Pool():
                *padding, call = torch_calls(layer, shape).calls
                written = [*(f"nn.{each}," for each in padding), f"nn.{call}"]
            case _:
                written = [_line(layer, shape)]
        lines += _indented([*written[:-1], f"{written[-1]},  # {_commas(after)}"])
        shape = after
    return lines, shape


def _branches(layer: Branches, shape: Shape) -> list[str]:
    paths = [_path(path, shape) for path in layer.paths]
    if len(paths) == 1:
        return paths[0]
    join = "Add" if layer.join == "add" else "Concatenate"
    inside = [line for path in paths for line in _indented([*path[:-1], f"{path[-1]},"])]
    return [f"{join}([", *inside, "])"]


def _path(layers: Sequence[Layer], shape: Shape) -> list[str]:
    return ["nn.Sequential(", *_sequence(layers, shape)[0], ")"] if layers else ["nn.Identity()"]


def _line(layer: Layer, shape: Shape) -> str:
    channels, *cells = shape
    match layer:
        case GlobalPool():
            return "nn.AdaptiveAvgPool2d(1)"
        case Activation():
            return _FUNCTIONS[layer.function]
        case BatchNorm():
            return f"nn.BatchNorm{'2d' if cells else '1d'}({channels})"
        case Dropout():
            return f"nn.Dropout({layer.rate:g})"
        case Flatten():
            return "nn.Flatten()"
        case Dense():
            return f"nn.Linear({channels}, {layer.units}{'' if layer.bias else ', bias=False'})"
    raise TypeError(f"no PyTorch is known for {type(layer).__name__}")


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _commas(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"
