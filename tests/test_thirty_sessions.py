"""A class that starts to train at once: all are served in turn, and the other pages answer meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from pages.ui.worker import WORKER, Job, Worker
from tests.app_server import running_app, visit
from tests.trainings import Sleeper, Walk, until

APP = "tests/app_with_training.py"


class Counted(Sleeper):
    """Notes who was served, and how many at once."""

    order: list[int]
    here: set[int]
    most: int

    def __init__(self, number: int) -> None:
        super().__init__(total=10, seconds=0.001)
        self.number = number
        with LOCK:
            Counted.order.append(number)

    def step(self) -> None:
        with LOCK:
            Counted.here.add(self.number)
            Counted.most = max(Counted.most, len(Counted.here))
        super().step()
        if self.done == self.total:
            with LOCK:
                Counted.here.discard(self.number)


LOCK = threading.Lock()


@pytest.mark.parametrize("slots", [1, 2])
def test_thirty_jobs_are_served_in_their_order(slots: int):
    Counted.order, Counted.here, Counted.most = [], set(), 0
    worker = Worker(slots)
    jobs = [Job(lambda number=number: Counted(number), worker) for number in range(30)]
    for job in jobs:
        job.resume()
    last = [jobs[-1].place]

    def finished() -> bool:
        for job in jobs:
            job.touch()
        last.append(jobs[-1].place)
        return all(job.state == "finished" for job in jobs)

    until(finished)
    assert Counted.order == list(range(30))
    assert Counted.most == slots
    assert last == sorted(last, reverse=True)
    assert last[0] > 20
    assert [job.latest for job in jobs] == [10] * 30


@contextmanager
def open_tab(address: str, query: str) -> Iterator["Visitor"]:
    stream = address.replace("http", "ws") + "/_stcore/stream"
    with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        yield Visitor(socket, query)


class Visitor:
    """A session that stays: what its page shows, with its buttons and its timer."""

    def __init__(self, socket: ClientConnection, query: str) -> None:
        self.socket, self.query = socket, query
        self.run()

    def run(self, press: str = "", *, tick: bool = False) -> None:
        """A run of the page, after pressing a button; or of what its timer runs."""
        request = BackMsg()
        request.rerun_script.query_string = self.query
        if press:
            pressed = request.rerun_script.widget_states.widgets.add()
            pressed.id, pressed.trigger_value = self.buttons[press], True
        if tick:
            request.rerun_script.fragment_id, request.rerun_script.is_auto_rerun = self.timer, True
        self.socket.send(request.SerializeToString())
        finished = ForwardMsg.FINISHED_EARLY_FOR_RERUN
        while finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            data = self.socket.recv(timeout=60)
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            self._take(message)
            if message.WhichOneof("type") == "script_finished":
                finished = message.script_finished

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.says: list[str] = []
            if not message.metadata.run.fragment_ids:
                self.buttons: dict[str, str] = {}
                self.timer, self.interval = "", 0.0
        elif kind == "auto_rerun":
            self.timer, self.interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
        elif kind == "delta":
            element = message.delta.new_element
            self.says += [element.text.body, element.html.body, element.progress.text]
            if element.WhichOneof("type") == "button":
                self.buttons[element.button.label] = element.button.id

    def sees(self, words: str) -> bool:
        return any(words in said for said in self.says)

    def waits_for(self, words: str) -> None:
        """Let the timer run until the page says so."""

        def said() -> bool:
            if not self.sees(words):
                assert self.timer, f"no timer runs, and the page says {self.says}"
                self.run(tick=True)
            return self.sees(words)

        until(said)


def test_sessions_train_in_turn_while_another_page_answers():
    total = 150
    with running_app(APP) as address, ExitStack() as tabs:
        visitors = [tabs.enter_context(open_tab(address, f"seed={seed}&total={total}")) for seed in range(6)]
        for visitor in visitors:
            assert visitor.sees("Not trained yet")
            assert not visitor.timer  # an idle page is silent
            visitor.run("Train")
        assert any(visitor.sees("before you") for visitor in visitors)
        answer = visit(address, "other")
        assert any("Another page" in message.delta.new_element.heading.body for message in answer)
        waiting = set(visitors)

        def all_served() -> bool:
            for visitor in list(waiting):
                visitor.run(tick=True)
                if visitor.sees("Finished"):
                    waiting.discard(visitor)
            return not waiting

        until(all_served)
        for seed, visitor in enumerate(visitors):
            walk = Walk(seed, total, fails_at=-1)
            while walk.done < total:
                walk.step()
            assert visitor.sees(f"value {walk.value:.3f} after {total}")
            assert visitor.sees("the page saw it finished")  # the whole page ran at the end
            assert not visitor.timer


def test_a_closed_tab_gives_up_its_slot():
    with running_app(APP) as address:
        with ExitStack() as tabs:
            for _ in range(WORKER.slots):
                tab = tabs.enter_context(open_tab(address, "total=100000"))
                tab.run("Train")
                tab.waits_for("Training")
                assert tab.interval == 0.5
        with open_tab(address, "total=20") as stays:
            stays.run("Train")
            assert stays.sees(f"{WORKER.slots} before you")
            stays.waits_for("Finished")
