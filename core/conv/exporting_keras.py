"""A whole network as a program in Keras 3: channels last, and padding by numbers as layers of its own."""

from collections.abc import Sequence

from core.conv.arithmetic import Axis
from core.conv.items import Network
from core.conv.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    Cost,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Pool,
    Shape,
    run,
)
from core.conv.programs_keras import keras_calls

_PROGRAM = '''"""Input: {shape}, which is height, width, channels.

Behind each layer stands the shape of its output. A flatten layer hands on the numbers in
another order than PyTorch, whose channels come first.
"""

import keras
from keras import layers

inputs = keras.Input({shape})
{lines}
network = keras.Model(inputs, {last})

if __name__ == "__main__":
    network.summary()
'''


def keras(built: Network) -> str:
    """The network as a program, which makes `network` and prints its summary.

    Raises:
        core.conv.GeometryError: a layer that cannot take its input.
    """
    program = _Program()
    last = program.sequence(built.layers, built.shape, "inputs", "x")
    return _PROGRAM.format(shape=_last(built.shape), lines="\n".join(program.lines), last=last)


class _Program:
    """Lines of the functional style, one layer each."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.blocks = 0

    def sequence(self, layers: Sequence[Layer], shape: Shape, before: str, to: str) -> str:
        """Write layers that lead from the variable `before` to the one called `to`; the variable with the result."""
        for layer in layers:
            cost = run([layer], shape)[-1]
            if isinstance(layer, Branches):
                self._branches(layer, shape, before, to, cost)
            else:
                self._plain(layer, shape, cost, before, to)
            before, shape = to, cost.shape
        return before

    def _branches(self, layer: Branches, shape: Shape, before: str, to: str, cost: Cost) -> None:
        self.blocks += len(layer.paths) > 1
        here = self.blocks
        ends = [
            self.sequence(path, shape, before, to if len(layer.paths) == 1 else f"x{here}_{number}")
            for number, path in enumerate(layer.paths, 1)
        ]
        if len(ends) > 1:
            join = "Add" if layer.join == "add" else "Concatenate"
            self._write(to, f"layers.{join}()([{', '.join(ends)}])", cost)

    def _plain(self, layer: Layer, shape: Shape, cost: Cost, before: str, to: str) -> None:
        match layer:
            case Conv():
                *others, call = keras_calls(layer, shape).calls
                for other in others:
                    self.lines.append(f"{to} = layers.{other}({before})")
                    before = to
                self._write(to, f"layers.{call}({before})", cost)
                return
            case Pool(how="max") if _padded(cost.axes):
                around = f"[(0, 0), {_around(cost.axes)[1:-1]}, (0, 0)]"
                self.lines.append(f'{to} = keras.ops.pad({before}, {around}, constant_values=float("-inf"))')
                before = to
            case Pool() if _padded(cost.axes):
                self.lines.append(f"{to} = layers.ZeroPadding2D({_around(cost.axes)})({before})")
                before = to
        self._write(to, f"{_call(layer)}({before})", cost)

    def _write(self, to: str, made: str, cost: Cost) -> None:
        self.lines.append(f"{to} = {made}  # {_last(cost.shape)}")


def _call(layer: Layer) -> str:
    match layer:
        case Pool():
            name = "Max" if layer.how == "max" else "Average"
            stride = layer.kernel if layer.stride is None else layer.stride
            return f"layers.{name}Pooling2D({layer.kernel}, strides={stride})"
        case GlobalPool():
            return "layers.GlobalAveragePooling2D(keepdims=True)"
        case Activation():
            return f'layers.Activation("{layer.function}")'
        case BatchNorm():
            return "layers.BatchNormalization(momentum=0.9, epsilon=1e-5)"
        case Dropout():
            return f"layers.Dropout({layer.rate:g})"
        case Flatten():
            return "layers.Flatten()"
        case Dense():
            return f"layers.Dense({layer.units}{'' if layer.bias else ', use_bias=False'})"
    raise TypeError(f"no Keras is known for {type(layer).__name__}")


def _padding(axis: Axis) -> tuple[int, int]:
    """Cells before and after; a last window that hangs over the end, as ceil mode allows, gets cells too."""
    over = (axis.size - 1) * axis.s + axis.extent - axis.padded
    return axis.before, axis.after + max(over, 0)


def _padded(axes: Sequence[Axis]) -> bool:
    return any(_padding(axis) != (0, 0) for axis in axes)


def _around(axes: Sequence[Axis]) -> str:
    return repr(tuple(_padding(axis) for axis in axes))


def _last(shape: Shape) -> str:
    """The shape with its channels last."""
    return repr((*shape[1:], shape[0]))
