"""Back-propagation through two layers with one number each, plain and residual, every partial derivative written out.

Source: Rumelhart, Hinton and Williams 1986; He et al. 2016, Identity mappings in deep residual networks, section 2.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from sympy import Derivative, Function, Symbol, tanh
from torch import Tensor

from core.derivations.checks import Definition, Identity, Matches, Sampled, numbers
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step

h0, y = Symbol("h_0", real=True), Symbol("y", real=True)
"""What the network is given, and what its output should be."""
w0, b0, w1, b1 = (Symbol(name, real=True) for name in ("w_0", "b_0", "w_1", "b_1"))
PARAMETERS = (w1, b1, w0, b0)
"""From the last layer to the first, as the backward pass meets them."""
H1: Any = Function("h_1", real=True)(w0, h0, b0)
H2: Any = Function("h_2", real=True)(w1, H1, b1)
LOSS: Any = Function("L", real=True)(H2)
SAMPLES = 10


def chain_rule_plain() -> Derivation:
    """h_{t+1} = tanh(w_t h_t + b_t), two layers, L = (h_2 - y)^2 / 2."""
    first, second, loss = (H1, tanh(w0 * h0 + b0)), (H2, tanh(w1 * H1 + b1)), (LOSS, (H2 - y) ** 2 / 2)
    known: Given = (loss, second, first)  # outermost first, so that each finds what stands in the one before
    end, inner = H2 - y, 1 - H2**2
    through = end * inner * w1
    values = {
        w1: (Derivative(H2, w1), inner * H1, end * inner * H1),
        b1: (Derivative(H2, b1), inner, end * inner),
        w0: (Derivative(H1, w0), (1 - H1**2) * h0, through * (1 - H1**2) * h0),
        b0: (Derivative(H1, b0), 1 - H1**2, through * (1 - H1**2)),
    }
    local: Given = (
        (Derivative(LOSS, H2), end),
        (Derivative(H2, H1), inner * w1),
        *((derivative, formula) for derivative, formula, _ in values.values()),
    )
    steps = [
        Step(*first, "The first layer: a weight, a bias, and tanh.", Definition()),
        Step(*second, "The second layer, of what the first has made.", Definition()),
        Step(*loss, "The loss $L$: half the squared distance from the target $y$.", Definition()),
        Step(Derivative(LOSS, H2), end, "Backwards, from the loss: its derivative by the output.", Identity((loss,))),
        Step(
            Derivative(H2, H1),
            inner * w1,
            "Through the second layer, with $\\tanh' = 1 - \\tanh^2$: the layer's output is all that is needed.",
            Identity((second,)),
        ),
        Step(
            Derivative(LOSS, H1),
            Derivative(LOSS, H2) * Derivative(H2, H1),
            "The chain rule: what arrives from above, times the layer's own derivative.",
            Identity(),
        ),
    ]
    for parameter in PARAMETERS:
        own, formula, whole = values[parameter]
        definition = second if parameter in (w1, b1) else first
        above = Derivative(LOSS, H2) if parameter in (w1, b1) else Derivative(LOSS, H2) * Derivative(H2, H1)
        steps += [
            Step(own, formula, f"The layer's own derivative by ${parameter.name}$.", Identity((definition,))),
            Step(Derivative(LOSS, parameter), above * own, "The chain rule, down to it.", Identity()),
            Step(
                Derivative(LOSS, parameter),
                whole,
                "With the derivatives of single layers, as above, put in.",
                Identity(local),
            ),
        ]
    steps += [
        Step(
            Derivative(LOSS, parameter),
            values[parameter][2],
            f"And as torch has it, by ${parameter.name}$.",
            _by_autograd(parameter, known, lambda h, w, b: torch.tanh(w * h + b)),
        )
        for parameter in PARAMETERS
    ]
    return Derivation(
        "Back-propagation through two plain layers",
        "All real weights, biases, inputs and targets.",
        "Rumelhart, Hinton and Williams 1986, Nature 323, 533-536",
        tuple(steps),
    )


def chain_rule_residual() -> Derivation:
    """h_{t+1} = h_t + f_t(h_t, w_t, b_t), two layers with any smooth branches and any smooth loss."""
    f0: Any = Function("f_0", real=True)(h0, w0, b0)
    f1: Any = Function("f_1", real=True)(H1, w1, b1)
    first, second = (H1, h0 + f0), (H2, H1 + f1)
    local: Given = (
        (Derivative(H1, h0), 1 + Derivative(f0, h0)),
        (Derivative(H2, H1), 1 + Derivative(f1, H1)),
        (Derivative(H2, w1), Derivative(f1, w1)),
        (Derivative(H1, w0), Derivative(f0, w0)),
    )
    up = Derivative(LOSS, H2)
    steps = [
        Step(*first, "The first layer *adds* its branch $f_0$, a function of $h_0$, $w_0$, $b_0$.", Definition()),
        Step(*second, "So does the second, with the branch $f_1$ of $h_1$, $w_1$, $b_1$.", Definition()),
        Step(
            Derivative(H2, H1),
            1 + Derivative(f1, H1),
            "Backwards through the second layer: the 1 is the skip connection's.",
            Identity((second,)),
        ),
        Step(
            Derivative(LOSS, H1),
            up * (1 + Derivative(f1, H1)),
            "So what arrives from above passes, plus what the branch makes of it.",
            Identity(local),
        ),
        Step(
            Derivative(LOSS, w1),
            up * Derivative(f1, w1),
            "By the second layer's weight: the skip does not depend on it.",
            Identity(local),
        ),
        Step(Derivative(H1, h0), 1 + Derivative(f0, h0), "The first layer, in the same way.", Identity((first,))),
        Step(
            Derivative(LOSS, h0),
            up * (1 + Derivative(f1, H1)) * (1 + Derivative(f0, h0)),
            "Down to the input: a product of such factors.",
            Identity(local),
        ),
        Step(
            up * (1 + Derivative(f1, H1)) * (1 + Derivative(f0, h0)),
            up + up * Derivative(f1, H1) + up * Derivative(f0, h0) + up * Derivative(f1, H1) * Derivative(f0, h0),
            "Multiplied out, one path for each way through the network; the first, along both skips, has no factor "
            "that could shrink it.",
            Identity(),
        ),
        Step(
            Derivative(LOSS, w0),
            up * (1 + Derivative(f1, H1)) * Derivative(f0, w0),
            "By the first layer's weight.",
            Identity(local),
        ),
    ]
    known: Given = (
        (LOSS, (H2 - y) ** 2 / 2),
        (H2, H1 + tanh(w1 * H1 + b1)),
        (H1, h0 + tanh(w0 * h0 + b0)),
    )
    slope1, slope0 = 1 - tanh(w1 * H1 + b1) ** 2, 1 - tanh(w0 * h0 + b0) ** 2
    steps += [
        Step(f0, tanh(w0 * h0 + b0), "Now for one pair of branches, the first", Definition()),
        Step(f1, tanh(w1 * H1 + b1), "and the second,", Definition()),
        Step(LOSS, (H2 - y) ** 2 / 2, "and half the squared distance from a target $y$ as the loss:", Definition()),
        Step(
            Derivative(LOSS, w1),
            (H2 - y) * slope1 * H1,
            "As torch has it, by $w_1$.",
            _by_autograd(w1, known, lambda h, w, b: h + torch.tanh(w * h + b)),
        ),
        Step(
            Derivative(LOSS, w0),
            (H2 - y) * (1 + slope1 * w1) * slope0 * h0,
            "And by $w_0$.",
            _by_autograd(w0, known, lambda h, w, b: h + torch.tanh(w * h + b)),
        ),
    ]
    return Derivation(
        "Back-propagation through two residual layers",
        "Every smooth branch and loss of numbers; the last two steps for branches with tanh.",
        "He et al. 2016, Identity mappings in deep residual networks, section 2",
        tuple(steps),
    )


def _by_autograd(parameter: Symbol, known: Given, layer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Matches:
    """The formula, with its states put in, against torch's gradient by this parameter."""

    def gradient(values: Mapping[Symbol, Any]) -> float:
        leaves = {
            name: torch.tensor(float(values[name]), dtype=torch.float64, requires_grad=name == parameter)
            for name in (h0, y, *PARAMETERS)
        }
        state = leaves[h0]
        for weight, bias in ((w0, b0), (w1, b1)):
            state = layer(state, leaves[weight], leaves[bias])
        loss = (state - leaves[y]) ** 2 / 2
        return float(torch.autograd.grad(loss, leaves[parameter])[0])

    draws = {name: numbers(-2, 2) for name in (h0, y, *PARAMETERS)}
    return Matches(gradient, "`torch.autograd.grad`", Sampled(draws, samples=SAMPLES, given=known))
