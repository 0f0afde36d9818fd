"""Activation and gradient against captum, finite differences and identities; nothing is left behind."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.cam import explain, trace
from core.nn.preprocess import feed
from core.nn.registry import ASSETS, REGISTRY
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages
from core.nn.vgg import vgg11
from core.nn.weights import load
from tests.conftest import SHARED, needs_shared
from tests.nn.test_models import BUILDERS, random_network

PHOTOS = SHARED / "data" / "photos"
SQUEEZENET = SHARED / "weights" / "squeezenet1_0.safetensors"
EMBEDDED = ASSETS / "resnet_cifar10.safetensors"


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def narrow(seed: int = 0, dtype: torch.dtype = torch.float64) -> Stages:
    """A small ResNet in eval mode whose batch norms have seen data of their own."""
    net = resnet_cifar(widths=(4, 8), blocks=1, classes=6).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    for value in net.state_dict().values():
        if value.is_floating_point():
            low = 0.5 if value.ndim == 1 else -0.5
            value.copy_(torch.rand(value.shape, generator=generator, dtype=dtype) + low)
    return net.eval()


def spread(net: Stages, x: Tensor, count: int) -> list[str]:
    """`count` spatial layers from the first to the last."""
    layers = [row.name for row in net.table(tuple(x.shape)) if row.is_spatial]
    return [layers[i * (len(layers) - 1) // (count - 1)] for i in range(count)]


def assert_equals_captum(net: Stages, x: Tensor, layer: str, targets: list[int]) -> None:
    """Captum's raw map: the gradient's mean over the cells, times the activation, summed over the channels."""
    attr = pytest.importorskip("captum.attr")
    ours = explain(net, x, layer, targets)
    theirs = attr.LayerGradCam(net, net.stages[layer]).attribute(
        x.clone().requires_grad_(), torch.tensor(targets), relu_attributions=False
    )
    expected = theirs.detach()[:, 0]
    scale = float(expected.abs().max())
    assert scale > 0
    torch.testing.assert_close(ours.raw_map(), expected, rtol=0, atol=1e-5 * scale)
    torch.testing.assert_close(ours.map(), expected.relu(), rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("build", [resnet_cifar, *BUILDERS], ids=lambda build: build.__name__)
def test_raw_maps_equal_captum_at_early_middle_and_late_layers(build):
    net = random_network(build)
    x = noise(3, 3, *((16, 20) if build is resnet_cifar else (64, 72)))
    with torch.no_grad():
        best = net(x).argmax(1).tolist()
    for layer in spread(net, x, 4):
        assert_equals_captum(net, x[:1], layer, best[:1])
    assert_equals_captum(net, x, spread(net, x, 4)[2], [best[0], best[1], (best[2] + 1) % 10])


@needs_shared
def test_a_trained_squeezenet_on_photographs_equals_captum():
    entry = REGISTRY["squeezenet1_0"]
    net = load(entry, SQUEEZENET)
    for path in sorted(PHOTOS.glob("*.jpg"))[1:30:28]:
        x = feed(np.asarray(Image.open(path).convert("RGB")), entry.preprocessing).x
        best = explain(net, x, entry.default_layer)
        assert float(best.probabilities.max()) > 0.1
        for layer in ("features.3", "features.7", entry.default_layer, "classifier.1"):
            assert_equals_captum(net, x, layer, best.targets.tolist())


def test_the_embedded_network_equals_captum():
    entry = REGISTRY["resnet_cifar10"]
    net = load(entry, EMBEDDED)
    x = noise(4, 3, 32, 32)
    for layer in ("relu", "layer1.1", "layer2.0", "layer3.0", entry.default_layer):
        assert_equals_captum(net, x, layer, [3, 0, 9, 5])


@pytest.mark.parametrize("build", [vgg11, narrow], ids=lambda build: build.__name__)
def test_a_batch_equals_its_pictures_one_at_a_time(build):
    net = narrow() if build is narrow else random_network(build)
    dtype = next(net.parameters()).dtype
    x = noise(3, 3, 32, 48).to(dtype)
    layer, targets = spread(net, x, 3)[1], [2, 5, 2]
    together = explain(net, x, layer, targets)
    for i in range(3):
        alone = explain(net, x[i : i + 1], layer, targets[i])
        for name in ("scores", "activation", "gradient"):
            expected = getattr(alone, name)[0]
            scale = float(expected.abs().max())
            torch.testing.assert_close(getattr(together, name)[i], expected, rtol=0, atol=1e-5 * scale)
        torch.testing.assert_close(together.map()[i], alone.map()[0], rtol=1e-4, atol=1e-5)


def test_no_picture_and_no_target():
    net = narrow()
    assert explain(net, torch.zeros(0, 3, 8, 8, dtype=torch.float64), "layer2.0").map().shape == (0, 4, 4)
    x = noise(3, 3, 8, 8).double()
    result = explain(net, x, "layer2.0")
    assert torch.equal(result.scores, net(x))
    assert torch.equal(result.targets, net(x).argmax(1))
    torch.testing.assert_close(result.probabilities, net(x).exp() / net(x).exp().sum(1, keepdim=True))


@pytest.mark.parametrize("layer", ["conv1", "relu", "layer1.0", "layer2.0"])
def test_the_gradient_equals_finite_differences_of_the_score(layer):
    net = narrow()
    result = explain(net, noise(1, 3, 8, 8).double(), layer, 4)
    flat, step = result.activation.flatten(), 1e-7
    for cell in torch.randperm(flat.numel(), generator=torch.Generator().manual_seed(1))[:20].tolist():
        moved = torch.stack([flat, flat])
        moved[0, cell] += step
        moved[1, cell] -= step
        with torch.no_grad():
            scores = net.run(moved.view(2, *result.activation.shape[1:]), after=layer)[:, 4]
        slope = float(scores[0] - scores[1]) / (2 * step)
        assert float(result.gradient.flatten()[cell]) == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_behind_a_pool_and_linear_head_gradcam_is_cam_and_hirescam_and_shares_out_the_score():
    net = narrow()
    x, targets = noise(2, 3, 12, 8).double(), [1, 3]
    result = explain(net, x, "layer2.0", targets)
    cells = result.activation.shape[2] * result.activation.shape[3]
    weight, bias = net.get_parameter("fc.weight")[targets].detach(), net.get_parameter("fc.bias")[targets].detach()
    cam = torch.einsum("nk,nkij->nij", weight, result.activation)  # Zhou et al., arXiv 1512.04150, equation 2
    torch.testing.assert_close(result.alpha, weight / cells)
    torch.testing.assert_close(result.raw_map(), cam / cells)
    torch.testing.assert_close(result.raw_map("hirescam"), cam / cells)
    torch.testing.assert_close(result.map(), cam.relu() / cells)
    score = result.scores.gather(1, result.targets[:, None])[:, 0]
    torch.testing.assert_close(result.raw_map().sum((1, 2)), score - bias)


def test_classes_can_be_switched_without_a_new_pass():
    net, x = narrow(), noise(2, 3, 8, 8).double()
    passed = trace(net, x, "layer1.0")
    for targets in ([0, 5], 3, None, [0, 5]):
        again, fresh = passed.explain(targets), explain(net, x, "layer1.0", targets)
        assert torch.equal(again.targets, fresh.targets)
        assert torch.equal(again.gradient, fresh.gradient)
        assert torch.equal(again.map("layercam"), fresh.map("layercam"))


def test_the_gradient_of_a_probability_mixes_in_all_classes():
    """dp_c/dA = p_c (dy_c/dA - sum_j p_j dy_j/dA)."""
    net = narrow()
    passed = trace(net, noise(2, 3, 8, 8).double(), "layer2.0")
    p = passed.scores.detach().softmax(1)
    every = [passed.explain(c).gradient for c in range(p.shape[1])]
    mean = sum(p[:, c, None, None, None] * g for c, g in enumerate(every))
    found = passed.explain(1, of="probability")
    torch.testing.assert_close(found.gradient, p[:, 1, None, None, None] * (every[1] - mean))
    torch.testing.assert_close(found.scores, passed.scores.detach())


@pytest.mark.parametrize("frozen", [True, False])
def test_nothing_is_left_behind(frozen):
    net, x = narrow().requires_grad_(not frozen), noise(1, 3, 8, 8).double()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    kept = x.clone()
    result = explain(net, x, "layer1.0", 2)
    result.map("gradcam++")
    for name, module in net.named_modules():
        hooks = [key for key, value in vars(module).items() if "hook" in key and isinstance(value, dict) and value]
        assert not hooks, name
    for parameter in net.parameters():
        assert parameter.grad is None
        assert parameter.requires_grad is not frozen
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not net.training
    assert torch.is_grad_enabled()
    assert torch.equal(x, kept)
    assert not x.requires_grad
    assert not any(t.requires_grad for t in (result.scores, result.activation, result.gradient, result.map()))


def test_the_callers_picture_is_not_turned_into_the_leaf():
    """A first stage that hands its input on must not make the caller's tensor require a gradient."""
    head = {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}
    net, x = Stages({"nothing": nn.Identity(), **head}).eval(), noise(1, 3, 4, 4)
    trace(net, x, "nothing")
    assert not x.requires_grad


def test_a_caller_that_wants_no_graph_gets_the_same_maps():
    net, x = narrow(), noise(1, 3, 8, 8).double()
    expected = explain(net, x, "layer1.0", 1)
    with torch.no_grad():
        assert torch.equal(explain(net, x, "layer1.0", 1).gradient, expected.gradient)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("layer", "targets", "error", "said"),
    [
        ("layer9", 0, KeyError, "no stage named 'layer9'; the stages are conv1, bn1, relu"),
        ("flatten", 0, ValueError, r"stage 'flatten' gives \(2, 8\); expected feature maps"),
        ("layer2.0", [1], ValueError, "one target for each of 2 pictures; got 1"),
        ("layer2.0", [1, 2, 3], ValueError, "one target for each of 2 pictures; got 3"),
        ("layer2.0", [], ValueError, "one target for each of 2 pictures; got 0"),
        ("layer2.0", [0, 6], ValueError, r"classes 0 to 5; got \[0, 6\]"),
        ("layer2.0", -1, ValueError, r"classes 0 to 5; got \[-1, -1\]"),
    ],
)
def test_what_cannot_be_explained_is_refused(layer, targets, error, said):
    net, x = narrow(), noise(2, 3, 8, 8).double()
    with pytest.raises(error, match=said):
        explain(net, x, layer, targets)
    assert torch.is_grad_enabled()


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match=r"eval mode \(net\.eval\(\)\); got one in training mode"):
        explain(narrow().train(), noise(1, 3, 8, 8).double(), "layer2.0")


THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import torch
from core.cam import METHODS, explain, trace
from tests.cam.test_explain import narrow, noise

torch.set_num_threads(1)  # one order of summation
net, x = narrow(dtype=torch.float32), noise(1, 3, 32, 32)
passed = trace(net, x, "layer1.0")
barrier = Barrier(8)

def maps(result):
    return torch.stack([result.raw_map(method) for method in METHODS])

def alone(thread, c):
    return maps(explain(net, noise(1, 3, 32, 32, seed=thread), "relu" if thread % 2 else "layer2.0", c))

def shared(thread, c):
    return maps(passed.explain((thread + c) % 6))

for work in (alone, shared):
    def run(thread):
        barrier.wait()
        return [work(thread, c) for c in range(6) for _ in range(10)]
    serial = [[work(thread, c) for c in range(6) for _ in range(10)] for thread in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, range(8)))
    assert all(torch.equal(a, b) for i in range(8) for a, b in zip(serial[i], together[i], strict=True)), work
print("identical")
"""


def test_eight_threads_share_a_network_and_a_trace():
    """In a process of its own, so that a crash fails this test instead of ending them all."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        cwd=ASSETS.parent,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "identical\n"), done.stderr[-2000:]
