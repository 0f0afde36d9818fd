"""Classical kernels, made by hand long before any was learned.

Each answers to something in a picture: brightness, an edge of one direction, an edge of any. What it makes of a region
of one brightness follows from the sum of its weights.

Source: Gonzalez, Woods 2018, Digital Image Processing, 4th edition, sections 3.5 and 3.6, and 10.2 for Sobel's.
"""

from dataclasses import dataclass

Weights = tuple[tuple[float, ...], ...]
"""Rows of a kernel from top to bottom."""


@dataclass(frozen=True)
class Kernel:
    """A kernel with its story.

    Attributes:
        weights: as a layer holds them: nothing is flipped.
        says: what it responds to, one sentence or two.
    """

    title: str
    weights: Weights
    says: str

    @property
    def total(self) -> float:
        """Sum of the weights: on a region of brightness c the output is c times as much."""
        return total(self.weights)


def total(weights: Weights) -> float:
    """Sum of all weights, free of the dust that ninths leave."""
    return round(sum(map(sum, weights)), 12) + 0.0


def divided(rows: Weights, by: float) -> Weights:
    """All weights over a number."""
    return tuple(tuple(weight / by for weight in row) for row in rows)


_GAUSSIAN = ((1.0, 4, 6, 4, 1), (4, 16, 24, 16, 4), (6, 24, 36, 24, 6), (4, 16, 24, 16, 4), (1, 4, 6, 4, 1))

KERNELS: dict[str, Kernel] = {
    "identity": Kernel(
        "Identity",
        ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)),
        "Copies the cell in its middle: the output is the input.",
    ),
    "blur": Kernel(
        "Blur (mean of 9)",
        divided(((1.0, 1.0, 1.0),) * 3, 9),
        "The mean of nine cells. Noise and fine detail go, regions of one brightness stay.",
    ),
    "gaussian": Kernel(
        "Gaussian blur, 5 x 5",
        divided(_GAUSSIAN, 256),
        "A mean in which near cells count more. It blurs alike in all directions; the plain mean leaves blocks.",
    ),
    "sharpen": Kernel(
        "Sharpen",
        ((0.0, -1.0, 0.0), (-1.0, 5.0, -1.0), (0.0, -1.0, 0.0)),
        "The cell, plus how much it differs from its four neighbours. Edges are overdone, flat regions stay.",
    ),
    "edge": Kernel(
        "Edges (outline)",
        ((-1.0, -1.0, -1.0), (-1.0, 8.0, -1.0), (-1.0, -1.0, -1.0)),
        "How much a cell differs from all eight neighbours. Edges of every direction answer, and single cells most.",
    ),
    "laplacian": Kernel(
        "Laplacian",
        ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
        "The sum of both second differences: below 0 on the bright side of an edge, above 0 on the dark side.",
    ),
    "sobel-x": Kernel(
        "Sobel x",
        ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0)),
        "Brightness to the right minus brightness to the left: answers to upright edges, with the sign of the step.",
    ),
    "sobel-y": Kernel(
        "Sobel y",
        ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0)),
        "Brightness below minus brightness above: answers to level edges, with the sign of the step.",
    ),
    "emboss": Kernel(
        "Emboss",
        ((-2.0, -1.0, 0.0), (-1.0, 1.0, 1.0), (0.0, 1.0, 2.0)),
        "The cell, plus the step from the upper left to the lower right: a relief lit from one corner.",
    ),
}
"""Name -> kernel, in the order of the menu."""
