"""Every derivation: each step holds, and none holds when its right side is disturbed."""

import pytest

from core.derivations.catalogue import CATALOGUE
from pages.ui.menu import lessons
from tests.derivations.disturb import disturbed


@pytest.mark.parametrize("slug", CATALOGUE)
def test_each_step_holds(slug: str):
    derivation = CATALOGUE[slug].build()
    assert derivation.title
    assert derivation.holds.endswith(".")
    assert derivation.source
    for number, step in enumerate(derivation.steps, 1):
        verdict = step.verify()
        expected = {"definition": "defined", "samples": "sampled", "core": "sampled"}.get(step.check.kind, "proved")
        assert verdict.status == expected, f"step {number}, {step.latex}: {verdict}"
        assert verdict.difference is None
        assert step.why
        assert step.latex


@pytest.mark.parametrize("slug", CATALOGUE)
def test_no_step_holds_when_it_is_disturbed(slug: str):
    for number, step in enumerate(CATALOGUE[slug].build().steps, 1):
        if step.check.kind == "definition":
            continue
        for how, wrong in disturbed(step):
            verdict = wrong.verify()
            assert verdict.status == "failed", f"step {number}, {how}, {wrong.latex}: {verdict}"
            assert verdict.difference is not None


def test_every_derivation_is_shown_on_a_page_that_exists():
    assert {entry.page for entry in CATALOGUE.values()} <= lessons().keys()
