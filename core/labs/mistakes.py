"""Statements that are often read and are wrong or loose, with what is true, and computations that settle them.

By theme: `mistakes_adjoint` and `mistakes_batch`, `mistakes_equations`, `mistakes_networks`, `mistakes_solvers`,
`mistakes_convolution`, `mistakes_gradcam`; `mistakes_data` says what a mistake is, `mistakes_quiz` asks for them.
"""

from core.labs import (
    mistakes_adjoint,
    mistakes_batch,
    mistakes_convolution,
    mistakes_equations,
    mistakes_gradcam,
    mistakes_networks,
    mistakes_solvers,
)
from core.labs.mistakes_data import Mistake, Settled

MISTAKES: tuple[Mistake, ...] = (
    *mistakes_adjoint.MISTAKES,
    *mistakes_batch.MISTAKES,
    *mistakes_equations.MISTAKES,
    *mistakes_networks.MISTAKES,
    *mistakes_solvers.MISTAKES,
    *mistakes_convolution.MISTAKES,
    *mistakes_gradcam.MISTAKES,
)
"""In the order in which a page lists and numbers them, theme by theme."""

THEMES: tuple[str, ...] = tuple(dict.fromkeys(mistake.theme for mistake in MISTAKES))


def of_theme(theme: str) -> tuple[int, ...]:
    """Numbers of a theme's statements; the first of all is 1."""
    return tuple(number for number, mistake in enumerate(MISTAKES, 1) if mistake.theme == theme)


def settle(number: int, value: float) -> Settled:
    """What settles a statement, at a value of its control; one beyond its bounds is taken to the nearest."""
    mistake = MISTAKES[number - 1]
    control = mistake.control
    return mistake.settle(min(max(value, control.low), control.high))
