"""A network is the composition of its named stages, wherever it is cut."""

import re
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core.nn.stages import StageRow, Stages, count_parameters

LEAVES = {
    "tanh": nn.Tanh,
    "linear": lambda: nn.Linear(3, 3),
    "norm": lambda: nn.LayerNorm(3),
    "square": lambda: Square(),
}
TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6
)
PARTS = st.lists(TREES, min_size=1, max_size=4)


class Square(nn.Module):
    """h + (W h)^2, a module that has children but is one stage."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh())

    def forward(self, h: Tensor) -> Tensor:
        return h + self.inner(h) ** 2


def module(tree) -> nn.Module:
    return LEAVES[tree]() if isinstance(tree, str) else nn.Sequential(*map(module, tree))


def names(tree, prefix: str) -> list[str]:
    """The stages' names, from the tree alone."""
    if isinstance(tree, str):
        return [prefix]
    return [name for i, inner in enumerate(tree) for name in names(inner, f"{prefix}.{i}")]


def network(trees) -> Stages:
    return Stages({f"part{i}": module(tree) for i, tree in enumerate(trees)})


def small() -> Stages:
    return Stages(
        {
            "features": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Sequential(nn.ReLU())),
            "pool": nn.AdaptiveAvgPool2d(2),
            "flatten": nn.Flatten(),
            "head": nn.Linear(16, 5),
        }
    )


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_names_are_dotted_paths_in_order_and_prefixes_of_the_state_dict(trees):
    net = network(trees)
    assert list(net.stages) == [name for i, tree in enumerate(trees) for name in names(tree, f"part{i}")]
    for name, stage in net.stages.items():
        assert stage is net.get_submodule(name)
        assert [f"{name}.{key}" for key in stage.state_dict()] == [
            key for key in net.state_dict() if key.startswith(f"{name}.")
        ]


@settings(max_examples=60, deadline=None)
@given(PARTS, st.integers(0, 1000))
def test_every_split_composes_to_forward(trees, seed):
    net = network(trees)
    x = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
    whole = x
    for stage in net.stages.values():
        whole = stage(whole)
    assert torch.equal(net(x), whole)
    for name in net.stages:
        assert torch.equal(net.run(net.run(x, upto=name), after=name), whole)
    for first, second in combinations(net.stages, 2):
        middle = net.run(net.run(x, upto=first), after=first, upto=second)
        assert torch.equal(net.run(middle, after=second), whole)
    last = list(net.stages)[-1]
    assert net.run(x, after=last) is x
    assert net.run(x, after=last, upto=last) is x


@pytest.mark.parametrize("where", ["after", "upto"])
@pytest.mark.parametrize("name", ["features", "features.9", "", "Head"])
def test_unknown_stage_names_those_that_exist(where, name):
    said = f"no stage named {name!r}; the stages are features.0, features.1, features.2.0, pool, flatten, head"
    with pytest.raises(KeyError, match=re.escape(said)):
        small().run(torch.zeros(1, 3, 4, 4), **{where: name})


def test_in_place_modules_are_refused_by_name_however_deep():
    block = Square()
    block.inner.append(nn.ReLU(inplace=True))
    parts = {"a": nn.Sequential(nn.ReLU(), nn.ReLU(inplace=True)), "b": block, "c": nn.Dropout(inplace=True)}
    with pytest.raises(ValueError, match=r"inplace=True in a\.1, b\.inner\.2, c$"):
        Stages(parts)


def test_table_computed_by_hand():
    assert small().table((2, 3, 4, 6)) == [
        StageRow("features.0", "Conv2d", (2, 4, 4, 6), 4 * 27 + 4),
        StageRow("features.1", "BatchNorm2d", (2, 4, 4, 6), 8),
        StageRow("features.2.0", "ReLU", (2, 4, 4, 6), 0),
        StageRow("pool", "AdaptiveAvgPool2d", (2, 4, 2, 2), 0),
        StageRow("flatten", "Flatten", (2, 16), 0),
        StageRow("head", "Linear", (2, 5), 85),
    ]


@settings(max_examples=40, deadline=None)
@given(PARTS, st.integers(1, 4))
def test_table_tells_the_shapes_and_counts_of_a_real_pass(trees, n):
    net = network(trees)
    h = torch.zeros(n, 3)
    rows = net.table((n, 3))
    for row, (name, stage) in zip(rows, net.stages.items(), strict=True):
        h = stage(h)
        assert row == StageRow(name, type(stage).__name__, tuple(h.shape), count_parameters(stage))
    assert sum(row.parameters for row in rows) == count_parameters(net)


@pytest.mark.parametrize(
    ("shape", "spatial"), [((1, 8, 2, 2), True), ((1, 8, 1, 2), True), ((1, 8, 1, 1), False), ((1, 8), False)]
)
def test_spatial_is_a_stack_of_maps_of_more_than_one_cell(shape, spatial):
    assert StageRow("a", "Conv2d", shape, 0).is_spatial is spatial


@pytest.mark.parametrize("training", [True, False])
def test_table_leaves_the_network_as_it_was(training):
    net = small().train(training)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    parameters = dict(net.named_parameters())
    net.table((2, 3, 8, 8))
    assert net.training is training
    assert torch.is_grad_enabled()
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])
    assert all(parameter is parameters[key] for key, parameter in net.named_parameters())


def test_table_does_not_touch_a_network_that_others_run_meanwhile():
    """Sessions share the network: while its shapes are computed its weights must stay where they are."""
    seen = []

    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, h: Tensor) -> Tensor:
            seen.append(scale.weight.device.type)  # what another thread would see now
            return h * self.weight

    scale = Scale()
    net = Stages({"scale": scale})
    net.table((1, 3))
    assert seen == ["cpu"]


def test_table_refuses_what_a_stage_cannot_take():
    with pytest.raises(RuntimeError, match="channel"):
        small().table((1, 1, 4, 4))


def test_table_of_a_network_without_memory():
    with torch.device("meta"):
        net = small()
    assert net.table((1, 3, 4, 4))[-1].shape == (1, 5)


def test_buffers_are_not_counted():
    assert count_parameters(nn.BatchNorm2d(7)) == 14
