"""Asking for the statements before they are settled, and what the page asks at its end."""

from random import Random

from core.labs.mistakes import MISTAKES, settle
from core.labs.mistakes_data import Mistake
from core.labs.verdict import verdict

TRUE, FALSE = "true", "false"
ANSWERS = [TRUE, FALSE]
_NUMBER = {mistake.name: number for number, mistake in enumerate(MISTAKES, 1)}


def answer(mistake: Mistake, round: int) -> str:
    """Whether the statement is asked for as it is (true), or as it is often read (false); it differs by round."""
    return Random(f"{mistake.name} {round}").choice(ANSWERS)


def asked(mistake: Mistake, round: int) -> str:
    """The statement that a learner sees before it is settled."""
    return mistake.true if answer(mistake, round) == TRUE else mistake.said


def marked(mistake: Mistake, round: int, guess: str) -> str:
    """What is said of a guess."""
    return verdict(guess, answer(mistake, round))


def score(answers: dict[int, bool]) -> str:
    """How many of all have been answered, and how many of these right."""
    if not answers:
        return f"{len(MISTAKES)} statements: some stand here as they are often read, others as they are true."
    return f"{len(answers)} of {len(MISTAKES)} answered, {sum(answers.values())} of them right at the first guess."


def following(number: int, answers: dict[int, bool]) -> int:
    """The next statement that has not been answered, round the list; simply the next if all have."""
    count = len(MISTAKES)
    after = [(number + step - 1) % count + 1 for step in range(1, count + 1)]
    return next((one for one in after if one not in answers), after[0])


def how_to() -> list[str]:
    """A worked example: how one of the statements is settled."""
    rows = {stride: _row_of_seven(stride) for stride in (1, 2)}
    return [
        "**Make it say a number.** \"'Same' padding keeps the size\" says: 7 pixels in, 7 pixels out. At every stride, "
        "since it names none.",
        "**Look for the smallest case where it could fail.** Stride 1 is what everyone has in mind. So take stride 2.",
        f"**Run it.** {rows[2]} pixels come out, not 7. One such case is enough.",
        f"**Ask when it would be right.** At stride 1, {rows[1]} come out. Then say so: 'same' keeps the size at "
        r"stride 1, and gives $\lceil n/s \rceil$ pixels in general.",
    ]


def _row_of_seven(stride: int) -> int:
    table = settle(_NUMBER["same-size"], stride).table
    return 0 if table is None else int(table.rows[table.column("n").index(7)][1])


def evaluations() -> tuple[str, int, str]:
    """An exercise: the evaluations of a run from its steps; question, answer, explanation."""
    table = settle(_NUMBER["nfe"], 6).table
    if table is None:
        raise ValueError("the statement on nfe has a table")
    _, accepted, rejected, nfe, _ = table.rows[0]
    question = (
        "`dopri5` has 7 stages, the last of which is the first of the next step. With a tolerance of 1e-6, on the "
        f"problem of statement {_NUMBER['nfe']}, it took {accepted} steps and rejected {rejected} attempts. How often "
        "did it evaluate f? (within 2)"
    )
    return question, int(nfe), f"6 for each of {int(accepted) + int(rejected)} attempts, and 2 for the first step size."
