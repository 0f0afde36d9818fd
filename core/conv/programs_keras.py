"""One layer in Keras 3. Input: channels last, (N, *axes, C), Keras' default."""

from collections.abc import Sequence

from core.conv.arithmetic import Axis, Pair, extent, spread
from core.conv.layers import Conv, ConvTranspose, Pool, Shape
from core.conv.programs import Call, Calls, Windowed, named, short

BOTH = "Keras refuses strides and dilation_rate both above 1 in one layer"


def keras_calls(layer: Windowed, shape: Shape, activation: str = "") -> Calls:
    """The layer as calls of keras.layers.

    Args:
        layer, shape, activation: as for `core.conv.programs_torch.torch_calls`.

    Raises:
        GeometryError: the layer cannot take this input.
    """
    layer.cost(shape)
    match layer:
        case Conv():
            return _conv(layer, shape, activation)
        case ConvTranspose():
            return _transposed(layer, shape, activation)
        case Pool():
            return _pool(layer, shape)


def _conv(layer: Conv, shape: Shape, activation: str) -> Calls:
    axes = layer.cost(shape).axes
    strides, rates = [axis.s for axis in axes], [axis.d for axis in axes]
    thinned = max(strides) > 1 and max(rates) > 1
    word = layer.padding if isinstance(layer.padding, str) and not thinned else "valid"
    notes, before, behind = [], (), ()
    pairs = [(axis.before, axis.after) for axis in axes]
    if word == "valid" and any(map(any, pairs)):
        before = (_around("ZeroPadding", pairs),)
    if before and not thinned:
        notes.append(_no_numbers(len(axes)))
    if thinned:
        behind = (Call(f"MaxPooling{len(axes)}D", (), named(pool_size=1, strides=short(strides))),)
        notes.append(
            f"{BOTH}. Dilation alone, and then every s-th cell (pooling over single cells with strides), gives the "
            "same numbers, but computes also those that are thrown away."
        )
    call = Call(
        f"Conv{len(axes)}D",
        (layer.filters, short([axis.k for axis in axes])),
        named(
            strides=None if thinned or max(strides) == 1 else short(strides),
            padding=word if word != "valid" else None,
            dilation_rate=short(rates) if max(rates) > 1 else None,
            groups=layer.groups if layer.groups > 1 else None,
            activation=activation or None,
            use_bias=None if layer.bias else False,
        ),
    )
    return Calls((*before, call, *behind), tuple(notes))


def _pool(layer: Pool, shape: Shape) -> Calls:
    axes = layer.cost(shape).axes
    mean, same = layer.how == "average", layer.padding == "same"
    hanging = [_hanging(axis) for axis in axes]
    pairs = [(axis.before, axis.after + more) for axis, more in zip(axes, hanging, strict=True)]
    notes, before = [], ()
    if layer.ceil:
        notes.append(
            "Keras has no ceil_mode: the cells over which the last window hangs are added before it."
            if any(hanging)
            else "Keras has no ceil_mode; at these sizes it changes nothing."
        )
    if not same and any(map(any, pairs)):
        before = (_around("ZeroPadding", pairs),)
        notes.append(_no_numbers(len(axes)) if any(axis.before for axis in axes) else "")
        notes.append("" if mean else "The added cells hold 0, which is the same only where no input is negative.")
    if mean and any(hanging) and not same:
        notes.append("The last mean then counts the added zeros; torch leaves out what hangs over.")
    call = Call(
        f"{'Average' if mean else 'Max'}Pooling{len(axes)}D",
        (short([axis.k for axis in axes]),),
        named(
            strides=None if all(axis.s == axis.k for axis in axes) else short([axis.s for axis in axes]),
            padding="same" if same else None,
        ),
    )
    exact = not (mean and any(hanging) and not same)
    return Calls((*before, call), tuple(filter(None, notes)), exact)


def _transposed(layer: ConvTranspose, shape: Shape, activation: str) -> Calls:
    count = len(shape) - 1
    kernel, stride = spread(layer.kernel, count, "kernel size"), spread(layer.stride, count, "stride")
    dilation = spread(layer.dilation, count, "dilation")
    extents = [extent(k, d) for k, d in zip(kernel, dilation, strict=True)]
    more = spread(layer.output_padding, count, "output padding")
    name = f"Conv{count}DTranspose"
    if layer.groups > 1:
        return Calls((), (f"Keras' {name} has no groups: there is no such layer.",), exact=False)
    if max(stride) > 1 and max(dilation) > 1:
        return Calls((), (f"{BOTH}, and there is no way round it for {name}.",), exact=False)
    notes, behind, left = [], (), None
    if not isinstance(layer.padding, str):
        if any(r >= s for r, s in zip(more, stride, strict=True)):
            note = f"Keras wants output_padding below strides; got {short(more)} and {short(stride)}: there is no such "
            return Calls((), (f"{note}layer.",), exact=False)
        usual = [max(s - e, 0) for s, e in zip(stride, extents, strict=True)]
        left = None if list(more) == usual else short(more)
        cut = [(p, p) for p in spread(layer.padding, count, "padding")]
        if any(map(any, cut)):
            behind = (_around("Cropping", cut),)
            notes.append(
                f"Keras' padding is a word, not a number: Cropping{count}D behind the layer cuts the cells off."
            )
    call = Call(
        name,
        (layer.filters, short(kernel)),
        named(
            strides=short(stride) if max(stride) > 1 else None,
            padding="same" if layer.padding == "same" else None,
            output_padding=left,
            dilation_rate=short(dilation) if max(dilation) > 1 else None,
            activation=activation or None,
            use_bias=None if layer.bias else False,
        ),
    )
    return Calls((call, *behind), tuple(notes))


def _no_numbers(axes: int) -> str:
    return f"Keras' padding is a word, not a number: ZeroPadding{axes}D before the layer adds the cells."


def _hanging(axis: Axis) -> int:
    """Cells of the last window behind the padded input."""
    return max((axis.size - 1) * axis.s + axis.extent - axis.padded, 0)


def _around(kind: str, pairs: Sequence[Pair]) -> Call:
    return Call(f"{kind}{len(pairs)}D", (pairs[0] if len(pairs) == 1 else tuple(pairs),))
