"""Real nginx with the committed settings before two replicas that run from the image's files by its own command."""

import base64
import hashlib
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed

from tests.deploy.site import NAMES, Site, copy_of_the_image
from tests.deploy.visitor import Tab, Visitor

STATE = "method=layercam&opacity=30"
SECURITY = ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"]


def test_newcomers_go_to_both_and_each_stays_where_they_are(site: Site):
    visitors = [Visitor(site.address) for _ in range(6)]
    for visitor in visitors:
        visitor.ask("/")
    assert {visitor.cookies["replica"] for visitor in visitors} == set(NAMES)
    for visitor in visitors[:2]:
        page = f"/{uuid.uuid4()}"
        for _ in range(20):
            visitor.ask(page)
        assert site.asked(page, 20) == [f"127.0.0.1:{site.ports[visitor.cookies['replica']]}"] * 20
    assert Visitor(site.address, "127.0.0.1:22").ask("/").status == 200  # only names are believed


def test_uploads_reach_the_replica_that_has_the_session(site: Site):
    visitor = Visitor(site.address)
    visitor.ask("/")
    home = visitor.cookies["replica"]
    with visitor.open("gradcam") as tab:
        assert visitor.cookies["replica"] == home
        assert visitor.upload(tab, 4_900_000) == 204
        assert visitor.upload(tab, 5_500_000) == 413  # by the app
        assert visitor.upload(tab, 6_500_000) == 413  # by nginx, which does not pass it on
        visitor.cookies["replica"] = next(name for name in NAMES if name != home)
        assert visitor.upload(tab, 1000) == 400


def test_headers_compression_and_one_copy_of_static_files(site: Site):
    visitor = Visitor(site.address)
    page = visitor.ask("/gradcam?opacity=70")
    text = page.body.decode()
    (script,) = re.findall(r'src="\./(static/js/index\.[^"]+)"', text)
    for path in ["/gradcam", "/_stcore/health", f"/{script}", "/_stcore/metrics", "/_stcore/upload_file/x/y"]:
        answer = visitor.ask(path)
        assert all(name in answer.headers for name in SECURITY), path
    policy = page.headers["Content-Security-Policy"]
    for line in re.findall(r"<script>(.*?)</script>", text, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(line.encode()).digest()).decode() in policy, "Streamlit's page changed"
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert visitor.ask("/_stcore/metrics").status == 404
    for path in ["/", f"/{script}"]:
        assert visitor.ask(path, {"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert site.asked(f"/{script}", 2)[1:] == ["-"]  # from the copy
    assert "opacity" not in site.log("access")


def test_the_image_is_all_that_a_replica_needs_and_it_writes_nothing_there(site: Site, tmp_path):
    copy_of_the_image(tmp_path)
    before, after = ({path.relative_to(root) for path in root.rglob("*")} for root in (tmp_path, site.folder / "app"))
    assert after == before


def test_a_killed_replica_costs_its_own_sessions_a_reconnect(site: Site):
    ours, others = Visitor(site.address, "first"), Visitor(site.address, "second")
    over, seen = threading.Event(), []

    def go_on(tab: Tab) -> None:
        while not over.is_set():
            tab.run()
            seen.append(tab.menu("Method"))

    with others.open("gradcam", STATE) as untouched, ThreadPoolExecutor() as pool:
        load = pool.submit(go_on, untouched)
        try:
            with ours.open("gradcam", STATE) as tab:
                assert tab.menu("Method") == "LayerCAM"
                site.kill("first")
                with pytest.raises(ConnectionClosed):
                    tab.run()
            with ours.open("gradcam", STATE) as tab:
                assert tab.menu("Method") == "LayerCAM"  # all that its link says
                assert ours.cookies["replica"] == "second"
                assert ours.upload(tab, 1000) == 204
                site.start("first")
                end = time.monotonic() + 30
                while "first" not in (found := [newcomer(site) for _ in range(4)]):
                    assert time.monotonic() < end, found
                    time.sleep(0.5)
                assert ours.upload(tab, 1000) == 204  # it stays where its session is now
        finally:
            over.set()
            if "first" not in site.running:
                site.start("first")
        load.result(timeout=60)
        assert seen == ["LayerCAM"] * len(seen) != []
        assert others.cookies["replica"] == "second"


def newcomer(site: Site) -> str:
    visitor = Visitor(site.address)
    visitor.ask("/")
    return visitor.cookies["replica"]
