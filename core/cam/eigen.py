"""Eigen-CAM: what the feature maps have most in common, whatever the class (Muhammad, Yeasin, arXiv 2008.00299)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def eigencam(activation: Float[Tensor, "n k h w"]) -> Float[Tensor, "n k"]:
    r"""Weights of the feature maps: the first right singular vector of A as an (h w, k) matrix (section III).

    The map :math:`\sum_k v_k A^k` is then the first singular value times the left vector. A decomposition leaves the
    sign open; here it makes the sum over the map positive. Neither class nor gradient has a part in it.
    """
    cells = activation.double().flatten(2).mT  # (n, h w, k)
    if cells.shape[1] < cells.shape[2]:  # of the two products, decompose the smaller; v is A^T u, up to its length
        first = cells.mT @ torch.linalg.eigh(cells @ cells.mT).eigenvectors[..., -1:]
    else:
        first = torch.linalg.eigh(cells.mT @ cells).eigenvectors[..., -1:]
    sign = torch.where((cells @ first).sum((1, 2)) < 0, -1.0, 1.0)
    return (sign[:, None] * F.normalize(first[..., 0], dim=1)).to(activation.dtype)
