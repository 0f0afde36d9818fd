"""Score-CAM and Ablation-CAM against loops that do what the papers say, one feature map at a time."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core.cam import Explanation, explain
from core.cam.perturbing import ablation_cam, linear_head, most_varying, score_cam
from core.nn.resnet import resnet_cifar
from core.nn.squeezenet import squeezenet1_1
from core.nn.stages import Stages

X = torch.randn(1, 3, 20, 24, generator=torch.Generator().manual_seed(0))


def net() -> Stages:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return resnet_cifar((8, 16), blocks=1).eval()


def explained(layer: str) -> tuple[Stages, Explanation]:
    network = net()
    return network, explain(network, X, layer, 3)


def score(network: Stages, x: Tensor) -> float:
    with torch.no_grad():
        return float(network(x)[0, 3])


def test_score_cam_is_the_softmax_of_masked_scores():
    network, explanation = explained("layer1.0")
    chosen = most_varying(explanation.activation, 5)
    variances = [float(one.var()) for one in explanation.activation[0]]
    assert [variances[k] for k in chosen] == sorted(variances, reverse=True)[:5]
    raw = []
    for k in chosen.tolist():
        mask = F.interpolate(explanation.activation[:, k : k + 1], size=(20, 24), mode="bilinear")
        raw.append(score(network, X * (mask - mask.min()) / (mask.max() - mask.min())))
    expected = torch.zeros(8).index_copy(0, chosen, torch.tensor(raw).softmax(0))
    *parts, last = score_cam(network, X, explanation, chosen, batch=2)
    torch.testing.assert_close(last, expected)
    assert [int((part > 0).sum()) for part in parts] == [2, 4]
    assert float(last.sum()) == pytest.approx(1)


def test_a_flat_feature_map_masks_everything():
    network, explanation = explained("layer1.0")
    explanation.activation[0, 2] = 0.7
    (weights,) = score_cam(network, X, explanation, torch.tensor([2]))
    assert torch.isfinite(weights).all()


def test_ablation_runs_the_tail_with_one_map_at_zero():
    network, explanation = explained("layer1.0")
    *parts, last = ablation_cam(network, explanation, batch=3)
    assert len(parts) == 2
    for k, weight in enumerate(last.tolist()):
        ablated = explanation.activation.clone()
        ablated[0, k] = 0
        with torch.no_grad():
            fallen = float(network.run(ablated, after="layer1.0")[0, 3])
        assert weight == pytest.approx(float(explanation.scores[0, 3]) - fallen, abs=1e-5)


def test_the_closed_form_is_what_the_tail_gives(monkeypatch: pytest.MonkeyPatch):
    network, explanation = explained("layer2.0")
    (closed,) = ablation_cam(network, explanation)
    monkeypatch.setattr("core.cam.perturbing.linear_head", lambda *_: None)
    *_, run = ablation_cam(network, explanation)
    torch.testing.assert_close(closed, run, rtol=1e-4, atol=1e-6)
    # it is Grad-CAM's weight times the sum of the map's cells
    torch.testing.assert_close(closed, explanation.alpha[0] * explanation.activation[0].sum((1, 2)))


def test_only_a_mean_and_a_linear_layer_are_a_linear_head():
    assert linear_head(net(), "layer2.0") is not None
    assert linear_head(net(), "layer1.0") is None
    assert linear_head(squeezenet1_1(), "features.12") is None
