"""The training of the page as a program that needs torch alone, made of the very lines that ran."""

from core.labs.clouds import CLOUDS, POINTS, read
from core.labs.layers import OPTIMISERS, Params
from core.nn import mlp
from core.sources import source


def program(params: Params, iterations: int) -> str:
    """A program that repeats the training of both networks from its first iteration.

    Args:
        iterations: how many; those on show, for the networks on show.
    """
    drawn = params.cloud.name != "own"
    sources = [mlp.Widen, mlp.Layer, mlp.first_weights, mlp.parts]
    if drawn:
        sources.append(CLOUDS[params.cloud.name])
        count, noise, seed = POINTS, params.cloud.noise, params.cloud.seed
        data = f"{params.cloud.name}({count}, {noise!r}, torch.Generator().manual_seed({seed}))"
    else:
        places = read(params.cloud.own)
        points = ", ".join(f"({place.x!r}, {place.y!r})" for place in places)
        labels = ", ".join(str(place.label) for place in places)
        data = f"torch.tensor([{points}]), torch.tensor([{labels}]) == 1"
    return _PROGRAM.format(
        numbers="pi, sqrt" if params.cloud.name in {"spirals", "moons", "circles"} else "sqrt",
        sources="\n\n".join(source(part) for part in sources),
        data=data,
        seed=params.seed,
        arguments=f"{params.width}, {params.layers}, residual, {params.weights!r}, {params.gain!r}",
        optimiser=OPTIMISERS[params.optimiser].__name__,
        rate=repr(params.rate),
        iterations=iterations,
    )


_PROGRAM = '''"""Train a plain and a residual network on the same points: a loss a line, then the share told right."""

from collections import OrderedDict
from math import {numbers}

import torch
from torch import Tensor, nn


class Float:
    """Shapes in the signatures below; they say what is expected and do nothing."""

    def __class_getitem__(cls, shape):
        return Tensor


{sources}

torch.set_num_threads(1)  # small matrices: threads would only wait for each other
points, second = {data}
trained = {{}}
for residual in (False, True):
    generator = torch.Generator().manual_seed({seed})
    net = nn.Sequential(OrderedDict(parts({arguments}, generator)))
    optimiser = torch.optim.{optimiser}(net.parameters(), lr={rate})
    name = "residual" if residual else "plain"
    for iteration in range({iterations}):
        loss = nn.functional.binary_cross_entropy_with_logits(net(points)[:, 0], second.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        print(name, iteration, loss.item())
    with torch.no_grad():
        scores = net(points)[:, 0]
    print(name, "right", ((scores > 0) == second).float().mean().item(), "first scores", scores[:4].tolist())
    trained[name] = net
'''
