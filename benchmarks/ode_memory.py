r"""What a gradient through an ODE holds in memory, against the number of steps.

    python -m benchmarks.ode_memory

One training step of rk4 on z' = tanh(z W), z 64 x 64 in float32 (16 KiB), in a fresh process each time.

**Saved** is the most that autograd held for backward passes at any moment of the step, distinct storages
counted once; what a method keeps by other means is not in it. **Resident** is how far the process's peak
of resident memory rose above the peak before the step, so it holds everything, with a grain of some
hundred kilobytes and with what malloc keeps.
"""

import argparse
import re
import resource
import subprocess
import sys
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

STEPS = (10, 100, 1000)
GRADIENTS = {
    "ours, direct": ("core.ode", "odeint"),
    "ours, checkpointed": ("core.ode", "odeint_checkpointed"),
    "ours, adjoint": ("core.ode", "odeint_adjoint"),
    "torchdiffeq, direct": ("torchdiffeq", "odeint"),
    "torchdiffeq, adjoint": ("torchdiffeq", "odeint_adjoint"),
}
"""Kind of gradient -> package and function."""


class Field(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(64, 64) / 8)

    def forward(self, t: Tensor, z: Tensor) -> Tensor:
        return torch.tanh(z @ self.w)


class Ledger:
    """Bytes of the storages that autograd holds now, and the most it ever held."""

    def __init__(self) -> None:
        self.holders: Counter[int] = Counter()
        self.bytes = self.peak = 0

    def hold(self, tensor: Tensor) -> "Held":
        return Held(self, tensor)

    def add(self, tensor: Tensor, holders: int) -> None:
        storage = tensor.untyped_storage()
        before = self.holders[storage.data_ptr()]
        self.holders[storage.data_ptr()] += holders
        if 0 in (before, before + holders):
            self.bytes += holders * storage.nbytes()
            self.peak = max(self.peak, self.bytes)


class Held:
    """A saved tensor that leaves the ledger when autograd lets go of it."""

    def __init__(self, ledger: Ledger, tensor: Tensor) -> None:
        self.ledger, self.tensor = ledger, tensor.detach()
        ledger.add(tensor, 1)

    def __del__(self) -> None:
        self.ledger.add(self.tensor, -1)


def train(gradient: str, steps: int) -> None:
    package, function = GRADIENTS[gradient]
    torch.manual_seed(0)
    field, z0 = Field(), torch.randn(64, 64)
    solve = getattr(import_module(package), function)
    z = solve(field, z0, torch.tensor([0.0, steps / 64]), method="rk4", options={"step_size": 1 / 64})
    z[-1].square().mean().backward()


def peak_resident() -> int:
    """Bytes; from /proc, since ru_maxrss starts at the parent's peak on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(gradient: str, steps: int) -> tuple[int, int]:
    """Bytes saved, bytes resident."""
    train(gradient, 2)  # what is made once: threads, buffers of the matrix product
    before = peak_resident()
    train(gradient, steps)
    resident = peak_resident() - before
    ledger = Ledger()
    with torch.autograd.graph.saved_tensors_hooks(ledger.hold, lambda held: held.tensor):
        train(gradient, steps)
    return ledger.peak, resident


def show() -> None:
    """Print the table."""
    print("\nMemory of one training step, MiB: rk4 on 64 x 64")
    print(f"{'':24}{'saved':>24}{'resident':>30}")
    print(f"{'steps':24}{''.join(f'{n:8}' for n in STEPS)}{'':6}{''.join(f'{n:8}' for n in STEPS)}")
    for gradient, (package, _) in GRADIENTS.items():
        if find_spec(package) is None:
            continue
        saved, resident = [], []
        for n in STEPS:
            command = [sys.executable, "-m", "benchmarks.ode_memory", "--measure", gradient, str(n)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            numbers = [int(word) / 2**20 for word in done.stdout.split()]
            saved.append(f"{numbers[0]:8.2f}")
            resident.append(f"{numbers[1]:8.1f}")
        print(f"{gradient:24}{''.join(saved)}{'':6}{''.join(resident)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of gradients through an ODE.")
    parser.add_argument("--measure", nargs=2, metavar=("GRADIENT", "STEPS"), help="one measurement, in this process")
    options = parser.parse_args()
    if options.measure:
        torch.set_num_threads(1)
        gradient, steps = options.measure
        print(*measure(gradient, int(steps)))
    else:
        show()


if __name__ == "__main__":
    main()
