"""The figures of layers hold what the labs measured."""

import numpy as np
import pytest

from core.figures import layers as figures
from core.figures import layers_depth
from core.figures.scene import Dots, Line, Scene, Shade
from core.labs.clouds import CloudParams, place
from core.labs.depth_gradients import DEPTHS, SEEDS, Gradients, measure
from core.labs.depth_gradients import Params as DepthParams
from core.labs.layers import ALONG, LINES, Params, Snapshot, Training


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    work = Training(Params(layers=4, iterations=5))
    for _ in range(5):
        work.step()
    return work.snapshot()


def of_frame(scene: Scene, frame: int) -> list[Line | Dots]:
    return [layer for layer in scene.layers if isinstance(layer, Line | Dots) and layer.frame == frame]


@pytest.mark.parametrize("layers", [2, 8, 16, 32, 64])
def test_frames_lead_from_the_input_to_the_last_state(layers: int):
    times = figures.flow_times(layers)
    assert times[0] == (0, 0.0)
    assert times[-1] == (layers, 0.0)
    assert times == sorted(times)
    assert len(times) <= 33
    labels = figures.flow_clock(layers).frames
    assert len(labels) == len(times)
    whole = [label for label, (_, part) in zip(labels, times, strict=True) if not part]
    assert len(set(whole)) == len(whole)
    assert labels[-1] == f"h{layers}, after layer {layers} of {layers}"


def test_the_cloud_and_the_grid_flow_as_they_did(snapshot: Snapshot):
    times = figures.flow_times(4)
    for scene, run in zip(figures.flow_scenes(snapshot), snapshot.runs, strict=True):
        for t in range(5):
            grid, first, second, *_ = of_frame(scene, times.index((t, 0.0)))
            np.testing.assert_array_equal(np.concatenate([first.points, second.points]), run.path[t])
            assert len(first.points) == snapshot.split
            lines = grid.points.reshape(2 * LINES, ALONG + 1, 2)
            np.testing.assert_array_equal(lines[:, :-1], run.grid[t])
            assert np.isnan(lines[:, -1]).all()
        _, first, *_ = of_frame(scene, times.index((1, 0.5)))
        half = (run.path[1] + run.path[2])[: snapshot.split] / 2
        np.testing.assert_allclose(first.points, half, rtol=1e-5, atol=1e-7)
        assert np.abs(run.path).max() <= scene.x.high
        assert isinstance(first, Dots)
        border = of_frame(scene, len(times) - 1)[-1]
        np.testing.assert_allclose(border.points @ run.head + run.bias, 0, atol=1e-5)


def test_three_dimensions_stand_in_space():
    seen = Training(Params(width=3, layers=2)).snapshot()
    for scene in figures.flow_scenes(seen):
        assert scene.z is not None
        assert not any(layer.name == "the head's border" for layer in scene.layers if isinstance(layer, Line))


def test_the_plane_is_shaded_by_the_probability(snapshot: Snapshot):
    for scene, run in zip(figures.border_scenes(snapshot), snapshot.runs, strict=True):
        (shade,) = [layer for layer in scene.layers if isinstance(layer, Shade)]
        np.testing.assert_array_equal(shade.values, run.scores)
        assert f"{run.accuracy:.1%}" in scene.alt


def test_losses_and_gradients_are_those_measured(snapshot: Snapshot):
    loss, gradient = figures.training_scenes(snapshot)
    lines = [layer for layer in loss.layers if isinstance(layer, Line)]
    for line, run in zip(lines, snapshot.runs, strict=True):
        np.testing.assert_allclose(line.points[:, 1], [*run.losses, run.loss])
        assert line.dashed == run.residual
        assert f"{run.name} {run.loss:.3g}" in loss.alt
    assert (loss.y.low, loss.y.high) == (0.1, 1.0)  # no decades without a curve
    for line, run in zip([x for x in gradient.layers if isinstance(x, Line)], snapshot.runs, strict=True):
        np.testing.assert_allclose(line.points, np.stack([np.arange(5), run.gradients], axis=1))
        assert gradient.y.low <= run.gradients.min()


def test_a_vanished_gradient_keeps_its_axes():
    assert figures.decades(np.array([np.nan])) == (1e-3, 1.0)
    assert figures.decades(np.array([0.0])) == pytest.approx((1e-36, 1e-33))
    assert figures.decades(np.array([1e-90, 0.02])) == pytest.approx((1e-36, 0.1))
    assert figures.decades(np.array([0.02])) == pytest.approx((1e-4, 0.1))
    assert figures.decades(np.array([1e-9, 200.0])) == pytest.approx((1e-9, 1e3))


def test_placed_points_and_the_pen():
    placed = (place(1, 1, 0), place(-1, 0.4, 1), place(0, 0, 1))
    scene = figures.drawing_scene(placed, (0.5, -0.5))
    first, second = (layer for layer in scene.layers if isinstance(layer, Dots))
    assert first.points.tolist() == [[1, 1]]
    assert second.points.tolist() == [[-1, 0.4], [0, 0]]
    assert scene.handle == (0.5, -0.5)
    assert "1 of class 0 and 2 of class 1" in scene.alt
    assert figures.drawing_scene((), (0.0, 0.0)).layers


@pytest.fixture(scope="module")
def gradients() -> Gradients:
    return measure(DepthParams(CloudParams("circles")))


def test_the_way_back_has_a_frame_for_each_depth(gradients: Gradients):
    scene = layers_depth.depth_scenes(gradients)[0]
    assert layers_depth.depth_clock().frames == tuple(f"{depth} layers" for depth in DEPTHS)
    for frame, depth in enumerate(DEPTHS):
        seeds, middle, *_ = of_frame(scene, frame)
        found = gradients.plain.depths[frame].states
        curves = seeds.points.reshape(SEEDS, depth + 2, 2)[:, :-1]
        np.testing.assert_allclose(curves[..., 1], found)
        np.testing.assert_allclose(curves[0, :, 0], np.arange(depth + 1) / depth)
        np.testing.assert_allclose(middle.points[:, 1], np.median(found, axis=0))


def test_depth_charts_hold_all_seeds_and_medians(gradients: Gradients):
    _, first, singular = layers_depth.depth_scenes(gradients)
    for scene, names in ((first, ("first",)), (singular, ("largest", "smallest"))):
        always = [layer for layer in scene.layers if isinstance(layer, Line | Dots) and layer.frame is None]
        wanted = [(kind, name) for kind in gradients.kinds for name in names]
        for (kind, name), line, dots in zip(wanted, always[::2], always[1::2], strict=True):
            np.testing.assert_allclose(line.points[:, 1], kind.median(name))
            np.testing.assert_allclose(dots.points[:, 1], [v for depth in kind.depths for v in getattr(depth, name)])
            assert f"{kind.median(name)[-1]:.2g} with 64" in scene.alt
        assert scene.y.low <= min(kind.median(names[-1]).min() for kind in gradients.kinds)


def test_what_is_too_small_stands_at_the_edge():
    result = measure(DepthParams(width=16, gain=3.0))
    scene = layers_depth.depth_scenes(result)[2]
    lowest = min(layer.points[:, 1].min() for layer in scene.layers if isinstance(layer, Dots))
    assert lowest == scene.y.low == pytest.approx(figures.LEAST)
