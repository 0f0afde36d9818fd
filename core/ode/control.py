r"""Step size control: the next step from the last error ratios.

.. math:: h_{n+1} = h_n \cdot s \; r_n^{-\beta_1 / q} \, r_{n-1}^{-\beta_2 / q} \, r_{n-2}^{-\beta_3 / q}

with error ratios r, safety s and q = the order of the error estimate plus one.

Sources: Hairer, Norsett, Wanner, Solving ODEs I, II.4 (I control, initial step); Gustafsson, ACM TOMS 17 (1991)
533-554 (PI), with the exponents of PI.4.2 in Soederlind, ACM TOMS 29 (2003) 1-26; Kennedy, Carpenter, Appl. Numer.
Math. 44 (2003) 139-181 (PID).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from core.ode.runge_kutta import Stepper


@dataclass(frozen=True)
class Controller:
    """The exponents of a controller, named as in digital filters.

    Args:
        betas: weights of the last three error ratios.
    """

    betas: tuple[float, float, float] = (1.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if len(self.betas) != 3 or not all(map(math.isfinite, self.betas)):
            raise ValueError(f"`betas` must be three finite numbers; got {self.betas}")

    def factor(self, ratios: Sequence[float], q: int) -> float:
        """The step's factor before safety and limits, from the last three error ratios, newest first."""
        if self == Controller():
            return max(ratios[0], 1e-10) ** (-1.0 / q)
        factor = 1.0
        for beta, ratio in zip(self.betas, ratios, strict=True):
            if beta:
                factor *= max(ratio, 1e-10) ** (-beta / q)
        return factor


CONTROLLERS = {
    "I": Controller(),
    "PI": Controller((0.6, -0.2, 0.0)),
    "PID": Controller((0.58, -0.21, 0.1)),
}
"""By name. I reacts to the last error alone, PI and PID also to its trend."""


@dataclass(frozen=True)
class AdaptiveOptions:
    """What may be set of an adaptive solve; times in the units of `t`, step sizes as magnitudes.

    Args:
        first_step: size of the first step; chosen from the field's size and slope by default.
        min_step: below it a step that fails raises `StepUnderflowError`.
        max_step: no step is longer.
        step_t: times that steps must end at.
        jump_t: times where the field jumps: a step ends there and the field is evaluated anew behind it.
        max_num_steps: limit on all attempts of the solve.
        safety, ifactor, dfactor: factor on the step proposed, and its greatest and least change.
        controller: "I", "PI", "PID" or a `Controller`.
        dtype: accepted for torchdiffeq's sake: times are float64 always.
    """

    first_step: float | None = None
    min_step: float = 0.0
    max_step: float = math.inf
    step_t: tuple[float, ...] = ()
    jump_t: tuple[float, ...] = ()
    max_num_steps: int = 100_000
    safety: float = 0.9
    ifactor: float = 10.0
    dfactor: float = 0.2
    controller: Controller = field(default_factory=Controller)
    dtype: torch.dtype = torch.float64

    @classmethod
    def names(cls) -> set[str]:
        """Of all options."""
        return {f.name for f in fields(cls)}

    @classmethod
    def read(cls, given: dict[str, Any]) -> AdaptiveOptions:
        """From a user's dictionary: tensors become floats.

        Raises:
            ValueError, TypeError: an impossible value.
        """
        plain: dict[str, Any] = {}
        for name, value in given.items():
            if name in ("step_t", "jump_t"):
                plain[name] = () if value is None else tuple(_floats(name, value))
            elif name == "controller":
                plain[name] = _controller(value)
            elif name == "dtype" or (name == "first_step" and value is None):
                plain[name] = value
            else:
                plain[name] = number_option(name, value)
        if "max_num_steps" in plain:
            if not plain["max_num_steps"] >= 1:
                raise ValueError(f"option `max_num_steps` must be a positive number; got {given['max_num_steps']!r}")
            plain["max_num_steps"] = int(min(plain["max_num_steps"], 2**63))
        return cls(**plain)

    def __post_init__(self) -> None:
        wanted = {
            "first_step must be positive and finite": self.first_step is None or 0 < self.first_step < math.inf,
            "min_step must not be negative": self.min_step >= 0,
            "max_step must be positive and at least min_step": self.max_step > 0 and self.max_step >= self.min_step,
            "safety must lie in (0, 1]": 0 < self.safety <= 1,
            "ifactor must be greater than 1": self.ifactor > 1,
            "dfactor must lie in (0, 1)": 0 < self.dfactor < 1,
            "max_num_steps must be positive": self.max_num_steps > 0,
            "step_t and jump_t must not share a time": not set(self.step_t) & set(self.jump_t),
        }
        for claim, holds in wanted.items():
            if not holds:
                name = claim.split()[0]
                raise ValueError(f"option `{name}`: {claim}; got {name}={getattr(self, name)}")


def number_option(name: str, value: Any) -> float:
    """A number from a user's option, which may be a tensor of one value.

    Raises:
        TypeError: it is not one number.
    """
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"option `{name}` must be a number; got {value!r}") from None


def _controller(value: Any) -> Controller:
    if isinstance(value, Controller):
        return value
    if value not in CONTROLLERS:
        raise ValueError(f"option `controller` must be a Controller or one of {', '.join(CONTROLLERS)}; got {value!r}")
    return CONTROLLERS[value]


def _floats(name: str, value: Any) -> list[float]:
    if not isinstance(value, (Tensor, Sequence)):
        raise TypeError(f"option `{name}` must be a tensor or a sequence of times; got {value!r}")
    times = value.detach().double().reshape(-1).tolist() if isinstance(value, Tensor) else [float(x) for x in value]
    if not all(map(math.isfinite, times)) or len(set(times)) < len(times):
        raise ValueError(f"option `{name}` must hold finite, distinct times; got {times}")
    return times


TINY = 1e-300


def initial_step(stepper: Stepper, t: float, y: Any, k: Any, end: float, q: int) -> float:
    """A first step whose error estimate, of order q, should be about 1 % of the tolerance; one evaluation.

    Never longer than the interval, nor than half the time in which the state would change by its own size.

    Source: Hairer, Norsett, Wanner, Solving ODEs I, II.4, "Starting Step Size".
    """
    d0, d1 = stepper.ratio(y, y), stepper.ratio(k, y)
    h0 = 1e-6 if d0 < 1e-5 or d1 < 1e-5 or not math.isfinite(d0 / d1) else 0.01 * d0 / d1
    h0 = max(min(h0, abs(end - t)), TINY)  # 0 for a slope beyond all numbers: the first step then says what is wrong
    signed = math.copysign(h0, end - t)
    k1 = stepper.derivative(t + signed, y + signed * k)
    d2 = stepper.ratio(k1 - k, y) / h0
    steepest = max(d1, d2)
    if not math.isfinite(steepest):
        return h0
    h1 = max(1e-6, h0 * 1e-3) if steepest <= 1e-15 else (0.01 / steepest) ** (1 / q)
    # 50, not the source's 100: that is h = 1 / rate for y' = -rate y, just where bosh3's error estimate vanishes
    return min(50 * h0, h1, abs(end - t))
