r"""The letters of Grad-CAM's formulas, as expressions with a value: that of a small random network, at numbers.

So the formula that is printed, with its sums over cells and maps, is the one that is computed and held against
`core.cam`. The derivatives are central differences of the score, not what back-propagation says of itself.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from math import prod
from typing import Any

import torch
from mpmath.libmp import prec_to_dps
from sympy import Add, Float, Function, Integer, Max, N, S, Sum, Symbol
from torch import Tensor, nn

from core.cam import Explanation, explain
from core.nn.stages import Stages

Values = Mapping[Symbol, Any]
"""A symbol -> the number drawn for it."""

CLASSES = 3
LAYER = "maps"
DIFFERENCE = 1e-4
"""Step of the central differences; their error is of the order of its square."""


@cache
def net(seed: int, maps: int) -> Stages:
    """Feature maps, then a smooth tail that mixes cells and maps, so that the gradient differs from cell to cell."""
    made = Stages(
        {
            LAYER: nn.Conv2d(3, maps, 1, device="meta"),
            "mix": nn.Conv2d(maps, 4, 3, padding=1, device="meta"),
            "bend": nn.Tanh(),
            "pool": nn.AdaptiveAvgPool2d(1),
            "flat": nn.Flatten(),
            "head": nn.Linear(4, CLASSES, device="meta"),
        }
    )
    made = made.to_empty(device="cpu").double().eval()
    generator = torch.Generator().manual_seed(seed)
    for value in made.parameters():
        value.data = torch.randn(value.shape, generator=generator, dtype=torch.float64)
    return made


@cache
def fed(seed: int, rows: int, columns: int) -> Tensor:
    """A random picture with as many pixels as the feature maps have cells."""
    return torch.randn(1, 3, rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@cache
def explained(seed: int, maps: int, rows: int, columns: int, target: int) -> Explanation:
    """What `core.cam` says of it; classes count from 1 here."""
    return explain(net(seed, maps), fed(seed, rows, columns), LAYER, target - 1)


@cache
def slopes(seed: int, maps: int, rows: int, columns: int, target: int) -> Tensor:
    """The derivatives of the score by all cells, as central differences: one batch of networks' tails."""
    network, cells = net(seed, maps), maps * rows * columns
    with torch.no_grad():
        activation = network.run(fed(seed, rows, columns), upto=LAYER)
        steps = DIFFERENCE * torch.eye(cells, dtype=torch.float64).reshape(cells, maps, rows, columns)
        above, below = (network.run(activation + change, after=LAYER)[:, target - 1] for change in (steps, -steps))
    return ((above - below) / (2 * DIFFERENCE)).reshape(maps, rows, columns)


@cache
def features(seed: int, maps: int, rows: int, columns: int) -> Tensor:
    """The feature maps: what the network's first stage gives."""
    with torch.no_grad():
        return net(seed, maps).run(fed(seed, rows, columns), upto=LAYER)[0]


class _Valued(Function):
    """A function of (seed, maps, rows, columns, class, ...), with a value where all of them are numbers."""

    value: Callable[..., float]

    @classmethod
    def eval(cls, *args: Any) -> Any:
        if all(isinstance(argument, Integer) for argument in args):
            return Float(cls.value(*(int(argument) for argument in args)), 17)
        return None


class Slope(_Valued):
    """The derivative of the score of class c by cell (i, j) of map k."""

    @staticmethod
    def value(seed: int, maps: int, rows: int, columns: int, target: int, k: int, i: int, j: int) -> float:
        """One of `slopes`."""
        return float(slopes(seed, maps, rows, columns, target)[k - 1, i - 1, j - 1])

    def _latex(self, printer: Any) -> str:
        c, k, i, j = (printer._print(argument) for argument in self.args[4:])
        return rf"\frac{{\partial y^{{{c}}}}}{{\partial A^{{{k}}}_{{{i}{j}}}}}"


class Alpha(_Valued):
    """Grad-CAM's weight of map k."""

    @staticmethod
    def value(seed: int, maps: int, rows: int, columns: int, target: int, k: int) -> float:
        """The mean of `slopes` over the cells."""
        return float(slopes(seed, maps, rows, columns, target)[k - 1].mean())

    def _latex(self, printer: Any) -> str:
        c, k = (printer._print(argument) for argument in self.args[4:])
        return rf"\alpha_{{{k}}}^{{{c}}}"


class Cell(_Valued):
    """Cell (i, j) of feature map k."""

    @staticmethod
    def value(seed: int, maps: int, rows: int, columns: int, _target: int, k: int, i: int, j: int) -> float:
        """One of `features`."""
        return float(features(seed, maps, rows, columns)[k - 1, i - 1, j - 1])

    def _latex(self, printer: Any) -> str:
        k, i, j = (printer._print(argument) for argument in self.args[5:])
        return rf"A^{{{k}}}_{{{i}{j}}}"


class Map(Function):
    """Cell (i, j) of the map, to be computed elsewhere."""

    def _latex(self, printer: Any) -> str:
        c, i, j = (printer._print(argument) for argument in self.args[4:])
        return rf"L^{{{c}}}_{{{i}{j}}}"


class Rectified(Function):
    """ReLU."""

    def _eval_evalf(self, prec: int) -> Any:
        return Max(S.Zero, N(self.args[0], prec_to_dps(prec)))

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{ReLU}}\Bigl({printer._print(self.args[0])}\Bigr)"


class Total(Sum):
    """A sum that is carried out, term by term, where its bounds are numbers."""

    def _eval_evalf(self, prec: int) -> Any:
        names = [name for name, _, _ in self.limits]
        places = product(*(range(int(low), int(high) + 1) for _, low, high in self.limits))
        inside: Any = self.function
        terms = (inside.xreplace(dict(zip(names, map(Integer, place), strict=True))) for place in places)
        return N(Add(*terms), prec_to_dps(prec))

    def _latex(self, printer: Any) -> str:
        """One sign for each letter."""
        limits = [tuple(map(printer._print, limit)) for limit in self.limits]
        signs = " ".join(rf"\sum_{{{name}={low}}}^{{{high}}}" for name, low, high in limits)
        return f"{signs} {printer._print(self.function)}"


class Mean(Total):
    """A sum, divided by the number of its terms."""

    @property
    def _count(self) -> Any:
        return prod(high - low + 1 for _, low, high in self.limits)

    def _eval_evalf(self, prec: int) -> Any:
        return super()._eval_evalf(prec) / self._count

    def _latex(self, printer: Any) -> str:
        return rf"\frac{{1}}{{{printer._print(self._count)}}} {super()._latex(printer)}"
