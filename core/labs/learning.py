r"""Training a field on points of a trajectory, so that it can be watched, and changed on the way.

`Problem` says what is learned and by what network: another one begins anew. `Settings` say how: they may change at
any iteration, and the weights stay. A solve that fails ends the training with a message, not with an exception.

Source: Chen, Rubanova, Bettencourt, Duvenaud 2018, section 5.1; torchdiffeq, examples/ode_demo.py.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.labs.learning_bounds import LONGEST, LONGEST_DRAWN, MOST_FIXED, Budget, OutOfTimeError, one_thread
from core.labs.learning_problem import (
    GRADIENTS,
    OPTIMISERS,
    Data,
    Problem,
    Settings,
    measured_data,
    solver_arguments,
    spiral_data,
)
from core.labs.measurements import Measurements
from core.nn.dynamics import LearnedField, draw_batch, predict_irregular, predict_regular, spiral_field
from core.ode import ADAPTIVE, METHODS, Solution, SolverError, solve

LEAST_DRAWN = 400
"""Places of the learned trajectory that are drawn, at least."""
WATCHED = 20
"""Times in a training that the solve over the whole interval is counted."""
ARROWS = 13
"""Arrows along each side of the phase plane."""


@dataclass(frozen=True, eq=False)
class Progress:
    """A training at one moment; times and values in the data's own units."""

    data: Data
    done: int
    total: int
    losses: Float[np.ndarray, " done"]
    """Mean absolute error of each iteration's batch, as fed."""
    forward: Float[np.ndarray, " done"]
    backward: Float[np.ndarray, " done"]
    """Evaluations of the field by each iteration's solve, and for its gradient."""
    watched: Float[np.ndarray, "m 2"]
    """(iteration, evaluations of the solve over the whole interval)."""
    times: Float[np.ndarray, " k"]
    learned: Float[np.ndarray, "k size"]
    """The solution of the learned field from the first point; shorter than the data where the solve gave up."""
    curve_times: Float[np.ndarray, " c"]
    curve: Float[np.ndarray, "c size"]
    """The same, also between the data's times where those are few."""
    measured_times: Float[np.ndarray, " n"]
    measured: Float[np.ndarray, "n size"]
    places: Float[np.ndarray, "a 2"]
    arrows: Float[np.ndarray, "a 2"]
    true_arrows: Float[np.ndarray, "a 2"]
    """Slopes at places of the phase plane; empty unless there are two columns, and for the true ones the spiral."""
    error: float
    tail_error: float
    baseline: float
    """Mean distance |z - learned| in standard deviations over the fitted part and over the tail (NaN: no such row),
    and that of the fitted part's mean from the tail."""
    noisy: bool
    """The points scatter around the curve that they come from."""
    trouble: str
    """Why the training or the drawn solve ended early; empty if neither did."""
    weights: dict[str, np.ndarray]

    @property
    def distances(self) -> Float[np.ndarray, " k"]:
        """|z - learned| at each time that was reached, in the columns' standard deviations for measured data."""
        return np.linalg.norm((self.learned - self.measured[: len(self.learned)]) / self.data.spread, axis=1)


@dataclass(eq=False)
class Training:
    """A `core.nn.train.Work`: one mini-batch an iteration, seeded by `problem.seed` alone."""

    problem: Problem
    settings: Settings
    measurements: Measurements | None = None
    """None is the spiral."""
    done: int = 0
    total: int = 0
    trouble: str = ""
    losses: list[float] = field(default_factory=list)
    forward: list[int] = field(default_factory=list)
    backward: list[int] = field(default_factory=list)
    watched: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.problem.seed)
        own = self.measurements
        self.data = spiral_data(self.problem, self.generator) if own is None else measured_data(own)
        size = self.data.values.shape[1]
        self.field = LearnedField(size, self.problem.hidden, self.problem.cubed, self.generator)
        self.parts = -(-LEAST_DRAWN // (len(self.data.times) - 1))
        self.budget = Budget()
        self.field.register_forward_pre_hook(self.budget)
        self.optimiser = OPTIMISERS[self.settings.optimiser](self.field.parameters(), lr=self.settings.rate)
        self.total = self.settings.iterations

    def apply(self, settings: Settings) -> None:
        """Go on with other settings: the weights stay; another optimiser begins with empty averages."""
        if settings == self.settings:
            return
        if settings.optimiser != self.settings.optimiser:
            self.optimiser = OPTIMISERS[settings.optimiser](self.field.parameters(), lr=settings.rate)
        if self.trouble or settings.iterations != self.settings.iterations:
            self.total = max(settings.iterations, self.done)
        self.settings, self.trouble = settings, ""

    def batch(self) -> tuple[Tensor, Tensor]:
        """The next pieces: times (T, B) and values (T, B, size)."""
        fitted = self.data.fitted
        length = min(max(self.settings.batch_time, 2), fitted)
        return draw_batch(
            self.data.times[:fitted], self.data.values[:fitted], self.settings.batch_size, length, self.generator
        )

    def predict(self, times: Tensor, start: Tensor) -> Tensor:
        """The field's solution from `start` (B, size) at `times` (T, B): (T, B, size)."""
        settings, data = self.settings, self.data
        integrate = GRADIENTS[settings.gradient]
        if data.regular:
            solver = solver_arguments(settings, float(data.times[1] - data.times[0]))
            return predict_regular(self.field, start, times, integrate, solver)
        return predict_irregular(self.field, start, times, integrate, solver_arguments(settings, None))

    def step(self) -> None:
        """One iteration: draw, solve, compare, differentiate, update; a failure ends the training with `trouble`."""
        self.trouble = ""
        if self.done % max(1, self.total // WATCHED) == 0:
            self._watch()
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * (1 - self.done / self.total)
        times, values = self.batch()
        self.field.nfe = 0
        self.budget.until = time.thread_time() + LONGEST
        try:
            predicted = self.predict(times, values[0])
            forward = self.field.nfe
            loss = (predicted - values).abs().mean()
            self.optimiser.zero_grad()
            loss.backward()
        except SolverError as error:
            self._stop(f"{error}")
            return
        except OutOfTimeError:
            self._stop(
                f"one iteration took more than {LONGEST:g} s. Choose a looser tolerance, fewer points in a piece, "
                "fewer pieces, or a solver with fixed steps"
            )
            return
        finally:
            self.budget.until = math.inf
        if not bool(torch.isfinite(gradient_norm(self.field))):
            self._stop("the gradient is no longer finite")
            return
        self.optimiser.step()
        self.done += 1
        self.losses.append(float(loss.detach()))
        self.forward.append(forward)
        self.backward.append(self.field.nfe - forward)

    def _stop(self, why: str) -> None:
        self.trouble = f"The training stopped at iteration {self.done}: {why}.{self._clock_note()}"
        self.total = self.done

    def _clock_note(self) -> str:
        return "" if self.data.truth else " Times and steps in this message are those of the standardised data."

    def _watch(self) -> None:
        _, _, nfe, trouble = self.trajectory()
        if not trouble:
            self.watched.append((self.done, nfe))

    def trajectory(self) -> tuple[Tensor, Tensor, int, str]:
        """Times, states (k, size), evaluations and what went wrong of the solve over the whole interval.

        The first time of the data and every `parts`-th after it are those of the data.
        """
        data, settings = self.data, self.settings
        begins, parts = data.times[:-1, None], torch.arange(self.parts) / self.parts
        wanted = torch.cat([(begins + data.times.diff()[:, None] * parts).flatten(), data.times[-1:]])
        keep = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        chosen: dict[str, Any] = {"method": settings.method}
        if settings.method in ADAPTIVE:
            chosen |= {"rtol": settings.tolerance, "atol": settings.tolerance / 100}
        else:
            most = MOST_FIXED // METHODS[settings.method].tableau.stages
            chosen |= {"step_size": float(data.times[-1]) / min((len(data.times) - 1) * settings.substeps, most)}
        end, until = float(data.times[-1]), time.thread_time() + LONGEST_DRAWN
        try:
            found = solve(
                self.field,
                data.values[0],
                0.0,
                end,
                times=wanted,
                stop=lambda t, z: time.thread_time() > until,
                **chosen,
            )
            assert isinstance(found.states, Tensor)
            count = len(found.states)
            early = f"The drawn solve took more than {LONGEST_DRAWN:g} s; it is drawn as far as it came."
            return wanted[:count], found.states, found.nfe, early if count < len(wanted) else ""
        except SolverError as error:
            partial = error.partial
            states = partial.states if isinstance(partial, Solution) else data.values[:1]
            assert isinstance(states, Tensor)
            return wanted[: len(states)], states, 0, f"The drawn solve gave up: {error}.{self._clock_note()}"
        finally:
            torch.set_grad_enabled(keep)

    def snapshot(self) -> Progress:
        """What there is to draw."""
        data = self.data
        fine_times, fine, _, trouble = self.trajectory()
        times, states = fine_times[:: self.parts], fine[:: self.parts]
        places, arrows, true_arrows = _arrows(self.field, data)
        distance = (states - data.values[: len(states)]).norm(dim=1).numpy()
        tail = (data.values[data.fitted :] - data.values[: data.fitted].mean(dim=0)).norm(dim=1).numpy()
        complete = len(states) == len(data.times)
        return Progress(
            data=data,
            done=self.done,
            total=self.total,
            losses=np.array(self.losses),
            forward=np.array(self.forward, float),
            backward=np.array(self.backward, float),
            watched=np.array(self.watched, float).reshape(-1, 2),
            times=own_times(data, times),
            learned=own_units(data, states),
            curve_times=own_times(data, fine_times),
            curve=own_units(data, fine),
            measured_times=own_times(data, data.times),
            measured=own_units(data, data.values),
            places=places,
            arrows=arrows,
            true_arrows=true_arrows,
            error=float(distance[: data.fitted].mean()) if len(states) >= data.fitted else float("nan"),
            tail_error=float(distance[data.fitted :].mean()) if complete and len(tail) else float("nan"),
            baseline=float(tail.mean()) if len(tail) else float("nan"),
            noisy=not data.truth or self.problem.noise > 0,
            trouble=self.trouble or trouble,
            weights={name: value.numpy().copy() for name, value in self.field.state_dict().items()},
        )


def gradient_norm(module: nn.Module) -> Tensor:
    """Euclidean norm of all parameters' gradients together."""
    return torch.stack([p.grad.norm() for p in module.parameters() if p.grad is not None]).norm()


def own_times(data: Data, times: Tensor) -> Float[np.ndarray, " n"]:
    """Times as they were measured."""
    return data.origin + data.unit * times.numpy()


def own_units(data: Data, values: Tensor) -> Float[np.ndarray, "n size"]:
    """Values as they were measured."""
    return data.middle + data.spread * values.numpy()


def _arrows(module: nn.Module, data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places around the data, in their own units, with the slopes of the learned and of the true field there."""
    none = np.zeros((0, 2))
    if data.values.shape[1] != 2:
        return none, none, none
    low, high = data.values.amin(dim=0), data.values.amax(dim=0)
    sides = [torch.linspace(float(a), float(b), ARROWS, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
    places = torch.cartesian_prod(*sides)
    now = torch.zeros((), dtype=torch.float64)
    with torch.no_grad():
        slopes = module(now, places).numpy() * data.spread / data.unit
        true = spiral_field(now, places).numpy() if data.truth else none
    return own_units(data, places), slopes, true


def untrained(problem: Problem, settings: Settings, measurements: Measurements | None = None) -> Progress:
    """What there is to draw before the first iteration."""
    with one_thread():
        return Training(problem, settings, measurements).snapshot()
