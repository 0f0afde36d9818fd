"""What the explorer says in words, with the numbers of the result on screen."""

from torch import nn

from core.cam import Explanation
from core.images import Picture
from core.labs.gradcam import Answer, similarity
from core.labs.verdict import verdict
from core.nn.preprocess import Fed
from core.nn.registry import Pretrained
from core.nn.stages import Stages

WEAK = 0.5
"""Below this probability of its best class a network is said to have no clear answer."""

SAME, ELSEWHERE, BLANK = "mostly in the same place", "mostly somewhere else", "nowhere: a blank map"
PLACES = [SAME, ELSEWHERE, BLANK]
"""What one can predict of another class's map."""

EXACTLY, NOT_SO = "yes, exactly", "no"
SUMS = [EXACTLY, NOT_SO]
"""What one can predict of the sum of a map's cells."""

DERIVATIONS = {
    "gradcam-weights": "Grad-CAM: the weights and the map",
    "gradcam-cam": "Grad-CAM and CAM",
    "gradcam-completeness": "What the cells add up to",
}
"""Derivations that the explorer shows: slug -> a short title."""


def about_verdict(entry: Pretrained, result: Answer) -> str:
    """What the network says, in one line."""
    (best,) = result.best(1)
    name, probability = entry.classes[best], float(result.probabilities[best])
    if probability < WEAK:
        return f"{entry.title} has **no clear answer**; {name} comes first, with a probability of {probability:.0%}."
    return f"{entry.title} says **{name}**, with a probability of {probability:.0%}."


def about_answer(entry: Pretrained, result: Answer) -> str | None:
    """A sentence if the network has no clear answer, else None."""
    (best,) = result.best(1)
    probability = float(result.probabilities[best])
    if probability >= WEAK:
        return None
    known = f"one of {len(entry.classes):,} kinds of things"
    if len(entry.classes) <= 10:
        known = f"one of these: {', '.join(entry.classes)}. For others choose an ImageNet network: it knows 1,000 kinds"
    return (
        f"The best class gets only {probability:.0%}, and this network must always name {known}. Perhaps the picture "
        "shows none of them, or several. The heat says what speaks for a class, not that the class is right."
    )


def about_map(entry: Pretrained, explanation: Explanation, method: str) -> str | None:
    """A sentence if the map is blank or the score is exactly 0, else None."""
    target = int(explanation.targets[0])
    name = entry.classes[target]
    score = float(explanation.scores[0, target])
    if not bool(explanation.gradient.any()):
        reason = (
            f"The score of {name} is exactly 0: this network's head ends in a ReLU, and every cell's value was "
            "negative before it. "
            if score == 0
            else ""
        )
        return (
            f"{reason}The gradient of {name} is 0 in every cell, so there is nothing to show: the blank map is right."
        )
    highest = float(explanation.raw_map(method).max())
    if highest <= 0:
        return (
            f"The map is blank: the weighted sum is at most {highest:.3g}, and the ReLU leaves nothing. "
            f"At this layer no place speaks for {name}; try counter-evidence, another layer or another class."
        )
    return None


def about_crop(picture: Picture, fed: Fed) -> str | None:
    """A sentence if the network was fed only a part of the picture, else None."""
    left, top, right, bottom = fed.box
    height, width = picture.rgb.shape[:2]
    share = (right - left) * (bottom - top) / (width * height)
    if share > 0.999:
        return None
    return f"The network sees only the part inside the dashed frame: {share:.0%} of the picture."


def about_input(fed: Fed) -> str:
    """Step 1 in words, with this picture's numbers."""
    height, width = fed.pixels.shape[:2]
    return (
        f"**1. The input** $x$. The picture is scaled to {width} x {height} pixels, each colour is normalised, "
        f"and a batch axis is added: $x$ has the shape (1, 3, {height}, {width})."
    )


def about_features(explanation: Explanation) -> str:
    """Step 2 in words."""
    count, rows, columns = explanation.activation.shape[1:]
    return (
        f"**2. The feature maps** $A^k$. At `{explanation.layer}` the network holds {count} of them, each of "
        f"{rows} x {columns} cells. The eight that move the result most are shown, strongest first. A feature map is "
        "what a filter gives on this picture; it is not the filter."
    )


def about_gradient(explanation: Explanation, name: str) -> str:
    """Step 3 in words; says so if every feature map has one gradient for all of its cells."""
    text = (
        r"**3. The gradient** $g_k = \partial y^c / \partial A^k$: how much the score $y^c$ rises when one cell of "
        f"$A^k$ does. Here $c$ is {name}, and $y^c$ is the score before softmax."
    )
    gradient = explanation.gradient[0]
    spread = (gradient - gradient.mean((1, 2), keepdim=True)).abs().max()
    if float(spread) <= 1e-6 * float(gradient.abs().max()):
        text += (
            " At this layer it is the same in every cell of a map, because all that follows is a mean over the cells "
            "and a linear layer. So Grad-CAM and HiResCAM agree here; at an earlier layer they part."
        )
    return text


def cell_span(fed: Fed, explanation: Explanation) -> tuple[float, str]:
    """How many of the picture's pixels one cell of the map is wide, and why."""
    covered = fed.box[2] - fed.box[0]
    columns = explanation.activation.shape[3]
    span = covered / columns
    reason = (
        f"The network was fed {covered:.0f} pixels of the picture's width, and the map has {columns} columns: "
        f"{covered:.0f} / {columns} = {span:.1f}. However smooth the colours, the evidence is no finer than that."
    )
    return span, reason


def compare(guess: str, name: str, other: str, one: Explanation, two: Explanation, method: str) -> str:
    """Whether the prediction was right, and the number that settles it."""
    if float(two.raw_map(method).max()) <= 0:
        truth, reason = BLANK, f"at no cell does the weighted sum for {other} rise above 0"
    else:
        cosine = similarity(one, two, method)
        truth = SAME if cosine >= 0.5 else ELSEWHERE
        reason = f"the cosine between the two maps is {cosine:.2f} (1: the same place; 0: nothing shared)"
    return (
        f"{verdict(guess, truth)} For {name} and {other}, {reason}. Each map shows what speaks for its own class, so "
        "two classes can share a place, such as a head that two animals have in common."
    )


def about_sum(guess: str, explanation: Explanation, name: str, net: Stages) -> str:
    """Whether the prediction was right: the sum of the map's cells beside the score less the bias."""
    target = int(explanation.targets[0])
    score, total = float(explanation.scores[0, target]), float(explanation.raw_map().sum())
    last = list(net.stages.values())[-1]
    bias = float(last.bias[target]) if isinstance(last, nn.Linear) else 0.0
    rest = score - bias
    truth = EXACTLY if abs(total - rest) <= 1e-4 * (1 + abs(rest)) else NOT_SO
    numbers = (
        f"For {name} at `{explanation.layer}` the cells add up to **{total:.3f}**; the score less the bias is "
        f"{score:.3f} - ({bias:.3f}) = **{rest:.3f}**."
    )
    if truth == EXACTLY:
        reason = "No more than a mean and a linear layer follows, so each cell has its part in the score."
    else:
        reason = (
            "What follows this layer is more than a mean and a linear layer, so the map shows where the evidence is, "
            "but not how the score is made up."
        )
    return f"{verdict(guess, truth)} {numbers} {reason}"
