"""What the page on learning says of a training, in sentences whose numbers come from it."""

import math

import numpy as np

from core.labs.learning import Progress
from core.labs.learning_iteration import Iteration
from core.labs.learning_problem import Problem, Settings
from core.labs.verdict import said
from core.ode import METHODS

EVERYWHERE, START, PHASE, NEVER = FIT_GUESSES = [
    "everywhere equally",
    "only at the start",
    "it drifts in phase, and keeps its shape",
    "it never fits",
]
NFE_GUESSES = ["it falls", "it stays", "it rises"]
UNSEEN = "The field there was never compared with anything, so its values are an accident of the network."
EXTRAPOLATION = {
    "The solver's tolerance is too loose there.": (
        "A tighter tolerance solves the same learned field more exactly; the field itself stays wrong."
    ),
    UNSEEN: "Training asks for the right slopes where trajectories of the data pass. Elsewhere nothing does.",
    "The trajectory over a long time needs more memory.": "Memory decides how a gradient is made, not what is learned.",
}
"""Answer -> what is said of it; `UNSEEN` holds."""
SAMPLED = 100
"""Places of the learned trajectory from which the way to the true curve is measured."""
CHORDS = 500
"""Straight pieces, at most about twice as many, that stand for the true curve there."""


def field_formula(problem: Problem) -> str:
    """The network as LaTeX."""
    fed = "z^3" if problem.cubed else "z"
    return rf"f_\theta(z) = W_2 \tanh(W_1 {fed} + b_1) + b_2"


def fit_verdict(progress: Progress, shape: float | None) -> str | None:
    """Which of `FIT_GUESSES` this run is nearest to; None where the solve ended early.

    Args:
        shape: `shape_distance` of the same.

    It drifts in phase if the way to the nearest place of the true curve is less than half of the mean distance, and
    small beside the data's own spread; it never fits if the mean distance is more than half of that spread; it fits
    only at the start if the last third is three times as far off as the first, by a tenth of the spread or more.
    """
    gaps = progress.distances
    if len(gaps) < len(progress.measured):
        return None
    spread = np.linalg.norm(np.std(progress.measured / progress.data.spread, axis=0))
    third = len(gaps) // 3
    if shape is not None and shape < min(gaps.mean() / 2, spread / 20):
        return PHASE
    if gaps.mean() > spread / 2:
        return NEVER
    return START if gaps[-third:].mean() > max(3 * gaps[:third].mean(), spread / 10) else EVERYWHERE


def shape_distance(progress: Progress) -> float | None:
    """Mean way from the learned trajectory to the nearest place of the true curve; None where that is not known."""
    if progress.noisy:
        return None
    places = progress.learned[:: max(1, len(progress.learned) // SAMPLED)]
    corners = progress.measured[:: max(1, len(progress.measured) // CHORDS)]
    begins, along = corners[:-1], np.diff(corners, axis=0)
    away = places[:, None] - begins
    part = np.clip((away * along).sum(axis=2) / (along**2).sum(axis=1), 0.0, 1.0)
    return float(np.linalg.norm(away - part[..., None] * along, axis=2).min(axis=1).mean())


def about_fit(progress: Progress, guess: str) -> str:
    """How far the learned trajectory follows the data, and where it is worst."""
    gaps = progress.distances
    third = max(len(gaps) // 3, 1)
    worst = int(gaps.argmax())
    sides = f"{gaps[:third].mean():.2g} in the first third, {gaps[-third:].mean():.2g} in the last"
    shape = shape_distance(progress)
    nearest = fit_verdict(progress, shape)
    told = "The solve ended early." if nearest is None else f"This run is nearest to: **{nearest}**."
    if nearest is not None and shape is not None:
        told += f" As a curve, whenever it passes, it is {shape:.2g} from the true one on average."
    return (
        f"{said(guess)}After {progress.done:,} iterations the mean distance between the learned trajectory and "
        f"the points is {sides}; it is largest, {gaps[worst]:.2g}, at t = {_time(progress, worst)}. {told} "
        "A batch only asks for short pieces, each from a right start. Over the whole interval every error of the "
        "slope is carried on: along the curve as a delay, across it as an offset."
    )


def about_nfe(progress: Progress, guess: str) -> str:
    """How the cost of the solve over the whole interval went."""
    if len(progress.watched) < 2:
        return f"{said(guess)}Train, and the counts appear here."
    first, last = progress.watched[0, 1], progress.watched[-1, 1]
    when = f"the field of iteration {progress.watched[-1, 0]:,.0f}"
    rose = "rose" if last > first else "fell" if last < first else "stayed"
    return (
        f"{said(guess)}Over the whole interval it {rose}: {first:.0f} evaluations for the untrained field, "
        f"{last:.0f} for {when}. A field near 0 needs few steps; curved trajectories need more. A method "
        "with fixed steps always takes the same number."
    )


def about_error(progress: Progress) -> str:
    """The measured errors, in the data's standard deviations for measured data."""
    if np.isnan(progress.error):
        return "The learned trajectory cannot be solved over the fitted points yet."
    if np.isnan(progress.tail_error):
        noise = "; its points scatter by their noise" if progress.noisy else ""
        return f"Mean distance from the points: **{progress.error:.3g}** (the spiral begins at radius 2{noise})."
    return (
        f"How good is the fit? Mean distance, in standard deviations of the data: **{progress.error:.3g}** on the "
        f"{progress.data.fitted:,} rows trained on, **{progress.tail_error:.3g}** on the "
        f"{len(progress.measured) - progress.data.fitted:,} held-out rows at the end. Always guessing the mean of the "
        f"rows trained on would give {progress.baseline:.3g} there."
    )


def about_one_column(progress: Progress) -> str | None:
    """One column that turns back cannot solve an equation of its own."""
    if progress.measured.shape[1] > 1:
        return None
    turns = int(np.count_nonzero(np.diff(np.sign(np.diff(progress.measured[:, 0])))))
    if not turns:
        return None
    return (
        f"One column, and it turns back {turns} times. A solution of z' = f(z) with one variable never turns: at the "
        "same z it would need two slopes. Noise aside, a second column is needed, such as its rate of change."
    )


def iteration_steps(one: Iteration | None) -> list[str]:
    """The worked example: one iteration, step by step."""
    if one is None:
        return ["With these settings the first iteration fails. Choose a looser tolerance or other settings."]
    return [
        f"**Draw a batch.** {one.batch_size} pieces of {one.batch_time} points each. The first piece begins at "
        f"t = {one.begins:.4g} s in z = {_vector(one.start)}.",
        f"**Solve.** From each piece's first point the untrained field is solved over the piece: {one.forward} "
        f"evaluations for all pieces together. The first piece ends in {_vector(one.predicted)}; the data say "
        f"{_vector(one.target)}.",
        rf"**Compare.** With $\hat z$ for the solution and $z$ for the data, the loss is the mean of $|\hat z - z|$ "
        f"over all pieces, points and components: {one.loss:.6g}.",
        "**Differentiate.** `loss.backward()` gives a derivative for each weight; together they have the length "
        f"{one.norm:.4g}. That took {one.backward} more evaluations of the field.",
        f"**Update.** The optimiser moves the weights by {one.moved:.4g} in all. The same batch now has the loss "
        f"{one.after:.6g}, {'less' if one.after < one.loss else 'not less'} than before.",
    ]


def rk4_question(settings: Settings) -> tuple[str, int, str]:
    """A question on the number of evaluations, its answer and why."""
    intervals, each = settings.batch_time - 1, settings.substeps
    stages, steps = METHODS["rk4"].tableau.stages, f"{each} step{'s' if each > 1 else ''}"
    answer = stages * intervals * each
    question = (
        f"With rk4 and {steps} from one point to the next, how many evaluations of the field does the solve of a batch "
        f"take whose pieces have {settings.batch_time} points (all pieces are solved together)?"
    )
    reason = f"{intervals} interval{'s' if intervals > 1 else ''} x {steps} x {stages} evaluations a step = {answer}."
    return question, answer, reason


def _time(progress: Progress, index: int) -> str:
    """To a thousandth of the whole interval or so: a year, or seconds since 1970, need more digits than others."""
    digits = 3 - math.floor(math.log10(progress.measured_times[-1] - progress.measured_times[0]))
    return f"{round(float(progress.times[index]), digits):.15g}"


def _vector(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
