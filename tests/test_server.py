"""The app as a process: the first request after a start, what it prints, what it was warmed up with."""

import pytest

from core.nn.registry import REGISTRY
from pages.ui.menu import lessons
from tests.app_server import running_app, visit


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """On a machine where Streamlit never ran: with an empty home, it might ask for an e-mail address."""
    with running_app(HOME=str(tmp_path_factory.mktemp("home"))) as address:
        yield address


def test_a_deep_link_is_the_first_request_of_a_fresh_process(address: str):
    """Without care Streamlit would list the files of pages/ as a menu, and run the page bare."""
    messages = visit(address, "gradcam")
    (navigation,) = [m.navigation for m in messages if m.WhichOneof("type") == "navigation"]
    assert [page.page_name for page in navigation.app_pages] == [lesson.title for lesson in lessons().values()]
    assert "Seeing what a network sees" in [page.section_header for page in navigation.app_pages]
    (title,) = [m.delta.new_element.heading.body for m in messages if m.delta.new_element.heading.tag == "h1"]
    assert title == lessons()["gradcam"].title
    assert not any(m.delta.new_element.HasField("exception") for m in messages)
    assert not any(m.WhichOneof("type") == "page_not_found" for m in messages)


def test_the_default_page_and_an_unknown_one(address: str):
    titles = [m.delta.new_element.heading.body for m in visit(address, "") if m.delta.new_element.heading.tag == "h1"]
    assert titles == ["Neural ODEs and Grad-CAM"]
    assert any(m.WhichOneof("type") == "page_not_found" for m in visit(address, "no-such-page"))


def test_a_link_with_state_over_the_wire(address: str):
    messages = visit(address, "gradcam", "method=layercam&opacity=9999&layer=nowhere")
    select = {m.delta.new_element.selectbox.label: m.delta.new_element.selectbox for m in messages}
    assert select["Method"].raw_value == "LayerCAM"
    assert select["Layer"].raw_value.startswith(REGISTRY["resnet_cifar10"].default_layer)
    assert not any(m.delta.new_element.HasField("exception") for m in messages)
