"""The page that compares maps as a visitor meets it: predictions, pins, links, and every layer."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import compare_maps as lab
from core.labs import compare_maps_words
from core.samples import SAMPLES
from pages.ui import cached, piecewise, pins
from tests.pages.test_gradcam import png_of, upload, values
from tests.pages.test_truth import guess
from tests.pages.visiting import component, open_page, sound, visit, words

SLUG = "maps-compared"
A, B = "harbour~resnet_cifar10~layer2.1~0~gradcam", "harbour~resnet_cifar10~layer3.1~8~hirescam"


def uncovered(at: AppTest) -> AppTest:
    """All predictions made."""
    for radio in list(at.radio):
        if str(radio.key).startswith("x_guess"):
            at = guess(at, str(radio.key), radio.options[0])
    return at


def shown(at: AppTest, key: str) -> bool:
    try:
        return bool(component(at, key)["panels"])
    except AssertionError:
        return False


def test_predictions_uncover_every_part():
    at = open_page(SLUG)
    keys = ("x_strip", "x_beyond_maps", "x_targets", "x_classes")
    assert not any(shown(at, key) for key in keys)
    at = uncovered(at)
    assert all(shown(at, key) for key in keys)
    assert sum(words(at).count(verdict) for verdict in ("**Right", "**Not quite")) == 4
    strip = component(at, "x_strip")["panels"]
    rows = cached.layers("resnet_cifar10", cached.fed(cached.sample("harbour"), "resnet_cifar10"))
    assert [panel["title"] for panel in strip] == [row.name for row in rows]
    explanation = cached.explanation(cached.sample("harbour"), "resnet_cifar10", "layer3.1", 8)
    np.testing.assert_allclose(values(strip[-1]), explanation.map()[0], rtol=1e-4, atol=1e-7)
    titles = [panel["title"] for panel in component(at, "x_beyond_maps")["panels"]]
    assert titles[1:] == [f"Score-CAM, 32 of {explanation.activation.shape[1]} maps", *compare_maps_words.OTHERS[1:]]
    (answer,) = (field for field in at.number_input if str(field.key).startswith("x_mean"))
    sound(answer.set_value(float(explanation.scores[0, 8])).run())
    assert "Right" in at.success[0].value


@pytest.mark.parametrize("query", [{"layer": "conv1", "x_masks": "8"}, {"network": "odenet_cifar10", "x_masks": "8"}])
def test_other_layers_and_networks(query: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(piecewise, "LONG", 1e9)  # a busy machine would be asked first
    monkeypatch.setattr(lab, "FACTORS", (0.1, 1.0, 8.0))
    at = open_page(SLUG, **query)
    for key in ("x_guess_least", "x_guess_length"):
        (radio,) = (radio for radio in at.radio if str(radio.key).startswith(key))
        at = guess(at, key, radio.options[0])
    titles = [panel["title"] for panel in component(at, "x_beyond_maps")["panels"]]
    assert len(titles) == (6 if "layer" in query else 4)
    if "layer" in query:
        assert "Here each class needs its own way back" in words(at)
    assert not at.error


def test_two_settings_are_pinned_and_compared():
    at = open_page(SLUG)
    sound(at.button(key="x_pin_A").click().run())
    assert "pin that as B" in at.info[0].value
    at.selectbox(key="layer").set_value("layer2.1").run()
    sound(at.button(key="x_pin_B").click().run())
    (panel,) = component(at, "x_difference")["panels"]
    explanations = [cached.explanation(cached.sample("harbour"), "resnet_cifar10", one, 8) for one in ("layer2.1",)]
    assert (panel["rows"], panel["columns"]) == explanations[0].activation.shape[2:]
    assert "each was divided by its maximum" in words(at)
    assert at.query_params["x_a"] in ("harbour~resnet_cifar10~layer3.1~8~gradcam",) * 2 or at.query_params["x_a"] == [
        "harbour~resnet_cifar10~layer3.1~8~gradcam"
    ]
    sound(at.toggle(key="x_common").set_value(True).run())
    highs = [component(at, f"x_side_{letter}")["panels"][0]["high"] for letter in "AB"]
    assert highs[0] == highs[1]
    assert "one scale says nothing" in words(at)


def test_a_link_holds_both_pins():
    at = open_page(SLUG, x_a=A, x_b=B)
    assert "airplane" in component(at, "x_side_A")["panels"][0]["title"]
    assert "HiResCAM" in component(at, "x_side_B")["panels"][0]["title"]
    assert shown(at, "x_difference")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~~~~",
        A + "~x",
        A.replace("harbour", "../x"),
        A.replace("layer2.1", "fc"),
        A.replace("~0~", "~10~"),
        A.replace("~0~", "~-1~"),
        A.replace("~0~", "~٣~"),
        A.replace("gradcam", "__class__"),
        A.replace("resnet_cifar10", "vgg16"),
        "~" * 5000,
    ],
)
def test_a_pin_from_a_bad_link_is_none(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("WEIGHTS_DIR", raising=False)
    assert pins.read(text) is None


def test_a_good_pin_is_read_and_written_alike():
    pin = pins.read(A)
    assert pin is not None
    assert pin.text() == A


def test_bad_links_leave_the_page_whole():
    at = open_page(SLUG, x_a="<b>~", x_b=A, x_masks="-8", x_common="maybe", layer="nope")
    assert "A is not pinned yet" in words(at)
    assert at.slider(key="x_masks").value in range(8, 65)


def test_pins_on_different_pictures_and_ones_own_picture():
    at = open_page(SLUG, x_a=B)
    at = upload(at, png_of(SAMPLES["coffee"].read().rgb[:200, :300]))
    sound(at.button(key="x_pin_B").click().run())
    assert "different pictures" in words(at)
    assert "x_b" not in at.query_params
    sound(at.button(key="x_pin_A").click().run())
    assert shown(at, "x_difference")
    assert "x_a" not in at.query_params
    other = open_page(SLUG)
    assert not shown(other, "x_side_A")


def test_pins_and_settings_stay_on_a_change_of_page():
    at = visit(SLUG)
    at.selectbox(key="layer").set_value("layer3.0").run()
    sound(at.button(key="x_pin_A").click().run())
    at.switch_page("../09_gradcam.py").run()
    assert sound(at).selectbox(key="layer").value == "layer3.0"
    at.switch_page("../09_maps_compared.py").run()
    assert "A: ship, ResNet for CIFAR-10, layer3.0, Grad-CAM" in words(sound(at))


def test_an_imagenet_network_with_a_thousand_classes(monkeypatch: pytest.MonkeyPatch, shared):
    monkeypatch.setenv("WEIGHTS_DIR", str(shared / "weights"))
    at = open_page(SLUG, network="squeezenet1_0", sample="cat")
    assert "Conv2d" in words(at)
    assert lab.head_objection(cached.network("squeezenet1_0"), "features.12") is not None
