"""Edits of a network: each makes a new one of the old, and none loses a layer that it was not told to remove."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.conv import GeometryError
from core.conv.items import MOST_LAYERS, Item, Network, item
from core.conv.kinds import NetworkError
from core.labs.builder import Table, lay_out


def insert(network: Network, after: int, new: Item) -> Network:
    """A layer behind layer `after`, counted from 1; 0 puts it first.

    Raises:
        NetworkError: there are as many layers as there may be.
    """
    if len(network.items) >= MOST_LAYERS:
        raise NetworkError(f"a network has at most {MOST_LAYERS} layers; remove one first")
    return Network(network.shape, (*network.items[:after], new, *network.items[after:]))


def replace(network: Network, number: int, new: Item) -> Network:
    """Another layer in the place of layer `number`."""
    return Network(network.shape, (*network.items[: number - 1], new, *network.items[number:]))


def remove(network: Network, number: int) -> Network:
    """Without layer `number`."""
    return Network(network.shape, (*network.items[: number - 1], *network.items[number:]))


def move(network: Network, number: int, to: int) -> Network:
    """Layer `number` becomes layer `to`."""
    moved = network.items[number - 1]
    return insert(remove(network, number), to - 1, moved)


def sensible(table: Table, kind: str, after: int) -> Item:
    """A new layer behind layer `after`: a residual block keeps the channels that it is given, so that it fits."""
    channels = table.before(after + 1)[0]
    return item(kind, filters=min(channels, 8192)) if kind == "residual" else item(kind)


@dataclass(frozen=True)
class Repair:
    """An edit that lets a layer take its input.

    Attributes:
        words: what it does, as on a button.
        network: what it makes.
    """

    words: str
    network: Network


def repair(table: Table) -> Repair | None:
    """The least edit that makes the first impossible layer possible; None where all are possible.

    What is tried: another value of one argument, a flatten layer before it, or none where it needs axes; at last, to
    remove it.
    """
    problem = table.problem
    if problem is None:
        return None
    network, number = table.network, problem.number
    for words, changed in _tries(network, number, table.before(number)):
        if _works(changed, table.before(number)):
            return Repair(f"Layer {number}: {words}", replace(network, number, changed))
    flatten = item("flatten")
    if problem.kind == "dense" and len(network.items) < MOST_LAYERS:
        return Repair(f"Put a flatten layer before layer {number}", insert(network, number - 1, flatten))
    flat = max((at for at, one in enumerate(network.items[:number], 1) if one.kind == "flatten"), default=0)
    if flat and _lasts(remove(network, flat), number - 1):
        return Repair(f"Remove layer {flat}, which flattens", remove(network, flat))
    return Repair(f"Remove layer {number}", remove(network, number))


def _tries(network: Network, number: int, shape: tuple[int, ...]) -> Iterator[tuple[str, Item]]:
    """Values that may help, the ones that change least first."""
    old = network.items[number - 1]
    known = old.named()
    if "groups" in known and known["groups"] != 1:
        yield "groups 1", old.change(groups=1)
    if known.get("padding") == "same":
        yield "stride 1", old.change(stride=1)
    if "project" in known:
        yield "a 1 x 1 convolution on the skip", old.change(project=True)
    if "kernel" in known and len(shape) > 1:
        k = int(known["kernel"])
        if old.kind != "conv" and isinstance(known["padding"], int) and 2 * known["padding"] > k:
            yield f"padding {k // 2}", old.change(padding=k // 2)
        if known.get("dilation", 1) != 1:
            yield "dilation 1", old.change(dilation=1)
        smaller = min(k, *shape[1:])
        if smaller < k:
            yield f"kernel {smaller}", old.change(kernel=smaller)
            if known.get("dilation", 1) != 1:
                yield f"kernel {smaller}, dilation 1", old.change(kernel=smaller, dilation=1)
            if old.kind != "conv":
                yield f"window {smaller}, no padding", old.change(kernel=smaller, padding=0)


def _lasts(network: Network, number: int) -> bool:
    """Whether the layers up to layer `number` can take their inputs."""
    return lay_out(Network(network.shape, network.items[:number])).problem is None


def _works(changed: Item, shape: tuple[int, ...]) -> bool:
    try:
        changed.layer.cost(shape)
    except GeometryError:
        return False
    return True
