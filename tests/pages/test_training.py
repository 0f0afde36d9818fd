"""Live training on a page, by its own words: buttons, progress, settings, failures, the queue."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.worker import WORKER, Job
from tests.conftest import ROOT
from tests.pages.visiting import sound
from tests.trainings import Sleeper, Walk, reaches, until

LONG = 100_000


def lesson(**query: object) -> AppTest:
    at = AppTest.from_file(str(ROOT / "tests" / "app_with_training.py"), default_timeout=60)
    at.query_params.update({name: str(value) for name, value in query.items()})
    return sound(at.run())


def buttons(at: AppTest) -> dict[str, bool]:
    """Label -> whether it can be pressed."""
    return {button.label: not button.disabled for button in at.button}


def press(at: AppTest, label: str) -> AppTest:
    (button,) = [button for button in at.button if button.label == label]
    return sound(button.click().run())


def until_says(at: AppTest, words: str) -> None:
    """Run the page, as its timer does, until its status says so."""
    until(lambda: words in status(sound(at.run())))


def status(at: AppTest) -> str:
    return at.get("html")[0].proto.body


def progress(at: AppTest) -> str:
    return at.get("progress")[0].proto.text


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


def walked(seed: int, total: int) -> str:
    """What the page must say of a training that was done in one go."""
    walk = Walk(seed, total, fails_at=-1)
    while walk.done < total:
        walk.step()
    return f"value {walk.value:.3f} after {total}"


def test_untrained_the_page_offers_to_train():
    at = lesson()
    assert buttons(at) == {"Train": True, "Stop": False, "Reset": False}
    assert texts(at) == ["untrained", "no job"]
    assert "Not trained yet" in status(at)
    assert 'role="status"' in status(at)
    assert not at.get("progress")


def test_a_training_from_start_to_end_and_on():
    at = press(lesson(seed=3, total=40), "Train")
    until_says(at, "Finished")
    assert texts(at) == [walked(3, 40), "the page saw it finished"]
    assert progress(at) == "Iteration 40 of 40"
    assert buttons(at) == {"Train on": True, "Stop": False, "Reset": True}
    press(at, "Train on")
    until_says(at, "Finished")
    assert texts(at)[0] == walked(3, 80)
    assert progress(at) == "Iteration 80 of 80"


def test_pause_resume_and_stop():
    at = press(lesson(seed=5, total=LONG), "Train")
    until_says(at, "Training")
    until(lambda: "left" in progress(sound(at.run())))
    assert buttons(at) == {"Pause": True, "Stop": True, "Reset": True}
    press(at, "Pause")
    assert "Paused" in status(at)
    assert buttons(at) == {"Resume": True, "Stop": True, "Reset": True}
    shown = texts(at)
    assert shown[0] == walked(5, int(shown[0].split()[-1]))  # drawn after the last iteration, nothing lost
    assert texts(sound(at.run())) == shown
    press(at, "Resume")
    until_says(at, "Training")
    press(at, "Stop")
    assert "Finished" in status(at)
    assert f"of {LONG:,}" in progress(at)
    assert buttons(at) == {"Train on": True, "Stop": False, "Reset": True}


@pytest.mark.parametrize("paused", [False, True])
def test_reset_offers_a_new_training(paused: bool):
    at = press(lesson(total=LONG), "Train")
    until_says(at, "Training")
    job = at.session_state["walk training"].job
    if paused:
        press(at, "Pause")
    press(at, "Reset")
    assert texts(at) == ["untrained", "no job"]
    assert buttons(at) == {"Train": True, "Stop": False, "Reset": False}
    reaches(job, "paused")  # though this touches it: it was told to


def test_another_identity_drops_the_training():
    at = press(lesson(total=LONG), "Train")
    until_says(at, "Training")
    job = at.session_state["walk training"].job
    sound(at.number_input(key="seed").set_value(1).run())
    assert texts(at) == ["untrained", "no job"]
    reaches(job, "paused")  # though this touches it: it was told to


def test_a_setting_that_keeps_the_training_is_applied():
    at = press(lesson(seed=2, total=LONG), "Train")
    until_says(at, "Training")
    sound(at.number_input(key="scale").set_value(0).run())
    press(at, "Pause")
    press(at, "Resume")
    until_says(at, "Training")
    before = press(at, "Pause").text[0].value.split()
    press(at, "Resume")
    until_says(at, "Training")
    until(lambda: sound(at.run()).text[0].value.split()[-1] != before[-1])
    assert texts(at)[0].split()[1] == before[1]  # more iterations, but the walk stands still
    press(at, "Reset")


def test_train_uses_what_is_on_the_page_when_it_is_pressed():
    at = lesson(total=20)
    at.number_input(key="seed").set_value(9)
    at.number_input(key="scale").set_value(0)
    press(at, "Train")
    until_says(at, "Finished")
    assert texts(at)[0] == "value 0.000 after 20"
    sound(at.number_input(key="scale").set_value(1).run())
    press(at, "Reset")
    press(at, "Train")
    until_says(at, "Finished")
    assert texts(at)[0] == walked(9, 20)


def test_a_failure_is_shown_as_text():
    at = press(lesson(fails=7), "Train")
    until_says(at, "ended at iteration 7")
    assert "the step size is *too* small: <b>1e-9</b>" in texts(at)
    assert buttons(at) == {"Train": False, "Stop": False, "Reset": True}
    press(at, "Reset")
    assert texts(at) == ["untrained", "no job"]


def test_a_waiting_training_says_its_place():
    others = [Job(lambda: Sleeper(LONG)) for _ in range(WORKER.slots + 1)]
    for job in others:
        job.resume()
        job.touch(600)
    at = press(lesson(total=10), "Train")
    assert "Waiting" in status(at)
    assert progress(at).startswith(f"{len(others)} before you")
    until(lambda: "about" in progress(sound(at.run())))
    assert buttons(at) == {"Pause": True, "Stop": False, "Reset": True}
    press(at, "Pause")
    assert "Paused" in status(at)
    assert progress(at) == "Not begun"
    press(at, "Resume")
    for job in others:
        job.cancel()
    until_says(at, "Finished")
    assert texts(at)[0] == walked(0, 10)
