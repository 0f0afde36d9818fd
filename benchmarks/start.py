"""What a start costs: the server's, the first page's, the first plot's, and which imports it is made of.

Every time stands beside that of an app with nothing but a slider, which is Streamlit's own share, measured in the same
run in turns; each is the median of some rounds. A server is ready at its first answer. A page is there once its script
has ended and a heading or a slider is to be seen, in a Chromium with an empty cache; a plot, once something is drawn.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, sync_playwright

from benchmarks.served import EMPTY, ROOT, Served, served, served_text
from pages.ui.menu import lessons

THERE = """() => document.querySelector('h1, [data-testid=stSlider]')
  && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"""
CANVAS = """() => {
  const drawn = (canvas) => canvas.width && canvas.height
    && canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte);
  return [...document.querySelectorAll('*')].some(
    (e) => [...(e.shadowRoot?.querySelectorAll('canvas') ?? [])].some(drawn));
}"""
PLOTLY = "() => document.querySelector('.js-plotly-plot .main-svg')"
WARM = "from pages.ui.server import warm_up; warm_up()"


@dataclass
class Opened:
    """A page as a browser got it."""

    there: float
    """Milliseconds until it was there."""
    drawn: float
    """Milliseconds until the first plot; not a number where none was waited for."""
    requests: int = 0
    bytes: int = 0
    """As they came over the wire, those of the websocket included."""
    plotly: bool = False
    """A file of plotly was asked for."""


@dataclass
class Wire:
    """What a page asks for."""

    urls: list[str] = field(default_factory=list)
    bytes: int = 0


def opened(browser: Browser, address: str, plot: str = "") -> Opened:
    """Open a page for the first time; `plot` is the condition for its first plot."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, wire = context.new_page(), Wire()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", lambda event: wire.urls.append(event["request"]["url"]))

    def count(number: float) -> None:
        wire.bytes += round(number)

    session.on("Network.loadingFinished", lambda event: count(event["encodedDataLength"]))
    session.on("Network.webSocketFrameReceived", lambda event: count(len(event["response"]["payloadData"]) * 3 / 4))
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(THERE, polling=20, timeout=120_000)
    there = 1e3 * (time.perf_counter() - began)
    drawn = float("nan")
    if plot:
        page.wait_for_function(plot, polling=20, timeout=120_000)
        drawn = 1e3 * (time.perf_counter() - began)
    page.wait_for_timeout(3000)  # what a page asks for later belongs to it
    urls = [url for url in wire.urls if url.startswith("http")]
    context.close()
    return Opened(there, drawn, len(urls), wire.bytes, any("plotly" in url.lower() for url in urls))


def servers(rounds: int) -> None:
    """From the start of the process to its first answer."""
    took: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, float] = {}
    for _ in range(rounds):
        for name, start in (("empty app", lambda: served_text(EMPTY)), ("tutorial", served)):
            with start() as app:
                took[name].append(app.seconds)
                memory[name] = app.memory()
    empty = statistics.median(took["empty app"])
    print(f"{'server':32}{'s':>8}{'ratio':>8}{'MB':>8}")
    for name, all_ in took.items():
        print(f"{name:32}{statistics.median(all_):8.2f}{statistics.median(all_) / empty:8.2f}{memory[name]:8.0f}")


def visits(browser: Browser, blank: Served, app: Served, rounds: int) -> None:
    """The first visits with an empty cache; the very first one of the server by itself."""
    plain = "gradcam"  # has a chart of plotly from the beginning
    first = opened(browser, app.address, CANVAS)
    seen: dict[str, list[Opened]] = defaultdict(list)
    for _ in range(rounds):
        seen["empty app"].append(opened(browser, blank.address))
        seen["landing page"].append(opened(browser, app.address, CANVAS))
        seen[plain].append(opened(browser, f"{app.address}/{plain}", PLOTLY))
    seen["landing page, very first visitor"] = [first]
    floor = statistics.median(one.there for one in seen["empty app"])
    print(f"\n{'page':34}{'there ms':>9}{'ratio':>7}{'plot ms':>9}{'ratio':>7}{'requests':>10}{'kB':>8}  plotly")
    for name, all_ in seen.items():
        there = statistics.median(one.there for one in all_)
        drawn = statistics.median(one.drawn for one in all_)
        last = all_[-1]
        print(f"{name:34}{there:9.0f}{there / floor:7.2f}{drawn:9.0f}{drawn / floor:7.2f}", end="")
        print(f"{last.requests:10}{last.bytes / 1000:8.0f}  {'loaded' if last.plotly else 'not loaded'}")


def imports(program: str) -> Iterator[tuple[str, float]]:
    """Module -> milliseconds of its own import, while a program runs."""
    command = [sys.executable, "-X", "importtime", "-c", program]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    for line in re.finditer(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.MULTILINE):
        yield line[2], int(line[1]) / 1000


def show_imports() -> None:
    """What is imported before the first visitor, and what is left to the first visitors of the pages."""
    of_pages = "\n".join(
        line
        for lesson in lessons().values()
        for line in re.findall(r"^(?:from|import) .+$", lesson.path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    streamlit = dict(imports("import streamlit, streamlit.web.cli, streamlit.web.bootstrap, streamlit.starlette"))
    before = dict(imports(WARM))
    after = {name: ms for name, ms in imports(f"{WARM}\n{of_pages}") if name not in before}
    known = len(streamlit.keys() & before.keys())
    print(f"\nimports before the first visitor: {len(before)} modules, {known} of them Streamlit's own")
    for title, found in (("before the first visitor", before), ("by the first visits", after)):
        sums, counts = defaultdict(float), defaultdict(int)
        for name, ms in found.items():
            package = ".".join(name.split(".")[: 2 if name.startswith(("torch.", "sympy.", "scipy.", "core.")) else 1])
            mark = " (Streamlit)" if name in streamlit else ""
            sums[package + mark] += ms
            counts[package + mark] += 1
        print(f"\n{title:40}{'ms':>8}{'modules':>9}\n  {'all':38}{sum(found.values()):8.0f}{len(found):9}")
        for package in sorted(sums, key=sums.__getitem__, reverse=True)[:24]:
            print(f"  {package:38}{sums[package]:8.0f}{counts[package]:9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("server", "pages", "imports"), nargs="*")
    options = parser.parse_args()
    only = options.only or ("server", "pages", "imports")
    if "server" in only:
        servers(options.rounds)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if "pages" in only and chromium is None:
        print("no Chromium on the PATH: nothing of the pages")
    elif "pages" in only:
        with sync_playwright() as playwright, served_text(EMPTY) as blank, served() as app:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            opened(browser, blank.address)  # Chromium's own start, and the empty server's first visitor
            visits(browser, blank, app, options.rounds)
            browser.close()
    if "imports" in only:
        show_imports()


if __name__ == "__main__":
    main()
