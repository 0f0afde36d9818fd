"""The page on trust as a visitor meets it: predictions first, then results, at the ends of the controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import trust, trust_words
from core.labs.trust import Setting
from core.samples import SAMPLES
from pages.ui import cached, trust_controls
from tests.pages.test_gradcam import png_of, upload
from tests.pages.visiting import chart, component, open_page, sound, visit, words

pytestmark = pytest.mark.usefixtures("few_steps")

KEPT, FALLS, BEST = "t_guess_kept", "t_guess_falls", "t_guess_best"


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves of four steps, to be quick."""
    monkeypatch.setattr(trust, "STEPS", 4)


def guess(at: AppTest, key: str, option: str) -> AppTest:
    """Predict."""
    (radio,) = (radio for radio in at.radio if str(radio.key).startswith(key))
    return sound(radio.set_value(option).run())


def all_guessed(at: AppTest) -> AppTest:
    for key in (KEPT, FALLS, BEST):
        (radio,) = (radio for radio in at.radio if str(radio.key).startswith(key))
        at = guess(at, key, radio.options[0])
    return at


def test_nothing_is_told_before_it_is_predicted():
    at = open_page("truth")
    assert not at.get("plotly_chart")
    for key in ("t_scrub", "t_occluded"):
        with pytest.raises(AssertionError, match="no component"):
            component(at, key)
    assert component(at, "t_map")["panels"][0]["title"] == "ship"


def test_predictions_uncover_all_three_tests():
    at = all_guessed(open_page("truth", t_orders="2", t_stride="2"))
    assert not at.error
    picture, setting = cached.sample("harbour"), Setting("resnet_cifar10", "layer3.1", 8)
    cascade = cached.run(trust_controls.cascade, picture, setting, 0)
    stages = trust.forgetting(cached.network("resnet_cifar10"))
    assert len(component(at, "t_scrub")["clock"]["frames"]) == len(stages) + 1 == len(cascade.attempts)
    drawn = chart(at, "t_rank")["data"][0]["y"]
    np.testing.assert_allclose(drawn, [one.heat_like.rank for one in cascade.attempts])
    assert len(component(at, "t_scrub")["scenes"]) == 3
    said = words(at)
    assert sum(said.count(verdict) for verdict in ("**Right", "**Not quite")) == 3
    curves = cached.run(trust_controls.curves, picture, setting, "delete", 0, 2)
    assert f"| Grad-CAM | {curves.map.area:.3f} |" in said
    (answer,) = (field for field in at.number_input if str(field.key).startswith("t_places"))
    rows, columns = cached.explanation(picture, "resnet_cifar10", "layer3.1", 8).activation.shape[2:]
    sound(answer.set_value(4.0 * rows * columns).run())
    assert "Right" in at.success[0].value


def test_the_ends_of_the_controls():
    at = guess(open_page("truth", t_orders="2", t_stride="4", sample="cat"), FALLS, trust_words.ALIKE)
    at = guess(at, BEST, "LayerCAM")
    for key, value in (("t_side", 1.0), ("t_side", 6.0)):
        sound(at.slider(key=key).set_value(value).run())
        assert component(at, "t_occluded")["panels"]
    sound(at.number_input(key="t_seed").set_value(9999).run())
    sound(at.selectbox(key="method").set_value("counter").run())
    guess(at, FALLS, trust_words.SLOWER)
    assert not at.error


def test_an_ode_net_goes_without_guided_back_propagation():
    at = open_page("truth", network="odenet_cifar10", layer="last_relu")
    assert "SiLU" in words(at)
    at = guess(at, KEPT, trust_words.STAYS)
    assert len(component(at, "t_scrub")["scenes"]) == 2


def test_a_large_network_is_refused_with_the_expected_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trust, "MOST_PARAMETERS", 1000)
    at = guess(open_page("truth"), KEPT, trust_words.BOTH)
    assert "1 min of this server's time" in words(at)
    with pytest.raises(AssertionError, match="no component"):
        component(at, "t_scrub")


@pytest.mark.parametrize(
    "query",
    [
        {"t_seed": "-5", "t_orders": "1e9", "t_side": "NaN", "t_stride": "x"},
        {"t_seed": "inf", "layer": "fc", "network": "alexnet", "method": "eigen", "classes": "77777,-1"},
    ],
    ids=["bounds", "names"],
)
def test_a_bad_link_falls_back(query: dict[str, str]):
    at = open_page("truth", **query)
    assert at.selectbox(key="layer").value == "layer3.1"
    assert at.number_input(key="t_seed").value in range(10_000)
    assert at.slider(key="t_orders").value in range(2, 11)


def test_the_explorers_state_comes_along_and_goes_back():
    at = visit("gradcam")
    at.selectbox(key="sample").set_value("cat").run()
    at.selectbox(key="layer").set_value("layer3.0").run()
    at.session_state["pinned"] = [5]
    at.run()
    at.switch_page("../09_truth.py").run()
    sound(at.run())  # AppTest's first run on another page gives pills no value; the browser's does
    assert [at.selectbox(key=key).value for key in ("sample", "layer")] == ["cat", "layer3.0"]
    assert component(at, "t_map")["panels"][0]["title"] == "dog"
    assert at.query_params["layer"] in ("layer3.0", ["layer3.0"])
    at.selectbox(key="method").set_value("layercam").run()
    at.switch_page("../09_gradcam.py").run()
    assert sound(at.run()).selectbox(key="method").value == "layercam"
    assert component(at, "overlay")["panels"][0]["title"] == "dog"


def test_what_comes_of_an_uploaded_picture_stays_in_its_session(monkeypatch: pytest.MonkeyPatch):
    def shared(*_: object, **__: object) -> None:
        raise AssertionError("what comes of a learner's picture went to everyone's cache")

    monkeypatch.setattr(cached._on_picture, "_shared", shared)
    at = upload(open_page("truth", t_orders="2", t_stride="4"), png_of(SAMPLES["coffee"].read().rgb[:200, :300]))
    at = all_guessed(at)
    assert "Your picture" in words(at)
    assert not at.error
