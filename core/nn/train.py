"""Training that can be watched: what it must offer, and how it is cut into short chunks.

A long training never runs in one go. Whoever drives it (a page's worker, a test, a script) calls `chunk`
again and again; between two chunks it can show progress, pause, apply new settings or stop. How the work
is cut changes nothing about its result: all that it depends on is inside the work, its random numbers too.

    >>> class Halving:
    ...     done, total, value = 0, 20, 1.0
    ...     def step(self):
    ...         self.value, self.done = self.value / 2, self.done + 1
    ...     def snapshot(self):
    ...         return self.value
    >>> work = Halving()
    >>> seconds = chunk(work)
    >>> work.done, work.snapshot() == 2**-20
    (20, True)
"""

import time
from dataclasses import dataclass
from math import exp
from typing import Any, Protocol


class Work(Protocol):
    """A training in progress. Not thread-safe: one thread at a time calls its methods.

    `make` functions build it, seeded by a local `torch.Generator`; the same seed and the same settings then
    give the same result, however the steps are spread over chunks, pauses and threads.
    """

    done: int
    """Iterations so far; `step` counts itself."""
    total: int
    """Iterations wanted; may be raised later."""

    def step(self) -> None:
        """One iteration, a few to at most some 50 ms. Any exception ends the training."""
        ...

    def snapshot(self) -> Any:
        """What there is to draw, frozen (NumPy arrays and numbers), in at most some 50 ms."""
        ...


def chunk(work: Work, budget: float = 0.1) -> float:
    """Steps until `budget` is used up or the work is done; at least one step while any is left.

    A step is begun only if one as long as the longest so far would end within the budget.

    Args:
        work: what is trained.
        budget: seconds.

    Returns:
        Seconds used; 0 or little more where nothing was left to do.

    Raises:
        RuntimeError: `step` did not count itself in `done`, so that the work would never end.
        Exception: whatever `step` raises.
    """
    start = now = time.perf_counter()
    longest = 0.0
    while work.done < work.total and now - start + longest <= budget:
        before, began = work.done, now
        work.step()
        if work.done <= before:
            raise RuntimeError(f"step() must add to `done`; it was {before} before and {work.done} after")
        now = time.perf_counter()
        longest = max(longest, now - began)
    return now - start


@dataclass
class Pace:
    """How fast a training is lately: iterations can grow slower while a network learns.

    >>> pace = Pace()
    >>> pace.left(10)
    >>> pace.count(seconds=2.0, iterations=4)
    >>> pace.left(10)
    5.0
    """

    memory: float = 3.0
    """Seconds after which what was counted has lost most of its weight."""
    spent: float = 0.0
    """Seconds of training in all."""
    each: float | None = None
    """Seconds per iteration, None before the first."""
    _recent: tuple[float, float] = (0.0, 0.0)

    def count(self, seconds: float, iterations: int) -> None:
        """Take `iterations` that took `seconds` into account.

        Both are summed before they are divided: a first iteration that took long, as the first of a process does, then
        counts as one of many.
        """
        self.spent += seconds
        if iterations:
            keep = exp(-seconds / self.memory)
            self._recent = (self._recent[0] * keep + seconds, self._recent[1] * keep + iterations)
            self.each = self._recent[0] / self._recent[1]

    def left(self, iterations: int) -> float | None:
        """Seconds that so many iterations will take; None before the first measurement."""
        return None if self.each is None else self.each * max(iterations, 0)
