"""Links, a teacher's link, progress: what the sidebar's tools do, in a real browser."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, drawn, settled

PAGE = "jacobians"


def open_drawer(page: Page, title: str) -> None:
    page.locator(".tools summary").get_by_text(title).click()


def choose(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Open a file").click()
    choosing.value.set_files(file)


def answer(page: Page, key: str, number: int) -> None:
    page.locator(f".st-key-{key} [data-testid=stRadio] label:has(input)").nth(number).click()
    settled(page)


def test_links_to_what_is_on_screen_to_its_start_and_to_its_sheets(visit: Visit):
    page = visit(f"{PAGE}?j_a1=2.0")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_drawer(page, "Share and print")
    page.get_by_role("button", name="Copy the link to what you see").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    start = page.get_by_role("link", name="Back to this lesson's start")
    assert start.get_attribute("href") == f"/{PAGE}"
    for name, kind in (("Worksheet", "questions"), ("Answer sheet", "answers")):
        query = parse_qs(urlsplit(page.get_by_role("link", name=name).get_attribute("href") or "").query)
        assert query == {"j_a1": ["2.0"], "sheet": [kind]}


@pytest.mark.slow
def test_where_the_clipboard_is_refused_the_link_stands_there_to_be_copied(visit: Visit):
    page = visit(PAGE)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as without TLS
    open_drawer(page, "Share and print")
    page.get_by_role("button", name="Copy the link to what you see").click()
    expect(page.get_by_role("textbox", name="Link", exact=True)).to_have_value(page.url)


def test_a_teachers_link_hides_locks_and_enlarges_until_all_is_shown_again(visit: Visit):
    page = visit(f"{PAGE}?j_radius=0.5")
    open_drawer(page, "A link for a class")
    for text in ("Radius r of the circle", "Locked", "Presentation size"):
        page.locator(".tools label").filter(has_text=text).click()
    link = page.get_by_role("link", name="Try it").get_attribute("href") or ""
    assert parse_qs(urlsplit(link).query) == {"j_radius": ["0.5"], "hide": ["j_radius"], "lock": ["1"], "big": ["1"]}

    page.goto(link)
    drawn(page)
    told = page.locator(".tools-told")
    expect(told).to_contain_text("1 control hidden, locked, large")
    radius, row = page.locator(".st-key-j_radius"), page.locator(".st-key-j_a1 input[type=range]")
    expect(radius).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    before = row.input_value()
    row.focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert row.input_value() == before
    handle = page.locator(".st-key-j_picture canvas.moves")
    expect(handle).to_have_js_property("inert", True)
    expect(page.locator(".scenes").get_by_role("button", name="Play").first).to_be_enabled()

    # Another page is large, but neither locked nor bare; this one is as it was when one comes back.
    page.get_by_role("link", name="Gradient lab").first.click()
    expect(page.get_by_role("heading", name="Gradient lab").first).to_be_visible()
    settled(page)
    expect(told).to_contain_text("Prepared for a class: large.")
    page.get_by_role("link", name="Jacobians and vector").first.click()
    expect(told).to_contain_text("1 control hidden, locked, large")
    expect(radius).to_be_hidden()

    told.get_by_role("button").click()
    expect(told).to_be_hidden()
    expect(radius).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "16px"
    expect(row).to_be_enabled()
    row.focus()
    page.keyboard.press("ArrowRight")
    expect(row).not_to_have_value(before)


@pytest.mark.slow
def test_a_bent_link_does_no_harm(visit: Visit):
    page = visit(f"{PAGE}?hide=%7D*%7Bdisplay:none%7D,j_nowhere,<b>&lock=&big=0")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".st-key-j_radius")).to_be_visible()


def test_progress_is_kept_in_the_browser_and_answers_can_be_had_back(visit: Visit, tmp_path: Path):
    page = visit(PAGE)
    open_drawer(page, "My progress")
    progress = page.locator(".tools table")
    expect(page.get_by_text("Nothing answered yet.").or_(progress)).to_be_visible()
    answer(page, "j_guess_area", 0)
    answer(page, "j_count", 0)
    expect(progress).to_contain_text(re.compile(r"Jacobians and vector-Jacobian products\s*2 of 4\s*[01] of 2"))

    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a file").click()
    saved = tmp_path / "progress.json"
    saving.value.save_as(saved)
    kept = json.loads(saved.read_text())
    assert kept["version"] == 1
    assert kept["lessons"][PAGE]["j_guess_area"]["kind"] == "prediction"

    page.reload()
    drawn(page)
    open_drawer(page, "My progress")
    checked = page.locator(".st-key-j_guess_area, .st-key-j_count").locator("input:checked")
    expect(checked).to_have_count(0)
    back = page.get_by_role("button", name="Bring back my answers on this page")
    back.click()
    expect(checked).to_have_count(2)
    expect(back).to_be_hidden()

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget all").click()
    assert page.evaluate("localStorage.getItem('neural-odes-and-gradcam')") is None
    page.get_by_role("link", name="Gradient lab").first.click()
    expect(page.get_by_role("heading", name="Gradient lab").first).to_be_visible()
    settled(page)
    choose(page, saved)
    expect(page.get_by_text("Opened.")).to_be_visible()
    expect(progress).to_contain_text("Jacobians and vector-Jacobian products")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "lessons": {"jacobians": {"x": 1}}}'])
def test_a_file_that_is_no_progress_changes_nothing(visit: Visit, tmp_path: Path, text: str):
    page = visit(PAGE)
    open_drawer(page, "My progress")
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    choose(page, wrong)
    expect(page.get_by_text("wrong.json cannot be read")).to_be_visible()
