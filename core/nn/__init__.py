"""Networks as ordered lists of named stages.

* `stages`: `Stages`, a network whose forward is the composition of its stages.
* `mlp`: plain and residual layers of equal width.
* `vgg`, `resnet`, `squeezenet`: the architectures, under torchvision's parameter names.
* `odenet`, `dynamics`: blocks whose inside is a differential equation, with the ResNet's twin made of them, and fields
  that are learned.
* `train`: what a training offers so that it can be watched, and its chunks.
* `weights`: the registry of trained weights: where they are, how they are fetched and checked.
* `scenes`: pictures of objects with known boxes.
* `train_cifar10`, `train_scenes`: the commands that made the embedded networks.
"""

from core.nn.stages import StageRow, Stages

__all__ = ["StageRow", "Stages"]
