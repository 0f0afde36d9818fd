"""The page of all equations: what it finds and counts, and that no tick comes from anywhere else."""

import re
from itertools import pairwise
from typing import Any

import pytest

from core.derivations.catalogue import CATALOGUE
from core.labs import analytic, every
from pages.ui import cached, derivations
from pages.ui.formulas import on_page, unchecked
from pages.ui.menu import PAGES, lessons
from tests.pages.visiting import SLUGS, open_page, sound, visit, words

Checked = tuple[every.Found, ...]


@pytest.fixture(scope="module")
def checked() -> Checked:
    """All steps, checked."""
    return every.steps({slug: derivations.report(slug) for slug in CATALOGUE})


def boxes(at) -> list[str]:
    return [element.value for element in at.markdown if " · step " in element.value]


def test_all_of_it_can_be_paged_through(checked: Checked):
    at = open_page("every-equation", e_many="200")
    seen = boxes(at)
    for screen in range(2, -(-len(checked) // 200) + 1):
        sound(at.number_input(key="e_screen").set_value(screen).run())
        seen += boxes(at)
    assert [box.split("**")[1] for box in seen] == [one.title for one in checked]


def test_another_search_begins_at_its_first_screen():
    at = open_page("every-equation", e_screen="3")
    assert "Formulas 21 to 30 of" in words(at)
    sound(at.selectbox(key="e_kind").set_value("identity").run())
    assert at.number_input(key="e_screen").value == 1
    assert "Formulas 1 to 10 of" in words(at)
    sound(at.number_input(key="e_screen").set_value(2).run())
    assert "Formulas 11 to 20 of" in words(at)


@pytest.mark.parametrize("kind", every.KINDS)
def test_only_one_kind_of_check(kind: str, checked: Checked):
    at = open_page("every-equation", e_kind=kind)
    expected = [one for one in checked if one.step.kind == kind]
    if expected:
        assert f"of {len(expected)}." in words(at)
        assert at.latex[0].value.strip("$\n ") == expected[0].step.latex
    else:
        assert "Nothing has all of that" in words(at)


def test_a_search_needs_every_word_and_may_find_nothing():
    at = open_page("every-equation", e_words="EULER block")
    assert boxes(at)
    assert all("Euler" in box or "block" in box for box in boxes(at))
    sound(at.text_input(key="e_words").set_value("no-such-thing $$ <b> \\frac").run())
    assert "Nothing has all of that" in words(at)


def test_the_counts_come_after_the_guess(checked: Checked):
    at = open_page("every-equation")
    assert "can be checked" not in words(at)
    sound(at.radio(key="e_guess").set_value(every.SHARES[0]).run())
    counts = every.count(checked)
    exact, rounded = (sum(one.step.kind == kind for one in checked) for kind in ("evaluated", "rounded"))
    told = words(at)
    assert f"{counts['proved']} are proved" in told
    assert f"{exact} of them with exact numbers" in told
    assert f"{counts['sampled']} were only tried: {rounded} on published numbers" in told
    assert f"| proved | {counts['proved']} |" in told


def test_one_check_again():
    at = open_page("every-equation", e_kind="identity")
    sound(next(button for button in at.button if button.label == "Check it again").click().run())
    assert re.search(r"Checked again just now, in \d+ ms: proved\.", words(at))


def test_formulas_without_a_tick_are_listed(checked: Checked):
    at = open_page("every-equation", e_page="gradcam")
    found = {slug: on_page(lesson, every.explanations(checked, slug)) for slug, lesson in lessons().items()}
    told = words(at)
    for slug, lesson in lessons().items():
        assert (f"| {lesson.title} | {len(found[slug])} |" in told) == bool(found[slug])
    assert f"| **all** | **{sum(map(len, found.values()))}** |" in told
    assert "- $Z = h w$" in told  # in the sentence beside a checked step


def test_a_formula_with_a_tick_is_not_among_those_without():
    assert not [formula for formula in unchecked(lessons()["gradcam"]) if formula.made]


def test_unchecked_formulas_are_read_from_all_texts_of_a_page():
    found = {formula.latex for formula in unchecked(lessons()["resnet-to-ode"])}
    assert r"z_{k+1} = z_k + f(z_k, \theta_k)" in found  # in the page
    assert "residual.FIELDS[params.field].latex" in found  # made at run time
    assert "z^{+}" not in found  # no relation


@pytest.mark.parametrize("query", [{"e_screen": "999"}, {"e_screen": "-1"}, {"e_page": "x"}, {"e_words": "x" * 5000}])
def test_bad_links(query: dict[str, str]):
    open_page("every-equation", **query)


def test_ticks_are_drawn_in_one_place_only():
    for path in [*PAGES.rglob("*.py"), *PAGES.parent.glob("core/**/*.py")]:
        if path.name != "derivations.py":
            assert "✓" not in path.read_text(encoding="utf-8"), path


@pytest.fixture(scope="module")
def printed() -> set[str]:
    """Every formula of the engine, as pages print it."""
    steps = [step for entry in CATALOGUE.values() for step in entry.build().steps]
    found = {step.printed(dict(colours)) for step in steps for colours in ((), derivations.COLOURS)}
    for name in analytic.PROBLEMS:
        found |= {step.latex for step in cached.run(analytic.solve_by_formula, name).report.steps}
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_every_tick_on_a_page_belongs_to_a_formula_of_the_engine(slug: str, printed: set[str]):
    at = visit(slug)
    elements: list[Any] = list(at.main)
    for before, element in pairwise(elements):
        if element.type == "caption" and "✓" in element.value:
            assert before.type == "latex"
            assert before.value.strip("$\n ") in printed


def test_check_all_again(monkeypatch: pytest.MonkeyPatch, checked: Checked):
    some = ("order-reduction", "order-tsit5", "gradcam-cam")
    monkeypatch.setattr(every, "CATALOGUE", {slug: CATALOGUE[slug] for slug in some})
    expected = [one for one in checked if one.slug in some]
    work = every.Recheck(len(expected))
    assert work.snapshot().last is None
    while work.done < work.total:
        work.step()
    progress = work.snapshot()
    assert progress.counts == every.count(expected)
    assert progress.bad == ()
    assert progress.last is not None
    assert progress.last.latex == expected[-1].step.latex
    with pytest.raises(StopIteration):
        work.step()


def test_a_step_again_is_the_same(checked: Checked):
    one = next(one for one in checked if one.step.kind == "series")
    again = every.again(one.slug, one.number)
    assert (again.latex, again.status, again.how) == (one.step.latex, one.step.status, one.step.how)
    assert cached.run(every.again, one.slug, one.number).latex == again.latex
