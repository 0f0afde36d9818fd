"""Common mistakes about Grad-CAM, each settled on the embedded network and two pictures."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import zoom
from torch import Tensor
from torch.nn import functional as F

from core.cam import Trace, trace
from core.images import read_picture
from core.labs.mistakes_data import Control, Curve, Grid, Mistake, Plot, Settled, Table, rough
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import ASSETS, REGISTRY
from core.nn.stages import Stages

THEME = "Grad-CAM"
_ENTRY = REGISTRY["resnet_cifar10"]
_LAYER = _ENTRY.default_layer
_PICTURES = {"the harbour": "harbour.jpg", "the cat and the horse": "cat_and_horse.jpg"}
_ZOOM = 8
"""Pixels across one cell of a map."""


def _network() -> Stages:
    path = weights.find(_ENTRY)
    if path is None:
        raise weights.WeightsError(f"The embedded network is missing. {weights.advice(_ENTRY)}")
    return weights.load(_ENTRY, path)


def _trace(net: Stages, picture: str) -> Trace:
    """The network's pass over one of the two pictures."""
    rgb = read_picture((ASSETS / "pictures" / _PICTURES[picture]).read_bytes()).rgb
    return trace(net, feed(rgb, _ENTRY.preprocessing).x, _LAYER)


def _ranked(passed: Trace) -> list[int]:
    """Classes, the highest score first."""
    return passed.scores[0].argsort(descending=True).tolist()


def filters(index: float) -> Settled:
    """One filter and its feature maps of two pictures."""
    k, net = int(index), _network()
    block = net.stages[_LAYER]
    weight = block.get_parameter("conv2.weight")
    before = weight.clone()
    maps, same = [], []
    for picture in _PICTURES:
        maps.append(_trace(net, picture).activation.detach()[0, k].numpy())
        same.append(bool((weight == before).all()))
    high = max(float(values.max()) for values in maps)
    shapes = [" x ".join(map(str, values.shape)) for values in maps]
    means = [float(values.mean()) for values in maps]
    norm = f"{float(weight[k].norm()):.4f}"
    rows = (
        ("filter", f"3 x 3 x {weight.shape[1]}", norm, norm),
        ("feature map $A^k$", shapes[0], *(f"{mean:.4f}" for mean in means)),
    )
    names = list(_PICTURES)
    changed = "Not one weight changed" if all(same) else "The weights changed"
    return Settled(
        ran=f"The last block of the embedded network has {weight.shape[0]} filters. Number {k}, and what comes out of "
        f"the block at that place for two pictures: {names[0]} and {names[1]}. The last two columns hold the filter's "
        "norm and the map's mean.",
        concludes=f"{changed} from one picture to the other. The feature map did: its mean is {means[0]:.4f} for the "
        f"first and {means[1]:.4f} for the second, and even its shape belongs to the picture: {' and '.join(shapes)}. "
        "Grad-CAM weighs maps.",
        table=Table(("what", "shape", "1st picture", "2nd picture"), rows),
        grids=tuple(
            Grid(f"Feature map {k} of {name}", values, 0.0, high or 1.0)
            for name, values in zip(names, maps, strict=True)
        ),
    )


def relu_and_softmax(factor: float) -> Settled:
    """The map of the score and of the probability, as the network is made surer; with and without the ReLU."""
    passed = _trace(_network(), "the harbour")
    best = _ranked(passed)[0]
    rows = []
    for beta in sorted({1.0, float(factor), 10.0}):
        (of_score, of_probability), p = _both_maps(passed, best, beta)
        alike = float(F.cosine_similarity(of_score.relu().flatten(), of_probability.relu().flatten(), dim=0))
        rows.append((beta, p, float(of_score.max()), float(of_probability.max()), alike))
    (raw, vanishing), p = _both_maps(passed, best, float(factor))
    negative = float((raw < 0).float().mean())
    reach = float(raw.abs().max())
    chosen = next(row for row in rows if row[0] == float(factor))
    return Settled(
        ran=f"Grad-CAM for *{_ENTRY.classes[best]}* in a picture of a harbour, whose scores are multiplied by $\\beta$ "
        "to make the network surer. Once from the score $y^c$, once from the probability $p^c$ after softmax.",
        concludes=f"Without the ReLU {negative:.0%} of the cells are negative, down to {float(raw.min()):.3g}: they "
        "speak against the class, and a colour scale stretched over all values paints them too. At "
        f"$p = {p:.4f}$ the largest value of the map is {chosen[2]:.3g} from the score and {chosen[3]:.2g} from the "
        "probability. The surer the network, the smaller the latter; and all other classes' gradients are in it.",
        table=Table(("β", "p", "max, from the score", "max, from softmax", "cosine of both"), tuple(rows)),
        grids=(
            Grid("From the score, signed", raw.numpy(), -reach, reach),
            Grid("From the score, after ReLU", raw.relu().numpy(), -reach, reach),
            Grid("From softmax, after ReLU", vanishing.relu().numpy(), -reach, reach),
        ),
    )


def _both_maps(passed: Trace, target: int, beta: float) -> tuple[tuple[Tensor, Tensor], float]:
    """Weighted sums of the feature maps before the ReLU, by the gradients of beta y^c and of its probability."""
    with torch.enable_grad():
        scores = beta * passed.scores[0]
        p = scores.softmax(0)[target]
        gradients = [
            torch.autograd.grad(value, passed.activation, retain_graph=True)[0] for value in (scores[target], p)
        ]
    activation = passed.activation.detach()
    first, second = ((g.mean((2, 3), keepdim=True) * activation).sum(1)[0] for g in gradients)
    return (first, second), float(p.detach())


def cubic_zoom(order: float) -> Settled:
    """A map enlarged by splines of an order, beside linear and cubic ones."""
    passed = _trace(_network(), "the harbour")
    cells = passed.explain(_ranked(passed)[0]).map()[0].numpy().astype(float)
    chosen = int(order)
    rows = []
    for n in sorted({0, 1, 3, chosen}):
        large = enlarged(cells, n)
        rows.append((n, float(large.min()), float(large.max()), f"{float((large < -1e-12).mean()):.1%}"))
    by_order = {row[0]: row for row in rows}
    low = by_order[chosen]
    line = int(cells.max(axis=1).argmax())
    across = np.arange(cells.shape[1], dtype=float)
    fine = np.linspace(0, cells.shape[1] - 1, _ZOOM * cells.shape[1])
    curve = enlarged(cells[line], chosen)
    return Settled(
        ran=f"A map of {cells.shape[0]} x {cells.shape[1]} cells after its ReLU, enlarged {_ZOOM} times by "
        "`scipy.ndimage.zoom` with splines of the orders in the table: 0 repeats the nearest cell, 1 is linear, 3 is "
        "cubic and what the function does unless told otherwise. The curve is one row of cells, enlarged alone.",
        concludes=f"The map itself lies between {float(cells.min()):.3g} and {float(cells.max()):.3g}. Enlarged with "
        f"order 3, {by_order[3][3]} of the pixels are negative, the lowest {by_order[3][1]:.3g}; with order 1 none "
        f"is below {by_order[1][1]:.3g}. With order {chosen} the lowest is {low[1]:.3g} and the highest {low[2]:.3g}. "
        "Linear enlargement invents nothing.",
        table=Table(("order", "least", "largest", "below 0"), tuple(rows)),
        plot=Plot(
            (
                Curve("cells of the map", tuple(across.tolist()), tuple(cells[line].tolist()), "dots"),
                Curve(f"enlarged, order {chosen}", tuple(fine.tolist()), tuple(curve.tolist())),
                Curve("0", (0.0, float(cells.shape[1] - 1)), (0.0, 0.0), "dashed"),
            ),
            "cell of the row",
            "evidence, in units of the score",
        ),
    )


def enlarged(cells: Float[np.ndarray, "..."], order: int) -> Float[np.ndarray, "..."]:
    """A map, or a row of it, enlarged by splines as articles do it."""
    return np.asarray(zoom(cells, _ZOOM, order=order))


def normalised(rank: float) -> Settled:
    """Two classes' maps, each divided by its own largest value."""
    passed = _trace(_network(), "the harbour")
    order = _ranked(passed)
    probabilities = passed.scores.detach()[0].softmax(0)
    rows, grids = [], []
    for place in (1, int(rank)):
        index = order[place - 1]
        values = passed.explain(index).map()[0].numpy().astype(float)
        high = float(values.max())
        shown = values / high if high else values
        rows.append((_ENTRY.classes[index], float(probabilities[index]), high, float(shown.max())))
        grids.append(Grid(f"{_ENTRY.classes[index]}, divided by {high:.2g}", shown, 0.0, 1.0))
    first, other = rows
    ratio = rough(first[2] / other[2]) if other[2] else "infinitely many"
    return Settled(
        ran=f"Grad-CAM of the class with the highest score and of number {int(rank)} by score, in the same picture; "
        "each map divided by its own largest value, as most programs draw it.",
        concludes=f"The map of *{first[0]}* is {ratio} times as strong as that of *{other[0]}*: {first[2]:.3g} against "
        f"{other[2]:.3g}, in units of the score. Divided by their maxima they reach {first[3]:g} and {other[3]:g}, and "
        "the colours are as hot. A heatmap needs its maximum written beside it.",
        table=Table(("class", "probability", "map's maximum", "after division"), tuple(rows)),
        grids=tuple(grids),
    )


MISTAKES = (
    Mistake(
        "filter-or-map",
        THEME,
        "Filter or feature map",
        "In Grad-CAM's formula $A^k$ is the $k$-th filter of the convolutional layer.",
        "In Grad-CAM's formula $A^k$ is the $k$-th feature map: what the layer makes of this picture with its $k$-th "
        "filter.",
        "gradcam",
        filters,
        Control("Number k of the map", 0, 127, 5, 1),
    ),
    Mistake(
        "relu-softmax",
        THEME,
        "Score, softmax and ReLU",
        "For Grad-CAM one differentiates the model's output, the softmax probability, and the weighted sum of the maps "
        "is the heatmap.",
        "For Grad-CAM one differentiates the score before softmax, and the ReLU of the weighted sum is the heatmap.",
        "gradcam",
        relu_and_softmax,
        Control("Scores multiplied by β", 1, 10, 4, 1),
    ),
    Mistake(
        "cubic-zoom",
        THEME,
        "Enlarging the map",
        "Enlarging the heatmap with `scipy.ndimage.zoom` as it stands changes its size alone.",
        "`scipy.ndimage.zoom` takes cubic splines unless told otherwise, which make negative values of a map that has "
        "none. Linear enlargement stays within the map's values.",
        "gradcam",
        cubic_zoom,
        Control("Order of the spline", 0, 5, 3, 1),
    ),
    Mistake(
        "normalised",
        THEME,
        "What a hot place means",
        "A hot place in a heatmap means that there is strong evidence for the class.",
        "A hot place in a normalised heatmap means: the strongest evidence of this map, however weak it is.",
        "gradcam",
        normalised,
        Control("Rank of the other class, by score", 2, 10, 7, 1),
    ),
)
