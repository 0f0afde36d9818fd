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
        written = _branches(layer, shape) if isinstance(layer, Branches) else [_line(layer, shape)]
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
        case Conv():
            given = [str(channels), str(layer.filters), _number(layer.kernel)]
            given += [f"stride={_number(layer.stride)}"] if layer.stride != 1 else []
            given += _padding(layer.padding)
            given += [f"dilation={_number(layer.dilation)}"] if layer.dilation != 1 else []
            given += [f"groups={layer.groups}"] if layer.groups != 1 else []
            given += [] if layer.bias else ["bias=False"]
            return f"nn.Conv2d({', '.join(given)})"
        case Pool():
            given = [_number(layer.kernel)]
            given += [f"stride={_number(layer.stride)}"] if layer.stride not in (None, layer.kernel) else []
            given += _padding(layer.padding)
            given += ["ceil_mode=True"] if layer.ceil else []
            return f"nn.{'Max' if layer.how == 'max' else 'Avg'}Pool2d({', '.join(given)})"
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


def _padding(padding: object) -> list[str]:
    return [] if padding in (0, "valid") else [f"padding={padding!r}"]


def _number(size: object) -> str:
    return repr(size) if isinstance(size, int) else repr(tuple(size)) if isinstance(size, Sequence) else str(size)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _commas(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"
