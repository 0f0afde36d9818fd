"""A visitor who sends whatever he likes over the websocket: values that no widget on screen would give."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks import learner_controls

FIELDS = learner_controls.FIELDS | {
    "text_area": "string_value",
    "button": "trigger_value",
    "bidi_component": "json_value",
}
"""Kind of element -> where its value stands in what a browser sends."""


class Wire:
    """One session."""

    def __init__(self, socket: ClientConnection, page: str, query: str) -> None:
        self._socket, self._page, self._query = socket, page, query
        self.widgets: dict[str, tuple[str, Any]] = {}
        """Id -> kind and description of what the page has shown."""

    def run(self, states: list[WidgetState] | None = None) -> list[Element]:
        """Run the page with these widget states; what it sent, up to the end."""
        request = BackMsg()
        request.rerun_script.page_name, request.rerun_script.query_string = self._page, self._query
        request.rerun_script.widget_states.widgets.extend(states or [])
        self._socket.send(request.SerializeToString())
        sent = []
        while True:
            data = self._socket.recv(timeout=120)
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return sent
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                sent.append(message.delta.new_element)
                self._note(message.delta.new_element)

    def _note(self, element: Element) -> None:
        kind = element.WhichOneof("type") or ""
        if kind in FIELDS:
            found = getattr(element, kind)
            self.widgets[found.id] = kind, found


@contextmanager
def wire(address: str, page: str, query: str = "") -> Iterator[Wire]:
    stream = address.replace("http", "ws") + "/_stcore/stream"
    with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None, proxy=None) as socket:
        yield Wire(socket, page, query)


def state(name: str, kind: str, value: Any) -> WidgetState:
    """A value for one widget, as it is sent."""
    made, field = WidgetState(id=name), FIELDS[kind]
    if kind == "slider" and value and isinstance(value[0], str):
        field = "string_array_value"
    if field == "json_value":
        made.json_value = json.dumps(value)
    elif field.endswith("array_value"):
        getattr(made, field).data.extend(value)
    else:
        setattr(made, field, value)
    return made


def raised(elements: list[Element]) -> list[str]:
    """The exceptions that a page showed."""
    return [f"{one.exception.type}: {one.exception.message}" for one in elements if one.HasField("exception")]
