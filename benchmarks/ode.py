r"""What a solution, a training step and a gradient cost beside torchdiffeq, scipy and the floor.

    python -m benchmarks.ode [--only forward rk4] [--rounds 5] [--threads 1,2]

**Contenders** get the same field, state, times, method and tolerances. ``scipy`` (``solve_ivp`` with RK45,
the same pair as dopri5) runs where it has a chance: small float64 states, forward.

**Time**: every round runs every contender and the field itself once, in an order that rotates, so that
other work on the machine meets all alike; what is short is repeated to about 10 ms. Shown are medians over
the rounds, and medians of the ratios within a round. The garbage collector stays on, as it does for users.

**The floor** is the time of the field alone: nfe times one evaluation, or one evaluation and one
vector-Jacobian product, by the field's own ``vjp`` where it offers one. In the column nfe, 56+70 are 56
evaluations alone and 70 with a product. Products are timed as the gradient takes them: of one graph with a
single way back for the direct gradient, one by one for the adjoint.

**Error**: the largest difference from a reference over the reference's largest entry: of the states at all
outputs, or of the gradient. References: scipy's DOP853 at 1e-12 for small states; else torchdiffeq at a
thousandth of the tolerance with a step at every output, by direct back-propagation for gradients.
"""

import argparse
import gc
import math
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import ode_memory
from benchmarks.ode_cases import GROUPS, Case

Call = Callable[[], Tensor]
"""One solution (times, *state), or one gradient, flat."""
OURS, PEER, SCIPY = "ours", "torchdiffeq", "scipy"
PACKAGES = {OURS: "core.ode", PEER: "torchdiffeq", SCIPY: "scipy.integrate"}
SHORTEST = 0.01
"""Seconds that one timing should take at least."""
TOGETHER = 8
"""Evaluations of the field in one measurement of the floor."""


def weights(case: Case, field: nn.Module) -> list[Tensor]:
    """What the gradient is of: the parameters, and the state where something before it is trained too."""
    return [*field.parameters(), *([case.y0] if case.y0.requires_grad else [])]


def solution(package: ModuleType, case: Case, field: nn.Module) -> Call:
    """One call of a package that speaks torchdiffeq's language."""
    solve = package.odeint_adjoint if case.gradient == "adjoint" else package.odeint

    def forward() -> Tensor:
        with torch.no_grad():
            return solve(field, case.y0, case.t, **case.settings)

    def step() -> Tensor:
        z = solve(field, case.y0, case.t, **case.settings)
        loss = (z[-1] if case.last_only else z).square().mean()
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights(case, field))])

    return forward if case.gradient == "none" else step


def scipy_solution(case: Case, field: nn.Module, method: str = "RK45", **settings: float) -> Call:
    """The same through `solve_ivp`, whose states are flat arrays."""
    solve_ivp = import_module(PACKAGES[SCIPY]).solve_ivp
    settings = settings or {"rtol": case.rtol, "atol": case.atol}

    def f(t: float, z: np.ndarray) -> np.ndarray:
        return field(torch.tensor(t), torch.from_numpy(z).view_as(case.y0)).numpy().ravel()

    def call() -> Tensor:
        with torch.no_grad():
            z0, t = case.y0.numpy().ravel(), case.t.numpy()
            found = solve_ivp(f, (t[0], t[-1]), z0, method=method, t_eval=t, **settings)
            return torch.from_numpy(found.y.T).reshape(-1, *case.y0.shape)

    return call


def reference(case: Case, field: nn.Module) -> Tensor:
    """The same solution or gradient, far more exact."""
    if case.gradient == "none" and two_numbers(case):
        exact = replace(case, y0=case.y0.double(), t=case.t.double())
        return scipy_solution(exact, deepcopy(field).double(), "DOP853", rtol=1e-12, atol=1e-13)()
    gradient = "none" if case.gradient == "none" else "direct"
    tight = {"rtol": 1e-3 * case.rtol, "atol": 1e-3 * case.rtol, "options": {"step_t": case.t[1:]}}
    exact = replace(case, gradient=gradient, method=case.reference, **tight)
    return solution(import_module(PACKAGES[PEER]), exact, field)()


def two_numbers(case: Case) -> bool:
    """Whether a sample's state is so small that scipy has a chance."""
    return case.y0[0].numel() == 2


def contenders(case: Case, field: nn.Module) -> dict[str, Call]:
    calls = {name: solution(import_module(PACKAGES[name]), case, field) for name in (OURS, PEER)}
    fair = two_numbers(case) and case.y0.dtype == torch.float64 and case.method == "dopri5"
    if fair and case.gradient == "none":
        calls[SCIPY] = scipy_solution(case, field)
    return calls


def floors(case: Case, field: nn.Module) -> dict[str, Call]:
    """Evaluations alone, and with their vector-Jacobian products: `TOGETHER` of each."""
    t, a = case.t[0], torch.ones_like(case.y0)
    z = case.y0.detach().clone().requires_grad_()
    trained = [z, *field.parameters()]

    def plain() -> Tensor:
        with torch.no_grad():
            return torch.stack([field(t, z) for _ in range(TOGETHER)])

    def direct() -> Tensor:  # one graph, one way back, as in back-propagation through a solver
        return torch.autograd.grad([field(t, z) for _ in range(TOGETHER)], trained, [a] * TOGETHER)[0]

    def adjoint() -> Tensor:
        return torch.stack([torch.autograd.grad(field(t, z), trained, a)[0] for _ in range(TOGETHER)])

    def offered() -> Tensor:
        product = cast(Any, field).vjp
        with torch.no_grad():
            return torch.stack([product(t, z, a)[1] for _ in range(TOGETHER)])

    if case.gradient == "none":
        return {"f": plain}
    if case.gradient == "direct":
        return {"f": plain, "f and vjp": direct}
    return {"f": plain, "f and vjp": offered if hasattr(field, "vjp") else adjoint}


@contextmanager
def counting(field: nn.Module) -> Iterator[Counter[str]]:
    """How often a field is evaluated, under the names of `floors`."""
    count: Counter[str] = Counter()

    def differentiated(_: Tensor) -> None:
        count.update({"f": -1, "f and vjp": 1})

    def evaluated(_: nn.Module, __: tuple[Tensor, ...], dz: Tensor) -> None:
        count["f"] += 1
        if dz.requires_grad:
            dz.register_hook(differentiated)

    def product(*arguments: Tensor) -> tuple[Tensor, ...]:
        count["f and vjp"] += 1
        return offered(*arguments)

    offered: Any = getattr(field, "vjp", None)
    hook = field.register_forward_hook(evaluated)
    if offered is not None:
        field.__dict__["vjp"] = product
    try:
        yield count
    finally:
        hook.remove()
        field.__dict__.pop("vjp", None)


def interleaved(calls: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """Seconds of one call, for every contender and round."""
    repeats, seconds = {}, {name: [] for name in calls}
    for name, call in calls.items():
        begin = time.perf_counter()
        call()
        repeats[name] = math.ceil(SHORTEST / (time.perf_counter() - begin))
    order = list(calls)
    for i in range(rounds):
        for name in order[i % len(order) :] + order[: i % len(order)]:
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                calls[name]()
            seconds[name].append((time.perf_counter() - begin) / repeats[name])
    return seconds


@dataclass(frozen=True)
class Row:
    """What one contender did at one case."""

    nfe: str
    error: float
    seconds: float
    """One call, median."""
    of_floor: float
    of_ours: float


def measure(case: Case, exact: Tensor, rounds: int) -> dict[str, Row]:
    """Contender -> what it did; `exact` is the case's reference."""
    field = case.field()
    calls, parts = contenders(case, field), floors(case, field)
    counts, errors = {}, {}
    for name, call in calls.items():
        with counting(field) as counts[name]:
            errors[name] = float((call() - exact).abs().max() / exact.abs().max())
    gc.collect()
    seconds = interleaved(calls | parts, rounds)

    rows = {}
    for name in calls:
        floor = [sum(n / TOGETHER * seconds[part][i] for part, n in counts[name].items()) for i in range(rounds)]
        rows[name] = Row(
            "+".join(str(counts[name][part]) for part in parts if counts[name][part]),
            errors[name],
            statistics.median(seconds[name]),
            statistics.median(a / b for a, b in zip(seconds[name], floor, strict=True)),
            statistics.median(a / b for a, b in zip(seconds[name], seconds[OURS], strict=True)),
        )
    return rows


def verdict(case: Case, rows: Mapping[str, Row]) -> str:
    """The target, and whether it is met at an error no larger than the peer's."""
    if case.target is None:
        return ""
    ours, peer = rows[OURS], rows[PEER]
    met = ours.of_floor <= case.target if case.within_floor else peer.of_ours >= case.target
    goal = f"{case.target:g} x floor" if case.within_floor else f"{case.target:g} x faster"
    # A tenth more is the same error: rounding alone moves it by that.
    return f"{goal}: {'met' if met else 'MISSED'}{', larger error' if ours.error > 1.1 * peer.error else ''}"


def show(title: str, cases: Mapping[Case, Tensor], rounds: int) -> list[str]:
    """Print the table of a group, cases and their references; its verdicts."""
    print(f"\n{title}; {torch.get_num_threads()} thread(s)")
    print(f"{'':44}{'nfe':>10}{'error':>9}{'ms':>10}{'x floor':>9}{'x ours':>8}  target")
    verdicts = []
    for case, exact in cases.items():
        rows = measure(case, exact, rounds)
        verdicts.append(verdict(case, rows))
        for name, row in rows.items():
            first = name == OURS
            line = f"{case.name if first else '':32}{name:12}{row.nfe:>10}{row.error:9.1e}{1000 * row.seconds:10.2f}"
            line += f"{row.of_floor:9.2f}{row.of_ours:8.2f}  {verdicts[-1] if first else ''}"
            print(line.rstrip(), flush=True)
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description="The ODE solvers' time and memory beside torchdiffeq and scipy.")
    parser.add_argument("--only", nargs="+", choices=[*GROUPS, "memory"], default=[*GROUPS, "memory"])
    parser.add_argument("--rounds", type=int, default=5, help="how often every contender runs (default 5)")
    parser.add_argument("--threads", default="1,2", help="of torch, one table for each (default 1,2)")
    options = parser.parse_args()
    threads = [int(n) for n in options.threads.split(",")]
    if options.rounds < 1 or min(threads) < 1:
        parser.error(f"--rounds and --threads must be at least 1; got {options.rounds} and {options.threads}")
    warnings.simplefilter("ignore")
    print(", ".join(f"{name} {version(name)}" for name in (PEER, SCIPY, "numpy", "torch")))
    verdicts = []
    for title, make in (GROUPS[name] for name in options.only if name in GROUPS):
        cases = {case: reference(case, case.field()) for case in make()}
        for n in threads:
            torch.set_num_threads(n)
            verdicts += show(title, cases, options.rounds)
    if verdicts:
        missed = sum("MISSED" in text for text in verdicts)
        print(f"\ntargets: {sum('met' in text for text in verdicts)} met, {missed} missed")
    if "memory" in options.only:
        ode_memory.show()


if __name__ == "__main__":
    main()
