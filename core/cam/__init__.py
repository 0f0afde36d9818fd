r"""Class activation maps without hooks.

* `explain`: `trace` runs a network up to one stage, makes that activation a leaf and runs the rest;
  the `Trace` then gives :math:`\partial y^c / \partial A` of any class, and `explain` the whole result.
* `methods`: Grad-CAM, Grad-CAM++, XGrad-CAM, HiResCAM, LayerCAM and counter-evidence, each a rule
  for the weights in :math:`\sum_k w_k \odot A^k`.
* `guided`, `eigen`, `perturbing`: guided back-propagation; Eigen-CAM, Score-CAM and Ablation-CAM, which ask for no
  gradient. `occlusion`: a grey square slides over the picture, and the score is looked at again.
* `depth`: a map at every depth of an ODE-Net, from one solve forwards and one backwards.
* `metrics`: numbers that say whether a map can be trusted.
* `overlay`: a coarse map laid over the picture it explains.

>>> import torch
>>> from core.nn.resnet import resnet_cifar
>>> net = resnet_cifar().eval()
>>> result = explain(net, torch.zeros(1, 3, 32, 32), layer="layer3.1")
>>> tuple(result.activation.shape), tuple(result.map("gradcam").shape)
((1, 128, 8, 8), (1, 8, 8))
"""

from core.cam.explain import Explanation, Trace, explain, trace
from core.cam.methods import METHODS, Method

__all__ = ["METHODS", "Explanation", "Method", "Trace", "explain", "trace"]
