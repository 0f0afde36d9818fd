"""The network builder as a visitor meets it: add, break, repair, store, share, at the ends of its controls."""

import json

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.conv import storing
from core.conv.items import MOST_LAYERS, Network, item
from core.conv.kinds import KINDS
from core.conv.presets import PRESETS
from core.labs import builder_words as told
from tests.pages.visiting import chart, open_page, sound, words
from tests.pictures import SCENE, encoded


def builder(link: str = "", **query: str) -> AppTest:
    return open_page("network-builder", **({"b_net": link} if link else {}), **query)


def press(at: AppTest, key: str) -> AppTest:
    return sound(at.button(key=key).click().run())


def built(at: AppTest) -> Network:
    return at.session_state["b_built"]


def kinds(at: AppTest) -> list[str]:
    return [one.kind for one in built(at).items]


def table(at: AppTest) -> str:
    return next(one.value for one in at.markdown if one.value.startswith("| | layer"))


def programs(at: AppTest) -> list[str]:
    return [one.value for one in at.code if "Behind each layer" in one.value]


def test_the_defaults():
    at = builder()
    assert not at.error
    assert built(at) == PRESETS["lenet5"].network
    assert "**61,706**" in table(at)
    assert "**61,706 parameters**" in words(at)
    assert "b_net" not in at.query_params
    assert "nn.Conv2d(1, 6, kernel_size=5),  # (6, 28, 28)" in programs(at)[0]
    assert "layers.Conv2D(6, 5)(inputs)  # (28, 28, 6)" in programs(at)[1]
    assert len(chart(at, "b_volumes")["data"]) == 4


@pytest.mark.parametrize("name", list(PRESETS)[1:])
def test_every_preset_loads_and_is_in_the_address(name: str):
    at = builder()
    sound(at.selectbox(key="b_preset").set_value(name).run())
    press(at, "b_load")
    assert built(at) == PRESETS[name].network
    assert at.query_params["b_net"] == name
    assert len(programs(at)) == 2
    press(at, "b_undo_last")
    assert built(at) == PRESETS["lenet5"].network
    assert "b_net" not in at.query_params


def test_add_move_duplicate_remove_and_undo():
    at = builder("1x8x8_CA")
    for kind in ("flatten", "dense"):
        sound(at.selectbox(key="b_at").set_value(len(kinds(at))).run())
        sound(at.selectbox(key="b_new").set_value(kind).run())
        press(at, "b_add")
        assert at.selectbox(key="b_at").value == len(kinds(at))  # the new layer is the one to edit
    assert kinds(at) == ["conv", "activation", "flatten", "dense"]
    press(at, "b_up")
    assert kinds(at) == ["conv", "activation", "dense", "flatten"]
    press(at, "b_lower")
    press(at, "b_twice")
    assert kinds(at) == ["conv", "activation", "flatten", "dense", "dense"]
    press(at, "b_remove")
    press(at, "b_add_before")
    assert kinds(at) == ["conv", "activation", "flatten", "dense", "dense"]
    assert at.query_params["b_net"] == "1x8x8_CAFLL"
    for _ in range(7):
        if not at.button(key="b_undo_last").disabled:
            press(at, "b_undo_last")
    assert kinds(at) == ["conv", "activation"]
    for _ in range(2):
        press(at, "b_remove")
    assert kinds(at) == []
    assert "There is no layer yet" in words(at)
    press(at, "b_add")
    assert kinds(at) == ["dense"]


def test_break_and_repair():
    at = builder("3x32x32_Cf16p1AMFLu10")
    sound(at.selectbox(key="b_at").set_value(4).run())
    press(at, "b_remove")
    assert "Layer 4 (dense: 10 units) cannot take its input 16 x 16 x 16" in at.error[0].value
    assert "✗ expected a flat input" in table(at)
    assert "**448**" in table(at)  # the layers before it keep their numbers
    assert not programs(at)
    assert "once layer 4 can take its input" in words(at)
    press(at, "b_repair")
    assert not at.error
    assert kinds(at) == ["conv", "activation", "max_pool", "flatten", "dense"]
    assert len(programs(at)) == 2
    sound(at.selectbox(key="b_at").set_value(3).run())
    sound(at.number_input(key="b_max_pool_kernel").set_value(64).run())
    assert "kernel 64 exceeds input 32" in at.error[0].value
    sound(at.number_input(key="b_max_pool_kernel").set_value(2).run())
    assert not at.error


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_at_its_ends(kind: str):
    at = builder(storing.to_link(Network((3, 24, 24), (item(kind),))))
    for argument in KINDS[kind].arguments:
        key = f"b_{kind}_{argument.name}"
        if argument.options:
            for option in (argument.options[-1], argument.options[0]):
                sound(at.selectbox(key=key).set_value(option).run())
                assert built(at).items[0].named()[argument.name] == option
        elif isinstance(argument.default, bool):
            sound(at.toggle(key=key).set_value(not argument.default).run())
            assert built(at).items[0].named()[argument.name] is not argument.default
        else:
            for end in (argument.high, argument.low):
                sound(at.number_input(key=key).set_value(end).run())
                assert built(at).items[0].named()[argument.name] == end


def test_the_input_at_its_ends():
    at = builder()
    for side, most in (("channels", 1024), ("height", 2048), ("width", 2048)):
        for end in (most, 1):
            sound(at.number_input(key=f"b_in_{side}").set_value(end).run())
            assert end in built(at).shape
    assert built(at).shape == (1, 1, 1)
    assert "kernel 5 exceeds input 1" in at.error[0].value
    assert "No layer of this network sees a part of the input" in words(at)


def test_the_frame_follows_layer_and_cell():
    at = builder("resnet18")
    assert at.selectbox(key="b_preset").value == "resnet18"
    frames = []
    for number, down in (("4", 0), ("4", 100), ("19", 100)):
        at.selectbox(key="b_see").set_value(number)
        sound(at.slider(key="b_down").set_value(down).run())
        frames.append(next(one for one in chart(at, "b_field")["data"] if one["name"] == "seen of the picture"))
    assert frames[0]["y"][0] == 0
    assert frames[1]["y"][2] == 224
    assert frames[1]["y"][0] > frames[2]["y"][0]
    assert "is **435 x 435** pixels" in words(at)
    for key, value in (("b_across", 100), ("b_across", 0)):
        sound(at.slider(key=key).set_value(value).run())
    before = chart(at, "b_field")["layout"]["images"][0]["source"]
    sound(at.segmented_control(key="source").set_value("Upload").run())
    own = encoded(Image.fromarray(SCENE), "PNG")
    sound(at.file_uploader(key="upload").upload("my.png", own, "image/png").run())
    assert chart(at, "b_field")["layout"]["images"][0]["source"] != before
    assert "Your picture, 64 x 48 pixels" in words(at)


def test_saved_networks_open_again():
    at = builder("squeezenet")
    saved = storing.to_json(PRESETS["resnet18"].network).encode()
    sound(at.file_uploader(key="b_upload").upload("network.json", saved, "application/json").run())
    assert built(at) == PRESETS["resnet18"].network
    bad = json.dumps({"format": "network builder", "version": 1, "input": [3, 8, 8], "layers": [{"kind": "x"}]})
    sound(at.file_uploader(key="b_upload").upload("other.json", bad.encode(), "application/json").run())
    assert "not accepted" in at.error[0].value
    assert "layer 1: kind must be one of" in at.text[0].value
    assert built(at) == PRESETS["resnet18"].network


def test_a_long_network_offers_the_file():
    at = builder()
    long = Network((3, 64, 64), (item("conv", filters=1000, padding=1, dilation=2, bias=False),) * MOST_LAYERS)
    sound(at.file_uploader(key="b_upload").upload("n.json", storing.to_json(long).encode(), "application/json").run())
    assert built(at) == long
    assert "Save it as a file to pass it on" in words(at)
    assert "b_net" not in at.query_params
    press(at, "b_twice")
    assert "at most 200 layers" in at.error[0].value
    assert built(at) == long


@pytest.mark.parametrize("link", ["nothing", "3x32x32_Cf0", "3x32x32_" + "C" * 5000, "9" * 9000, "3x1x1_CCC"])
def test_a_bad_link_still_opens(link: str):
    at = builder(link, b_at="7", b_see="99", b_down="nan", b_across="-5", sample="x", b_new="x", b_preset="x")
    assert at.error
    assert table(at)


def test_predictions_hold_back_their_answers():
    at = builder()
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "b_shares")
    assert "212 x 212" not in words(at)
    at.radio(key="b_guess_where").set_value(told.WHERE[2])
    at.radio(key="b_guess_busy").set_value(told.BUSY[0])
    sound(at.radio(key="b_guess_sight").set_value(told.SIGHT[1]).run())
    assert len(chart(at, "b_shares")["data"]) == 2
    assert "**Right: the first dense layer.** Layer 33" in words(at)
    assert "**Answer: several convolutions, all with the same number.** Layers 3, 8, 13, 15, 20, 22" in words(at)
    assert "**Right: about nine tenths of the picture.** The cell in the middle of layer 31 sees 212 x 212" in words(at)


def test_the_worked_example_and_the_exercises():
    at = builder()
    for _ in range(4):
        press(at, "b_steps next")
    assert "$6 \\cdot 25 + 6 = 156$" in words(at)
    field = next(one for one in at.number_input if one.key and one.key.startswith("b_exercise"))
    for given, mark in ((40, "success"), (1, "info")):
        sound(field.set_value(given).run())
        assert any("32 + 2 \\cdot 4 = 40" in one.value for one in getattr(at, mark))
    for option in told.TWO_FOR_ONE:
        sound(at.radio(key="b_two").set_value(option).run())
        marked = at.success if option == told.TWO_FOR_ONE_RIGHT else at.info
        assert any(told.TWO_FOR_ONE[option] in one.value for one in marked)
