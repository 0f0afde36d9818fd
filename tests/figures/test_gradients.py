"""The figures of the gradient lab hold the labs' numbers."""

import numpy as np
import pytest

from core.figures import gradient_failures as pictures
from core.figures import gradients as figures
from core.figures.scene import Dots, Line, Scene
from core.labs import gradient_failures as failing
from core.labs import gradient_memory as memory
from core.labs import gradient_meter as meter
from core.labs import gradient_steps as steps
from core.labs.gradients import Params


def line_of(scene: Scene, name: str) -> Line:
    return next(layer for layer in scene.layers if isinstance(layer, Line) and layer.name == name)


def test_the_steps_chart_holds_the_distances():
    sweep = steps.finer(Params("growth", "midpoint", 9, 2.0))
    data = figures.steps_chart(sweep).to_dict()["data"]
    for trace, values, slope in zip(data, (sweep.between, sweep.adjoint, sweep.direct), sweep.slopes, strict=True):
        np.testing.assert_array_equal(trace["x"], sweep.x)
        np.testing.assert_array_equal(trace["y"], values)
        assert f"slope {slope:.2f}" in trace["name"]
    assert f"{sweep.between[-1]:.2g}" in figures.steps_alt(sweep)


def test_an_empty_sweep_has_a_picture():
    none = np.empty(0)
    params = Params("growth", "dopri5", -4, 2.0)
    sweep = steps.Sweep(params, none, (), none, none, none, (None, None, None), 9)
    assert figures.steps_chart(sweep).to_dict()["data"][0]["x"] == []
    assert "No solve" in figures.steps_alt(sweep)


def test_the_v_holds_the_errors_and_marks_the_chosen_step():
    result = steps.differences(Params("growth", "rk4_classic", 9, 2.0, -3))
    central, one_sided, chosen = figures.differences_chart(result).to_dict()["data"]
    np.testing.assert_array_equal(central["y"], result.central)
    np.testing.assert_array_equal(one_sided["y"], result.one_sided)
    assert chosen["x"] == [1e-3, 1e-3]
    assert f"{result.central[result.best]:.1e}" in figures.differences_alt(result)


def test_the_memory_and_time_charts_hold_the_measurements():
    result = memory.measure(memory.Params("euler", 32))
    kept = figures.memory_chart(result).to_dict()["data"]
    times = figures.time_chart(result).to_dict()["data"]
    for i, growth in enumerate(result.growths):
        np.testing.assert_allclose(kept[2 * i]["y"], growth.kept / 1024**2)
        np.testing.assert_allclose(kept[2 * i + 1]["y"], growth.peak / 1024**2)
        np.testing.assert_allclose(times[i]["y"], 1000 * growth.seconds)
        assert f"{growth.kept[-1] / 1024:.0f} KiB" in figures.memory_alt(result)
        assert f"{1000 * growth.seconds[-1]:.0f} ms" in figures.time_alt(result)


@pytest.mark.parametrize("problem", ["growth", "pendulum"])
def test_the_meter_scenes_hold_the_reading(problem: str):
    reading = meter.watch(meter.Params(problem, -8, -4, 2.0))
    state, adjoint, product, stray = figures.meter_scenes(reading)
    np.testing.assert_array_equal(line_of(state, "z1 backwards").points[:, 1], reading.z[:, 0])
    np.testing.assert_array_equal(line_of(adjoint, "a1").points[:, 1], reading.a[:, 0])
    np.testing.assert_array_equal(line_of(product, "a f").points[:, 1], reading.product)
    assert np.abs(line_of(stray, "strays by").points[:, 1]).max() == pytest.approx(reading.drift)
    assert any(layer.name == "expected" for layer in product.layers if isinstance(layer, Line)) == (problem == "growth")
    assert f"{reading.drift:.1e}" in stray.alt
    clock = figures.meter_clock(reading)
    assert (clock.low, clock.high) == (2.0, 0.0)
    for scene in (state, adjoint, product, stray):
        assert scene.y.low < scene.y.high


def test_the_drift_chart_holds_the_drifts():
    drifts = meter.over_tolerances(meter.Params("logistic", -6, -4, 1.0))
    drift, error = figures.drift_chart(drifts).to_dict()["data"]
    np.testing.assert_array_equal(drift["y"], drifts.drifts)
    np.testing.assert_array_equal(error["y"], drifts.errors)
    assert f"{drifts.drifts[0]:.1e}" in figures.drift_alt(drifts)


@pytest.mark.parametrize(("name", "strength"), [("relaxation", 100.0), ("vdp", 2.0), ("vdp", 10.0), ("lorenz", 5.0)])
@pytest.mark.parametrize("checkpoints", [1, 8])
def test_the_way_back_is_drawn_without_leaving_float32(name: str, strength: float, checkpoints: int):
    run = failing.run(failing.Params(name, strength, -5, checkpoints))
    both, gap = pictures.failure_scenes(run)
    back, distance = line_of(both, "backwards").points, line_of(gap, "distance").points
    for points in (back, distance):
        assert np.isfinite(points.astype(np.float32)).any(axis=0).all()
        assert np.isnan(points[:, 0]).sum() == len(run.stretches) - 1
    lengths = [len(stretch.times) for stretch in run.stretches]
    assert len(back) == sum(lengths) + len(run.stretches) - 1
    np.testing.assert_array_equal(distance[: lengths[0], 1], run.stretches[0].gap.clip(1e-10, 1e30))
    stored = next(layer for layer in both.layers if isinstance(layer, Dots))
    assert len(stored.points) == len(run.stretches)
    assert f"{run.gap:.1e}" in gap.alt
    assert pictures.failure_clock(run).low == run.t1


def test_the_comparison_marks_what_gave_up():
    sweep = failing.sweep("vdp", -5, 8)
    data = pictures.sweep_chart(sweep).to_dict()["data"]
    for i, row in enumerate(sweep.runs):
        for column in (0, 1):
            state, gradient = data[2 * column], data[2 * column + 1]
            assert state["marker"]["symbol"][i].endswith("-open") == bool(row[column].message)
            assert state["y"][i] == pytest.approx(np.clip(row[column].gap, 1e-10, 1e30))
            assert gradient["y"][i] == pytest.approx(np.clip(row[column].error, 1e-10, 1e30))
    assert "gave up" in pictures.sweep_alt(sweep)
