"""A visitor with cookies and without a browser."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from http.cookies import SimpleCookie

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes


class Tab:
    """An open page."""

    def __init__(self, socket: ClientConnection, page: str, query: str) -> None:
        self._socket, self._page, self._query = socket, page, query
        self.run()
        (self.session,) = [one.new_session.initialize.session_id for one in self.shown if one.HasField("new_session")]

    def run(self) -> None:
        """Run the page's script."""
        request = BackMsg()
        request.rerun_script.page_name, request.rerun_script.query_string = self._page, self._query
        self._socket.send(request.SerializeToString())
        self.shown: list[ForwardMsg] = []
        while not self.shown or self.shown[-1].WhichOneof("type") != "script_finished":
            self.shown.append(ForwardMsg.FromString(self._socket.recv(timeout=60, decode=False)))

    def menu(self, label: str) -> str:
        """What a menu of the page shows as chosen."""
        elements = [one.delta.new_element for one in self.shown if one.HasField("delta")]
        return next(one.selectbox.raw_value for one in elements if one.selectbox.label == label)


class Visitor:
    """Keeps what cookies are set, as a browser does."""

    def __init__(self, address: str, replica: str = "") -> None:
        self._host = address.removeprefix("http://")
        self.cookies = {"replica": replica} if replica else {}

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Answer:
        """One request in a connection of its own."""
        connection = HTTPConnection(self._host, timeout=30)
        connection.request(method, path, body, {"Cookie": self._cookie(), **(headers or {})})
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        self._keep(answer.headers.get_all("Set-Cookie", []))
        return answer

    @contextmanager
    def open(self, page: str, query: str = "") -> Iterator[Tab]:
        """A page in a new session."""
        with connect(
            f"ws://{self._host}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": self._cookie()},
            max_size=None,
            proxy=None,
        ) as socket:
            assert socket.response is not None
            self._keep(socket.response.headers.get_all("Set-Cookie"))
            yield Tab(socket, page, query)

    def upload(self, tab: Tab, size: int) -> int:
        """Send a file for a session as the uploader does; the answer's status. A replica without it answers 400."""
        self.ask("/_stcore/health")
        edge = "edge-of-a-part"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="a.png"; filename="a.png"\r\n\r\n'.encode()
        answer = self.ask(
            f"/_stcore/upload_file/{tab.session}/{uuid.uuid4()}",
            {"Content-Type": f"multipart/form-data; boundary={edge}", "X-Xsrftoken": self.cookies["_streamlit_xsrf"]},
            "PUT",
            head + bytes(size) + f"\r\n--{edge}--\r\n".encode(),
        )
        return answer.status

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
