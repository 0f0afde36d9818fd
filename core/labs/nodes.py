"""Back-propagation on a network of numbers: every node's value and gradient, and what a step of descent does."""

from dataclasses import dataclass

from core.derivations.nodes import BACKWARD, FORWARD, LEAVES, at_numbers, autograd
from core.labs.checked import Report, check

WEIGHTS = ("w_0", "b_0", "w_1", "b_1")
STEPS = len(FORWARD) + len(BACKWARD)
"""Of both passes together."""


@dataclass(frozen=True)
class Params:
    """Values of what is given, and whether the layers have skips."""

    residual: bool
    h_0: float
    w_0: float
    b_0: float
    w_1: float
    b_1: float
    y: float

    @property
    def leaves(self) -> dict[str, float]:
        """By name."""
        return {name: getattr(self, name) for name in LEAVES}


@dataclass(frozen=True)
class Run:
    """Both passes.

    Attributes:
        values: of every node.
        gradients: of the nodes that have one (all but y and L), by torch.
        report: each of them by the chain rule, held against torch's.
    """

    params: Params
    values: dict[str, float]
    gradients: dict[str, float]
    report: Report


def run(params: Params) -> Run:
    """Forward, backward, and the check at these numbers."""
    values, gradients = autograd(params.residual, params.leaves)
    return Run(params, values, gradients, check(at_numbers(params.residual, params.leaves)))


@dataclass(frozen=True)
class Descent:
    """A step against the gradient of weights and biases.

    Attributes:
        moved: the new weights and biases.
        before, after: the loss.
        predicted: its change by the gradient alone: minus the rate times the squared length of the gradient.
    """

    rate: float
    moved: dict[str, float]
    before: float
    after: float
    predicted: float


def descend(params: Params, rate: float) -> Descent:
    """One step of gradient descent."""
    values, gradients = autograd(params.residual, params.leaves)
    moved = {name: params.leaves[name] - rate * gradients[name] for name in WEIGHTS}
    after, _ = autograd(params.residual, params.leaves | moved)
    return Descent(rate, moved, values["L"], after["L"], -rate * sum(gradients[name] ** 2 for name in WEIGHTS))


@dataclass(frozen=True)
class View:
    """Both passes, uncovered up to a step; 0 shows only what is given."""

    run: Run
    step: int


def view(params: Params, step: int) -> View:
    """Nodes as a learner has uncovered them."""
    return View(run(params), step)
