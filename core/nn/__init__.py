"""Networks as ordered lists of named stages.

* `stages`: `Stages`, a network whose forward is the composition of its stages.
* `mlp`: plain and residual layers of equal width.
* `vgg`, `resnet`, `squeezenet`: the architectures, under torchvision's parameter names.
* `odenet`, `dynamics`: blocks whose inside is a differential equation, and fields that are learned.
* `train`: what a training offers so that it can be watched, and its chunks.
* `weights`: the registry of trained weights: where they are, how they are fetched and checked.
* `train_cifar10`: the command that made the embedded network.
"""

from core.nn.stages import StageRow, Stages

__all__ = ["StageRow", "Stages"]
