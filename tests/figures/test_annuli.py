"""The figures of disc and ring hold what the training kept."""

from dataclasses import replace

import numpy as np
import pytest

from core.figures import annuli as figures
from core.figures.scene import Dots, Line, Shade
from core.labs.annuli import SHOWN, Annuli, Params, Snapshot, untrained


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    work = Annuli(Params((2,), 5, augment=1))
    for _ in range(10):
        work.step()
    return work.snapshot()


def test_points_flow_as_they_did(snapshot: Snapshot):
    plain, augmented = snapshot.runs
    scenes = figures.flow_scenes(plain, augmented)
    for scene, run, dims in zip(scenes, (plain, augmented, augmented), (2, 2, 3), strict=True):
        assert (scene.z is not None) == (dims == 3)
        ways = [layer for layer in scene.layers if isinstance(layer, Line) and layer.times is not None]
        assert [way.name for way in ways] == ["disc", "ring"]
        path = run.picture.path[..., :dims]
        for way, part in zip(ways, (path[:, :SHOWN], path[:, SHOWN:]), strict=True):
            points = way.points.reshape(SHOWN, len(path) + 1, dims)
            np.testing.assert_array_equal(points[:, :-1].transpose(1, 0, 2), part)
            assert way.times is not None
            np.testing.assert_allclose(way.times[: len(path)], np.linspace(0, 1, len(path)))
        assert np.abs(path).max() <= scene.x.high
        assert f"{run.picture.accuracy:.1%}" in scene.alt


def test_the_heads_border_has_score_zero(snapshot: Snapshot):
    seen = snapshot.runs[0].picture
    for bias in (seen.bias, 0.0):
        ends = figures.border(seen.weights, bias, 5.0)
        assert ends.shape == (2, 2)
        np.testing.assert_allclose(ends @ seen.weights + bias, 0, atol=1e-5)
        assert np.abs(ends).max() <= 5.0 + 1e-6
    assert figures.border(np.array([1.0, 0.0]), -9.0, 5.0).shape == (0, 2)
    np.testing.assert_allclose(figures.border(np.array([0.0, 2.0]), -2.0, 5.0), [[-5, 1], [5, 1]])
    assert figures.border(np.zeros(2), 0.0, 5.0).shape == (0, 2)


def test_the_plane_is_shaded_by_the_probability(snapshot: Snapshot):
    for scene, run in zip(figures.border_scenes(*snapshot.runs), snapshot.runs, strict=True):
        shade, disc, ring = scene.layers
        assert isinstance(shade, Shade)
        np.testing.assert_array_equal(shade.values, run.picture.grid)
        assert isinstance(disc, Dots)
        assert isinstance(ring, Dots)
        assert disc.symbol != ring.symbol
        assert np.linalg.norm(disc.points, axis=1).max() < 0.5 < 1 < np.linalg.norm(ring.points, axis=1).min()


def test_curves_of_the_training(snapshot: Snapshot):
    loss, nfe = figures.training_scenes(snapshot, 2)
    for layer, run in zip(nfe.layers, snapshot.runs, strict=True):
        assert isinstance(layer, Line)
        np.testing.assert_array_equal(layer.points[:, 1], run.nfe)
    for layer, run in zip(loss.layers, snapshot.runs, strict=True):
        assert isinstance(layer, Line)
        np.testing.assert_allclose(layer.points[-1, 1], run.losses.mean())  # fewer batches than the mean's window
    assert f"{snapshot.runs[0].nfe[-1]} in the end" in nfe.alt


def test_a_training_that_went_on_stays_inside_its_axes():
    work = Annuli(Params((2,), 5, augment=1))
    for _ in range(2 * 12):
        work.step()
    loss, nfe = figures.training_scenes(work.snapshot(), 2)
    assert loss.x.high == nfe.x.high == 15
    for layer in (*loss.layers, *nfe.layers):
        assert isinstance(layer, Line)
        assert layer.points[-1, 0] == 12


def test_no_curve_leaves_the_axis_of_evaluations(snapshot: Snapshot):
    run = replace(snapshot.runs[0], nfe=np.array([14, 1000]))
    _, nfe = figures.training_scenes(Snapshot(snapshot.params, (run,)), 2)
    assert nfe.y.high >= 1000


def test_the_classes_differ_by_more_than_colour(snapshot: Snapshot):
    for scene in figures.flow_scenes(*snapshot.runs):
        ways = [layer for layer in scene.layers if isinstance(layer, Line) and layer.times is not None]
        assert [way.dashed for way in ways] == [False, True]


def test_nothing_trained_yet_is_drawn_too():
    first = untrained(Params((1,), 100))
    for scene in (*figures.flow_scenes(*first.runs), *figures.border_scenes(*first.runs)):
        assert scene.alt
    for scene in figures.training_scenes(first, 1):
        assert not scene.layers
