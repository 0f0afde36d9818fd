"""An ODE-Net held against its solver, and against a ResNet: answers, evaluations, memory, noise.

All functions take a network and pictures as it expects them (normalised), so a benchmark can ask them about a whole
data set; where a solver matters, give them `core.nn.odenet.solved_by(net, solver)`.

Sources: Ott et al. 2020, "ResNet after all?" (arXiv 2007.15386), section 3; Chen et al. 2018, section 3.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int64
from torch import Generator, Tensor
from torch.nn import functional as F

from core.cam.depth import passages
from core.cam.metrics import rank_correlation
from core.labs.depth_cam import FIXED, STEPS, TOLERANCES, Way
from core.labs.tensor_memory import Meter, stored_states
from core.nn import cifar10
from core.nn.odenet import Gradient, blocks, solved_by
from core.nn.stages import Stages
from core.ode import SolverError

TIGHTEST = Way("dopri5", -6)
"""What all other ways are held against."""
WAYS = (*(Way("dopri5", power) for power in TOLERANCES), *(Way(name, steps) for name in FIXED for steps in STEPS))
Pictures = Float[Tensor, "n 3 h w"]


@dataclass(frozen=True, eq=False)
class Solved:
    """One network's answer for one picture, solved in one way.

    Attributes:
        scores: before softmax; none where the solver failed.
        nfe, nfe_back: evaluations in each block, on the way there and on the adjoint's way back.
        heat: the map at the end of the last block, of the asked class.
        failure: in words; empty if there is none.
    """

    way: Way
    scores: Float[np.ndarray, " classes"]
    nfe: tuple[int, ...]
    nfe_back: tuple[int, ...]
    heat: Float[np.ndarray, "h w"]
    failure: str = ""

    @property
    def best(self) -> int:
        """The class with the highest score."""
        return int(self.scores.argmax())

    def alike(self, other: "Solved") -> float:
        """Rank correlation of the two maps."""
        return rank_correlation(self.heat, other.heat)


def solve_by(net: Stages, x: Float[Tensor, "1 3 h w"], target: int, way: Way, method: str = "gradcam") -> Solved:
    """One way to solve all blocks: the scores, the evaluations there and back, the last block's map."""
    twin = solved_by(net, way.solver)
    try:
        found = passages(twin, x, target, [0.0, 1.0])
    except SolverError as error:
        nothing = np.zeros(0, np.float32)
        return Solved(way, nothing, (), (), np.zeros((1, 1), np.float32), str(error))
    last = found[-1].explanation
    return Solved(
        way,
        last.scores[0].numpy(),
        tuple(passage.nfe for passage in found),
        tuple(passage.nfe_back for passage in found),
        last.map(method)[-1].numpy(),
    )


def evaluations(net: Stages, x: Pictures) -> Int[np.ndarray, "n blocks"]:
    """How often each block's field is evaluated for each picture, one picture at a time: a batch shares its steps."""
    twin = solved_by(net, next(iter(blocks(net).values())).solver)
    found = []
    for picture in x.split(1):
        with torch.no_grad():
            twin(picture)
        found.append([block.nfe for block in blocks(twin).values()])
    return np.array(found)


def answers(net: Stages, x: Pictures, batch: int = 250) -> Float[Tensor, "n classes"]:
    """The scores; a batch shares the steps of its ODE blocks."""
    with torch.inference_mode():
        return torch.cat([net(some) for some in x.split(batch)])


def accuracy(net: Stages, x: Pictures, labels: Int64[Tensor, " n"], batch: int = 250) -> float:
    """Share of the pictures whose label has the highest score."""
    return float((answers(net, x, batch).argmax(1) == labels).float().mean())


def noisy(
    x: Pictures,
    sigma: float,
    generator: Generator,
    mean: Sequence[float] = cifar10.MEAN,
    std: Sequence[float] = cifar10.STD,
) -> Pictures:
    """Gaussian noise of `sigma` on colours from 0 to 1, cut off at these ends; `mean` and `std` normalised them."""
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (mean, std))
    colours = x * scale + shift
    return ((colours + sigma * torch.randn(x.shape, generator=generator)).clamp(0, 1) - shift) / scale


@dataclass(frozen=True, eq=False)
class Robust:
    """What noise does to one answer.

    Attributes:
        sigmas: the noise's standard deviations, on colours from 0 to 1.
        probabilities: of the class, for each sigma and each draw.
        kept: whether that class still had the highest score.
    """

    sigmas: tuple[float, ...]
    probabilities: Float[np.ndarray, "sigmas draws"]
    kept: Bool[np.ndarray, "sigmas draws"]


def robust(
    net: Stages, x: Float[Tensor, "1 3 h w"], target: int, sigmas: Sequence[float], draws: int, seed: int
) -> Robust:
    """The probability of a class under noise; two networks with one seed are given the same pictures."""
    generator = Generator().manual_seed(seed)
    scores = torch.stack([answers(net, noisy(x.expand(draws, -1, -1, -1), sigma, generator)) for sigma in sigmas])
    return Robust(tuple(sigmas), scores.softmax(2)[:, :, target].numpy(), (scores.argmax(2) == target).numpy())


def joined(parts: Sequence[Robust]) -> Robust:
    """What was computed for one sigma after the other."""
    return Robust(
        tuple(sigma for part in parts for sigma in part.sigmas),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.kept for part in parts]),
    )


def accuracy_under_noise(
    net: Stages, x: Pictures, labels: Int64[Tensor, " n"], sigmas: Sequence[float], seed: int
) -> list[float]:
    """Accuracy for each sigma."""
    generator = Generator().manual_seed(seed)
    return [accuracy(net, noisy(x, sigma, generator), labels) for sigma in sigmas]


CHANGES: dict[str, Callable[[Pictures], Pictures]] = {
    "as it is": lambda x: x,
    "mirrored": lambda x: x.flip(3),
    "upside down": lambda x: x.flip(2),
    "half the contrast": lambda x: x.mean((2, 3), keepdim=True) + 0.5 * (x - x.mean((2, 3), keepdim=True)),
    "blurred": lambda x: F.interpolate(F.avg_pool2d(x, 4, ceil_mode=True), size=x.shape[2:], mode="bilinear"),
    "grey": lambda x: x.mean(1, keepdim=True).expand(-1, 3, -1, -1),
    "one colour": lambda x: x.mean((2, 3), keepdim=True).expand_as(x),
}
"""Changes of a picture that keep its size."""


def changed(x: Float[Tensor, "1 3 h w"], sigma: float, seed: int) -> Iterator[tuple[str, Pictures]]:
    """The picture changed in the ways of `CHANGES`, then with noise, then noise alone."""
    for name, change in CHANGES.items():
        yield name, change(x)
    generator = Generator().manual_seed(seed)
    yield f"with noise, σ = {sigma:g}", noisy(x, sigma, generator)
    yield "nothing but noise", torch.randn(x.shape, generator=generator)


@dataclass(frozen=True)
class Memory:
    """Bytes of tensors for the gradient of one score by input and weights, for one picture.

    Attributes:
        kept: what waits between the way there and the way back.
        peak: the most at any moment.
    """

    kept: int
    peak: int


KEEPING: tuple[Gradient, ...] = ("direct", "checkpointed", "adjoint")
"""How the gradient of an ODE block is had: see `core.ode`."""


def memory(net: Stages, x: Float[Tensor, "1 3 h w"], target: int = 0, keeping: Gradient = "direct") -> Memory:
    """Measured by watching every operation; the network's weights and the picture do not count, all gradients do."""
    own = copy.deepcopy(net).requires_grad_(True)
    for block in blocks(own).values():
        block.solver = replace(block.solver, gradient=keeping)
    with torch.enable_grad():
        picture = x.detach().clone().requires_grad_()
        with Meter([*own.parameters(), *own.buffers(), picture]) as meter:
            score = own(picture)[0, target]
            stored = stored_states(score)
            kept = meter.live + stored
            torch.autograd.grad(score, [picture, *own.parameters()])
    return Memory(kept, meter.peak + stored)
