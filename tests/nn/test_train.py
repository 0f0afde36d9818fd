"""Chunks of a training: how long they are, and that they change nothing about its result."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.nn import train
from core.nn.train import Pace, chunk
from tests.trainings import Descent, Failing, Sleeper


class Clock:
    """A time that passes only in steps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(train.time, "perf_counter", lambda: self.now)


class Timed:
    """Steps of given lengths in seconds."""

    def __init__(self, clock: Clock, *lengths: float) -> None:
        self.clock, self.lengths, self.done, self.total = clock, lengths, 0, len(lengths)

    def step(self) -> None:
        self.clock.now += self.lengths[self.done]
        self.done += 1

    def snapshot(self) -> int:
        return self.done


def test_a_chunk_ends_within_its_budget(monkeypatch: pytest.MonkeyPatch):
    work = Timed(Clock(monkeypatch), *[0.03125] * 10)
    assert chunk(work, 0.1) == 0.09375
    assert work.done == 3  # a fourth would have ended at 0.125


def test_a_step_longer_than_the_budget_is_a_chunk_of_its_own(monkeypatch: pytest.MonkeyPatch):
    work = Timed(Clock(monkeypatch), 0.5, 0.5)
    assert chunk(work, 0.1) == 0.5
    assert work.done == 1


def test_what_is_done_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    work = Timed(Clock(monkeypatch), 0.01)
    chunk(work)
    assert chunk(work) == 0
    assert work.done == 1
    work.total, work.lengths = 2, (0.01, 0.01)  # a total that is raised later goes on
    chunk(work)
    assert work.done == 2


@settings(deadline=None)  # the first optimiser of a process takes a second to import
@given(st.lists(st.floats(0, 0.005), max_size=8))
def test_the_result_does_not_depend_on_the_chunks(budgets: list[float]):
    cut, whole = Descent(seed=3, total=12), Descent(seed=3, total=12)
    for budget in budgets:
        chunk(cut, budget)
    while cut.done < cut.total:
        chunk(cut, 0.0)  # one step
    while whole.done < whole.total:
        whole.step()
    assert cut.snapshot() == whole.snapshot()
    assert Descent(seed=4).snapshot() != Descent(seed=3).snapshot()


def test_errors_come_through():
    work = Failing(2, ValueError("step size too small"))
    with pytest.raises(ValueError, match="too small"):
        chunk(work)
    assert work.done == 2


def test_a_step_that_does_not_count_itself_is_refused():
    class Endless(Sleeper):
        def step(self) -> None:
            time.sleep(0)

    with pytest.raises(RuntimeError, match=r"`done`; it was 0 before and 0 after"):
        chunk(Endless())


def test_the_pace_follows_a_training_that_grows_slower():
    pace = Pace()
    for _ in range(50):
        pace.count(0.1, 10)
    assert pace.left(100) == pytest.approx(1.0)
    for _ in range(200):
        pace.count(0.1, 1)
    assert pace.spent == pytest.approx(25.0)
    left = pace.left(100)
    assert left is not None
    assert 9.5 < left <= 10.0  # the pace of late; the mean over all would give 3.6
    assert pace.left(-1) == 0


def test_one_slow_iteration_counts_as_one():
    pace = Pace()
    pace.count(1.0, 1)  # the first of a process
    for _ in range(20):
        pace.count(0.1, 10)
    left = pace.left(1000)
    assert left is not None
    assert 10 < left < 16  # 3 s for 201 iterations are 15 s for 1000, what is long ago counting less


def test_a_chunk_without_an_iteration_leaves_the_pace():
    pace = Pace()
    pace.count(0.1, 0)
    assert pace.left(5) is None
    pace.count(0.3, 3)
    assert pace.left(5) == pytest.approx(0.5)
