"""Small works for the tests of live training."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from pages.ui.worker import Job


@dataclass
class Descent:
    """Adam on a small regression with noisy batches: all randomness from one seed, as a real training has it."""

    seed: int = 0
    total: int = 60
    done: int = 0

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)
        self.weights = torch.randn(8, generator=self.generator).requires_grad_()
        self.optimiser = torch.optim.Adam([self.weights], lr=0.05)

    def step(self) -> None:
        x = torch.randn(16, 8, generator=self.generator)
        loss = ((x @ self.weights - x.sum(1)) ** 2).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.done += 1

    def snapshot(self) -> list[float]:
        return self.weights.tolist()


@dataclass
class Sleeper:
    """Does nothing, slowly; tells when two threads are in it at once."""

    total: int = 10
    seconds: float = 0.002
    done: int = 0
    snapshots: int = 0
    log: list[str] = field(default_factory=list)
    inside: threading.Lock = field(default_factory=threading.Lock)

    def alone(self, what: str) -> None:
        if not self.inside.acquire(blocking=False):
            self.log.append(f"{what} beside another thread")
            return
        time.sleep(self.seconds)
        self.log.append(what)
        self.inside.release()

    def step(self) -> None:
        self.alone("step")
        self.done += 1

    def snapshot(self) -> int:
        self.snapshots += 1
        return self.done


@dataclass
class Failing:
    """Raises at one iteration."""

    at: int
    error: BaseException
    total: int = 10
    done: int = 0

    def step(self) -> None:
        if self.done == self.at:
            raise self.error
        self.done += 1

    def snapshot(self) -> int:
        return self.done


@dataclass
class Walk:
    """A seeded random walk, some 2 ms an iteration; `tests/app_with_training.py` shows it."""

    seed: int
    total: int
    fails_at: int
    done: int = 0
    value: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def step(self) -> None:
        if self.done == self.fails_at:
            raise ValueError("the step size is *too* small: <b>1e-9</b>")
        time.sleep(0.002)
        self.value += self.scale * float(torch.randn((), generator=self.generator))
        self.done += 1

    def snapshot(self) -> tuple[int, float]:
        return self.done, self.value


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds; an error after `seconds`, a bound that no sound run comes near."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def reaches(job: Job, state: str) -> None:
    """Wait until the job is in the state, as a page that stays open does."""

    def there() -> bool:
        job.touch()
        return job.state == state

    until(there)
