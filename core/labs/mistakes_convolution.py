"""Common mistakes about convolution, each settled by torch's layers."""

from math import ceil

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.labs.mistakes_data import Control, Curve, Mistake, Plot, Settled, Table
from core.nn.vgg import vgg16

THEME = "Convolution"
_COLUMNS = 11
"""Columns of the picture with one bright place."""


def vgg_padding(side: float) -> Settled:
    """Sizes behind every convolution and pooling of VGG16, with its padding and without."""
    n = int(side)
    padded, unpadded = _vgg_sizes(n, 1), _vgg_sizes(n, 0)
    shrunk = {kind: sum(after < before for name, before, after in padded if name == kind) for kind in _KINDS}
    count = {kind: sum(name == kind for name, *_ in padded) for kind in _KINDS}
    groups = range(count["MaxPool2d"])
    rows = [(f"group {i + 1} and its pooling", _after(padded, i), _after(unpadded, i)) for i in groups]
    last = rows[-1]
    other = "would run out of pixels" if last[2] == "none" else f"would be left with {last[2]}"
    return Settled(
        ran=f"VGG16's layers, shapes only, for a picture of {n} x {n} pixels; then the same layers with their padding "
        "taken away ('valid').",
        concludes=f"Of {count['Conv2d']} convolutions {shrunk['Conv2d']} shrink the map: 3 x 3 kernels, padded by 1. "
        f"Of {count['MaxPool2d']} poolings {shrunk['MaxPool2d']} do, by half each. From {n} pixels {last[1]} remain at "
        f"the end; with 'valid' padding the network {other}.",
        table=Table(("behind", "VGG16", "without padding"), (("the picture", n, n), *rows)),
    )


_KINDS = ("Conv2d", "MaxPool2d")


def _vgg_sizes(side: int, padding: int) -> list[tuple[str, int, int]]:
    """(kind, size before, size after) of every convolution and pooling, as far as there are pixels."""
    with torch.device("meta"):
        layers = [layer for name, layer in vgg16().stages.items() if name.startswith("features")]
    h = torch.empty(1, 3, side, side, device="meta")
    found = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            layer.padding = (padding, padding)
        before = h.shape[-1]
        try:
            h = layer(h)
        except RuntimeError:  # the kernel is larger than what is left
            break
        if type(layer).__name__ in _KINDS:
            found.append((type(layer).__name__, before, h.shape[-1]))
    return found


def _after(sizes: list[tuple[str, int, int]], group: int) -> int | str:
    """The size behind a group's pooling, if it got so far."""
    pooled = [after for kind, _, after in sizes if kind == "MaxPool2d"]
    return pooled[group] if group < len(pooled) else "none"


def same_padding(n: int, k: int, s: int) -> tuple[int, int]:
    """Zeros before and behind that 'same' adds: in all max((ceil(n / s) - 1) s + k - n, 0), the odd one behind.

    Source: TensorFlow's documentation of convolutions; at s = 1 torch's padding="same" is the same.
    """
    total = max((ceil(n / s) - 1) * s + k - n, 0)
    return total // 2, total - total // 2


def convolved(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """One row of pixels through torch's convolution with 'same' padding."""
    padded = F.pad(x, same_padding(len(x), len(kernel), stride))
    return F.conv1d(padded[None, None], kernel[None, None], stride=stride)[0, 0]


def even_kernels(size: float) -> Settled:
    """Where a bright place comes out of averaging kernels of all sizes."""
    chosen = int(size)
    middle = _COLUMNS // 2
    x = torch.zeros(_COLUMNS, dtype=torch.float64)
    x[middle] = 1
    rows = []
    for k in range(1, 8):
        y = convolved(x, torch.ones(k, dtype=torch.float64))
        centre = float((y * torch.arange(len(y))).sum() / y.sum()) - middle
        rows.append((k, *same_padding(_COLUMNS, k, 1), len(y), centre))
    picked = rows[chosen - 1]
    y = convolved(x, torch.ones(chosen, dtype=torch.float64)) / chosen
    places = tuple(float(i - middle) for i in range(_COLUMNS))
    return Settled(
        ran=f"A row of {_COLUMNS} pixels, black but for the middle one, through torch's convolution with an average of "
        "$k$ pixels and as many zeros around as 'same' takes.",
        concludes=f"All sizes work. With $k = {chosen}$ the zeros are {picked[1]} before and {picked[2]} behind, "
        f"{picked[3]} pixels come out, and the bright place has moved by {picked[4]:g}. "
        + ("Half a pixel to one side: that is the price of an even kernel." if chosen % 2 == 0 else "Try an even one."),
        table=Table(("k", "zeros before", "behind", "pixels out", "moved by"), tuple(rows)),
        plot=Plot(
            (
                Curve("in", places, tuple(x.tolist()), "dots"),
                Curve(f"out, k = {chosen}", places, tuple(y.tolist())),
            ),
            "pixel, from the middle",
            "value",
        ),
    )


def same_size(stride: float) -> Settled:
    """Sizes that come out with 'same' padding at a stride."""
    s, k = int(stride), 3
    rows = []
    for n in (5, 6, 7, 8, 28, 224):
        out = len(convolved(torch.ones(n), torch.ones(k), s))
        rows.append((n, out, ceil(n / s), "yes" if out == n else "no"))
    kept = sum(row[3] == "yes" for row in rows)
    try:
        nn.Conv2d(1, 1, k, s, padding="same")
        refused = "torch takes it at stride 1."
    except ValueError as error:
        refused = f"torch refuses the name here: *{error}*."
    return Settled(
        ran=f"Rows of $n$ pixels through torch's convolution with 3 weights, stride {s}, and the zeros that 'same' "
        "stands for in Keras and TensorFlow.",
        concludes=f"At stride {s}, {kept} of {len(rows)} sizes are kept. What comes out is $\\lceil n / s \\rceil$: of "
        f"224 pixels {rows[-1][1]}. {refused}",
        table=Table(("n", "pixels out", "n / s, rounded up", "kept"), tuple(rows)),
    )


def flipping(last: float) -> Settled:
    """torch's layer beside numpy's correlation and convolution."""
    x = np.array([0.0, 0.0, 1.0, 2.0, 0.0, 0.0])
    kernel = np.array([1.0, 2.0, last])
    layer = F.conv1d(torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None])[0, 0].numpy()
    correlated, folded = np.correlate(x, kernel, "valid"), np.convolve(x, kernel, "valid")
    gap, other = (float(np.abs(layer - result).max()) for result in (correlated, folded))
    rows = tuple(
        (name, *(f"{value:g}" for value in values))
        for name, values in (
            ("torch's layer", layer),
            ("cross-correlation", correlated),
            ("convolution", folded),
        )
    )
    return Settled(
        ran=f"The pixels 0 0 1 2 0 0 and the kernel 1 2 {last:g}: by torch's layer, by `numpy.correlate` "
        "and by `numpy.convolve`.",
        concludes=f"The layer differs from the cross-correlation by {gap:g} and from the convolution by {other:g}. "
        + (
            "This kernel is its own mirror image, so both are equal: change its last entry."
            if last == 1
            else "It does not flip the kernel. A trained layer does not mind: it learns the flipped one."
        ),
        table=Table(("computed by", "1st", "2nd", "3rd", "4th"), rows),
    )


MISTAKES = (
    Mistake(
        "vgg-padding",
        THEME,
        "Why VGG's maps shrink",
        "VGG's feature maps get smaller from layer to layer because its convolutions use 'valid' padding.",
        "VGG's convolutions are padded by 1 and keep the size; its max-poolings halve it.",
        "convolution",
        vgg_padding,
        Control("Side of the picture in pixels", 32, 256, 224, 32),
    ),
    Mistake(
        "even-kernels",
        THEME,
        "Even kernels",
        "A kernel's size has to be odd, since its centre decides where the output pixel is.",
        "A kernel may have any size. At stride 1, without dilation, an even one makes 'same' padding asymmetric: one "
        "zero more on one side.",
        "convolution",
        even_kernels,
        Control("Kernel size k", 1, 7, 4, 1),
    ),
    Mistake(
        "same-size",
        THEME,
        "What 'same' keeps",
        "With 'same' padding the output is as wide and as high as the input.",
        r"With 'same' padding the output has $\lceil n / s \rceil$ pixels where the input has $n > 1$ and the stride "
        "is $s$: the input's size only at $s = 1$.",
        "convolution",
        same_size,
        Control("Stride s", 1, 4, 2, 1),
    ),
    Mistake(
        "flipping",
        THEME,
        "Flipping the kernel",
        "A convolutional layer computes the convolution of its input with its kernel, as mathematics defines it.",
        "A convolutional layer computes a cross-correlation: it does not flip the kernel, as a convolution does.",
        "convolution",
        flipping,
        Control("Last entry of the kernel", -2, 4, 3, 1),
    ),
)
