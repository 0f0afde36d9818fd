r"""What Grad-CAM is for heads that are linear: when its map is CAM's, and what its cells add up to.

Letters as in `core.derivations.gradcam`; two feature maps of 2 x 2 cells, or one.

Source: Selvaraju et al., "Grad-CAM" (arXiv 1610.02391), section 3.1; Zhou et al., "Learning deep features for
discriminative localization" (arXiv 1512.04150), section 2; Draelos, Carin, "HiResCAM" (arXiv 2011.08891), section 3.
"""

from collections.abc import Sequence

import torch
from sympy import HadamardProduct, MatrixSymbol, S, Symbol, Transpose, symbols
from sympy.matrices import ImmutableDenseMatrix
from sympy.matrices.expressions import MatMul
from torch import Tensor, nn

from core.cam import Explanation, explain
from core.derivations.checks import Definition, Identity, Matches, Sampled, integers, numbers
from core.derivations.gradcam import CELLS, SELVARAJU, Z
from core.derivations.gradcam_nodes import LAYER, Values
from core.derivations.step import Derivation, Side, Step
from core.nn.stages import Stages

CAM = "Zhou et al. 2016, arXiv 1512.04150"
HIRESCAM = "Draelos, Carin 2020, arXiv 2011.08891"
SIDE = 2


def _deviations(grid: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
    """From the mean of the cells."""
    mean = _sum(grid) / (SIDE * SIDE)
    return grid.applyfunc(lambda cell: cell - mean)


def _sum(grid: ImmutableDenseMatrix) -> Side:
    return sum(grid.flat(), S.Zero)


def _grid(name: str) -> ImmutableDenseMatrix:
    """2 x 2 letters of their own."""
    return ImmutableDenseMatrix(SIDE, SIDE, lambda row, column: Symbol(f"{name}_{{{row + 1}{column + 1}}}", real=True))


def _named(name: str) -> MatrixSymbol:
    return MatrixSymbol(rf"\mathbf{{{name[0]}}}{name[1:]}", SIDE, SIDE)


ONES = MatrixSymbol(r"\mathbf{1}", SIDE, 1)
_ONES = (ONES, ImmutableDenseMatrix.ones(SIDE, 1))


def total(matrix: Side) -> Side:
    """All cells of a matrix added up: a row of ones, the matrix, a column of ones."""
    return MatMul(Transpose(ONES), matrix, ONES)


CAM_MAPS = (_grid("A^{1}"), _grid("A^{2}"))
NAMED_MAPS = (_named("A^{1}"), _named("A^{2}"))
_MAPS = tuple(zip(NAMED_MAPS, CAM_MAPS, strict=True))
means = symbols("m_1 m_2", real=True)
weights = symbols("w_1 w_2", real=True)
bias = Symbol("b", real=True)
score = Symbol("y^{c}", real=True)
alphas = symbols(r"\alpha_1 \alpha_2", real=True)

POOLED = tuple((mean, _sum(grid) / Z) for mean, grid in zip(means, CAM_MAPS, strict=True))
SCORE = bias + sum(weight * mean for weight, mean in zip(weights, means, strict=True))
_WRITTEN_OUT = SCORE.subs(POOLED)
_GRADIENTS = tuple(grid.applyfunc(_WRITTEN_OUT.diff) for grid in CAM_MAPS)
ALPHAS = tuple((alpha, _sum(gradient) / Z) for alpha, gradient in zip(alphas, _GRADIENTS, strict=True))
_HEAD = (
    Step(
        means[0],
        POOLED[0][1],
        "Many networks end like this. First each feature map, here of 2 x 2 cells, is replaced by its mean over the "
        "$Z$ cells, here 4 (global average pooling). $m_2$ is the same for the second map.",
        Definition(),
    ),
    Step(
        score,
        SCORE,
        "Then a linear layer: the score of class $c$ is a weighted sum of the means, with weights $w_k$ and a bias "
        "$b$.",
        Definition(),
    ),
)


def gradcam_cam() -> Derivation:
    """For a pooled linear head Grad-CAM is CAM, divided by the number of cells."""
    slope = MatrixSymbol(r"\frac{\partial y^{c}}{\partial \mathbf{A}^{1}}", SIDE, SIDE)
    places = [grid.flat()[0] for grid in CAM_MAPS]
    drawn = {Z: integers(1, 9)} | {name: numbers(-2, 2) for name in (*weights, *places)}
    sampled = Sampled(drawn, samples=20)
    return Derivation(
        "For a pooled linear head, Grad-CAM is CAM divided by the number of cells",
        "Every two feature maps of 2 x 2 cells and all weights; up to 9 cells where it is held against core.",
        f"{SELVARAJU}, section 3.1; {CAM}, section 2",
        (
            *_HEAD,
            Step(
                slope,
                ImmutableDenseMatrix.ones(SIDE, SIDE) * weights[0] / Z,
                "The gradient by the cells of the first map: every cell counts alike, because the mean treats them "
                "alike.",
                Identity(((slope, _GRADIENTS[0]), CELLS)),
            ),
            Step(
                alphas[0],
                weights[0] / Z,
                "Its mean is Grad-CAM's weight. (The gradient is the same everywhere, so HiResCAM, which keeps it cell "
                "by cell, gives the same map.)",
                Identity((*ALPHAS, CELLS)),
            ),
            Step(
                alphas[0] * NAMED_MAPS[0] + alphas[1] * NAMED_MAPS[1],
                (weights[0] * NAMED_MAPS[0] + weights[1] * NAMED_MAPS[1]) / Z,
                "The weighted sum of the maps. On the right, but for $Z$, is CAM, the class activation map of 2016: "
                "the head's weights on the feature maps. Grad-CAM needs no such head.",
                Identity((*ALPHAS, CELLS, *_MAPS)),
            ),
            Step(
                Symbol(r"\alpha_1", real=True),
                weights[0] / Z,
                "The same on networks of that form, with maps of 1 to 9 cells.",
                Matches(lambda values: float(_pooled(values, places).alpha[0, 0]), "`core.cam.explain`", sampled),
            ),
            Step(
                sum(alpha * place for alpha, place in zip(alphas, places, strict=True)),
                sum(weight * place for weight, place in zip(weights, places, strict=True)) / Z,
                "And of their maps, at the first cell.",
                Matches(
                    lambda values: float(_pooled(values, places).raw_map()[0, 0, 0]), "`core.cam.explain`", sampled
                ),
            ),
        ),
    )


def _explained(maps: Tensor, head: Tensor, *pool: nn.Module) -> Explanation:
    """What core says of a network whose feature maps are these, and whose head is pooling and a linear layer."""
    linear = nn.Linear(len(head), 1, device="meta").to_empty(device="cpu").double()
    linear.weight.data, linear.bias.data = head[None], torch.ones(1, dtype=torch.float64)
    net = Stages({LAYER: nn.Identity(), "pool": nn.Sequential(*pool, nn.Flatten()), "head": linear})
    return explain(net.eval(), maps, LAYER, 0)


def _tensor(values: Values, *names: Symbol) -> Tensor:
    return torch.tensor([float(values[name]) for name in names], dtype=torch.float64)


def _pooled(values: Values, first: Sequence[Symbol]) -> Explanation:
    """Two maps of 1 x Z cells: these in their first cell, anything in the others."""
    others = torch.randn(2, int(values[Z]) - 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    maps = torch.cat([_tensor(values, *first)[:, None], others], 1)
    return _explained(maps[None, :, None], _tensor(values, *weights), nn.AdaptiveAvgPool2d(1))


def gradcam_completeness() -> Derivation:
    """When the cells of a map add up to the score."""
    grid, gradient, free = _grid("A"), _grid("G"), _grid("v")
    named, named_gradient = _named("A"), _named("G")
    around, gradient_around = (MatrixSymbol(rf"\tilde{{\mathbf{{{name}}}}}", SIDE, SIDE) for name in "AG")
    alpha = Symbol(r"\alpha", real=True)
    every = sum((one * other for one, other in zip(free.flat(), grid.flat(), strict=True)), S.Zero)
    map_known = ((named, grid), _ONES, CELLS)
    any_gradient = (
        (alpha, _sum(gradient) / Z),
        (named_gradient, gradient),
        (around, _deviations(grid)),
        (gradient_around, _deviations(gradient)),
        *map_known,
    )
    linear = ((named_gradient, grid.applyfunc((bias + every).diff)), (score, bias + every), *map_known)
    drawn = {name: numbers(-2, 2) for name in (*weights, *means)}
    drawn_cells = {name: numbers(-2, 2) for name in (*free.flat(), *grid.flat())}
    return Derivation(
        "What the cells of the map add up to",
        "Maps before the ReLU, of 2 x 2 cells (2 x 3 in step 4): all weights, cells and gradients.",
        f"{SELVARAJU}, section 3.1; {HIRESCAM}, section 3",
        (
            *_HEAD,
            Step(
                total(alphas[0] * NAMED_MAPS[0] + alphas[1] * NAMED_MAPS[1]),
                score - bias,
                "$\\mathbf{1}$ is a column of ones, so this adds up all cells of Grad-CAM's map before the ReLU. For "
                "such a head they share out the score, less the bias: nothing is lost and nothing added.",
                Identity((*ALPHAS, (score, _WRITTEN_OUT), CELLS, _ONES, *_MAPS)),
            ),
            Step(
                total(MatrixSymbol("L", SIDE, SIDE)),
                sum(weight * mean for weight, mean in zip(weights, means, strict=True)),
                "The same on such networks, for maps of 2 x 3 cells. $\\mathbf{L}$ is the map before the ReLU.",
                Matches(
                    lambda values: float(_averaging(values).raw_map().sum()),
                    "`core.cam.explain`",
                    Sampled(drawn, samples=20),
                ),
            ),
            Step(
                total(HadamardProduct(named_gradient, named)),
                total(alpha * named) + total(HadamardProduct(gradient_around, around)),
                "Any other network, with one map $\\mathbf{A}$, its gradient $\\mathbf{G}$, and Grad-CAM's weight "
                "$\\alpha$. On the left is the sum of HiResCAM's cells ($\\circ$: cell by cell). The sum of Grad-CAM's "
                "is $\\alpha\\, \\mathbf{1}^T \\mathbf{A} \\mathbf{1}$ alone: it leaves out how map and gradient vary "
                "together. The tilde says: less the mean of the cells.",
                Identity(any_gradient),
            ),
            Step(
                total(HadamardProduct(named_gradient, named)),
                score - bias,
                "If the score is linear in the cells, $y^c = b + \\sum v_{ij} A_{ij}$ with any weight at each cell, "
                "HiResCAM's cells add up to the score less the bias. Through nonlinear layers neither sum need do so.",
                Identity(linear),
            ),
            Step(
                total(MatrixSymbol("L", SIDE, SIDE)),
                every,
                "HiResCAM's map $\\mathbf{L}$ on networks that end in one linear layer on all cells.",
                Matches(
                    lambda values: float(_flat(values, free.flat(), grid.flat()).raw_map("hirescam").sum()),
                    "`core.cam.explain`",
                    Sampled(drawn_cells, samples=20),
                ),
            ),
        ),
    )


def _averaging(values: Values) -> Explanation:
    """Two maps of 2 x 3 cells with these means."""
    around = torch.randn(2, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    maps = around - around.mean((1, 2), keepdim=True) + _tensor(values, *means)[:, None, None]
    return _explained(maps[None], _tensor(values, *weights), nn.AdaptiveAvgPool2d(1))


def _flat(values: Values, head: Sequence[Symbol], cells: Sequence[Symbol]) -> Explanation:
    return _explained(_tensor(values, *cells).reshape(1, 1, SIDE, SIDE), _tensor(values, *head))
