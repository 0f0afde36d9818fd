"""Scenes: what is on them is where they say, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.nn.scenes import CANVAS, CLASSES, LEAST_SEEN, Scene, Thing, box, cover, draw, random_scene, seen

AREAS = {
    "disc": np.pi * 0.85**2,
    "ring": np.pi * (0.9**2 - 0.5**2),
    "square": 1.5**2,
    "triangle": 0.5 * 1.5 * 1.875,
    "star": 5 * 0.4 * np.sin(np.pi / 5),
    "cross": 2 * 0.5 * 1.8 - 0.5**2,
}
"""In units of half a side, squared. The crescent and the heart have no short formula."""


def random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", AREAS)
@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_an_object_covers_its_area(kind: str, angle: float):
    thing = Thing(kind, 0.5, 0.5, 0.3, angle, (1, 0, 0))
    assert cover(thing).sum() / (0.3 * CANVAS) ** 2 == pytest.approx(AREAS[kind], rel=0.03)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_without_an_object_only_its_box_changes(seed: int, count: int):
    scene = random_scene(random(seed), count)
    assert len({thing.kind for thing in scene.things}) == count
    assert min(seen(scene)) >= LEAST_SEEN
    whole = draw(scene)
    assert whole.shape == (CANVAS, CANVAS, 3)
    for i, thing in enumerate(scene.things):
        others = replace(scene, things=scene.things[:i] + scene.things[i + 1 :])
        rows, columns = np.nonzero((draw(others) != whole).any(axis=2))
        left, top, right, bottom = box(thing)
        assert left - 2 <= columns.min() <= columns.max() <= right + 1  # a thin tip fades out
        assert top - 2 <= rows.min() <= rows.max() <= bottom + 1


def test_the_same_seed_is_the_same_scene():
    one, two = random_scene(random(5), 3), random_scene(random(5), 3)
    assert one == two
    np.testing.assert_array_equal(draw(one), draw(two))
    assert random_scene(random(6), 3) != one


def test_an_object_moves_and_the_rest_stays():
    scene = random_scene(random(1), 2)
    moved = scene.moved(1, 0.5, 0.25)
    assert moved.things[0] == scene.things[0]
    left, top, right, bottom = box(moved.things[1])
    assert (left + right) / 2 / CANVAS == pytest.approx(0.5, abs=0.06)
    assert (top + bottom) / 2 / CANVAS == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("place", [(-0.1, 0.5), (1.0, 1.0), (0.5, 1.3)])
def test_an_object_may_leave_the_canvas(place: tuple[float, float]):
    scene = random_scene(random(2), 1).moved(0, *place)
    assert draw(scene).shape == (CANVAS, CANVAS, 3)
    assert seen(scene)[0] < 0.7


def test_an_object_that_is_not_there_has_no_box():
    with pytest.raises(ValueError, match="expected an object on the canvas"):
        box(Thing("star", 3.0, 0.5, 0.2, 0, (0, 0, 0)))


def test_more_objects_than_kinds_are_refused():
    with pytest.raises(ValueError, match="expected 0 to 8 objects"):
        random_scene(random(0), len(CLASSES) + 1)


def test_a_covered_object_is_seen_less():
    behind = Thing("square", 0.5, 0.5, 0.2, 0, (1, 0, 0))
    front = replace(behind, kind="square", size=0.1)
    share = seen(Scene((behind, front), "plain", ((0, 0, 0), (0, 0, 0)), 0))
    assert share == pytest.approx([0.75, 1.0], abs=0.02)
