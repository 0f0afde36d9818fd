"""The evidence for a class at every depth of an ODE-Net, beside the blocks of its discrete twin.

A *place* is a depth of the whole network: block i of its ODE blocks covers the places from i - 1 to i. The same places
are given to the residual blocks of the ResNet's stage i, which end at equal distances.

Sources: Selvaraju et al. 2017 (arXiv 1610.02391), section 3; Chen et al. 2018 (arXiv 1806.07366), section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.cam import Explanation, explain
from core.cam.depth import passages
from core.nn.odenet import ODEBlock, Solver, blocks, odenet_cifar, solved_by
from core.nn.resnet import BasicBlock, resnet_cifar
from core.nn.stages import Stages
from core.ode import SolverError

DEPTHS = 17
"""Of each block, where a map is taken; with fixed steps they are taken where the steps end."""
FIXED = ("euler", "midpoint", "rk4")
STEPS = (1, 2, 4, 8, 16)
TOLERANCES = (-2, -3, -4, -5)
"""Powers of ten."""
MUCH = 0.5
"""Of the cosine with the last map: from here on the evidence is said to have appeared."""


@dataclass(frozen=True)
class Way:
    """How the blocks' equations are solved.

    Attributes:
        method: dopri5, or one of `FIXED`.
        setting: the power of ten of the tolerance, or the number of steps.
    """

    method: str = "dopri5"
    setting: int = -3

    @property
    def solver(self) -> Solver:
        """As the network takes it."""
        if self.method in FIXED:
            return Solver(self.method, step_size=1 / self.setting)
        return Solver(self.method, 10.0**self.setting, 10.0**self.setting)


@dataclass(frozen=True, eq=False)
class Moment:
    """The weighted sum of the feature maps at one place.

    Attributes:
        layer: name of the block.
        place: depth of the whole network.
        t: depth within the block.
        signed: the sum, in units of the score.
    """

    layer: str
    place: float
    t: float
    signed: Float[np.ndarray, "h w"]

    @property
    def heat(self) -> Float[np.ndarray, "h w"]:
        """The class activation map."""
        return np.maximum(self.signed, 0)

    @property
    def speaks_for(self) -> float:
        """Sum over the cells above 0."""
        return float(self.heat.sum())

    @property
    def against(self) -> float:
        """Sum over the cells below 0: at most 0."""
        return float(np.minimum(self.signed, 0).sum())


@dataclass(frozen=True, eq=False)
class Journey:
    """One picture's way through all ODE blocks.

    Attributes:
        target: the explained class.
        scores: before softmax.
        moments: by rising place; the end of a block and the start of the next share one, and differ.
        nfe, nfe_back: of each block.
        failure: why there are no moments, in words; empty if there are.
    """

    target: int
    scores: Float[np.ndarray, " classes"]
    moments: tuple[Moment, ...] = ()
    nfe: tuple[int, ...] = ()
    nfe_back: tuple[int, ...] = ()
    failure: str = ""

    @property
    def likeness(self) -> Float[np.ndarray, " moments"]:
        """Cosine of each map with the last one, on the last one's cells."""
        return cosines(self.moments, self.moments[-1])

    @property
    def appears(self) -> Moment | None:
        """The first moment from which on the map stays like the last one; None if that is blank."""
        found = None
        for moment, cosine in zip(reversed(self.moments), reversed(self.likeness), strict=True):
            if cosine < MUCH:
                break
            found = moment
        return found


def follow(net: Stages, x: Float[Tensor, "1 3 h w"], target: int | None, method: str, way: Way) -> Journey:
    """The maps of one class at all depths; of the class with the highest score if `target` is None.

    Args:
        net: with ODE blocks, in eval mode; it is not changed.
        method: a name in `core.cam.METHODS`.
    """
    twin = solved_by(net, way.solver)
    scores = np.zeros(0, np.float32)
    try:
        with torch.no_grad():
            scores = twin(x)[0].numpy()
        best = int(scores.argmax()) if target is None else target
        found = passages(twin, x, best, np.linspace(0, 1, DEPTHS).tolist())
    except SolverError as error:
        return Journey(target or 0, scores, failure=str(error))
    moments = [
        Moment(passage.block, i + float(t), float(t), signed)
        for i, passage in enumerate(found)
        for t, signed in zip(passage.t, passage.explanation.raw_map(method).numpy(), strict=True)
    ]
    nfe, back = ([getattr(passage, name) for passage in found] for name in ("nfe", "nfe_back"))
    return Journey(best, scores, tuple(moments), tuple(nfe), tuple(back))


def discrete(net: Stages, x: Float[Tensor, "1 3 h w"], target: int, method: str) -> tuple[Moment, ...]:
    """The maps after each residual block, at the places that the twin's ODE blocks have."""
    found = []
    names = [name for name, stage in net.stages.items() if isinstance(stage, BasicBlock)]
    for stage, (_, inside) in enumerate(groupby(names, lambda name: name.partition(".")[0])):
        group = list(inside)
        for number, name in enumerate(group, 1):
            signed = explain(net, x, name, target).raw_map(method)[0].numpy()
            found.append(Moment(name, stage + number / len(group), number / len(group), signed))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture and class in both networks.

    Attributes:
        journey: through the ODE-Net.
        beside: after each of the ResNet's blocks.
        probabilities: of the class, by the ODE-Net and by the ResNet.
        best: the class with the highest score, of both.
    """

    journey: Journey
    beside: tuple[Moment, ...]
    probabilities: tuple[float, float]
    best: tuple[int, int]


def pair(
    odenet: Stages, resnet: Stages, x: Float[Tensor, "1 3 h w"], target: int | None, method: str, way: Way
) -> Pair:
    """The maps of one class at all depths and after all blocks; of the ODE-Net's best class if `target` is None."""
    journey = follow(odenet, x, target, method, way)
    if journey.failure:
        return Pair(journey, (), (0.0, 0.0), (0, 0))
    beside = discrete(resnet, x, journey.target, method)
    with torch.no_grad():
        scores = [torch.from_numpy(journey.scores), resnet(x)[0]]
    first, second = (float(each.softmax(0)[journey.target]) for each in scores)
    return Pair(journey, beside, (first, second), (int(scores[0].argmax()), int(scores[1].argmax())))


def cosines(moments: Sequence[Moment], last: Moment) -> Float[np.ndarray, " moments"]:
    """Of each map and the last, each averaged over the last one's cells; 0 with a blank map."""
    end = torch.from_numpy(last.heat)
    cells = end.shape[0], end.shape[1]
    maps = [F.adaptive_avg_pool2d(torch.from_numpy(moment.heat)[None], cells).flatten() for moment in moments]
    return F.cosine_similarity(torch.stack(maps), end.flatten()[None], dim=1).numpy()


@dataclass(frozen=True)
class Split:
    """The network really cut in two at one depth, beside the adjoint's solve.

    Attributes:
        layer, t: where.
        state, gradient: largest difference of z(t) and of a(t), relative to the largest value.
        nfe: evaluations for the cut, from 0 to t and from t to 1 and through the blocks that follow.
        failure: as in `Journey`.
    """

    layer: str
    t: float
    state: float = 0.0
    gradient: float = 0.0
    nfe: int = 0
    failure: str = ""


def split(net: Stages, x: Float[Tensor, "1 3 h w"], target: int, way: Way, place: float) -> Split:
    """Cut a block at a place, go on by back-propagation, and compare both z(t) and a(t) with `passages`.

    With fixed steps the cut is where the nearest step ends.
    """
    twin = solved_by(net, way.solver)
    names, inside = list(twin.stages), list(blocks(twin))
    index = min(int(place), len(inside) - 1)
    name, t = inside[index], min(max(place - index, 0.0), 1.0)
    if way.method in FIXED:
        t = round(t * way.setting) / way.setting
    block = twin.stages[name]
    assert isinstance(block, ODEBlock)
    try:
        with torch.no_grad():
            z = twin.run(x, upto=names[names.index(name) - 1])
            nfe = sum(each.nfe for each in blocks(twin).values())
            z = block.path(z, torch.tensor([0.0, t]))[-1] if t > 0 else z
            nfe += block.nfe if t > 0 else 0
        with torch.enable_grad():
            leaf = z.detach().requires_grad_()
            end = block.path(leaf, torch.tensor([t, 1.0]))[-1] if t < 1 else leaf
            nfe += block.nfe if t < 1 else 0
            score = twin.run(end, after=name)[0, target]
        (a,) = torch.autograd.grad(score, leaf)
        nfe += sum(blocks(twin)[later].nfe for later in inside[index + 1 :])
        passage = passages(twin, x, target, sorted({0.0, t, 1.0}))[index]
    except SolverError as error:
        return Split(name, t, failure=str(error))
    at = int((passage.t - t).abs().argmin())
    found: Explanation = passage.explanation
    return Split(name, t, _off(found.activation[at], z[0]), _off(found.gradient[at], a[0]), nfe)


def _off(one: Tensor, other: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    difference = float((one - other).abs().max())
    return difference / float(other.abs().max()) if difference else 0.0


@dataclass(frozen=True)
class Part:
    """One line of the table of twins: what both networks have there, and how many parameters it holds."""

    name: str
    shape: tuple[int, ...]
    """Channels, rows and columns of its output."""
    resnet: str
    resnet_parameters: int
    odenet: str
    odenet_parameters: int


def twins(height: int, width: int) -> tuple[Part, ...]:
    """Both networks, part by part, for an input of this size."""
    tables = [net.eval().table((1, 3, height, width)) for net in (resnet_cifar(), odenet_cifar())]
    grouped = [{name: list(rows) for name, rows in groupby(table, lambda row: _part(row.name))} for table in tables]
    found = []
    for name, rows in grouped[0].items():
        pair = rows, grouped[1][name]
        (first, second) = (", ".join(row.name for row in each) for each in pair)
        counts = [sum(row.parameters for row in each) for each in pair]
        found.append(Part(name, rows[-1].shape[1:], first, counts[0], second, counts[1]))
    return tuple(found)


def _part(name: str) -> str:
    for kind in ("layer", "ode", "down"):
        if name.startswith(kind):
            return f"stage {name.removeprefix(kind)[0]}"
    return "stem" if name in ("conv1", "bn1", "relu") else "head"
