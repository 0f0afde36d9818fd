"""What the page on convolution says, in sentences with their numbers."""

from core.conv.arithmetic import Axis, Padding
from core.conv.kernels import KERNELS
from core.conv.sweep import Frame, Params, Sweep
from core.labs.convolution import EXAMPLE, EXAMPLE_INPUT, FLAT, Flat, Flipped, Sizes, Walk, example
from core.labs.verdict import verdict

FLAT_ANSWERS = [f"{FLAT:g} again", "0", f"8 times {FLAT:g}"]
"""Answers to the prediction on flat regions; the second is right, as computed."""

PAD = {
    "0": "Without padding a 5 x 5 kernel takes 4 rows and 4 columns away.",
    "1": "This takes back 2 of the 4 cells that are lost along each axis: it is right for a 3 x 3 kernel.",
    "2": "The kernel loses k - 1 = 4 cells along each axis, and padding by 2 on both sides gives 4 back.",
    "5": "Then the output would have 6 cells more than the input along each axis.",
}
"""How much padding keeps the size of a 5 x 5 kernel's output: answer -> why."""
PAD_RIGHT = "2"


def number(value: float) -> str:
    """Up to six digits."""
    return f"{value + 0.0:.6g}"


def _told(value: float) -> str:
    """As a factor or a summand: in brackets if it is negative."""
    return f"({number(value)})" if value < 0 else number(value)


def example_lines() -> tuple[str, str]:
    """The example as LaTeX: the output's size along an axis, and the parameters."""
    cost = example()
    axis, channels = cost.axes[0], EXAMPLE_INPUT[0]
    size = _aligned(
        r"o &= \left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1",
        rf"\left\lfloor \frac{{{axis.n} + 2 \cdot {axis.before} - {axis.d} \cdot ({axis.k} - 1) - 1}}{{{axis.s}}} "
        r"\right\rfloor + 1",
        str(axis.size),
    )
    filters = EXAMPLE.filters
    parameters = _aligned(
        r"N &= K_1 K_2\, C\, F + F",
        rf"{axis.k} \cdot {axis.k} \cdot {channels} \cdot {filters} + {filters}",
        str(cost.trainable),
    )
    return size, parameters


def _aligned(first: str, *more: str) -> str:
    """Equal things, one on a line: a phone is narrow."""
    lines = r" \\[4pt] &= ".join((first, *more))
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"


def about_example() -> str:
    """The example in one sentence, with what its size would cost as a dense layer."""
    cost = example()
    filters, rows, columns = cost.shape
    inputs = EXAMPLE_INPUT[0] * EXAMPLE_INPUT[1] * EXAMPLE_INPUT[2]
    dense = (inputs + 1) * filters * rows * columns
    return (
        f"**({rows}, {columns}, {filters})** comes out: {filters} maps of {rows} x {columns} cells, for "
        f"**{cost.trainable} parameters**. The weights are shared by all {rows * columns:,} places of the kernel. A "
        "dense layer between as many numbers, where each output has a weight for each input, would need "
        f"{dense:,} parameters."
    )


def about_walk(walk: Walk, gap: float) -> str:
    """What happens on screen, and that torch agrees."""
    found = walk.sweep
    rows, columns = found.output.shape[1:]
    weights = found.kernels[0].size
    return (
        f"{found.frames:,} places in all: {len(walk.maps)} x {rows} x {columns}, each with {weights} products. "
        f"The greatest difference of any frame's number from that of `torch.nn.functional.conv2d` is {gap:.1g}."
    )


def geometry_lines(found: Sweep) -> tuple[str, str]:
    """The size of the output along both axes as LaTeX, with the numbers put in."""
    return _size("rows", found.down), _size("columns", found.along)


def _size(name: str, axis: Axis) -> str:
    room = rf"{axis.n} + {axis.before + axis.after} - {axis.d} \cdot ({axis.k} - 1) - 1"
    return _aligned(
        rf"o_\text{{{name}}} &= \left\lfloor \frac{{{room}}}{{{axis.s}}} \right\rfloor + 1",
        str(axis.size),
    )


def notices(found: Sweep) -> list[str | None]:
    """What is easily overlooked in this walk."""
    unused = [
        f"{axis.unused} {name}{'s' if axis.unused > 1 else ''} at the {end}"
        for axis, name, end in ((found.down, "row", "bottom"), (found.along, "column", "right"))
        if axis.unused
    ]
    uneven = found.down.before != found.down.after or found.along.before != found.along.after
    same = found.params.padding == "same"
    border = found.padded.shape != (len(found.params.cells), found.down.n, found.along.n)
    bright = any(any(grid[0]) or any(grid[-1]) or any(row[0] or row[-1] for row in grid) for grid in found.params.cells)
    return [
        "The zeros around are cells like all others to the kernel: where the input is bright at its border, an edge "
        "kernel finds an edge."
        if border and bright
        else None,
        f"The stride does not come out even: {' and '.join(unused)} are in no window, as if they were not there."
        if unused
        else None,
        "'same' puts the odd zero at the bottom and right here: the output is shifted by half a cell."
        if same and uneven
        else None,
        "torch has padding='same' at stride 1 only; this is the rule of Keras, which gives n / s cells, rounded up."
        if same and found.params.stride > 1
        else None,
    ]


def about_flipping(found: Flipped) -> str:
    """What the flip changes on screen."""
    drawn = "Drawn are its weights for the first channel. " if found.channels > 1 else ""
    if found.unchanged:
        return f"{drawn}The first filter on screen is unchanged by half a turn, so both give the same map."
    if not found.gap:
        return f"{drawn}Half a turn changes the first filter, but on the input on screen both give the same map."
    return f"{drawn}On the input on screen the two maps of the first filter differ by up to {number(found.gap)}."


def about_flat(guess: str) -> str:
    """The reveal about flat regions."""
    return (
        f"{verdict(guess, FLAT_ANSWERS[1])} Where all cells are $c$, each product is a weight times $c$, so the output "
        "is $c$ times the sum of the weights. The weights of edge kernels add up to 0, those of blurs to 1."
    )


def flat_table(found: Flat) -> str:
    """All kernels, and what they make of a flat region."""
    lines = [f"| kernel | sum of weights | output on cells of {FLAT:g} |", "|:--|--:|--:|"]
    for name, total, output in found.rows:
        lines.append(f"| {KERNELS[name].title} | {total:g} | {output:g} |")
    return "\n".join(lines)


def size_answers(found: Sizes) -> list[str]:
    """Three numbers of columns, in order; one is right."""
    likely = (found.right, found.along.n // found.asked, found.along.size, found.right + 1, found.right + 2)
    return [str(value) for value in sorted(list(dict.fromkeys(value for value in likely if value > 0))[:3])]


def about_sizes(guess: str, found: Sizes, padding: Padding) -> str:
    """The reveal about strides, with a table."""
    axis = found.along
    around = "'same' padding" if padding == "same" else f"{axis.before + axis.after} columns of padding in all"
    rows = "\n".join(f"| {s} | {columns} |" for s, columns in found.columns)
    return (
        f"{verdict(guess, str(found.right))} The kernel covers {axis.extent} columns of {axis.n}, with {around}. Its "
        f"places are {found.asked} columns apart, for as long as it fits.\n\n| stride | columns of the output |\n"
        f"|--:|--:|\n{rows}"
    )


def busiest(found: Sweep) -> int:
    """Index of the frame of the first filter that is farthest from 0."""
    return int(abs(found.output[0]).argmax())


def by_hand(walk: Walk, frame: Frame) -> list[str]:
    """One cell of the output, product by product."""
    found = walk.sweep
    top, left = found.down.starts[frame.row] + 1, found.along.starts[frame.column] + 1
    d, (rows, columns) = found.params.dilation, found.kernels.shape[2:]
    apart = f", {d} cells apart" if d > 1 else ""
    steps = [
        f"The cell farthest from 0 in the first map is row {frame.row + 1}, column {frame.column + 1}. There the "
        f"window has {rows} rows from row {top} of the input on, and {columns} columns from column {left} on{apart}. "
        "(Rows and columns below 1, or beyond the input's end, are padding: zeros.)"
    ]
    sums = []
    for channel, name in enumerate(walk.channels):
        lines = []
        for u in range(rows):
            pairs = zip(frame.window[channel, u], found.kernels[frame.filter, channel, u], strict=True)
            terms = " + ".join(f"{_told(x)} · {_told(w)}" for x, w in pairs)
            lines.append(f"- row {u + 1}: {terms} = {number(frame.products[channel, u].sum())}")
        sums.append(float(frame.products[channel].sum()))
        of = f" in the channel {name}" if len(walk.channels) > 1 else ""
        steps.append(f"Each cell times the weight that lies on it{of}:\n\n" + "\n".join(lines))
        steps[-1] += f"\n\nThe rows add up to {number(sums[-1])}."
    if len(sums) > 1:
        steps.append(
            f"The channels add up, {' + '.join(map(_told, sums))} = {number(sum(sums))}: one filter makes one map, "
            "however many channels it reads."
        )
    bias = float(found.biases[frame.filter])
    steps.append(
        f"The bias is {number(bias)}, so the output is {number(sum(sums))} + {_told(bias)} = "
        f"**{number(frame.value)}**. Move the kernel there in section 2: it is the same."
    )
    return steps


def exercise(params: Params, answer: int) -> tuple[str, float, float, str]:
    """The parameters of the layer on screen: question, answer, tolerance, explanation."""
    filters, channels = len(params.filters), len(params.cells)
    rows, columns = len(params.filters[0].weights[0]), len(params.filters[0].weights[0][0])
    return (
        f"The layer of section 2 has {rows} x {columns} kernels, {channels} channel{'s' if channels > 1 else ''} "
        f"going in and {filters} going out. How many parameters is that, biases included?",
        answer,
        0.5,
        f"A filter has {rows} · {columns} · {channels} = {rows * columns * channels} weights and one bias; {filters} "
        f"of them make {answer}. The size of the input does not matter.",
    )


def program(found: Sweep) -> str:
    """The layer on screen as a torch program that prints its maps."""
    params, down, along = found.params, found.down, found.along
    pad = (along.before, along.after, down.before, down.after)
    return (
        "import torch\nfrom torch.nn.functional import conv2d, pad\n\n"
        f"x = torch.tensor({_listed(params.cells)})\n"
        f"w = torch.tensor({_listed(tuple(one.weights for one in params.filters))})\n"
        f"b = torch.tensor({_listed(tuple(one.bias for one in params.filters))})\n"
        f"x = pad(x, {pad})  # zeros left, right, above, below\n"
        f"print(conv2d(x[None], w, b, stride={params.stride}, dilation={params.dilation})[0])\n"
    )


def _listed(values: object) -> str:
    return f"[{', '.join(map(_listed, values))}]" if isinstance(values, tuple) else f"{values!r}"
