"""What the network builder says: its table, totals, answers, a layer counted by hand, exercises."""

from math import prod

from core.conv import Axis, Cost, Field, Shape
from core.conv.items import Network
from core.conv.layers import Conv
from core.conv.presets import PRESETS
from core.labs.builder import Row, Shares, Table
from core.labs.builder_field import Seen
from core.labs.verdict import verdict

VGG16 = PRESETS["vgg16"].network
WHERE = [
    "the first convolutions",
    "the last convolutions",
    "the first dense layer",
    "the last dense layer",
]
"""Guesses: where most of VGG16's parameters are; `about_parameters` knows the right one."""
BUSY = ["the first dense layer", "one convolution in the middle", "several convolutions, all with the same number"]
"""Guesses: what has the most multiply-adds."""
SIGHT = ["32 x 32 pixels, since 224 / 7 = 32", "about nine tenths of the picture", "all of it"]
"""Guesses: what a cell of VGG16's last pooling sees."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")

TWO_FOR_ONE = {
    "more: $36 C^2$, against $25 C^2$": "It is $18 C^2$: each of the two has 9 weights for each pair of channels.",
    "the same number": "Not the same: Two times 9 weights for each pair of channels, against 25.",
    "fewer: $18 C^2$, against $25 C^2$": (
        "Two times 9 weights for each pair of channels, against 25, and one more activation in between. That is why "
        "VGG has nothing larger than 3 x 3."
    ),
}
TWO_FOR_ONE_RIGHT = "fewer: $18 C^2$, against $25 C^2$"


def table_in_markdown(table: Table, chosen: int) -> str:
    """A row for each layer; the chosen one is marked, and so is one that is impossible."""
    lines = [
        "| | layer | output shape | parameters | multiply-adds | memory | sees | jump |",
        "|--:|:--|:--|--:|--:|--:|--:|--:|",
        f"| | input | {shape(table.network.shape)} | | | | | |",
    ]
    for row in table.rows:
        mark = "▸\u00a0" if row.number == chosen else ""
        name = f"**{row.words}**" if row.number == chosen else row.words
        if row.cost is None:
            told = f"✗ {row.reason}" if row.reason else "not reached"
            lines.append(f"| {mark}{row.number} | {name} | {told} | | | | | |")
            continue
        lines.append(
            f"| {mark}{row.number} | {name} | {shape(row.cost.shape)} | {row.cost.trainable:,} | "
            f"{row.cost.multiply_adds:,} | {memory(row.cost.bytes)} | {sees(row.cost)} | {jump(row.cost)} |"
        )
    lines.append(
        f"| | **total** | **{shape(table.shape)}** | **{table.trainable:,}** | **{table.multiply_adds:,}** | "
        f"**{memory(table.bytes)}** | | |"
    )
    text = "\n".join(lines)
    for kept in (" x ", "kernel ", "window ", "stride ", "padding ", " B ", *(f" {unit}" for unit in _UNITS[1:])):
        text = text.replace(kept, kept.replace(" ", "\u00a0"))  # a size stays on one line
    return text


def about_totals(table: Table) -> str:
    """The totals in a sentence, for a network that works or as far as it does."""
    problem = table.problem
    upto = f" of the {problem.number - 1} layers before layer {problem.number}" if problem else ""
    fixed = (
        f" Batch normalisation also keeps {table.fixed:,} means and variances, which are not learned."
        if table.fixed
        else ""
    )
    return (
        f"In all{upto}: **{table.trainable:,} parameters** ({memory(4 * table.trainable)} as 32-bit floats), "
        f"**{table.multiply_adds:,} multiply-adds** and {memory(table.bytes)} of outputs for one example.{fixed}"
    )


def about_problem(table: Table, problem: Row) -> str:
    """Which layer cannot take its input, and why."""
    return (
        f"Layer {problem.number} ({problem.words}) cannot take its input {shape(table.before(problem.number))}: "
        f"{problem.reason}. The layers before it keep their numbers, and no layer is lost."
    )


def about_parameters(guess: str, found: Shares) -> str:
    """Where VGG16's parameters are, against the guess."""
    heaviest = found.heaviest
    given = prod(found.table.before(heaviest.row.number))
    return (
        f"{verdict(guess, WHERE[2])} Layer {heaviest.row.number} ({heaviest.row.words}) has "
        f"{heaviest.parameters:.0%} of VGG16's {found.table.trainable:,} parameters: a weight for each pair of its "
        f"{given:,} inputs and 4,096 outputs. All its convolutions together have {found.of('conv').parameters:.0%}."
    )


def about_work(guess: str, found: Shares) -> str:
    """What has the most multiply-adds in VGG16, against the guess."""
    busiest, first = found.busiest, found.busiest[0].row.number
    numbers = ", ".join(str(share.row.number) for share in busiest)
    most = next(cost for row, cost in found.table.counted if row.number == first).multiply_adds
    return (
        f"{verdict(guess, BUSY[2])} Layers {numbers} have {most:,} each. Where a pooling halves both sides, a quarter "
        f"of the cells is left; twice the channels in and out make four times the work in each. All dense layers "
        f"together have {found.of('dense').multiply_adds:.1%} of the multiply-adds: their weights are used only once."
    )


def about_sight(guess: str, table: Table) -> str:
    """What a cell of VGG16's last pooling sees, against the guess."""
    number, cost = list(table.seeing.items())[-1]
    field, n = cost.fields[0], table.network.shape[1]
    return (
        f"{verdict(guess, SIGHT[1])} The cell in the middle of layer {number} sees {field.size} x {field.size} of "
        f"{n} x {n} pixels. The jump is {field.jump}: the fields of neighbours begin {field.jump} pixels apart, and "
        "overlap nearly everywhere. A cell at the border sees less of the picture: a part of its field lies in padding."
    )


def about_own(found: Shares) -> str:
    """The same of the network on screen."""
    if not found.shares:
        return "The network on screen has no parameters yet."
    busiest, heaviest = found.busiest, found.heaviest
    numbers = ", ".join(str(share.row.number) for share in busiest)
    most = busiest[0].multiply_adds
    several = len(busiest) > 1
    work = f"most multiply-adds in layer{'s' * several} {numbers}, {most:.0%}{' each' * several}"
    return (
        f"In the network on screen, most parameters are in layer {heaviest.row.number} ({heaviest.row.words}), "
        f"{heaviest.parameters:.0%}; {work if most else 'no layer has multiply-adds'}."
    )


def counted_layer(table: Table, chosen: int) -> int | None:
    """The layer to count by hand: the chosen one, if it is a convolution that works, or else the first such."""
    possible = [row.number for row, _ in table.counted if row.kind == "conv"]
    return chosen if chosen in possible else next(iter(possible), None)


def count_steps(table: Table, number: int) -> list[str]:
    """A convolution counted by hand, with the numbers of the table."""
    cost = {row.number: cost for row, cost in table.counted}[number]
    layer = table.network.items[number - 1].layer
    if not isinstance(layer, Conv):
        raise TypeError(f"layer {number} is not a convolution")
    given = table.before(number)
    channels, filters, groups = given[0], layer.filters, layer.groups
    cells = prod(cost.shape[1:])
    axis = cost.axes[0]
    each = axis.k**2 * channels // groups
    bias = f" + {_tex(filters)}" if layer.bias else ""
    before = next((c.fields[0] for n, c in reversed(table.seeing.items()) if n < number), Field())
    after = cost.fields[0] if cost.fields else None
    steps = [
        f"Layer {number} is a convolution with {filters} filters on an input of {shape(given)}: $C = {channels}$ "
        f"channels of {given[1]} x {given[2]} cells. {_size(axis)}"
        + ("" if given[1] == given[2] else f" Along the other axis: {cost.axes[1].size}."),
        "Weights of one filter: one for each place of the kernel and each channel"
        + (" of its group" if groups > 1 else "")
        + f", ${axis.k} \\cdot {axis.k} \\cdot {channels // groups} = {_tex(each)}$. Parameters of all filters"
        + (", each with a bias" if layer.bias else ", without bias")
        + f": ${_tex(filters)} \\cdot {_tex(each)}{bias} = {_tex(cost.trainable)}$.",
        f"Multiply-adds: every one of {cost.shape[1]} x {cost.shape[2]} = {cells:,} cells of every output channel is a "
        f"sum over all weights of its filter, ${_tex(cells)} \\cdot {_tex(filters)} \\cdot {_tex(each)} = "
        f"{_tex(cost.multiply_adds)}$. Biases and activations are not counted, as is usual.",
        f"Memory of the output: {prod(cost.shape):,} numbers of 4 bytes, {memory(cost.bytes)}.",
    ]
    if after is not None:
        steps.append(
            f"Before it a cell saw $r = {before.size}$ pixels along an axis and the jump was $j = {before.jump}$. The "
            f"kernel covers $k' = {axis.extent}$ cells, so it sees $r + (k' - 1) j = {before.size} + "
            f"{axis.extent - 1} \\cdot {before.jump} = {after.size}$ now, and the jump is ${before.jump} \\cdot "
            f"{axis.s} = {after.jump}$."
        )
    return steps


def _tex(number: int) -> str:
    """With commas that TeX sets without a space behind them."""
    return f"{number:,}".replace(",", "{,}")


def _size(axis: Axis) -> str:
    same = "" if axis.before == axis.after else f" (padding {axis.before} before and {axis.after} after)"
    return (
        r"Output cells along one axis: $\lfloor (n + 2p - d(k - 1) - 1) / s \rfloor + 1 = \lfloor "
        f"({axis.n} + {axis.before + axis.after} - {axis.d} \\cdot {axis.k - 1} - 1) / {axis.s} \\rfloor + 1 = "
        f"{axis.size}${same}. $n$: input cells, $k$: kernel size, $s$: stride, $p$: padding on a side, $d$: dilation."
    )


def about_seen(seen: Seen) -> str:
    """What the chosen cell sees."""
    (top, bottom), (left, right) = seen.rows.inside, seen.columns.inside
    rows, columns = seen.rows.field, seen.columns.field
    outside = seen.rows.whole != seen.rows.inside or seen.columns.whole != seen.columns.inside
    if bottom == top or right == left:
        part = "It lies in the padding: the cell sees nothing of the picture."
    else:
        part = (
            f"It sees rows {top} to {bottom - 1} and columns {left} to {right - 1}, {seen.share:.1%} of the picture."
            + (
                " The rest of its field lies in padding, or where no window of a layer between reaches."
                if outside
                else ""
            )
        )
        if seen.holes:
            part += (
                f" In this frame it reads {seen.rows.read} rows and {seen.columns.read} columns only: a dilation, or a "
                "stride larger than a kernel, leaves out the others."
            )
    return (
        f"Layer {seen.number} ({seen.words}) has {seen.rows.cells} x {seen.columns.cells} cells. The field of cell "
        f"({seen.rows.cell}, {seen.columns.cell}), counted from 0 at the upper left, is **{rows.size} x "
        f"{columns.size}** pixels. {part} The next cell's field begins {rows.jump} "
        f"{'pixels' if rows.jump > 1 else 'pixel'} further down, or {columns.jump} further across."
    )


def telling(table: Table) -> int:
    """The layer whose cells see most, but not more than half of the picture; the first where all see more."""
    half = max(table.network.shape[1:]) / 2
    small = [number for number, cost in table.seeing.items() if cost.fields[0].size <= half]
    return (small or list(table.seeing))[-1 if small else 0]


def field_exercise(table: Table) -> tuple[str, float, float, str] | None:
    """One more layer behind the last that sees a part; None where there is none."""
    if not table.seeing:
        return None
    number, cost = list(table.seeing.items())[-1]
    field = cost.fields[0]
    after = field.after(Axis(9, 3, 1, before=1, after=1))
    return (
        f"A cell of layer {number} sees {field.size} pixels along an axis, and its jump is {field.jump}. How many "
        "would a cell of a further convolution see there, with kernel 3, stride 1 and padding 1?",
        after.size,
        0.5,
        f"$r + (k - 1) j = {field.size} + 2 \\cdot {field.jump} = {after.size}$. Padding moves the field and does not "
        "change its size.",
    )


def about_link(network: Network, length: int, longest: int) -> str:
    """What the address holds of the network."""
    if length > longest:
        return (
            f"This network of {len(network.items)} layers would take {length:,} characters of the address; links hold "
            f"at most {longest:,} everywhere. Save it as a file to pass it on."
        )
    return "The address of this page holds the whole network: pass it on, and others see the same."


def shape(sizes: Shape) -> str:
    """Such as "64 x 112 x 112"."""
    return " x ".join(map(str, sizes))


def memory(count: int) -> str:
    """Bytes in the unit that fits."""
    size, unit = float(count), "B"
    for larger in _UNITS[1:]:
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} B" if unit == "B" else f"{size:,.1f} {unit}"


def sees(cost: Cost) -> str:
    """The receptive field of a cell."""
    return " x ".join(str(field.size) for field in cost.fields) or "all"


def jump(cost: Cost) -> str:
    """The way in the input from one cell to the next; two numbers where they differ."""
    return " x ".join(dict.fromkeys(str(field.jump) for field in cost.fields))
