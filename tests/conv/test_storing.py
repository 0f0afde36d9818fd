"""Networks survive files and links; whatever else comes gets a reason."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.conv.items import MOST_LAYERS, Item, Network, item, network
from core.conv.kinds import KINDS, NetworkError
from core.conv.presets import PRESETS
from core.conv.storing import LONGEST_LINK, MOST_BYTES, from_json, from_link, to_json, to_link
from tests.conv.networks import items


@given(st.lists(items(), max_size=12), st.tuples(st.integers(1, 1024), st.integers(1, 2048), st.integers(1, 2048)))
@settings(max_examples=100, deadline=None)
def test_files_and_links_keep_every_network(layers: list[Item], shape: tuple[int, int, int]):
    built = network(shape, tuple(layers))  # whether its layers fit each other does not matter
    assert from_json(to_json(built).encode()) == built
    assert from_link(to_link(built)) == built


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_kept_and_with_changes_fit_a_link(name: str):
    built = PRESETS[name].network
    assert to_link(built) == name
    assert from_link(name) == built == from_json(to_json(built).encode())
    changed = Network((3, 200, 300), (*built.items, item("dropout", rate=0.35)))
    assert len(to_link(changed)) < 200
    assert from_link(to_link(changed)) == changed


@pytest.mark.parametrize("rate", [0.123456, -0.0])
def test_a_rate_is_kept_as_precisely_as_a_link_writes_it(rate: float):
    built = Network((1, 2, 2), (item("dropout", rate=rate),))
    assert from_link(to_link(built)) == built == from_json(to_json(built).encode())


def test_letters_are_unique():
    assert len({kind.letter for kind in KINDS.values()}) == len(KINDS)
    for kind in KINDS.values():
        assert len({argument.letter for argument in kind.arguments}) == len(kind.arguments)


def file(**changed: object) -> bytes:
    whole = {"format": "network builder", "version": 1, "input": [3, 32, 32], "layers": [{"kind": "flatten"}]}
    return json.dumps({**whole, **changed}).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "line 1, column 1"),
        (b"\xff\xfe\x00", "text in UTF-8"),
        (b"\x80\x04\x95", "text in UTF-8"),  # how a pickle begins
        (b"[" * 50_000, "beyond all bounds"),
        (b'{"a": ' + b"9" * 9_000 + b"}", "beyond all bounds"),
        (b" " * (MOST_BYTES + 1), "at most 100,000 bytes; got 100,001"),
        (b"[1, 2]", '"format": "network builder"'),
        (file(format="onnx"), '"version": 1'),
        (file(version=2), '"version": 1'),
        (file(input=[3, 32]), r"three whole numbers: channels, height, width; got \[3, 32\]"),
        (file(input=[3, 32, 4096]), "width must be from 1 to 2048; got 4096"),
        (file(input=[True, 32, 32]), "three whole numbers"),
        (file(input="3x32x32"), "three whole numbers"),
        (file(input=[[[[[[[[[1]]]]]]]]]), "three whole numbers"),
        (file(layers={}), "a list of layers"),
        (file(layers=[{"kind": "flatten"}] * (MOST_LAYERS + 1)), "at most 200 layers; got 201"),
        (file(layers=["flatten"]), 'layer 1: expected an object with a "kind"'),
        (file(layers=[{"kind": "lstm"}]), "layer 1: kind must be one of conv, .*; got 'lstm'"),
        (file(layers=[{"kind": ["conv"]}]), 'an object with a "kind"'),
        (
            file(layers=[{"kind": "flatten"}, {"kind": "conv", "filter": 3}]),
            "layer 2: conv has the arguments filters, ",
        ),
        (file(layers=[{"kind": "flatten", "axis": 3}]), "the arguments none; got 'axis'"),
        (file(layers=[{"kind": "conv", "filters": 0}]), "a whole number from 1 to 8192; got 0"),
        (file(layers=[{"kind": "conv", "filters": 3.0}]), "a whole number from 1 to 8192; got 3.0"),
        (file(layers=[{"kind": "conv", "filters": True}]), "got True"),
        (file(layers=[{"kind": "conv", "bias": 1}]), "bias must be true or false; got 1"),
        (file(layers=[{"kind": "conv", "padding": "full"}]), "a whole number from 0 to 15 or 'same'; got 'full'"),
        (file(layers=[{"kind": "conv", "padding": False}]), "or 'same'; got False"),
        (file(layers=[{"kind": "conv", "kernel": [3, 3]}]), r"kernel must be .* 64; got \[3, 3\]"),
        (file(layers=[{"kind": "dropout", "rate": float("nan")}]), "a number from 0 to 0.95; got nan"),
        (file(layers=[{"kind": "activation", "function": "__import__"}]), "'relu' or 'tanh' or .*; got '__import__'"),
    ],
    ids=str,
)
def test_a_file_that_is_no_network_gets_a_reason(data: bytes, says: str):
    with pytest.raises(NetworkError, match=says):
        from_json(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_by_a_network_error(data: bytes):
    with pytest.raises(NetworkError):
        from_json(data)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vgg17", "expected the name of a network"),
        ("3x32_F", "expected the name of a network"),
        ("0x32x32_F", "channels must be from 1"),
        ("3x32x32_Z", "character 9 begins no layer"),
        ("3x32x32_F-", "character 10 begins no layer"),
        ("3x32x32_FCf0", "layer 2: filters must be"),
        ("3x32x32_Cq4", "layer 1: conv has no argument 'q'"),
        ("3x32x32_Cf1.5", "layer 1: filters must be"),
        ("3x32x32_Cp99", "layer 1: padding must be"),
        ("3x32x32_Cf" + "9" * 400, "layer 1: filters must be"),
        ("3x32x32_Dr1.2.3", "layer 1: rate must be"),
        ("3x32x32_" + "F" * (MOST_LAYERS + 1), "at most 200 layers"),
        ("3x32x32_" + "F" * LONGEST_LINK, "expected the name of a network"),
        ("３x32x32_F", "expected the name of a network"),
    ],
)
def test_a_link_that_is_no_network_gets_a_reason(text: str, says: str):
    with pytest.raises(NetworkError, match=says):
        from_link(text)


@given(st.text("0123456789x_.CMVGABDFLRSfkspdgbcure", max_size=30).map("3x8x8_".__add__) | st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_link_is_a_network_or_refused(text: str):
    try:
        built = from_link(text)
    except NetworkError:
        return
    assert from_link(to_link(built)) == built
