"""What the page that compares the ODE-Net with its solver and with a ResNet says, with the numbers on screen."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.labs.depth_cam import FIXED, Way
from core.labs.odenet_compare import KEEPING, Memory, Robust, Solved
from core.labs.verdict import one_of, verdict
from core.nn.registry import Pretrained

ANOTHER, UNSURE, STAYS = "it names another class", "the same class, but another probability", "it stays what it is"
CHANGES = [ANOTHER, UNSURE, STAYS]
"""What one can predict of an answer whose equation is solved more accurately."""
LITTLE = 0.05
"""A probability that moves by less is said to stay."""

AS_IT_IS, PLAIN, NOISE, ALL_THE_SAME, OTHER = (
    "the picture as it is",
    "a single colour",
    "nothing but noise",
    "all need the same",
    "another of them",
)
MOST = [AS_IT_IS, PLAIN, NOISE, OTHER, ALL_THE_SAME]
"""What one can predict of the picture that needs most evaluations."""
_OF_CHANGE = {"as it is": AS_IT_IS, "one colour": PLAIN, "nothing but noise": NOISE}

RESNET, ODENET, ALIKE = "the ResNet", "the ODE-Net", "both about alike"
HOLDS = [RESNET, ODENET, ALIKE]
"""What one can predict of noise."""

LESS, MORE = "less than the ResNet", "more than the ResNet"
MEMORIES = [LESS, MORE]
"""What one can predict of memory."""
ASKED_STEPS = 4


def name_of(way: Way) -> str:
    """Such as ``euler, 2 steps`` or ``dopri5, 1e-3``."""
    if way.method in FIXED:
        return f"{way.method}, {way.setting} step{'s' if way.setting > 1 else ''}"
    return f"{way.method}, 1e{way.setting}"


def probability(solved: Solved, target: int) -> float:
    """Softmax of the scores."""
    shares = np.exp(solved.scores - solved.scores.max())
    return float(shares[target] / shares.sum())


def outcome(coarse: Solved, exact: Solved, target: int) -> str:
    """Which of `CHANGES` holds."""
    if coarse.best != exact.best:
        return ANOTHER
    return STAYS if abs(probability(coarse, target) - probability(exact, target)) < LITTLE else UNSURE


def about_accuracy(guess: str, pairs: Mapping[str, tuple[Solved, Solved]], target: int, names: Sequence[str]) -> str:
    """What an accurate solve makes of both networks' answers; the first of `pairs` was asked about.

    Args:
        pairs: title of a network -> its answer solved as in its training, and that of the tightest solve.
    """
    lines = []
    for title, (coarse, exact) in pairs.items():
        lines.append(
            f"- **{title}**: by {name_of(coarse.way)}, it says {names[coarse.best]}; by {name_of(exact.way)}, "
            f"{names[exact.best]}. The probability of {names[target]} goes from {probability(coarse, target):.0%} to "
            f"{probability(exact, target):.0%}, its score from {coarse.scores[target]:.2f} to "
            f"{exact.scores[target]:.2f}. Rank correlation of the two maps: {coarse.alike(exact):.2f}."
        )
    asked, *others = pairs.values()
    truth = outcome(*asked, target)
    moved, still = (abs(float(c.scores[target] - e.scores[target])) for c, e in (asked, others[0]))
    if moved > 1.5 * still:
        reason = (
            f"The score moves by {moved:.2f} in the first network and by {still:.2f} in the second. The first has "
            f"learnt to make use of the error of two Euler steps: that error is part of its function. Without it, "
            f"another function remains."
        )
    else:
        reason = (
            f"The score moves by {moved:.2f} in the first network and by {still:.2f} in the second: on this picture "
            f"the first does not rely on its solver's error more than the second. Try another picture; one picture is "
            f"no proof either way."
        )
    return f"{verdict(guess, truth)}\n\n" + "\n".join(lines) + f"\n\n{reason}"


NOT_PROPER = (
    "**Is it an ODE?** A network with an ODE inside should give the answer of the *equation*: a more accurate solver "
    "may change nothing that matters. If its answer depends on the solver with which it was trained, it is a residual "
    "network with shared weights that looks like an ODE (Ott et al. 2020). Nor is it said that an accurate solve of "
    "it is the better network: it was never trained to be solved so."
)


def solve_table(title: str, rows: Sequence[Solved], exact: Solved, target: int, names: Sequence[str]) -> str:
    """All ways of one network."""
    lines = [f"**{title}**", "", "| solver | class | score | nfe there | nfe back | map's rank correlation |"]
    lines.append("|:--|:--|--:|:--|:--|--:|")
    for row in rows:
        if row.failure:
            lines.append(f"| {name_of(row.way)} | failed | | | | |")
            continue
        there, back = (" + ".join(map(str, counts)) for counts in (row.nfe, row.nfe_back))
        lines.append(
            f"| {name_of(row.way)} | {names[row.best]} | {row.scores[target]:.3f} | {there} | "
            f"{back if any(row.nfe_back) else 'as there'} | {row.alike(exact):.3f} |"
        )
    return "\n".join(lines)


def about_counts(guess: str, counts: Mapping[str, Sequence[int]], way: Way) -> str:
    """Which change of the picture needs most evaluations."""
    totals = {name: sum(each) for name, each in counts.items()}
    high, low = max(totals.values()), min(totals.values())
    most = [name for name, total in totals.items() if total == high]
    told = {name: _OF_CHANGE.get(name, OTHER) for name in most}
    right = [ALL_THE_SAME] if high == low else sorted(set(told.values()))
    if high == low:
        return (
            f"{one_of(guess, right)} It is {high} evaluations at a tolerance of 1e{way.setting}. The solver counts in "
            f"whole steps; a smaller tolerance tells the pictures apart more finely."
        )
    fewest = ", ".join(name for name, total in totals.items() if total == low)
    return (
        f"{one_of(guess, right)} Most evaluations, {high}, are for: {', '.join(most)}; fewest, {low}, for: {fewest}. "
        f"The number follows the *path of the state*, how fast its slope changes along the depth, not how hard the "
        f"picture looks. A batch of pictures shares its steps, so pictures are counted one at a time."
    )


def area(found: Robust) -> float:
    """Mean probability over all sigmas and draws."""
    return float(found.probabilities.mean())


def about_noise(guess: str, resnet: Robust, odenet: Robust, name: str) -> str:
    """Which network keeps its probability."""
    first, second = area(resnet), area(odenet)
    truth = ALIKE if abs(first - second) < LITTLE else RESNET if first > second else ODENET
    kept = [
        f"{title} still has {name} first in {found.kept[-1].mean():.0%} of the draws"
        for title, found in (("the ResNet", resnet), ("the ODE-Net", odenet))
    ]
    return (
        f"{verdict(guess, truth)} Averaged over all strengths, {name} has a probability of {first:.2f} in the ResNet "
        f"and of {second:.2f} in the ODE-Net. At the strongest noise, σ = {resnet.sigmas[-1]:g}, {kept[0]}; "
        f"{kept[1]}. This is one picture: which network is the more robust is a question for a whole data set."
    )


def card_table(entries: Mapping[str, tuple[Pretrained, Mapping[str, Any]]]) -> str:
    """Parameters, file and accuracies of several networks, from the cards beside their weights."""
    canvases = list(dict.fromkeys(side for _, card in entries.values() for side in card["test_accuracy_by_canvas"]))
    head = "| network | parameters | file (MB) | " + " | ".join(f"right at {side} pixels" for side in canvases) + " |"
    lines = [head, "|:--|--:|--:|" + "--:|" * len(canvases)]
    for title, (entry, card) in entries.items():
        right = [card["test_accuracy_by_canvas"].get(side) for side in canvases]
        shown = " | ".join("" if share is None else f"{share:.1%}" for share in right)
        lines.append(f"| {title} | {entry.parameters:,} | {entry.megabytes:g} | {shown} |")
    return "\n".join(lines)


def training(card: Mapping[str, Any]) -> str:
    """The solvers with which a network was trained, one after the other."""
    runs = [(run["method"], round(1 / run["step_size"])) for run in card["runs"]]
    return ", then ".join(f"{method} ({count} step{'s' if count > 1 else ''})" for method, count in runs)


def solver_table(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """The share of test pictures that each ODE-Net names rightly, by solver."""
    lines = ["| solver | " + " | ".join(f"{title}: right | nfe" for title in cards) + " |"]
    lines.append("|:--|" + "--:|:--|" * len(cards))
    for solver in next(iter(cards.values()))["by_solver"]:
        found = [card["by_solver"][solver] for card in cards.values()]
        shown = " | ".join(f"{one['accuracy']:.1%} | {' + '.join(map(str, one['nfe']))}" for one in found)
        lines.append(f"| {solver} | {shown} |")
    return "\n".join(lines)


def about_solvers(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """What is left of the accuracy when the equation is solved more and more tightly."""
    parts = []
    for title, card in cards.items():
        shares = [one["accuracy"] for one in card["by_solver"].values()]
        parts.append(f"{title}, from {max(shares):.1%} at best to {shares[-1]:.1%} by the tightest")
    return f"Not all of it is the equation's: {'; '.join(parts)}."


def megabytes(size: float) -> str:
    """Bytes in units of a million."""
    return f"{size / 1e6:.1f} MB"


def about_memory(guess: str, resnet: Memory, odenet: Mapping[str, Sequence[Memory]], steps: Sequence[int]) -> str:
    """What is kept for one backward pass."""
    own = odenet["direct"][list(steps).index(ASKED_STEPS)]
    truth = MORE if own.kept > resnet.kept else LESS
    last = {name: odenet[name][-1] for name in KEEPING}
    return (
        f"{verdict(guess, truth)} The ResNet keeps {megabytes(resnet.kept)}, the ODE-Net with {ASKED_STEPS} steps "
        f"{megabytes(own.kept)}. Back-propagation keeps *activations*, not parameters, and each step leaves its own. "
        f"With {steps[-1]} steps the direct way keeps {megabytes(last['direct'].kept)}, checkpoints "
        f"{megabytes(last['checkpointed'].kept)}, the adjoint {megabytes(last['adjoint'].kept)}: it keeps no step at "
        f"all. On its way back it needs room to work, {megabytes(last['adjoint'].peak)} at the most, and it solves "
        f"once more, with errors of its own (see the Gradient lab)."
    )


def most_steps(resnet: Memory, direct: Sequence[Memory], steps: Sequence[int]) -> tuple[float, str]:
    """The most Euler steps of the direct way that keep no more than the ResNet, and why."""
    each = (direct[-1].kept - direct[0].kept) / (steps[-1] - steps[0])
    base = direct[0].kept - each * steps[0]
    most = max(0, int((resnet.kept - base) / each))
    return float(most), (
        f"From {steps[0]} to {steps[-1]} steps the kept bytes grow by {megabytes(each)} for each step; the rest of the "
        f"network keeps {megabytes(base)}. {megabytes(base)} + {most} x {megabytes(each)} is within the ResNet's "
        f"{megabytes(resnet.kept)}, one step more is not."
    )
