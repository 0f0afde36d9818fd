"""The queue of trainings: order, pause, lease, changes, failures, and that nothing is kept."""

import gc
import subprocess
import sys
import threading
import weakref
from typing import NoReturn

import pytest

from pages.ui import worker as module
from pages.ui.worker import Job, Worker
from tests.conftest import ROOT
from tests.trainings import Descent, Failing, Sleeper, reaches, until


def begun(work: Sleeper, worker: Worker) -> Job:
    """A job that has done some iterations and goes on."""
    job = Job(lambda: work, worker)
    job.resume()
    until(lambda: job.done > 0)
    return job


def endless() -> Sleeper:
    return Sleeper(total=10**9)


def test_a_job_trains_to_its_end_and_then_on():
    worker = Worker(1)
    job = Job(lambda: Sleeper(20), worker)
    assert (job.state, job.done, job.total, job.latest, job.seconds_left) == ("new", 0, 0, None, None)
    job.resume()
    reaches(job, "finished")
    assert (job.done, job.total, job.latest, job.seconds_left) == (20, 20, 20, 0)
    job.resume()  # as many again
    reaches(job, "finished")
    assert (job.done, job.total, job.latest) == (40, 40, 40)


def test_pauses_change_nothing_about_the_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CHUNK", 0.001)
    whole = Descent(total=400)
    while whole.done < whole.total:
        whole.step()
    worker = Worker(2)
    job = Job(lambda: Descent(total=400), worker)
    seen = []
    while job.state != "finished":
        job.resume()
        until(lambda: job.state == "finished" or job.done > len(seen))
        job.pause()
        seen.append(job.done)
    assert len(seen) > 2
    assert job.latest == whole.snapshot()


def test_a_pause_has_its_snapshot_and_frees_the_slot():
    worker = Worker(1)
    job = begun(endless(), worker)
    job.pause()
    assert job.state == "paused"
    done = job.done
    assert job.latest == done > 0
    other = Job(lambda: Sleeper(5), worker)
    other.resume()
    reaches(other, "finished")
    assert job.done == done


def test_a_stopped_job_is_finished_where_it_is_and_can_go_on():
    worker = Worker(1)
    for pause in (False, True):
        job = begun(Sleeper(total=3000), worker)
        if pause:
            job.pause()
        job.stop()
        assert job.state == "finished"
        done = job.done
        assert job.latest == done < job.total
        job.resume()
        assert job.total == done + 3000
        job.cancel()


def test_a_stop_before_the_first_iteration_is_a_pause():
    worker = Worker(1)
    first, second = begun(endless(), worker), Job(endless, worker)
    second.resume()
    second.stop()
    assert second.state == "paused"
    first.cancel()


def test_resume_queues_at_the_back():
    worker = Worker(1)
    first = begun(endless(), worker)
    second, third = Job(lambda: Sleeper(5), worker), Job(lambda: Sleeper(5), worker)
    second.resume()
    third.resume()
    assert [first.place, second.place, third.place] == [0, 1, 2]
    second.pause()
    assert [second.state, second.place, third.place] == ["paused", 0, 1]
    second.resume()
    second.resume()  # once is enough
    assert [third.place, second.place] == [1, 2]
    first.cancel()
    reaches(second, "finished")
    assert third.state == "finished"


def test_the_wait_is_estimated_from_what_was_measured(monkeypatch: pytest.MonkeyPatch):
    worker = Worker(2)
    monkeypatch.setattr(worker, "_serve", lambda: threading.Event().wait())  # nobody works: figures stand still
    jobs = [Job(lambda: Sleeper(100), worker) for _ in range(5)]
    for job in jobs:
        job.resume()
    assert [job.place for job in jobs] == [0, 1, 2, 3, 4]
    assert jobs[1].seconds_to_start is None  # nothing has been measured
    worker._durations.extend([10.0, 30.0])
    assert [job.seconds_to_start for job in jobs] == [0, 10, 20, 30, 40]  # 20 s each, on two slots
    jobs[0]._work = Sleeper(100, done=50)
    jobs[0]._pace.count(6.0, 50)
    assert jobs[2].seconds_to_start == pytest.approx((6 + 20) / 2)
    worker._durations.clear()
    worker._running.append(worker._queue.popleft())
    assert jobs[2].seconds_to_start == pytest.approx((6 + 12) / 2)  # the running one will have taken 12 s


def test_a_job_that_nobody_looks_at_pauses_and_gives_up_its_slot(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LEASE", 0.2)
    worker = Worker(1)
    left, waits, stays = begun(endless(), worker), Job(endless, worker), Job(lambda: Sleeper(5), worker)
    waits.resume()
    stays.resume()
    reaches(stays, "finished")  # only this one is touched
    assert [left.state, waits.state] == ["paused", "paused"]
    assert left.latest == left.done > 0
    left.touch()
    assert left.state == "paused"  # coming back does not start it
    done = left.done
    left.resume()
    until(lambda: left.done > done)
    left.cancel()


def test_a_touched_job_outlives_its_lease(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LEASE", 0.2)
    job = Job(lambda: Sleeper(400), Worker(1))  # 0.8 s at least
    job.resume()
    until(lambda: job.state != "waiting")
    until(lambda: job.touch(5.0) or job.state != "running")
    assert job.state == "finished"


def test_a_change_is_applied_between_steps_and_shown():
    def change(work: Sleeper) -> None:
        work.alone("change")

    work = Sleeper(total=10**9, seconds=0.001)
    job = begun(work, Worker(1))
    for count in range(1, 21):
        job.change(change)
        until(lambda count=count: work.log.count("change") == count)
    job.pause()
    before = work.snapshots
    job.change(change)  # at rest: at once, with a new picture
    assert work.log[-1] == "change"
    assert work.snapshots == before + 1
    assert set(work.log) == {"step", "change"}


def test_a_change_before_the_first_turn_waits_for_the_work():
    job = Job(lambda: Sleeper(5), Worker(1))
    job.change(lambda work: setattr(work, "total", 7))
    job.resume()
    reaches(job, "finished")
    assert job.done == 7


def test_changes_of_many_threads_are_all_applied_alone():
    work = Sleeper(total=10**9, seconds=0.0005)
    job = begun(work, Worker(2))
    threads = [
        threading.Thread(target=lambda: [job.change(lambda work: work.alone("change")) for _ in range(20)])
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for pause in range(10):
        job.resume() if pause % 2 else job.pause()
    for thread in threads:
        thread.join()
    job.pause()
    until(lambda: work.log.count("change") == 100)
    assert set(work.log) == {"step", "change"}


@pytest.mark.parametrize("at", [0, 5])
def test_a_failure_is_the_jobs_alone(at: int):
    worker = Worker(1)
    bad = Job(lambda: Failing(at, ArithmeticError("underflow at t = 0.5")), worker)
    silent = Job(lambda: Failing(at, ZeroDivisionError()), worker)
    good = Job(lambda: Sleeper(5), worker)
    for job in (bad, silent, good):
        job.resume()
    reaches(good, "finished")
    assert (bad.state, bad.error, bad.done) == ("failed", "underflow at t = 0.5", at)
    assert (silent.state, silent.error) == ("failed", "ZeroDivisionError")
    bad.resume()
    assert bad.state == "failed"  # its state is not to be trusted


def test_a_failing_maker_snapshot_or_change_is_a_failed_job():
    def fail(*_: object) -> NoReturn:
        raise ValueError("not possible")

    class Unseen(Sleeper):
        def snapshot(self) -> int:
            fail()

    worker = Worker(1)
    unmade, unseen = Job(fail, worker), Job(lambda: Unseen(5), worker)
    changed, at_rest = Job(endless, worker), begun(endless(), worker)
    at_rest.pause()
    changed.change(fail)
    for job in (unmade, unseen, changed):
        job.resume()
        reaches(job, "failed")
    at_rest.change(fail)
    assert [job.error for job in (unmade, unseen, changed, at_rest)] == ["not possible"] * 4
    assert at_rest.state == "failed"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what is tested
def test_a_thread_that_died_is_replaced():
    worker = Worker(1)
    deadly = Job(lambda: Failing(3, SystemExit("out")), worker)
    deadly.resume()
    until(lambda: deadly.state == "failed")
    (thread,) = worker._threads
    thread.join(timeout=60)
    assert not thread.is_alive()
    job = Job(lambda: Sleeper(5), worker)
    job.resume()
    reaches(job, "finished")


def test_snapshots_are_few(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BETWEEN_SNAPSHOTS", 1e9)
    work = Sleeper(total=100, seconds=0.003)  # several chunks
    job = Job(lambda: work, Worker(1))
    job._drawn = float("inf")
    job.resume()
    reaches(job, "finished")
    assert (work.snapshots, job.latest) == (1, 100)


def test_the_first_chunk_is_shown_at_once():
    job = begun(endless(), Worker(1))
    until(lambda: job.latest is not None)
    job.cancel()


def test_the_worker_keeps_no_job(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LEASE", 0.1)
    worker = Worker(2)
    jobs = [Job(lambda: Sleeper(3), worker) for _ in range(3)]
    jobs += [Job(endless, worker) for _ in range(4)]  # nobody looks at them: they pause
    jobs += [Job(lambda: Failing(0, ValueError("no")), worker)]
    gone = [weakref.ref(job) for job in jobs]
    while jobs:
        jobs.pop(0).resume()
    until(lambda: not worker._queue and not worker._running)

    def all_gone() -> bool:
        gc.collect()
        return all(job() is None for job in gone)

    until(all_gone)


PROGRAM = """
import time
from pages.ui.worker import Job
from tests.conftest import ROOT
from tests.trainings import Descent
jobs = [Job(lambda: Descent(total=10**9)) for _ in range(4)]
for job in jobs:
    job.resume()
    job.touch(600)
while jobs[0].done < 100:
    time.sleep(0.01)
"""


def test_a_process_that_trains_ends_in_good_order():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
