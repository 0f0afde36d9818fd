"""The scenes of a training hold its numbers."""

from dataclasses import replace

import numpy as np
import pytest

from core.figures import learning as figures
from core.figures.scene import Arrows, Dots, Layer, Line
from core.labs import measurements
from core.labs.learning import Progress, Training
from core.labs.learning_problem import Problem, Settings
from core.labs.measurements import Measurements


def progress(own: Measurements | None = None, steps: int = 3, noise: float = 0.0) -> Progress:
    work = Training(Problem(noise), Settings(iterations=10), own)
    for _ in range(steps):
        work.step()
    return work.snapshot()


def points(layer: Layer) -> np.ndarray:
    assert isinstance(layer, Line)
    return layer.points


def test_the_phase_plane_holds_both_trajectories_and_both_fields():
    seen = progress()
    phase, *series = figures.states(seen)
    true, learned = (layer for layer in phase.layers if isinstance(layer, Line))
    np.testing.assert_array_equal(true.points, seen.measured)
    np.testing.assert_array_equal(learned.points, seen.learned)
    assert learned.times is not None
    one, two = (layer for layer in phase.layers if isinstance(layer, Arrows))
    for arrows, slopes in ((one, seen.true_arrows), (two, seen.arrows)):
        np.testing.assert_array_equal(arrows.points, seen.places)
        cross = arrows.vectors[:, 0] * slopes[:, 1] - arrows.vectors[:, 1] * slopes[:, 0]
        np.testing.assert_allclose(cross, 0, atol=1e-12)
        assert (np.sum(arrows.vectors * slopes, axis=1) >= 0).all()
    np.testing.assert_array_equal(points(series[1].layers[-1]), np.column_stack([seen.times, seen.learned[:, 1]]))
    assert f"{seen.error:.3g}" in phase.alt


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_one_two_and_three_columns(columns: int):
    times = np.linspace(0, 5, 30)
    values = np.column_stack([np.exp(-times), np.cos(times), np.sin(times)])[:, :columns]
    own = Measurements("t", ("a", "b", "c")[:columns], times, values, "digest", ",", has_names=True)
    scenes = figures.states(progress(own))
    assert len(scenes) == {1: 2, 2: 4, 3: 4}[columns]
    assert [scene.z is not None for scene in scenes] == [columns == 3] + [False] * (len(scenes) - 1)
    assert (scenes[-1].title == "Distance over time") == (columns < 3)
    assert {scene.x.title for scene in scenes[1:]} == {"t"}


def test_the_distance_over_time_is_that_of_the_points():
    seen = progress(measurements.example())
    *_, scene = figures.states(seen)
    gaps = np.linalg.norm((seen.learned - seen.measured) / seen.data.spread, axis=1)
    assert gaps[0] == 0
    np.testing.assert_allclose(points(scene.layers[0]), np.column_stack([seen.times, gaps])[1:])
    assert scene.y.log
    assert scene.y.high >= gaps.max()
    assert f"{gaps.max():.3g} at most" in scene.alt


def test_a_distance_of_0_everywhere_is_drawn():
    seen = replace(progress(), learned=progress().measured)
    *_, scene = figures.states(seen)
    assert len(points(scene.layers[0])) == 0
    assert 0 < scene.y.low < scene.y.high


def test_points_lie_on_the_learned_line():
    kinds = [type(layer) for layer in figures.states(progress(measurements.example()))[1].layers]
    assert kinds == [Line, Dots, Dots]


def test_held_out_points_are_marked():
    seen = progress(measurements.example())
    fitted, held = (layer for layer in figures.states(seen)[0].layers if isinstance(layer, Dots))
    np.testing.assert_array_equal(fitted.points, seen.measured[: seen.data.fitted])
    np.testing.assert_array_equal(held.points, seen.measured[seen.data.fitted :])
    assert held.symbol == "ring"


def test_noisy_points_are_dots():
    assert any(isinstance(layer, Dots) for layer in figures.states(progress(noise=0.1))[0].layers)


def test_loss_and_evaluations_over_the_iterations():
    seen = progress()
    loss, counts = figures.curves(seen)
    np.testing.assert_array_equal(points(loss.layers[0]), np.column_stack([[1, 2, 3], seen.losses]))
    assert loss.y.log
    assert loss.y.low <= seen.losses.min() <= seen.losses.max() <= loss.y.high
    np.testing.assert_array_equal(points(counts.layers[1])[:, 1], seen.forward)
    np.testing.assert_array_equal(points(counts.layers[0]), seen.watched)


def test_before_the_first_iteration_the_axes_stand():
    loss, counts = figures.curves(progress(steps=0))
    assert len(points(loss.layers[0])) == 0
    assert loss.x.high == 10
    assert counts.y.low < counts.y.high
