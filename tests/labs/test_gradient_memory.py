"""The meter of tensors' memory, and what each way to a gradient needs."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from core.labs import gradient_memory as memory
from core.labs.gradients import WAYS
from core.labs.tensor_memory import Meter
from core.labs.way_back_words import DOUBLED, about_memory, memory_table, thousand_steps


def test_the_meter_counts_what_lives():
    there = torch.ones(1000)
    with Meter((there,)) as meter:
        a = there * 2
        assert meter.live == 4000
        b = a.view(10, 100)[:, :5]  # no memory of its own
        a += 1
        assert meter.live == meter.peak == 4000
        c = torch.zeros(500, dtype=torch.float64)
        there.view(-1)
        assert meter.live == 8000
        del a, c
        assert meter.live == 4000
        del b
        assert meter.live == 0
        assert meter.peak == 8000


def test_the_meter_sees_what_autograd_saves():
    x = torch.ones(100, requires_grad=True)
    with Meter((x,)) as meter:
        y = torch.exp(x).sum()
        assert meter.live == 400 + 4  # exp's result, saved for its derivative, and the sum
        y.backward()
        grad = x.grad
        assert grad is not None
        assert meter.live == 400 + 4  # the saved one is gone, the gradient has come
    assert torch.equal(grad, torch.exp(x.detach()))


@pytest.fixture(scope="module")
def result() -> memory.Result:
    return memory.measure(memory.Params("euler", 64))


def test_the_direct_way_keeps_as_much_more_for_each_step(result: memory.Result):
    direct = result.find("direct")
    per_step = {
        (after - before) // int(n) for (before, after), n in zip(pairwise(direct.kept), result.steps, strict=False)
    }
    assert per_step == {2 * memory.STATE_BYTES}  # tanh's result and the next state
    assert result.more("direct") >= 2 * memory.STATE_BYTES


def test_the_adjoint_keeps_the_same_at_every_number_of_steps(result: memory.Result):
    adjoint = result.find("adjoint")
    assert len(set(adjoint.kept)) == 1
    # float64 times of the steps are all that grows
    assert len(set(adjoint.peak - 8 * result.steps)) == 1


def test_checkpointed_lies_between(result: memory.Result):
    adjoint, direct, checkpointed = (result.find(name) for name in ("adjoint", "direct", "checkpointed"))
    assert adjoint.kept[-1] < checkpointed.kept[-1] < direct.kept[-1]
    assert adjoint.peak[-1] < checkpointed.peak[-1] < direct.peak[-1]
    states = (checkpointed.kept - 0.0) / memory.STATE_BYTES
    assert np.all(states < 2 * np.sqrt(result.steps) + 5)
    kept, peak, _ = checkpointed.slopes(result.steps)
    assert 0 < kept < 0.75
    assert 0 < peak < 0.75
    assert direct.slopes(result.steps)[0] > 0.9


@pytest.mark.parametrize("way", ["direct", "adjoint"])
def test_what_is_kept_is_what_autograd_says_it_saved(way: str):
    """Against torch's own hooks, which see the tensors saved for the way back and nothing else."""
    weights = (torch.eye(memory.WIDTH) / 2).requires_grad_()
    z0 = torch.ones(memory.SAMPLES, memory.WIDTH, requires_grad=True)
    known = {tensor.untyped_storage().data_ptr() for tensor in (weights, z0)}
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        t = torch.tensor([0.0, 1.0])
        z1 = WAYS[way](lambda t, z: memory.layer(z, weights), z0, t, method="euler", options={"step_size": 1 / 16})
        value = z1[-1].square().sum() / 2
        assert value.requires_grad
        counted = sum(saved.values())
    del z1, value
    with Meter((weights, z0)) as meter:
        kept = memory.one_gradient(way, "euler", 16, z0, weights, meter)
    assert abs(kept - counted) <= 2 * memory.STATE_BYTES  # the outputs themselves


def test_the_words_hold_the_numbers(result: memory.Result):
    answer, why = thousand_steps(result)
    assert answer * 1024**2 == pytest.approx(2 * 1000 * memory.STATE_BYTES, rel=0.05)
    assert f"{answer:.1f} MiB" in why
    assert "Right" in about_memory(result, DOUBLED[1])
    slopes = [result.find(name).slopes(result.steps)[2] for name in ("direct", "checkpointed", "adjoint")]
    assert ", ".join(f"{slope:.2f}" for slope in slopes) in about_memory(result, DOUBLED[1])
    assert "Not quite" in about_memory(result, DOUBLED[0])
    flat = memory.Growth("adjoint", np.full(4, 122892), np.full(4, 122892), np.ones(4))
    assert all(f"{slope:.2f}" == "0.00" for slope in flat.slopes(np.array([32, 64, 128, 256])))
    assert memory_table(result).count(f"| {result.steps[-1]} steps |") == 2
