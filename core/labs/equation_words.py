"""What the lesson on differential equations says of its results; every number comes from them."""

import math

import numpy as np

from core.labs import analytic, equations, existence, picard
from core.labs.attempt import Attempt
from core.labs.verdict import verdict

TITLES = {
    "euler": "Euler",
    "midpoint": "midpoint rule",
    "rk4_classic": "classic Runge-Kutta (rk4_classic)",
    "implicit_euler": "implicit Euler",
    "trapezoid": "trapezoidal rule",
    "bosh3": "bosh3",
    "dopri5": "dopri5",
    "tsit5": "tsit5",
    "dopri8": "dopri8",
}

EQUATIONS = {
    "oscillator": "Damped oscillator (order 2, linear)",
    "pendulum": "Pendulum with friction (order 2, not linear)",
    "driven": "Driven, of third order (linear, not homogeneous)",
    "linear": "Linear and homogeneous, order 1 to 4",
}

FATE_QUESTION = "**What do you expect?** What of the companion matrix $C$ tells whether all solutions decay?"
FATE = ["the largest entry of $C$", "the determinant of $C$", "the real parts of the eigenvalues of $C$"]
"""Answers to: what tells whether all solutions of z' = C z decay?"""

PICARD = {"growth": "z' = z, z(0) = 1", "gauss": "z' = t z, z(0) = 1", "square": "z' = z², z(0) = 1"} | {
    "tangent": "z' = 1 + z², z(0) = 0"
}


def stacking_steps(result: equations.Stacked) -> list[str]:
    """The worked example: from the equation to the system, for the equation on screen."""
    params, n = result.params, result.params.order
    names = ", ".join(f"$z_{i + 1} = {equations.primed(i)}$" for i in range(n))
    last = result.rows_latex[-1]
    chain = ", ".join(f"${row}$" for row in result.rows_latex[:-1])
    steps = [
        f"The equation is ${result.equation_latex}$. Its highest derivative is the {_nth(n)}: **order {n}**. The "
        f"coefficient in front of it, {float(params.exact[-1]):g}, is not 0, so that one can divide by it.",
        f"**Name** everything below the highest derivative: {names}. That is {n} number{'s' * (n > 1)}, "
        "the *state*: knowing it at one time is knowing all that the equation needs.",
    ]
    if n > 1:
        steps.append(f"The derivative of each state is **the next one**, by their names: {chain}.")
    steps.append(
        f"The last one has no next: **the equation itself** gives it, solved for ${_derivative(n)}$: ${last}$."
    )
    if result.linear is not None:
        steps.append(
            "All right-hand sides are linear, so the system is $z' = C z$ with the **companion matrix** "
            f"$$C = {result.linear.matrix_latex}$$ whose last row holds $-a_i / a_{{n+1}}$."
        )
    elif params.name == "pendulum":
        steps.append(r"$\sin z_1$ is not linear: the system is $z' = f(z)$, and **no matrix** says it.")
    else:
        steps.append(r"$\cos t$ does not depend on $z$: the system is $z' = C z + d(t)$, and **f depends on time**.")
    start = ", ".join(f"{value:g}" for value in params.start)
    steps.append(
        f"A solution needs a start: **{n} initial value{'s' * (n > 1)}**, one for each state, here $({start})$. "
        "Equation and start together are an *initial value problem*."
    )
    return steps


def about_stacking(result: equations.Stacked) -> str:
    """Whether the system's solution solves the equation."""
    largest = abs(result.residual).max()
    text = (
        f"Put back into the equation at {len(result.check_times)} times, the solution leaves at most **{largest:.1e}** "
        "of the size of its terms"
    )
    if result.params.order > 1:
        text += f", and each state is the derivative of the one before it up to {result.stacking:.1e}"
    return f"{text}. The solver (dopri5, relative tolerance 1e-8) needed {result.nfe} evaluations of $f$."


def eigenvalue_table(linear: equations.Linear) -> str:
    """Eigenvalues of the matrix beside the polynomial's roots, as a table."""
    rows = [f"| {_complex(e)} | {_complex(r)} |" for e, r in zip(linear.eigenvalues, linear.roots, strict=True)]
    return "\n".join(["| eigenvalue of $C$ (numpy) | root of the polynomial (sympy) |", "|--:|--:|", *rows])


def about_eigenvalues(linear: equations.Linear) -> str:
    """How well the two agree, and what they mean."""
    text = f"Largest difference: {linear.difference:.1e}. "
    if linear.multiple:
        text += "A root is repeated here, and there rounding moves computed eigenvalues much more than elsewhere. "
    real = float(np.real(linear.roots).max())
    fate = "decay" if real < -1e-12 else "grow" if real > 1e-12 else "neither all decay nor grow like an exponential"
    text += f"The largest real part is {real:.3g}: solutions {fate}."
    return text


def about_fate(guess: str, linear: equations.Linear) -> str:
    """The answer to what tells whether solutions decay."""
    return (
        f"{verdict(guess, FATE[-1])} For an eigenvalue $\\lambda$ with eigenvector $v$ (that is, $C v = \\lambda v$) "
        "$z(t) = e^{\\lambda t} v$ is a solution, and it decays if the real part of $\\lambda$ is negative. All "
        "solutions are sums of such ones, for repeated eigenvalues with powers of $t$ as factors. Eigenvalues are the "
        "roots of the characteristic polynomial, and that has the equation's own coefficients, over $a_{n+1}$:\n\n"
        rf"$$\det(\lambda I - C) = {linear.polynomial_latex}$$"
    )


def about_errors(result: analytic.Comparison) -> str:
    """Global beside local error, and what the tolerance had to say."""
    run = result.run
    if not len(result.global_errors):
        return "The solver could not take a single step."
    text = (
        f"{TITLES[run.method]} took {len(run.times) - 1} steps and {run.nfe} evaluations of $f$. The **global error** "
        f"is at most {result.global_errors.max():.3g}; the **local error** of a single step at most "
        f"{result.local_errors.max():.3g}, a factor of "
        f"{result.global_errors.max() / max(result.local_errors.max(), 1e-300):.3g} between them."
    )
    if len(result.allowed):
        above = int((result.local_errors > result.allowed).sum())
        text += (
            f" The tolerance speaks of one step: the method keeps its **estimate** of the local error below it. "
            f"Of {len(result.allowed)} steps measured here, the true local error was above it in {above}. "
            "The global error is not bounded by it at all: it is what the equation makes of all these local errors."
        )
    return text


def failure(run: Attempt) -> str:
    """Where and how a solve ended, in words."""
    tried = "" if run.h is None else f", where it tried a step of {run.h:.3g}"
    title = TITLES[run.method]
    name = title[:1].upper() + title[1:] if " " in title else title  # dopri5 is a name, not a word
    return f"{name} gave up at t = {run.t:.9g} with {run.error}{tried}."


def iterate_table(result: picard.Iterates) -> str:
    """Each iterate: its formula, how much of the Taylor series it has, its error and the theorem's bound."""
    rows = []
    for k, latex in enumerate(result.latex):
        limit = f"{result.bounds[k]:.3g}" if result.bound.applies else "none"
        error = f"{result.errors[k]:.3g}" if math.isfinite(result.errors[k]) else "no solution"
        degree = f" (degree {result.degrees[k]})" if latex.endswith("dots") else ""
        rows.append(f"| {k} | ${latex}${degree} | $t^{{{result.agrees[k]}}}$ | {error} | {limit} |")
    head = f"| k | iterate | right up to | error on [0,\u00a0{result.params.h:g}] | bound |"
    return "\n".join([head, "|--:|:--|--:|--:|--:|", *rows])


def about_taylor(result: picard.Iterates) -> str:
    """What the iterates are, from comparing coefficients."""
    if all(result.equal_taylor):
        return (
            "Compared coefficient by coefficient, every iterate **is** the Taylor polynomial of degree k: "
            r"$\varphi_k(t) = 1 + t + \dots + t^k / k!$. Each integration adds the next term."
        )
    first = result.equal_taylor.index(False)
    return (
        f"These are **not** the Taylor polynomials of degree k: $\\varphi_{{{first}}}$ has degree "
        f"{result.degrees[first]}. The coefficients that it has right are counted in the table, the others are "
        "still on their way."
    )


def about_bound(result: picard.Iterates) -> str:
    """Whether the theorem applies on this interval, and what happens where it does not."""
    h, bound, end = result.params.h, result.bound, picard.PROBLEMS[result.params.problem].end
    if bound.applies:
        below = sum(error <= limit for error, limit in zip(result.errors, result.bounds, strict=True))
        kept = f"The error is below the bound for {below} of {len(result.bounds)} iterates."
        if math.isinf(bound.b):
            where = f"$f$ is linear in $z$, so Lipschitz with L = {bound.lipschitz:.3g} for all $z$ at once"
        else:
            where = f"on the rectangle $|z - z_0| \\le$ {bound.b:.3g} one has L = {bound.lipschitz:.3g}"
        return f"The theorem applies: {where}, and M = {bound.m:.3g}. {kept}"
    if h >= end:
        return (
            f"The solution ends at t = {end:.4g}, inside [0, {h:g}]. The iterates do not know: they are polynomials "
            "and go on. Nothing can converge to a solution that is not there: existence is only **local**."
        )
    ratio = result.errors[-1] / result.errors[-2]
    return (
        f"On [0, {h:g}] there is no rectangle with $\\alpha \\le b / M$: the theorem promises nothing. The last "
        f"iteration still multiplied the error by {ratio:.2g}, because the solution lives until t = {end:.4g}."
    )


def uniqueness_table(result: existence.Uniqueness) -> str:
    """What each solver gives at the end, from each start."""
    starts = list(result.runs)
    rows = []
    for i, method in enumerate(existence.UNIQUENESS_METHODS):
        runs = [result.runs[start][i] for start in starts]
        cells = " | ".join(f"{run.end:.5g}" if run.finished else "refuses" for run in runs)
        rows.append(f"| {method} | {cells} |")
    exact = " | ".join("0 to 8" if not s else f"{(s ** (1 / 3) + existence.T1) ** 3:.5g}" for s in starts)
    head = " | ".join(f"z(0) = {start:g}" for start in starts)
    return "\n".join([f"| z(2) by | {head} |", f"|:--{'|--:' * len(starts)}|", *rows, f"| exact | {exact} |"])


def quotient_table(result: existence.Uniqueness) -> str:
    """The Lipschitz quotient towards 0."""
    rows = [f"| $10^{{{round(math.log10(z))}}}$ | {quotient:,.0f} |" for z, quotient in result.quotients]
    return "\n".join([r"| $z$ | $\lvert f(z) - f(0) \rvert / \lvert z \rvert$ |", "|--:|--:|", *rows])


def about_blow_up(result: existence.BlowUp) -> list[str]:
    """One sentence for each solver."""
    said, end = [], result.params.end
    for run in result.runs:
        if run.finished:
            said.append(
                f"**{TITLES[run.method]} noticed nothing**: it passed t* = {end:.4g} and returned z({run.t:.4g}) = "
                f"{run.end:.3g}, a finite number where no solution exists. A wrong answer without a word."
            )
        else:
            said.append(f"{failure(run)} That is {_off(run.t, end)} the end of the solution, t* = {end:.9g}.")
    return said


def word_for_word(result: existence.BlowUp) -> str:
    """The solvers' own messages."""
    return "\n\n".join(f"{run.method}: {run.message}" for run in result.runs if run.message)


def blow_up_exercise(params: existence.BlowUpParams) -> tuple[str, float, float, str]:
    """Question, answer, tolerance and explanation, for twice the start on screen."""
    answer = 1 / (2 * params.z0)
    why = f"t* = 1 / z(0) = 1 / {2 * params.z0:g}: half of {params.end:.4g}, the time on screen. From above, sooner."
    question = (
        f"A solution of $z' = z^2$ starts at $z(0) = {2 * params.z0:g}$, twice the start above. When does it blow up?"
    )
    return question, answer, 0.01 * answer, why


FORM_EXERCISE: tuple[str, dict[str, str], str] = (
    "Which of these has not the form $z' = f(z, t)$ with a list of numbers $z$, not even after stacking?",
    {
        "$z' = 3 z^{2/3}$": "It has the form, with $f(z) = 3 z^{2/3}$. What it lacks is a Lipschitz constant at 0.",
        "$a_1 z + a_2 z' + a_3 z'' = 0$": "Stacked it has: $z_1' = z_2$, $z_2' = -(a_1 z_1 + a_2 z_2) / a_3$. "
        "Solving for $z'$ with $z''$ left on the right would not do.",
        "$u_t = u_{xx}$": "A partial differential equation: its state at one time is a function of x, not a list of "
        "numbers. On a grid of points in x it becomes an approximation that has the form.",
        "$z''' + z = \\cos t$": "Stacked it has: $z_1' = z_2,\\; z_2' = z_3,\\; z_3' = \\cos t - z_1$. "
        "f may depend on time.",
    },
    "$u_t = u_{xx}$",
)
"""The question, its answers with their explanations, and the right one."""


def _off(t: float, end: float) -> str:
    apart = abs(t - end) / end
    return f"{apart:.2g} t* {'before' if t < end else 'after'}"


def _nth(n: int) -> str:
    return ("first", "second", "third", "fourth")[n - 1]


def _derivative(n: int) -> str:
    return equations.primed(n)


def _complex(value: complex) -> str:
    if abs(value.imag) < 1e-12:
        return f"{value.real:.6g}"
    return f"{value.real:.6g} {'+' if value.imag > 0 else '-'} {abs(value.imag):.6g} i"
