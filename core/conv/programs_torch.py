"""One layer in torch.nn. Input: channels first, (N, C, *axes)."""

from collections.abc import Sequence
from dataclasses import replace

from core.conv.arithmetic import GeometryError, Pair, extent, spread
from core.conv.layers import Conv, ConvTranspose, Pool, Shape
from core.conv.programs import ACTIVATIONS, Call, Calls, Windowed, named, short


def torch_calls(layer: Windowed, shape: Shape, activation: str = "") -> Calls:
    """The layer as calls of torch.nn.

    Args:
        layer: with the padding words of Keras (`dialect="keras"` where it has one).
        shape: of the input, channels first.
        activation: a name of `ACTIVATIONS`, or none.

    Raises:
        GeometryError: the layer cannot take this input.
    """
    layer.cost(shape)
    match layer:
        case Conv():
            found = _conv(layer, shape)
        case ConvTranspose():
            found = _transposed(layer, shape)
        case Pool():
            found = _pool(layer, shape)
    if not activation:
        return found
    note = f"torch's layers have no argument activation: nn.{ACTIVATIONS[activation]} is a layer of its own."
    return replace(found, calls=(*found.calls, Call(ACTIVATIONS[activation])), notes=(*found.notes, note))


def _conv(layer: Conv, shape: Shape) -> Calls:
    axes = layer.cost(shape).axes
    pairs = [(axis.before, axis.after) for axis in axes]
    padding = _amounts(pairs)
    before, notes = (), []
    if layer.padding == "same":
        try:
            replace(layer, dialect="torch").cost(shape)
            padding = "same"
        except GeometryError as error:
            notes.append(_no_same(str(error), padding is None, len(axes)))
    if padding is None:
        before, padding = (_padded("ZeroPad", pairs),), 0
    call = Call(
        f"Conv{len(axes)}d",
        (shape[0], layer.filters),
        named(
            kernel_size=short([axis.k for axis in axes]),
            stride=_unless(1, [axis.s for axis in axes]),
            padding=padding or None,
            dilation=_unless(1, [axis.d for axis in axes]),
            groups=layer.groups if layer.groups > 1 else None,
            bias=None if layer.bias else False,
        ),
    )
    return Calls((*before, call), tuple(notes))


def _pool(layer: Pool, shape: Shape) -> Calls:
    axes = layer.cost(shape).axes
    pairs = [(axis.before, axis.after) for axis in axes]
    padding, notes, before = _amounts(pairs), [], ()
    mean, same = layer.how == "average", layer.padding == "same"
    if same:
        notes.append(_no_same("torch's pooling knows no padding='same'", padding is None, len(axes)))
    if padding is None:
        before = (_padded("ZeroPad", pairs),) if mean else (_padded("ConstantPad", pairs, float("-inf")),)
        notes.append(
            "A mean at the border then counts the added zeros; Keras' 'same' leaves them out."
            if mean
            else "The added cells hold minus infinity, so that they never are the maximum."
        )
    seen = [axis.padded if before else axis.n for axis in axes]
    if mean and len(axes) == 3 and any(axis.k > n for axis, n in zip(axes, seen, strict=True)):
        note = "torch's AvgPool3d refuses a window larger than the input, padding not counted: there is no such layer."
        return Calls((), (note,), exact=False)
    uncounted = mean and same and padding
    if uncounted:
        notes.append("count_include_pad=False leaves the added zeros out of the mean, as Keras' 'same' does.")
    call = Call(
        f"{'Avg' if mean else 'Max'}Pool{len(axes)}d",
        (),
        named(
            kernel_size=short([axis.k for axis in axes]),
            stride=None if all(axis.s == axis.k for axis in axes) else short([axis.s for axis in axes]),
            padding=padding or None,
            ceil_mode=layer.ceil or None,
            count_include_pad=False if uncounted else None,
        ),
    )
    return Calls((*before, call), tuple(notes), exact=not (mean and before))


def _transposed(layer: ConvTranspose, shape: Shape) -> Calls:
    count = len(shape) - 1
    stride, dilation = spread(layer.stride, count, "stride"), spread(layer.dilation, count, "dilation")
    extents = [extent(k, d) for k, d in zip(spread(layer.kernel, count, "kernel size"), dilation, strict=True)]
    notes, behind = [], ()
    if isinstance(layer.padding, str):
        more = [max(s - e, 0) for s, e in zip(stride, extents, strict=True)]
        cut = [cropped(e, s) if layer.padding == "same" else (0, 0) for s, e in zip(stride, extents, strict=True)]
        padding = _amounts(cut)
        notes.append(
            f"torch's transposed convolution knows no words for padding: Keras' '{layer.padding}' is put in numbers."
        )
        if padding is None:
            behind, padding = (_padded("ZeroPad", [(-first, -last) for first, last in cut]),), 0
            notes.append(
                "It cuts off as much at both ends; here a padding layer with numbers below 0 cuts off uneven amounts."
            )
    else:
        more, padding = spread(layer.output_padding, count, "output padding"), short(_numbers(layer.padding, count))
    call = Call(
        f"ConvTranspose{count}d",
        (shape[0], layer.filters),
        named(
            kernel_size=short(spread(layer.kernel, count, "kernel size")),
            stride=_unless(1, stride),
            padding=padding or None,
            output_padding=_unless(0, more),
            groups=layer.groups if layer.groups > 1 else None,
            bias=None if layer.bias else False,
            dilation=_unless(1, dilation),
        ),
    )
    return Calls((call, *behind), tuple(notes))


def cropped(e: int, s: int) -> Pair:
    """Cells that Keras' 'same' cuts off a transposed convolution's output, before and after; e: dilated kernel."""
    total = max(e - s, 0)
    return total // 2, total - total // 2


def _numbers(padding: int | Sequence[int], count: int) -> Sequence[int]:
    return spread(padding, count, "padding")


def _amounts(pairs: Sequence[Pair]) -> int | tuple[int, ...] | None:
    """What torch's argument padding can say; None where an axis gets more at one end."""
    if any(before != after for before, after in pairs):
        return None
    amounts = [before for before, _ in pairs]
    return short(amounts) if any(amounts) else 0


def _padded(kind: str, pairs: Sequence[Pair], *value: float) -> Call:
    """torch names the last axis first."""
    flat = tuple(cells for pair in reversed(pairs) for cells in pair)
    return Call(f"{kind}{len(pairs)}d", (flat, *value))


def _no_same(reason: str, uneven: bool, axes: int) -> str:
    how = f"a padding layer, nn.ZeroPad{axes}d or alike, adds more at the end" if uneven else "the numbers do the same"
    return f"{reason.removeprefix('axis 1: ')}; here {how}."


def _unless(usual: int, values: Sequence[int]) -> int | tuple[int, ...] | None:
    return None if all(value == usual for value in values) else short(values)
