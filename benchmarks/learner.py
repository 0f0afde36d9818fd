"""A browser's part in a session, without the browser: a learner who opens pages, moves controls, uploads, trains.

What is kept is what a browser keeps: the values of all controls on the page, which go with every rerun; the big
elements, which the server need not send twice; the timers of fragments. A rerun is done at its last message. Left out
are the drawing, the files of Streamlit's own page, and what a browser writes into the address by itself.
"""

import asyncio
import random
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.learner_controls import FIELDS, Control

TIMEOUT = 60.0
"""Seconds without the end of a run that count as a failure."""
PATIENCE = 5.0
"""Seconds after which a learner clicks on, if the page says that it computes."""
CACHED_RUNS = 2
"""A browser forgets a big element that was not shown for so many runs (`global.maxCachedMessageAge`)."""
KINDS = {*FIELDS, "button", "file_uploader"}


class Failure(Exception):
    """The page or the server did what it should not."""


@dataclass
class Run:
    """What came of one request."""

    seconds: float = 0.0
    bars: int = 0
    """Progress bars that the page sent, but for those of trainings."""
    raised: list[str] = field(default_factory=list)
    """Exceptions that the page showed."""

    @property
    def computed(self) -> bool:
        """Whether a bar moved while the script ran: the page said that it computes."""
        return self.bars > 1


class Learner:
    """One session."""

    def __init__(self, address: str, socket: ClientConnection, cookie: str) -> None:
        self.pages: dict[str, str] = {}
        """Slug -> hash of the page, in the order of the menu; empty in an app without pages."""
        self.timers: dict[str, tuple[float, float]] = {}
        """Fragment -> interval in seconds, and when it is due."""
        self._address, self._socket, self._cookie = address, socket, cookie
        self._session = self._page = self._query = ""
        self._shown: dict[tuple[int, ...], Control] = {}  # by place
        self._states: dict[str, WidgetState] = {}  # by the control's id
        self._big: dict[str, tuple[int, Control | None]] = {}  # by hash: the run that showed it last, what it is
        self._runs = 0
        self._fragments: set[str] = set()  # that the current run is about; empty: the whole page
        self._before: dict[tuple[int, ...], Control] = {}  # what was shown before the current run

    def controls(self, *kinds: str) -> list[Control]:
        """What is on the page and not disabled."""
        return [one for one in self._shown.values() if one.kind in kinds and not one.proto.disabled]

    def unanswered(self, control: Control) -> bool:
        """Whether nothing is chosen there yet."""
        return control.read(self._states[control.proto.id]) is None

    async def open(self, slug: str = "") -> Run:
        """Open a page: by the menu, or in a new tab."""
        self._query, self._states = "", {}
        self._page = self.pages.get(slug, "")
        return await self._run("" if self._page else slug)

    async def move(self, control: Control, chance: random.Random, to: str = "") -> Run:
        """Give a control another value; `to` is one of its options."""
        now = control.read(self._states[control.proto.id])
        new = ([to] if control.kind == "button_group" else to) if to else control.other(now, chance)
        self._states[control.proto.id] = control.state(new)
        return await self._run(fragment=control.fragment)

    async def press(self, button: Control) -> Run:
        """Press a button; it is up again afterwards."""
        return await self._run(fragment=button.fragment, trigger=button.proto.id)

    async def tick(self, fragment: str) -> Run:
        """A fragment's time has come."""
        interval, due = self.timers[fragment]
        self.timers[fragment] = interval, max(due, time.perf_counter()) + interval
        return await self._run(fragment=fragment, by_timer=True)

    async def upload(self, place: Control, name: str, data: bytes) -> Run:
        """Put a file into a field for files, up to the end of the run that it brings about."""
        began = time.perf_counter()
        request = BackMsg()
        request.file_urls_request.request_id = name
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self._session
        await self._socket.send(request.SerializeToString())
        while not (answer := await self._receive(began + TIMEOUT)).HasField("file_urls_response"):
            pass
        urls = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, urls.upload_url, name, data)
        state = self._states[place.proto.id] = WidgetState(id=place.proto.id)
        info = state.file_uploader_state_value.uploaded_file_info.add(name=name, size=len(data), file_id=urls.file_id)
        info.file_urls.CopyFrom(urls)
        run = await self._run(fragment=place.fragment)
        run.seconds = time.perf_counter() - began
        return run

    def _put(self, path: str, name: str, data: bytes) -> None:
        edge = "learner-boundary"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + data + f"\r\n--{edge}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Cookie": f"_streamlit_xsrf={self._cookie}",
            "X-Xsrftoken": self._cookie,
        }
        request = urllib.request.Request(self._address + path, body, headers, method="PUT")
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            if answer.status != 204:
                raise Failure(f"an upload was answered by {answer.status}")

    async def _run(self, slug: str = "", fragment: str = "", trigger: str = "", by_timer: bool = False) -> Run:
        request = BackMsg()
        rerun = request.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.page_name = self._query, self._page, slug
        rerun.fragment_id, rerun.is_auto_rerun = fragment, by_timer
        rerun.widget_states.widgets.extend(self._states.values())
        if trigger:
            rerun.widget_states.widgets.add(id=trigger, trigger_value=True)
        rerun.cached_message_hashes.extend(self._big)
        run, began = Run(), time.perf_counter()
        await self._socket.send(request.SerializeToString())
        wait = PATIENCE
        while True:
            try:
                message = await self._receive(began + wait)
            except TimeoutError:
                if wait == TIMEOUT:
                    where = next((slug for slug, page in self.pages.items() if page == self._page), "")
                    raise Failure(f"{where or 'start page'}: no end of the run within {TIMEOUT:.0f} s") from None
                wait = TIMEOUT
                if run.computed:  # as somebody who clicks elsewhere
                    await self._socket.send(BackMsg(stop_script=True).SerializeToString())
                continue
            if message.WhichOneof("type") != "script_finished":
                self._take(message, run)
            elif self._ended(message.script_finished):
                run.seconds = time.perf_counter() - began
                return run

    async def _receive(self, end: float) -> ForwardMsg:
        async with asyncio.timeout(max(0.0, end - time.perf_counter())):
            return ForwardMsg.FromString(await self._socket.recv(decode=False))

    def _take(self, message: ForwardMsg, run: Run) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._session = message.new_session.initialize.session_id or self._session
                self._page = message.new_session.page_script_hash
                self._fragments = set(message.metadata.run.fragment_ids)
                self._before = self._shown
                self._shown = {}
                if self._fragments:
                    self._shown = {at: one for at, one in self._before.items() if one.fragment not in self._fragments}
                else:
                    self.timers = {}
            case "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                self._page = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "auto_rerun":
                interval = message.auto_rerun.interval
                self.timers[message.auto_rerun.fragment_id] = interval, time.perf_counter() + interval
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self.timers.pop(fragment, None)
            case "ref_hash":
                if message.ref_hash not in self._big:
                    raise Failure("the server relies on an element that the browser has forgotten")
                self._show(tuple(message.metadata.delta_path), message.ref_hash, self._big[message.ref_hash][1])
            case "delta":
                self._take_delta(message, run)

    def _take_delta(self, message: ForwardMsg, run: Run) -> None:
        delta, control = message.delta, None
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type") or ""
        path = tuple(message.metadata.delta_path)
        if kind == "exception":
            run.raised.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "progress" and not delta.fragment_id:
            run.bars += 1
        elif kind == "empty":  # all that stood in this place goes
            for at in [at for at in self._shown if at[: len(path)] == path]:
                del self._shown[at]
        elif kind in KINDS:
            control = Control(kind, getattr(element, kind), delta.fragment_id)
        self._show(path, message.hash if message.metadata.cacheable else "", control)

    def _show(self, path: tuple[int, ...], digest: str, control: Control | None) -> None:
        if digest:
            self._big[digest] = self._runs, control
        if control is None:
            self._shown.pop(path, None)
            return
        self._shown[path] = control
        name = control.proto.id
        if control.kind in FIELDS and (name not in self._states or control.proto.set_value):
            self._states[name] = control.state(control.value())

    def _ended(self, how: int) -> bool:
        """A run is over: forget what is not on the page any more. Whether no other run follows at once."""
        if how == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise Failure("the page does not compile")
        if how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._shown = {**self._before, **self._shown}
            return False
        shown = {one.proto.id for one in self._shown.values()}
        self._states = {name: state for name, state in self._states.items() if name in shown}
        self._runs += not self._fragments
        self._big = {name: (run, one) for name, (run, one) in self._big.items() if self._runs - run <= CACHED_RUNS}
        return True


@asynccontextmanager
async def learner(address: str) -> AsyncIterator[Learner]:
    """Somebody who comes to an app on this machine, and leaves in the end."""
    if not address.startswith("http://127.0.0.1:"):
        raise ValueError(f"only apps on this machine are loaded; got {address}")

    def greet() -> str:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=TIMEOUT) as answer:
            return SimpleCookie(answer.headers["Set-Cookie"])["_streamlit_xsrf"].value

    cookie, stream = await asyncio.to_thread(greet), address.replace("http", "ws") + "/_stcore/stream"
    kind = [Subprotocol("streamlit")]
    async with connect(stream, subprotocols=kind, max_size=None, ping_interval=None, proxy=None) as socket:
        yield Learner(address, socket, cookie)
