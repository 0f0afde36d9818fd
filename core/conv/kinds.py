"""Kinds of layers with named, bounded arguments: forms, files and links are made from the table `KINDS`."""

import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

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
)

Value = int | float | str
"""Of an argument; bool is an int."""


class NetworkError(ValueError):
    """No network can be made of this; the message says what was expected and what came."""


@dataclass(frozen=True)
class Argument:
    """An argument of a kind of layer.

    Attributes:
        name, letter: in a file, and in a link.
        title: on a form.
        default: its type is that of all values, where there are no `options`.
        low, high: bounds of a number.
        options: all values there are, if not a number between bounds.
        words: says the value, as "stride {}"; where the value is the default only with `always`.
    """

    name: str
    letter: str
    title: str
    default: Value
    low: float = 0
    high: float = 1
    options: tuple[Value, ...] = ()
    words: str = "{}"
    always: bool = False

    def check(self, value: object) -> Value:
        """The value, if it is one.

        Raises:
            NetworkError: it is of another type, or outside the bounds.
        """
        if self.options:
            fits = any(type(value) is type(option) and value == option for option in self.options)
        elif isinstance(self.default, bool) or isinstance(value, bool):
            fits = isinstance(self.default, bool) and isinstance(value, bool)
        else:
            types = (int, float) if isinstance(self.default, float) else (int,)
            fits = isinstance(value, types) and self.low <= value <= self.high and isfinite(value)
        if not fits or not isinstance(value, (int, float, str)):
            raise NetworkError(f"{self.name} must be {self.accepted}; got {brief(value)}")
        # as links write it: to three digits, and without the sign of -0.0
        return round(float(value), 3) + 0.0 if isinstance(self.default, float) else value

    @property
    def accepted(self) -> str:
        """The values that are accepted, in words."""
        if self.options:
            whole = [option for option in self.options if isinstance(option, int)]
            others = [repr(option) for option in self.options if not isinstance(option, int)]
            return " or ".join(([f"a whole number from {whole[0]} to {whole[-1]}"] if whole else []) + others)
        if isinstance(self.default, bool):
            return "true or false"
        return f"a {'whole ' if isinstance(self.default, int) else ''}number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Kind:
    """A kind of layer.

    Attributes:
        name, letter: in a file, and in a link.
        title: on a form.
        short: in a table.
        build: makes the layer of the arguments' values, in their order.
    """

    name: str
    letter: str
    title: str
    short: str
    build: Callable[..., Layer]
    arguments: tuple[Argument, ...] = ()


def brief(value: object) -> str:
    """What came, shortened before it is written out: it may be long, or nested without end."""
    return reprlib.repr(value)


def residual(filters: int, stride: int = 1, project: bool = False) -> Branches:
    """The basic block of ResNet up to its sum: two 3 x 3 convolutions beside the skip (arXiv 1512.03385, figure 5)."""
    body = (
        Conv(filters, 3, stride, 1, bias=False),
        BatchNorm(),
        Activation(),
        Conv(filters, 3, 1, 1, bias=False),
        BatchNorm(),
    )
    return Branches((body, (Conv(filters, 1, stride, bias=False), BatchNorm()) if project else ()))


def fire(squeeze: int, expand: int) -> Branches:
    """SqueezeNet's module: 1 x 1 to few channels, then 1 x 1 and 3 x 3 beside each other (arXiv 1602.07360)."""
    wide = Branches(((Conv(expand, 1), Activation()), (Conv(expand, 3, 1, 1), Activation())), "concatenate")
    return Branches(((Conv(squeeze, 1), Activation(), wide),))


def _max(kernel: int, stride: int, padding: int, ceil: bool) -> Layer:
    return Pool("max", kernel, stride, padding, ceil)


def _average(kernel: int, stride: int, padding: int) -> Layer:
    return Pool("average", kernel, stride, padding)


_FILTERS = Argument("filters", "f", "Filters", 16, 1, 8192, words="{} filters", always=True)
_KERNEL = Argument("kernel", "k", "Kernel size k", 3, 1, 64, words="kernel {}", always=True)
_STRIDE = Argument("stride", "s", "Stride s", 1, 1, 32, words="stride {}")
_PADDING = Argument("padding", "p", "Padding p", 0, options=(*range(16), "same"), words="padding {}")
_BIAS = Argument("bias", "b", "Bias", True, words="no bias")
_WINDOW = Argument("kernel", "k", "Window size k", 2, 1, 64, words="window {}", always=True)
_STEP = Argument("stride", "s", "Stride s", 2, 1, 32, words="stride {}", always=True)
_AROUND = Argument("padding", "p", "Padding p", 0, 0, 32, words="padding {}")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "conv",
            "C",
            "Convolution",
            "convolution",
            Conv,
            (
                _FILTERS,
                _KERNEL,
                _STRIDE,
                _PADDING,
                Argument("dilation", "d", "Dilation d", 1, 1, 32, words="dilation {}"),
                Argument("groups", "g", "Groups g", 1, 1, 8192, words="{} groups"),
                _BIAS,
            ),
        ),
        Kind(
            "max_pool",
            "M",
            "Max pooling",
            "max pooling",
            _max,
            (_WINDOW, _STEP, _AROUND, Argument("ceil", "c", "Ceil mode", False, words="ceil mode")),
        ),
        Kind("average_pool", "V", "Average pooling", "average pooling", _average, (_WINDOW, _STEP, _AROUND)),
        Kind("global_pool", "G", "Global average pooling", "global average pooling", GlobalPool),
        Kind(
            "activation",
            "A",
            "Activation",
            "activation",
            Activation,
            (
                Argument(
                    "function", "f", "Function", "relu", options=("relu", "tanh", "sigmoid", "softmax"), always=True
                ),
            ),
        ),
        Kind("batch_norm", "B", "Batch normalisation", "batch normalisation", BatchNorm),
        Kind(
            "dropout",
            "D",
            "Dropout",
            "dropout",
            Dropout,
            (Argument("rate", "r", "Rate", 0.5, 0, 0.95, words="rate {:g}", always=True),),
        ),
        Kind("flatten", "F", "Flatten", "flatten", Flatten),
        Kind(
            "dense",
            "L",
            "Dense",
            "dense",
            Dense,
            (Argument("units", "u", "Units", 10, 1, 100_000, words="{} units", always=True), _BIAS),
        ),
        Kind(
            "residual",
            "R",
            "Residual block",
            "residual block",
            residual,
            (_FILTERS, _STRIDE, Argument("project", "p", "1 x 1 convolution on the skip", False, words="1 x 1 skip")),
        ),
        Kind(
            "fire",
            "S",
            "Fire module",
            "fire module",
            fire,
            (
                Argument("squeeze", "s", "Squeeze to", 16, 1, 8192, words="squeeze {}", always=True),
                Argument(
                    "expand", "e", "Expand by 1 x 1 and 3 x 3, each to", 64, 1, 8192, words="expand 2 x {}", always=True
                ),
            ),
        ),
    )
}
"""Name -> kind, in the order of the menu."""
