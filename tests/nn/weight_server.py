"""A web server on this machine that hands out a weight file, well or badly."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from core.nn.registry import REGISTRY, Pretrained

Mode = Literal[
    "well", "slowly", "trickle", "half", "gated", "no length", "endless", "huge", "html", "missing", "redirect"
]


class WeightServer(ThreadingHTTPServer):
    """Serves `body` under every path, in the manner of `mode`."""

    daemon_threads = True

    def __init__(self, body: bytes, mode: Mode) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = body
        self.mode: Mode = mode
        self.elsewhere = ""
        """Where mode "redirect" sends the client."""
        self.gate = threading.Event()
        """Mode "gated" sends half and waits for this."""
        self.meeting = threading.Barrier(1)
        """Every answer waits here until as many clients have asked as the barrier has parties."""
        self.gets: list[str] = []
        """The paths asked for, in order."""

    def entry(self) -> Pretrained:
        """SqueezeNet 1.1's entry, but for this server's file."""
        prefix = hashlib.sha256(self.body).hexdigest()[:8]
        file = f"squeezenet1_1-{prefix}.pth"
        url = f"http://127.0.0.1:{self.server_port}/{file}"
        official = REGISTRY["squeezenet1_1"]
        return replace(official, url=url, file=file, sha256_prefix=prefix, megabytes=len(self.body) / 2**20)


@contextmanager
def serving(body: bytes, mode: Mode = "well") -> Iterator[WeightServer]:
    with WeightServer(body, mode) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, WeightServer)
        body, mode = server.body, server.mode
        server.gets.append(self.path)
        server.meeting.wait()
        with suppress(ConnectionError):  # The client may go at any time.
            if mode == "missing":
                self.send_error(404)
            elif mode == "redirect" and not self.path.endswith("/moved"):
                self.send_response(302)
                self.send_header("Location", server.elsewhere)
                self.end_headers()
            elif mode == "html":
                page = b"<html>Please log in to the school's network.</html>"
                self._head(len(page))
                self.wfile.write(page)
            elif mode in ("no length", "endless"):
                self._head(None)
                self.wfile.write(body)
                while mode == "endless":
                    self.wfile.write(body)
            else:
                self._head(2**60 if mode == "huge" else len(body))
                half = len(body) // 2
                if mode == "slowly":
                    for start in range(0, len(body), 1 << 15):
                        self.wfile.write(body[start : start + (1 << 15)])
                        server.gate.wait(0.001)
                elif mode == "trickle":  # some 80 kB a second, until the gate opens
                    for start in range(0, len(body), 1 << 13):
                        self.wfile.write(body[start : start + (1 << 13)])
                        server.gate.wait(0.1)
                elif mode == "half":
                    self.wfile.write(body[:half])
                elif mode == "gated":
                    self.wfile.write(body[:half])
                    server.gate.wait()
                    self.wfile.write(body[half:])
                else:
                    self.wfile.write(body)

    def _head(self, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def leftovers(folder: Path) -> list[str]:
    """Names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())
