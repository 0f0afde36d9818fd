"""The figures of the solver lab hold the labs' numbers."""

import numpy as np
import pytest

from core.figures.scene import Dots, Line, Scene, Shade
from core.figures.solvers import (
    motion_clock,
    motion_scene,
    order_alt,
    order_chart,
    step_scenes,
    work_alt,
    work_chart,
)
from core.figures.stability import plane, run_scene
from core.figures.stiffness import stiff_scenes, sweep_alt, sweep_chart
from core.labs import adaptive_steps, solvers, stability, stiffness


def layer(scene: Scene, kind: type[Line | Dots], name: str) -> Line | Dots:
    return next(one for one in scene.layers if isinstance(one, kind) and one.name == name)


def test_the_order_chart_holds_the_errors():
    result = solvers.study_order(solvers.OrderParams("decay", ("euler", "rk4"), 4, False, False))
    traces = order_chart(result).to_dict()["data"]
    for trace, curve in zip(traces, result.curves, strict=False):
        np.testing.assert_array_equal(trace["x"], curve.h)
        np.testing.assert_array_equal(trace["y"], curve.errors)
        assert [not mark.endswith("-open") for mark in trace["marker"]["symbol"]] == curve.used.tolist()
        assert f"{curve.slope:.2f}" in trace["name"]
        assert f"{curve.slope:.2f}" in order_alt(result)
    assert traces[-1]["y"] == [result.floor] * 2


def test_the_work_chart_holds_the_errors():
    result = solvers.study_work(solvers.WorkParams("decay", ("euler", "dopri5")))
    for trace, work in zip(work_chart(result).to_dict()["data"], result.works, strict=True):
        np.testing.assert_array_equal(trace["x"], work.nfe)
        np.testing.assert_array_equal(trace["y"], work.errors)
        assert str(work.nfe[-1]) in work_alt(result)


def test_the_moving_picture_has_a_frame_for_each_step_size():
    motion = solvers.approach(solvers.MotionParams("forced", ("euler", "dopri5")))
    lines = [one for one in motion_scene(motion).layers if isinstance(one, Line) and one.frame is not None]
    assert len(motion_clock(motion).frames) == len(motion.runs) == 4
    for one, points in zip(lines, (points for runs in motion.runs for points in runs), strict=True):
        np.testing.assert_array_equal(one.points, points)


def test_the_steps_are_those_of_the_run():
    result = adaptive_steps.run(adaptive_steps.Params("vdp", "dopri5", -4))
    solution, sizes, ratios, errors = step_scenes(result)
    np.testing.assert_array_equal(layer(solution, Dots, "accepted").points[:, 1], result.z)
    np.testing.assert_array_equal(layer(sizes, Dots, "accepted").points[:, 1], result.sizes)
    np.testing.assert_array_equal(layer(sizes, Dots, "rejected").points, result.rejections[:, :2])
    assert len(layer(ratios, Dots, "rejected").points) == len(result.rejections)
    np.testing.assert_array_equal(layer(errors, Line, "global error").points[:, 1], result.errors[1:])
    assert f"{len(result.rejections)} rejected" in solution.alt
    assert sizes.y.low <= result.sizes.min() <= result.sizes.max() <= sizes.y.high


def test_the_plane_shades_the_first_method_and_outlines_all():
    regions = [stability.region(name) for name in ("euler", "rk4_classic")]
    run = stability.run_test(stability.TestRunParams("euler", -1.5, 0.5))
    scene = plane(regions, run)
    shade = scene.layers[0]
    assert isinstance(shade, Shade)
    np.testing.assert_array_equal(shade.values, regions[0].growth)
    for one in regions:
        np.testing.assert_array_equal(layer(scene, Line, one.method).points, one.outline)
    assert scene.handle == (-1.5, 0.5)
    assert "2.785" in scene.alt
    beside = run_scene(run)
    np.testing.assert_array_equal(layer(beside, Dots, "solver").points[:, 1], run.states[:, 0])


@pytest.mark.parametrize(("re", "im"), [(5.0, 6.0), (-7.0, -6.0), (1.0, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("method", ["dopri8", "implicit_euler"])
def test_runs_at_the_ends_of_the_plane_have_finite_pictures(method: str, re: float, im: float):
    scene = run_scene(stability.run_test(stability.TestRunParams(method, re, im)))
    assert -50 < scene.y.low < scene.y.high < 50


def test_the_stiff_steps_are_those_of_the_runs():
    result = stiffness.run(stiffness.Params("cosine", 100.0))
    solution, sizes = stiff_scenes(result, 3.3)
    for one in result.runs:
        np.testing.assert_array_equal(layer(solution, Dots, one.method).points, one.points)
        np.testing.assert_array_equal(layer(sizes, Dots, one.method).points[:, 1], one.sizes)
        assert f"{one.method} {one.accepted} steps" in solution.alt


def test_the_sweep_marks_what_gave_up():
    sweep = stiffness.sweep("cosine")
    explicit = sweep_chart(sweep).to_dict()["data"][0]
    assert list(explicit["y"]) == [result.runs[0].accepted for result in sweep.results]
    assert explicit["marker"]["symbol"][-1] == "circle-open"
    assert "gave up" in sweep_alt(sweep)
