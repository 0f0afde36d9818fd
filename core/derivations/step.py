r"""One step of a derivation, and derivations.

The sides of a step are kept apart, because `sympy.Eq(x + x, 2*x)` collapses to True and nothing would be left to print.
The check chooses the printed relation, so a page cannot claim more than was checked: a definition prints ``:=`` and
gets no tick, a series prints its :math:`O(h^n)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from core.derivations.deadline import OutOfTime, within

Side: TypeAlias = Any
"""An expression of sympy: a number, or a matrix, explicit or made of `MatrixSymbol`s whose entries the check is given.

Any, because sympy's annotations promise no more than `Basic` for what its methods return.
"""

Status = Literal["defined", "proved", "sampled", "failed", "undecided"]

SECONDS = 10.0
"""What one step may take, CPU and waiting together, before it counts as undecided."""


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    status: Status
    how: str
    """How it was decided, in words."""
    difference: Side | None = None
    """Left side minus right side, simplified, where the check came that far and it is not zero."""


class Check(Protocol):
    """A way to decide a step, and the relation it may print."""

    @property
    def kind(self) -> str:
        """What kind of check this is, in a word."""
        ...

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Decide it."""
        ...

    def latex(self, lhs: str, rhs: str) -> str:
        """Both sides, already printed, with the relation that this check can vouch for."""
        ...


@dataclass(frozen=True)
class Step:
    """`lhs` and `rhs` belong together as `check` says, because of `why`.

    >>> from sympy import sin, symbols
    >>> from core.derivations import Identity, Series
    >>> x, h = symbols("x h")
    >>> Step(x + x, 2 * x, "like terms", Identity()).verify().status
    'proved'
    >>> wrong = Step(sin(h), h - h**2, "Taylor", Series(h, 3)).verify()
    >>> wrong.status, wrong.difference
    ('failed', h**2)
    """

    lhs: Side
    rhs: Side
    why: str
    """The reason, as Markdown."""
    check: Check

    def verify(self, seconds: float = SECONDS) -> Verdict:
        """Run the check; "undecided" if it takes longer than this."""
        try:
            return within(seconds, lambda: self.check.verdict(self.lhs, self.rhs))
        except OutOfTime:
            return Verdict("undecided", f"sympy found no answer within {seconds:g} s")

    @property
    def latex(self) -> str:
        """The step as it was checked."""
        return self.printed()

    def printed(self, colours: Mapping[str, str] | None = None) -> str:
        """The step as it was checked, in LaTeX.

        Args:
            colours: first letter of a symbol ("theta" for that one) -> its colour, as #rrggbb.
        """
        from core.derivations.printing import latex  # it imports nothing of here; a page that only counts skips it

        return self.check.latex(latex(self.lhs, colours), latex(self.rhs, colours))


@dataclass(frozen=True)
class Derivation:
    """Steps that lead to a result; the last is the result.

    Attributes:
        title: what is derived, in a few words.
        holds: for what it was checked, in a sentence: which dimensions, functions, numbers.
        source: paper and section.
    """

    title: str
    holds: str
    source: str
    steps: tuple[Step, ...]
