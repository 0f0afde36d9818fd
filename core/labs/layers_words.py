"""What the page on layers says of results, in sentences with their numbers."""

from math import sqrt

import numpy as np

from core.labs.depth_gradients import DEPTHS, SCALES, SEEDS, Gradients
from core.labs.layers import Snapshot
from core.labs.layers_example import RATE, Example
from core.labs.node_words import digits
from core.labs.verdict import OWN_RUN, said, verdict

LEARNS = ["the plain one", "the residual one", "about the same"]
FADES = ["stays within a factor of 10", "falls by 10 to a million times", "falls by more than a million times", "grows"]
_EQUAL = 1.1

SHAPES_RIGHT = "Something must bring h to 3 numbers first, for instance a zero appended to it."
SHAPES = {
    "Nothing: the sum takes what is there.": "Two numbers and three cannot be added, component by component.",
    SHAPES_RIGHT: (
        "A sum needs equal shapes. He et al. append zeros or use a matrix on the skip; this page appends zeros once, "
        "before the first layer, when the width is 3."
    ),
    "The layer switches its skip off.": (
        "No switch exists: the skip is part of the formula, for every input. A branch may come out near 0; then the "
        "layer hands on what it was given."
    ),
}
"""Answer -> what is said of it; `SHAPES_RIGHT` holds."""


def example_steps(one: Example) -> list[str]:
    """One layer forward and back, a step of Markdown each."""
    h, target = np.array(one.params.point), one.params.target
    residual = one.params.residual
    state = f"{_column(h)} + {_column(one.f)} = {_column(one.after)}" if residual else _column(one.after)
    plus = r"I + \frac{\partial f}{\partial h} = " if residual else r"\frac{\partial f}{\partial h} = "
    smaller = "smaller" if one.stepped < one.loss else "not smaller"
    return [
        rf"**Forward, the weighted sum.** With $b = 0$: $W h_0 + b = {_matrix(one.weight)} {_column(h)} = "
        rf"{_column(one.before)}$.",
        rf"**Forward, the layer.** $\tanh$ of each component gives $f = {_column(one.f)}$, so $h_1 = {state}$.",
        rf"**Score and loss.** The head's weights are $v = {_row(one.head)}$, its bias is 0; the score is "
        rf"$s = v\,h_1 = {one.score:.4f}$. The probability of class 1 is "
        rf"$1/(1 + e^{{-s}}) = {one.by_score + target:.4f}$; the point is of class {target}, so the loss is "
        rf"$L = {one.loss:.4f}$, minus the logarithm of the probability of the right class.",
        rf"**Backward, from the loss.** $\frac{{dL}}{{ds}}$ is that probability minus {target}: ${one.by_score:.4f}$. "
        rf"Through the head: $\frac{{dL}}{{dh_1}} = \frac{{dL}}{{ds}}\,v = {_row(one.by_after)}$, a row.",
        rf"**The layer's Jacobian.** The slope of $\tanh$ is $1 - f^2$, so row $i$ of $\frac{{\partial f}}{{\partial "
        rf"h}}$ is row $i$ of $W$ times $1 - f_i^2$: $\frac{{\partial f}}{{\partial h}} = {_matrix(one.branch)}$. "
        rf"Here $\frac{{\partial h_1}}{{\partial h_0}} = {plus}{_matrix(one.jacobian)}$.",
        rf"**Backward, to the input.** $\frac{{dL}}{{dh_0}} = \frac{{dL}}{{dh_1}} \frac{{\partial h_1}}{{\partial "
        rf"h_0}} = {_row(one.by_before)}$: the row times the matrix.",
        rf"**Backward, to the weights.** The bias $b_i$ acts on component $i$ alone, through the slope of $\tanh$: "
        rf"component $i$ of $\frac{{dL}}{{dh_1}}$ times $1 - f_i^2$ gives "
        rf"$\frac{{\partial L}}{{\partial b}} = {_row(one.by_bias)}$. $W_{{ij}}$ is multiplied by number $j$ of "
        rf"$h_0$; its gradient is that of $b_i$ times this number: "
        rf"$\frac{{\partial L}}{{\partial W}} = {_matrix(one.by_weight)}$. "
        f"`torch.autograd` finds the same; the largest difference is {one.apart:.1g}.",
        rf"**Gradient descent.** With $\eta = {RATE:g}$, $W - \eta\, \partial L/\partial W$ and "
        rf"$b - \eta\, \partial L/\partial b$ give this point the loss {one.stepped:.4f}, "
        f"{smaller} than {one.loss:.4f}.",
    ]


def about_flow(snapshot: Snapshot) -> str:
    """What the layers do to the cloud."""
    parts = []
    for run in snapshot.runs:
        before, after = (float(run.path[t].std(axis=0).mean()) for t in (0, -1))
        parts.append(f"{run.name}: {before:.2g} at the input, **{after:.2g}** after the last layer")
    return f"Spread of the cloud (standard deviation of a component): {'; '.join(parts)}."


def about_training(snapshot: Snapshot, guess: str) -> str:
    """The prediction, held against this training."""
    if not snapshot.done:
        return f"{said(guess)}Now press Train: the answer comes from what you see." if guess else OWN_RUN
    plain, residual = snapshot.runs
    layers = snapshot.params.layers
    right = winner(snapshot)
    ended = snapshot.done >= snapshot.params.iterations
    opening = f"{verdict(guess, right)} " if ended else said(guess)
    lower = "The losses are about the same." if right == LEARNS[2] else f"The lower loss is that of {right}."
    text = (
        f"{opening}{'After' if ended else 'So far,'} {snapshot.done:,} iterations with {layers} layers: "
        f"plain loss **{plain.loss:.3g}**, {plain.accuracy:.0%} right; residual loss **{residual.loss:.3g}**, "
        f"{residual.accuracy:.0%} right. {lower}"
    )
    if not (plain.gradients[-1] and residual.gradients[-1]):
        return text + " A gradient of the last state has become 0: there is nothing left to learn, or no way to it."
    ratios = [_ratio(run.gradients[0] / run.gradients[-1]) for run in snapshot.runs]
    return text + (
        f" From the last state to the input, the norm of the gradient now changes by a factor of {ratios[0]} in "
        f"the plain network and of {ratios[1]} in the residual one."
    )


def _ratio(value: float) -> str:
    return f"{value:.2g}" if value else "0 (too small for single precision)"


def winner(snapshot: Snapshot) -> str:
    """Which of `LEARNS` holds: losses within 10 % of each other count as the same."""
    plain, residual = (run.loss for run in snapshot.runs)
    if max(plain, residual) <= _EQUAL * min(plain, residual):
        return LEARNS[2]
    return LEARNS[0] if plain < residual else LEARNS[1]


def faded(result: Gradients) -> str:
    """Which of `FADES` holds for the plain networks' first layer, from the fewest layers to the most."""
    first = result.plain.median("first")
    ratio = first[-1] / first[0]
    if ratio > 10:
        return FADES[3]
    return FADES[0] if ratio > 0.1 else FADES[1] if ratio > 1e-6 else FADES[2]


def about_depth(result: Gradients, guess: str) -> str:
    """The prediction, held against the measured gradients, and what the singular values say."""
    right = faded(result)
    least, most = DEPTHS[0], DEPTHS[-1]
    columns = [
        (first[0], first[-1], large[-1], small[-1])
        for kind in result.kinds
        for first, large, small in [(kind.median("first"), kind.median("largest"), kind.median("smallest"))]
    ]
    names = (
        f"first layer's gradient, {least} layers",
        f"the same, {most} layers",
        f"largest singular value, {most} layers",
        f"smallest singular value, {most} layers",
    )
    rows = "\n".join(
        f"| {name} | ${digits(a, 3)}$ | ${digits(b, 3)}$ |" for name, a, b in zip(names, *columns, strict=True)
    )
    return (
        f"{verdict(guess, right)} Medians over {SEEDS} seeds:\n\n| | plain | residual |\n|:--|--:|--:|\n{rows}\n\n"
        f"{_meaning(result)}"
    )


def _meaning(result: Gradients) -> str:
    """What these very numbers show, and no more."""
    plain, residual = result.kinds
    parts = []
    exploded = plain.median("first")[-1] / plain.median("first")[0]
    if plain.median("largest")[-1] < 1e-3:
        parts.append(
            f"With {DEPTHS[-1]} plain layers even the direction that is shrunk least comes back shrunk: a step of "
            "gradient descent hardly moves the first layers."
        )
    elif plain.median("smallest")[-1] < 1e-6 * plain.median("largest")[-1]:
        parts.append(
            (
                f"The plain gradient explodes: it grows {exploded:.3g} times from {DEPTHS[0]} to {DEPTHS[-1]} layers. "
                "Yet it does not grow in all directions: "
                if exploded > 10
                else "The plain gradient keeps some size, but not in all directions: "
            )
            + "the smallest singular value is "
            f"{plain.median('smallest')[-1] / plain.median('largest')[-1]:.1g} of the largest. What differs along "
            "the lost directions at the input is no longer told apart at the output."
        )
    else:
        parts.append("Here the plain networks keep both singular values in bounds: their first weights suit them.")
    grown = residual.median("first")[-1] / residual.median("first")[0]
    if grown > 10:
        parts.append(
            f"The residual gradient does not vanish; it grows, {grown:.3g} times from {DEPTHS[0]} to {DEPTHS[-1]} "
            "layers. The skip guards against vanishing, not against growth: scale the branch, or lower the gain."
        )
    elif grown > 0.1:
        parts.append(
            f"The residual gradient with {DEPTHS[-1]} layers is {grown:.2g} times that with {DEPTHS[0]}: the identity "
            "in each factor hands it on."
        )
    else:
        parts.append(f"The residual gradient falls too, to {grown:.2g} of what it is with {DEPTHS[0]} layers.")
    if result.params.scale != SCALES[0]:
        share = sqrt(DEPTHS[0] / DEPTHS[-1])
        parts.append(
            rf"Its factor $1/\sqrt N$ alone makes the branch's gradient {share:.2g} times what it is with "
            f"{DEPTHS[0]} layers."
        )
    return " ".join(parts)


def per_layer(result: Gradients) -> tuple[str, float, float, str]:
    """The exercise on the factor per layer: question, answer, what is near enough, why."""
    first = result.plain.median("first")
    steps = DEPTHS[-1] - DEPTHS[0]
    question = (
        f"By what factor does one more plain layer multiply the first layer's gradient, on average from {DEPTHS[0]} "
        f"to {DEPTHS[-1]} layers? (within 0.01)"
    )
    reason = (
        rf"$\left({digits(first[-1], 3)} \,/\, {digits(first[0], 3)}\right)^{{1/{steps}}} = "
        f"{result.plain.factor:.3g}$: {steps} more layers, each with the same factor on average. For the residual "
        f"layers it is {result.residual.factor:.3g}."
    )
    return question, result.plain.factor, 0.01, reason


def _matrix(values: np.ndarray) -> str:
    return _brackets(r" \\ ".join(" & ".join(_number(value) for value in row) for row in values))


def _column(values: np.ndarray) -> str:
    return _matrix(values[:, None])


def _row(values: np.ndarray) -> str:
    return _matrix(values[None])


def _brackets(inside: str) -> str:
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _number(value: float) -> str:
    return f"{value:z.4f}"
