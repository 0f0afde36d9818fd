"""Experiments in pieces, so that who waits for them sees how far they are, and may stop them between two."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]
"""(work, *arguments) -> what the work returns; where results are kept it may come from there."""


def at_once(work: Callable[..., Any], *arguments: object) -> Any:
    """Just do it."""
    return work(*arguments)
