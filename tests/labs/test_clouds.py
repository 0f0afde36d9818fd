"""Points in two classes, drawn or placed, and their way through a link."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.labs import clouds
from core.labs.clouds import CLOUDS, MOST, POINTS, REACH, CloudParams, Placed, cloud, place, read, ready, write


@pytest.mark.parametrize("name", CLOUDS)
def test_both_classes_are_equally_many_and_in_the_picture(name: str):
    points = cloud(CloudParams(name, 0.0, 1))
    assert points.points.shape == (POINTS, 2)
    assert int(points.second.sum()) == POINTS // 2
    assert float(points.points.abs().max()) <= REACH
    again, other = cloud(CloudParams(name, 0.0, 1)), cloud(CloudParams(name, 0.0, 2))
    assert points.points.equal(again.points)
    assert not points.points.equal(other.points)


def test_without_noise_they_lie_on_their_curves():
    points = cloud(CloudParams("circles", 0.0))
    radius = points.points.norm(dim=1)
    np.testing.assert_allclose(radius[~points.second], 0.5, rtol=1e-5)
    np.testing.assert_allclose(radius[points.second], 1.4, rtol=1e-5)
    points = cloud(CloudParams("moons", 0.0))
    for label, middle in ((False, (-0.55, -0.275)), (True, (0.55, 0.275))):
        of_class = points.points[points.second == label].numpy() - middle
        np.testing.assert_allclose(np.linalg.norm(of_class, axis=1), 1.1, rtol=1e-5)
        assert (of_class[:, 1] <= 1e-5).all() if label else (of_class[:, 1] >= -1e-5).all()
    points = cloud(CloudParams("spirals", 0.0)).points.numpy().astype(float)
    angle = np.linalg.norm(points, axis=1) / (1.7 / (0.4 + 2 * np.pi))
    turned = np.arctan2(points[:, 1], points[:, 0]) - angle - np.pi * (np.arange(POINTS) >= POINTS // 2)
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-5)


def test_the_noise_is_as_large_as_asked_for():
    for name in CLOUDS:
        noise = cloud(CloudParams(name, 0.2)).points - cloud(CloudParams(name, 0.0)).points
        assert float(noise.std()) == pytest.approx(0.2, rel=0.15)


LATTICE = st.integers(0, 100)


@given(st.lists(st.tuples(LATTICE, LATTICE, st.integers(0, 1)), max_size=MOST))
def test_placed_points_return_from_a_link(chosen: list[tuple[int, int, int]]):
    placed = tuple(place(0.04 * x - 2, 0.04 * y - 2, label) for x, y, label in chosen)
    text = write(placed)
    assert len(text) == 3 * len(placed)
    assert read(text) == placed


@given(st.text(max_size=500))
def test_any_text_is_read_without_complaint(text: str):
    placed = read(text)
    assert len(placed) <= MOST
    assert all(abs(one.x) <= REACH and abs(one.y) <= REACH and one.label in (0, 1) for one in placed)
    assert read(write(placed)) == placed


def test_a_click_outside_lands_on_the_edge_and_too_many_are_dropped():
    assert place(9.0, -9.0, 1) == Placed(2.0, -2.0, 1)
    assert place(0.05, 0.07, 0) == Placed(0.04, 0.08, 0)
    assert len(read(write([place(0, 0, 0)] * (MOST + 5)))) == MOST


def test_own_points_need_both_classes():
    few = [place(0, 0, 0), place(1, 0, 0), place(0, 1, 1)]
    assert not ready(few)
    with pytest.raises(ValueError, match=r"2 points of each class or more; got \(2, 1\)"):
        cloud(CloudParams("own", own=write(few)))
    points = cloud(CloudParams("own", own=write([*few, place(1, 1, 1)])))
    assert points.points.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert points.second.tolist() == [False, False, True, True]
    assert clouds.counts(few) == (2, 1)
