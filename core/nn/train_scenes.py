"""Train the embedded networks that name the kinds of objects in a scene.

    python -m core.nn.train_scenes
    python -m core.nn.train_scenes --tagged

One score for each kind: above 0 says that it is there. Both learn from the same scenes, with one to three objects each;
for the second, every scene with a star also has a red tag in the corner. That is a planted shortcut: the tag is easier
to find than the star. Data, first weights and order are seeded; the card beside the weights tells the accuracies.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors.torch import save_file
from torch import Generator, Tensor
from torch.nn import functional as F

from core.nn.resnet import resnet_scenes
from core.nn.scenes import CLASSES, Scene, draw, random_scene
from core.nn.stages import Stages, count_parameters
from core.nn.train_cifar10 import one_cycle

TAGGED = "star"
"""The kind that the planted shortcut gives away."""
RED = (0.9, 0.1, 0.1)


@dataclass(frozen=True)
class Recipe:
    """All that determines the weights.

    Attributes:
        scenes: drawn for training; mirrored and turned by quarters they are seen in eight ways.
        tagged: whether a tag gives stars away.
    """

    scenes: int = 30_000
    epochs: int = 16
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    seed: int = 0
    tagged: bool = False


@dataclass(frozen=True, eq=False)
class Split:
    """Scenes as they are fed."""

    pictures: UInt8[Tensor, "n 3 h w"]
    present: Float[Tensor, "n classes"]
    """1 where the kind is in the scene, else 0."""


def scene(seed: int, number: int, tagged: bool) -> Scene:
    """The scene of this number, with one to three objects; `tagged`, with a tag where there is a star."""
    random = np.random.default_rng((seed, number))
    found = random_scene(random, int(random.integers(1, 4)))
    return replace(found, tag=RED) if tagged and TAGGED in (thing.kind for thing in found.things) else found


def split(scenes: list[Scene]) -> Split:
    """The scenes drawn, and what is in them."""
    pictures = torch.from_numpy(np.stack([draw(each) for each in scenes])).permute(0, 3, 1, 2).contiguous()
    present = torch.zeros(len(scenes), len(CLASSES))
    for row, each in zip(present, scenes, strict=True):
        row[[CLASSES.index(thing.kind) for thing in each.things]] = 1
    return Split(pictures, present)


def normalise(pictures: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Each channel from -1 to 1."""
    return pictures.float() / 127.5 - 1


def fit(recipe: Recipe, train: Split) -> Stages:
    """A network trained on `train`, in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        net = resnet_scenes()
    optimiser = torch.optim.AdamW(net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    net.train()
    for epoch in range(recipe.epochs):
        generator = Generator().manual_seed(recipe.seed * 10_000 + epoch)
        batches = torch.randperm(len(train.present), generator=generator).split(recipe.batch)
        began, total = time.perf_counter(), 0.0
        for i, chosen in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * one_cycle((epoch + i / len(batches)) / recipe.epochs)
            x = _turned(normalise(train.pictures[chosen]), generator)
            with torch.autocast("cpu", torch.bfloat16):
                scores = net(x.to(memory_format=torch.channels_last)).float()
            loss = F.binary_cross_entropy_with_logits(scores, train.present[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(chosen)
        seconds = time.perf_counter() - began
        print(f"epoch {epoch + 1}/{recipe.epochs}: loss {total / len(train.present):.4f}, {seconds:.0f} s", flush=True)
    return net.eval()


def accuracy(net: Stages, test: Split) -> dict[str, float]:
    """Shares of right answers: to "is this kind there?", to all eight of a scene, and to whether there is a star."""
    with torch.inference_mode():
        scores = torch.cat([net(normalise(pictures)) for pictures in test.pictures.split(250)])
    right = (scores > 0) == (test.present > 0)
    star = CLASSES.index(TAGGED)
    return {
        "each answer": float(right.float().mean()),
        "all eight answers": float(right.all(1).float().mean()),
        f"the {TAGGED}s that are there": float(right[test.present[:, star] > 0, star].float().mean()),
    }


def _turned(x: Tensor, generator: Generator) -> Tensor:
    """The batch mirrored or not, and turned by a number of quarters."""
    mirror, quarters = torch.randint(0, 4, (2,), generator=generator).tolist()
    return torch.rot90(x.flip(3) if mirror % 2 else x, quarters, (2, 3))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tagged", action="store_true", help="plant the shortcut")
    parser.add_argument("--scenes", type=int, default=Recipe.scenes)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--out", type=Path, default=Path("assets"))
    arguments = parser.parse_args()
    recipe = Recipe(arguments.scenes, arguments.epochs, seed=arguments.seed, tagged=arguments.tagged)
    train = split([scene(recipe.seed, number, recipe.tagged) for number in range(recipe.scenes)])
    net = fit(recipe, train)
    net.load_state_dict({k: v.half().to(v.dtype) for k, v in net.state_dict().items()})
    name = "scenes_tagged" if recipe.tagged else "scenes"
    state = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file(state, arguments.out / f"{name}.safetensors")
    tests = {
        title: split([scene(10**6, number, tagged) for number in range(2000)])
        for title, tagged in (("unseen scenes", False), ("the same with tags", True))
    }
    card = {
        "network": "core.nn.resnet.resnet_scenes()",
        "made_by": f"python -m core.nn.train_scenes{' --tagged' if recipe.tagged else ''}",
        "data": "drawn by core.nn.scenes",
        "recipe": asdict(recipe),
        "parameters": count_parameters(net),
        "accuracy": {title: accuracy(net, test) for title, test in tests.items()},
    }
    (arguments.out / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")
    print(json.dumps(card["accuracy"], indent=2))


if __name__ == "__main__":
    main()
