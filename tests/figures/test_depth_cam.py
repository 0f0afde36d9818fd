"""The film over the depth and its curves hold what the lab found."""

import numpy as np
import pytest

from core.figures import depth_cam as figures
from core.figures.maps import Panel
from core.labs.depth_cam import DEPTHS, Journey, Moment, Pair, cosines


@pytest.fixture
def pair() -> Pair:
    generator = np.random.default_rng(0)

    def signed(side: int) -> np.ndarray:
        return generator.normal(size=(side, side)).astype(np.float32)

    moments = tuple(
        Moment(f"ode{block + 1}", block + t, t, signed(16 >> block))
        for block in range(3)
        for t in np.linspace(0, 1, DEPTHS).tolist()
    )
    beside = tuple(
        Moment(f"layer{stage + 1}.{number}", stage + (number + 1) / 2, (number + 1) / 2, signed(16 >> stage))
        for stage in range(3)
        for number in range(2)
    )
    scores = np.array([0.0, 1.0], np.float32)
    return Pair(Journey(1, scores, moments, (14, 14, 14), (14, 14, 14)), beside, (0.7, 0.6), (1, 1))


def test_the_film_has_a_frame_for_each_depth_and_begins_at_the_end(pair: Pair):
    film = figures.film(pair, "inferno")
    assert len(film.panels) == len(film.clock.frames) == len(film.beside) == 3 * DEPTHS
    assert film.clock.start == 3 * DEPTHS - 1
    for frame, moment, label in zip(film.panels, pair.journey.moments, film.clock.frames, strict=True):
        assert isinstance(frame, Panel)
        np.testing.assert_array_equal(frame.values, np.maximum(moment.signed, 0))
        assert frame.on_picture
        assert label in frame.title
        assert f"{moment.speaks_for:+.2f}" in frame.caption
    assert film.clock.frames[0] == "depth 0: block 1, t = 0"
    assert film.clock.frames[DEPTHS + 4] == "depth 1.25: block 2, t = 0.25"


def test_each_depth_has_the_residual_block_that_covers_it(pair: Pair):
    found = {}
    for moment, beside in zip(pair.journey.moments, figures.film(pair, "inferno").beside, strict=True):
        found.setdefault((moment.layer, pair.beside[beside].layer), []).append(moment.t)
    assert {key: (min(ts), max(ts)) for key, ts in found.items()} == {
        (f"ode{stage}", f"layer{stage}.{number}"): ends
        for stage in (1, 2, 3)
        for number, ends in ((0, (0, 0.5)), (1, (0.5625, 1)))
    }


def test_the_curves_are_the_labs_and_break_between_blocks(pair: Pair):
    evidence = figures.evidence_chart(pair).to_plotly_json()
    pro, pro_resnet, contra, _ = evidence["data"]
    drawn = [value for value in pro["y"] if value is not None]
    np.testing.assert_allclose(drawn, [moment.speaks_for for moment in pair.journey.moments], atol=1e-6)
    assert [i for i, value in enumerate(pro["x"]) if value is None] == [DEPTHS, 2 * DEPTHS + 1]
    assert pro_resnet["x"] == [0.5, 1, 1.5, 2, 2.5, 3]
    assert max(value for value in contra["y"] if value is not None) <= 0
    assert evidence["layout"]["xaxis"]["title"]["text"].startswith("depth")
    likeness = figures.likeness_chart(pair).to_plotly_json()
    np.testing.assert_allclose(likeness["data"][1]["y"], cosines(pair.beside, pair.beside[-1]))
    assert likeness["data"][0]["y"][-1] == pytest.approx(1)


def test_the_words_hold_the_numbers(pair: Pair):
    said = figures.evidence_in_words(pair)
    for moment in (pair.journey.moments[0], pair.journey.moments[-1], *pair.beside):
        assert figures.totals(moment) in said
    assert "1.00 at depth 3" in figures.likeness_in_words(pair)
