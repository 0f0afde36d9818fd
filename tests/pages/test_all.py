"""What holds for every page."""

import pytest

from pages.ui.menu import lessons
from tests.pages.visiting import SLUGS, sound, visit, words

LONGEST = "every-equation"  # checks every equation; a module of its own opens it
EACH = [pytest.param(slug, marks=pytest.mark.slow) if slug == LONGEST else slug for slug in SLUGS]


@pytest.mark.parametrize("slug", EACH)
def test_every_page_opens_from_the_menu(slug: str):
    at = sound(visit(slug))
    assert at.title[0].value
    assert not at.error


def test_the_menu_lists_what_exists_in_order():
    assert [lesson.title for lesson in lessons().values()] == [
        "Start",
        "The layer paradigm",
        "Node by node",
        "Differential equations",
        "Vector-field explorer",
        "Solver lab",
        "From ResNet to ODE",
        "The adjoint method",
        "The adjoint in five minutes",
        "Gradient lab",
        "Jacobians and vector-Jacobian products",
        "Learning an ODE from data",
        "Convolution",
        "Layer calculator",
        "Network builder",
        "Grad-CAM explorer",
        "Compare maps",
        "Does the heat point at the object?",
        "Can the heatmap be trusted?",
        "Depth is time",
        "ResNet against ODE-Net",
        "Every equation, checked",
        "Common mistakes",
    ]


def test_every_lesson_opens_with_its_question():
    for lesson in list(lessons().values())[1:]:
        assert lesson.question.endswith("?"), lesson
        assert lesson.question in words(visit())


def test_the_start_page_needs_no_plotly_in_the_browser():
    assert not visit().get("plotly_chart")


def test_the_numbers_of_a_chart_can_be_read_as_a_table():
    at = sound(visit("gradcam"))
    assert not at.dataframe
    at.session_state["alpha_numbers"] = True
    sound(at.run())
    (table,) = at.dataframe
    assert list(table.value.columns) == ["name", "feature map k (index)", "α (score per unit of A)"]
    assert len(table.value) == 8
