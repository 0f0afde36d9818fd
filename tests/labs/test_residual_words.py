"""Sentences about residual networks, held against their results, also where these are 0."""

import re
from dataclasses import replace

import pytest

from core.labs import residual, residual_words


@pytest.mark.parametrize("field", list(residual.FIELDS))
@pytest.mark.parametrize("h", [1.0, 0.25, 1 / 64])
@pytest.mark.parametrize("start", [-2.0, -1.0, 0.0, 1.0, 2.0])
def test_the_block_misses_what_the_words_say(field: str, h: float, start: float):
    block = residual.one_block(residual.BlockParams(field, start, h))
    steps = " ".join(residual_words.block_steps(block))
    assert "-0.00000" not in steps
    assert "differ by" not in steps  # the same arithmetic, digit for digit
    assert "the same number, to the last digit" in steps
    if block.expected:
        (ratio,) = re.findall(r"It misses (-?[\d.]+) times that", steps)
        assert float(ratio) == pytest.approx(block.missed / block.expected, abs=0.005)
        assert ("Choose a smaller" in steps) == (abs(block.missed / block.expected - 1) >= 0.05)
    else:
        assert ("nothing is missed" in steps) == (block.missed == 0)
        assert ("first term is 0" in steps) == (block.missed != 0)


def test_networks_and_solver_that_differ_are_said_to():
    result = residual.compare(residual.Params("wave", 3))
    assert "give the same states, to the last digit" in residual_words.about_crossings(result)
    assert "differ by at most 3e-09 in" in residual_words.about_crossings(replace(result, against_solver=3e-9))


def test_a_zero_has_no_digits():
    assert residual_words.powers(0.0) == residual_words.powers(-0.0) == "0"
