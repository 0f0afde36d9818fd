r"""Grad-CAM's two formulas, and what its weights mean.

Notation as in `core.cam`: :math:`A^k` the feature maps of h x w cells, y^c the score of class c before softmax,
:math:`\alpha_k^c` Grad-CAM's weights, L^c its map.

Source: Selvaraju et al., "Grad-CAM" (arXiv 1610.02391), section 3.
"""

from sympy import Function, S, Symbol, symbols

from core.cam import Explanation
from core.derivations.checks import LimitOf, Matches, Sampled, integers
from core.derivations.gradcam_nodes import CLASSES, Alpha, Cell, Map, Mean, Rectified, Slope, Total, Values, explained
from core.derivations.step import Derivation, Side, Step
from core.derivations.symbols import eps

SELVARAJU = "Selvaraju et al. 2017, arXiv 1610.02391"

rows, columns, maps = symbols("h w K", integer=True, positive=True)
"""Of the feature maps: cells from top to bottom, cells from left to right, and how many maps there are."""
k, i, j, c = symbols("k i j c", integer=True, positive=True)
each_k, each_i, each_j = symbols("k i j", integer=True)
"""The same letters where a sum runs over them."""
network = Symbol("n", integer=True, nonnegative=True)
"""Which of the random networks."""
SETTING = (network, maps, rows, columns, c)

Z = Symbol("Z", integer=True, positive=True)
"""Number of cells of a feature map; in the proofs 4, for 2 x 2 cells."""
CELLS = (Z, 4)


def gradcam_weights() -> Derivation:
    """Grad-CAM's two formulas against `core.cam`, and what the first one means."""
    shape = {network: integers(0, 4), rows: integers(1, 3), columns: integers(1, 3), maps: integers(1, 4)}
    place = {c: integers(1, CLASSES), k: integers(1, 4), i: integers(1, 3), j: integers(1, 3)}
    sampled = Sampled(shape | place, _inside, samples=12, tolerance=1e-6)
    cells = [Symbol(f"A_{{{row}{column}}}", real=True) for row in (1, 2) for column in (1, 2)]
    y = Function("y^{c}", real=True)
    alpha = Symbol(r"\alpha^{c}_{k}", real=True)
    weight: Side = Alpha(*SETTING, each_k)
    mean = sum((y(*cells).diff(cell) for cell in cells), S.Zero) / len(cells)
    return Derivation(
        "Grad-CAM's weights and map",
        "Random networks with a smooth tail, up to 4 feature maps and up to 3 x 3 cells; the limit for every smooth "
        "score, of one map of 2 x 2 cells.",
        f"{SELVARAJU}, section 3, equations 1 and 2",
        (
            Step(
                Alpha(*SETTING, k),
                Mean(Slope(*SETTING, k, each_i, each_j), (each_i, 1, rows), (each_j, 1, columns)),
                "$A^k$ is feature map $k$, of $h \\times w$ cells; $y^c$ is the score of class $c$. The weight of the "
                "map is the mean of the score's gradient over its cells. (The check takes differences.)",
                Matches(
                    lambda values: float(_told(values).alpha[0, int(values[k]) - 1]),
                    "`core.cam.explain`",
                    sampled,
                ),
            ),
            Step(
                (y(*(cell + eps for cell in cells)) - y(*cells)) / eps,
                Z * alpha,
                "What it means: add a small $\\epsilon$ to all cells of this one map, here 2 x 2. The score then "
                "changes by $\\epsilon$ times $Z$ times the weight; $Z = h w$ is the number of cells, here 4.",
                LimitOf(eps, ((alpha, mean), CELLS)),
            ),
            Step(
                Map(*SETTING, i, j),
                Rectified(Total(weight * Cell(*SETTING, each_k, i, j), (each_k, 1, maps))),
                "The map of class $c$: at each cell the weighted sum of all $K$ feature maps. The ReLU sets what is "
                "negative, and so speaks against the class, to 0.",
                Matches(
                    lambda values: float(_told(values).map()[0, int(values[i]) - 1, int(values[j]) - 1]),
                    "`core.cam.explain`",
                    sampled,
                ),
            ),
        ),
    )


def _inside(values: Values) -> bool:
    return bool(values[k] <= values[maps] and values[i] <= values[rows] and values[j] <= values[columns])


def _told(values: Values) -> Explanation:
    return explained(*(int(values[symbol]) for symbol in SETTING))
