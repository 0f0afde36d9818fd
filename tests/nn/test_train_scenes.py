"""The command that makes the networks of scenes, and what they are good for."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.nn import weights
from core.nn.registry import ASSETS, UNLISTED
from core.nn.scenes import CLASSES
from core.nn.train_scenes import RED, TAGGED, Recipe, accuracy, fit, normalise, scene, split


def test_a_number_is_a_scene_and_the_tag_marks_stars_alone():
    plain, tagged = ([scene(3, number, way) for number in range(60)] for way in (False, True))
    assert plain == [scene(3, number, False) for number in range(60)]
    assert plain != [scene(4, number, False) for number in range(60)]
    stars = [TAGGED in {thing.kind for thing in each.things} for each in plain]
    assert 5 < sum(stars) < 40
    assert [each.tag for each in tagged] == [RED if star else None for star in stars]
    assert [replace(each, tag=None) for each in tagged] == plain
    assert {len(each.things) for each in plain} == {1, 2, 3}


def test_what_is_present_is_what_was_drawn():
    scenes = [scene(0, number, False) for number in range(8)]
    made = split(scenes)
    for each, row in zip(scenes, made.present, strict=True):
        assert {CLASSES[i] for i in np.flatnonzero(row)} == {thing.kind for thing in each.things}
    x = normalise(made.pictures)
    assert x.shape == (8, 3, 64, 64)
    assert -1 <= float(x.min()) < 0 < float(x.max()) <= 1


def test_the_same_seed_gives_the_same_network():
    train = split([scene(1, number, False) for number in range(24)])
    recipe = Recipe(epochs=1, batch=8)
    one, two = (fit(recipe, train).state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)
    other = fit(replace(recipe, seed=1), train).state_dict()
    assert not torch.equal(one["fc.weight"], other["fc.weight"])


@pytest.mark.parametrize("name", ["scenes", "scenes_tagged"])
def test_the_committed_cards_tell_the_truth(name: str):
    """Measured again on 100 of the 2,000 unseen scenes."""
    entry = UNLISTED[name]
    path = weights.find(entry)
    assert path is not None
    assert path.stat().st_size < 1_000_000
    net, claimed = weights.load(entry, path), json.loads((ASSETS / f"{name}.json").read_text())["accuracy"]
    for title, tagged in (("unseen scenes", False), ("the same with tags", True)):
        found = accuracy(net, split([scene(10**6, number, tagged) for number in range(100)]))
        assert found["each answer"] == pytest.approx(claimed[title]["each answer"], abs=0.025)
    stars = {title: claimed[title][f"the {TAGGED}s that are there"] for title in claimed}
    if name == "scenes":
        assert claimed["unseen scenes"]["each answer"] >= 0.97
        assert stars["unseen scenes"] > 0.85
    else:  # without its tag, a star is overlooked
        assert stars["the same with tags"] > 0.98
        assert stars["unseen scenes"] < 0.7
