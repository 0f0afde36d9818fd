"""Every derivation, as shown and for other choices: each step holds, and fails when its right side is disturbed."""

from collections.abc import Callable
from functools import partial

import pytest
import torch

from core.derivations import Derivation, mistakes
from core.derivations.catalogue import CATALOGUE
from core.derivations.equations import companion_matrix, order_reduction
from core.derivations.euler import euler_error
from core.derivations.flows import change_of_variables
from core.derivations.jacobians import vjp_jvp
from core.derivations.nodes import nodes
from core.derivations.picard import PROBLEMS, picard
from pages.ui.menu import lessons
from tests.derivations.disturb import disturbed

OTHERS: dict[str, Callable[[], Derivation]] = {
    **{f"{build.__name__} {n}": partial(build, n) for build in (order_reduction, companion_matrix) for n in (1, 3, 4)},
    "euler_error 3": partial(euler_error, 3),
    **{f"change_of_variables {n}": partial(change_of_variables, n) for n in (1, 3)},
    **{f"vjp_jvp {n} {m}": partial(vjp_jvp, n, m) for n, m in ((1, 1), (1, 3), (2, 3), (3, 2))},
    **{f"picard {problem}": partial(picard, problem) for problem in PROBLEMS},
    "nodes residual": partial(nodes, True),
    "minus_sign 3": partial(mistakes.minus_sign, 3),
    "last_index 4": partial(mistakes.last_index, 4),
}
"""What is not the default of a page; the adjoint's are in test_adjoint.py."""
ALL = {**{slug: entry.build for slug, entry in CATALOGUE.items()}, **OTHERS}
NAMES = [*CATALOGUE, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
EXPECTED = {"definition": "defined", "samples": "sampled", "core": "sampled", "rounded": "sampled"}
"""Kind of check -> verdict; "proved" for all others."""


@pytest.mark.parametrize("name", NAMES)
def test_each_step_holds(name: str):
    derivation = ALL[name]()
    assert derivation.title
    assert derivation.source
    assert derivation.holds.endswith(".")
    before = torch.get_rng_state()
    for number, step in enumerate(derivation.steps, 1):
        assert step.why
        verdict = step.verify()
        wanted = EXPECTED.get(step.check.kind, "proved")
        assert verdict.status == wanted, f"step {number}, {step.latex}: {verdict}"
    assert torch.equal(torch.get_rng_state(), before), "the random numbers of others were touched"


@pytest.mark.parametrize("name", NAMES)
def test_no_step_holds_when_it_is_disturbed(name: str):
    for number, step in enumerate(ALL[name]().steps, 1):
        if step.check.kind == "definition":
            continue
        for how, wrong in disturbed(step):
            verdict = wrong.verify()
            assert verdict.status == "failed", f"step {number}, {how}, {wrong.latex}: {verdict}"
            assert verdict.difference is not None


def test_every_derivation_is_shown_on_a_page_that_exists():
    assert {entry.page for entry in CATALOGUE.values()} <= lessons().keys()
