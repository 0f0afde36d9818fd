"""What the page on back-propagation node by node says, with its numbers."""

from math import tanh

from core.derivations.nodes import BACKWARD, FORWARD
from core.expression.printing import power_of_ten
from core.labs.nodes import STEPS, Descent, Run
from core.labs.verdict import verdict

LARGER = ["that of $w_0$, of the first layer", "that of $w_1$, of the second"]
LOSS = ["falls by less than the slope says", "falls as the slope says, or more", "rises"]


def named(step: int) -> tuple[str, bool]:
    """The node that a step, from 1, computes, and whether it computes its gradient.

    >>> named(1), named(6)
    (('s_0', False), ('h_2', True))
    """
    return (FORWARD[step - 1], False) if step <= len(FORWARD) else (BACKWARD[step - 1 - len(FORWARD)], True)


def gradient(name: str) -> str:
    r"""In LaTeX.

    >>> gradient("w_0")
    '\\frac{\\partial L}{\\partial w_0}'
    """
    return rf"\frac{{\partial L}}{{\partial {name}}}"


def digits(value: float, count: int = 4) -> str:
    r"""So many digits, in LaTeX.

    >>> digits(-0.5), digits(2.458e-05)
    ('-0.5', '2.458 \\cdot 10^{-5}')
    """
    return power_of_ten(f"{value:.{count}g}")


def number(value: float) -> str:
    r"""Four digits in LaTeX, in parentheses where they would run together with what stands before them.

    >>> number(0.5), number(-1.25), number(2.458e-05)
    ('0.5', '(-1.25)', '(2.458 \\cdot 10^{-5})')
    """
    text = digits(value)
    return f"({text})" if value < 0 or "cdot" in text else text


def substituted(run: Run, step: int) -> str:
    """The formula of a step with its numbers, in LaTeX."""
    name, back = named(step)
    v, g, skip = run.values, run.gradients, run.params.residual
    n = {key: number(value) for key, value in v.items()}
    d = {key: number(value) for key, value in g.items()}
    if not back:
        inside = {
            "s_0": rf"{n['w_0']} \cdot {n['h_0']} + {n['b_0']}",
            "h_1": (f"{n['h_0']} + " if skip else "") + rf"\tanh {n['s_0']}",
            "s_1": rf"{n['w_1']} \cdot {n['h_1']} + {n['b_1']}",
            "h_2": (f"{n['h_1']} + " if skip else "") + rf"\tanh {n['s_1']}",
            "L": rf"\tfrac12 \left({n['h_2']} - {n['y']}\right)^2",
        }[name]
        return f"{name} = {inside} = {digits(v[name], 5)}"
    slopes = {key: number(1 - tanh(v[key]) ** 2) for key in ("s_0", "s_1")}
    inside = {
        "h_2": f"{n['h_2']} - {n['y']}",
        "s_1": rf"{d['h_2']} \cdot {slopes['s_1']}",
        "w_1": rf"{d['s_1']} \cdot {n['h_1']}",
        "b_1": "",
        "h_1": rf"{d['s_1']} \cdot {n['w_1']}" + (f" + {d['h_2']}" if skip else ""),
        "s_0": rf"{d['h_1']} \cdot {slopes['s_0']}",
        "w_0": rf"{d['s_0']} \cdot {n['h_0']}",
        "b_0": "",
        "h_0": rf"{d['s_0']} \cdot {n['w_0']}" + (f" + {d['h_1']}" if skip else ""),
    }[name]
    return f"{gradient(name)} = {f'{inside} = ' if inside else ''}{digits(g[name], 5)}"


def about_step(step: int) -> str:
    """Where one is."""
    if step == 0:
        return f"Nothing is computed yet; {STEPS} steps lie ahead. What is given stands in the picture."
    name, back = named(step)
    if back:
        return f"Step {step} of {STEPS}, **backward**: the gradient of ${name}$."
    return f"Step {step} of {STEPS}, **forward**: the value of ${name}$."


def table(run: Run, step: int) -> str:
    """All nodes that have been reached, in Markdown."""
    values = [*run.params.leaves, *FORWARD[:step]]
    gradients = {named(each)[0] for each in range(len(FORWARD) + 1, step + 1)}
    rows = [
        f"| ${name}$ | ${digits(run.values[name], 5)}$ | "
        f"{f'${digits(run.gradients[name], 5)}$' if name in gradients else ''} |"
        for name in values
    ]
    return "\n".join(["| node | value | gradient of $L$ |", "|:--|--:|--:|", *rows])


def about_larger(run: Run, guess: str) -> str:
    """Which weight has the larger gradient, and why."""
    g = run.gradients
    first, second = (abs(g[name]) for name in ("w_0", "w_1"))
    right = LARGER[first < second]
    opening = "**Neither is larger.**" if first == second else verdict(guess, right)
    told = ", ".join(
        rf"${gradient(f'w_{t}')} = {gradient(f's_{t}')} \cdot h_{t} = {number(g[f's_{t}'])} \cdot "
        rf"{number(run.values[f'h_{t}'])} = {digits(g[f'w_{t}'])}$"
        for t in (0, 1)
    )
    branch = run.params.w_1 * (1 - tanh(run.values["s_1"]) ** 2)
    slope = r"w_1 (1 - \tanh^2 s_1)"
    way = (
        rf"$1 + {slope} = {digits(1 + branch)}$, where the 1 is the skip's"
        if run.params.residual
        else (f"${slope} = {digits(branch)}$")
    )
    return (
        f"{opening} A weight's gradient is that of its sum, times the number that it multiplies: {told}. From $h_2$ "
        rf"down to $h_1$ the gradient is multiplied by {way}; then comes $1 - \tanh^2 s_0 = "
        f"{digits(1 - tanh(run.values['s_0']) ** 2)}$, which is never above 1."
    )


def about_descent(step: Descent, guess: str) -> str:
    """What the step did to the loss."""
    if not step.predicted:
        return "**None of these**: every gradient is 0, so the step moves nothing, and the loss stays as it is."
    change = step.after - step.before
    right = LOSS[2] if change > 0 else LOSS[0] if change > step.predicted else LOSS[1]
    moved = ", ".join(f"${name} = {digits(value)}$" for name, value in step.moved.items())
    return (
        f"{verdict(guess, right)} The gradient is a slope, and promises a change of {step.predicted:.4g}; the loss "
        f"went from {step.before:.5g} to {step.after:.5g}, a change of {change:.4g}. Now {moved}. A smaller rate "
        "brings the two numbers together; a large one overshoots."
    )


def exercise(run: Run) -> tuple[str, float, float, str]:
    """Question, answer, tolerance, explanation: what a gradient is for."""
    slope = run.gradients["h_0"]
    answer = -0.01 * slope
    return (
        r"The gradient of $h_0$ is found too, though nobody trains an input. If $h_0$ were smaller by 0.01, by how "
        "much would $L$ change, to first order? (to 1 %)",
        answer,
        0.01 * abs(answer) + 1e-9,
        f"${gradient('h_0')} = {digits(slope, 5)}$ is the change of $L$ for each unit of $h_0$: times $-0.01$, that is "
        f"${digits(answer)}$. This is how a picture's pixels get gradients, too.",
    )


TWO_SHARES = {
    "because two layers are trained": "The number of layers does not matter: a node has one share for each node that "
    "it feeds.",
    "because $h_1$ feeds two nodes": "$h_1$ acts on the loss through $s_1$ and, by the skip, through $h_2$ directly. "
    "Small changes add up along all ways, so their gradients do.",
    "because the skip is trained as well": "The skip has no weight: it adds, and passes the gradient on unchanged.",
}
TWO_SHARES_RIGHT = list(TWO_SHARES)[1]
