"""A Streamlit app in a process of its own, and what that process has used so far. Needs Linux's /proc."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

EMPTY = """
import streamlit as st
st.write(st.slider("x", 0, 100, 50))
"""
"""The least app that answers: Streamlit's own share of every time."""


@dataclass(frozen=True)
class Served:
    """A running app."""

    address: str
    process: int
    """Its number."""
    log: Path
    """What it writes, errors included."""
    seconds: float
    """From the start of the process to its first answer."""

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB of memory in use (resident set)."""
        return self._status("VmRSS")

    def most_memory(self) -> float:
        """The most MB that it had in use."""
        return self._status("VmHWM")

    def trouble(self) -> str:
        """Its log from the first traceback on; nothing if there is none."""
        log = self.log.read_text(errors="replace")
        at = log.find("(most recent call last)")
        return log[at:] if at >= 0 else ""

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


@contextmanager
def served(script: str = "streamlit_app.py", *flags: str) -> Iterator[Served]:
    """Start an app as the README says; it is ready once this yields. Its log goes to a file: a pipe could fill up.

    Args:
        flags: go to the interpreter.
    """
    with socket.socket() as free, tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, *flags, "-m", "streamlit", "run", script, f"--server.port={port}"]
        command += ["--server.address=127.0.0.1", "--server.fileWatcherType=none", "--logger.enableRich=false"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(process, f"{address}/_stcore/health", Path(log.name))
            yield Served(address, process.pid, Path(log.name), time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def served_text(text: str) -> Iterator[Served]:
    """The same for an app that is given as its program."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "app.py"
        script.write_text(text, encoding="utf-8")
        with served(str(script)) as app:
            yield app


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.perf_counter() + 180
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the app ended: {log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError("the app was not ready within three minutes")
