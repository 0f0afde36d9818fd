r"""How a kernel walks along an axis: sizes, padding and what one cell sees, for any number of axes.

Letters as in torch: n cells of input, kernel size k, stride s, dilation d; a dilated kernel covers
:math:`k' = d (k - 1) + 1` cells. `core.derivations.convolution` derives the formulas.

Sources: Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning" (arXiv 1603.07285); Araujo,
Norris, Sim 2019, "Computing receptive fields of convolutional neural networks" (Distill); for the words 'valid' and
'same', the documentation of Keras 3 and of torch.nn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Dialect = Literal["keras", "torch"]
Pair = tuple[int, int]
"""Cells added before and after an axis."""
Padding = Literal["valid", "same"] | int | Sequence[int | Pair]
"""A word, a number for both sides of all axes, or for each axis a number or a `Pair`."""
Sizes = int | Sequence[int]
"""One number for all axes, or one for each."""


class GeometryError(ValueError):
    """Arguments that no layer can have; the message says why, with the numbers."""


def _at_least(least: int, **values: int) -> None:
    for name, value in values.items():
        if value < least:
            raise GeometryError(f"{name} must be at least {least}, got {value}")


@dataclass(frozen=True)
class Axis:
    """A kernel along one axis.

    Attributes:
        n: cells of the input.
        k, s, d: kernel size, stride, dilation.
        before, after: cells of padding.
        ceil: whether the last window may hang over the end, as torch's pooling layers allow.

    Raises:
        GeometryError: a size below 1, negative padding, or a kernel that has no place.

    >>> Axis(200, 5).size
    196
    """

    n: int
    k: int
    s: int = 1
    d: int = 1
    before: int = 0
    after: int = 0
    ceil: bool = False

    def __post_init__(self) -> None:
        _at_least(1, input=self.n, kernel=self.k, stride=self.s, dilation=self.d)
        if min(self.before, self.after) < 0:
            raise GeometryError(f"padding must not be negative, got {self.before} before and {self.after} after")
        if self.size < 1:
            kernel = f"kernel {self.k}" + (f" dilated to {self.extent}" if self.d > 1 else "")
            padded = f"padded input {self.padded}" if self.padded > self.n else f"input {self.n}"
            raise GeometryError(f"{kernel} exceeds {padded}")

    @property
    def extent(self) -> int:
        """Cells from the kernel's first weight to its last: k'."""
        return extent(self.k, self.d)

    @property
    def padded(self) -> int:
        """Cells of the input with its padding."""
        return self.before + self.n + self.after

    @property
    def size(self) -> int:
        """Cells of the output."""
        room = self.padded - self.extent
        if not self.ceil:
            return room // self.s + 1
        size = -(-room // self.s) + 1
        # torch drops a last window that would begin in the padding behind the input
        return size - 1 if (size - 1) * self.s >= self.before + self.n else size

    @property
    def starts(self) -> range:
        """Cell of the input where each window begins; negative within the padding."""
        return range(-self.before, -self.before + self.size * self.s, self.s)

    @property
    def unused(self) -> int:
        """Cells at the end, padding included, that no window reaches."""
        return max(self.padded - (self.size - 1) * self.s - self.extent, 0)


def extent(k: int, d: int = 1) -> int:
    """Cells that a kernel of k weights, d cells apart, covers.

    >>> extent(7, 2)
    13
    """
    return d * (k - 1) + 1


def same(n: int, k: int, s: int = 1, d: int = 1, dialect: Dialect = "keras") -> Pair:
    """Padding called 'same': the output has ceil(n / s) cells. An odd cell goes to the end.

    Raises:
        GeometryError: a size below 1; torch, and a stride other than 1.

    >>> same(7, 4)
    (1, 2)
    """
    _at_least(1, input=n, kernel=k, stride=s, dilation=d)
    if dialect == "torch" and s != 1:
        raise GeometryError(f"torch has padding='same' at stride 1 only, got stride {s}")
    total = max((-(-n // s) - 1) * s + extent(k, d) - n, 0)
    return total // 2, total - total // 2


def spread(value: Sizes, axes: int, name: str) -> tuple[int, ...]:
    """One number for each axis.

    Raises:
        GeometryError: a sequence of another length.

    >>> spread(3, 2, "kernel")
    (3, 3)
    """
    values = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(values) != axes:
        raise GeometryError(f"expected one {name} for each of {axes} axes, got {len(values)}: {values}")
    return values


def walk(
    shape: Sequence[int],
    kernel: Sizes,
    stride: Sizes = 1,
    padding: Padding = "valid",
    dilation: Sizes = 1,
    dialect: Dialect = "torch",
    ceil: bool = False,
) -> tuple[Axis, ...]:
    """The kernel along every axis of an input.

    Args:
        shape: cells along each axis: without batch and channels.
        kernel, stride, dilation: sizes.
        padding: see `Padding`.
        dialect: whose 'same' is meant.
        ceil: see `Axis`.

    Raises:
        GeometryError: see `Axis`; the message names the axis where there are several.

    >>> [axis.size for axis in walk((200, 200), 5)]
    [196, 196]
    """
    axes = len(shape)
    sizes = zip(
        shape,
        spread(kernel, axes, "kernel size"),
        spread(stride, axes, "stride"),
        spread(dilation, axes, "dilation"),
        _paddings(padding, axes),
        strict=True,
    )
    found = []
    for number, (n, k, s, d, around) in enumerate(sizes, 1):
        try:
            before, after = same(n, k, s, d, dialect) if around is None else around
            found.append(Axis(n, k, s, d, before, after, ceil))
        except GeometryError as error:
            raise GeometryError(f"axis {number}: {error}" if axes > 1 else str(error)) from None
    return tuple(found)


def _paddings(padding: Padding, axes: int) -> list[Pair | None]:
    """For each axis its padding, or None for 'same'."""
    if isinstance(padding, str):
        if padding not in {"valid", "same"}:
            raise GeometryError(f"expected padding 'valid', 'same' or numbers, got {padding!r}")
        return [(0, 0) if padding == "valid" else None] * axes
    if isinstance(padding, int):
        return [(padding, padding)] * axes
    given = [(each, each) if isinstance(each, int) else (each[0], each[1]) for each in padding]
    if len(given) != axes:
        raise GeometryError(f"expected one padding for each of {axes} axes, got {len(given)}: {tuple(padding)}")
    return list(given)


def transposed(n: int, k: int, s: int = 1, p: int = 0, d: int = 1, r: int = 0) -> int:
    """Output cells of torch's transposed convolution, which undoes the sizes of a convolution; r: output padding.

    Raises:
        GeometryError: sizes below 1, a negative padding, r not below stride or dilation, or nothing left.

    >>> transposed(3, 3, s=2, p=1, r=1)
    6
    """
    _at_least(1, input=n, kernel=k, stride=s, dilation=d)
    _at_least(0, padding=p)
    if not 0 <= r < max(s, d):
        raise GeometryError(f"output padding must be smaller than stride or dilation, {max(s, d)}; got {r}")
    size = (n - 1) * s - 2 * p + extent(k, d) + r
    if size < 1:
        raise GeometryError(f"padding {p} takes away more than there is: {size} cells would be left")
    return size


def transposed_keras(n: int, k: int, s: int = 1, padding: Literal["valid", "same"] = "valid", d: int = 1) -> int:
    """Output cells of Keras' transposed convolution without an output padding of its own.

    Raises:
        GeometryError: a size below 1.

    >>> transposed_keras(3, 3, s=2, padding="same"), transposed_keras(3, 3, s=2)
    (6, 7)
    """
    _at_least(1, input=n, kernel=k, stride=s, dilation=d)
    return n * s if padding == "same" else n * s + max(extent(k, d) - s, 0)


@dataclass(frozen=True)
class Field:
    """What one cell of a layer sees of the input, along one axis.

    Attributes:
        size: cells of the input, the receptive field.
        jump: cells of the input from one cell of the layer to the next.
        first: where cell 0's field begins; negative within the padding.

    >>> Field().after(Axis(224, 7, 2, before=3, after=3)).after(Axis(112, 3, 2, before=1, after=1))
    Field(size=11, jump=4, first=-5)
    """

    size: int = 1
    jump: int = 1
    first: int = 0

    def after(self, axis: Axis) -> "Field":
        """Of the next layer's cells."""
        return Field(
            self.size + (axis.extent - 1) * self.jump,
            self.jump * axis.s,
            self.first - axis.before * self.jump,
        )

    def of(self, cell: int) -> range:
        """Cells of the input that a cell sees, the padding included."""
        begin = self.first + cell * self.jump
        return range(begin, begin + self.size)
