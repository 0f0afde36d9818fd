"""Random networks that work, for tests."""

from hypothesis import strategies as st

from core.conv import GeometryError, Shape
from core.conv.items import Item, Network, item
from core.conv.kinds import KINDS, Argument, Value

SMALL = {"filters": 6, "kernel": 4, "stride": 3, "dilation": 2, "groups": 3, "units": 9, "squeeze": 4, "expand": 4}


def values(argument: Argument) -> st.SearchStrategy[Value]:
    if argument.options:
        return st.sampled_from([one for one in argument.options if not isinstance(one, int) or one < 4])
    if isinstance(argument.default, bool):
        return st.booleans()
    if isinstance(argument.default, float):
        return st.sampled_from([0.0, 0.25, 0.5])
    return st.integers(int(argument.low), SMALL.get(argument.name, 2))


@st.composite
def items(draw: st.DrawFn) -> Item:
    kind = KINDS[draw(st.sampled_from(list(KINDS)))]
    return item(kind.name, **{argument.name: draw(values(argument)) for argument in kind.arguments})


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """What fits of a list of random layers."""
    sides = st.integers(3, 12)
    start = (draw(st.integers(1, 4)), draw(sides), draw(sides))
    shape: Shape = start
    kept: list[Item] = []
    for one in draw(st.lists(items(), min_size=1, max_size=8)):
        try:
            shape = one.layer.cost(shape).shape
        except GeometryError:
            continue
        kept.append(one)
    return Network(start, tuple(kept))
