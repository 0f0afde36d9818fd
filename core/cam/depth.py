r"""Grad-CAM at any depth of an ODE block: depth is time.

Between the start and the end of a block the state is z(t), 0 <= t <= 1. How much the score :math:`y^c` would rise with
it is the adjoint,

.. math:: a(t) = \frac{\partial y^c}{\partial z(t)}, \qquad \frac{da}{dt} = -a \frac{\partial f}{\partial z}(t, z(t)),

and that is what every rule of `core.cam.methods` needs beside the feature maps z(t). So one solve forwards and one
backwards give the map at every depth; no network is cut in two.

* With error control both are functions of time, and any depths may be asked for.
* With fixed steps there is a state after each step and none between. Back-propagation through the steps gives the
  gradient at all of them at once, exactly that of the computed network.

Sources: Chen et al. 2018 (arXiv 1806.07366), section 2; Selvaraju et al. (arXiv 1610.02391), section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from core.cam.explain import Explanation, refuse_training
from core.nn.odenet import ODEBlock
from core.nn.stages import Stages
from core.ode import odeint, odeint_dense


@dataclass(frozen=True, eq=False)
class Passage:
    """One picture's way through one ODE block.

    Attributes:
        block: name of the stage.
        t: depths within the block, from 0 to 1.
        explanation: of one class; its first axis is the depth, not the picture.
        nfe: evaluations of the field, forwards.
        nfe_back: evaluations of the adjoint's slope; 0 where the gradient is that of the steps.
    """

    block: str
    t: Float[Tensor, " depths"]
    explanation: Explanation
    nfe: int
    nfe_back: int


def passages(net: Stages, x: Float[Tensor, "1 3 h w"], target: int, depths: Sequence[float]) -> list[Passage]:
    """The ways through all ODE blocks of a network, the first block first.

    Args:
        net: in eval mode, with ODE blocks among its stages (see `core.nn.odenet`), which are solved as they say.
        x: one picture as the network expects it.
        target: the class that is explained.
        depths: rising, from 0 to 1; not used for fixed steps, which have states of their own.

    Raises:
        ValueError: training mode, several pictures, a class or depths out of range, or no ODE block.
        core.ode.SolverError: an equation could not be solved.
    """
    refuse_training(net)
    names = [name for name, stage in net.stages.items() if isinstance(stage, ODEBlock)]
    if not names:
        raise ValueError(f"expected a network with ODE blocks; its stages are {', '.join(net.stages)}")
    if len(x) != 1:
        raise ValueError(f"expected one picture; got {len(x)}")
    if list(depths) != sorted(set(depths)) or len(depths) < 2 or depths[0] != 0 or depths[-1] != 1:
        raise ValueError(f"expected rising depths from 0 to 1; got {list(depths)}")
    opened: list[_Open] = []
    leaf, after = x, None
    for name in names:
        with torch.enable_grad():  # of what lies between two blocks, from the end of the one to the start of the other
            before = _before(net, name)
            z0 = leaf if before == after else net.run(leaf, after=after, upto=before)
        block = net.stages[name]
        assert isinstance(block, ODEBlock)
        way = _Steps(block, z0) if block.solver.step_size is not None else _Curve(block, z0, depths)
        opened.append(way)
        leaf, after = way.end, name
    with torch.enable_grad():
        scores = net.run(leaf, after=after)
    if not 0 <= target < scores.shape[1]:
        raise ValueError(f"`target` must be a class from 0 to {scores.shape[1] - 1}; got {target}")
    found: list[Passage] = []
    output, slope = scores[:, target].sum(), None
    for name, way in zip(reversed(names), reversed(opened), strict=True):
        (a1,) = torch.autograd.grad(output, way.end, slope)
        gradients = way.back(a1)
        times, states = way.t, torch.cat(way.states)
        explanation = Explanation(
            name, torch.full((len(times),), target), scores.detach().expand(len(times), -1), states, gradients
        )
        found.append(Passage(name, times, explanation, way.nfe, way.nfe_back))
        output, slope = way.start, gradients[:1]
    return found[::-1]


class _Open:
    """A solved block, ready to be followed back from its end."""

    start: Tensor
    """z(0), with the graph of what lies before it."""
    end: Tensor
    """z(1), a leaf."""
    t: Float[Tensor, " depths"]
    states: list[Float[Tensor, "1 k h w"]]
    nfe: int
    nfe_back = 0

    def back(self, a1: Float[Tensor, "1 k h w"]) -> Float[Tensor, "depths k h w"]:
        """The adjoint at every depth, from that at the end."""
        raise NotImplementedError


class _Steps(_Open):
    """Fixed steps, kept as a graph."""

    def __init__(self, block: ODEBlock, z0: Tensor) -> None:
        size = block.solver.step_size
        assert size is not None
        count = max(1, round(1 / size))
        self.t = torch.linspace(0, 1, count + 1)
        self.start = z0
        with torch.enable_grad():
            self._on_path = [z0.detach().requires_grad_()]
            self.nfe = 0
            for both in pairwise(self.t):
                self._on_path.append(block.path(self._on_path[-1], torch.stack(both))[-1])
                self.nfe += block.nfe
        self.states = [z.detach() for z in self._on_path]
        self.end = self.states[-1].clone().requires_grad_()

    def back(self, a1: Tensor) -> Tensor:
        return torch.cat(torch.autograd.grad(self._on_path[-1], self._on_path, a1))


class _Curve(_Open):
    """A solution as a function of time."""

    def __init__(self, block: ODEBlock, z0: Tensor, depths: Sequence[float]) -> None:
        self._block, self.start = block, z0
        self.t = torch.tensor(depths)
        with torch.no_grad():
            block.nfe = 0
            self._z = odeint_dense(block.counted, z0.detach(), 0.0, 1.0, **block.solver.arguments)
            self.states = list(self._z(self.t))
        self.nfe = block.nfe
        self.end = self.states[-1].clone().requires_grad_()

    def back(self, a1: Tensor) -> Tensor:
        def slope(t: Tensor, a: Tensor) -> Tensor:
            self.nfe_back += 1
            with torch.enable_grad():
                z = self._z(t)
                assert isinstance(z, Tensor)  # as the start is
                z = z.detach().requires_grad_()
                f = self._block.field(t, z)
            return -torch.autograd.grad(f, z, a)[0]

        # The equation is linear in a, but an absolute tolerance means something only for values around 1.
        unit = a1.square().mean().sqrt().clamp_min(torch.finfo(a1.dtype).tiny)
        with torch.no_grad():
            return unit * odeint(slope, a1 / unit, self.t.flip(0), **self._block.solver.arguments).flip(0)[:, 0]


def _before(net: Stages, name: str) -> str | None:
    names = [None, *net.stages]
    return names[names.index(name) - 1]
