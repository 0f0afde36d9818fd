"""Maps at any depth of an ODE-Net, against networks that are really cut in two there."""

import pytest
import torch
from torch import Tensor, nn

from core.cam import explain
from core.cam.depth import passages
from core.nn.odenet import ODEBlock, Solver, blocks, solved_by
from core.nn.stages import Stages
from tests.odenets import small_odenet

DEPTHS = [0.0, 0.2, 0.5, 0.9, 1.0]
TIGHT = Solver("dopri5", 1e-6, 1e-6)


@pytest.fixture(scope="module")
def net() -> Stages:
    """A small ODE-Net whose blocks really move: untrained ones stand still."""
    return small_odenet(TIGHT)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))


def cut(net: Stages, x: Tensor, name: str, t: float, target: int) -> tuple[Tensor, Tensor]:
    """z(t), and the score's gradient there: the block solved to t, and from t on, by itself."""
    block, names = net.stages[name], list(net.stages)
    assert isinstance(block, ODEBlock)
    z = net.run(x, upto=names[names.index(name) - 1])
    z = block.path(z, torch.tensor([0.0, t]))[-1] if t > 0 else z
    z = z.detach().requires_grad_()
    end = block.path(z, torch.tensor([t, 1.0]))[-1] if t < 1 else z
    return z.detach()[0], torch.autograd.grad(net.run(end, after=name)[0, target], z)[0][0]


@pytest.mark.parametrize("target", [0, 3])
def test_one_adjoint_solve_equals_cutting_the_network_at_each_depth(net, x, target):
    for passage in passages(net, x, target, DEPTHS):
        assert passage.t.tolist() == pytest.approx(DEPTHS)
        assert min(passage.nfe, passage.nfe_back) >= 7
        for i, t in enumerate(DEPTHS):
            z, a = cut(net, x, passage.block, t, target)
            torch.testing.assert_close(passage.explanation.activation[i], z, rtol=1e-4, atol=1e-4)
            scale = float(a.abs().max())
            torch.testing.assert_close(passage.explanation.gradient[i], a, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize(("method", "step", "calls"), [("euler", 0.5, 2), ("midpoint", 0.25, 8), ("rk4", 1.0, 4)])
def test_with_fixed_steps_it_equals_it_exactly(net, x, method, step, calls):
    fixed = solved_by(net, Solver(method, step_size=step))
    for passage in passages(fixed, x, 2, DEPTHS):
        assert (passage.nfe, passage.nfe_back) == (calls, 0)
        assert len(passage.t) == round(1 / step) + 1
        for i, t in enumerate(passage.t.tolist()):
            z, a = cut(fixed, x, passage.block, t, 2)
            assert torch.equal(passage.explanation.activation[i], z)
            assert torch.equal(passage.explanation.gradient[i], a)


def test_the_ends_are_the_maps_of_the_stages(net, x):
    for passage in passages(net, x, 1, [0.0, 1.0]):
        whole = explain(net, x, passage.block, 1)
        scale = float(whole.map().max())
        torch.testing.assert_close(passage.explanation.map()[-1:], whole.map(), rtol=0, atol=1e-4 * scale)
        torch.testing.assert_close(passage.explanation.scores[-1:], whole.scores, rtol=1e-4, atol=1e-4)


def test_a_network_that_begins_with_a_block(net, x):
    first = Stages({"ode": net.stages["ode1"], "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}).eval()
    z0 = net.run(x, upto="relu")
    (passage,) = passages(first, z0, 5, [0.0, 1.0])
    assert torch.equal(passage.explanation.activation[:1], z0)


def test_networks_share_weights_and_not_their_counts(net, x):
    other = solved_by(net, Solver("euler", step_size=1.0))
    net(x)
    before = {name: block.nfe for name, block in blocks(net).items()}
    other(x)
    assert [block.nfe for block in blocks(other).values()] == [1, 1]
    assert {name: block.nfe for name, block in blocks(net).items()} == before
    assert all(a is b for a, b in zip(net.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"depths": [0.0, 0.5]}, "depths from 0 to 1"),
        ({"depths": [0.0, 0.5, 0.5, 1.0]}, "depths from 0 to 1"),
        ({"target": 4}, "class from 0 to 3; got 4"),
        ({"target": -1}, "class from 0 to 3; got -1"),
        ({"x": torch.zeros(2, 3, 12, 12)}, "one picture; got 2"),
        ({"net": Stages({"conv": nn.Conv2d(3, 4, 1)}).eval()}, "its stages are conv"),
    ],
)
def test_what_cannot_be_explained_is_refused(net, x, change, said):
    given = {"net": net, "x": x, "target": 0, "depths": DEPTHS} | change
    with pytest.raises(ValueError, match=said):
        passages(**given)
