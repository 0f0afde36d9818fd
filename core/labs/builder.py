"""A network laid out layer by layer: shapes, parameters, multiply-adds, memory, receptive fields, and what is wrong.

Where a layer cannot take its input, the layers before it keep their numbers, and those behind it have none.
"""

from dataclasses import dataclass

from core.conv import Field, GeometryError, Shape
from core.conv.items import Network
from core.conv.layers import Cost, run


@dataclass(frozen=True)
class Row:
    """One layer.

    Attributes:
        number: from 1 on.
        kind, words: what it is.
        cost: None where it cannot take its input, or a layer before it cannot.
        reason: why it cannot take its input; empty otherwise.
    """

    number: int
    kind: str
    words: str
    cost: Cost | None = None
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """A network and its rows, as far as they go."""

    network: Network
    rows: tuple[Row, ...]

    @property
    def problem(self) -> Row | None:
        """The first layer that cannot take its input."""
        return next((row for row in self.rows if row.reason), None)

    @property
    def counted(self) -> tuple[tuple[Row, Cost], ...]:
        """The rows with numbers."""
        return tuple((row, row.cost) for row in self.rows if row.cost is not None)

    @property
    def costs(self) -> tuple[Cost, ...]:
        """The numbers alone."""
        return tuple(cost for _, cost in self.counted)

    @property
    def shape(self) -> Shape:
        """Of the output of the last layer that works."""
        return self.costs[-1].shape if self.costs else self.network.shape

    @property
    def trainable(self) -> int:
        """Parameters in all."""
        return sum(cost.trainable for cost in self.costs)

    @property
    def fixed(self) -> int:
        """Numbers that are kept, not learned: means and variances."""
        return sum(cost.fixed for cost in self.costs)

    @property
    def multiply_adds(self) -> int:
        """For one example."""
        return sum(cost.multiply_adds for cost in self.costs)

    @property
    def bytes(self) -> int:
        """Of all outputs of one example."""
        return sum(cost.bytes for cost in self.costs)

    def before(self, number: int) -> Shape:
        """The shape that a layer is given, as far as it is known."""
        shapes = [cost.shape for row, cost in self.counted if row.number < number]
        return shapes[-1] if shapes else self.network.shape

    @property
    def seeing(self) -> dict[int, Cost]:
        """Number -> cost of the layers whose cells see a part of the input that is known."""
        return {row.number: cost for row, cost in self.counted if cost.fields}


def lay_out(network: Network) -> Table:
    """Every layer's numbers, in order, until one cannot take its input."""
    rows: list[Row] = []
    shape: Shape | None = network.shape
    fields = (Field(), Field())
    for number, item in enumerate(network.items, 1):
        cost, reason = None, ""
        if shape is not None:
            try:
                cost = run([item.layer], shape, fields)[-1]
                shape, fields = cost.shape, cost.fields
            except GeometryError as error:
                shape, reason = None, str(error)
        rows.append(Row(number, item.kind, item.words, cost, reason))
    return Table(network, tuple(rows))


@dataclass(frozen=True)
class Share:
    """What one layer has of a total, from 0 to 1."""

    row: Row
    parameters: float
    multiply_adds: float


@dataclass(frozen=True)
class Shares:
    """Of all layers with parameters, in their order."""

    table: Table
    shares: tuple[Share, ...]

    @property
    def first_dense(self) -> Share | None:
        """The first dense layer's."""
        return next((share for share in self.shares if share.row.kind == "dense"), None)

    @property
    def heaviest(self) -> Share:
        """That with the most parameters."""
        return max(self.shares, key=lambda share: share.parameters)

    @property
    def busiest(self) -> tuple[Share, ...]:
        """Those with the most multiply-adds: several, where they tie."""
        most = max(share.multiply_adds for share in self.shares)
        return tuple(share for share in self.shares if share.multiply_adds == most)

    def of(self, kind: str) -> Share:
        """All layers of one kind together, in the first one's row."""
        some = [share for share in self.shares if share.row.kind == kind]
        return Share(some[0].row, sum(one.parameters for one in some), sum(one.multiply_adds for one in some))


def share_out(network: Network) -> Shares:
    """Where parameters and multiply-adds are."""
    table = lay_out(network)
    parameters, products = max(table.trainable, 1), max(table.multiply_adds, 1)
    return Shares(
        table,
        tuple(
            Share(row, cost.trainable / parameters, cost.multiply_adds / products)
            for row, cost in table.counted
            if cost.trainable
        ),
    )
