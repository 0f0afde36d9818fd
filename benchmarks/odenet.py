r"""The embedded ODE-Net against its solver, against the one that was trained coarsely, and against the ResNet.

    python -m benchmarks.odenet --data cifar10-jpeg.tar.xz [--pictures 2000] [--single 200]

On CIFAR-10's test pictures, every n-th of the archive's order. Tables:

1. accuracy of both ODE-Nets by solver, tolerance and steps, with the evaluations that a batch of 250 took;
2. parameters, file, accuracy, and the memory of one gradient (bytes of tensors, see `core.labs.tensor_memory`);
3. evaluations per picture, one at a time: a batch shares its steps, so this is the only honest count;
4. accuracy under Gaussian noise on colours from 0 to 1.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.tables import network, table
from core.cam.metrics import rank_correlation
from core.labs import odenet_compare as compare
from core.nn import cifar10
from core.nn.odenet import Solver, blocks, solved_by
from core.nn.registry import REGISTRY, UNLISTED
from core.nn.stages import Stages

SOLVERS = {
    f"{method}, {steps} step{'s' * (steps > 1)}": Solver(method, step_size=1 / steps)
    for method in ("euler", "midpoint", "rk4")
    for steps in (1, 2, 4, 8)
} | {f"dopri5, tolerance 1e-{p}": Solver(rtol=10.0**-p, atol=10.0**-p) for p in (2, 3, 4, 5)}
SIGMAS = (0.0, 0.02, 0.05, 0.1, 0.2)


def by_solver(nets: dict[str, Stages], x: Tensor, labels: Tensor) -> None:
    rows = []
    for name, solver in SOLVERS.items():
        row: list[object] = [name]
        for net in nets.values():
            twin = solved_by(net, solver)
            row += [f"{compare.accuracy(twin, x, labels):.1%}", " ".join(str(b.nfe) for b in blocks(twin).values())]
        rows.append(row)
    head = ["solver"]
    for name in nets:
        head += [name, "nfe of the last batch, by block"]
    table("Accuracy by solver", head, rows)


def by_size(nets: dict[str, Stages], x: Tensor, labels: Tensor) -> None:
    rows = []
    for name, net in nets.items():
        entry = (REGISTRY | UNLISTED)[name]
        kept = [compare.memory(net, x[:1], keeping=way) for way in (compare.KEEPING if blocks(net) else ("direct",))]
        inside = " / ".join(f"{each.kept / 2**20:.2f}" for each in kept)
        peaks = " / ".join(f"{each.peak / 2**20:.2f}" for each in kept)
        rows.append(
            [name, f"{entry.parameters:,}", entry.megabytes, f"{compare.accuracy(net, x, labels):.1%}", inside, peaks]
        )
    head = ["network", "parameters", "file MB", "accuracy", "kept MiB", "peak MiB (direct / checkpointed / adjoint)"]
    table("Networks", head, rows)


def by_picture(net: Stages, x: Tensor, labels: Tensor) -> None:
    counts = compare.evaluations(net, x)
    total = counts.sum(1)
    probabilities = compare.answers(net, x).softmax(1)
    sure, right = probabilities.amax(1).numpy(), (probabilities.argmax(1) == labels).numpy()
    rows = [
        [f"block {i + 1}", *(f"{q:.0f}" for q in np.quantile(column, [0, 0.25, 0.5, 0.75, 1]))]
        for i, column in enumerate(counts.T)
    ]
    rows.append(["all", *(f"{q:.0f}" for q in np.quantile(total, [0, 0.25, 0.5, 0.75, 1]))])
    table("Evaluations for one picture", ["where", "least", "25 %", "median", "75 %", "most"], rows)
    spread = x.std((1, 2, 3)).numpy()
    edges = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3)).numpy()
    quantities = {
        "probability of the answer": sure,
        "contrast (standard deviation of x)": spread,
        "mean difference of neighbouring pixels": edges,
    }
    rows = [[name, f"{rank_correlation(total, values):+.2f}"] for name, values in quantities.items()]
    table("Rank correlation of a picture's evaluations with", ["quantity", "Spearman"], rows)
    means = [f"{total[right].mean():.1f}", f"{total[~right].mean():.1f}" if not right.all() else "none"]
    table("Mean evaluations", ["right answers", "wrong answers"], [means])
    rows = [
        [name, f"{total[(labels == c).numpy()].mean():.1f}"]
        for c, name in enumerate(cifar10.CLASSES)
        if bool((labels == c).any())
    ]
    table("Mean evaluations by class", ["class", "nfe"], rows)


def under_noise(nets: dict[str, Stages], x: Tensor, labels: Tensor) -> None:
    rows = [
        [name, *(f"{a:.1%}" for a in compare.accuracy_under_noise(net, x, labels, SIGMAS, seed=0))]
        for name, net in nets.items()
    ]
    table("Accuracy under noise", ["network", *(f"sigma {sigma:g}" for sigma in SIGMAS)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="tar archive of train|test/<class>/*.jpg")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--single", type=int, default=200, help="pictures that are looked at one at a time")
    arguments = parser.parse_args()
    _, test = cifar10.read(arguments.data, cache=Path("runs/cifar10/data.npz"))
    chosen = torch.linspace(0, len(test.labels) - 1, arguments.pictures).long()
    x, labels = cifar10.normalise(test.pictures[chosen]), test.labels[chosen]
    fine, coarse, resnet = (network(name) for name in ("odenet_cifar10", "odenet_coarse", "resnet_cifar10"))
    by_size({"resnet_cifar10": resnet, "odenet_cifar10": fine, "odenet_coarse": coarse}, x, labels)
    by_solver({"odenet_cifar10": fine, "odenet_coarse": coarse}, x, labels)
    some = torch.linspace(0, len(labels) - 1, arguments.single).long()
    by_picture(solved_by(fine, Solver()), x[some], labels[some])  # only error control counts by picture
    under_noise({"resnet_cifar10": resnet, "odenet_cifar10": fine}, x, labels)


if __name__ == "__main__":
    main()
