r"""A network is a list of named stages, and depth is time.

With :math:`h_0 = x` and :math:`h_{i+1} = f_i(h_i)`, a network of :math:`n` stages maps
:math:`x` to :math:`h_n`. Everything that needs to look inside reads the same list: the layer
table, the parameter count, Grad-CAM (which splits the list at one stage) and the choice of
layers that a page offers.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class StageRow:
    """One line of a network's layer table."""

    name: str
    kind: str
    """Class name of the stage's module."""
    shape: tuple[int, ...]
    """Shape of the stage's output, batch axis included."""
    parameters: int

    @property
    def is_spatial(self) -> bool:
        """Whether the output is a stack of feature maps (n, k, h, w) of more than one cell."""
        return len(self.shape) == 4 and self.shape[2] * self.shape[3] > 1


class Stages(nn.Module):
    """An ordered list of named stages whose composition is the forward pass.

    `parts` are the top-level modules in the order in which they run. A part that is a
    `nn.Sequential` is no stage of its own: its children are, under dotted names, so that stage
    names are exactly the prefixes of the state_dict's keys (``features.29``, ``layer4.1``).

    No stage may work in place: Grad-CAM keeps a stage's output while later stages run.

    >>> net = Stages({"features": nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "head": nn.Linear(3, 1)})
    >>> list(net.stages)
    ['features.0', 'features.1', 'head']
    """

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        in_place = [name for name, module in self.named_modules() if getattr(module, "inplace", False)]
        if in_place:
            raise ValueError(f"stages must not work in place; got inplace=True in {', '.join(in_place)}")

    @property
    def stages(self) -> dict[str, nn.Module]:
        """Name -> module of every stage, in the order in which they run."""
        return dict(_leaves(self, prefix=""))

    def run(self, x: Tensor, *, after: str | None = None, upto: str | None = None) -> Tensor:
        """Apply the stages that follow `after` (all, if None) up to and with `upto` (the last, if None).

        ``run(run(x, upto=s), after=s)`` equals ``forward(x)`` for every stage ``s``.

        Raises:
            KeyError: a name that is no stage; the message lists those that are.
            ValueError: `upto` comes before `after`.
        """
        names, modules = zip(*self.stages.items(), strict=True)
        for name in (after, upto):
            if name is not None and name not in names:
                raise KeyError(f"no stage named {name!r}; the stages are {', '.join(names)}")
        start = 0 if after is None else names.index(after) + 1
        stop = len(names) if upto is None else names.index(upto) + 1
        if stop < start:
            raise ValueError(f"expected stages in their order; got `upto` {upto!r} before `after` {after!r}")
        for stage in modules[start:stop]:
            x = stage(x)
        return x

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102 (nn.Module's)
        return self.run(x)

    def table(self, input_shape: tuple[int, ...]) -> list[StageRow]:
        """Output shape and parameter count of every stage for an input of `input_shape`.

        Shapes are computed on torch's meta device: nothing is multiplied, no weight is copied.

        Raises:
            RuntimeError: an input that some stage cannot take (from the stage itself).
        """
        rows = []
        h = torch.empty(input_shape, device="meta")
        for name, stage in self.stages.items():
            # A copy of the stage whose tensors are on the meta device. (torch.func.functional_call would put
            # them into the stage itself for a moment, where other threads that run it would see them.)
            tensors = (*stage.parameters(), *stage.buffers())
            shadow = copy.deepcopy(stage, {id(tensor): tensor.detach().to("meta") for tensor in tensors})
            with torch.no_grad():
                h = shadow(h)
            rows.append(StageRow(name, type(stage).__name__, tuple(h.shape), count_parameters(stage)))
        return rows


def count_parameters(module: nn.Module) -> int:
    """Number of trainable scalars in a module (buffers, such as running means, do not count)."""
    return sum(parameter.numel() for parameter in module.parameters())


def _leaves(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        if isinstance(child, nn.Sequential):
            yield from _leaves(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child
