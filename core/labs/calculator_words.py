"""What the layer calculator says: formulas with their numbers, the steps of a count, exercises."""

from collections.abc import Callable
from dataclasses import replace
from math import prod

from core.conv.programs import AXES, last
from core.conv.summary import memory
from core.labs.calculator import Along, Count, Params, Picture, count
from core.labs.verdict import verdict

SAME = ["the input's size", "the input's size over the stride, rounded up", "a few cells less than the input"]
"""Answers to what padding='same' gives at stride 2; the second is right."""
TWICE = ["the same", "twice as large", "four times as large"]
"""Answers to the number of parameters for an input of twice the sides; the first is right."""


def names(axes: int) -> list[str]:
    """Of the axes, such as height and width."""
    return AXES[axes].split(", ")


def overview(found: Count) -> str:
    """A table of what comes in and out."""
    shape = found.params.shape
    sees = " x ".join(f"{axis.sees}" for axis in found.axes)
    most = "at most " if found.params.kind == "transposed" else ""
    rows = [
        ("input, channels last (Keras)", f"(None, {_listed(last(shape))})"),
        ("input, channels first (torch)", f"(N, {_listed(shape)})"),
        ("**output, Keras**", f"**(None, {_listed(last(found.shape))})**"),
        ("**output, torch**", f"**(N, {_listed(found.shape)})**"),
        ("**parameters**", f"**{found.parameters:,}** ({found.weights:,} weights, {found.biases:,} biases)"),
        ("multiply-adds for one example", f"{found.multiply_adds:,}"),
        ("memory of the output, one example", memory(4 * found.values)),
        ("memory of the input, one example", memory(4 * prod(shape))),
        ("one output cell sees", f"{most}{sees} {'cell' if sees == '1' else 'cells'} of the input"),
    ]
    return "\n".join(["| of this layer | |", "|:--|:--|", *(f"| {name} | {value} |" for name, value in rows)])


def _listed(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def formula(found: Count) -> str:
    """The rule for one axis, in letters."""
    if found.params.kind == "transposed":
        return _two_lines(r"d\,(k - 1) + 1", r"(n - 1)\,s + k' + r - p_b - p_a")
    left, right = _brackets(found.params)
    return _two_lines(r"d\,(k - 1) + 1", rf"\left{left} \frac{{n + p_b + p_a - k'}}{{s}} \right{right} + 1")


def _two_lines(wide: str, size: str) -> str:
    return rf"\begin{{aligned}} k' &= {wide} \\ o &= {size} \end{{aligned}}"


def _brackets(params: Params) -> tuple[str, str]:
    up = params.pooling and params.ceil and params.padding != "same"
    return (r"\lceil", r"\rceil") if up else (r"\lfloor", r"\rfloor")


def substituted(found: Count) -> list[str]:
    """The same with the numbers of each axis, once for those that are alike."""
    alike: dict[Along, list[str]] = {}
    for axis, name in zip(found.axes, names(len(found.axes)), strict=True):
        alike.setdefault(axis, []).append(name)
    return [_substituted(found, axis, ", ".join(called)) for axis, called in alike.items()]


def _substituted(found: Count, axis: Along, name: str) -> str:
    wide = rf"{axis.d} \cdot ({axis.k} - 1) + 1 = {axis.extent} \quad \text{{({name})}}"
    around = f"{axis.before} + {axis.after}"
    if found.params.kind == "transposed":
        value = rf"({axis.n} - 1) \cdot {axis.s} + {axis.extent} + {axis.more} - {axis.before} - {axis.after}"
        return _two_lines(wide, f"{value} = {axis.size}")
    left, right = _brackets(found.params)
    value = rf"\left{left} \frac{{{axis.n} + {around} - {axis.extent}}}{{{axis.s}}} \right{right} + 1"
    dropped = _windows(axis, found.params) - axis.size
    less = " - 1" if dropped else ""
    return _two_lines(wide, f"{value}{less} = {axis.size}")


def _windows(axis: Along, params: Params) -> int:
    room = axis.n + axis.before + axis.after - axis.extent
    return (-(-room // axis.s) if _brackets(params)[0] == r"\lceil" else room // axis.s) + 1


def about_padding(found: Count) -> str:
    """The cells before and after each axis, and where their numbers come from."""
    params = found.params
    if params.kind == "transposed":
        cut = _each(found, lambda axis: f"{axis.before} before and {axis.after} after")
        more = _each(found, lambda axis: f"r = {axis.more}")
        rule = ""
        if params.padding == "same":
            rule = " Keras' 'same' makes the output $n s$ cells long: it cuts off $k' - s$ cells, or adds $s - k'$."
        elif params.padding == "valid":
            rule = " Keras' 'valid' cuts nothing off; where $k' < s$ it adds $s - k'$ cells, so that the size is $n s$."
        return f"Cells cut off: {cut}. Cells added at the end: {more}.{rule}"
    text = f"Padding: {_each(found, lambda axis: f'{axis.before} before and {axis.after} after')}."
    if params.padding == "same":
        text += (
            r" 'same' adds $P = \max(0, (\lceil n/s \rceil - 1)\,s + k' - n)$ cells in all, so that the output has "
            r"$\lceil n/s \rceil$: "
            + _each(
                found,
                lambda axis: rf"$P = {axis.before + axis.after}$, $\lceil {axis.n}/{axis.s} \rceil = {axis.size}$",
            )
            + ". An odd cell goes to the end."
        )
    if any(_windows(axis, params) > axis.size for axis in found.axes):
        text += " The last window of the formula would begin in the padding behind the input, so torch drops it (- 1)."
    return text


def _each(found: Count, tell: Callable[[Along], str]) -> str:
    texts = [tell(axis) for axis in found.axes]
    if len(set(texts)) == 1:
        return texts[0] + (" along each axis" if len(texts) > 1 else "")
    return ", ".join(f"{name} {text}" for name, text in zip(names(len(texts)), texts, strict=True))


def about_picture(picture: Picture) -> str | None:
    """A notice where cells are never touched."""
    axis = picture.axis
    cells = axis.size if picture.transposed else axis.n
    never = cells - picture.touched
    if not never:
        return None
    if picture.transposed:
        told = f"{never} of {cells} cells of the output are written by no window"
        return f"{told}: they hold the bias alone, or 0 without one."
    return f"{never} of {cells} cells of the input are read by no window: the layer's output does not depend on them."


def arguments(found: Count) -> str:
    """A table of the arguments in both languages."""
    params = found.params
    dims = len(found.axes)
    kernel, stride = _sizes(params.kernel), _sizes(params.stride)
    words = isinstance(params.padding, str)
    shown = f"'{params.padding}'" if words else "'valid' (no numbers)"
    numbers = found.axes if not words or params.padding == "same" else ()
    even = all(axis.before == axis.after for axis in numbers)
    amounts = _sizes(tuple(axis.before for axis in numbers)) if numbers else "0"
    same_there = params.kind == "conv" and params.padding == "same" and set(params.stride) == {1}
    there = "'same'" if same_there else amounts if even else "0 (uneven: a layer of its own)"
    rows = [("order of an input", "(N, *axes*, C)", "(N, C, *axes*)")]
    if params.pooling:
        keras = {"max": "MaxPooling", "average": "AveragePooling"}[params.kind] + f"{dims}D"
        torch = {"max": "MaxPool", "average": "AvgPool"}[params.kind] + f"{dims}d"
        rows += [
            ("window", f"pool_size = {kernel}", f"kernel_size = {kernel}"),
            ("step", f"strides = {stride}", f"stride = {stride}"),
            ("padding", f"padding = {shown}", f"padding = {there}"),
            ("last window may hang over", "none", f"ceil_mode = {params.ceil and params.padding != 'same'}"),
        ]
    else:
        suffix = "Transpose" if params.kind == "transposed" else ""
        keras, torch = f"Conv{dims}D{suffix}", f"Conv{suffix}{dims}d"
        dilation, bias = _sizes(params.dilation), params.bias
        groups = "none" if suffix else f"groups = {params.groups}"
        rows += [
            ("channels in", "taken from the input", f"in_channels = {params.shape[0]}"),
            ("filters: channels out", f"filters = {params.filters}", f"out_channels = {params.filters}"),
            ("kernel", f"kernel_size = {kernel}", f"kernel_size = {kernel}"),
            ("step", f"strides = {stride}", f"stride = {stride}"),
            ("padding", f"padding = {shown}", f"padding = {there}"),
            *_added(found),
            ("gaps in the kernel", f"dilation_rate = {dilation}", f"dilation = {dilation}"),
            ("groups of channels", groups, f"groups = {params.groups}"),
            ("a number added per filter", f"use_bias = {bias}", f"bias = {bias}"),
            ("function of each number", f"activation = {params.activation or None!r}", "a layer of its own"),
        ]
    head = [f"| | Keras: {keras} | torch.nn: {torch} |", "|:--|:--|:--|"]
    return "\n".join([*head, *(f"| {what} | {one} | {other} |" for what, one, other in rows)])


def _added(found: Count) -> list[tuple[str, str, str]]:
    """The row of what a transposed convolution adds at the end."""
    if found.params.kind != "transposed":
        return []
    more = f"output_padding = {_sizes(tuple(axis.more for axis in found.axes))}"
    word = isinstance(found.params.padding, str)
    return [("cells added at the end", "output_padding = None (as the word wants)" if word else more, more)]


def _sizes(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(values)


def steps(found: Count) -> list[str]:
    """How the numbers on screen are counted, one step after the other."""
    return [_narrow(step) for step in _steps(found)]


def _narrow(text: str) -> str:
    """In formulas a comma would stand apart from the digits behind it."""
    parts = text.split("$")
    return "$".join(part.replace(",", "{,}") if index % 2 else part for index, part in enumerate(parts))


def _steps(found: Count) -> list[str]:
    params = found.params
    places = prod(params.kernel)
    cells, channels = prod(found.shape[1:]), params.shape[0]
    kernel = r" \cdot ".join(map(str, params.kernel))
    sides = r" \cdot ".join(map(str, found.shape[1:]))
    window = f"A window has ${kernel} = {places:,}$ places."
    output = (
        f"There are ${sides} = {cells:,}$ places for the window, so the output has ${cells:,}$ cells in each channel."
    )
    storage = f"A 32-bit float takes 4 bytes: $4 \\cdot {found.values:,}$ bytes, {memory(4 * found.values)}."
    if params.pooling:
        how = "the largest" if params.kind == "max" else "the mean"
        return [
            f"{window} Pooling takes {how} of the numbers there.",
            "Nothing is learned: 0 parameters, and no products of weights with inputs.",
            f"{output} Each of the {channels} channels is pooled for itself: ${found.values:,}$ numbers.",
            storage,
        ]
    seen = channels // params.groups
    weights = found.weights // params.filters
    group = "" if params.groups == 1 else f" (the {channels} channels in {params.groups} groups)"
    adds = f"One bias for each filter: ${found.weights:,} + {found.biases} = {found.parameters:,}$ parameters."
    first = [
        window,
        f"A filter sees {seen} channels{group}: ${places:,} \\cdot {seen} = {weights:,}$ weights.",
        f"{params.filters} filters: ${weights:,} \\cdot {params.filters} = {found.weights:,}$ weights.",
        adds if params.bias else f"No biases, so ${found.parameters:,}$ parameters.",
    ]
    if params.kind == "transposed":
        read = prod(params.shape[1:])
        return [
            *first,
            f"Each weight meets each of the ${read:,}$ places of the input: ${found.weights:,} \\cdot {read:,} = "
            f"{found.multiply_adds:,}$ multiply-adds, those whose result is cut off included.",
            storage,
        ]
    return [
        *first,
        output,
        f"At each place every weight is multiplied once: ${found.weights:,} \\cdot {cells:,} = "
        f"{found.multiply_adds:,}$ multiply-adds.",
        storage,
    ]


def about_same(guess: str) -> str:
    """The first prediction, held against the arithmetic."""
    rows = []
    for stride in (1, 2, 3):
        both = [count(replace(Params(), padding=word, stride=(stride, stride))).shape[1] for word in ("same", "valid")]
        rows.append(f"| {stride} | {both[0]} | {both[1]} |")
    table = "\n".join(["| stride | 'same' | 'valid' |", "|--:|--:|--:|", *rows])
    return (
        f"{verdict(guess, SAME[1])} For 200 cells and a kernel of 5:\n\n{table}\n\n'same' means *the same as the "
        "input, divided by the stride*. Only at stride 1 does it keep the size."
    )


def about_twice(guess: str, found: Count) -> str:
    """The second prediction, held against the layer on screen, or the lesson's where that one learns nothing."""
    params = Params() if found.params.pooling else found.params
    once = count(params)
    twice = count(replace(params, shape=(params.shape[0], *(2 * n for n in params.shape[1:]))))
    factor = twice.multiply_adds / once.multiply_adds
    return (
        f"{verdict(guess, TWICE[0])} For input {_listed(params.shape)} (channels first) this layer has "
        f"{once.parameters:,} parameters, for {_listed(twice.params.shape)} it has {twice.parameters:,}: all places "
        f"share the weights. The work does grow: {once.multiply_adds:,} multiply-adds become {twice.multiply_adds:,}, "
        f"{factor:.3g} times as many."
    )
