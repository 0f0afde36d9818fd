"""What keeps a training from taking the machine: one thread, and limits on an iteration's time and a picture's."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

LONGEST = 1.0
"""Seconds that one iteration may compute: the training shares its thread with other sessions."""
LONGEST_DRAWN = 0.4
"""Seconds that the solve over the whole interval may compute."""
MOST_FIXED = 4000
"""Evaluations of that solve by a method with fixed steps, whose steps grow where more would be needed."""


class OutOfTimeError(RuntimeError):
    """An iteration computed for too long."""


@dataclass(eq=False)
class Budget:
    """A field's forward hook that ends what takes too long.

    It counts the thread's own seconds, so that a busy machine changes no training.
    """

    until: float = math.inf

    def __call__(self, module: nn.Module, given: tuple) -> None:
        """Called before each evaluation.

        Raises:
            OutOfTimeError: the time is over.
        """
        if time.thread_time() > self.until:
            raise OutOfTimeError


@contextmanager
def one_thread() -> Iterator[None]:
    """Small matrices: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
