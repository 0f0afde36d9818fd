"""Train the embedded networks on CIFAR-10, for photographs too.

    python -m core.nn.train_cifar10 --data cifar10-jpeg.tar.xz
    python -m core.nn.train_cifar10 --data cifar10-jpeg.tar.xz --network odenet --method euler --step-size 0.5

Stochastic gradient descent with Nesterov momentum, or AdamW, one cycle of the learning rate, label
smoothing, and an exponential moving average of the weights, which is what is saved. Each batch has
a canvas size of its own, so that the network works at several scales (see `core.nn.augment`).
Every epoch is seeded by (seed, epoch) and ends in a checkpoint: an interrupted run that is started
again continues where it was. With ``--start WEIGHTS`` a run goes on from saved weights with a recipe of
its own, such as fewer strong views; the card then tells of all runs.
"""

import argparse
import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from core.nn import cifar10
from core.nn.augment import mirrored_and_shifted, unrecognisable, view
from core.nn.odenet import Solver, blocks, odenet_cifar, solved_by
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages, count_parameters

CANVASES = {32: 0.55, 40: 0.2, 48: 0.2, 64: 0.05}
"""Canvas side in pixels -> probability that a batch has it."""


SOLVERS = {
    "euler, 1 step": Solver("euler", step_size=1.0),
    "euler, 2 steps": Solver("euler", step_size=0.5),
    "euler, 8 steps": Solver("euler", step_size=0.125),
    "rk4, 1 step": Solver("rk4", step_size=1.0),
    "rk4, 4 steps": Solver("rk4", step_size=0.25),
    "dopri5, 1e-2": Solver(rtol=1e-2, atol=1e-2),
    "dopri5, 1e-3": Solver(rtol=1e-3, atol=1e-3),
    "dopri5, 1e-4": Solver(rtol=1e-4, atol=1e-4),
}
"""Ways in which a trained ODE-Net is solved for its card."""


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the weights, beside the data."""

    network: str = "resnet"
    """Or "odenet", whose blocks are solved by `method` in steps of `step_size`."""
    method: str = "euler"
    step_size: float = 0.5
    epochs: int = 34
    """Of the learning rate's cycle."""
    stop: int | None = None
    """Epochs after which the run ends, if before the cycle."""
    seed: int = 0
    batch: int = 128
    outliers: int = 15
    """Pictures of no class added to every batch; the target there is the uniform distribution."""
    optimiser: str = "sgd"
    """With Nesterov momentum; or "adamw"."""
    learning_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.05
    ema: float = 0.998
    """Per step, of the moving average that is saved."""
    plain: float = 0.0
    """Share of the batches that are only mirrored and shifted, at 32 x 32."""

    def build(self) -> Stages:
        """The network, untrained."""
        if self.network == "resnet":
            return resnet_cifar()
        return odenet_cifar(solver=Solver(self.method, step_size=self.step_size))

    def optimise(self, net: Stages) -> torch.optim.Optimizer:
        """What moves the weights."""
        if self.optimiser == "adamw":
            return torch.optim.AdamW(net.parameters(), self.learning_rate, weight_decay=self.weight_decay)
        return torch.optim.SGD(
            net.parameters(), self.learning_rate, self.momentum, nesterov=True, weight_decay=self.weight_decay
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="tar archive of train|test/<class>/*.jpg")
    parser.add_argument("--network", choices=("resnet", "odenet"), default=Recipe.network)
    parser.add_argument("--method", choices=("euler", "midpoint", "rk4"), default=Recipe.method, help="of the odenet")
    parser.add_argument("--step-size", type=float, default=Recipe.step_size, help="of the odenet's solver")
    parser.add_argument("--out", type=Path, default=None, help="assets/NETWORK_cifar10.safetensors unless given")
    parser.add_argument("--work", type=Path, default=Path("runs/cifar10"), help="checkpoint and decoded data")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--stop", type=int, default=None, help="end the cycle of epochs after so many")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--optimiser", choices=("sgd", "adamw"), default=Recipe.optimiser)
    parser.add_argument("--weight-decay", type=float, default=Recipe.weight_decay)
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--plain", type=float, default=Recipe.plain, help="share of mildly changed batches")
    parser.add_argument("--start", type=Path, default=None, help="weights to go on from, with their card beside them")
    parser.add_argument("--limit", type=int, default=None, help="train on this many pictures only (a trial)")
    arguments = parser.parse_args()
    recipe = Recipe(
        network=arguments.network,
        method=arguments.method,
        step_size=arguments.step_size,
        epochs=arguments.epochs,
        stop=arguments.stop,
        seed=arguments.seed,
        optimiser=arguments.optimiser,
        learning_rate=arguments.learning_rate,
        weight_decay=arguments.weight_decay,
        plain=arguments.plain,
    )
    out = arguments.out or Path("assets") / f"{recipe.network}_cifar10.safetensors"
    train, test = cifar10.read(arguments.data, cache=arguments.work / "data.npz")
    if arguments.limit is not None:
        chosen = torch.randperm(len(train.labels), generator=Generator().manual_seed(0))[: arguments.limit]
        train = cifar10.Split(train.pictures[chosen], train.labels[chosen])
    fit(recipe, train, test, arguments.work / "checkpoint.pt", out, arguments.start)


def fit(
    recipe: Recipe,
    train: cifar10.Split,
    test: cifar10.Split,
    checkpoint: Path,
    out: Path,
    start: Path | None = None,
) -> float:
    """Train from new weights or those of `start`, or go on from `checkpoint`; write `out` and its card.

    `out` is safetensors in float16, the card a json file beside it.

    Returns:
        The accuracy on `test`, of the weights as they were saved, at 32 x 32.
    """
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        net = recipe.build().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (missing in torch's stub)
    if start is not None:
        net.load_state_dict(load_file(start))
    average = copy.deepcopy(net)
    optimiser = recipe.optimise(net)
    first, seconds = 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["recipe"] != asdict(recipe):
            raise ValueError(f"{checkpoint} was made by {saved['recipe']}; expected {asdict(recipe)}")
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first, seconds = saved["epoch"], saved["seconds"]
    print(f"{count_parameters(net):,} parameters; {len(train.labels):,} pictures; from epoch {first}", flush=True)
    last = recipe.epochs if recipe.stop is None else recipe.stop
    for epoch in range(first, last):
        began = time.perf_counter()
        loss = _epoch(recipe, epoch, net, average, optimiser, train)
        seconds += time.perf_counter() - began
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {"recipe": asdict(recipe), "epoch": epoch + 1, "seconds": seconds, "net": net.state_dict()}
        torch.save(state | {"average": average.state_dict(), "optimiser": optimiser.state_dict()}, checkpoint)
        left = seconds / (epoch + 1) * (last - epoch - 1)
        correct = accuracy(average, test, 32)
        print(
            f"epoch {epoch + 1}/{last}  loss {loss:.3f}  test {correct:.2%}  {left / 60:.0f} min left",
            flush=True,
        )
    return _save(recipe, average, test, seconds, out, start)


def accuracy(net: nn.Module, split: cifar10.Split, canvas: int) -> float:
    """Fraction of `split` whose largest logit is its class, each picture enlarged to `canvas` pixels."""
    net.eval()
    right = 0
    with torch.inference_mode():
        for pictures, labels in zip(split.pictures.split(500), split.labels.split(500), strict=True):
            x = F.interpolate(cifar10.normalise(pictures), size=(canvas, canvas), mode="bicubic", antialias=True)
            right += int((net(x).argmax(1) == labels).sum())
    return right / len(split.labels)


def by_solver(net: Stages, split: cifar10.Split) -> dict[str, dict[str, object]]:
    """Accuracy at 32 x 32 and evaluations by block, for an ODE-Net that is solved in the ways of `SOLVERS`."""
    found: dict[str, dict[str, object]] = {}
    for name, solver in SOLVERS.items():
        twin = solved_by(net, solver)
        correct = accuracy(twin, split, 32)
        found[name] = {"accuracy": correct, "nfe": [block.nfe for block in blocks(twin).values()]}
    return found


def _epoch(
    recipe: Recipe,
    epoch: int,
    net: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    train: cifar10.Split,
) -> float:
    """One pass over the training pictures; returns the mean loss."""
    net.train()
    generator = Generator().manual_seed(recipe.seed * 10_000 + epoch)
    batches = torch.randperm(len(train.labels), generator=generator).split(recipe.batch)
    total = 0.0
    for i, chosen in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * one_cycle((epoch + i / len(batches)) / recipe.epochs)
        x = cifar10.normalise(train.pictures[chosen])
        if recipe.plain > 0 and float(torch.rand((), generator=generator)) < recipe.plain:
            canvas, seen = 32, mirrored_and_shifted(x, generator)
        else:
            weights = torch.tensor(list(CANVASES.values()))
            canvas = list(CANVASES)[int(torch.multinomial(weights, 1, generator=generator))]
            seen = view(x, canvas, generator)
        nothing = unrecognisable(x[: recipe.outliers], canvas, generator)
        inputs = torch.cat([seen, nothing]).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(inputs).float()
        loss = _loss(logits, train.labels[chosen], recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        _follow(average, net, min(recipe.ema, 1 - 1 / (epoch * len(batches) + i + 1)))
        total += loss.item() * len(chosen)
    return total / len(train.labels)


def _loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy to the labels, then, for the rows beyond them, to the uniform distribution."""
    known, none = logits[: len(labels)], logits[len(labels) :]
    uniform = -F.log_softmax(none, 1).mean(1).sum()
    return (F.cross_entropy(known, labels, label_smoothing=smoothing, reduction="sum") + uniform) / len(logits)


def one_cycle(progress: float, warm_up: float = 0.15) -> float:
    """Learning-rate factor: 0 to 1 linearly over `warm_up`, then a half cosine down to 0."""
    if progress < warm_up:
        return progress / warm_up
    return (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2


@torch.no_grad()
def _follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - keep)
        else:
            mean.copy_(value)


def _save(recipe: Recipe, net: Stages, test: cifar10.Split, seconds: float, out: Path, start: Path | None) -> float:
    """Round the weights to float16, measure what was rounded, write weights and card."""
    runs = [] if start is None else json.loads(start.with_suffix(".json").read_text())["runs"]
    state = {
        key: value.half().contiguous() if value.is_floating_point() else value
        for key, value in net.state_dict().items()
    }
    net.load_state_dict(state)
    measured = {str(canvas): accuracy(net, test, canvas) for canvas in CANVASES}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, out)
    card = {
        "network": f"core.nn.{recipe.network}.{recipe.network}_cifar()",
        "made_by": "python -m core.nn.train_cifar10 --data cifar10-jpeg.tar.xz, once for each run, with its options",
        "data": "CIFAR-10 (Krizhevsky 2009), 50,000 training pictures of 32 x 32",
        "canvases": CANVASES,
        "runs": [*runs, asdict(recipe) | {"minutes": round(seconds / 60, 1)}],
        "parameters": count_parameters(net),
        "test_accuracy_by_canvas": measured,
    }
    if recipe.network == "odenet":  # every tenth test picture
        card["by_solver"] = by_solver(net, cifar10.Split(test.pictures[::10], test.labels[::10]))
    out.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n")
    print(f"saved {out} ({out.stat().st_size / 1e6:.2f} MB): test {measured}", flush=True)
    return measured["32"]


if __name__ == "__main__":
    main()
