"""Comparisons of networks, against the networks themselves and against bytes counted by hand."""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from core.labs import odenet_compare as lab
from core.labs import odenet_compare_words as words
from core.labs.depth_cam import Way
from core.labs.odenet_compare import Memory, Robust, Solved
from core.nn import cifar10, odenet
from core.nn.odenet import Gradient, ODEBlock, Solver, blocks, solved_by
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages
from tests.odenets import small_odenet

NAMES = [f"class {i}" for i in range(4)]


@pytest.fixture(scope="module")
def net() -> Stages:
    return small_odenet()


@pytest.fixture(scope="module")
def x() -> Tensor:
    colours = torch.rand(3, 3, 12, 16, generator=Generator().manual_seed(1))
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (cifar10.MEAN, cifar10.STD))
    return (colours - mean) / std


def test_a_solve_is_the_networks_own(net: Stages, x: Tensor):
    exact = lab.solve_by(net, x[:1], 1, lab.TIGHTEST)
    assert exact.alike(exact) == pytest.approx(1)
    last = 0.0
    for steps in (1, 4, 16):
        found = lab.solve_by(net, x[:1], 1, Way("euler", steps))
        expected = solved_by(net, Solver("euler", step_size=1 / steps))(x[:1])[0]
        np.testing.assert_allclose(found.scores, expected, rtol=1e-5, atol=1e-6)
        assert found.nfe == (steps, steps)
        assert found.best == int(expected.argmax())
        off = float(np.abs(found.scores - exact.scores).max())
        assert steps == 1 or off < last  # finer steps come nearer to the equation's answer
        last = off


def test_a_solver_that_gives_up_is_a_sentence(net: Stages, x: Tensor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(odenet, "MOST_STEPS", 1)
    found = lab.solve_by(net, x[:1], 0, Way("dopri5", -5))
    assert "step" in found.failure
    assert "failed" in words.solve_table("t", [found], lab.solve_by(net, x[:1], 0, Way("euler", 2)), 0, NAMES)


def test_evaluations_are_counted_picture_by_picture(net: Stages, x: Tensor):
    tight = solved_by(net, Solver("dopri5", 1e-5, 1e-5))
    counts = lab.evaluations(tight, x)
    assert counts.shape == (3, 2)
    for picture, expected in zip(x.split(1), counts, strict=True):
        tight(picture)
        assert [block.nfe for block in blocks(tight).values()] == expected.tolist()


def test_accuracy_is_the_share_of_right_answers(net: Stages, x: Tensor):
    fixed = solved_by(net, Solver("euler", step_size=0.5))
    labels = fixed(x).argmax(1)
    assert lab.accuracy(fixed, x, labels, batch=2) == 1
    labels[0] = (labels[0] + 1) % 4
    assert lab.accuracy(fixed, x, labels) == pytest.approx(2 / 3)
    assert lab.accuracy_under_noise(fixed, x, labels, [0.0], seed=0) == [pytest.approx(2 / 3)]


def test_noise_has_its_strength_and_stays_a_picture(x: Tensor):
    torch.testing.assert_close(lab.noisy(x, 0.0, Generator().manual_seed(0)), x)
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (cifar10.MEAN, cifar10.STD))
    grey = ((torch.full((1, 3, 100, 100), 0.5) - mean) / std).expand(2, -1, -1, -1)
    colours = lab.noisy(grey, 0.1, Generator().manual_seed(0)) * std + mean
    assert float(colours.std()) == pytest.approx(0.1, rel=0.02)
    wild = lab.noisy(grey, 5.0, Generator().manual_seed(0)) * std + mean
    assert (float(wild.min()), float(wild.max())) == pytest.approx((0, 1), abs=1e-6)


def test_robustness_is_repeated_by_its_seed(net: Stages, x: Tensor):
    fixed = solved_by(net, Solver("euler", step_size=0.5))
    found = lab.robust(fixed, x[:1], 2, [0.0, 0.3], draws=4, seed=5)
    np.testing.assert_allclose(found.probabilities[0], float(fixed(x[:1]).softmax(1)[0, 2]), rtol=1e-5)
    assert np.ptp(found.probabilities[1]) > 0
    again = lab.joined([lab.robust(fixed, x[:1], 2, [s], draws=4, seed=5) for s in (0.0, 0.3)])
    assert again.sigmas == (0.0, 0.3)
    assert again.probabilities.shape == found.probabilities.shape
    np.testing.assert_array_equal(again.probabilities[0], found.probabilities[0])


def test_changes_keep_the_size_and_are_repeated(x: Tensor):
    one, two = (dict(lab.changed(x[:1], 0.2, 3)) for _ in range(2))
    assert len(one) == len(lab.CHANGES) + 2
    for name, picture in one.items():
        assert picture.shape == (1, 3, 12, 16)
        assert torch.equal(picture, two[name])
    assert torch.equal(one["mirrored"].flip(3), x[:1])
    assert float(one["one colour"].std((2, 3)).max()) < 1e-6


def test_bytes_are_counted_as_by_hand():
    plain = Stages({"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "fc": nn.Linear(3, 4)}).eval()
    # the pooled picture, 3 numbers, and the scores, 4; everything else is a view
    assert lab.memory(plain, torch.zeros(1, 3, 8, 8)).kept == 4 * (3 + 4)


def test_the_direct_way_grows_with_the_steps_and_the_adjoint_does_not(net: Stages, x: Tensor):
    kept = {
        way: [lab.memory(solved_by(net, Solver("euler", step_size=1 / n)), x[:1], keeping=way).kept for n in (2, 4, 8)]
        for way in lab.KEEPING
    }
    two, four, eight = kept["direct"]
    assert eight - four == pytest.approx(2 * (four - two), rel=0.01)
    assert max(kept["adjoint"]) - min(kept["adjoint"]) < 0.02 * two
    assert kept["adjoint"][-1] < kept["checkpointed"][-1] < kept["direct"][-1]


@pytest.mark.parametrize("keeping", lab.KEEPING)
def test_all_ways_measure_the_same_network(net: Stages, x: Tensor, keeping: Gradient):
    fixed = solved_by(net, Solver("euler", step_size=0.5))
    kept = solved_by(net, Solver("euler", step_size=0.5, gradient=keeping))
    torch.testing.assert_close(kept(x[:1]), fixed(x[:1]))
    assert isinstance(fixed.stages["ode1"], ODEBlock)
    assert lab.memory(resnet_cifar((8, 16), classes=4).eval(), x[:1], keeping=keeping).kept > 0


def solved(scores: list[float], heat: list[float] | None = None) -> Solved:
    values = np.array([heat or [0.0, 1.0, 2.0]], np.float32)
    return Solved(Way("euler", 2), np.array(scores, np.float32), (2, 2), (0, 0), values)


@pytest.mark.parametrize(
    ("coarse", "exact", "truth"),
    [
        ([2.0, 0.0], [0.0, 2.0], words.ANOTHER),
        ([2.0, 0.0], [1.0, 0.0], words.UNSURE),
        ([2.0, 0.0], [2.1, 0.0], words.STAYS),
    ],
)
def test_what_an_accurate_solve_does_is_told_from_the_result(coarse: list[float], exact: list[float], truth: str):
    pairs = {"first": (solved(coarse), solved(exact)), "second": (solved([2.0, 0.0]), solved([2.0, 0.0]))}
    for guess in words.CHANGES:
        said = words.about_accuracy(guess, pairs, 0, NAMES)
        assert f"{truth}.**" in said
        assert said.startswith("**Right") == (guess == truth)
        assert "has learnt" in said


def test_the_most_demanding_picture_is_told_from_the_counts():
    way = Way("dopri5", -4)
    assert "**Right" in words.about_counts(words.NOISE, {"as it is": (1, 2), "nothing but noise": (2, 2)}, way)
    assert "Not quite" in words.about_counts(words.AS_IT_IS, {"as it is": (1, 2), "mirrored": (2, 2)}, way)
    assert "**Right" in words.about_counts(words.ALL_THE_SAME, {"as it is": (2, 2), "mirrored": (2, 2)}, way)


def test_noise_is_told_from_the_probabilities():
    steady, weak = (Robust((0.0, 0.1), np.full((2, 3), p), np.ones((2, 3), bool)) for p in (0.9, 0.4))
    assert f"**Right: {words.RESNET}.**" in words.about_noise(words.RESNET, steady, weak, "cat")
    assert f"**Answer: {words.ODENET}.**" in words.about_noise(words.RESNET, weak, steady, "cat")
    assert f"**Answer: {words.ALIKE}.**" in words.about_noise(words.RESNET, weak, weak, "cat")


def test_the_most_steps_are_within_the_resnets_memory():
    direct = [Memory(kept, kept) for kept in (10, 15, 25)]  # 5 and 5 for each step
    assert words.most_steps(Memory(24, 24), direct, (1, 2, 4))[0] == 3
    assert words.most_steps(Memory(25, 25), direct, (1, 2, 4))[0] == 4
    assert words.most_steps(Memory(1, 1), direct, (1, 2, 4))[0] == 0


def test_cards_tell_the_training_and_what_each_solver_makes_of_it():
    run = {"method": "euler", "step_size": 0.5}
    by_solver = {"euler, 2 steps": {"accuracy": 0.8, "nfe": [2, 2]}, "dopri5": {"accuracy": 0.6, "nfe": [14, 20]}}
    card = {"runs": [run, run | {"method": "rk4", "step_size": 1.0}], "by_solver": by_solver}
    assert words.training(card) == "euler (2 steps), then rk4 (1 step)"
    assert words.solver_table({"coarse": card}).splitlines()[2:] == [
        "| euler, 2 steps | 80.0% | 2 + 2 |",
        "| dopri5 | 60.0% | 14 + 20 |",
    ]
    assert "coarse, from 80.0% at best to 60.0%" in words.about_solvers({"coarse": card})
