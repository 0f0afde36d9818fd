"""Disc and ring: the data, the training and what is kept of it."""

import numpy as np
import pytest
import torch

from core.labs import annuli, residual_words
from core.labs.annuli import CIRCLE, GRID, SHOWN, Annuli, Params
from core.nn.train import chunk


def trained(params: Params, budget: float = 0.05) -> annuli.Snapshot:
    work = Annuli(params)
    while work.done < work.total:
        chunk(work, budget)
    return work.snapshot()


@pytest.fixture(scope="module")
def snapshot() -> annuli.Snapshot:
    return trained(Params((1, 2), 120))


def test_points_lie_in_their_classes_evenly():
    sample = annuli.draw(4000, torch.Generator().manual_seed(0))
    radius = sample.points.norm(dim=1)
    assert (radius[~sample.ring] < 0.5).all()
    assert ((radius[sample.ring] > 1) & (radius[sample.ring] < 1.5)).all()
    half = (radius[~sample.ring] < 0.5 / 2**0.5).double().mean()  # half of the disc's area
    assert half == pytest.approx(0.5, abs=0.03)
    outer = (radius[sample.ring] > (0.5 * (1 + 1.5**2)) ** 0.5).double().mean()
    assert outer == pytest.approx(0.5, abs=0.03)


def test_the_loss_falls_and_the_augmented_network_wins(snapshot: annuli.Snapshot):
    for seed in (1, 2):
        pair = snapshot.pair(seed)
        assert pair is not None
        for run in pair:
            assert run.final_loss < 0.7 * run.losses[:10].mean()
            assert run.nfe.min() >= 8
        assert pair[1].final_loss < 0.2 * pair[0].final_loss


def test_only_the_augmented_network_keeps_the_circle(snapshot: annuli.Snapshot):
    for run in snapshot.runs:
        assert (run.picture.circle_lost == 0) == (run.augment > 0)
    assert "circle lost" in residual_words.about_training(snapshot)


def test_what_is_kept_has_its_shape(snapshot: annuli.Snapshot):
    assert [(run.seed, run.augment) for run in snapshot.runs] == [(1, 0), (1, 3), (2, 0), (2, 3)]
    for run in snapshot.runs:
        assert run.losses.shape == run.nfe.shape == (120,)
        assert run.picture.path.shape == (33, 2 * SHOWN, 2 + run.augment)
        assert run.picture.grid.shape == (GRID, GRID)
        assert run.picture.weights.shape == (2 + run.augment,)
        score = run.picture.path[-1] @ run.picture.weights + run.picture.bias
        right = (score > 0) == (np.arange(2 * SHOWN) >= SHOWN)
        assert run.picture.accuracy == pytest.approx(right.mean(), abs=2 / SHOWN)
        assert round(run.picture.circle_lost * CIRCLE) == pytest.approx(run.picture.circle_lost * CIRCLE, abs=1e-3)


def test_the_same_seed_gives_the_same_training_however_it_is_cut():
    one, other = trained(Params((3,), 6), budget=0.0), trained(Params((3,), 6), budget=10.0)
    for first, second in zip(one.runs, other.runs, strict=True):
        np.testing.assert_array_equal(first.losses, second.losses)
        np.testing.assert_array_equal(first.picture.path, second.picture.path)
    assert not np.array_equal(one.runs[0].losses, trained(Params((4,), 6)).runs[0].losses)


def test_a_snapshot_does_not_change_the_training_nor_later_itself():
    watched, alone = Annuli(Params((1,), 3)), Annuli(Params((1,), 3))
    seen = []
    while watched.done < watched.total:
        watched.step()
        alone.step()
        seen.append(watched.snapshot())
    assert len(seen[0].runs[0].losses) == 1
    np.testing.assert_array_equal(seen[-1].runs[1].losses, alone.snapshot().runs[1].losses)


def test_training_on_returns_to_the_first_seed():
    work = Annuli(Params((1, 2), 2))
    work.total += 4
    while work.done < work.total:
        work.step()
    assert [len(run.losses) for run in work.snapshot().runs] == [4, 4, 2, 2]


def test_before_the_training_there_is_a_picture_of_the_first_pair():
    first = annuli.untrained(Params((2, 3), 100))
    assert [run.seed for run in first.runs] == [2, 2]
    assert first.pair(3) is None
    assert np.isnan(first.runs[0].final_loss)
    assert "first, random weights" in residual_words.about_training(first)
