"""What is said of a fit is what its numbers are."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.labs.learning import Progress, untrained
from core.labs.learning_problem import Problem, Settings
from core.labs.learning_words import EVERYWHERE, NEVER, PHASE, START, fit_verdict, shape_distance

SHORT = Settings(iterations=60)


def verdict(seen: Progress) -> str | None:
    return fit_verdict(seen, shape_distance(seen))


def drawn(learned: Callable[[np.ndarray], np.ndarray], noise: float = 0.0) -> Progress:
    """The spiral, and as learned what a function makes of its indices."""
    seen = untrained(Problem(noise), SHORT)
    return replace(seen, learned=learned(np.arange(1000.0)))


def test_what_a_fit_is_said_to_be():
    times = np.linspace(0, 25, 1000)
    curve = untrained(Problem(), SHORT).measured

    def at(places: np.ndarray) -> np.ndarray:
        return np.column_stack([np.interp(places, times, curve[:, i]) for i in range(2)])

    late = drawn(lambda _: at(times * 0.97))
    assert verdict(late) == PHASE
    shape = shape_distance(late)
    assert shape is not None
    assert shape < 1e-3 < late.distances.mean()
    assert verdict(drawn(lambda _: curve + 5)) == NEVER
    away = np.column_stack([times / 25, times / 25]) ** 4
    assert verdict(drawn(lambda _: curve + away, noise=0.1)) == START
    assert verdict(drawn(lambda _: curve + 0.2, noise=0.1)) == EVERYWHERE
    small = replace(drawn(lambda _: curve + away / 100), noisy=True)
    assert verdict(small) == EVERYWHERE  # far better at the start, and everywhere good
    assert shape_distance(drawn(lambda _: curve, noise=0.1)) is None


def test_the_way_to_the_curve_is_to_its_nearest_place():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    off = np.array([[0.5, 0.2], [1.3, 0.5], [-0.4, -0.3]])
    seen = replace(untrained(Problem(), SHORT), measured=square, learned=off)
    assert shape_distance(seen) == pytest.approx((0.2 + 0.3 + 0.5) / 3)
