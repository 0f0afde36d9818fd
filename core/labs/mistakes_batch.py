"""Common mistakes about what the adjoint method promises: its three caveats, and a batch's gradient."""

from collections.abc import Callable
from math import exp

import torch
from torch import Tensor

from core.labs.mistakes_adjoint import THEME
from core.labs.mistakes_data import Control, Mistake, Settled, Table, tensor
from core.ode import SolverError, odeint, odeint_adjoint

_THETA, _STEPS = 1.0, 10
_WIDTH = 1000
"""States whose memory is counted."""


def caveats(rate: float) -> Settled:
    """Memory kept, the gradient of Euler's computed loss, and a start recovered backwards."""
    rows = (
        *(
            (f"KiB kept: {steps} steps, {width:,} states", *(_kept(interface, steps, width) for interface in _WAYS))
            for steps, width in ((10, _WIDTH), (100, _WIDTH), (100, 2 * _WIDTH))
        ),
        ("gradient, 10 steps of Euler's method", *map(_euler_gradient, _WAYS)),
        ("error of the start, recovered backwards", 0.0, _lost(rate)),
    )
    computed = _STEPS * (1 / _STEPS) * (1 + _THETA / _STEPS) ** (_STEPS - 1)
    few, many, wide = (float(row[2]) for row in rows[:3])
    direct = [float(row[1]) for row in rows[:3]]
    return Settled(
        ran="Memory: what is kept for the way back, for a field that is a sine of each state. Gradient: by $\\theta$ "
        "of the end of $z' = \\theta z$, with 10 steps of Euler's method. Reversal: "
        rf"$z' = -\lambda (z - \cos t)$ from 0 to 1 and back, with $\lambda = {rate:g}$ and a tolerance of "
        "$10^{-6}$.",
        concludes=f"\n- **Memory**: ten times the steps take {direct[1] / direct[0]:.1f} times the memory directly and "
        f"{many / few:.1f} times by the adjoint method; twice the states take {wide / many:.1f} times. Constant in "
        f"steps alone.\n- **Exactness**: the loss that was computed has the derivative {computed:.4f}, and "
        f"back-propagation gives {float(rows[3][1]):.4f}; the adjoint method gives {float(rows[3][2]):.4f}. It "
        f"approximates the exact solution's, {exp(_THETA):.4f}.\n- **Reversal**: going back, the start is recovered "
        f"with an error of {float(rows[4][2]):.2g}; back-propagation has kept it.",
        table=Table(("measured", "direct", "adjoint"), rows),
    )


def _kept(interface: Callable[..., Tensor], steps: int, width: int) -> float:
    """KiB that a forward solve keeps for its backward one."""
    kept = 0

    def count(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    z0 = torch.ones(width, requires_grad=True)
    times = torch.tensor([0.0, 1.0])
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        interface(lambda t, z: torch.sin(z), z0, times, method="euler", options={"step_size": 1 / steps})
    return kept / 1024


def _euler_gradient(interface: Callable[..., Tensor]) -> float:
    theta = tensor(_THETA).requires_grad_()
    options = {"step_size": 1 / _STEPS}
    end = interface(lambda t, z: theta * z, tensor(1.0), tensor(0.0, 1.0), method="euler", options=options)[-1]
    (gradient,) = torch.autograd.grad(end.sum(), theta)
    return float(gradient)


def _lost(rate: float) -> float:
    """How far from the start the state comes out that is solved forwards and back; infinite where the solver stops."""

    def field(t: Tensor, z: Tensor) -> Tensor:
        return -rate * (z - torch.cos(t))

    settings = {"method": "dopri5", "rtol": 1e-6, "atol": 1e-6, "options": {"max_num_steps": 2000}}
    try:
        end = odeint(field, tensor(0.0), tensor(0.0, 1.0), **settings)[-1]
        return abs(float(odeint(field, end, tensor(1.0, 0.0), **settings)[-1]))
    except SolverError:
        return float("inf")


_WAYS = (odeint, odeint_adjoint)


def batch(size: float) -> Settled:
    """The gradient of a batch beside those of its samples, for the sum and for the mean of their losses."""
    count = int(size)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(2, 2, generator=generator, dtype=torch.float64).requires_grad_()
    samples = torch.randn(count, 2, generator=generator, dtype=torch.float64)

    def gradient(z0: Tensor, reduce: Callable[[Tensor], Tensor]) -> float:
        """By the first weight, of the samples' squared distances from 0 at the end."""
        options = {"step_size": 0.25}
        ends = odeint_adjoint(
            lambda t, z: torch.tanh(z @ weights), z0, tensor(0.0, 1.0), method="rk4_classic", options=options
        )[-1]
        return float(torch.autograd.grad(reduce((ends**2).sum(1)), weights)[0][0, 0])

    alone = [gradient(sample[None], torch.sum) for sample in samples]
    total, mean = sum(alone), sum(alone) / count
    by_sum, by_mean = gradient(samples, torch.sum), gradient(samples, torch.mean)
    return Settled(
        ran=f"`odeint_adjoint` on $z' = \\tanh(z W)$ with {count} samples, each with its own loss; the gradient by the "
        "first entry of $W$. Then each sample alone.",
        concludes=f"The accumulator $a_\\theta$ integrates $a\\,\\partial f/\\partial\\theta$, one row $a$ for each "
        f"sample, so it adds up over the batch: {by_sum:.5f}, the sum of the samples' gradients ({total:.5f}) and not "
        f"their mean ({mean:.5f}). Where the loss is a mean, each row $a$ carries its $1/{count}$ already, and the "
        f"same addition gives {by_mean:.5f}. The averaging is the loss's, never the solver's.",
        table=Table(
            ("loss over the batch", "the batch", "samples' sum", "samples' mean"),
            (("sum", by_sum, total, mean), ("mean", by_mean, total, mean)),
        ),
    )


MISTAKES = (
    Mistake(
        "caveats",
        THEME,
        "What the method promises",
        "The adjoint method gives exact gradients at constant memory, since the state can always be solved back from "
        "its end.",
        "The adjoint method's memory is constant in the number of *steps*. Its gradient approximates the exact "
        "solution's, not that of the computed loss, and going back may lose the start.",
        "adjoint-method",
        caveats,
        Control("Rate λ of the reversal", 0, 30, 10, 1),
    ),
    Mistake(
        "batch-sum",
        THEME,
        "A batch's gradient",
        "For a batch, the adjoint method averages the gradients of the parameters over the samples.",
        "For a batch, the parameters' gradients add up over the samples. They are averaged only if the loss is a mean.",
        "adjoint-method",
        batch,
        Control("Samples in the batch", 2, 16, 4, 1),
    ),
)
