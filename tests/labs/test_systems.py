"""The gallery: every system is complete, and its equilibria are those that are known."""

import math

import numpy as np
import pytest
import torch

from core.expression import parse, parse_field
from core.labs import fields
from core.labs.systems import LORENZ, PLANAR, System

KNOWN = {
    "pendulum": [
        (-2 * math.pi, 0, "centre (linearly)"),
        (-math.pi, 0, "saddle"),
        (0, 0, "centre (linearly)"),
        (math.pi, 0, "saddle"),
        (2 * math.pi, 0, "centre (linearly)"),
    ],
    "prey": [(0, 0, "saddle"), (1, 1, "centre (linearly)")],
    "vdp": [(0, 0, "unstable spiral")],
    "well": [(-1, 0, "stable spiral"), (0, 0, "saddle"), (1, 0, "stable spiral")],
    "linear": [(0, 0, "stable spiral")],
    "own": [(0, 0, "unstable spiral")],
}


def defaults(system: System) -> tuple[tuple[str, float], ...]:
    return tuple((one.name, one.default) for one in system.parameters)


@pytest.mark.parametrize("system", [*PLANAR.values(), LORENZ], ids=lambda system: system.title)
def test_a_system_is_complete(system: System):
    field = parse_field(system.formulas)
    assert set(field.parameters) == {one.name for one in system.parameters}
    assert field.dimension == len(system.start) == len(system.units)
    for one in system.parameters:
        assert one.low <= one.default <= one.high
    for (low, high), value in zip((system.x, system.y), system.start, strict=False):
        assert low < value < high
    assert system.says
    assert system.source


@pytest.mark.parametrize("name", KNOWN)
def test_the_equilibria_are_the_known_ones(name: str):
    system = PLANAR[name]
    plane = fields.plane(fields.Params(fields.Flow(system.formulas, defaults(system)), (system.x, system.y)))
    assert not plane.more
    assert plane.autonomous
    assert [one.kind for one in plane.equilibria] == [kind for *_, kind in KNOWN[name]]
    np.testing.assert_allclose([one.place for one in plane.equilibria], [row[:2] for row in KNOWN[name]], atol=1e-9)


def test_the_forced_field_at_its_start_stands_where_its_force_and_the_wells_cancel():
    system = PLANAR["forced"]
    plane = fields.plane(fields.Params(fields.Flow(system.formulas, defaults(system)), (system.x, system.y)))
    assert not plane.autonomous
    expected = sorted(np.roots([-1, 0, 1, dict(defaults(system))["F"]]).real)
    np.testing.assert_allclose([one.place[0] for one in plane.equilibria], expected, atol=1e-9)
    assert [one.kind for one in plane.equilibria] == ["stable spiral", "saddle", "stable spiral"]


@pytest.mark.parametrize("name", [name for name, system in PLANAR.items() if system.invariant])
def test_an_invariant_does_not_change_along_the_field(name: str):
    system = PLANAR[name]
    values = dict(defaults(system)) | dict(system.keeps)
    assert system.invariant_at(system.formulas, values) == system.invariant
    assert system.invariant_at(("z2", "-z1"), values) == ""
    for kept, value in system.keeps:
        assert system.invariant_at(system.formulas, values | {kept: value + 0.1}) == ""
    invariant, field = parse(system.invariant), parse_field(system.formulas)
    places = torch.rand(50, 2, dtype=torch.float64) * 2 + 0.1
    of = values | {"z1": places[:, 0], "z2": places[:, 1]}
    gradient = torch.stack([invariant.derivative(z)(of).expand(50) for z in ("z1", "z2")], dim=1)
    np.testing.assert_allclose((gradient * field(0.0, places, values)).sum(dim=1), 0, atol=1e-12)
