"""A class on one server: what learners wait for, what fails, and what the server needs for it.

Learners come in by the start page, walk all pages, each from another one, and move a control every one to three
seconds; they answer the predictions, upload a picture and have it explained, and start trainings, whose progress their
browser asks for. They are sessions over the websocket, on this machine alone, bounded in number and time. Every number
of learners gets a server that has just started; and as many move the slider of an app with nothing else, at the same
pace, which gives the ratios.

A time is from the click to the last message of the rerun; a click during a rerun waits for its end. Where a page shows
that it computes (a bar that moves), learners wait five seconds, then click on; that is counted by itself. A small
class goes on until it has seen all pages too (`--walk`), or its times would be those of other pages. Memory for each
session is an upper bound: what fills the caches, which all share, is in it.

The bars to reach are printed with "met" or "MISSED"; they are meant for an idle machine with two cores.
"""

import argparse
import asyncio
import os
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from websockets.exceptions import WebSocketException

from benchmarks.learner import Failure, learner
from benchmarks.learner_walk import CHANGE, EXPLAIN, KINDS, PACE, Seat, Tally, Walk, percentile, photographs
from benchmarks.served import EMPTY, Served, served, served_text

CHANGE_MS, CHANGE_RATIO, TRAINING_RATIO, EXPLAIN_MS, MEMORY_MB, MB_A_MINUTE = 300.0, 10.0, 2.0, 1000.0, 1500.0, 1.0
STAY = 90.0
"""Seconds that a learner of the soak stays."""


@dataclass(frozen=True)
class Used:
    """What the server, and this process beside it, have used for a class."""

    seconds: float
    cpu: float
    """Seconds of the server's processor time."""
    own_cpu: float
    memory: list[tuple[float, float]]
    """Seconds since the start and MB of the server, every second."""
    most: float
    """The most MB that the server had in use since it started."""

    @property
    def slope(self) -> float:
        """MB a minute over the second half."""
        half = [(at / 60, mb) for at, mb in self.memory if at >= self.seconds / 2]
        return statistics.linear_regression(*zip(*half, strict=True)).slope if len(half) > 1 else 0.0


def attend(app: Served, *classes: tuple[int, Walk, Tally]) -> Used:
    """Let learners loose on an app: some number of each kind; back when all have left."""
    photographs()  # not while the clock runs
    memory: list[tuple[float, float]] = []
    began, cpu, own = time.perf_counter(), app.cpu(), time.process_time()

    async def watch() -> None:
        while True:
            memory.append((time.perf_counter() - began, app.memory()))
            await asyncio.sleep(1.0)

    async def everyone() -> None:
        watching = asyncio.create_task(watch())
        tables = ((place, walk, tally) for count, walk, tally in classes for place in range(count))
        await asyncio.gather(*(_sit(app.address, *table) for table in tables))
        watching.cancel()

    asyncio.run(everyone())
    memory.append((time.perf_counter() - began, app.memory()))
    return Used(memory[-1][0], app.cpu() - cpu, time.process_time() - own, memory, app.most_memory())


async def _sit(address: str, number: int, walk: Walk, tally: Tally) -> None:
    """One seat of the class: whoever leaves before the end makes room for another."""
    least, most = walk.pace
    await asyncio.sleep(number * least / 8)  # a door is narrow
    visit = 0
    while time.perf_counter() < walk.until:
        try:
            async with learner(address) as who:
                await Seat(who, number, replace(walk, seed=1000 * walk.seed + visit), tally).sit()
        except (Failure, WebSocketException, OSError) as error:
            tally.failures[f"{type(error).__name__}: {error}"] += 1
            await asyncio.sleep(most)
        visit += 1


def lesson(count: int, walk: Walk, seconds: float) -> tuple[Tally, Used]:
    """A class on a fresh server, with its table printed."""
    blank, tally = Tally(), Tally()
    with served_text(EMPTY) as empty:
        attend(empty, (count, _for(walk, min(seconds, 20.0)), blank))
    with served() as app:
        used = attend(app, (count, _for(walk, seconds), tally))
        trouble = app.trouble()
    print(f"\n{count} learners, {used.seconds:.0f} s")
    show(tally, used, blank, trouble)
    (_, start), (_, end) = used.memory[0], used.memory[-1]
    each = (end - start) / count
    print(f"memory: {start:.0f} MB at the start, {end:.0f} at the end ({each:.1f} a session), {used.most:.0f} at most")
    return tally, used


def show(tally: Tally, used: Used, blank: Tally, trouble: str) -> None:
    """The table of a class; `blank` is an app with nothing but a slider under the same load, `trouble` its log."""
    print(f"{'':24}{'count':>7}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'empty app: p50 x':>18}{'p95 x':>8}")
    floor50, floor95 = blank.p(CHANGE, 50), blank.p(CHANGE, 95)
    for kind in KINDS:
        p50, p95, p99 = (tally.p(kind, percent) for percent in (50, 95, 99))
        count = len(tally.took.get(kind, []))
        print(f"{kind:24}{count:7}{p50:9.0f}{p95:9.0f}{p99:9.0f}{p50 / floor50:18.1f}{p95 / floor95:8.1f}")
    slowest = sorted(tally.on_page, key=lambda page: percentile(tally.on_page[page], 95))[:-6:-1]
    told = (f"{page} {percentile(tally.on_page[page], 95):.0f} ms" for page in slowest)
    print(f"slowest pages, p95 of moving a control: {', '.join(told)}")
    share, own, each = used.cpu / used.seconds, used.own_cpu / used.seconds, 1e3 * used.cpu / max(1, tally.reruns)
    print(f"{tally.reruns} reruns, {tally.reruns / used.seconds:.1f} a second; time of processors, trainings included:")
    print(f"  {each:.0f} ms a rerun, {share:.0%} of a core; the learners themselves {own:.0%} of a core")
    print(f"failures: {tally.failures.total()}; the server's log has {'a traceback' if trouble else 'no traceback'}")
    for failure, count in tally.failures.most_common(12):
        print(f"  {count} x {failure[:400]}")
    print(trouble[:3000])


def bar(what: str, value: float, limit: float, unit: str = "") -> None:
    """One line of what is to be reached; a value that is not a number has not reached it."""
    print(f"  {what:58}{value:9.2f} {unit:7} at most {limit:<8g}{'met' if value <= limit else 'MISSED'}")


def _for(walk: Walk, seconds: float) -> Walk:
    return replace(walk, until=time.perf_counter() + seconds)


def classes(options: argparse.Namespace, walk: Walk) -> None:
    """Classes of growing size."""
    seen: dict[int, tuple[Tally, Used]] = {}
    for count in options.learners:
        seen[count] = lesson(count, walk, max(options.seconds, options.walk / count))
    least = seen[min(seen)][0].p(CHANGE, 95)
    print()
    for count, (tally, used) in seen.items():
        print(f"{count} learners")
        bar("failures", tally.failures.total(), 0)
        bar("moving a control, p95", tally.p(CHANGE, 95), CHANGE_MS, "ms")
        bar(f"moving a control, p95, to that of {min(seen)}", tally.p(CHANGE, 95) / least, CHANGE_RATIO, "times")
        bar("a picture explained, p95", tally.p(EXPLAIN, 95), EXPLAIN_MS, "ms")
        bar("memory", used.most, MEMORY_MB, "MB")


def trainings(options: argparse.Namespace, walk: Walk) -> None:
    """The same class without and with others who train all the time."""
    others = max(1, options.room - options.trainings)
    p95 = []
    for count in (0, options.trainings):
        tally, training = Tally(), Tally()
        with served() as app:
            later = _for(walk, options.seconds)
            used = attend(app, (others, later, tally), (count, replace(later, trains=True), training))
            print(f"\n{others} learners, and {count} who train")
            show(tally, used, tally, app.trouble())
        tally.failures.update(training.failures)
        p95.append(tally.p(CHANGE, 95))
        bar("failures, of those who train too", tally.failures.total(), 0)
    bar("moving a control, p95, to that without trainings", p95[1] / p95[0], TRAINING_RATIO, "times")


def soak(options: argparse.Namespace, walk: Walk) -> None:
    """A class of learners who come and go, for long."""
    tally = Tally()
    with served() as app:
        used = attend(app, (options.room, _for(replace(walk, stay=STAY), options.soak), tally))
        print(f"\n{options.room} learners for {used.seconds:.0f} s, others every {STAY:.0f} s")
        show(tally, used, tally, app.trouble())
    every = max(1, len(used.memory) // 20)
    print("memory, MB:", " ".join(f"{mb:.0f}" for _, mb in used.memory[::every]))
    bar("failures", tally.failures.total(), 0)
    bar("memory, over the second half", used.slope, MB_A_MINUTE, "MB/min")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, nargs="*", default=[1, 10, 30, 60], help="sizes of the classes")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each class")
    parser.add_argument("--walk", type=float, default=180.0, help="least seconds of all learners of a class together")
    parser.add_argument("--trainings", type=int, default=0, help="learners who train beside the others of the room")
    parser.add_argument("--soak", type=float, default=0.0, help="seconds of a long run")
    parser.add_argument("--room", type=int, default=30, help="learners of the runs with trainings, and of the long one")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if max([*options.learners, options.room], default=0) > 200 or max(options.seconds, options.soak) > 3600:
        parser.error("at most 200 learners, and an hour")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    walk = Walk(until=0.0, seed=options.seed, pace=PACE)
    with suppress(KeyboardInterrupt):
        if options.learners:
            classes(options, walk)
        if options.trainings:
            trainings(options, walk)
        if options.soak:
            soak(options, walk)


if __name__ == "__main__":
    main()
