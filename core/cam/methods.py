r"""The maps that follow from one pair of activation and gradient.

Each method is a rule for weights :math:`w` in the same sum over feature maps,
:math:`L^c = \mathrm{ReLU}(\sum_k w_k \odot A^k)`. With :math:`g_k = \partial y^c / \partial A^k`
(h x w cells), Grad-CAM's weights are one number per feature map; HiResCAM's and LayerCAM's are one per
cell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Maps = Float[Tensor, "n k h w"]
PerMap = Float[Tensor, "n k 1 1"]


@dataclass(frozen=True)
class Method:
    """A rule for the weights of the feature maps."""

    title: str
    latex: str
    """The weights as a formula, with g for the gradient of the score."""
    says: str
    """What the map shows, in one sentence."""
    source: str
    weights: Callable[[Maps, Maps], Tensor]
    """(activation, gradient) -> weights that broadcast against the activation."""


def gradcam(activation: Maps, gradient: Maps) -> PerMap:
    r""":math:`\alpha_k^c = \frac{1}{hw} \sum_{ij} g_{k,ij}` (Selvaraju et al., arXiv 1610.02391, equation 1)."""
    return gradient.mean((2, 3), keepdim=True)


def gradcam_plus_plus(activation: Maps, gradient: Maps) -> PerMap:
    r""":math:`w_k = \sum_{ij} a_{k,ij} \mathrm{ReLU}(g_{k,ij})`, :math:`a = g^2 / (2 g^2 + \sum A^k g^3)`.

    Chattopadhay et al., arXiv 1710.11063, equations 12 and 19, for the score :math:`\exp(y^c)`, whose
    derivatives are the powers of g up to one positive factor. The quotient is reduced by
    :math:`g^2` before it is computed, so no epsilon bends it; it is 0 where g or the denominator is.
    """
    denominator = 2 + gradient * activation.sum((2, 3), keepdim=True)
    share = torch.where(denominator == 0, 0.0, 1 / denominator)
    return (share * gradient.relu()).sum((2, 3), keepdim=True)


def xgradcam(activation: Maps, gradient: Maps) -> PerMap:
    r""":math:`w_k = \sum_{ij} A^k_{ij} g_{k,ij} / \sum_{ij} A^k_{ij}` (Fu et al., arXiv 2008.02312, equation 8).

    It is 0 for a feature map whose sum is 0.
    """
    total = activation.sum((2, 3), keepdim=True)
    return torch.where(total == 0, 0.0, (activation * gradient).sum((2, 3), keepdim=True) / total)


def hirescam(activation: Maps, gradient: Maps) -> Maps:
    r""":math:`w_{k,ij} = g_{k,ij}`: the gradient cell by cell (Draelos, Carin, arXiv 2011.08891, section 3.2)."""
    return gradient


def layercam(activation: Maps, gradient: Maps) -> Maps:
    r""":math:`w_{k,ij} = \mathrm{ReLU}(g_{k,ij})` (Jiang et al., IEEE TIP 2021, "LayerCAM", equation 5)."""
    return gradient.relu()


def counter_evidence(activation: Maps, gradient: Maps) -> PerMap:
    r"""Grad-CAM of :math:`-y^c`: what lowers the score (Selvaraju et al., section 3.3)."""
    return -gradcam(activation, gradient)


METHODS: dict[str, Method] = {
    "gradcam": Method(
        "Grad-CAM",
        r"\alpha_k = \tfrac{1}{hw} \sum_{ij} g_{k,ij}",
        "One weight per feature map: how much the score rises, on average, when that map rises.",
        "Selvaraju et al. 2017, arXiv 1610.02391",
        gradcam,
    ),
    "gradcam++": Method(
        "Grad-CAM++",
        r"w_k = \sum_{ij} \frac{\mathrm{ReLU}(g_{k,ij})}{2 + g_{k,ij} \sum A^k}",
        "Positive gradients only, weighted so that small and repeated objects count.",
        "Chattopadhay et al. 2018, arXiv 1710.11063",
        gradcam_plus_plus,
    ),
    "xgradcam": Method(
        "XGrad-CAM",
        r"w_k = \sum_{ij} A^k_{ij}\, g_{k,ij} \,\big/\, \sum_{ij} A^k_{ij}",
        "The gradient averaged where the feature map is active.",
        "Fu et al. 2020, arXiv 2008.02312",
        xgradcam,
    ),
    "hirescam": Method(
        "HiResCAM",
        r"w_{k,ij} = g_{k,ij}",
        "No averaging: each cell keeps its own gradient.",
        "Draelos and Carin 2020, arXiv 2011.08891",
        hirescam,
    ),
    "layercam": Method(
        "LayerCAM",
        r"w_{k,ij} = \mathrm{ReLU}(g_{k,ij})",
        "Each cell keeps its own gradient where it is positive; useful at early layers.",
        "Jiang et al. 2021, IEEE TIP 30",
        layercam,
    ),
    "counter": Method(
        "Counter-evidence",
        r"w_k = -\tfrac{1}{hw} \sum_{ij} g_{k,ij}",
        "Grad-CAM of the negative score: what speaks against the class.",
        "Selvaraju et al. 2017, section 3.3",
        counter_evidence,
    ),
}
