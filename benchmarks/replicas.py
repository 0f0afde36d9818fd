"""What a second replica brings: reruns per second behind nginx, with one replica and with two, in one run.

Each learner keeps a page open and moves one of its sliders again as soon as the last move is answered, so that
whatever can be busy is busy. The load and the order of pages are the same for one replica and for two.

On a machine with two cores, both replicas, nginx and the learners share them. Then the ratio of reruns per second
says little, and the processor time of a rerun is what counts: if it does not grow with the second replica, a second
one on cores of its own doubles what is answered. Both are printed. Needs nginx and Linux's /proc; two minutes at most.
"""

import argparse
import asyncio
import os
import random
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks.learner import Failure, Learner, learner
from benchmarks.served import Served
from benchmarks.tables import table
from tests.deploy.site import Site, running_site

PAGES = ("differential-equations", "solver-lab", "gradcam", "convolution")


@dataclass(frozen=True)
class Load:
    """What came of a number of seconds."""

    reruns: int
    seconds: float
    waits: list[float]
    """Seconds of each rerun, from the move to the end of the answer."""
    replicas: float
    """Seconds of processor time that all replicas used."""
    client: float
    """The same of the learners."""

    @property
    def rate(self) -> float:
        return self.reruns / self.seconds

    @property
    def cost(self) -> float:
        """Seconds of a replica's processor time for one rerun."""
        return self.replicas / self.reruns


async def move_on(one: Learner, chance: random.Random, end: float) -> list[float]:
    waits = []
    while time.perf_counter() < end:
        slider = next(found for found in one.controls("slider") if not found.proto.options)
        run = await one.move(slider, chance)
        if run.raised:
            raise Failure(run.raised[0])
        waits.append(run.seconds)
    return waits


def used(site: Site) -> float:
    return sum(
        Served(site.address, process.pid, site.folder, 0.0).cpu()
        for name, process in site.running.items()
        if name != "nginx"
    )


async def load(site: Site, learners: int, seconds: float) -> Load:
    async with AsyncExitStack() as stack:
        all_of_them = [await stack.enter_async_context(learner(site.address)) for _ in range(learners)]
        for number, one in enumerate(all_of_them):
            await one.open(PAGES[number % len(PAGES)])
        replicas, client, began = used(site), time.process_time(), time.perf_counter()
        moves = (move_on(one, random.Random(number), began + seconds) for number, one in enumerate(all_of_them))
        waits = [wait for those in await asyncio.gather(*moves) for wait in those]
        took = time.perf_counter() - began
        return Load(len(waits), took, waits, used(site) - replicas, time.process_time() - client)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=12, choices=range(2, 61), metavar="2..60")
    parser.add_argument("--seconds", type=int, default=25, choices=range(3, 31), metavar="3..30")
    given = parser.parse_args()
    with running_site() as site:
        loads = {}
        site.kill("second")
        loads["one"] = asyncio.run(load(site, given.learners, given.seconds))
        site.start("second")
        time.sleep(6)  # nginx leaves a replica that was gone alone for five seconds
        loads["two"] = asyncio.run(load(site, given.learners, given.seconds))
    rows = [
        (
            name,
            f"{one.rate:.1f}",
            f"{1000 * statistics.median(one.waits):.0f} ms",
            f"{1000 * one.cost:.1f} ms",
            f"{one.replicas / one.seconds:.2f}",
            f"{one.client / one.seconds:.2f}",
        )
        for name, one in loads.items()
    ]
    head = ["replicas", "reruns/s", "wait, median", "processor time of a rerun", "cores, replicas", "cores, learners"]
    table(f"{given.learners} learners, {given.seconds} s each, {os.cpu_count()} cores for all", head, rows)
    one, two = loads["one"], loads["two"]
    print(f"\nTwo replicas answer {two.rate / one.rate:.2f} times as many reruns as one here.")
    print(f"With cores of their own it would be {2 * one.cost / two.cost:.2f} times, by the processor time of a rerun:")
    print(f"one replica {1 / one.cost:.0f} reruns/s, two {2 / two.cost:.0f}.")


if __name__ == "__main__":
    main()
