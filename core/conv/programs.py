"""One layer as a program in PyTorch and in Keras, and what a dialect cannot say.

A layer of `core.conv.layers` says what is meant: its sizes, and its padding as a word in the sense of Keras or in
numbers. Each dialect gets the calls that make it, with a layer for padding before it or a crop behind it where its own
arguments do not reach, and a sentence for each such detour. The text of a program and the layer that is built here
come from the same `Call`s.

Sources: the documentation of torch.nn (PyTorch 2.13) and of Keras 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from core.conv.layers import Conv, ConvTranspose, Pool, Shape

Windowed = Conv | ConvTranspose | Pool
"""The layers that have programs here."""
ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid"}
"""Keras' name -> torch.nn's."""

AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}
"""How many -> what they are called, in their order."""


@dataclass(frozen=True)
class Call:
    """The construction of a layer.

    Attributes:
        name: of the class.
        given: arguments by position.
        named: arguments by name, each with its value.
    """

    name: str
    given: tuple[Any, ...] = ()
    named: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """As it stands in a program, without the package."""
        texts = [*map(_written, self.given), *(f"{name}={_written(value)}" for name, value in self.named)]
        return f"{self.name}({', '.join(texts)})"

    def built(self) -> nn.Module:
        """The layer of torch.nn itself, without memory for its weights."""
        meta = {"device": "meta"} if self.name.startswith("Conv") else {}
        return getattr(nn, self.name)(*self.given, **dict(self.named), **meta)


@dataclass(frozen=True)
class Calls:
    """The layers that make one layer in a dialect.

    Attributes:
        calls: in their order; none where the dialect has no such layer.
        notes: a sentence for each thing that it cannot do, or does otherwise.
        exact: whether they give the numbers that are meant, for inputs that are not negative and equal weights.
    """

    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()
    exact: bool = True


def _written(value: object) -> str:
    if isinstance(value, float):
        return f'float("{value}")'  # an infinity
    return f'"{value}"' if isinstance(value, str) else repr(value)


def short(values: Sequence[Any]) -> Any:
    """One value where all axes have the same, else all of them.

    >>> short((3, 3)), short((3, 5))
    (3, (3, 5))
    """
    return values[0] if len(set(values)) == 1 else tuple(values)


def named(**given: Any) -> tuple[tuple[str, Any], ...]:
    """Arguments of a call; those that are None are left to their default."""
    return tuple((name, value) for name, value in given.items() if value is not None)


def torch_module(calls: Sequence[Call]) -> nn.Module:
    """The calls as one layer, or one after the other."""
    built = [call.built() for call in calls]
    return built[0] if len(built) == 1 else nn.Sequential(*built)


def torch_program(calls: Sequence[Call], shape: Shape, out: Shape, parameters: int) -> str:
    """A program that makes the layer, runs it once and counts its parameters.

    Args:
        calls: of torch.nn.
        shape, out: of input and output, channels first, without the batch.
    """
    lines = [f"nn.{call}" for call in calls]
    inside = "".join(f"    {line},\n" for line in lines)
    layer = lines[0] if len(lines) == 1 else f"nn.Sequential(\n{inside})"
    sizes = ", ".join(map(str, (1, *shape)))
    return (
        f"import torch\nfrom torch import nn\n\nlayer = {layer}\n"
        f"# batch, channels, {AXES[len(shape) - 1]}\nx = torch.randn({sizes})\n"
        f"print(tuple(layer(x).shape))\n# {(1, *out)}\n"
        f"counts = [p.numel() for p in layer.parameters()]\nprint(sum(counts))\n# {parameters}\n"
    )


def keras_program(calls: Sequence[Call], shape: Shape, out: Shape, parameters: int) -> str:
    """The same in Keras: it prints the summary, then shape and number of parameters.

    Args:
        calls: of keras.layers.
        shape, out: channels first, as for `torch_program`; Keras gets them last.
    """
    lines = "".join(f"        layers.{call},\n" for call in calls)
    return (
        "import keras\nfrom keras import layers\n\nmodel = keras.Sequential(\n    [\n"
        f"        # {AXES[len(shape) - 1]}, channels\n        keras.Input({last(shape)}),\n{lines}    ]\n)\n"
        f"model.summary()\nprint(model.output_shape)\n# {(None, *last(out))}\n"
        f"print(model.count_params())\n# {parameters}\n"
    )


def last(shape: Shape) -> Shape:
    """Channels from first to last."""
    return (*shape[1:], shape[0])
