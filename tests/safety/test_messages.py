"""Raw messages with values past the widgets' bounds: every page takes them, says so where it matters, and goes on."""

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from pages.ui.menu import lessons
from tests.app_server import running_app
from tests.safety.wire import raised, state, wire

TEXTS = [
    "",
    " ",
    "x" * 20_000,
    "no such option",
    "<img src=x onerror=alert(1)>",
    "\0",
    "٣",
    "1e999",
    "$\\infty$",
    "*" * 99,
]
NUMBERS = [1e308, -1e308, math.nan, math.inf, -math.inf, 1e-320, -1.0, 0.5, 2.0**53]
PICKS: list[Any] = [
    {"pick": [1e308, -1e308, 1]},
    {"pick": [math.nan, math.inf, None, True]},
    {"pick": "here"},
    {"pick": []},
    {"move": ["", 10**9, math.nan, 0, 0]},
    {"move": [None, -1, "x"]},
    {"answers": {"x": [1]}, "pick": {"0": 1}},
    {"answers": 3},
    [],
    "text",
    None,
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_app() as address:
        yield address


def hostile(kind: str, proto: Any, chance: random.Random) -> Any:
    """A value that the widget would not give."""
    match kind:
        case "slider" if proto.options:
            return [chance.choice(TEXTS) for _ in proto.default]
        case "slider":
            return [chance.choice(NUMBERS) for _ in proto.default]
        case "number_input":
            return chance.choice(NUMBERS)
        case "multiselect" | "button_group":
            return [chance.choice(TEXTS) for _ in range(chance.choice([0, 1, 9]))]
        case "checkbox" | "button":
            return True
        case "bidi_component":
            return chance.choice(PICKS)
    return chance.choice(TEXTS)


def attack(address: str, slug: str, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    with wire(address, "" if slug == "home" else slug) as session:
        assert raised(session.run()) == []
        for _ in range(rounds):
            states = [
                state(name, kind, hostile(kind, proto, chance))
                for name, (kind, proto) in session.widgets.items()
                # A button now and then: all at once would start all that the page can start.
                if kind != "button" or chance.random() < 0.1
            ]
            assert raised(session.run(states)) == []


@pytest.mark.parametrize("slug", ["layers", "layer-calculator", "network-builder", "solver-lab", "gradcam", "scenes"])
def test_values_past_all_bounds_raise_nothing(address: str, slug: str):
    attack(address, slug, seed=1, rounds=1)


@pytest.mark.slow
@pytest.mark.parametrize("slug", lessons())
def test_many_values_past_all_bounds_raise_nothing(address: str, slug: str):
    attack(address, slug, seed=2, rounds=12)
