"""The Grad-CAM explorer as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.cam import METHODS, explain
from core.derivations.catalogue import CATALOGUE
from core.figures.theme import SEQUENTIAL
from core.labs import gradcam, gradcam_words
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached, derivations
from tests.pages.visiting import component, open_page, sound, visit, words
from tests.pictures import BAD, GOOD, SAYS

EMBEDDED = REGISTRY["resnet_cifar10"]


def explorer(**query: str) -> AppTest:
    """The explorer opened by its own address, as a shared link does."""
    return open_page("gradcam", **query)


def panels(at: AppTest, key: str) -> list[dict]:
    return component(at, key)["panels"]


def values(panel: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(panel["values"]), "<f4").reshape(panel["rows"], panel["columns"])


def upload(at: AppTest, data: bytes, name: str = "picture.png") -> AppTest:
    if not at.file_uploader:
        at.segmented_control(key="source").set_value("Upload").run()
    return sound(at.file_uploader(key="upload").upload(name, data, "image/png").run())


def test_the_explorer_opens_with_an_explained_sample():
    at = explorer()
    (panel,) = panels(at, "overlay")
    picture = SAMPLES["harbour"].read()
    fed = feed(picture.rgb, EMBEDDED.preprocessing)
    path = weights.find(EMBEDDED)
    assert path is not None
    expected = explain(weights.load(EMBEDDED, path), fed.x, EMBEDDED.default_layer)
    assert panel["title"] == EMBEDDED.classes[int(expected.targets[0])] == "ship"
    np.testing.assert_allclose(values(panel), expected.map()[0], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("sample", list(SAMPLES)),
        ("layer", ["conv1", "relu", "layer1.0", "layer3.1"]),
        ("method", list(METHODS)),
        ("colours", list(SEQUENTIAL)),
    ],
)
def test_every_choice_works(key: str, options: list[str]):
    at = explorer()
    for option in options:
        sound(at.selectbox(key=key).set_value(option).run())
        assert at.selectbox(key=key).value == option
        assert not at.error


def test_the_ends_of_the_other_controls():
    at = explorer()
    for opacity in (0, 100):
        sound(at.slider(key="opacity").set_value(opacity).run())
    sound(at.toggle(key="cells").set_value(True).run())
    pinned = at.get("button_group")[0]
    assert pinned
    at.session_state["pinned"] = gradcam_top(at)[:4]
    at.session_state["others"] = [index for index in range(10) if index not in gradcam_top(at)][:4]
    sound(at.run())
    assert len(panels(at, "overlay")) == 4


def gradcam_top(at: AppTest) -> list[int]:
    return gradcam.answer(cached.trace(cached.sample("harbour"), EMBEDDED.name, EMBEDDED.default_layer)).best(5)


def test_networks_without_weights_offer_the_download_and_keep_the_page(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("WEIGHTS_DIR", raising=False)
    at = explorer()
    for name in [name for name, entry in REGISTRY.items() if entry.url is not None]:
        sound(at.selectbox(key="network").set_value(name).run())
        assert f"{REGISTRY[name].megabytes:.0f} MB" in at.button(key="download").label
    sound(at.selectbox(key="network").set_value(EMBEDDED.name).run())
    assert panels(at, "overlay")[0]["title"] == "ship"


def test_an_imagenet_network_from_the_weights_folder(monkeypatch, shared):
    monkeypatch.setenv("WEIGHTS_DIR", str(shared / "weights"))
    at = explorer(network="squeezenet1_0", sample="cat")
    assert at.selectbox(key="layer").value == "features.12"
    assert "cat" in panels(at, "overlay")[0]["title"] or "tabby" in panels(at, "overlay")[0]["title"]
    assert "dashed frame" in words(at)
    for layer in ("features.0", "features.6", "classifier.1"):
        sound(at.selectbox(key="layer").set_value(layer).run())


def test_a_shared_link_reopens_the_state():
    at = explorer(sample="coffee", layer="layer2.1", method="layercam", classes="5,1", opacity="30", cells="true")
    assert at.selectbox(key="sample").value == "coffee"
    assert at.selectbox(key="layer").value == "layer2.1"
    assert at.selectbox(key="method").value == "layercam"
    assert at.slider(key="opacity").value == 30
    assert at.toggle(key="cells").value is True
    assert sorted(panel["title"] for panel in panels(at, "overlay")) == ["automobile", "dog"]
    assert panels(at, "overlay")[0]["columns"] > 22  # an earlier, finer layer


def test_a_change_goes_into_the_link():
    at = explorer()
    assert dict(at.query_params) == {}
    at.selectbox(key="method").set_value("hirescam").run()
    assert at.query_params["method"] in ("hirescam", ["hirescam"])
    at.selectbox(key="method").set_value("gradcam").run()
    assert "method" not in at.query_params


@pytest.mark.parametrize(
    "query",
    [
        {"opacity": "500"},
        {"opacity": "-3"},
        {"opacity": "NaN"},
        {"layer": "fc"},
        {"layer": "../../etc"},
        {"network": "alexnet"},
        {"sample": "<script>"},
        {"method": "__class__"},
        {"classes": "99999,-1,1e9,x,٣,999999999999"},
        {"classes": "3," * 5000},
        {"colours": "jet"},
        {"proof": "residual-limit"},
        {"cells": "maybe"},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    at = explorer(**query)
    assert panels(at, "overlay")
    assert at.selectbox(key="layer").value == EMBEDDED.default_layer
    assert at.slider(key="opacity").value in range(101)


def test_the_prediction_comes_before_the_reveal():
    at = explorer()
    with pytest.raises(AssertionError, match="no component"):
        panels(at, "rival")
    question = at.radio[0]
    sound(question.set_value(question.options[0]).run())
    assert len(panels(at, "rival")) == 2
    assert "cosine" in words(at)


def test_the_formulas_of_the_page_carry_the_engines_verdicts():
    at = explorer()
    weight, _, heat = derivations.report("gradcam-weights").steps
    shown = [element.value for element in at.latex]
    assert [f"$$\n{step.latex}\n$$" in shown for step in (weight, heat)] == [True, True]
    ticks = [caption.value for caption in at.caption if "✓ " in caption.value]
    told = derivations.report("gradcam-cam")
    assert sum("core.cam.explain" in tick for tick in ticks) >= 2
    assert len(ticks) == 2 + sum(step.status in ("proved", "sampled") for step in told.steps)
    assert len(shown) == 2 + len(told.steps)  # no formula on a line of its own without the engine
    assert not any(mark in caption.value for caption in at.caption for mark in ("✗", "undecided"))


@pytest.mark.parametrize("slug", gradcam_words.DERIVATIONS)
def test_every_derivation_can_be_shown(slug: str):
    at = explorer(proof=slug)
    assert at.selectbox(key="proof").value == slug
    assert f"Checked for: {derivations.report(slug).holds}" in words(at)


def test_the_derivations_shown_are_those_that_name_this_page():
    assert {slug for slug, entry in CATALOGUE.items() if entry.page == "gradcam"} == set(gradcam_words.DERIVATIONS)


@pytest.mark.parametrize(("layer", "truth"), [("layer3.1", gradcam_words.EXACTLY), ("layer2.1", gradcam_words.NOT_SO)])
def test_the_sum_of_the_cells_is_held_back_and_then_told(layer: str, truth: str):
    at = explorer(layer=layer)
    assert "the cells add up to" not in words(at)
    sound(at.radio[1].set_value(truth).run())
    assert f"**Right: {truth}" in words(at)
    sound(at.radio[1].set_value(next(other for other in gradcam_words.SUMS if other != truth)).run())
    assert f"**Answer: {truth}" in words(at)


def test_the_exercise_is_marked_at_once():
    at = explorer()
    (answer,) = at.number_input
    sound(answer.set_value(3.0).run())
    assert "Not quite" in at.info[0].value
    sound(at.number_input[0].set_value(720 / panels(at, "overlay")[0]["columns"]).run())
    assert "Right" in at.success[0].value


@pytest.mark.parametrize("name", GOOD)
def test_a_good_upload_is_explained(name: str):
    at = upload(explorer(), GOOD[name])
    assert not at.error
    assert "Your picture" in words(at)
    assert panels(at, "overlay")


SOME = list(BAD)[::4]  # all of them are read in tests/test_images.py


@pytest.mark.parametrize("name", [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in BAD])
def test_a_bad_upload_says_why_and_keeps_what_was_there(name: str):
    at = explorer(method="hirescam")
    at = upload(at, GOOD[next(iter(GOOD))])
    before = panels(at, "overlay")
    at = upload(at, BAD[name], name="*bold* <b>[x](y)</b>.png")
    assert SAYS[name] in at.error[0].value
    assert "Accepted are" in at.error[0].value
    assert "bold" not in words(at)
    assert panels(at, "overlay") == before
    assert at.selectbox(key="method").value == "hirescam"


def test_a_new_upload_never_shows_the_old_result():
    at = upload(explorer(), GOOD[next(iter(GOOD))])
    before = panels(at, "overlay")
    at = upload(at, png_of(SAMPLES["coffee"].read().rgb))
    assert panels(at, "overlay") != before


def test_uploads_stay_in_their_session():
    data = png_of(SAMPLES["coffee"].read().rgb)
    one, two = upload(explorer(), data), explorer()
    assert "own_picture" in one.session_state
    assert "own_picture" not in two.session_state
    assert panels(two, "overlay")[0]["title"] == "ship"
    upload(two, data)
    assert one.session_state["own_picture"] is not two.session_state["own_picture"]


def test_state_survives_a_change_of_page():
    at = visit("gradcam")
    at.selectbox(key="method").set_value("layercam").run()
    upload(at, png_of(SAMPLES["coffee"].read().rgb))
    at.switch_page("../00_home.py").run()
    at.switch_page("../09_gradcam.py").run()
    assert sound(at).selectbox(key="method").value == "layercam"
    assert "Your picture" in words(at)


def png_of(rgb: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    return stream.getvalue()
