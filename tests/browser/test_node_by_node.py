"""The walk by keyboard, in a real browser."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_arrow_keys_walk_and_the_graph_follows(visit: Visit):
    page = visit("node-by-node", width=390)
    slider = page.locator(".st-key-n_step input[type=range]")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        settled(page)
    expect(page.get_by_text("backward", exact=True)).to_be_visible()
    expect(page.get_by_text("✓ checked").first).to_be_visible()
    texts = page.locator(".st-key-n_graph .textpoint").all_inner_texts()
    assert len(texts) == 11
    widths = page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(widths) <= 390
