"""What the page that compares maps says in words, with the numbers of the results on screen."""

from collections.abc import Sequence

import numpy as np

from core.labs.compare_maps import AllClasses, Beyond, Sweep, Target
from core.labs.two_maps import Difference
from core.labs.verdict import verdict

FEW, SOME, MOST = "only the last third, or less", "more, up to two thirds", "nearly all of them"
ALIKE = [FEW, SOME, MOST]
"""What one can predict of the stages whose map looks like the last one."""

GROWS, STAYS, VANISHES = "it grows", "it stays about as long", "it vanishes"
LENGTHS = [GROWS, STAYS, VANISHES]
"""What one can predict of the gradient of a probability that goes to 1."""

ONE, A_FEW, MANY = "one", "two to four", "five or more"
WINNERS = [ONE, A_FEW, MANY]
"""What one can predict of the number of classes that win a cell."""

OTHERS = ["Score-CAM", "Ablation-CAM", "Eigen-CAM", "Guided back-propagation", "Guided Grad-CAM"]
"""Methods beyond one gradient."""


def others(objection: str | None) -> list[str]:
    """Those that can be asked of a network to whose guided gradient there may be an objection."""
    return [name for name in OTHERS if objection is None or not name.startswith("Guided")]


def about_sweep(result: Sweep, guess: str, name: str) -> str:
    """The verdict, and where the map begins to look like the last one."""
    count, total = result.run, len(result.maps)
    truth = FEW if count <= total / 3 else SOME if count <= 2 * total / 3 else MOST
    first, last = result.maps[0], result.maps[-1]
    told = (
        f"The map for {name} is like the last one (rank correlation at least 0.5) at the last {count} of {total} stages"
        if count < total
        else f"The map for {name} is like the last one (rank correlation at least 0.5) at all {total} stages"
    )
    if 0 < count < total:
        told += f", from `{result.maps[total - count].layer}` on"
    return (
        f"{verdict(guess, truth)} {told}. At `{first.layer}` it has {first.shape[1]} x {first.shape[2]} cells, at "
        f"`{last.layer}` only {last.shape[1]} x {last.shape[2]}: what is gained in meaning is lost in place."
    )


def sweep_alt(result: Sweep) -> str:
    """The numbers of the strip in one sentence."""
    return ", ".join(f"{one.layer} {rank:+.2f}" for one, rank in zip(result.maps, result.ranks, strict=True))


def about_beyond(results: Sequence[Beyond], guess: str) -> str:
    """The verdict on which map is least like Grad-CAM."""
    least = min(results, key=lambda one: one.rank)
    return (
        f"{verdict(guess, least.name.partition(',')[0])} Its rank correlation with Grad-CAM is {least.rank:+.2f}. "
        "A map that differs is not wrong for that: each method asks another question."
    )


ASKS = """
- **Score-CAM** shows the network the picture through one feature map as a mask, and weighs the map by the class's
  score: one pass for each. Only the most varying ones are asked (Wang et al. 2020).
- **Ablation-CAM** sets one feature map to 0 and weighs it by how much the score falls (Desai and Ramaswamy 2020).
- **Eigen-CAM** shows what the feature maps have most in common; no class has a part in it (Muhammad and Yeasin 2020).
- **Guided back-propagation** follows the gradient to the pixels and keeps what is positive at each ReLU (Springenberg
  et al. 2015); **guided Grad-CAM** multiplies it by Grad-CAM's map (Selvaraju et al. 2017).
"""


def about_target(result: Target, guess: str, name: str) -> str:
    """The verdict on the gradient's length, and what the two maps share."""
    surest = max(result.sweep, key=lambda one: one.probability)
    longest = max(one.of_probability for one in result.sweep)
    ratio = surest.of_probability / longest if longest > 0 else 0.0
    truth = VANISHES if ratio < 0.5 else STAYS
    here = result.here
    told = (
        f"As the network is, the probability of {name} is {here.probability:.2%}. The gradient of the score is "
        f"{here.of_score:.3g} long, that of the probability {here.of_probability:.3g}. Where the network is surest, "
        f"with a probability of {surest.probability:.4%}, the latter is {surest.of_probability:.3g}, or {ratio:.2g} of "
        f"its largest value, while the score's is {surest.of_score:.3g}."
    )
    if surest.probability < 0.9:
        told += f" (For {name} the probability never gets near 1 here: choose the class that comes first.)"
    return f"{verdict(guess, truth)} {told} {_alike(result, name)}"


def _alike(result: Target, name: str) -> str:
    if not (result.score_map.any() and result.probability_map.any()):
        return "One of the two maps is blank, so they cannot be compared."
    return (
        f"The cosine between the two maps is {result.cosine:.3f}. What is missing to 1 comes from the other classes: "
        f"the probability also rises where they lose, so its map mixes in evidence against them and is no longer about "
        f"{name} alone."
    )


def sure_example() -> list[str]:
    """Steps of Markdown: why the gradient of a probability vanishes, with two classes."""
    steps = [
        r"Two classes with scores $y^1$ and $y^2$. Softmax gives the first the probability "
        r"$p = e^{y^1} / (e^{y^1} + e^{y^2})$.",
        r"Its derivative by the scores: $\partial p / \partial y^1 = p (1 - p)$ and "
        r"$\partial p / \partial y^2 = -p (1 - p)$. So the gradient at the feature maps is "
        r"$\partial p = p (1 - p) (\partial y^1 - \partial y^2)$.",
    ]
    listed = "; ".join(f"$p = {p:g}$: {p * (1 - p):.4g}" for p in (0.5, 0.9, 0.99, 0.999))
    steps.append(f"The factor $p (1 - p)$ in numbers: {listed}. The surer the network, the shorter the gradient.")
    steps.append(
        r"And the other class is in it: $-\partial y^2$ marks what speaks against class 2, whether or not it speaks "
        "for class 1. The score $y^1$ has neither fault, so Grad-CAM asks for the score before softmax."
    )
    return steps


def about_all(result: AllClasses, classes: Sequence[str], guess: str) -> str:
    """The verdict on how many classes win a cell, and the time."""
    most, cells = result.most, result.winners.size
    truth = ONE if len(most) == 1 else A_FEW if len(most) <= 4 else MANY
    first, count = most[0]
    share = f"{classes[first]} wins {count} of {cells} cells"
    return (
        f"{verdict(guess, truth)} {len(most)} of {len(classes):,} classes win at least one cell; {share}. All "
        f"{len(classes):,} maps together are one product of matrices: {1000 * result.seconds:.2f} ms when computed."
    )


def legend(result: AllClasses, classes: Sequence[str], shown: int = 6) -> str:
    """The letters of the winners' map, as Markdown."""
    rows = ["| | class | cells won | score |", "|:--|:--|--:|--:|"]
    for letter, (index, cells) in zip("ABCDEFGH", result.most[:shown], strict=False):
        rows.append(f"| {letter} | {classes[index]} | {cells} | {result.scores[index].mean():.2f} |")
    others = result.most[shown:]
    if others:
        named = "1 other" if len(others) == 1 else f"{len(others)} others"
        rows.append(f"| . | {named} | {sum(cells for _, cells in others)} | |")
    return "\n".join(rows)


def about_difference(result: Difference) -> str:
    """What was subtracted, and how."""
    unit = (
        "Their units differ (another network, layer or method), so each was divided by its maximum first"
        if result.relative
        else "Both are in the same unit, so they were subtracted as they are"
    )
    low, high = float(result.values.min()), float(result.values.max())
    return (
        f"A less B, on the cells of {result.finer}, which are the finer ones (the other map is read between the "
        f"centres of its cells, bilinearly). {unit}. The difference runs from {low:.3g} to {high:.3g}; "
        f"the rank correlation of A and B there is {result.rank:+.2f}."
    )


def mean_exercise(result: AllClasses, target: int, name: str) -> tuple[float, float, str]:
    """The mean over all cells of one class's scores, a tolerance, and why."""
    answer = float(np.mean(result.scores[target]))
    return (
        answer,
        0.01,
        f"The head is linear, and so is a mean: their order does not matter. The mean over the cells of {name}'s "
        f"scores is its score $y^c$ = {answer:.3f}, which the table of the explorer shows too.",
    )
