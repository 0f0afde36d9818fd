"""Training an ODE in a real browser: it learns, pauses and goes on; files come in."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, settled


def count(page: Page) -> Locator:
    """The line that counts iterations, once there is one."""
    return page.get_by_text(re.compile(r"^Iteration [1-9][\d,]* of 5,000"))


def iteration(page: Page) -> int:
    return int(count(page).inner_text().split()[1].replace(",", ""))


PAINTED = """c => {
  const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return data.filter((value, i) => i % 4 === 3 && value).length;
}"""


def inked(page: Page, number: int) -> int:
    """How much of a canvas of the page is painted."""
    return page.locator(".scenes figure canvas").nth(number).evaluate(PAINTED)


def test_it_trains_draws_pauses_and_goes_on(visit: Visit):
    page = visit("learning-an-ode?l_iterations=5000")
    expect(page.locator(".scenes figure canvas")).to_have_count(6)
    blank = inked(page, 4)
    page.locator(".scenes figure canvas").first.evaluate("c => { c.dataset.mark = 'same' }")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("(the spiral begins at radius 2)").wait_for()
    count(page).wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Resume", exact=True).wait_for()
    settled(page)
    assert inked(page, 4) > blank
    assert page.locator(".scenes figure canvas").first.get_attribute("data-mark") == "same"  # no remount
    before = iteration(page)
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text(re.compile(rf"^Iteration {before:,} of"))).to_have_count(0)
    count(page).wait_for()
    assert iteration(page) > before
    page.get_by_role("button", name="Reset", exact=True).click()
    page.get_by_text("Not trained yet").wait_for()


def test_a_file_comes_in_and_a_bad_one_is_refused(visit: Visit):
    page = visit("learning-an-ode?l_data=own")
    box = page.locator("input[type=file]")
    rows = "".join(f"{i};{i * i};{i + 1}\n" for i in range(20))
    box.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": f"when;x;y\n{rows}".encode()})
    page.get_by_text("Your data: 20 rows; time when; columns x, y.").wait_for()
    settled(page)
    box.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": f"when;x;y\n{rows}21;*a*;1\n".encode()})
    page.get_by_text("row 22, column 'x': expected a number, got '*a*'").wait_for()
    expect(page.get_by_text("Your data: 20 rows")).to_be_visible()


def test_the_program_downloads(visit: Visit):
    page = visit("learning-an-ode?l_seed=3")
    with page.expect_download() as download:
        page.get_by_role("button", name="Program (torchdiffeq)").click()
    text = download.value.path().read_text()
    assert "from torchdiffeq import odeint\n" in text
    assert "SEED = 3" in text
    assert "dopri5" in text
