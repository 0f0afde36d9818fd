"""Exercises of the layer calculator, with fresh numbers for each number they are drawn from."""

import random
from dataclasses import dataclass

from core.labs.calculator import Params, count

ODD = {
    "Yes": "Even kernels work, at any padding. With 'same', stride 1 and no dilation they need an odd number of "
    "padding cells, so one end gets one more: Keras and torch both add it at the end.",
    "No, but an even one makes 'same' uneven": "At stride 1, 'same' adds k' - 1 cells in all (k' is the "
    "extent). Without dilation k' = k, and for an even k that is an odd number: one end gets one cell more.",
    "No, and it makes no difference": "A kernel may be even, but then 'same' at stride 1 without dilation adds k - 1 "
    "cells, an odd number: the ends differ, and the output shifts by half a cell.",
}
"""Whether kernel sizes must be odd: answer -> why."""
ODD_RIGHT = "No, but an even one makes 'same' uneven"


@dataclass(frozen=True)
class Exercise:
    """A question with a number as its answer."""

    question: str
    answer: int
    why: str


def exercises(number: int) -> tuple[Exercise, Exercise, Exercise]:
    """Three questions with numbers of their own: a size, a count, a padding."""
    draw = random.Random(number)
    k, s, p, d = draw.choice([3, 5, 7]), draw.choice([1, 2, 3]), draw.choice([0, 1, 2]), draw.choice([1, 2])
    n = draw.randint(24, 64)
    wide = d * (k - 1) + 1
    size = count(Params(shape=(1, n), kernel=(k,), stride=(s,), padding=(p,), dilation=(d,))).axes[0].size
    channels, filters, side = 2 * draw.randint(1, 8), 4 * draw.randint(1, 8), draw.choice([1, 3, 5])
    learned = count(Params(shape=(channels, 32, 32), filters=filters, kernel=(side, side)))
    kept = draw.choice([3, 5, 7, 9])
    gaps = draw.choice([1, 2, 3])
    around = count(Params(shape=(1, 64), kernel=(kept,), stride=(1,), padding="same", dilation=(gaps,))).axes[0].before
    return (
        Exercise(
            f"An axis of {n} cells, kernel {k}, stride {s}, padding {p} at both ends, dilation {d}. How many "
            "cells come out?",
            size,
            rf"$k' = {d} \cdot ({k} - 1) + 1 = {wide}$ and $\lfloor ({n} + 2 \cdot {p} - {wide}) / {s} \rfloor + 1 = "
            rf"{size}$.",
        ),
        Exercise(
            f"{channels} channels, {filters} filters of {side} x {side} with biases. How many parameters?",
            learned.parameters,
            rf"${side} \cdot {side} \cdot {channels} = {side * side * channels}$ weights in a filter, "
            rf"$\cdot\ {filters}$ filters, and {filters} biases: {learned.parameters:,}.",
        ),
        Exercise(
            f"Which number as `padding` keeps the size in torch, for kernel {kept}, stride 1 and dilation {gaps}?",
            around,
            rf"$2p = k' - 1$ with $k' = {gaps} \cdot ({kept} - 1) + 1 = {gaps * (kept - 1) + 1}$, so $p = {around}$.",
        ),
    )
