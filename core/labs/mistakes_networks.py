"""Common mistakes about residual networks, each settled by Jacobians, shapes and depth."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from core.labs import depth_limit
from core.labs.mistakes_data import Control, Curve, Mistake, Plot, Settled, Table

THEME = "Residual networks"
_INPUTS, _DIMS = 100, 8
_CHANNELS, _STRIDES = (16, 32, 64), (1, 2)


def skip(scale: float) -> Settled:
    """What a block's Jacobian has of its skip, over many inputs; and for which shapes there can be a skip."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(_DIMS, _DIMS, generator=generator, dtype=torch.float64) / _DIMS**0.5
    inputs = torch.randn(_INPUTS, _DIMS, generator=generator, dtype=torch.float64)
    evaluated = 0

    def branch(x: Tensor) -> Tensor:
        nonlocal evaluated
        evaluated += len(x)
        return scale * torch.tanh(x @ weights)

    def block(x: Tensor) -> Tensor:
        return x + branch(x)

    block(inputs)
    computed = evaluated
    of_skip = _jacobians(block, inputs) - _jacobians(branch, inputs)
    apart = float((of_skip - torch.eye(_DIMS)).abs().max())
    off = int((of_skip.abs().amax((1, 2)) < 0.5).sum())
    worked, said = _shapes()
    tried = len(_CHANNELS) ** 2 * len(_STRIDES)
    rows = (
        ("inputs given to the block", _INPUTS),
        ("times its branch was computed", computed),
        ("inputs for which the skip was off", off),
        ("largest gap of the skip's Jacobian from $I$", apart),
        ("pairs of shapes tried", tried),
        ("pairs that could be added", worked),
    )
    return Settled(
        ran=f"A block $y = x + s\\, f(x)$ with $s = {scale:g}$ and a small random branch $f$ of {_DIMS} numbers. For "
        f"each of {_INPUTS} inputs its Jacobian by automatic differentiation, minus that of $s f$: what the skip adds. "
        f"Then a convolution as the branch, from {', '.join(map(str, _CHANNELS))} channels to as many, at strides 1 "
        "and 2.",
        concludes=f"The skip was off for {off} of {_INPUTS} inputs: its part of the Jacobian is $I$ to within "
        f"{apart:.1g}, whatever $s$ is. The branch was computed {computed} times, so nothing is saved either; a block "
        "that is not needed can at best learn $f \\approx 0$. "
        f"Of {tried} pairs of shapes {worked} could be added, the equal ones. For the others torch says: *{said}*.",
        table=Table(("measured", "number"), rows),
    )


def _jacobians(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """dy/dx for each of the inputs: (inputs, dims, dims)."""
    x = inputs.detach().requires_grad_()
    y = function(x)
    rows = [torch.autograd.grad(y[:, i].sum(), x, retain_graph=True)[0] for i in range(y.shape[1])]
    return torch.stack(rows, dim=1)


def _shapes() -> tuple[int, str]:
    """How many of the pairs of shapes can be added, and what torch says of the first that cannot."""
    worked, said = 0, ""
    for channels in _CHANNELS:
        x = torch.zeros(1, channels, 8, 8)
        for width in _CHANNELS:
            for stride in _STRIDES:
                f = F.conv2d(x, torch.zeros(width, channels, 3, 3), stride=stride, padding=1)
                try:
                    torch.add(x, f)
                except RuntimeError as error:
                    said = said or str(error).splitlines()[0]
                else:
                    worked += 1
    return worked, said


def euler(seed: float) -> Settled:
    """Deep networks with smooth and with independent weights, under both scales."""
    found = depth_limit.limits(depth_limit.Params(int(seed)))
    rows = tuple(
        (f"{one.weights}, {one.scale}", float(one.change[0]), float(one.change[-1]), one.change_slope)
        for one in found.settings
    )
    curves = tuple(
        Curve(f"{one.weights}, {one.scale}", tuple(map(float, depth_limit.BLOCKS[:-1])), tuple(one.change.tolist()))
        for one in found.settings
    )
    smooth, jitter = found.find("smooth", "1/N"), found.find("independent", "1/sqrt(N)")
    averaged = found.find("independent", "1/N")
    return Settled(
        ran=f"{depth_limit.NETWORKS} residual networks with $N$ blocks, weights smooth in depth or drawn anew for each "
        "block, each block scaled by $1/N$ or $1/\\sqrt N$. Measured: how far the end moves when $N$ is doubled (root "
        "mean square).",
        concludes=f"With smooth weights and blocks scaled by $1/N$ the change falls with slope "
        f"{smooth.change_slope:.2f} on logarithmic axes, as Euler's method has it: an ODE lies behind. With weights "
        "drawn anew, as at the "
        f"start of a training, and $1/\\sqrt N$ the slope is {jitter.change_slope:+.2f}: doubling 512 blocks "
        f"still moves the end by {jitter.change[-1]:.2g}. No ODE. (With $1/N$ such weights average out, slope "
        f"{averaged.change_slope:.2f}: an ODE again, but reached more slowly than by Euler's method.)",
        table=Table(("weights, scale", "change from 2 to 4", "from 512 to 1,024", "slope"), rows),
        plot=Plot(curves, "number of blocks N", "change of the end from N to 2N", y_log=True, x_log=True),
    )


MISTAKES = (
    Mistake(
        "skip-judges",
        THEME,
        "What a skip does",
        "In a residual network, the network judges how deep it need go and bypasses the layers that it does not need.",
        "In a residual network nothing is bypassed: the skip is on for every input, the branch is always computed. "
        "To be added, both need equal shapes, if need be by a projection on the skip.",
        "resnet-to-ode",
        skip,
        Control("Scale s of the branch", 0.0, 2.0, 1.0, 0.1),
    ),
    Mistake(
        "always-euler",
        THEME,
        "Deep networks and Euler",
        "Every residual network, once it is deep, is Euler's method with small steps for an ordinary differential "
        "equation.",
        "A residual network with many blocks $N$ is Euler's method with small steps for an ordinary differential "
        "equation if its weights are smooth in depth and its blocks are scaled by $1/N$; without this it need not be.",
        "resnet-to-ode",
        euler,
        Control("Draw of the random weights", 1, 20, 1, 1),
    ),
)
