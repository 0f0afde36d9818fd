"""Figures hold the values of their results."""

import numpy as np
import pytest

from core.figures import equations as figures
from core.figures.scene import Line, Scene
from core.labs import analytic, equations, existence, picard


def curves(scene: Scene, name: str) -> list[Line]:
    return [layer for layer in scene.layers if isinstance(layer, Line) and layer.name == name]


def test_stacked_states():
    result = equations.stack(equations.Params((4.0, 0.4, 1.0), "oscillator"))
    over_time, plane = figures.stacked_scenes(result)
    for i, name in enumerate(("z1 = z", "z2 = z'")):
        np.testing.assert_array_equal(curves(over_time, name)[0].points[:, 1], result.states[:, i])
    np.testing.assert_array_equal(curves(plane, "path")[0].points, result.states)
    assert len(figures.stacked_scenes(equations.stack(equations.Params((0.0, 1.0))))) == 1


def test_errors_are_drawn_beside_the_tolerance():
    formula = analytic.solve_by_formula("gauss")
    result = analytic.compare(formula, analytic.Params("gauss", (-1.0,), 1.0, "dopri5", 32, 1e-4))
    single, total, allowed = figures.error_chart(result).to_dict()["data"]
    np.testing.assert_allclose(total["y"], np.maximum(result.global_errors, figures.FLOOR), rtol=1e-3)
    np.testing.assert_allclose(single["y"], np.maximum(result.local_errors, figures.FLOOR), rtol=1e-3)
    assert min(allowed["y"]) >= 1e-4
    low, high = figures.error_chart(result).layout.yaxis.range  # powers of ten
    assert 10**low <= result.global_errors.max() <= 10**high <= 20 * max(allowed["y"])
    assert f"{result.local_errors.max():.1e}" in figures.error_alt(result)
    (scene,) = figures.comparison_scene(result)
    np.testing.assert_array_equal(curves(scene, "formula")[0].points[:, 1], result.truth)


@pytest.mark.parametrize(("h", "bounded"), [(0.25, True), (1.5, False)])
def test_one_frame_for_each_iterate(h: float, bounded: bool):
    result = picard.iterate(picard.Params("square", h))
    (scene,) = figures.picard_scene(result)
    drawn = curves(scene, "iterate k")
    assert [layer.frame for layer in drawn] == list(range(len(figures.picard_clock().frames)))
    for layer, values in zip(drawn, result.values, strict=True):
        np.testing.assert_array_equal(layer.points[:, 1], values)
    assert len(figures.picard_chart(result).to_dict()["data"]) == (2 if bounded else 1)
    assert ("no bound" in figures.picard_alt(result)) is not bounded


def test_families_and_endings():
    lost = existence.uniqueness()
    (scene,) = figures.family_scene(lost)
    chosen = curves(scene, "solution that leaves at c")
    assert len(chosen) == len(figures.family_clock(lost).frames) == len(lost.leaving)
    for layer, curve in zip(chosen, lost.family, strict=True):
        np.testing.assert_array_equal(layer.points[:, 1], curve)
    ended = existence.blow_up(existence.BlowUpParams(1.0, 20))
    (scene,) = figures.blow_up_scene(ended)
    for run in ended.runs:
        points = curves(scene, run.method)[0].points
        assert points[-1, 0] == run.t
        assert np.isfinite(points.astype(np.float32)).all()
