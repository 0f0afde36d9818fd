"""What a learner does in a lesson, and the tally of it."""

import asyncio
import io
import itertools
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import inf, nan

from PIL import Image

from benchmarks.learner import Learner, Run
from benchmarks.learner_controls import FIELDS, Control
from core.samples import SAMPLES

OPEN, CHANGE, EXPLAIN = "open a page", "move a control", "upload and explain"
TRAIN, PROGRESS, COMPUTE = "start a training", "progress of a training", "long computation"
KINDS = (OPEN, CHANGE, EXPLAIN, TRAIN, PROGRESS, COMPUTE)
FIRST = ("gradcam", "learning-an-ode")
"""Where the first learners begin, so that a small class too uploads and trains."""
CHANGES = 3
"""Controls that a learner moves on a page."""
PACE = (1.0, 3.0)
"""Seconds from one action to the next: the least, the most."""


@dataclass
class Tally:
    """What happened."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Kind of action -> milliseconds."""
    on_page: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Page -> milliseconds of moving a control there."""
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def reruns(self) -> int:
        return sum(map(len, self.took.values()))

    def p(self, kind: str, percent: int) -> float:
        """A percentile in milliseconds; not a number if it did not happen."""
        return percentile(self.took.get(kind, []), percent)


def percentile(values: list[float], percent: int) -> float:
    """Between the two nearest values; not a number where there are none."""
    if len(values) < 2:
        return values[0] if values else nan
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True)
class Walk:
    """How learners go about it."""

    until: float
    """When they leave, on the clock of `time.perf_counter`."""
    seed: int = 0
    pace: tuple[float, float] = PACE
    stay: float = inf
    """Seconds after which a learner leaves before that, and another comes."""
    trains: bool = False
    """They do nothing but train, one training after the other."""


class Seat:
    """A learner at work."""

    def __init__(self, who: Learner, number: int, walk: Walk, tally: Tally) -> None:
        self._who, self._number, self._walk, self._tally = who, number, walk, tally
        self._chance = random.Random(f"{walk.seed} {number}")
        self._meant = time.perf_counter()  # when this action was to begin
        self._end = min(walk.until, self._meant + walk.stay)
        self._page = ""

    async def sit(self) -> None:
        """Come in, and go from page to page until the time is over."""
        self._note(OPEN, await self._who.open())
        for slug in self._order():
            if self._who.pages:
                if not await self._think():
                    return
                self._page = slug
                self._note(OPEN, await self._who.open(slug))
            once: set[str] = set()
            for _ in itertools.count() if self._walk.trains else range(CHANGES):
                if not await self._think():
                    return
                await self._act(once)

    def _order(self) -> Iterator[str]:
        """The pages in the menu's order, from the learner's own on, again and again."""
        slugs = [slug for slug in self._who.pages if slug] or [""]
        if self._walk.trains:
            return itertools.cycle(FIRST[1:])
        first = [slug for slug in FIRST if slug in slugs]
        at = slugs.index(first[self._number]) if self._number < len(first) else 5 * self._number % len(slugs)
        return itertools.cycle(slugs[at:] + slugs[:at])

    async def _think(self) -> bool:
        """Look at the page for a while, in which its timers run; whether there is time for more."""
        self._meant = time.perf_counter() + self._chance.uniform(*self._walk.pace)
        until = min(self._meant, self._end)
        while self._who.timers:
            fragment, (_, due) = min(self._who.timers.items(), key=lambda item: item[1][1])
            if due >= until:
                break
            await asyncio.sleep(due - time.perf_counter())
            self._note(PROGRESS, await self._who.tick(fragment), by_itself=True)
        await asyncio.sleep(until - time.perf_counter())
        return self._meant < self._end

    async def _act(self, once: set[str]) -> None:
        """One action; `once` holds what this learner has done here and does not do again."""
        who, chance = self._who, self._chance
        buttons = {button.proto.label: button for button in who.controls("button")}
        train = next((buttons[label] for label in ("Train", "Train on", "Resume") if label in buttons), None)
        place = next((one for one in who.controls("file_uploader") if ".jpg" in one.proto.type), None)
        source = next((one for one in who.controls("button_group") if "Upload" in one.options), None)
        if self._walk.trains:
            if train:
                self._note(TRAIN, await who.press(train))
        elif train and "train" not in once:
            once.add("train")
            self._note(TRAIN, await who.press(train))
        elif place and "upload" not in once:
            once.add("upload")
            picture = photographs()[self._number % len(photographs())]
            self._note(EXPLAIN, await who.upload(place, "photograph.jpg", picture))
        elif source and self._page == FIRST[0] and "source" not in once:
            once.add("source")
            self._note(CHANGE, await who.move(source, chance, "Upload"), source)
        elif controls := self._movable():
            control = chance.choice(controls)
            self._note(CHANGE, await who.move(control, chance), control)

    def _movable(self) -> list[Control]:
        """Every other time the questions without an answer, if there are any; else all that can be moved."""
        questions = [one for one in self._who.controls("radio") if self._who.unanswered(one)]
        if questions and self._chance.random() < 0.5:
            return questions
        return self._who.controls(*(kind for kind in FIELDS if kind != "text_input"))

    def _note(self, kind: str, run: Run, control: Control | None = None, by_itself: bool = False) -> None:
        took = 1e3 * (run.seconds if by_itself else time.perf_counter() - self._meant)
        self._tally.took[COMPUTE if run.computed else kind].append(took)
        if kind == CHANGE and not run.computed:
            self._tally.on_page[self._page].append(took)
        label = control.proto.label if control else ""
        for raised in run.raised:
            self._tally.failures[f"{self._page or 'start page'}, {kind} {label}: {raised}"] += 1


@cache
def photographs() -> list[bytes]:
    """Files as a telephone makes them, of pictures that are not in the gallery."""
    made = []
    for name in ("harbour", "rocket", "astronaut", "coffee"):
        stream = io.BytesIO()
        Image.fromarray(SAMPLES[name].read().rgb[3:]).resize((2400, 1800)).save(stream, "JPEG", quality=88)
        made.append(stream.getvalue())
    return made
