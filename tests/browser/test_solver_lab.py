"""The solver lab in a real browser: the point in the plane of stability is moved, the run follows."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_moving_the_point_changes_the_run(visit: Visit):
    page = visit("solver-lab?s_tab=Stability")
    plane, run = page.locator(".scenes canvas[tabindex]").nth(0), page.locator(".scenes canvas[tabindex]").nth(1)
    before = run.evaluate("canvas => canvas.toDataURL()")
    real = page.locator(".st-key-s_re input")
    expect(real).to_have_value("-2.50")
    box = plane.bounding_box()
    assert box is not None
    plane.click(position={"x": box["width"] * 0.65, "y": box["height"] * 0.3})
    expect(real).not_to_have_value("-2.50")
    settled(page)
    assert run.evaluate("canvas => canvas.toDataURL()") != before
    assert "s_re=" in page.url


def test_tabs_are_in_the_link(visit: Visit):
    page = visit("solver-lab")
    page.get_by_role("tab", name="Steps").click()
    page.get_by_role("heading", name="Error control").wait_for()
    settled(page)
    assert "s_tab=Steps" in page.url
