"""What the page on maps at every depth says, with the numbers of the result on screen."""

from collections.abc import Sequence
from itertools import pairwise

from core.labs.depth_cam import FIXED, MUCH, Journey, Moment, Pair, Part, Split, Way
from core.labs.verdict import verdict

WHERE = ["in the first block", "in the second block", "in the third block", "it is there from the input on"]
"""What one can predict of the place where the evidence appears."""

AGREE = ["exactly", "up to about the tolerance", "not at all: two different things"]
"""What one can predict of the two ways to the gradient inside of the network."""

LARGER, LARGEST = 1000.0, 0.5
"""So many times the tolerance is still called about the tolerance, which holds for a single step at a typical cell; but
never a difference as large as the second."""


def twin_table(parts: Sequence[Part]) -> str:
    """Both networks, part by part, in a table."""
    rows = [
        f"| {part.name} | {' x '.join(map(str, part.shape))} | {part.resnet} | {part.resnet_parameters:,} | "
        f"{part.odenet} | {part.odenet_parameters:,} |"
        for part in parts
    ]
    first, second = (sum(getattr(part, name) for part in parts) for name in ("resnet_parameters", "odenet_parameters"))
    head = ["| part | its output | ResNet | parameters | ODE-Net | parameters |", "|:--|:--|:--|--:|:--|--:|"]
    return "\n".join([*head, *rows, f"| **all** | | | **{first:,}** | | **{second:,}** |"])


def about_answers(pair: Pair, names: Sequence[str]) -> str:
    """What both networks say of the picture, and of the class that is explained."""
    target, (own, other) = names[pair.journey.target], pair.probabilities
    first, second = (names[index] for index in pair.best)
    said = f"Both networks say **{first}**."
    if first != second:
        said = f"The ODE-Net says **{first}**, the ResNet **{second}**."
    return f"{said} For {target} the ODE-Net has a probability of {own:.0%}, the ResNet of {other:.0%}."


def about_work(journey: Journey, way: Way) -> str:
    """How many maps there are, and what they took."""
    there = sum(journey.nfe)
    blocks = ", ".join(map(str, journey.nfe))
    text = f"{len(journey.moments)} maps. The field $f$ was evaluated {there} times on the way there ({blocks})"
    if way.method in FIXED:
        steps = f"{way.setting} step{'s' if way.setting > 1 else ''}"
        return (
            f"{text}, in {steps} a block; back-propagation through these gives $a$ where a step ends, and only there."
        )
    back = ", ".join(map(str, journey.nfe_back))
    product = r"$a\,\frac{\partial f}{\partial z}$"
    return f"{text}, and {product} {sum(journey.nfe_back)} times on the way back ({back})."


def about_appearing(guess: str, pair: Pair) -> str:
    """Whether the prediction was right: the place from which on the map stays like the last one."""
    first, last = pair.journey.appears, pair.journey.moments[-1]
    cosine = float(pair.journey.likeness[0])
    if first is None:
        return (
            "**There is nothing to find here:** the last map is blank, since no cell of it speaks for this class. "
            "Choose another class or another method."
        )
    blocks = list(dict.fromkeys(moment.layer for moment in pair.journey.moments))
    truth = WHERE[-1] if first.place == 0 else WHERE[blocks.index(first.layer)]
    text = (
        f"{verdict(guess, truth)} From depth {first.place:.4g} on, the cosine between the map and the last one, at "
        f"depth {last.place:g}, stays at {MUCH:g} or more (1: the same places; 0: nothing shared); at the input it is "
        f"{cosine:.2f}."
    )
    if first.place > 0:
        text += (
            " Before that, the heat lies on what carries the score of the class through that depth, such as edges and "
            "colours, which need not be where the object is."
        )
    return text


def about_evidence(pair: Pair) -> str:
    """The sums for and against the class along the depth, beside the ResNet's."""
    moments = pair.journey.moments
    most, least = max(moments, key=_for), min(moments, key=_against)
    text = (
        f"What speaks for the class is largest at depth {most.place:.4g} ({most.speaks_for:+.2f}), what speaks "
        f"against it at depth {least.place:.4g} ({least.against:+.2f}). "
    )
    strongest = max(pair.beside, key=_for)
    text += f"In the ResNet the first is largest after {strongest.layer} ({strongest.speaks_for:+.2f}). "
    jumps = [abs(b.speaks_for - a.speaks_for) for a, b in pairwise(pair.beside)]
    steps = [abs(b.speaks_for - a.speaks_for) for a, b in pairwise(moments) if a.layer == b.layer]
    return text + (
        f"From one of its blocks to the next it changes by up to {max(jumps):.2f}; from one depth of an ODE block to "
        f"the next by up to {max(steps):.2f}."
    )


def _for(moment: Moment) -> float:
    return moment.speaks_for


def _against(moment: Moment) -> float:
    return moment.against


CAVEAT = (
    "**A convention.** Grad-CAM was made for feature maps after a ReLU, which are never negative. Within an ODE block "
    "a state may have either sign, so a negative weight times a negative cell counts as speaking *for* the class. The "
    "sum is still what it says, the state times its mean gradient; but its positive part is a habit, not a law. The "
    "same holds for the sums above: they need not be parts of the score, except where only a mean and a linear layer "
    "follow."
)


def about_split(guess: str, found: Split, way: Way, journey: Journey) -> str:
    """How far the adjoint's solve is from a network that is cut in two."""
    name, t = f"block {found.layer.removeprefix('ode')}", f"$t = {found.t:.4g}$"
    numbers = (
        f"In {name} at {t} the largest difference, relative to the largest value, is **{found.gradient:.1e}** for "
        f"$a(t)$ and {found.state:.1e} for $z(t)$."
    )
    if way.method in FIXED:
        truth = AGREE[0] if found.gradient == found.state == 0 else AGREE[1]
        reason = (
            "With fixed steps both ways differentiate the same steps, operation for operation, so not even rounding "
            "differs."
        )
    else:
        tolerance = 10.0**way.setting
        truth = (
            AGREE[0]
            if found.gradient == 0
            else AGREE[1]
            if found.gradient < min(LARGER * tolerance, LARGEST)
            else AGREE[2]
        )
        reason = (
            f"The tolerance is {tolerance:g}. It bounds the error of a single step, averaged over all cells; the "
            f"largest difference in any cell after many steps may be several times that. A tenth of the tolerance "
            f"makes it smaller."
        )
    return (
        f"{verdict(guess, truth)} {numbers} {reason} This one cut took {found.nfe} evaluations and a back-propagation; "
        f"the {len(journey.moments)} maps above would take a cut each."
    )


def solves(journey: Journey, way: Way) -> tuple[dict[str, str], str]:
    """A question on the cost of a film: answers with their explanations, and the right one."""
    count = len(journey.moments)
    there, back = sum(journey.nfe), sum(journey.nfe_back)
    way_back = (
        f"{back} evaluations back" if way.method not in FIXED else "back-propagation through the same steps, once"
    )
    options = {
        f"{count}: once for each map": (
            f"That is what cutting at every depth would take. But $z(t)$ and $a(t)$ are curves: once solved, they are "
            f"known at all {count} depths."
        ),
        "once there and once back": (
            f"One solve gives $z$ along the whole depth ({there} evaluations), one gives $a$ ({way_back}). Every rule "
            f"for the weights needs these two and nothing else."
        ),
        "once there": (
            "The state alone does not know the class. How much the score would rise with a cell of $z(t)$ depends on "
            "all that follows, which only the way back brings."
        ),
    }
    return options, list(options)[1]
