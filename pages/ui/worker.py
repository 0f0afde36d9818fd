"""Long trainings in the background: a few threads for the whole process, and a queue before them.

A page makes a `Job` and submits it to `WORKER`. Its threads (`slots` of them, started at the first submit)
take jobs first come, first served, and train each to its end in chunks of at most a tenth of a second. Between
chunks a job looks whether it should stop, applies new settings, and lets other threads have the interpreter,
so that thirty sessions can train one after the other while all other pages answer.

* **States.** ``waiting -> running -> finished``, from both of the first to ``paused``; ``failed`` where the
  work raised. A paused job keeps all it has; `Job.resume` puts it at the back of the queue.
* **A job needs a page.** The page says `Job.touch` each time it draws. A job that has not been seen for
  `LEASE` seconds (the learner went to another page, the tab was closed) pauses by itself and gives up its
  place; its page finds it paused. The worker holds only jobs that wait or run, so a job whose session is
  gone goes with it.
* **One thread at a time.** A job's work is touched under its lock only: a chunk, a snapshot, a change.
* **Nothing stops the worker.** What a work raises makes its own job `failed`, with the message. Should a
  thread die all the same, the next submit starts another.

Times are in seconds. Nothing here knows Streamlit.
"""

import atexit
import itertools
import logging
import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

import torch

from core.nn.train import Pace, Work, chunk

State = Literal["new", "waiting", "running", "paused", "finished", "failed"]

LEASE = 4.0
"""A job that its page has not touched for so long pauses by itself."""
CHUNK = 0.08
"""What a chunk may use: under a tenth of a second, also with a last step longer than those before."""
BREATH = 0.004
"""Between two chunks the thread sleeps, so that a script that waits for the interpreter gets it."""
BETWEEN_SNAPSHOTS = 0.5

Change = Callable[[Any], None]
"""Of a work: its maker's kind."""


class Job:
    """A training that a page has asked for. Any thread may call the methods; none waits for more than a chunk."""

    def __init__(self, make: Callable[[], Work], worker: "Worker | None" = None) -> None:
        """`make` builds the work; it is called in the worker's thread, at the job's first turn."""
        self.state: State = "new"
        self.latest: Any = None
        """The last snapshot, None before the first."""
        self.error = ""
        """Why the job failed, in the words of the exception."""
        self._worker = worker or WORKER
        self._make: Callable[[], Work] | None = make
        self._work: Work | None = None
        self._using = threading.Lock()  # whoever holds it may touch the work
        self._changes: deque[Change] = deque()
        self._wish: Literal["", "pause", "stop"] = ""  # what a running job should do after this chunk
        self._until = 0.0  # on the monotonic clock: the job is wanted until then
        self._span = 0  # iterations that the work wanted when it was made
        self._pace = Pace()
        self._drawn = 0.0  # when the last snapshot was made

    @property
    def done(self) -> int:
        """Iterations so far."""
        return 0 if self._work is None else self._work.done

    @property
    def total(self) -> int:
        """Iterations wanted; 0 before the work is made."""
        return 0 if self._work is None else self._work.total

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes once it runs, at its recent pace; None before its first chunk."""
        return self._pace.left(self.total - self.done)

    @property
    def place(self) -> int:
        """How many jobs come before this one, running ones included; 0 unless it waits."""
        return len(self._worker.before(self))

    @property
    def seconds_to_start(self) -> float | None:
        """How long it will wait, from what other jobs took; None where nothing has been measured yet."""
        return self._worker.time_for(self._worker.before(self))

    def touch(self, seconds: float = LEASE) -> None:
        """The page is still there, and will say so again within `seconds`."""
        self._worker.touch(self, seconds)

    def resume(self) -> None:
        """Queue at the back, from new or paused; a finished job goes on for as many iterations again."""
        if self.state == "finished":
            self.change(lambda work: setattr(work, "total", work.done + self._span))
        self._worker.submit(self)

    def pause(self) -> None:
        """Give up slot or place and keep everything; waits for the end of the current chunk."""
        self._worker.withdraw(self, "pause")

    def stop(self) -> None:
        """As `pause`, but it counts as finished, at the iteration where it is. Without an iteration it pauses."""
        self._worker.withdraw(self, "stop" if self.done else "pause")

    def cancel(self) -> None:
        """It is not wanted any more: out of the queue, or off its slot after the current chunk."""
        self._worker.withdraw(self, "pause", patience=0.0)

    def change(self, fn: Change) -> None:
        """Call `fn` on the work: after the current chunk, at once if none runs, or when the work is made."""
        self._changes.append(fn)
        self._apply()

    def _apply(self) -> None:
        """Apply what is wanted, unless another thread has the work: that one will, when it gives it back."""
        while self._changes and self._work is not None and self._using.acquire(blocking=False):
            try:
                self._drain(self._work)
                if self.state != "running":
                    self.latest = self._work.snapshot()
            except Exception as error:  # a learner's setting may be impossible: the job says so
                self._worker.fail(self, error)
            finally:
                self._using.release()

    def _drain(self, work: Work) -> None:
        while self._changes:
            self._changes.popleft()(work)
            self._drawn = 0.0

    def _turn(self) -> None:
        """Train until the end, a wish, or the end of the lease; in the worker's thread."""
        with self._using:
            if self._work is None:
                assert self._make is not None  # it is given up below, where there is a work
                self._work, self._make = self._make(), None
                self._span = self._work.total
            work = self._work
        while self.state == "running":
            began, before = time.monotonic(), work.done
            with self._using:
                self._drain(work)
                chunk(work, CHUNK)
                ends = bool(self._wish) or work.done >= work.total or began > self._until
                if ends or time.monotonic() - self._drawn >= BETWEEN_SNAPSHOTS:
                    self.latest, self._drawn = work.snapshot(), time.monotonic()
            time.sleep(BREATH)
            self._pace.count(time.monotonic() - began, work.done - before)
            self._apply()
            if ends and self._drawn and self._worker.settle(self):  # a change since the snapshot asks for another
                self._catch_up(work)
                return

    def _catch_up(self, work: Work) -> None:
        """A snapshot for a change that came after the last one, but before the turn was over."""
        with self._using:
            if not self._drawn and self.state in ("paused", "finished"):
                self.latest, self._drawn = work.snapshot(), time.monotonic()


class Worker:
    """Threads that train jobs, `slots` at once, first come, first served."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._state = threading.Condition()  # guards the states of all jobs, and what follows
        self._queue: deque[Job] = deque()
        self._running: list[Job] = []
        self._threads: list[threading.Thread] = []
        self._durations: deque[float] = deque(maxlen=8)  # seconds that the last finished jobs trained

    def submit(self, job: Job) -> None:
        """Put a job at the back of the queue; one that waits already stays where it is, a failed one is over."""
        with self._state:
            job._wish = ""
            if job.state in ("waiting", "running", "failed"):
                return
            job.state, job._until = "waiting", time.monotonic() + LEASE
            self._queue.append(job)
            self._look()
            self._state.notify_all()

    def touch(self, job: Job, seconds: float) -> None:
        """Renew a job's lease; if it had ended, the job has paused."""
        with self._state:
            self._look()
            job._until = time.monotonic() + seconds

    def withdraw(self, job: Job, wish: Literal["pause", "stop"], patience: float = 0.5) -> None:
        """Take a job out of the queue, or off its slot: then wait up to `patience` seconds until it is off."""
        with self._state:
            if job.state == "running":
                job._wish = wish
                self._state.wait_for(lambda: job.state != "running", patience)
            elif job.state in ("waiting", "paused"):
                self._leave(job, "finished" if wish == "stop" else "paused")

    def close(self) -> None:
        """Pause every job: a thread that is inside PyTorch when the interpreter ends would abort the process."""
        with self._state:
            jobs = [*self._queue, *self._running]
        for job in jobs:
            self.withdraw(job, "pause", patience=2.0)

    def settle(self, job: Job) -> bool:
        """End a running job's turn, unless it was resumed or seen again meanwhile; one that failed stays so."""
        with self._state:
            if job.state != "running":
                return True
            over = job.done >= job.total
            if over:
                self._durations.append(job._pace.spent)
            elif not job._wish and time.monotonic() <= job._until:
                return False
            self._leave(job, "finished" if over or job._wish == "stop" else "paused")
            return True

    def fail(self, job: Job, error: BaseException) -> None:
        """End a job that raised."""
        logging.getLogger(__name__).info("a training failed", exc_info=error)
        with self._state:
            job.error = str(error) or type(error).__name__
            self._leave(job, "failed")

    def before(self, job: Job) -> list[Job]:
        """The jobs that have their turn before a waiting one, running ones first; none unless it waits."""
        with self._state:
            self._look()
            ahead = itertools.takewhile(lambda other: other is not job, self._queue)
            return [*self._running, *ahead] if job.state == "waiting" else []

    def time_for(self, jobs: list[Job]) -> float | None:
        """Seconds until these are through, if one that has not begun takes as long as others did; None: unknown."""
        with self._state:
            began = [(one._pace.spent, one.seconds_left) for one in self._running]
            known = list(self._durations) or [spent + left for spent, left in began if left is not None]
        usual = statistics.fmean(known) if known else None
        takes = [usual if job.seconds_left is None else job.seconds_left for job in jobs]
        return None if None in takes else sum(filter(None, takes)) / self.slots

    def _look(self) -> None:
        """See that the threads live, and pause the jobs that wait for nobody; under the lock."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while self._queue and len(self._threads) < self.slots:
            self._threads.append(threading.Thread(target=self._serve, name="training", daemon=True))
            self._threads[-1].start()
        now = time.monotonic()
        for job in [job for job in self._queue if now > job._until]:
            self._leave(job, "paused")

    def _leave(self, job: Job, state: State) -> None:
        job.state, job._wish = state, ""
        for places in (self._queue, self._running):
            if job in places:
                places.remove(job)
        self._state.notify_all()

    def _serve(self) -> None:
        """A thread's life."""
        torch.set_num_threads(1)  # also counts per thread; the steps are too small to be shared out
        while True:
            self._serve_one()  # a function of its own, so that an idle thread holds no job

    def _serve_one(self) -> None:
        with self._state:
            self._look()
            while not self._queue:
                self._state.wait()
                self._look()
            job = self._queue.popleft()
            job.state, job._until = "running", max(job._until, time.monotonic() + LEASE)
            self._running.append(job)
        try:
            job._turn()
        except BaseException as error:
            self.fail(job, error)
            if not isinstance(error, Exception):
                raise  # the thread's own end


WORKER = Worker(slots=min(max(1, (os.cpu_count() or 1) - 1), 2))
"""The process's only one."""
atexit.register(WORKER.close)
