"""One iteration of a training, with all its numbers: the worked example."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.labs.learning import Training, gradient_norm
from core.labs.learning_bounds import one_thread
from core.labs.learning_problem import Problem, Settings
from core.ode import SolverError


@dataclass(frozen=True, eq=False)
class Iteration:
    """One iteration, with its numbers."""

    batch_size: int
    batch_time: int
    begins: float
    """Time of the first piece's first point."""
    start: Float[np.ndarray, " size"]
    target: Float[np.ndarray, " size"]
    predicted: Float[np.ndarray, " size"]
    """The first piece's first point, its last, and what the network makes of the first."""
    forward: int
    backward: int
    loss: float
    norm: float
    moved: float
    """Euclidean length of the step that the optimiser took."""
    after: float
    """Loss of the same batch after it."""


def first_iteration(problem: Problem, settings: Settings) -> Iteration | None:
    """The first iteration of the spiral's training, with the numbers on its way; None where it fails."""
    with one_thread():
        work = Training(problem, settings)
        random, before = work.generator.get_state(), [p.detach().clone() for p in work.field.parameters()]
        times, values = work.batch()
        try:
            with torch.no_grad():
                predicted = work.predict(times, values[0])
        except SolverError:
            return None
        work.generator.set_state(random)  # the training draws the same batch
        work.step()
        if work.trouble:
            return None
        try:
            with torch.no_grad():
                after = work.predict(times, values[0])
        except SolverError:
            return None
        moves = [(p.detach() - b).norm() for p, b in zip(work.field.parameters(), before, strict=True)]
    return Iteration(
        batch_size=settings.batch_size,
        batch_time=len(times),
        begins=float(times[0, 0]),
        start=values[0, 0].numpy(),
        target=values[-1, 0].numpy(),
        predicted=predicted[-1, 0].numpy(),
        forward=work.forward[0],
        backward=work.backward[0],
        loss=work.losses[0],
        norm=float(gradient_norm(work.field)),
        moved=float(torch.stack(moves).norm()),
        after=float((after - values).abs().mean()),
    )
