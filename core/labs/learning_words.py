"""What the page on learning says of a training, in sentences whose numbers come from it."""

import numpy as np

from core.labs.learning import Progress
from core.labs.learning_iteration import Iteration
from core.labs.learning_problem import Settings
from core.ode import METHODS

FIT_GUESSES = ["everywhere equally", "only at the start", "it drifts in phase, and keeps its shape", "it never fits"]
NFE_GUESSES = ["it falls", "it stays", "it rises"]
EXTRAPOLATION = {
    "The field there was never compared with anything, so its values are an accident of the network.": (
        "Training asks for the right slopes where trajectories of the data pass. Elsewhere nothing does."
    ),
    "The solver's tolerance is too loose there.": (
        "A tighter tolerance solves the same learned field more exactly; the field itself stays wrong."
    ),
    "The trajectory over a long time needs more memory.": "Memory decides how a gradient is made, not what is learned.",
}
"""Answer -> what is said of it; the first holds."""


def about_fit(progress: Progress, guess: str) -> str:
    """How far the learned trajectory follows the data, and where it is worst."""
    count = len(progress.learned)
    gaps = np.linalg.norm((progress.learned - progress.measured[:count]) / progress.data.spread, axis=1)
    third = max(count // 3, 1)
    worst = int(gaps.argmax())
    sides = f"{gaps[:third].mean():.2g} in the first third, {gaps[-third:].mean():.2g} in the last"
    return (
        f"You said: {guess}. After {progress.done:,} iterations the mean distance between the learned trajectory and "
        f"the points is {sides}; it is largest, {gaps[worst]:.2g}, at t = {progress.times[worst]:.3g}. A batch only "
        "asks for short pieces, each from a right start; over the whole interval small errors of the slope add up."
    )


def about_nfe(progress: Progress, guess: str) -> str:
    """How the cost of the solve over the whole interval went."""
    if len(progress.watched) < 2:
        return f"You said: {guess}. Train, and the counts appear here."
    first, last = progress.watched[0, 1], progress.watched[-1, 1]
    rose = "rose" if last > first else "fell" if last < first else "stayed"
    return (
        f"You said: {guess}. Over the whole interval it {rose}: {first:.0f} evaluations for the untrained field, "
        f"{last:.0f} for the field now. A field near 0 needs few steps; curved trajectories need more. A method "
        "with fixed steps always takes the same number."
    )


def about_error(progress: Progress) -> str:
    """The measured errors, in the data's standard deviations for measured data."""
    if np.isnan(progress.error):
        return "The learned trajectory cannot be solved over the fitted points yet."
    if np.isnan(progress.tail_error):
        return f"Mean distance from the points: **{progress.error:.3g}** (the spiral begins at radius 2)."
    return (
        f"This is a fit. Mean distance, in standard deviations of the data: **{progress.error:.3g}** on the "
        f"{progress.data.fitted:,} rows trained on, **{progress.tail_error:.3g}** on the "
        f"{len(progress.measured) - progress.data.fitted:,} held-out rows at the end. Always guessing the mean of the "
        f"first would give {progress.baseline:.3g} there."
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
        f"t = {one.begins:.4g} in z = {_vector(one.start)}.",
        f"**Solve.** From each piece's first point the untrained field is solved over the piece: {one.forward} "
        f"evaluations for all pieces together. The first piece ends in {_vector(one.predicted)}; the data say "
        f"{_vector(one.target)}.",
        rf"**Compare.** The loss is the mean of $|\hat z - z|$ over all pieces, points and components: {one.loss:.6g}.",
        "**Differentiate.** `loss.backward()` gives a derivative for each weight; together they have the length "
        f"{one.norm:.4g}. That took {one.backward} more evaluations of the field.",
        f"**Update.** The optimiser moves the weights by {one.moved:.4g} in all. The same batch now has the loss "
        f"{one.after:.6g}, {'less' if one.after < one.loss else 'not less'} than before.",
    ]


def rk4_question(settings: Settings) -> tuple[str, int, str]:
    """A question on the number of evaluations, its answer and why."""
    intervals, each = settings.batch_time - 1, settings.substeps
    stages = METHODS["rk4"].tableau.stages
    answer = stages * intervals * each
    question = (
        f"With rk4 and {each} step{'s' if each > 1 else ''} from one point to the next, how many evaluations does the "
        f"solve of a batch of {settings.batch_time} points take (pieces of a batch are solved together)?"
    )
    return question, answer, f"{intervals} intervals x {each} steps x {stages} stages = {answer}."


def _vector(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
