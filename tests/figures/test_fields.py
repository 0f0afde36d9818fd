"""The explorer's pictures hold the lab's numbers."""

import numpy as np
import pytest

from core.figures import fields as figures
from core.figures.lorenz import twin_scenes
from core.figures.scene import Arrows, Dots, Line
from core.labs import fields, lorenz, trajectories
from core.labs.equilibria import classify
from core.labs.systems import LINEAR, LORENZ, PENDULUM, System
from tests.labs.test_systems import defaults


def plane_of(system: System) -> fields.Plane:
    return fields.plane(fields.Params(fields.Flow(system.formulas, defaults(system)), (system.x, system.y)))


def race_of(system: System, *methods: str, step: float = 0.1, time: float = 5.0) -> trajectories.Race:
    flow, box = fields.Flow(system.formulas, defaults(system)), (system.x, system.y)
    first, second = system.start
    return trajectories.race(
        trajectories.Params(flow, box, (first, second), time, methods, step, 1e-6, system.invariant)
    )


def test_the_plane_shows_arrows_nullclines_and_equilibria():
    plane = plane_of(PENDULUM)
    arrows, first, second = figures.plane_layers(plane)
    assert isinstance(arrows, Arrows)
    assert isinstance(first, Line)
    assert isinstance(second, Line)
    np.testing.assert_array_equal(arrows.points, plane.points)
    np.testing.assert_array_equal(arrows.vectors, plane.vectors)
    np.testing.assert_array_equal(first.points, plane.nullclines[0])
    np.testing.assert_array_equal(second.points, plane.nullclines[1])
    shown = {layer.name: layer for layer in figures.equilibrium_layers(plane) if isinstance(layer, Dots)}
    assert set(shown) == {"saddle", "centre (linearly)"}
    np.testing.assert_allclose(shown["saddle"].points, [[-np.pi, 0], [np.pi, 0]], atol=1e-9)
    assert shown["saddle"].labels[0] == "saddle, eigenvalues 1 and -1"
    assert shown["centre (linearly)"].labels[0] == "centre (linearly), eigenvalues ±1i"


def test_every_kind_and_every_method_has_a_look_of_its_own():
    assert len(set(figures.MARKS.values())) == len(figures.MARKS)
    # colour left out: symbol and dash alone tell them apart
    assert len({figures.look(method)[1:] for method in trajectories.TITLES}) == len(trajectories.TITLES)


def test_curves_and_steps_are_those_of_the_runs():
    race = race_of(PENDULUM, "euler", "dopri5")
    reference, *layers = figures.run_layers(race)
    assert isinstance(reference, Line)
    np.testing.assert_array_equal(reference.points, race.reference.states)
    for run, line, dots in zip(race.runs, layers[::2], layers[1::2], strict=True):
        assert isinstance(line, Line)
        assert isinstance(dots, Dots)
        np.testing.assert_array_equal(line.points, run.states)
        np.testing.assert_array_equal(line.times, run.times)
        np.testing.assert_array_equal(dots.points, run.step_states)
        np.testing.assert_array_equal(dots.times, run.step_times)
        assert len(dots.labels) == len(dots.points)
    for component, scene in enumerate(figures.series_scenes(race, PENDULUM.units, PENDULUM.clock)):
        line = scene.layers[1]
        assert isinstance(line, Line)
        np.testing.assert_array_equal(line.points[:, 0], race.runs[0].times)
        np.testing.assert_array_equal(line.points[:, 1], race.runs[0].states[:, component])
        assert (scene.y.low, scene.y.high) == race.params.box[component]
        assert f"{race.reference.states[-1, component]:.4g}" in scene.alt


def test_many_points_are_thinned_to_what_the_browser_takes():
    race = race_of(PENDULUM, "euler", step=0.005, time=9.0)
    assert len(race.runs[0].times) == 1801
    _, line, dots = figures.run_layers(race)
    assert isinstance(line, Line)
    assert isinstance(dots, Dots)
    assert len(line.points) <= figures.MOST_POINTS + 1
    np.testing.assert_array_equal(line.points[-1], race.runs[0].states[-1])
    assert len(dots.points) <= figures.MOST_DOTS
    assert dots.labels[1].startswith("Euler, step 5,")


def test_the_phase_plane_says_its_numbers_and_has_the_start_as_handle():
    plane, race = plane_of(PENDULUM), race_of(PENDULUM, "euler")
    scene = figures.phase_scene(plane, race, figures.plane_layers(plane), PENDULUM.units)
    assert scene.handle == race.params.start == (2.0, 0.0)
    assert "saddle at (3.14, 0)" in scene.alt
    end = race.runs[0].states[-1]
    assert f"Euler ends at ({end[0]:.4g}, {end[1]:.4g}) after 50 steps" in scene.alt


def test_trace_and_determinant_are_those_of_the_equilibria():
    scene = figures.trace_plane(plane_of(LINEAR))
    assert scene.handle == pytest.approx((-0.4, 1.0))
    for layer in scene.layers:
        if isinstance(layer, Dots) and layer.name in figures.MARKS:
            for trace, determinant in layer.points:
                assert classify(np.array([[trace, -determinant], [1.0, 0.0]])) == layer.name
    assert "trace -0.4, determinant 1: stable spiral" in scene.alt
    assert figures.trace_plane(plane_of(PENDULUM)).handle is None


def test_the_invariants_chart_is_the_runs_levels():
    race = race_of(PENDULUM, "euler", "trapezoid")
    traces = figures.invariant_chart(race).to_dict()["data"]
    for trace, run in zip(traces, race.runs, strict=True):
        assert run.levels is not None
        np.testing.assert_allclose(trace["y"], run.levels, atol=1e-5)
        assert f"{run.levels[-1]:.4g}" in figures.invariant_in_words(race)


def test_the_twins_scenes_hold_both_curves_and_the_distance():
    flow = fields.Flow(LORENZ.formulas, defaults(LORENZ))
    twins = lorenz.twins(lorenz.Params(flow, (-8.0, 8.0, 27.0), 1e-5, 12.0))
    space, distance = twin_scenes(twins)
    assert space.z is not None
    one, other = space.layers
    assert isinstance(one, Line)
    assert isinstance(other, Line)
    np.testing.assert_array_equal(one.points, twins.one)
    np.testing.assert_array_equal(other.points, twins.other)
    seen, fit = distance.layers
    assert isinstance(seen, Line)
    assert isinstance(fit, Line)
    np.testing.assert_allclose(seen.points[:, 1], twins.distance)
    slope = np.diff(np.log(fit.points[:, 1]))[0] / np.diff(fit.points[:, 0])[0]
    assert slope == pytest.approx(twins.rate)
    assert fit.name == f"slope {twins.rate:.3g}"
