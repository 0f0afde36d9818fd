"""Back-propagation node by node: values and gradients against central differences, and what is said of them."""

import re
from dataclasses import replace
from math import tanh

import pytest
import torch

from core.derivations.nodes import BACKWARD, FORWARD
from core.expression import parse_field
from core.figures import nodes as figures
from core.figures.theme import GRADIENT
from core.labs import node_words, nodes
from core.labs.nodes import STEPS, WEIGHTS, Params

PLAIN = Params(False, 0.5, 1.2, -0.3, 0.8, 0.1, 1.0)
KINDS = [PLAIN, replace(PLAIN, residual=True)]
FLAT = Params(False, 2.0, 2.0, 2.0, -2.0, -2.0, -2.0)
"""Where both tanh are flat: gradients have powers of ten."""
ids = ["plain", "residual"]


def loss(params: Params, moved: str = "", by: float = 0.0) -> float:
    """By hand, with one node moved after it was computed."""
    v = {name: value + by * (name == moved) for name, value in params.leaves.items()}
    h = v["h_0"]
    for t in (0, 1):
        s = v[f"w_{t}"] * h + v[f"b_{t}"] + by * (moved == f"s_{t}")
        h = h * params.residual + tanh(s) + by * (moved == f"h_{t + 1}")
    return (h - v["y"]) ** 2 / 2


@pytest.mark.parametrize("params", KINDS, ids=ids)
def test_every_gradient_is_that_of_differences(params: Params):
    run = nodes.run(params)
    assert run.values["L"] == pytest.approx(loss(params), rel=1e-14)
    for name in BACKWARD:
        slope = (loss(params, name, 1e-5) - loss(params, name, -1e-5)) / 2e-5
        assert run.gradients[name] == pytest.approx(slope, rel=1e-7), name
    assert {step.status for step in run.report.steps} == {"sampled"}
    assert "at these numbers" in run.report.steps[0].how


@pytest.mark.parametrize("params", [*KINDS, FLAT, replace(FLAT, residual=True)], ids=[*ids, "flat", "flat residual"])
def test_the_numbers_put_in_give_the_number_shown(params: Params):
    run = nodes.run(params)
    for step in range(1, STEPS + 1):
        said = node_words.substituted(run, step)
        assert not re.search(r"\de[+-]?\d", said), said
        *_, inside, end = re.sub(r" ?\\cdot 10\^\{(\S+)\}", r"*10^(\1)", said).split(" = ")
        for latex, typed in ((r"\cdot", "*"), (r"\tfrac12", "0.5*"), (r"\left", ""), (r"\right", "")):
            inside = inside.replace(latex, typed)
        inside = re.sub(r"\\tanh (\S+)", r"tanh(\1)", inside)
        if "partial" in inside:  # a gradient that passes unchanged
            continue
        told, shown = (float(parse_field((part,))(torch.zeros(()), torch.zeros(1), {})) for part in (inside, end))
        assert told == pytest.approx(shown, rel=2e-3), step


def test_a_step_of_descent_is_a_step_against_the_gradient():
    before = nodes.run(PLAIN)
    step = nodes.descend(PLAIN, 0.5)
    moved = replace(PLAIN, **step.moved)
    assert step.after == pytest.approx(loss(moved), rel=1e-14)
    assert step.predicted == pytest.approx(-0.5 * sum(before.gradients[name] ** 2 for name in WEIGHTS))
    small = nodes.descend(PLAIN, 1e-4)
    assert small.after - small.before == pytest.approx(small.predicted, rel=1e-3)


@pytest.mark.parametrize("rate", [0.1, 0.5, 5.0])
def test_one_answer_to_each_prediction_is_right(rate: float):
    for params in KINDS:
        said = [node_words.about_descent(nodes.descend(params, rate), guess) for guess in node_words.LOSS]
        assert sum(text.startswith("**Right") for text in said) == 1
        said = [node_words.about_larger(nodes.run(params), guess) for guess in node_words.LARGER]
        assert sum(text.startswith("**Right") for text in said) == 1


def test_nothing_is_right_where_nothing_differs_or_moves():
    still = Params(False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert node_words.about_descent(nodes.descend(still, 0.5), node_words.LOSS[1]).startswith("**None of these**")
    for guess in node_words.LARGER:
        assert node_words.about_larger(nodes.run(still), guess).startswith("**Neither is larger.**")


def test_a_gradient_along_a_skip_is_seen_and_numbers_fit_their_boxes():
    at_h1 = len(FORWARD) + 1 + BACKWARD.index("h_1")
    colours = [arc["line"]["color"] for arc in figures.graph(nodes.view(KINDS[1], at_h1)).to_dict()["layout"]["shapes"]]
    assert colours[1] == GRADIENT != colours[0]
    (boxes,) = figures.graph(nodes.view(FLAT, STEPS)).to_dict()["data"]
    lines = [re.sub("<[^>]*>", "", line) for text in boxes["text"] for line in text.split("<br>")]
    assert max(map(len, lines)) <= len("-1.3e-07")


def test_the_graph_shows_what_has_been_reached():
    first, last = (nodes.view(KINDS[1], step) for step in (1, STEPS))
    assert "s₀ = 0.3" in figures.alt(first)
    assert "L =" not in figures.alt(first)
    assert figures.alt(last).count("with gradient") == len(BACKWARD)
    assert len(figures.graph(last).layout.shapes) == 2  # pyright: ignore[reportAttributeAccessIssue]  # plotly's
    assert not figures.graph(nodes.view(PLAIN, 0)).layout.shapes  # pyright: ignore[reportAttributeAccessIssue]
