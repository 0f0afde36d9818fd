"""The training of a plain and a residual network, the worked example, and the program that repeats the training."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.labs import layers_words as words
from core.labs.clouds import CloudParams, cloud, place, write
from core.labs.layers import GRID, LINES, SHOWN, Params, Snapshot, Training, build, plane_grid, untrained
from core.labs.layers_example import RATE, ExampleParams, example
from core.labs.layers_program import program
from core.nn.mlp import states
from core.nn.stages import Stages
from core.nn.train import chunk

OWN = write([place(x, y, int(x * y > 0)) for x in (-1.2, -0.4, 0.4, 1.2) for y in (-1.0, 1.0)])


def trained(params: Params, budget: float = 0.05) -> Snapshot:
    work = Training(params)
    while work.done < work.total:
        chunk(work, budget)
    return work.snapshot()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return trained(Params(CloudParams("moons"), layers=6, rate=0.02, iterations=60))


def test_both_learn_on_the_same_data_for_the_same_steps(snapshot: Snapshot):
    for run in snapshot.runs:
        assert len(run.losses) == snapshot.done == 60
        assert run.loss < 0.5 * run.losses[0]
        assert run.accuracy > 0.8
    first = untrained(snapshot.params)
    for run, before in zip(snapshot.runs, first.runs, strict=True):
        assert run.losses[0] == pytest.approx(before.loss, rel=1e-5)


def test_deep_plain_networks_lag_behind_residual_ones():
    result = trained(Params(CloudParams("circles"), layers=32, rate=0.01, iterations=40))
    assert result.residual.loss < 0.6 * result.plain.loss
    assert result.plain.gradients[0] < 1e-2 * result.plain.gradients[-1]
    assert result.residual.gradients[0] > result.residual.gradients[-1]
    assert words.winner(result) == words.LEARNS[1]
    assert "**Right: the residual one.**" in words.about_training(result, words.LEARNS[1])
    assert "You said: the plain one." in words.about_training(result, words.LEARNS[0])
    begun = Snapshot(replace(result.params, iterations=41), result.plain, result.residual, result.split)
    assert "So far, 40 iterations" in words.about_training(begun, words.LEARNS[1])
    assert "You said: the residual one." in words.about_training(begun, words.LEARNS[1])


def test_one_step_is_gradient_descent_on_all_points():
    params = Params(layers=3, optimiser="gradient descent", rate=0.1)
    work = Training(params)
    points = cloud(params.cloud)
    for residual in (False, True):
        net = build(params, residual)
        loss = nn.functional.binary_cross_entropy_with_logits(net(points.points)[:, 0], points.second.float())
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        if not residual:
            work.step()
        for moved, old, gradient in zip(work.nets[residual].parameters(), net.parameters(), gradients, strict=True):
            torch.testing.assert_close(moved, old - 0.1 * gradient)
        assert work.losses[residual] == [pytest.approx(loss.item(), rel=1e-6)]


@pytest.mark.parametrize("width", [2, 3])
def test_what_is_kept_is_what_the_networks_do(width: int):
    work = Training(Params(width=width, layers=5, iterations=3))
    for _ in range(3):
        work.step()
    seen = work.snapshot()
    points = work.cloud
    shown = torch.cat([points.points[:SHOWN], points.points[100 : 100 + SHOWN]])
    assert seen.split == SHOWN
    for net, run in zip(work.nets, seen.runs, strict=True):
        with torch.no_grad():
            way = torch.stack(states(net, shown))
            np.testing.assert_allclose(run.path, way, atol=1e-6)
            lines = torch.stack(states(net, plane_grid().reshape(-1, 2)))
            np.testing.assert_allclose(run.grid.reshape(lines.shape), lines, atol=1e-6)
            scores = net(points.points)[:, 0]
            assert run.accuracy == float(((scores > 0) == points.second).float().mean())
            place = torch.tensor([[-2.0 + 4 * 7 / (GRID - 1), -2.0 + 4 * 30 / (GRID - 1)]])
            assert run.scores[30, 7] == pytest.approx(float(net(place).sigmoid()), abs=1e-5)
        np.testing.assert_allclose(run.path[-1] @ run.head + run.bias, net(shown).detach()[:, 0], atol=1e-5)
    assert seen.plain.grid.shape == (6, 2 * LINES, 11, width)


def rest(net: Stages, h: torch.Tensor, t: int) -> torch.Tensor:
    """Scores from the states after t layers."""
    return net.run(h, after=f"layers.{t - 1}" if t else "widen")[:, 0]


def test_the_gradients_of_the_states_are_differences_of_losses():
    work = Training(Params(layers=3))
    work.step()
    seen = work.snapshot()
    for net, run in zip(work.nets, seen.runs, strict=True):
        net = net.double()
        way = states(net, work.cloud.points.double())
        target = work.cloud.second.double()

        def loss(h: torch.Tensor, t: int, net: Stages = net, target: torch.Tensor = target) -> float:
            return float(nn.functional.binary_cross_entropy_with_logits(rest(net, h, t), target).detach())

        for t in (0, 2, 3):
            direction = torch.randn(way[t].shape, generator=torch.Generator().manual_seed(t)).double()
            slope = (loss(way[t] + 1e-6 * direction, t) - loss(way[t] - 1e-6 * direction, t)) / 2e-6
            h = way[t].detach().requires_grad_()
            (gradient,) = torch.autograd.grad(
                nn.functional.binary_cross_entropy_with_logits(rest(net, h, t), target), h
            )
            assert slope == pytest.approx(float((gradient * direction).sum()), rel=1e-4, abs=1e-9)
            assert run.gradients[t] == pytest.approx(float(gradient.norm()), rel=1e-3)


def test_the_same_seed_gives_the_same_training_however_it_is_cut():
    params = Params(layers=4, iterations=6)
    one, other = trained(params, budget=0.0), trained(params, budget=10.0)
    for first, second in zip(one.runs, other.runs, strict=True):
        np.testing.assert_array_equal(first.losses, second.losses)
        np.testing.assert_array_equal(first.path, second.path)
    reseeded = trained(Params(layers=4, iterations=6, seed=1))
    assert not np.array_equal(one.plain.losses, reseeded.plain.losses)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("target", [0, 1])
def test_the_worked_example_holds(residual: bool, target: int):
    given = ExampleParams(residual, (0.7, -1.9), target, seed=5)
    one = example(given)
    assert one.apart < 1e-15

    def loss(point: np.ndarray, weight: np.ndarray = one.weight, bias: np.ndarray | float = 0.0) -> float:
        f = np.tanh(weight @ point + bias)
        score = one.head @ (point + f if residual else f)
        return float(np.log1p(np.exp(-score if target else score)))

    h = np.array(given.point)
    assert one.loss == pytest.approx(loss(h))
    assert one.stepped == pytest.approx(loss(h, one.weight - RATE * one.by_weight, -RATE * one.by_bias))
    for i in range(2):
        step = 1e-6 * np.eye(2)[i]
        assert one.by_before[i] == pytest.approx((loss(h + step) - loss(h - step)) / 2e-6, rel=1e-5)
    said = words.example_steps(one)
    assert len(said) == 8
    assert ("I + " in said[4]) == residual
    assert f"{one.loss:.4f}" in said[2]


@pytest.mark.parametrize(
    "params",
    [
        Params(CloudParams("moons", 0.1, 4), layers=3, iterations=4, seed=2),
        Params(CloudParams("own", 0.0, 0, OWN), 3, 2, "orthogonal", 1.5, 7, "gradient descent", 0.3, 4),
    ],
    ids=["moons", "own"],
)
def test_the_program_repeats_the_training(params: Params, tmp_path: Path):
    """It runs where nothing of this project can be imported."""
    work = Training(params)
    while work.done < work.total:
        work.step()
    (tmp_path / "layers.py").write_text(program(params, work.done))
    command = [sys.executable, "-I", "-W", "error", "layers.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for number, run in enumerate(work.snapshot().runs):
        *losses, last = lines[5 * number : 5 * number + 5]
        assert [line.split()[:2] for line in losses] == [[run.name, str(i)] for i in range(4)]
        np.testing.assert_allclose([float(line.split()[2]) for line in losses], run.losses, rtol=1e-6)
        assert float(last.split()[2]) == pytest.approx(run.accuracy)
        scores = [float(part) for part in last.partition("[")[2].rstrip("]").split(",")]
        mine = work.nets[number](work.cloud.points[:4])[:, 0].tolist()
        np.testing.assert_allclose(scores, mine, rtol=1e-5, atol=1e-7)
