"""The table and the edits of the network builder: what is wrong is said, nothing is lost, and it can be repaired."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.conv import Field, GeometryError, run
from core.conv.items import MOST_LAYERS, Item, Network, item
from core.conv.kinds import KINDS, NetworkError
from core.conv.presets import PRESETS
from core.labs import builder_edits as edits
from core.labs import builder_words as words
from core.labs.builder import lay_out, share_out
from tests.conv.networks import items, networks

VGG16 = PRESETS["vgg16"].network
CNN = Network((3, 32, 32), (item("conv", filters=8), item("max_pool"), item("flatten"), item("dense", units=10)))


@given(networks())
@settings(max_examples=60, deadline=None)
def test_the_table_has_the_numbers_of_the_layers(network: Network):
    table = lay_out(network)
    assert table.problem is None
    costs = run(network.layers, network.shape, (Field(), Field()))
    assert table.costs == costs
    assert table.trainable == sum(cost.trainable for cost in costs)
    assert table.bytes == sum(cost.bytes for cost in costs)


@given(st.lists(items(), min_size=1, max_size=9))
@settings(max_examples=150, deadline=None)
def test_whatever_is_wrong_is_said_and_repaired(layers: list[Item]):
    network = Network((2, 9, 7), tuple(layers))
    for _ in layers:
        table = lay_out(network)
        if (problem := table.problem) is None:
            break
        assert len(table.rows) == len(network.items)
        before = network.layers[: problem.number - 1]
        assert table.costs == run(before, network.shape, (Field(), Field()))  # they keep their numbers
        with pytest.raises(GeometryError, match=re.escape(problem.reason)):
            network.items[problem.number - 1].layer.cost(table.before(problem.number))
        assert all(row.cost is None and not row.reason for row in table.rows[problem.number :])
        found = edits.repair(table)
        assert found is not None
        gone = re.fullmatch("Remove layer ([0-9]+), which flattens", found.words)
        assert gone or str(problem.number) in found.words
        touched = int(gone[1]) if gone else problem.number
        others = {id(one) for index, one in enumerate(network.items, 1) if index != touched}
        assert others <= {id(one) for one in found.network.items}  # nothing else is touched
        network = found.network
        after = lay_out(network).problem
        assert after is None or after.number >= problem.number
    assert edits.repair(lay_out(network)) is None or lay_out(network).problem


@pytest.mark.parametrize(
    ("kind", "given", "shape", "says"),
    [
        ("conv", {"kernel": 40}, (3, 32, 32), "Layer 1: kernel 32"),
        ("conv", {"kernel": 5, "dilation": 9}, (3, 32, 32), "Layer 1: dilation 1"),
        ("conv", {"groups": 2}, (3, 32, 32), "Layer 1: groups 1"),
        ("conv", {"padding": "same", "stride": 2}, (3, 32, 32), "Layer 1: stride 1"),
        ("max_pool", {"padding": 2}, (3, 32, 32), "Layer 1: padding 1"),
        ("residual", {"filters": 4}, (3, 32, 32), "Layer 1: a 1 x 1 convolution on the skip"),
        ("dense", {}, (3, 32, 32), "Put a flatten layer before layer 1"),
    ],
)
def test_the_least_repair_is_offered(kind: str, given: dict, shape: tuple[int, int, int], says: str):
    table = lay_out(Network(shape, (item(kind, **given), item("activation"))))
    assert table.problem
    assert table.problem.number == 1
    found = edits.repair(table)
    assert found
    assert found.words == says
    assert lay_out(found.network).problem is None
    assert words.about_problem(table, table.problem).startswith("Layer 1 (")


def test_a_flatten_layer_that_is_in_the_way_goes_and_not_what_lies_behind_it():
    whole = PRESETS["vgg16"].network
    found = edits.repair(lay_out(edits.insert(whole, 4, item("flatten"))))
    assert found
    assert found.words == "Remove layer 5, which flattens"
    assert found.network == whole


def test_what_nothing_repairs_can_be_removed():
    for kinds in (("flatten", "dense", "conv"), ("conv", "flatten", "conv")):
        table = lay_out(Network((3, 3, 3), tuple(item(kind) for kind in kinds)))
        found = edits.repair(table)
        assert found
        assert found.words == "Remove layer 3"


def test_edits():
    moved = edits.move(CNN, 1, 3)
    assert [one.kind for one in moved.items] == ["max_pool", "flatten", "conv", "dense"]
    assert edits.move(moved, 3, 1) == CNN
    assert edits.remove(edits.insert(CNN, 2, item("dropout")), 3) == CNN
    assert edits.replace(CNN, 1, item("conv", filters=9)).items[0].named()["filters"] == 9
    assert [one.kind for one in edits.insert(CNN, 0, item("dropout")).items][:2] == ["dropout", "conv"]
    with pytest.raises(NetworkError, match="at most 200 layers"):
        edits.insert(Network((1, 8, 8), (item("dropout"),) * MOST_LAYERS), 0, item("dropout"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"dense"}])
def test_a_new_layer_fits_behind_a_convolution(kind: str):
    table = lay_out(CNN)
    assert lay_out(edits.insert(CNN, 1, edits.sensible(table, kind, 1))).rows[1].cost


def test_shares_of_vgg16():
    found = share_out(VGG16)
    assert sum(share.parameters for share in found.shares) == pytest.approx(1)
    assert sum(share.multiply_adds for share in found.shares) == pytest.approx(1)
    assert found.heaviest is found.first_dense
    assert found.heaviest.parameters == pytest.approx((25_088 + 1) * 4_096 / 138_357_544)
    assert [share.row.kind for share in found.busiest] == ["conv"] * 6
    assert "**Right" in words.about_parameters(words.WHERE[2], found)
    assert "**Right" in words.about_work(words.BUSY[2], found)
    assert "1,849,688,064 each" in words.about_work(words.BUSY[0], found)
    assert "**Not quite.**" in words.about_sight(words.SIGHT[0], lay_out(VGG16))
    assert "212 x 212 of 224 x 224" in words.about_sight(words.SIGHT[1], lay_out(VGG16))


def test_parameters_without_products_are_no_work():
    found = share_out(Network((3, 8, 8), (item("batch_norm"),)))
    assert words.about_own(found).endswith("100%; no layer has multiply-adds.")


def test_one_layer_by_hand():
    table = lay_out(PRESETS["resnet18"].network)
    steps = " ".join(words.count_steps(table, 1))
    products = "= 118{,}013{,}952$"
    for number in ("(224 + 6 - 1 \\cdot 6 - 1) / 2", "= 112$", "= 9{,}408$", products, "3.1 MiB", "= 7$", "= 2$"):
        assert number in steps
    assert words.counted_layer(table, 5) == 1
    assert words.counted_layer(lay_out(Network((1, 8, 8), ())), 0) is None


def test_the_exercise_counts_one_more_layer():
    asked = words.field_exercise(lay_out(VGG16))
    assert asked
    assert asked[1] == 212 + 2 * 32
    assert words.field_exercise(lay_out(Network((1, 8, 8), (item("flatten"),)))) is None


@pytest.mark.parametrize(
    ("count", "says"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**20, "3.0 MiB"), (2**50, "1,024.0 TiB")]
)
def test_memory(count: int, says: str):
    assert words.memory(count) == says


def test_the_table_in_words_marks_what_is_wrong():
    text = words.table_in_markdown(lay_out(edits.remove(CNN, 3)), 1)
    assert "✗ expected a flat input" in text
    assert "▸\u00a01" in text
    assert len(text.splitlines()) == 3 + 3 + 1
