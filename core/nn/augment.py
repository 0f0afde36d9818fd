"""Random views of small pictures that prepare a network for photographs.

A CIFAR-10 picture is 32 x 32 and its object fills it. In a photograph the object is larger or
smaller, off-centre, before something else, and sharper. So each view puts the picture at a random
scale and place onto a canvas of varying size, before a background of other colours, sharpened or
blurred. `unrecognisable` makes pictures of none of the classes, so that the network can learn to
have no favourite there (outlier exposure, Hendrycks et al., arXiv 1812.04606).

Every function takes normalised pictures (n, 3, h, w) and a generator, and returns new tensors.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def view(x: Tensor, canvas: int, generator: Generator) -> Tensor:
    """A random view of every picture: (n, 3, h, h) -> (n, 3, canvas, canvas)."""
    n = len(x)
    x = torch.where(_uniform(n, 0, 1, generator) < 0.5, x.flip(-1), x)
    smallest = max(26 / canvas, 0.5)
    side = _uniform(n, smallest, 1.2, generator).flatten()  # of the picture, in canvases
    aspect = _uniform(n, -0.15, 0.15, generator).flatten().exp()
    width, height = side * aspect, side / aspect
    angle = _uniform(n, -math.pi / 18, math.pi / 18, generator).flatten()
    # The canvas point p shows the picture point M (p - c): rotation, then division by the sides.
    slack = (1 - side).abs() + 4 / canvas
    cx = _uniform(n, -1, 1, generator).flatten() * slack
    cy = _uniform(n, -1, 1, generator).flatten() * slack
    matrix = torch.stack(
        [
            torch.stack([angle.cos() / width, -angle.sin() / width], dim=1),
            torch.stack([angle.sin() / height, angle.cos() / height], dim=1),
        ],
        dim=1,
    )  # (n, 2, 2)
    shift = -matrix @ torch.stack([cx, cy], dim=1)[..., None]  # (n, 2, 1)
    grid = F.affine_grid(torch.cat([matrix, shift], dim=2), [n, 3, canvas, canvas], align_corners=False)
    mirrored = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    inside = (grid.abs().amax(-1) <= 1)[:, None]
    background = F.interpolate(F.avg_pool2d(x.roll(1, 0), 8), size=(canvas, canvas), mode="bilinear")
    seen = torch.where(inside | (_uniform(n, 0, 1, generator) < 0.4), mirrored, background)
    return _erase(_colour(_sharpness(seen, generator), generator), generator)


def mirrored_and_shifted(x: Tensor, generator: Generator) -> Tensor:
    """The usual mild views: (n, 3, h, h) mirrored half of the time and shifted by up to h/8 pixels."""
    n, _, side, _ = x.shape
    reach = side // 8
    x = torch.where(_uniform(n, 0, 1, generator) < 0.5, x.flip(-1), x)
    padded = F.pad(x, (reach,) * 4, mode="reflect")
    down, right = torch.randint(0, 2 * reach + 1, (2, n, 1, 1), generator=generator)
    at = torch.arange(side)
    return padded[torch.arange(n)[:, None, None], :, down + at[:, None], right + at].permute(0, 3, 1, 2)


def unrecognisable(x: Tensor, canvas: int, generator: Generator) -> Tensor:
    """Pictures with the colours and textures of `x` but none of its objects, at `canvas` pixels.

    A third has its patches shuffled, a third its Fourier phases, a third is one corner enlarged.
    """
    shuffled, scrambled, enlarged = x.chunk(3)
    parts = [
        _shuffle_patches(shuffled, 8, generator),
        _shuffle_phases(scrambled, generator),
        F.interpolate(enlarged[..., :8, :8], size=x.shape[-2:], mode="bicubic", align_corners=False),
    ]
    made = F.interpolate(torch.cat(parts), size=(canvas, canvas), mode="bilinear", align_corners=False)
    return _colour(_sharpness(made, generator), generator)


def _sharpness(x: Tensor, generator: Generator) -> Tensor:
    """Blur (amount < 0) or sharpen (amount > 0) by the difference to a 3 x 3 mean."""
    amount = _uniform(len(x), -0.6, 1.0, generator)
    return x + amount * (x - F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False))


def _colour(x: Tensor, generator: Generator) -> Tensor:
    """Contrast, saturation and brightness, in units of the normalised picture."""
    n = len(x)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * _uniform(n, 0.75, 1.3, generator)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * _uniform(n, 0.5, 1.4, generator)
    return x + _uniform(n, -0.3, 0.3, generator)


def _erase(x: Tensor, generator: Generator) -> Tensor:
    """A grey square of up to 3/8 of the side over half of the pictures (Cutout, arXiv 1708.04552)."""
    n, side = len(x), x.shape[-1]
    half = _uniform(n, 0, 3 / 16, generator) * side * (_uniform(n, 0, 1, generator) < 0.5)
    cy, cx = _uniform(n, 0, side, generator), _uniform(n, 0, side, generator)
    at = torch.arange(side) + 0.5
    hidden = ((at.view(1, 1, side, 1) - cy).abs() < half) & ((at.view(1, 1, 1, side) - cx).abs() < half)
    return x.masked_fill(hidden, 0.0)


def _shuffle_patches(x: Tensor, patch: int, generator: Generator) -> Tensor:
    n, _, side, _ = x.shape
    patches = F.unfold(x, patch, stride=patch)  # (n, 3 patch^2, m)
    order = torch.rand(n, patches.shape[-1], generator=generator).argsort(1)
    return F.fold(patches.gather(2, order[:, None].expand_as(patches)), (side, side), patch, stride=patch)


def _shuffle_phases(x: Tensor, generator: Generator) -> Tensor:
    spectrum = torch.fft.rfft2(x)
    noise = torch.fft.rfft2(torch.randn(len(x), 1, *x.shape[-2:], generator=generator))
    return torch.fft.irfft2(spectrum * noise / noise.abs().clamp_min(1e-6), s=x.shape[-2:])


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low
