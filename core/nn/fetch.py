"""Official weight files from the network: checked, whole or not at all, and possible to stop.

A download goes to a file of its own beside the target and takes the target's name only when its
length and sha256 are right, so no reader ever sees half a file. Inside one process a second session
that wants the same file waits for the first; between processes the last one to finish wins, and
both have written the same bytes.
"""

import errno
import hashlib
import os
import secrets
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage, HTTPResponse
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from core.nn.registry import Pretrained
from core.nn.weights import WeightsError, advice, has_prefix

CHUNK = 1 << 18
"""Most bytes read between two looks at `cancelled`."""
POLL = 0.1
"""Seconds between two looks of a session that waits for another's download."""
ABANDONED = 3600
"""Seconds after which an unfinished file that nobody has written to was left by a process that died."""


class DownloadError(WeightsError):
    """The network or the server failed, or sent something other than the file."""


class StorageError(WeightsError):
    """The file cannot be kept: no room, or a folder that cannot be written."""


class CancelledError(WeightsError):
    """The caller asked to stop."""


@dataclass
class _Job:
    """A download of this process; those who wait for its lock read how far it is."""

    lock: Lock = field(default_factory=Lock)
    done: int = 0
    total: int = 0


_JOBS: dict[str, _Job] = {}


def _ignore(done: int, total: int) -> None:
    """Report nothing."""


def _never() -> bool:
    return False


def fetch(
    entry: Pretrained,
    folder: Path,
    on_progress: Callable[[int, int], None] = _ignore,
    cancelled: Callable[[], bool] = _never,
    *,
    timeout: float = 15.0,
) -> Path:
    """Download the entry's official file into `folder`, unless it lies there already and is right.

    Args:
        entry: whose file; its address must be https (or http on this machine).
        folder: made if it does not exist.
        on_progress: called with (bytes so far, bytes in all, never 0) at most some 200 times, in the
            caller's thread; whatever it raises ends the download. While another session downloads
            the same file, it is called with that session's figures.
        cancelled: asked after every piece that arrives; True ends the download.
        timeout: seconds to wait for a connection, and for each next piece of data.

    Returns:
        The path of the file, whose sha256 begins as the official one does.

    Raises:
        DownloadError: no connection, an error page, silence, a cut, or a file that is not the official one.
        StorageError: no room, or `folder` cannot be written.
        CancelledError: `cancelled` said so.
        WeightsError: an entry that has no address.

    In all of these cases nothing is left behind in `folder`.
    """
    if entry.url is None or entry.sha256_prefix is None:
        raise WeightsError(f"{entry.title} comes with the program and has no address. {advice(entry)}")
    target = folder / entry.file
    job = _JOBS.setdefault(str(target), _Job())
    while not job.lock.acquire(timeout=POLL):
        on_progress(job.done, job.total or _estimate(entry))
        _stop_if(cancelled, entry)
    try:
        with _storing(entry, folder):
            if target.is_file() and _is_official(target, entry.sha256_prefix):
                size = target.stat().st_size
            else:
                size = 0
                folder.mkdir(parents=True, exist_ok=True)
                _sweep(folder, entry)
        if size:
            on_progress(size, size)
        else:
            _download(entry, entry.url, entry.sha256_prefix, target, job, on_progress, cancelled, timeout)
    finally:
        job.done = job.total = 0
        job.lock.release()
    return target


def _download(
    entry: Pretrained,
    url: str,
    prefix: str,
    target: Path,
    job: _Job,
    on_progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
    timeout: float,
) -> None:
    _stop_if(cancelled, entry)
    estimate = job.total = _estimate(entry)
    request = Request(url, headers={"User-Agent": "neural-ode-gradcam", "Accept-Encoding": "identity"})
    with _connected(entry, url, timeout):
        response: HTTPResponse = _opener(entry, url).open(request, timeout=timeout)
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    digest = hashlib.sha256()
    reported = 0
    try:
        with response:
            announced = response.length  # None: the server does not say.
            total = job.total = announced or estimate
            with _storing(entry, target.parent):
                free = shutil.disk_usage(target.parent).free
                if free < total:
                    raise OSError(errno.ENOSPC, f"{free >> 20} MB are free and {total >> 20} MB are needed")
                # Unbuffered, so that closing has nothing left to write and cannot fail again.
                stream = part.open("xb", buffering=0)
            with stream:
                while announced is None or job.done < announced:
                    with _connected(entry, url, timeout):
                        chunk = response.read1(CHUNK)  # What has arrived, without waiting for all of CHUNK.
                    if not chunk:
                        break
                    with _storing(entry, target.parent):
                        _write(stream, chunk)
                    digest.update(chunk)
                    job.done += len(chunk)
                    if job.done > 2 * max(total, estimate):
                        raise DownloadError(_failed(entry, f"expected about {estimate:,} bytes; got {job.done:,}"))
                    if job.done - reported >= total / 200 and job.done < total:
                        reported = job.done
                        on_progress(job.done, total)
                    _stop_if(cancelled, entry)
                with _storing(entry, target.parent):
                    os.fsync(stream.fileno())
        if announced is not None and job.done != announced:
            what = f"the connection was cut off: expected {announced:,} bytes; got {job.done:,}"
            raise DownloadError(_failed(entry, what))
        got = digest.hexdigest()[: len(prefix)]
        if got != prefix:
            what = f"what {_host(url)} sent is not the official file: expected a sha256 that begins with {prefix}"
            raise DownloadError(_failed(entry, f"{what}; got {got} ({job.done:,} bytes)"))
        with _storing(entry, target.parent):
            os.replace(part, target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    on_progress(job.done, job.done)


class _OnlySafely(HTTPRedirectHandler):
    """Follows redirects to https, and to plain http only from this machine to this machine."""

    def __init__(self, entry: Pretrained, url: str) -> None:
        self.entry = entry
        self.url = url

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not _is_safe(newurl) or (urlsplit(newurl).scheme == "http" and not _is_local(self.url)):
            fp.close()
            what = f"{_host(self.url)} redirects to an address that is not https ({newurl.partition('?')[0]})"
            raise DownloadError(_failed(self.entry, what))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _estimate(entry: Pretrained) -> int:
    return max(1, int(entry.megabytes * 2**20))


def _opener(entry: Pretrained, url: str) -> OpenerDirector:
    if not _is_safe(url):
        raise DownloadError(_failed(entry, f"expected an https address; got {url}"))
    no_proxy = [ProxyHandler({})] if _is_local(url) else []
    return build_opener(_OnlySafely(entry, url), *no_proxy)


def _is_safe(url: str) -> bool:
    return urlsplit(url).scheme == "https" or _is_local(url)


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _is_official(path: Path, prefix: str) -> bool:
    with path.open("rb") as stream:
        return has_prefix(stream, prefix)


def _write(stream: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[stream.write(rest) :]


def _sweep(folder: Path, entry: Pretrained) -> None:
    """Remove what a killed process left of this file; one that is still being written is younger."""
    for part in folder.glob(f"{entry.file}.*.part"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()


def _stop_if(cancelled: Callable[[], bool], entry: Pretrained) -> None:
    if cancelled():
        raise CancelledError(f"The download of {entry.title} was stopped; nothing of it was kept.")


def _failed(entry: Pretrained, what: str) -> str:
    return f"{entry.title} could not be downloaded: {what}. Try again. {advice(entry)}"


@contextmanager
def _connected(entry: Pretrained, url: str, timeout: float) -> Iterator[None]:
    """Turn what the network does wrong into a sentence."""
    try:
        yield
    except (OSError, HTTPException) as error:  # URLError and HTTPError are OSErrors.
        host = _host(url)
        cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
        if isinstance(cause, HTTPError):
            cause.close()
            what = f"{host} answered {cause.code} ({cause.reason}) instead of the file"
        elif isinstance(cause, TimeoutError):
            what = f"{host} sent nothing for {timeout:g} seconds"
        elif isinstance(cause, socket.gaierror):
            what = f"no server named {host} was found, so there may be no connection to the network"
        elif isinstance(cause, ConnectionRefusedError):
            what = f"{host} refused the connection"
        elif isinstance(cause, ssl.SSLCertVerificationError):
            what = f"{host} did not prove who it is ({cause.verify_message})"
        else:
            what = f"the connection to {host} broke ({cause})"
        raise DownloadError(_failed(entry, what)) from error


@contextmanager
def _storing(entry: Pretrained, folder: Path) -> Iterator[None]:
    """Turn what the file system does wrong into a sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what = f"there is no room for its {entry.megabytes:.0f} MB in" if full else "nothing can be written to"
        raise StorageError(
            f"{entry.title} could not be kept: {what} the folder {folder} ({error.strerror or error}). "
            f"Make room or choose another folder, and try again. {advice(entry)}"
        ) from error
