"""What the page on trust says in words, with the numbers of the results on screen."""

from collections.abc import Sequence

import numpy as np

from core.cam import METHODS, Explanation
from core.cam.metrics import rank_correlation
from core.labs.covering import Occluded
from core.labs.trust import EIGEN, RANDOM, Cascade, Curves, title
from core.labs.verdict import one_of, verdict

KEEPS = 0.5
"""A mean rank correlation of at least this much counts as keeping the map."""

ONLY_HEAT, ONLY_SHARP, BOTH, NEITHER = "only Grad-CAM's", "only guided back-propagation's", "both", "neither"
KEPT = [ONLY_HEAT, ONLY_SHARP, BOTH, NEITHER]
"""What one can predict of the maps of a network that forgets."""
STAYS, CHANGES = "it stays as it is", "it changes"
KEPT_ALONE = [STAYS, CHANGES]
"""The same where Grad-CAM is the only map that asks the network."""

FASTER, ALIKE, SLOWER = "faster than in a random order", "about as fast", "more slowly"
FALLS = [FASTER, ALIKE, SLOWER]
"""What one can predict of the probability while the hottest places go first."""


def about_stages(stages: Sequence[str]) -> str:
    """In which order a network forgets."""
    return (
        f"This network has {len(stages)} stages with weights. From the scores down they are "
        + ", ".join(f"`{stage}`" for stage in stages)
        + "."
    )


def _upper_half(cascade: Cascade) -> int:
    return (len(cascade.attempts) - 1 + 1) // 2


def kept(cascade: Cascade) -> tuple[float, float | None]:
    """Mean rank correlation of Grad-CAM and guided back-propagation while the upper half of the stages forgets."""
    first = cascade.attempts[1 : 1 + _upper_half(cascade)]
    sharp = [one.sharp_like.rank for one in first if one.sharp_like is not None]
    return float(np.mean([one.heat_like.rank for one in first])), float(np.mean(sharp)) if sharp else None


def about_cascade(cascade: Cascade, guess: str, name: str) -> str:
    """The verdict on the prediction, and what the curves say of each method."""
    heat, sharp = kept(cascade)
    half, last = _upper_half(cascade), cascade.attempts[-1]
    before = cascade.attempts[0]
    told = (
        f"The network's probability of {name} is {before.probability:.1%} as trained, "
        f"{cascade.attempts[1].probability:.1%} with one random stage and {last.probability:.1%} with all "
        f"{len(cascade.attempts) - 1}. What explains its answer must change with it. While the upper {half} stages "
        f"forget, Grad-CAM's rank correlation with its own first map is {heat:.2f} on average"
    )
    if sharp is None:
        truth = STAYS if heat >= KEEPS else CHANGES
        return f"{verdict(guess, truth)} {told}. {_lesson(heat, 'Grad-CAM')}"
    truth = {(True, True): BOTH, (True, False): ONLY_HEAT, (False, True): ONLY_SHARP, (False, False): NEITHER}[
        (heat >= KEEPS, sharp >= KEEPS)
    ]
    edges = before.sharp_edges
    return (
        f"{verdict(guess, truth)} {told}, and guided back-propagation's is {sharp:.2f}. (At least {KEEPS} is called "
        f"keeping the map here.) The edge detector asks no network: it stays at 1. {_lesson(heat, 'Grad-CAM')} "
        f"{_lesson(sharp, 'Guided back-propagation')} Its rank correlation with the edge "
        f"detector is {edges:.2f} with the trained network and {last.sharp_edges:.2f} with the random one."
    )


def _lesson(rank: float, method: str) -> str:
    if rank >= KEEPS:
        return (
            f"{method} goes on showing nearly the same for a network that has lost its decision: on this picture, its "
            "look is no proof that it explains the decision."
        )
    return f"{method} depends on what these stages have learnt: on this picture it passes this test."


def notices(cascade: Cascade) -> list[str]:
    """What could not be done, and maps that are blank."""
    found = [one.message for one in cascade.attempts if one.message]
    blank = [one.stage or "none" for one in cascade.attempts if not one.message and not one.heat.any()]
    if blank:
        found.append(
            f"Grad-CAM is blank after randomising {', '.join(blank)}: its weighted sum is nowhere above 0. A blank map "
            "has no ranks; its rank correlation is set to 0."
        )
    return found


def about_curves(one: Curves, name: str, guess: str | None = None) -> str:
    """What a deletion or insertion curve says."""
    areas, lowest, highest = one.map.area, min(one.random_areas), max(one.random_areas)
    better = areas < lowest if one.way == "delete" else areas > highest
    worse = areas > highest if one.way == "delete" else areas < lowest
    first, last = one.map.probabilities[0], one.map.probabilities[-1]
    verb = "falls" if one.way == "delete" else "rises"
    told = (
        f"The probability of {name} goes from {first:.1%} to {last:.1%}. The area under the curve of "
        f"{title(one.method)} is **{areas:.3f}**; {len(one.random)} random maps have {lowest:.3f} to {highest:.3f}"
    )
    if better:
        told += f", so it {verb} faster than by chance: the marked places matter to the network."
    elif worse:
        told += f", so it {verb} more slowly than by chance: other places matter more to the network."
    else:
        told += ", so on this picture the map does no better than chance."
    if guess is None:
        return told
    truth = FASTER if better else SLOWER if worse else ALIKE
    return f"{verdict(guess, truth)} {told}"


def areas_table(deleted: Curves, inserted: Curves) -> str:
    """Areas under all curves, as Markdown."""
    rows = ["| order of the pixels | deletion (low is good) | insertion (high is good) |", "|:--|--:|--:|"]
    for name, get in ((title(deleted.method), lambda c: c.map.area), ("Eigen-CAM", lambda c: c.eigen.area)):
        rows.append(f"| {name} | {get(deleted):.3f} | {get(inserted):.3f} |")
    random = [(np.mean(c.random_areas), min(c.random_areas), max(c.random_areas)) for c in (deleted, inserted)]
    listed = " | ".join(f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in random)
    rows.append(f"| random, mean of {len(deleted.random)} (range) | {listed} |")
    return "\n".join(rows)


CAVEAT = (
    "**What good and bad curves look like.** A good deletion curve drops at once and stays low: little area. A good "
    "insertion curve rises at once: much area. A map no better than chance lies inside the band of the random ones.\n\n"
    "**Be careful.** A picture with grey holes is one that the network has never seen. A fall of the probability can "
    "come from the holes' edges, or from a picture that looks like nothing at all, and not from the loss of evidence. "
    "That is why the random order stands beside it: it makes holes of the same kind."
)


def best(result: Occluded) -> str:
    """The method of `METHODS`, or Eigen-CAM, that agrees most with occlusion."""
    return max((m for m in result.agreement if m != RANDOM), key=result.agreement.__getitem__)


def candidates() -> list[str]:
    """Titles of what one can predict as the best."""
    return [title(method) for method in (*METHODS, EIGEN) if method != "counter"]


def about_occlusion(result: Occluded, guess: str, name: str) -> str:
    """The verdict, and what the agreement says."""
    winner = best(result)
    row, column = np.unravel_index(int(result.falls.argmax()), result.falls.shape)
    rows, columns = result.falls.shape
    rivals = {method: value for method, value in result.agreement.items() if method != RANDOM}
    tied = sorted(method for method, value in rivals.items() if abs(value - rivals[winner]) < 5e-4)
    names = [title(method) for method in tied]
    return (
        f"{one_of(guess, names)} The rank correlation of {' and '.join(names)} with occlusion is "
        f"{result.agreement[winner]:.2f}, that of a random map {result.agreement[RANDOM]:.2f}. The square costs {name} "
        f"most, {result.falls.max():.2f} of its score, in row {row + 1} of {rows}, column {column + 1} of {columns}"
        + (
            f"; where it costs least, the score rises by {-result.falls.min():.2f}."
            if result.falls.min() < 0
            else "; it helps nowhere."
        )
        + " Neither map is the truth: occlusion sees what one square takes away, and not what two places tell together."
    )


def agreement_table(result: Occluded) -> str:
    """Rank correlation of every method with occlusion, as Markdown, best first."""
    rows = sorted(result.agreement.items(), key=lambda item: -item[1])
    listed = [f"| {title(method)} | {value:+.2f} |" for method, value in rows]
    return "\n".join(["| method | rank correlation |", "|:--|--:|", *listed])


def passes(result: Occluded) -> tuple[int, str]:
    """Exercise: how many places the square has if it moves by half a cell."""
    cells = result.squares.rows * result.squares.columns
    answer = 4 * cells
    return answer, (
        f"The map has {result.squares.rows} x {result.squares.columns} = {cells} cells. Steps of half a cell make "
        f"twice as many rows and twice as many columns of places: 4 x {cells} = {answer}, each one pass through the "
        "network. Grad-CAM takes one pass there and one back."
    )


def ranks_example() -> list[str]:
    """Steps of Markdown: Spearman's rank correlation of two maps of four cells."""
    one, other = np.array([[0.9, 0.1], [0.5, 0.3]]), np.array([[40.0, 10.0], [20.0, 30.0]])
    first, second = ([int((each.ravel() <= value).sum()) for value in each.ravel()] for each in (one, other))
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    squares = sum(gap**2 for gap in gaps)
    return [
        f"Two maps of four cells: {_listed(one.ravel())} and {_listed(other.ravel())}. Their units differ, so their "
        "values cannot be compared.",
        f"Their ranks can: 1 for the smallest. They are {_listed(first)} and {_listed(second)}.",
        f"The ranks differ by $d$ = {_listed(gaps)}; the sum of the squares is {squares}.",
        r"Spearman's rank correlation is $1 - \frac{6 \sum d^2}{n (n^2 - 1)}$ with $n = 4$ cells: "
        rf"$1 - \frac{{6 \cdot {squares}}}{{4 \cdot 15}}$ = **{rank_correlation(one, other):.2f}**.",
        "It is 1 for the same order of the cells, -1 for the opposite order, and around 0 for maps that have nothing "
        "to do with each other. It sees only the order, so structural similarity (SSIM) stands beside it: that "
        "compares means, spreads and patterns in small windows of the maps, each divided by its maximum; 1 is the "
        "same picture.",
    ]


def _listed(values: Sequence[object] | np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in values)  # pyright: ignore[reportGeneralTypeIssues] (numbers, all of them)


def about_squares(explanation: Explanation, result: Occluded) -> str:
    """Where the squares stand."""
    rows, columns = explanation.activation.shape[2:]
    across, down = result.falls.shape[1], result.falls.shape[0]
    return (
        f"The input is divided into the {rows} x {columns} cells of `{explanation.layer}`. A square of "
        f"{result.squares.size:g} cells a side stands at {down} x {across} places, one pass through the network each."
    )
