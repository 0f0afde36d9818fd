import io
import os
import resource
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.nn.fetch import CancelledError, DownloadError, StorageError, fetch
from core.nn.registry import REGISTRY, Pretrained
from core.nn.squeezenet import squeezenet1_1
from core.nn.weights import WeightsError, advice, load
from tests.nn.weight_server import WeightServer, leftovers, serving

ROOT = Path(__file__).resolve().parents[2]

CLIENT = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from core.nn.fetch import fetch
from core.nn.registry import REGISTRY
url, prefix, folder, most = sys.argv[1:]
if int(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
entry = replace(REGISTRY["squeezenet1_1"], url=url, file=url.rpartition("/")[2], sha256_prefix=prefix)
try:
    fetch(entry, Path(folder))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.fixture(scope="module")
def body() -> bytes:
    """A real weight file of 5 MB, as `torch.save` writes it."""
    stream = io.BytesIO()
    torch.save(squeezenet1_1().state_dict(), stream)
    return stream.getvalue()


def refused(error: type[WeightsError], entry: Pretrained, folder: Path, **options) -> str:
    """The message of the error; nothing may be left, and the message must name a way out."""
    with pytest.raises(error) as caught:
        fetch(entry, folder, **options)
    assert leftovers(folder) == []
    message = str(caught.value)
    if error is not CancelledError:
        assert message.startswith(entry.title)
        assert message.endswith(advice(entry))
    return message


def client(server: WeightServer, folder: Path, most: int = 0) -> subprocess.Popen[str]:
    """Another process that fetches the file; it may write files of at most `most` bytes (0: any)."""
    entry = server.entry()
    command = [sys.executable, "-W", "error", "-c", CLIENT, entry.url, entry.sha256_prefix, str(folder), str(most)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE)


@pytest.mark.parametrize("mode", ["well", "slowly", "no length"])
def test_a_download_reports_progress_and_loads(body, tmp_path, mode):
    seen = []
    with serving(body, mode) as server:
        entry = server.entry()
        path = fetch(entry, tmp_path / "new" / "folder", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == body
    assert leftovers(path.parent) == [entry.file]
    done = [row[0] for row in seen]
    assert done == sorted(done)
    assert 2 <= len(done) <= 202
    assert len({total for _, total in seen}) == 1 or mode == "no length"
    assert seen[-1] == (len(body), len(body))
    load(entry, path)


def test_a_file_that_is_there_is_not_downloaded_again_and_a_damaged_one_is(body, tmp_path):
    with serving(body) as server:
        path = fetch(server.entry(), tmp_path)
        seen = []
        fetch(server.entry(), tmp_path, lambda *row: seen.append(row))
        assert seen == [(len(body), len(body))]
        assert len(server.gets) == 1
        path.write_bytes(body[:1000])
        assert fetch(server.entry(), tmp_path).read_bytes() == body
        assert len(server.gets) == 2


def test_cancelled_half_way(body, tmp_path):
    seen = [0]
    with serving(body, "slowly") as server:
        refused(
            CancelledError,
            server.entry(),
            tmp_path,
            on_progress=lambda done, total: seen.append(done),
            cancelled=lambda: seen[-1] >= len(body) / 2,
        )
    assert len(body) / 2 <= seen[-1] < len(body)


def test_an_exception_in_the_callback_ends_the_download_and_frees_the_file(body, tmp_path):
    class StopScriptError(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        raise StopScriptError

    with serving(body) as server:
        with pytest.raises(StopScriptError):
            fetch(server.entry(), tmp_path, stop)
        assert leftovers(tmp_path) == []
        assert fetch(server.entry(), tmp_path).read_bytes() == body


def test_cut_off_then_tried_again(body, tmp_path):
    with serving(body, "half") as server:
        message = refused(DownloadError, server.entry(), tmp_path)
        assert f"expected {len(body):,} bytes; got {len(body) // 2:,}" in message
        server.mode = "well"
        assert fetch(server.entry(), tmp_path).read_bytes() == body


def test_silence(body, tmp_path):
    with serving(body, "gated") as server:
        assert "127.0.0.1 sent nothing for 0.3 seconds" in refused(DownloadError, server.entry(), tmp_path, timeout=0.3)


def test_no_answer_at_all(body, tmp_path):
    with serving(body) as server, socket.create_server(("127.0.0.1", 0)) as mute:
        entry = replace(server.entry(), url=f"http://127.0.0.1:{mute.getsockname()[1]}/x")
        assert "sent nothing for 0.3 seconds" in refused(DownloadError, entry, tmp_path, timeout=0.3)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("missing", "answered 404 (Not Found)"), ("html", "begins with"), ("endless", "expected about")],
)
def test_something_else_than_the_file(body, tmp_path, mode, expected):
    with serving(body, mode) as server:
        assert expected in refused(DownloadError, server.entry(), tmp_path)


def test_wrong_hash(body, tmp_path):
    with serving(body) as server:
        entry = replace(server.entry(), sha256_prefix="01234567")
        message = refused(DownloadError, entry, tmp_path)
    assert f"begins with 01234567; got {server.entry().sha256_prefix}" in message


def test_connection_refused(body, tmp_path):
    with serving(body) as server:
        entry = server.entry()
    assert "127.0.0.1 refused the connection" in refused(DownloadError, entry, tmp_path)


def test_no_such_server(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    entry = replace(REGISTRY["resnet18"], url="https://nowhere.invalid/resnet18-f37072fd.pth")
    assert "no server named nowhere.invalid was found" in refused(DownloadError, entry, tmp_path)


def test_not_https(body, tmp_path):
    entry = replace(REGISTRY["resnet18"], url="http://download.pytorch.org/models/resnet18-f37072fd.pth")
    assert "expected an https address" in refused(DownloadError, entry, tmp_path)
    entry = replace(entry, url=Path(__file__).as_uri())
    assert "expected an https address" in refused(DownloadError, entry, tmp_path)


def test_redirects(body, tmp_path):
    with serving(body, "redirect") as server:
        for address in ("http://download.pytorch.org/x", "ftp://127.0.0.1/x"):
            server.elsewhere = address
            message = refused(DownloadError, server.entry(), tmp_path)
            assert "redirects to an address that is not https" in message
        server.elsewhere = f"http://127.0.0.1:{server.server_port}/moved"
        assert fetch(server.entry(), tmp_path).read_bytes() == body


def test_no_address(tmp_path):
    assert "comes with the program" in refused(WeightsError, REGISTRY["resnet_cifar10"], tmp_path)


def test_the_disk_has_no_room_for_what_the_server_announces(body, tmp_path):
    with serving(body, "huge") as server:
        assert "there is no room" in refused(StorageError, server.entry(), tmp_path)


def test_the_disk_fills_up_while_writing(body, tmp_path):
    """A process that may write 1 MB per file gets a real OSError in the middle of a write, without
    root: a full disk differs from it in errno alone."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    with serving(body) as server:
        process = client(server, tmp_path, most=1 << 20)
        _, message = process.communicate()
    assert process.returncode == 1
    assert message.startswith("StorageError: SqueezeNet 1.1 could not be kept: there is no room")
    assert leftovers(tmp_path) == []


def test_the_folder_is_a_file(body, tmp_path):
    """Root may write anywhere, but not even root makes a folder out of a file."""
    folder = tmp_path / "file"
    folder.write_text("not a folder")
    with serving(body) as server, pytest.raises(StorageError, match="nothing can be written to the folder"):
        fetch(server.entry(), folder)
    assert leftovers(tmp_path) == ["file"]


def test_what_a_dead_process_left_is_removed(body, tmp_path):
    with serving(body) as server:
        entry = server.entry()
        dead, alive = (tmp_path / f"{entry.file}.{name}.part" for name in ("dead", "live"))
        dead.write_bytes(b"half")
        alive.write_bytes(b"half")
        os.utime(dead, (0, 0))
        fetch(entry, tmp_path)
    assert leftovers(tmp_path) == [entry.file, alive.name]


def test_two_sessions_download_once_and_both_see_it(body, tmp_path):
    seen = []
    under_way, waiting = threading.Event(), threading.Event()

    def watch(done: int, total: int) -> None:
        seen.append((done, total))
        waiting.set()

    with serving(body, "gated") as server, ThreadPoolExecutor() as pool:
        first = pool.submit(fetch, server.entry(), tmp_path, lambda done, total: under_way.set())
        assert under_way.wait(60)
        second = pool.submit(fetch, server.entry(), tmp_path, watch)
        assert waiting.wait(60)
        # A third gives up while it waits; the first goes on.
        with pytest.raises(CancelledError):
            fetch(server.entry(), tmp_path, cancelled=lambda: True)
        server.gate.set()
        assert first.result(60) == second.result(60)
    assert first.result().read_bytes() == body
    assert len(server.gets) == 1
    assert 0 < seen[0][0] < seen[0][1] == len(body)
    assert seen[-1] == (len(body), len(body))


def test_a_session_that_waited_for_one_that_failed_downloads_itself(body, tmp_path):
    under_way, waiting = threading.Event(), threading.Event()
    stop = threading.Event()
    with serving(body, "gated") as server, ThreadPoolExecutor() as pool:
        first = pool.submit(fetch, server.entry(), tmp_path, lambda *_: under_way.set(), stop.is_set)
        assert under_way.wait(60)
        second = pool.submit(fetch, server.entry(), tmp_path, lambda *_: waiting.set())
        assert waiting.wait(60)
        stop.set()
        server.gate.set()
        with pytest.raises(CancelledError):
            first.result(60)
        assert second.result(60).read_bytes() == body
    assert len(server.gets) == 2
    assert leftovers(tmp_path) == [server.entry().file]


def test_two_processes_at_once(body, tmp_path):
    with serving(body, "slowly") as server:
        server.meeting = threading.Barrier(2)  # Neither gets a byte before both have asked.
        processes = [client(server, tmp_path) for _ in range(2)]
        messages = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], messages
    assert len(server.gets) == 2
    assert leftovers(tmp_path) == [server.entry().file]
    assert (tmp_path / server.entry().file).read_bytes() == body
