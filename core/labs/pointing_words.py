"""What the page on pointing says in words, with the numbers of the result on screen."""

from core.cam.metrics import SHARE
from core.labs.pointing import BASELINES, TITLES, Estimate, Result
from core.labs.pointing_scene import LAYER, Look
from core.labs.verdict import verdict
from core.nn.scenes import CANVAS, CLASSES, Box, Scene

INSIDE, OUTSIDE = "inside of the object's box", "somewhere else"
GUESSES = [INSIDE, OUTSIDE]
"""What one can predict of one map's hottest place."""

HELD_BACK = "The heat appears with your prediction."

SELDOM, OFTEN, ALWAYS = "less than half", "half to nine tenths", "nine tenths or more"
RATES = [SELDOM, OFTEN, ALWAYS]
"""What one can predict of Grad-CAM's rate."""


def answers_table(look: Look) -> str:
    """Score and answer of each kind."""
    there = {thing.kind for thing in look.scene.things}
    rows = [
        f"| {f'**{kind}**' if kind == look.kind else kind} | {'yes' if kind in there else ''} "
        f"| {score:+.2f} | {answer:.0%} |"
        for kind, score, answer in zip(CLASSES, look.scores, look.answers, strict=True)
    ]
    return "\n".join(["| kind | there? | score $y^c$ | answer $\\sigma(y^c)$ |", "|:--|:-:|--:|--:|", *rows])


def told(look: Look) -> str:
    """The hottest place in words."""
    place = look.hottest
    if place is None:
        return f"The map of {look.kind} is blank: at this layer no place speaks for it."
    row, column = place
    where = f"Hottest place for {look.kind} (marked ✕): column {column + 1}, row {row + 1} of {CANVAS}"
    if look.box is None:
        return f"{where}. There is no {look.kind} on the canvas."
    return f"{where}; {'inside of' if look.hits else 'outside'} the box of the {look.kind}."


def alt(scene: Scene, more: str = "") -> str:
    """A scene in words."""
    things = [f"a {thing.kind} at {thing.x:.0%} from the left, {thing.y:.0%} from the top" for thing in scene.things]
    tag = ["a red tag in the upper left corner"] if scene.tag else []
    return f"A drawn scene with {', '.join([*things, *tag]) or 'nothing on it'}. {more}".strip()


def about_marks(kind: str) -> str:
    """What can be done with the picture, and what its lines are."""
    return (
        "Drag an object; or choose it with Tab and move it with the arrow keys, with Shift in larger steps. Solid "
        f"frame: the box of the {kind}, if there is one. Dashed: other objects. Dotted: around the heat, where it is "
        "at least 15 % of its maximum."
    )


def about_look(look: Look, guess: str) -> str:
    """Whether the prediction holds for this map."""
    if look.box is None:
        return (
            f"There is **no {look.kind}** on the canvas, so no box to hold the heat against. What heat there is shows "
            "the places that come nearest to one; the scale always ends at the map's own maximum, however small it is."
        )
    truth = INSIDE if look.hits else OUTSIDE
    if look.hottest is None:
        return f"{verdict(guess, truth)} The map is blank, so it points nowhere, and that counts as a miss."
    row, column = look.hottest
    return (
        f"{verdict(guess, truth)} The hottest place is at column {column + 1}, row {row + 1}; the box of the "
        f"{look.kind} reaches {_reach(look.box)}. Move the {look.kind} and see whether the heat comes along, then move "
        "the others: does the heat stay?"
    )


def overlap_steps(look: Look) -> list[str]:
    """The IoU of this map, computed step by step; without both boxes, one sentence."""
    hot, box = look.hot_box, look.box
    if box is None or hot is None:
        missing = f"a {look.kind} on the canvas" if box is None else "heat"
        return [f"There is no second box without {missing}: choose another class, or move an object."]
    highest = float(look.heat.max())
    width, height = (max(0, min(hot[i + 2], box[i + 2]) - max(hot[i], box[i])) for i in (0, 1))
    both, areas = width * height, [_area(hot), _area(box)]
    return [
        f"The highest value of the map is {highest:.3g}. All places with at least {SHARE:.0%} of it, "
        f"{SHARE * highest:.3g}, are kept, and of these the largest connected part.",
        f"The box around that part (dotted) reaches {_reach(hot)}: {_size(hot)} = {areas[0]} pixels.",
        f"The box of the {look.kind} reaches {_reach(box)}: {_size(box)} = {areas[1]} pixels.",
        f"Both have {width} columns and {height} rows in common: {width} x {height} = **{both}** pixels.",
        f"Together they cover {areas[0]} + {areas[1]} - {both} = **{sum(areas) - both}** pixels. What is in common is "
        "counted once.",
        f"IoU = {both} / {sum(areas) - both} = **{look.overlap:.2f}**. Equal boxes have 1, boxes apart 0.",
    ]


def rates_table(result: Result) -> str:
    """All numbers of the figures."""
    head = [
        "| method | points at the object | of those found | at most a cell beside it | mean IoU |",
        "|:--|--:|--:|--:|--:|",
    ]
    rows = [
        f"| {TITLES[row.method]} | {_percent(row.pointing)} | {_percent(row.on_found)} | {_percent(row.near)} "
        f"| {_number(row.iou)} |"
        for row in result.rows
    ]
    return "\n".join([*head, *rows])


def about_rates(result: Result, guess: str) -> str:
    """Whether the prediction was right, and which methods can be told apart."""
    rate = result.row("gradcam").pointing
    truth = SELDOM if rate.value < 0.5 else OFTEN if rate.value < 0.9 else ALWAYS
    centre, random = (result.row(name).pointing for name in BASELINES)
    maps = [row for row in result.rows if row.method not in BASELINES]
    best = max(maps, key=lambda row: row.pointing.value)
    alike = [TITLES[row.method] for row in maps if row is not best and row.pointing.high >= best.pointing.low]
    with_it = (
        f" By these scenes it cannot be told apart from {_listed(alike)}: their intervals overlap." if alike else ""
    )
    return (
        f"{verdict(guess, truth)} Of {rate.of} objects, Grad-CAM's hottest place lies in the box for {_percent(rate)}. "
        f"Always pointing at the centre hits {centre.value:.0%}, a random place {random.value:.0%}. The highest rate "
        f"is that of {TITLES[best.method]}, {best.pointing.value:.1%}.{with_it}"
    )


def about_trials(result: Result) -> str:
    """What was counted, and how the intervals were made."""
    return (
        f"Each object is a trial, also one that the network missed; it found {_percent(result.found)}. Intervals hold "
        "the true value in 95 of 100 cases: Wilson's for shares, and for mean IoUs the middle 95 % of the means of "
        f"1,000 samples that draw {result.params.scenes} of these scenes with repetition. Scenes come from the seed "
        "alone, and none was in the training."
    )


def about_same(result: Result) -> str | None:
    """A sentence if methods give the same numbers as Grad-CAM."""
    one = result.row("gradcam")
    near = [
        TITLES[row.method]
        for row in result.rows
        if row is not one
        and abs(row.pointing.value - one.pointing.value) < 1e-9
        and abs(row.iou.value - one.iou.value) < 1e-6
    ]
    if not near or result.params.layer != LAYER:
        return None
    return (
        f"{_listed(near)} {'gives' if len(near) == 1 else 'give'} the same numbers as Grad-CAM. After the last feature "
        "maps comes a mean over the cells and a linear layer, so all cells of a map have one gradient, and every "
        "average of it is the same."
    )


def about_methods(result: Result) -> str:
    """By how much Grad-CAM misses, and why some methods fall behind, where they do."""
    said, one = [], result.row("gradcam")
    missed, beside = (round((1 - each.value) * each.of) for each in (one.pointing, one.near))
    if missed:
        said.append(
            f"Of the {missed} objects that Grad-CAM misses, it misses {missed - beside} by no more than one cell of "
            "the map. Edges and corners are evidence, and the map is no finer than its cells."
        )
    eigen, cells = (next((row for row in result.rows if row.method == name), one) for name in ("eigencam", "hirescam"))
    if eigen.pointing.high < one.pointing.low:
        said.append(
            f"Eigen-CAM ({eigen.pointing.value:.0%}) knows no class: it has one map for a scene, so of several objects "
            "it points at one at most."
        )
    if one.pointing.high < cells.pointing.low:
        said.append(
            f"At this layer HiResCAM ({cells.pointing.value:.0%}) is ahead of Grad-CAM ({one.pointing.value:.0%}): "
            "what follows is more than a mean over the cells, so the gradient differs from cell to cell, and "
            "Grad-CAM's mean of it forgets where it was."
        )
    return " ".join(said)


def random_share(scene: Scene, kind: str, box: Box) -> tuple[str, float, str]:
    """An exercise: question, answer and why."""
    share = 100 * _area(box) / CANVAS**2
    return (
        f"With its objects where the seed puts them, the box of the {kind} is {_size(box)} pixels, on a canvas of "
        f"{CANVAS} x {CANVAS}. What percentage of random places lies inside? (within 0.5)",
        share,
        f"{_area(box)} of {CANVAS**2} pixels: {share:.1f} %. Any map reaches this by chance, the more the larger the "
        "object. A rate means nothing until it is held against this one.",
    )


def _reach(box: Box) -> str:
    return f"from column {box[0] + 1} to {box[2]} and from row {box[1] + 1} to {box[3]}"


def _size(box: Box) -> str:
    return f"{box[2] - box[0]} x {box[3] - box[1]}"


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _percent(one: Estimate) -> str:
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})" if one.of else "none"


def _number(one: Estimate) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
