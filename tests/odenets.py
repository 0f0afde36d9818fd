"""A small ODE-Net for tests."""

import torch
from torch import nn

from core.nn.odenet import Solver, blocks, odenet_cifar
from core.nn.stages import Stages

USUAL = Solver()


def small_odenet(solver: Solver = USUAL) -> Stages:
    """Two blocks, four classes, frozen; its blocks really move: those of an untrained network stand still."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = odenet_cifar((8, 16), (8, 8), classes=4, solver=solver)
        for block in blocks(net).values():
            nn.init.normal_(block.get_parameter("field.conv2.weight"), std=0.15)
    return net.eval().requires_grad_(False)
