r"""Layers as data: what comes out, what it costs, and how much of the input it sees, without computing anything.

Shapes are channels first and without the batch: (C, *axes), such as (3, 224, 224), or (features,) once flattened.
Multiply-adds count one for each product of a weight with an input, as is usual: biases, activations, pooling and
normalisation are left out.

Source of the costs: Dumoulin, Visin 2016 (arXiv 1603.07285), section 2; the layers are those of torch.nn.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from core.conv.arithmetic import (
    Axis,
    Dialect,
    Field,
    GeometryError,
    Padding,
    Sizes,
    spread,
    transposed,
    transposed_keras,
    walk,
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cost:
    """What one layer makes of an input of a known shape.

    Attributes:
        shape: of the output.
        trainable, fixed: numbers that are learned, and numbers that are only kept (running means).
        multiply_adds: for one example.
        axes: the window along each axis; empty where there is none.
        fields: what a cell of the output sees of the network's input, for each axis; empty once it sees all, and where
            it is not the same for all cells (after a transposed convolution).
    """

    shape: Shape
    trainable: int = 0
    fixed: int = 0
    multiply_adds: int = 0
    axes: tuple[Axis, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def bytes(self) -> int:
        """Memory of the output of one example, in 32-bit floats."""
        return 4 * prod(self.shape)


@dataclass(frozen=True)
class Layer(ABC):
    """A layer with its arguments.

    Attributes:
        name: in the network, unique there; it is what errors name.
    """

    name: str = field(default="", kw_only=True)

    @abstractmethod
    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """What it makes of an input of this shape, whose cells see `fields` of the network's input.

        Raises:
            GeometryError: it cannot take this input.
        """


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution (cross-correlation) with `filters` kernels."""

    filters: int
    kernel: Sizes
    stride: Sizes = 1
    padding: Padding = "valid"
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True
    dialect: Dialect = "torch"

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """A weight for each place of the kernel and each channel of a group, in every filter."""
        channels, *cells = spatial(shape)
        _check_groups(self.groups, channels, self.filters)
        axes = walk(cells, self.kernel, self.stride, self.padding, self.dilation, self.dialect)
        sizes = tuple(axis.size for axis in axes)
        weights = prod(axis.k for axis in axes) * (channels // self.groups) * self.filters
        return Cost(
            (self.filters, *sizes),
            weights + self.filters * self.bias,
            multiply_adds=weights * prod(sizes),
            axes=axes,
            fields=_after(fields, axes),
        )


@dataclass(frozen=True)
class ConvTranspose(Layer):
    """A transposed convolution: every cell of the input writes the kernel into the output, where overlaps add up."""

    filters: int
    kernel: Sizes
    stride: Sizes = 1
    padding: Literal["valid", "same"] | Sizes = 0
    """Cells cut off both ends, as in torch; or a word, as in Keras."""
    output_padding: Sizes = 0
    """Cells more at the end; beside a word Keras chooses them."""
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """As many weights as a convolution; each meets every cell of the input, also where the result is cut off."""
        channels, *cells = spatial(shape)
        _check_groups(self.groups, channels, self.filters)
        sizes = tuple(self._size(axis, cells) for axis in range(len(cells)))
        weights = prod(spread(self.kernel, len(cells), "kernel size")) * channels * (self.filters // self.groups)
        return Cost((self.filters, *sizes), weights + self.filters * self.bias, multiply_adds=weights * prod(cells))

    def _size(self, axis: int, cells: Sequence[int]) -> int:
        n, names = cells[axis], ("kernel size", "stride", "dilation", "output padding")
        values = (self.kernel, self.stride, self.dilation, self.output_padding)
        k, s, d, r = (spread(value, len(cells), name)[axis] for value, name in zip(values, names, strict=True))
        try:
            if isinstance(self.padding, str):
                return transposed_keras(n, k, s, self.padding, d)
            return transposed(n, k, s, spread(self.padding, len(cells), "padding")[axis], d, r)
        except GeometryError as error:
            raise GeometryError(f"axis {axis + 1}: {error}" if len(cells) > 1 else str(error)) from None


@dataclass(frozen=True)
class Pool(Layer):
    """The maximum or the mean of each window, channel by channel."""

    how: Literal["max", "average"]
    kernel: Sizes
    stride: Sizes | None = None
    """The kernel's size, if None."""
    padding: Padding = "valid"
    ceil: bool = False
    dialect: Dialect = "torch"

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Nothing is learned."""
        channels, *cells = spatial(shape)
        stride = self.kernel if self.stride is None else self.stride
        if self.dialect == "torch" and self.padding == "same":
            raise GeometryError("torch's pooling has no padding='same'; give a number")
        axes = walk(cells, self.kernel, stride, self.padding, 1, self.dialect, self.ceil)
        for axis in axes:
            if self.dialect == "torch" and 2 * max(axis.before, axis.after) > axis.k:
                raise GeometryError(f"pooling pads by at most half of its kernel {axis.k}, got {axis.before}")
        return Cost((channels, *(axis.size for axis in axes)), axes=axes, fields=_after(fields, axes))


@dataclass(frozen=True)
class GlobalPool(Layer):
    """The mean of each channel (global average pooling); the axes stay, with one cell each."""

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Each number sees the whole input."""
        channels, *cells = spatial(shape)
        return Cost((channels, *(1 for _ in cells)))


@dataclass(frozen=True)
class Activation(Layer):
    """A function of each number alone."""

    function: Literal["relu", "tanh", "sigmoid", "softmax"] = "relu"

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Nothing changes but the numbers."""
        return Cost(shape, fields=fields)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel shifted and scaled: learned scale and shift, kept mean and variance."""

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Two numbers of either kind for each channel."""
        return Cost(shape, 2 * shape[0], 2 * shape[0], fields=fields)


@dataclass(frozen=True)
class Dropout(Layer):
    """A share `rate` of the numbers set to 0 while training."""

    rate: float = 0.5

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Nothing changes but the numbers."""
        if not 0 <= self.rate < 1:
            raise GeometryError(f"rate must be from 0 to below 1, got {self.rate:g}")
        return Cost(shape, fields=fields)


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers in one row."""

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """From here on there are no axes."""
        return Cost((prod(shape),))


@dataclass(frozen=True)
class Dense(Layer):
    """Every output number is a weighted sum of all input numbers."""

    units: int
    bias: bool = True

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """A weight for each pair of numbers."""
        if self.units < 1:
            raise GeometryError(f"units must be at least 1, got {self.units}")
        if len(shape) != 1:
            raise GeometryError(f"expected a flat input; got shape {shape}: put a flatten layer before it")
        return Cost((self.units,), (shape[0] + self.bias) * self.units, multiply_adds=shape[0] * self.units)


@dataclass(frozen=True)
class Branches(Layer):
    """Paths from the same input; an empty one passes it on. A residual block adds, a fire module concatenates."""

    paths: tuple[tuple[Layer, ...], ...]
    join: Literal["add", "concatenate"] = "add"

    def cost(self, shape: Shape, fields: tuple[Field, ...] = ()) -> Cost:
        """Costs add up; a cell sees what the path that sees most sees."""
        if not self.paths:
            raise GeometryError("expected at least one path")
        ends = [run(path, shape, fields)[-1] if path else Cost(shape, fields=fields) for path in self.paths]
        shapes = [end.shape for end in ends]
        same = {each if self.join == "add" else each[1:] for each in shapes}
        if len(same) > 1:
            how = "add" if self.join == "add" else "join"
            raise GeometryError(f"to {how}, the paths must end in the same shape; got {' and '.join(map(str, shapes))}")
        costs = [cost for path in self.paths for cost in run(path, shape, fields)]
        return Cost(
            shapes[0] if self.join == "add" else (sum(each[0] for each in shapes), *shapes[0][1:]),
            sum(cost.trainable for cost in costs),
            sum(cost.fixed for cost in costs),
            sum(cost.multiply_adds for cost in costs),
            fields=max((end.fields for end in ends), key=lambda found: [each.size for each in found]),
        )


def run(layers: Sequence[Layer], shape: Shape, fields: tuple[Field, ...] = ()) -> tuple[Cost, ...]:
    """What each layer makes of what comes before it.

    Raises:
        GeometryError: a layer that cannot take its input; the message begins with the layer's name.
    """
    costs: list[Cost] = []
    for layer in layers:
        try:
            cost = layer.cost(shape, fields)
        except GeometryError as error:
            raise GeometryError(f"{layer.name}: {error}" if layer.name else str(error)) from None
        shape, fields = cost.shape, cost.fields
        costs.append(cost)
    return tuple(costs)


def spatial(shape: Shape) -> Shape:
    """The shape, which has axes.

    Raises:
        GeometryError: it is flat, or empty.
    """
    if len(shape) < 2:
        raise GeometryError(f"expected channels and at least one axis; got {'the flat ' * len(shape)}shape {shape}")
    return shape


def _after(fields: tuple[Field, ...], axes: tuple[Axis, ...]) -> tuple[Field, ...]:
    return tuple(seen.after(axis) for seen, axis in zip(fields, axes, strict=True)) if fields else ()


def _check_groups(groups: int, channels: int, filters: int) -> None:
    if filters < 1 or groups < 1:
        raise GeometryError(f"filters and groups must be at least 1, got {filters} and {groups}")
    if channels % groups or filters % groups:
        raise GeometryError(
            f"groups must divide channels and filters; got {groups} groups for {channels} channels and "
            f"{filters} filters"
        )
