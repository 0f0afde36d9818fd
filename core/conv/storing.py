"""Networks as JSON, and as a few characters in a link. What comes from outside is checked value by value.

A file is read by `json` alone: nothing in it is run, and whatever is wrong with it is a `NetworkError`.
"""

import json
import re

from core.conv.items import MOST_LAYERS, Item, Network, item, network
from core.conv.kinds import KINDS, Argument, NetworkError, Value
from core.conv.presets import PRESETS

MOST_BYTES = 100_000
"""Largest file."""
LONGEST_LINK = 1500
"""Most characters of a network in a link: with the rest of an address, browsers and proxies take 2,000 everywhere."""

_FORMAT = "network builder"
_LETTERS = {kind.letter: kind for kind in KINDS.values()}
_PARTS = re.compile(r"([A-Z])((?:[a-z][0-9.]+)*)")
_VALUES = re.compile(r"([a-z])([0-9.]+)")
_SHAPE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,5})_")


def to_json(built: Network) -> str:
    """The network as a file; arguments at their defaults are written too."""
    layers = ",\n    ".join(json.dumps({"kind": one.kind, **one.named()}) for one in built.items)
    return (
        f'{{\n  "format": "{_FORMAT}",\n  "version": 1,\n  "input": {json.dumps(built.shape)},\n'
        f'  "layers": [\n    {layers}\n  ]\n}}\n'
    )


def from_json(data: bytes) -> Network:
    """The network in a file that may be anything at all.

    Raises:
        NetworkError: it is no network; the message says what was expected and what came.
    """
    if len(data) > MOST_BYTES:
        raise NetworkError(f"expected a file of at most {MOST_BYTES:,} bytes; got {len(data):,}")
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NetworkError("expected a JSON file, which is text in UTF-8; got other bytes") from None
    except json.JSONDecodeError as error:
        raise NetworkError(f"expected JSON; line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError):  # brackets without end; a number of thousands of digits
        raise NetworkError("expected the JSON of a network; got one nested or with numbers beyond all bounds") from None
    if not isinstance(found, dict) or found.get("format") != _FORMAT or found.get("version") != 1:
        raise NetworkError(f'expected a file that says "format": "{_FORMAT}" and "version": 1')
    layers = found.get("layers")
    if not isinstance(layers, list):
        raise NetworkError('expected a list of layers under "layers"')
    if len(layers) > MOST_LAYERS:
        raise NetworkError(f"a network has at most {MOST_LAYERS} layers; got {len(layers)}")
    return network(found.get("input"), tuple(_item(number, layer) for number, layer in enumerate(layers, 1)))


def _item(number: int, layer: object) -> Item:
    if not isinstance(layer, dict) or not isinstance(layer.get("kind"), str):
        raise NetworkError(f'layer {number}: expected an object with a "kind"')
    try:
        return item(layer["kind"], **{str(name): value for name, value in layer.items() if name != "kind"})
    except NetworkError as error:
        raise NetworkError(f"layer {number}: {error}") from None


def to_link(built: Network) -> str:
    """A preset's name, or the shape and the layers by letters, with the arguments that are not at their defaults.

    >>> to_link(Network((1, 8, 8), (item("conv", filters=4), item("activation"), item("flatten"))))
    '1x8x8_Cf4AF'
    """
    for name, preset in PRESETS.items():
        if built == preset.network:
            return name
    return "x".join(map(str, built.shape)) + "_" + "".join(map(_short, built.items))


def _short(one: Item) -> str:
    kind = KINDS[one.kind]
    changed = [
        argument.letter + _digits(argument, value)
        for argument, value in zip(kind.arguments, one.values, strict=True)
        if value != argument.default
    ]
    return kind.letter + "".join(changed)


def _digits(argument: Argument, value: Value) -> str:
    if argument.options:
        return str(argument.options.index(value))
    return str(int(value)) if isinstance(argument.default, int) else f"{value:.3f}".rstrip("0").rstrip(".")


def from_link(text: str) -> Network:
    """The network of a link.

    Raises:
        NetworkError: the text is not one that `to_link` writes.
    """
    if text in PRESETS:
        return PRESETS[text].network
    shape = _SHAPE.match(text[:LONGEST_LINK])
    if len(text) > LONGEST_LINK or shape is None:
        raise NetworkError("expected the name of a network, or a shape such as 3x32x32 and letters for layers")
    items: list[Item] = []
    at = shape.end()
    while at < len(text):
        part = _PARTS.match(text, at)
        if part is None or part[1] not in _LETTERS:
            raise NetworkError(f"character {at + 1} begins no layer that is known here")
        items.append(_long(len(items) + 1, part[1], part[2]))
        at = part.end()
    return network([int(side) for side in shape.groups()], tuple(items))


def _long(number: int, letter: str, values: str) -> Item:
    kind = _LETTERS[letter]
    known = {argument.letter: argument for argument in kind.arguments}
    given: dict[str, object] = {}
    for short, digits in _VALUES.findall(values):
        if short not in known:
            raise NetworkError(f"layer {number}: {kind.name} has no argument {short!r}")
        given[known[short].name] = _value(known[short], digits)
    try:
        return item(kind.name, **given)
    except NetworkError as error:
        raise NetworkError(f"layer {number}: {error}") from None


def _value(argument: Argument, digits: str) -> object:
    """What the digits stand for; the digits themselves, which no argument accepts, if for nothing."""
    if isinstance(argument.default, float):
        return float(digits) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", digits) else digits
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        return digits
    number = int(digits)
    if argument.options:
        return argument.options[number] if number < len(argument.options) else digits
    return bool(number) if isinstance(argument.default, bool) else number
