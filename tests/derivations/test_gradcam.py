"""Grad-CAM's formulas: what they are held against is core's, and common slips fail."""

from dataclasses import replace
from random import Random

import pytest
import sympy
import torch

from core.derivations import Matches
from core.derivations import gradcam as cam
from core.derivations import gradcam_heads as heads
from core.derivations import gradcam_nodes as nodes


@pytest.mark.parametrize(
    ("seed", "maps", "rows", "columns", "target"), [(0, 1, 1, 1, 1), (3, 4, 3, 2, 2), (4, 2, 2, 3, 3)]
)
def test_the_letters_have_the_values_of_core(seed: int, maps: int, rows: int, columns: int, target: int):
    told = nodes.explained(seed, maps, rows, columns, target)
    torch.testing.assert_close(nodes.slopes(seed, maps, rows, columns, target), told.gradient[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(nodes.features(seed, maps, rows, columns), told.activation[0])
    setting = [sympy.Integer(number) for number in (seed, maps, rows, columns, target)]
    alpha = sympy.N(nodes.Alpha(*setting, sympy.Integer(maps)))
    assert float(alpha) == pytest.approx(float(told.alpha[0, -1]), abs=1e-6)


def test_the_sum_is_carried_out_at_numbers_and_printed_before():
    i, j, n = sympy.symbols("i j n", integer=True)
    total = nodes.Total(10 * i + j, (i, 1, n), (j, 1, 2))
    assert float(sympy.N(total.subs(n, 3))) == sum(10 * a + b for a in (1, 2, 3) for b in (1, 2))
    mean = nodes.Mean(10 * i + j, (i, 1, n), (j, 1, 2))
    assert float(sympy.N(mean.subs(n, 3))) == float(sympy.N(total.subs(n, 3))) / 6
    assert sympy.latex(mean).startswith(r"\frac{1}{2 n} \sum_{i=1}^{n} \sum_{j=1}^{2}")


def test_the_map_is_sampled_on_both_sides_of_the_relu():
    """Else a map without it would pass."""
    step = cam.gradcam_weights().steps[-1]
    assert isinstance(step.check, Matches)
    without = replace(step, rhs=step.rhs.args[0])
    assert without.verify().status == "failed"
    random, sampled = Random(step.check.sampled.seed), step.check.sampled
    values = [step.check.compute(sampled.drawn(random, set())) for _ in range(sampled.samples)]
    assert 0 in values
    assert max(values) > 0.01


@pytest.mark.parametrize("wrong", ["sum", "without the mean"])
def test_common_slips_fail(wrong: str):
    """The gradient added up, not averaged; one cell's gradient alone."""
    step = cam.gradcam_weights().steps[0]
    cells = cam.rows * cam.columns
    rhs = {"sum": step.rhs * cells, "without the mean": nodes.Slope(*cam.SETTING, cam.k, cam.i, cam.j)}[wrong]
    assert replace(step, rhs=rhs).verify().status == "failed"


def test_gradcam_itself_is_not_complete_where_the_gradient_varies():
    """The step about any network: dropping its last term fails."""
    step = next(step for step in heads.gradcam_completeness().steps if isinstance(step.rhs, sympy.MatAdd))
    for term in step.rhs.args:
        assert replace(step, rhs=term).verify().status == "failed"
