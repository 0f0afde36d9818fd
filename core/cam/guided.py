r"""Guided back-propagation: the score's gradient at the input, with every ReLU letting only positive gradients back.

It looks sharp and says little about the class (Adebayo et al., arXiv 1810.03292, section 4): shown to be compared.
Guided Grad-CAM multiplies it by Grad-CAM's map. The network is not touched: while one thread runs it, that thread's
calls of ReLU are answered by another function, so that networks may be shared.

Sources: Springenberg et al., arXiv 1412.6806, section 3.4; Selvaraju et al., arXiv 1610.02391, section 3.2.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.cam.explain import Explanation, refuse_training


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, gradients[0].relu(), 0.0)


class _Guiding(TorchFunctionMode):
    """Within it, this thread's ReLUs are guided."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func in (F.relu, torch.relu, Tensor.relu):
            return _GuidedReLU.apply(args[0])
        return func(*args, **(kwargs or {}))


def guided_backpropagation(net: nn.Module, x: Float[Tensor, "n 3 h w"], targets: Tensor) -> Float[Tensor, "n 3 h w"]:
    """The guided gradient of one class for each picture.

    Args:
        net: a network in eval mode, with ReLU as its only activation.
        x: pictures as the network expects them (normalised).
        targets: a class for each picture.

    Raises:
        ValueError: the network is in training mode.
    """
    refuse_training(net)
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        with _Guiding():
            scores = net(leaf)
        (gradient,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), leaf)
    return gradient


def guided_gradcam(net: nn.Module, x: Float[Tensor, "n 3 h w"], explanation: Explanation) -> Float[Tensor, "n 3 h w"]:
    """`guided_backpropagation` times Grad-CAM's map, upsampled bilinearly to the input's size."""
    heat = explanation.map("gradcam")[:, None]
    heat = F.interpolate(heat, size=x.shape[2:], mode="bilinear", align_corners=False)
    return guided_backpropagation(net, x, explanation.targets) * heat
