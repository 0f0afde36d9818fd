"""The real app in a process of its own, and a visitor without a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.conftest import ROOT


@contextmanager
def running_app(script: str = "streamlit_app.py", **environment: str) -> Iterator[str]:
    """Start the app (or a variant of it) as the README says; yields its address once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    command.append("--server.fileWatcherType=none")  # it can choke on a folder where many files change
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        # one thread: browser, server and tests share the cores
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait(process: subprocess.Popen[str], address: str) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the app ended: {process.communicate()[0]}")
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError("the app was not ready within a minute")


def visit(address: str, page: str, query: str = "") -> list[ForwardMsg]:
    """Open one page over the websocket, as the browser does; all messages up to the end of its script."""
    messages = []
    stream = address.replace("http", "ws") + "/_stcore/stream"
    with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        request = BackMsg()
        request.rerun_script.page_name = page
        request.rerun_script.query_string = query
        socket.send(request.SerializeToString())
        while True:
            data = socket.recv(timeout=60)
            assert isinstance(data, bytes)
            messages.append(ForwardMsg.FromString(data))
            if messages[-1].WhichOneof("type") == "script_finished":
                return messages
