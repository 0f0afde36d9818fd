r"""Back-propagation from node to node: two layers with one number each, every product and every sum a node of its own.

.. math:: s_t = w_t h_t + b_t, \qquad h_{t+1} = \tanh s_t \text{ (plain)} \quad\text{or}\quad h_t + \tanh s_t
   \text{ (residual)}, \qquad L = \tfrac12 (h_2 - y)^2.

The gradient of a node is the derivative of the loss with the node made free, which sympy finds by differentiating the
whole formula; the chain rule, which goes from neighbour to neighbour, has to agree.

Source: Rumelhart, Hinton and Williams 1986, Nature 323, 533-536; He et al. 2016, arXiv 1603.05027, section 2.
"""

from collections.abc import Mapping
from typing import Any

import torch
from sympy import Rational, Symbol, tanh
from torch import Tensor

from core.derivations.checks import Definition, Identity, Matches, Sampled, numbers
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Side, Step

LEAVES = ("h_0", "w_0", "b_0", "w_1", "b_1", "y")
"""What is given: input, weights, biases, target."""
FORWARD = ("s_0", "h_1", "s_1", "h_2", "L")
BACKWARD = ("h_2", "s_1", "w_1", "b_1", "h_1", "s_0", "w_0", "b_0", "h_0")
"""Nodes in the order in which each pass meets them."""

h0, w0, b0, w1, b1, y = (Symbol(name, real=True) for name in LEAVES)
s0, h1, s1, h2, L = (Symbol(name, real=True) for name in FORWARD)
NODES = {symbol.name: symbol for symbol in (h0, w0, b0, w1, b1, y, s0, h1, s1, h2, L)}
GRADIENTS = {name: Symbol(rf"\frac{{\partial L}}{{\partial {name}}}", real=True) for name in BACKWARD}


def nodes(residual: bool = False) -> Derivation:
    """Both passes, each gradient from those of its neighbours."""
    formulas = _formulas(residual)
    known = _known(formulas)
    steps = [Step(NODES[name], formulas[name], _FORWARD[name], Definition()) for name in FORWARD]
    if residual:
        steps[1] = Step(h1, formulas["h_1"], _ADDED, Definition())
    steps += [Step(GRADIENTS[name], rule, why, Identity(known)) for name, (rule, why) in _chain_rule(residual).items()]
    draws = {NODES[name]: numbers(-2, 2) for name in LEAVES}
    steps += [
        Step(
            GRADIENTS[name],
            _chain_rule(residual)[name][0],
            f"And as torch has it, by ${name}$.",
            _by_autograd(residual, name, Sampled(draws, samples=10, given=known)),
        )
        for name in ("w_1", "b_1", "w_0", "b_0", "h_0")
    ]
    return Derivation(
        f"Back-propagation node by node, {'residual' if residual else 'plain'} layers",
        "All real weights, biases, inputs and targets.",
        "He et al. 2016, Identity mappings in deep residual networks, section 2"
        if residual
        else "Rumelhart, Hinton and Williams 1986, Nature 323, 533-536",
        tuple(steps),
    )


def at_numbers(residual: bool, values: Mapping[str, float]) -> Derivation:
    """The chain rule at these numbers, against what torch's automatic differentiation computes there.

    Args:
        residual: whether the layers have skips.
        values: of `LEAVES`.
    """
    draws = {NODES[name]: lambda _, value=values[name]: Rational(str(value)) for name in LEAVES}
    sampled = Sampled(draws, samples=1, given=_known(_formulas(residual)))
    return Derivation(
        "Back-propagation node by node, at these numbers",
        "The numbers on screen.",
        "Rumelhart, Hinton and Williams 1986, Nature 323, 533-536",
        tuple(
            Step(GRADIENTS[name], rule, why, _by_autograd(residual, name, sampled))
            for name, (rule, why) in _chain_rule(residual).items()
        ),
    )


_FORWARD = {
    "s_0": "The first layer multiplies by its weight and adds its bias.",
    "h_1": "Its activation function is tanh.",
    "s_1": "The second layer does the same with what the first has made.",
    "h_2": "Its output is the network's.",
    "L": "The loss: half the squared distance from the target $y$.",
}
_ADDED = "Its activation function is tanh, and the skip adds what came in."


def _formulas(residual: bool) -> dict[str, Side]:
    """Each computed node by its neighbours."""
    skip0, skip1 = (h0, h1) if residual else (0, 0)
    return {
        "s_0": w0 * h0 + b0,
        "h_1": skip0 + tanh(s0),
        "s_1": w1 * h1 + b1,
        "h_2": skip1 + tanh(s1),
        "L": (h2 - y) ** 2 / 2,
    }


def _chain_rule(residual: bool) -> dict[str, tuple[Side, str]]:
    """Node -> its gradient by those of the nodes that it feeds, and why."""
    by = GRADIENTS
    skip1, skip0 = (by["h_2"], by["h_1"]) if residual else (0, 0)
    two = " It feeds two nodes, $s_%d$ and, by the skip, $h_%d$: their shares add up." if residual else ""
    return {
        "h_2": (h2 - y, "The loss, differentiated by the output."),
        "s_1": (by["h_2"] * (1 - tanh(s1) ** 2), r"Through tanh, whose derivative is $1 - \tanh^2$."),
        "w_1": (by["s_1"] * h1, "The weight is multiplied by $h_1$, so its gradient is too."),
        "b_1": (by["s_1"], "The bias is added: what arrives passes unchanged."),
        "h_1": (by["s_1"] * w1 + skip1, "$h_1$ is multiplied by the weight." + (two % (1, 2) if two else "")),
        "s_0": (by["h_1"] * (1 - tanh(s0) ** 2), "Through the first tanh, in the same way."),
        "w_0": (by["s_0"] * h0, "The first weight is multiplied by the input."),
        "b_0": (by["s_0"], "And its bias is added."),
        "h_0": (by["s_0"] * w0 + skip0, "Down to the input." + (two % (0, 1) if two else "")),
    }


def _known(formulas: Mapping[str, Side]) -> Given:
    """Every node and every gradient, by what is given alone."""
    values: dict[Side, Side] = {}
    for name in FORWARD:
        values[NODES[name]] = formulas[name].xreplace(values)
    gradients = []
    for name in BACKWARD:
        free: dict[Side, Side] = {}  # the nodes that come after this one, which is left free
        for later in FORWARD[FORWARD.index(name) + 1 :] if name in FORWARD else FORWARD:
            free[NODES[later]] = formulas[later].xreplace(free)
        gradients.append((GRADIENTS[name], free[L].diff(NODES[name]).xreplace(values)))
    return (*values.items(), *gradients)


def _by_autograd(residual: bool, name: str, sampled: Sampled) -> Matches:
    def gradient(values: Mapping[Symbol, Side]) -> float:
        return autograd(residual, {leaf: float(values[NODES[leaf]]) for leaf in LEAVES})[1][name]

    return Matches(gradient, "`torch.autograd.grad`", sampled)


def autograd(residual: bool, values: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """The value of every node, and the gradient of every node that has one, by torch in float64."""
    found: dict[str, Any] = {
        name: torch.tensor(values[name], dtype=torch.float64, requires_grad=True) for name in LEAVES
    }
    found["s_0"] = found["w_0"] * found["h_0"] + found["b_0"]
    found["h_1"] = _layer(residual, found["h_0"], found["s_0"])
    found["s_1"] = found["w_1"] * found["h_1"] + found["b_1"]
    found["h_2"] = _layer(residual, found["h_1"], found["s_1"])
    found["L"] = (found["h_2"] - found["y"]) ** 2 / 2
    gradients = torch.autograd.grad(found["L"], [found[name] for name in BACKWARD])
    by_name = zip(BACKWARD, map(float, gradients), strict=True)
    return {name: value.item() for name, value in found.items()}, dict(by_name)


def _layer(residual: bool, h: Tensor, s: Tensor) -> Tensor:
    return h + torch.tanh(s) if residual else torch.tanh(s)
