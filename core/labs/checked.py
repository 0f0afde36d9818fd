"""Derivations checked here and now: what a page prints of them."""

from dataclasses import dataclass
from time import perf_counter

from core.derivations.catalogue import CATALOGUE
from core.derivations.printing import latex
from core.derivations.step import Derivation, Status, Step

Colours = tuple[tuple[str, str], ...]
"""Pairs (first letter of a symbol, colour)."""


@dataclass(frozen=True)
class Params:
    """A derivation of the catalogue, what it is built from, and how it is printed."""

    slug: str
    arguments: tuple[object, ...] = ()
    colours: Colours = ()


@dataclass(frozen=True)
class Checked:
    """A step as it was checked.

    Attributes:
        latex: both sides with the relation that the check vouches for.
        difference: LaTeX of left minus right where the check failed, "" otherwise.
        kind: of check: definition, identity, series, limit, samples, core.
        seconds: that the check took.
    """

    latex: str
    why: str
    status: Status
    how: str
    kind: str
    difference: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """A derivation with its verdicts."""

    title: str
    holds: str
    source: str
    steps: tuple[Checked, ...]

    def count(self, status: Status) -> int:
        """How many of its steps have this verdict."""
        return sum(step.status == status for step in self.steps)


def entry(params: Params) -> Report:
    """A derivation of the catalogue, each step checked now."""
    return check(CATALOGUE[params.slug].build(*params.arguments), params.colours)


def check(derivation: Derivation, colours: Colours = ()) -> Report:
    """Check each step."""
    steps = tuple(check_step(step, colours) for step in derivation.steps)
    return Report(derivation.title, derivation.holds, derivation.source, steps)


def check_step(step: Step, colours: Colours = ()) -> Checked:
    """Check it, and print it."""
    start = perf_counter()
    verdict = step.verify()
    return Checked(
        step.printed(dict(colours)),
        step.why,
        verdict.status,
        verdict.how,
        step.check.kind,
        difference="" if verdict.difference is None else latex(verdict.difference, dict(colours)),
        seconds=perf_counter() - start,
    )
