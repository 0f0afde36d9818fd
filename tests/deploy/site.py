"""Two replicas behind nginx on this machine, made from the files of deploy/ by changing addresses and folders alone."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
NAMES = {"first": "172.30.8.11:8501", "second": "172.30.8.12:8501"}


def instructions(name: str) -> list[str]:
    """What follows each of the Dockerfile's instructions of one kind."""
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)


def copy_of_the_image(folder: Path) -> None:
    """The files that the Dockerfile copies, as they are in the checkout."""
    for line in instructions("COPY"):
        source, target = line.split()
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)


class Site:
    """nginx at `address`, and the replicas by their names in deploy/nginx.conf."""

    def __init__(self, folder: Path) -> None:
        ports = _free_ports(3)
        self.folder = folder
        self.address = f"http://127.0.0.1:{ports[0]}"
        self.ports = dict(zip(NAMES, ports[1:], strict=True))
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        """Replicas and nginx, by their names."""
        copy_of_the_image(folder / "app")
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for name, replica in NAMES.items():
            text = text.replace(replica, f"127.0.0.1:{self.ports[name]}")
        for old, new in [
            ("listen 8080;", f"listen 127.0.0.1:{ports[0]};"),
            ("/tmp/", f"{folder}/"),
            ("/dev/stdout", f"{folder}/access.log"),
            ("/dev/stderr", f"{folder}/error.log"),
        ]:
            assert old in text
            text = text.replace(old, new)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")

    def start(self, *names: str) -> None:
        """Start replicas by the image's own command and environment, and wait until they are ready."""
        environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(instructions("ENV"))))
        program, *arguments = json.loads(instructions("CMD")[0])
        for name in names:
            own = {"HOME": f"{self.folder}/home", "STREAMLIT_SERVER_PORT": str(self.ports[name])}
            self._run(
                name,
                [str(Path(sys.executable).with_name(program)), *arguments, "--server.address=127.0.0.1"],
                self.folder / "app",
                {"PATH": os.environ["PATH"], **environment, **own},
            )
        for name in names:
            self._until_healthy(name, f"http://127.0.0.1:{self.ports[name]}")

    def start_nginx(self) -> None:
        # Its workers would run as somebody who may not enter a folder of tests.
        globals = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        command = [nginx(), "-c", str(self.folder / "nginx.conf"), "-g", globals, "-e", str(self.folder / "error.log")]
        self._run("nginx", command, self.folder, dict(os.environ))
        self._until_healthy("nginx", self.address)

    def kill(self, name: str) -> None:
        """As when a machine's memory is full: no chance to say goodbye."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def asked(self, path: str, times: int) -> list[str]:
        """Whom nginx asked for a path, "-" for nobody. It writes each line after the answer has gone."""
        end = time.monotonic() + 30
        while True:
            found = re.findall(rf" {re.escape(path)} (\S+)$", self.log("access"), re.MULTILINE)
            if len(found) >= times:
                return found
            assert time.monotonic() < end, f"{path} was asked for {times} times, and logged {len(found)} times"
            time.sleep(0.02)

    def _run(self, name: str, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def _until_healthy(self, name: str, address: str) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.running[name].poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise RuntimeError(f"{name} did not answer: {self.log(name)}")


def nginx() -> str:
    """The program; skips the test where there is none, unless REQUIRE_BROWSER says that nothing may skip."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = "no nginx on the PATH"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def running_site() -> Iterator[Site]:
    nginx()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        site = Site(Path(folder))
        stack.callback(site.stop)
        site.start("first", "second")
        site.start_nginx()
        yield site


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
