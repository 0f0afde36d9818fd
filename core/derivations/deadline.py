"""An end for computations that may never end, such as a simplification by sympy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any


class OutOfTime(BaseException):
    """The time is used up. Not an `Exception`: sympy catches those on its way."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` at the first call of a function after so many seconds, in this thread alone.

    The clock is looked at by Python's profiler hook, so that it works in every thread and nothing is left running.
    A single call into C is not interrupted.
    """
    end = monotonic() + seconds
    before = sys.getprofile()

    def look(frame: FrameType, event: Any, argument: object) -> None:
        if before is not None:  # an outer deadline, or a profiler
            before(frame, event, argument)
        if event == "call" and monotonic() > end:
            raise OutOfTime

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
