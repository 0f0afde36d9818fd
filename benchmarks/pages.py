"""How long a learner waits: script time of every page, and from a key on a slider to the finished picture.

Script time: the page's script alone, at its defaults and with all caches warm, in one process (AppTest). It is what a
rerun takes from all other sessions, since Python runs one script at a time. The target is 20 ms.

Slider to picture: in Chromium, from the key that moves the first slider in sight to the last change of anything on the
page, canvases and plotly charts included. The same is measured in the same run for an app that holds nothing but a
slider and the number it gives; the ratio to it is what counts (target: at most 2), for both contain Streamlit's own
waiting and network. Every value of the slider is new, so the labs compute.

Scrubbing: the clock's slider beneath a figure is moved; the time in which its event is answered by drawing on all the
canvases, without the server (target: a twentieth of the empty app's rerun). The browser shows them with its next frame.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.testing.v1 import AppTest

from pages.ui.menu import lessons
from pages.ui.server import warm_up
from tests.app_server import running_app

SCRIPT_MS = 20.0
RATIO = 2.0
SCRUB = 1 / 20

EMPTY = """
import streamlit as st
st.write(st.slider("x", 0, 100, 50))
"""

TIMED = """
import time
import streamlit as st
from benchmarks.pages import code
start = time.perf_counter()
exec(code({path!r}), {{"__name__": "__main__", "__file__": {path!r}}})
st.session_state["benchmark_seconds"] = time.perf_counter() - start
"""

SLIDER = "[data-testid=stSlider]:visible input[type=range]"

# Watches every root of the page from the next key on.
WATCH = """() => {
  const roots = [document.body];
  for (const e of document.querySelectorAll('*')) if (e.shadowRoot) roots.push(e.shadowRoot);
  window.watched = { start: null, last: 0 };
  document.addEventListener('keydown', () => (watched.start ??= performance.now()), { capture: true, once: true });
  watched.observer = new MutationObserver(() => (watched.last = performance.now()));
  for (const root of roots) {
    watched.observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  }
}"""

# Resolves, once nothing has changed for a while, with the milliseconds from the key to the last change.
WATCHED = """async () => {
  const app = document.querySelector('[data-testid=stApp]');
  const quiet = () => app.dataset.testScriptState === 'notRunning' && performance.now() - watched.last > 700;
  while (performance.now() - watched.start < 900 || !quiet()) await new Promise((r) => setTimeout(r, 20));
  watched.observer.disconnect();
  return watched.last - watched.start;
}"""

# Moves the first clock to twenty places; the median of the milliseconds of drawing.
SCRUB_CLOCK = """async () => {
  for (const e of document.querySelectorAll('*')) {
    const clock = e.shadowRoot?.querySelector('.scenes input[type=range], .sweep input[type=range]');
    if (!clock) continue;
    const took = [];
    for (let i = 0; i < 20; i++) {
      clock.value = +clock.min + ((clock.max - clock.min) * (i + 0.5)) / 20;
      const start = performance.now();
      clock.dispatchEvent(new Event('input', { bubbles: true }));
      took.push(performance.now() - start);
      await new Promise(requestAnimationFrame);
    }
    return took.sort((a, b) => a - b)[10];
  }
  return null;
}"""

_codes = {}


def code(path: str):
    """The page's code; Streamlit too compiles a page once and keeps it."""
    if path not in _codes:
        _codes[path] = compile(Path(path).read_text(encoding="utf-8"), path, "exec")
    return _codes[path]


def script_ms(path: Path, rounds: int) -> float:
    at = AppTest.from_string(TIMED.format(path=str(path)), default_timeout=120)
    for _ in range(3):
        at.run()
    assert not at.exception, at.exception[0].value
    took = []
    for _ in range(rounds):
        at.run()
        took.append(at.session_state["benchmark_seconds"])
    return 1e3 * statistics.median(took)


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.locator(f"h1, {SLIDER}").first.wait_for()
    page.wait_for_function("document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")
    page.wait_for_timeout(4000)  # plotly and pictures come after the script
    return page


def slide_ms(page: Page, rounds: int) -> float | None:
    if not page.locator(SLIDER).count():
        return None
    page.locator(SLIDER).first.focus()
    took = []
    for i in range(rounds + 1):
        page.evaluate(WATCH)
        assert page.evaluate("document.activeElement.type === 'range'"), "the slider has lost the focus"
        page.keyboard.press("ArrowRight" if i % 4 < 3 else "ArrowLeft")
        took.append(page.evaluate(WATCHED))
    return statistics.median(took[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", help="slugs of pages")
    options = parser.parse_args()
    chosen = [lesson for slug, lesson in lessons().items() if not options.only or slug in options.only]

    warm_up()
    scripts = {lesson.slug: script_ms(lesson.path, 3 * options.rounds) for lesson in chosen}

    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        print("no Chromium on the PATH: script times only")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        with running_app(str(empty)) as bare, running_app() as address:
            blank = opened(browser, bare)
            floor = slide_ms(blank, options.rounds)
            assert floor is not None
            print(f"empty app: {floor:.0f} ms from key to last change\n")
            print(f"{'page':24}{'script ms':>10}{'':8}{'slide ms':>9}{'ratio':>7}{'':8}{'scrub ms':>9}{'of rerun':>9}")
            for lesson in chosen:
                page = opened(browser, f"{address}/{'' if lesson.number == 0 else lesson.slug}")
                slide, scrub = slide_ms(page, options.rounds), page.evaluate(SCRUB_CLOCK)
                print(
                    f"{lesson.slug:24}{scripts[lesson.slug]:10.1f}{verdict(scripts[lesson.slug], SCRIPT_MS)}"
                    + column(slide, floor, RATIO)
                    + column(scrub, floor, SCRUB, digits=3)
                )
                page.context.close()


def column(took: float | None, floor: float, target: float, digits: int = 2) -> str:
    if took is None:
        return f"{'-':>9}{'':15}"
    return f"{took:9.1f}{took / floor:7.{digits}f}{verdict(took / floor, target)}"


def verdict(value: float, target: float) -> str:
    return f"{'met' if value <= target else 'MISSED':>8}"


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - start:.0f} s")
