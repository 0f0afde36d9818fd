"""All derivations together: found by words, page and kind of check, counted, and checked again one by one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.derivations.catalogue import CATALOGUE
from core.derivations.step import Derivation
from core.labs.checked import Checked, Colours, Report, check_step
from core.labs.verdict import verdict

KINDS = {
    "identity": "both sides are the same expression",
    "series": "the same Taylor series up to a power",
    "limit": "a limit",
    "evaluated": "exact numbers put in",
    "rounded": "numbers put in that are themselves rounded",
    "samples": "random numbers put in",
    "core": "random numbers, against the code that computes it",
    "definition": "a definition: nothing to check",
}
"""Kind of check -> what it means."""
STATUSES = {
    "proved": "proved",
    "sampled": "verified numerically",
    "defined": "defined",
    "failed": "failed",
    "undecided": "undecided",
}
"""Verdict -> what a reader is told."""


@dataclass(frozen=True)
class Found:
    """A step and where it stands.

    Attributes:
        slug: of the derivation in the catalogue.
        page: slug of the page that shows it.
        number: of the step in its derivation, from 1.
        title, holds: of the derivation.
    """

    slug: str
    page: str
    number: int
    title: str
    holds: str
    step: Checked

    @property
    def text(self) -> str:
        """What a search looks through, in lower case."""
        return " ".join((self.slug, self.title, self.holds, self.step.why, self.step.latex, self.step.how)).lower()


@dataclass(frozen=True)
class Filter:
    """What a reader asks for; "" is everything.

    Attributes:
        words: each of them must occur.
        page: slug.
        kind: of `KINDS`.
        status: of `STATUSES`.
    """

    words: str = ""
    page: str = ""
    kind: str = ""
    status: str = ""


def steps(reports: Mapping[str, Report]) -> tuple[Found, ...]:
    """Every step of these derivations, by slug, in the order of the catalogue."""
    return tuple(
        Found(slug, CATALOGUE[slug].page, number, report.title, report.holds, step)
        for slug, report in reports.items()
        for number, step in enumerate(report.steps, 1)
    )


def search(found: Iterable[Found], wanted: Filter) -> tuple[Found, ...]:
    """Those that have all that is wanted, in their order."""
    words = wanted.words.lower().split()
    return tuple(
        one
        for one in found
        if wanted.page in ("", one.page)
        and wanted.kind in ("", one.step.kind)
        and wanted.status in ("", one.step.status)
        and all(word in one.text for word in words)
    )


def explanations(found: Iterable[Found], page: str) -> tuple[str, ...]:
    """The sentences beside the steps of a page."""
    return tuple(one.step.why for one in found if one.page == page)


def count(found: Iterable[Found]) -> dict[str, int]:
    """Verdict -> how many steps have it; every verdict of `STATUSES`."""
    counted = Counter(one.step.status for one in found)
    return {status: counted[status] for status in STATUSES}


def again(slug: str, number: int, colours: Colours = ()) -> Checked:
    """One step of the catalogue, built and checked now."""
    return check_step(CATALOGUE[slug].build().steps[number - 1], colours)


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a check of everything has come.

    Attributes:
        counts: verdict -> how many steps so far.
        title: of the derivation whose step was checked last.
        last: that step; None before the first.
        seconds: all checks together, without the pauses between them.
        bad: the steps that failed or were not decided.
    """

    counts: dict[str, int]
    title: str
    last: Checked | None
    seconds: float
    bad: tuple[Found, ...]


class Recheck:
    """Check everything again, one step at a time: a `core.nn.train.Work`."""

    def __init__(self, total: int, colours: Colours = ()) -> None:
        self._colours = colours
        self._left = self._walk()
        self._seen: list[Found] = []
        self.done = 0
        self.total = total
        """Steps of the whole catalogue, as the reports count them."""

    def _walk(self) -> Iterator[tuple[str, Derivation, int]]:
        for slug, entry in CATALOGUE.items():
            derivation = entry.build()
            for number in range(1, len(derivation.steps) + 1):
                yield slug, derivation, number

    def step(self) -> None:
        """Check the next one."""
        slug, derivation, number = next(self._left)
        checked = check_step(derivation.steps[number - 1], self._colours)
        page = CATALOGUE[slug].page
        self._seen.append(Found(slug, page, number, derivation.title, derivation.holds, checked))
        self.done += 1

    def snapshot(self) -> Progress:
        """What was found so far."""
        last = self._seen[-1] if self._seen else None
        return Progress(
            count(self._seen),
            last.title if last else "",
            last.step if last else None,
            sum(one.step.seconds for one in self._seen),
            tuple(one for one in self._seen if one.step.status in ("failed", "undecided")),
        )


SHARES = ("less than half", "half to three quarters", "more than three quarters")
"""What a reader may predict of the share that is proved."""


def about_guess(guess: str, found: Iterable[Found]) -> str:
    """The share of what is proved, beside a prediction out of `SHARES`."""
    found = tuple(found)
    counts, kinds = count(found), Counter(one.step.kind for one in found if one.step.status in ("proved", "sampled"))
    checked = sum(counts.values()) - counts["defined"]
    share = counts["proved"] / checked if checked else 0.0
    right = SHARES[(share >= 0.5) + (share >= 0.75)]
    return (
        f"{verdict(guess, right)} Of {checked} steps that can be checked, {counts['proved']} are proved, {share:.0%}: "
        f"{kinds['evaluated']} of them with exact numbers, those of the solvers' tables, the others by symbols. "
        f"{counts['sampled']} were only tried: {kinds['rounded']} on published numbers that are rounded, the others on "
        "random numbers. That is strong evidence, but no proof."
    )


def about_kinds(found: Iterable[Found]) -> str:
    """A table of the kinds of checks, with how many there are of each."""
    counted = Counter(one.step.kind for one in found)
    rows = [f"| {kind} | {meaning} | {counted[kind]} |" for kind, meaning in KINDS.items()]
    return "\n".join(["| check | what it does | formulas |", "|:--|:--|--:|", *rows])


PROOF = {
    "Yes": "A thousand pairs are a thousand cases of infinitely many: $x y = 0$ holds at all pairs with $x = 0$.",
    "No, it is evidence": "It could still fail elsewhere, so this page says *verified numerically*, with the number of "
    "samples, the tolerance and the seed that repeats them.",
    "Only if the numbers were whole": "Whole numbers are also only some of all numbers. For polynomials enough of them "
    "do prove (Schwartz 1980), but nothing here rests on that.",
}
PROOF_RIGHT = "No, it is evidence"
