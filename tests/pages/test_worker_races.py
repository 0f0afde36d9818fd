"""Two threads at the end of a job's turn: what the one decided, the other does not undo."""

import threading

import pytest

from pages.ui.worker import Job, Worker
from tests.trainings import Sleeper, reaches, until


def turning(work: Sleeper, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> tuple[Job, threading.Event]:
    """A job whose turn halts just before it is settled, until the event is set."""
    arrived, go_on, settle = threading.Event(), threading.Event(), worker.settle

    def halting(job: Job) -> bool:
        arrived.set()
        assert go_on.wait(60)
        return settle(job)

    monkeypatch.setattr(worker, "settle", halting)
    job = Job(lambda: work, worker)
    job.resume()
    assert arrived.wait(60)
    return job, go_on


def test_a_job_that_failed_meanwhile_does_not_become_finished(monkeypatch: pytest.MonkeyPatch):
    job, go_on = turning(Sleeper(3), Worker(1), monkeypatch)

    def impossible(work: Sleeper) -> None:
        raise ValueError("no such step size")

    job.change(impossible)
    assert job.state == "failed"
    go_on.set()
    after = Job(lambda: Sleeper(2), job._worker)  # its turn comes once that of the first is over
    after.resume()
    reaches(after, "finished")
    assert (job.state, job.error) == ("failed", "no such step size")


def test_a_change_at_the_last_moment_is_in_the_last_snapshot(monkeypatch: pytest.MonkeyPatch):
    work = Sleeper(3)
    job, go_on = turning(work, Worker(1), monkeypatch)
    job.change(lambda work: setattr(work, "done", 7))
    go_on.set()
    reaches(job, "finished")
    until(lambda: job.latest == 7)
    assert work.log.count("step") == 3
