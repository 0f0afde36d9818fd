"""The adjoint lesson's figures hold what its runs computed."""

import numpy as np
import pytest

from core.figures import adjoint as figures
from core.figures.scene import Dots, Line, Scene
from core.labs import adjoint_nudge
from core.labs.adjoint import Run
from core.labs.adjoint_nudge import Nudge, View
from tests.labs.test_adjoint import solved


@pytest.fixture(scope="module")
def run() -> Run:
    return solved("forced")


@pytest.fixture(scope="module")
def nudge(run: Run) -> Nudge:
    found = adjoint_nudge.nudge(run, 0.1, 45)
    assert isinstance(found, Nudge)
    return found


def lines(scene: Scene, name: str) -> list[Line]:
    return [layer for layer in scene.layers if isinstance(layer, Line) and layer.name == name]


def dots(scene: Scene, name: str) -> list[Dots]:
    return [layer for layer in scene.layers if isinstance(layer, Dots) and layer.name == name]


def test_arrows_are_the_adjoint_at_the_frames_times(run: Run):
    plane, over_time = figures.plane_scenes(View(run, "start"))
    clock = figures.backwards_frames(run)
    assert clock.frames[0] == f"t = {run.params.t1:.2f}"
    assert clock.frames[-1] == "t = 0.00"
    arrows = lines(plane, "a(t), transposed")
    assert [arrow.frame for arrow in arrows] == list(range(len(clock.frames)))
    size = figures.scale(run)
    for arrow, i in zip(arrows, figures.frames(run), strict=True):
        tail, tip = arrow.points[-6:-4]  # the last one is where the clock stands
        np.testing.assert_allclose(tail, run.forward[i])
        np.testing.assert_allclose(tip - tail, size * run.a[i])
    np.testing.assert_array_equal(lines(plane, "solution z(t)")[0].points, run.forward)
    np.testing.assert_array_equal(lines(over_time, "a2")[0].points[:, 1], run.a[:, 1])
    assert f"{run.a[-1, 0]:.3g}" in plane.alt
    assert f"{run.loss:.3g}" in plane.alt


def test_the_handle_is_what_was_chosen(run: Run):
    assert figures.plane_scenes(View(run, "start"))[0].handle == run.params.start
    scene = figures.plane_scenes(View(run, "target"))[0]
    assert (scene.handle, scene.handle_name) == (run.params.target, "target")


def test_the_moved_start_and_its_product(nudge: Nudge):
    plane, product = figures.plane_scenes(View(nudge.run, "start", nudge))
    np.testing.assert_array_equal(lines(plane, "from the moved start")[0].points, nudge.path)
    np.testing.assert_array_equal(lines(product, "a(t) times the gap")[0].points[:, 1], nudge.product)
    assert set(lines(product, "change of L, measured")[0].points[:, 1]) == {nudge.change}
    assert product.y.low < min(nudge.product.min(), 0)
    assert product.y.high > nudge.product.max()
    assert f"{nudge.change:.3g}" in product.alt


def test_blocks_run_backwards_and_land_on_the_gradients(run: Run):
    clock = figures.backwards_clock(run)
    assert (clock.low, clock.high) == (run.params.t1, 0.0)
    scenes = figures.block_scenes(run)
    blocks = [run.z, run.a, run.a_theta, run.a_t[:, None]]
    ends = [run.params.start, run.direct.z0, run.direct.theta, [run.direct.t0]]
    for scene, block, end in zip(scenes, blocks, ends, strict=True):
        curves = [layer for layer in scene.layers if isinstance(layer, Line)]
        for curve, values in zip(curves, block.T, strict=True):
            np.testing.assert_array_equal(curve.points[:, 1], values)
            assert curve.times is not None
            assert curve.times[0] == run.params.t1
            assert curve.times[-1] == 0.0
        (landing,) = [layer for layer in scene.layers if isinstance(layer, Dots)]
        np.testing.assert_array_equal(landing.points[:, 1], end)
        assert scene.y.low < block.min() <= block.max() < scene.y.high
        assert f"{block[-1, 0]:.3g}" in scene.alt
        styles = [(curve.colour, curve.dashed, curve.width) for curve in curves]
        assert len({style[1:] for style in styles}) == len(styles)  # not told apart by colour alone


def test_without_parameters_there_is_no_panel_for_them():
    assert len(figures.block_scenes(solved("own", formulas=("z2", "-z1"), values=()))) == 3
