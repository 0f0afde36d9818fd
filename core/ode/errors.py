"""What the solvers raise and warn: each says what happened, where, and what to try."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch


class SolverError(RuntimeError):
    """A solve that could not go on.

    Attributes:
        t: the time that was reached, in the units of `t`.
        h: the step tried there; None where there was none.
        partial: from `solve`, the `Solution` up to there; None from elsewhere.
    """

    def __init__(self, message: str, *, t: float, h: float | None = None) -> None:
        super().__init__(message)
        self.t = t
        self.h = h
        self.partial: object | None = None


class NonFiniteError(SolverError):
    """The field, or the state, became NaN or infinite."""


class StepUnderflowError(SolverError):
    """The error control asks for steps that time can no longer resolve, or that `min_step` forbids."""


class MaxStepsError(SolverError):
    """More steps than allowed."""


class EventNotFoundError(SolverError):
    """The event function kept its sign."""


class NewtonError(SolverError):
    """Newton's iteration for the stages of an implicit step did not converge."""


class SolverWarning(UserWarning):
    """The result may be poor: the message says why and what to set."""


def warn(message: str) -> None:
    """A `SolverWarning` at the line that called into this package."""
    passed_over = (str(Path(__file__).parent), str(Path(torch.__file__).parent))  # an autograd.Function lies between
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(passed_over):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, SolverWarning, stacklevel=level)
