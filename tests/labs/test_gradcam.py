"""The words and choices that go with a result."""

import numpy as np
import pytest
import torch

from core.cam import Explanation, trace
from core.labs import gradcam, gradcam_words
from core.nn import weights
from core.nn.preprocess import Preprocessing, feed
from core.nn.registry import REGISTRY, Pretrained
from core.nn.resnet import resnet_cifar
from core.nn.squeezenet import squeezenet1_1
from core.samples import SAMPLES

ENTRY = REGISTRY["resnet_cifar10"]
IMAGENET = REGISTRY["squeezenet1_1"]


def of_scores(*scores: float) -> gradcam.Answer:
    values = torch.tensor(scores)
    return gradcam.Answer(values.numpy(), values.softmax(0).numpy())


def explanation(activation: torch.Tensor, gradient: torch.Tensor, score: float = 1.0) -> Explanation:
    """One picture, class 1 of ten, with given feature maps."""
    scores = torch.zeros(1, 10)
    scores[0, 1] = score
    return Explanation("layer3.1", torch.tensor([1]), scores, activation[None], gradient[None])


def test_the_best_classes_come_first_and_ties_in_order():
    assert of_scores(0.0, 3.0, 1.0, 3.0).best(3) == [1, 3, 2]
    assert gradcam.rival(of_scores(0.0, 3.0, 1.0), 1) == 2
    assert gradcam.rival(of_scores(0.0, 3.0, 1.0), 0) == 1


def test_a_weak_answer_is_called_weak_and_names_what_the_network_knows():
    weak, clear = of_scores(*[0.1] * 10), of_scores(9.0, *[0.0] * 9)
    assert "no clear answer" in gradcam_words.about_verdict(ENTRY, weak)
    said = gradcam_words.about_answer(ENTRY, weak) or ""
    assert all(name in said for name in ENTRY.classes)
    assert "ImageNet" in said
    assert gradcam_words.about_answer(ENTRY, clear) is None
    assert "says **airplane**, with a probability of 100%" in gradcam_words.about_verdict(ENTRY, clear)
    assert "1,000 kinds" in (gradcam_words.about_answer(IMAGENET, of_scores(*[0.0] * 1000)) or "")


def test_a_blank_map_is_explained():
    shape = (3, 4, 4)
    against = explanation(torch.ones(shape), -torch.ones(shape))
    assert "at most -3" in (gradcam_words.about_map(ENTRY, against, "gradcam") or "")
    assert gradcam_words.about_map(ENTRY, against, "counter") is None
    nothing = explanation(torch.ones(shape), torch.zeros(shape), score=0.0)
    said = gradcam_words.about_map(ENTRY, nothing, "gradcam") or ""
    assert "exactly 0" in said
    assert "blank map is right" in said


def test_squeezenet_has_scores_of_exactly_0_and_the_page_says_so():
    """Its head ends in a ReLU: with a strongly negative bias every class's score is 0 and no gradient flows."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = squeezenet1_1().eval().requires_grad_(False)
    net.get_submodule("classifier.1").get_parameter("bias").fill_(-1e6)
    result = trace(net, torch.rand(1, 3, 64, 64), "features.12").explain(5)
    assert "ends in a ReLU" in (gradcam_words.about_map(IMAGENET, result, "gradcam") or "")


def test_a_crop_is_never_silent():
    picture = SAMPLES["cat"].read()
    whole = feed(picture.rgb, ENTRY.preprocessing)
    assert gradcam_words.about_crop(picture, whole) is None
    square = feed(picture.rgb, Preprocessing(256, 224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    assert "51%" in (gradcam_words.about_crop(picture, square) or "")


def test_the_gradient_is_called_constant_only_where_it_is():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = resnet_cifar().eval()
    x = torch.rand(1, 3, 32, 32)
    said = {
        layer: gradcam_words.about_gradient(trace(net, x, layer).explain(), "cat")
        for layer in net.stages
        if "layer" in layer
    }
    assert [layer for layer, text in said.items() if "same in every cell" in text] == ["layer3.1"]


@pytest.mark.parametrize(
    ("second", "truth"),
    [
        (torch.eye(4), gradcam_words.SAME),
        (torch.eye(4).flip(0), gradcam_words.ELSEWHERE),
        (-torch.eye(4), gradcam_words.BLANK),
    ],
)
def test_a_prediction_is_marked_by_the_cosine(second: torch.Tensor, truth: str):
    ones = torch.ones(1, 4, 4)
    one, two = explanation(torch.eye(4)[None], ones), explanation(second[None], ones)
    for guess in gradcam_words.PLACES:
        said = gradcam_words.compare(guess, "cat", "dog", one, two, "gradcam")
        assert said.startswith("**Right" if guess == truth else "**Not quite")
        assert truth in said


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=lambda entry: entry.name)
def test_names_are_told_apart(entry: Pretrained):
    assert len(set(entry.classes)) == len(entry.classes)


def test_one_cell_spans_what_the_box_says():
    picture = SAMPLES["cat"].read()
    fed = feed(picture.rgb, ENTRY.preprocessing)
    path = weights.find(ENTRY)
    assert path is not None
    result = trace(weights.load(ENTRY, path), fed.x, ENTRY.default_layer).explain()
    span, reason = gradcam_words.cell_span(fed, result)
    assert span == pytest.approx(451 / 18)
    assert f"{span:.1f}" in reason
    assert np.isclose(span * result.activation.shape[3], 451)
