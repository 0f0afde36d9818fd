"""What a network is built from: items, which a person adds, changes and stores, and which layers are made from."""

from dataclasses import dataclass
from functools import cached_property

from core.conv.kinds import KINDS, NetworkError, Value, brief
from core.conv.layers import Layer

MOST_LAYERS = 200
MOST_CHANNELS = 1024
MOST_CELLS = 2048
"""Of an input: its channels, and its cells along either axis."""


@dataclass(frozen=True)
class Item:
    """A layer as it is added and stored: made by `item`, which checks."""

    kind: str
    values: tuple[Value, ...]
    """Of the kind's arguments, in their order."""

    @cached_property
    def layer(self) -> Layer:
        """What costs something."""
        return KINDS[self.kind].build(*self.values)

    @property
    def words(self) -> str:
        """Such as "convolution: 64 filters, kernel 3, padding 1"."""
        kind = KINDS[self.kind]
        said = [
            argument.words.format(value)
            for argument, value in zip(kind.arguments, self.values, strict=True)
            if argument.always or value != argument.default
        ]
        return f"{kind.short}: {', '.join(said)}" if said else kind.short

    def named(self) -> dict[str, Value]:
        """Argument -> value."""
        return {one.name: value for one, value in zip(KINDS[self.kind].arguments, self.values, strict=True)}

    def change(self, **given: Value) -> "Item":
        """The same with other values.

        Raises:
            NetworkError: see `item`.
        """
        return item(self.kind, **{**self.named(), **given})


def item(kind: str, **given: object) -> Item:
    """A checked item; arguments that are not given take their defaults.

    Raises:
        NetworkError: an unknown kind or argument, or a value that is not accepted.
    """
    if kind not in KINDS:
        raise NetworkError(f"kind must be one of {', '.join(KINDS)}; got {brief(kind)}")
    known = KINDS[kind].arguments
    for name in given:
        if name not in {argument.name for argument in known}:
            raise NetworkError(
                f"{kind} has the arguments {', '.join(one.name for one in known) or 'none'}; got {brief(name)}"
            )
    return Item(kind, tuple(one.check(given.get(one.name, one.default)) for one in known))


@dataclass(frozen=True)
class Network:
    """Items in their order, for an input of channels, height and width; made by `network`, which checks."""

    shape: tuple[int, int, int]
    items: tuple[Item, ...]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What `core.conv.run` takes."""
        return tuple(one.layer for one in self.items)


def network(shape: object, items: tuple[Item, ...]) -> Network:
    """A checked network; whether the layers fit each other is another question.

    Raises:
        NetworkError: a shape that is not three whole numbers in their bounds, or too many layers.
    """
    if len(items) > MOST_LAYERS:
        raise NetworkError(f"a network has at most {MOST_LAYERS} layers; got {len(items)}")
    sides = list(shape) if isinstance(shape, (list, tuple)) else []
    if len(sides) != 3 or any(type(side) is not int for side in sides):
        raise NetworkError(f"input must be three whole numbers: channels, height, width; got {brief(shape)}")
    for name, side, most in zip(
        ("channels", "height", "width"), sides, (MOST_CHANNELS, MOST_CELLS, MOST_CELLS), strict=True
    ):
        if not 1 <= side <= most:
            raise NetworkError(f"the input's {name} must be from 1 to {most}; got {brief(side)}")
    return Network((sides[0], sides[1], sides[2]), items)
