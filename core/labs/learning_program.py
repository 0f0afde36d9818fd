"""The training of the page as a program, made of the very lines that ran, for `core.ode` or for torchdiffeq."""

from collections.abc import Callable, Sequence

import torch
from safetensors.torch import save

from core.labs.learning import Progress
from core.labs.learning_problem import OPTIMISERS, Data, Problem, Settings, solver_arguments
from core.labs.measurements import Measurements
from core.nn.dynamics import (
    LearnedField,
    Paced,
    draw_batch,
    predict_irregular,
    predict_regular,
    spiral,
    spiral_field,
    standardised,
)
from core.sources import source

FLAVOURS = {"core.ode": "core.ode", "torchdiffeq": "torchdiffeq"}
"""Package that the program's import line names."""

_INTERFACES = {"direct": "odeint", "adjoint": "odeint_adjoint", "checkpointed": "odeint_checkpointed"}


def why_not(settings: Settings, flavour: str) -> str:
    """Why there is no program of these settings for a flavour; empty where there is one."""
    if flavour == "core.ode":
        return ""
    if settings.gradient == "checkpointed":
        return "torchdiffeq has no checkpointed gradient: choose direct or adjoint for a program that runs with it."
    if settings.method == "tsit5":
        return "torchdiffeq 0.2.5 has no tsit5: choose another solver for a program that runs with it."
    return ""


def program(
    problem: Problem, settings: Settings, data: Data, flavour: str, measurements: Measurements | None = None
) -> str:
    """A program that repeats the training with these settings from its first iteration.

    Args:
        data: what `measurements` became, or the spiral.
        flavour: one of `FLAVOURS`; nothing but the import line differs.
        measurements: None is the spiral; else the program takes the file's path.

    Raises:
        ValueError: these settings have no counterpart there; see `why_not`.
    """
    if reason := why_not(settings, flavour):
        raise ValueError(reason)
    interface = _INTERFACES[settings.gradient]
    names = ", ".join(dict.fromkeys(("odeint", interface)))
    regular = data.regular
    parts: list[Callable] = [LearnedField]
    parts += [] if regular else [Paced]
    parts += [spiral_field, spiral] if measurements is None else [standardised]
    parts += [draw_batch, predict_regular if regular else predict_irregular]
    solver = solver_arguments(settings, float(data.times[1] - data.times[0]) if regular else None)
    return _PROGRAM.format(
        what="the spiral" if measurements is None else "a CSV file, whose path is the program's argument",
        imports="" if measurements is None else "import csv\nimport sys\n",
        path="" if measurements is None else "from pathlib import Path\n",
        flavour=flavour,
        names=names,
        sources="\n\n".join(source(part) for part in parts),
        settings=_settings(settings, problem, data),
        interface=interface,
        solver=repr(solver),
        data=_SPIRAL.format(noise=problem.noise) if measurements is None else _csv(measurements),
        fitted=data.fitted,
        hidden=problem.hidden,
        cubed=problem.cubed,
        optimiser=OPTIMISERS[settings.optimiser].__name__,
        predict="predict_regular" if regular else "predict_irregular",
    )


def _settings(settings: Settings, problem: Problem, data: Data) -> str:
    rows: Sequence[tuple[str, object]] = (
        ("SEED", problem.seed),
        ("ITERATIONS", settings.iterations),
        ("RATE", settings.rate),
        ("BATCH_SIZE", settings.batch_size),
        ("BATCH_TIME", min(settings.batch_time, data.fitted)),
    )
    return "\n".join(f"{name} = {value!r}" for name, value in rows)


def _csv(measurements: Measurements) -> str:
    return _CSV.format(delimiter=measurements.delimiter, first=int(measurements.has_names))


def weights_file(progress: Progress) -> bytes:
    """The learned weights as safetensors."""
    return save({name: torch.from_numpy(value.copy()) for name, value in progress.weights.items()})


def trajectory_csv(progress: Progress) -> str:
    """The learned trajectory in the data's own units; columns t and z1 to z3."""
    size = progress.learned.shape[1]
    rows = [",".join(["t", *(f"z{i + 1}" for i in range(size))])]
    for time, values in zip(progress.times, progress.learned, strict=True):
        rows.append(",".join(f"{float(number):.10g}" for number in (time, *values)))
    return "\n".join(rows) + "\n"


_SPIRAL = "times, values = spiral(1000, {noise!r}, generator)"
_CSV = """with Path(sys.argv[1]).open(encoding="utf-8-sig", newline="") as file:
    rows = [row for row in csv.reader(file, delimiter={delimiter!r}) if any(value.strip() for value in row)]
table = torch.tensor([[float(value) for value in row] for row in rows[{first}:]], dtype=torch.float64)
times, values, scale = standardised(table[:, 0], table[:, 1:], FITTED)"""

_PROGRAM = '''"""Learn dz/dt = f(z) from {what}: a loss a line, then the largest distance."""

{imports}from collections.abc import Callable
{path}from typing import Any

import torch
from torch import Tensor, nn

from {flavour} import {names}


{sources}

{settings}
FITTED = {fitted}  # rows that are trained on
SOLVER: dict[str, Any] = {solver}

torch.set_num_threads(1)  # small matrices: threads would only wait for each other
generator = torch.Generator().manual_seed(SEED)
{data}
field = LearnedField(values.shape[1], {hidden}, {cubed}, generator)
optimiser = torch.optim.{optimiser}(field.parameters(), lr=RATE)

for iteration in range(ITERATIONS):
    for group in optimiser.param_groups:
        group["lr"] = RATE * (1 - iteration / ITERATIONS)
    t, z = draw_batch(times[:FITTED], values[:FITTED], BATCH_SIZE, BATCH_TIME, generator)
    loss = ({predict}(field, z[0], t, {interface}, SOLVER) - z).abs().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    print(iteration, loss.item())

with torch.no_grad():
    learned = odeint(field, values[0], times, rtol=1e-6, atol=1e-8, method="dopri5")
print("largest distance", (learned - values).norm(dim=1).max().item())
'''
