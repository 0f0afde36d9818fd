"""Widgets of the lesson on the adjoint method -> what is solved, which derivation is shown, and how far."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import streamlit as st

from core.derivations.adjoint import BREAKS
from core.derivations.catalogue import CATALOGUE
from core.expression import MAX_LENGTH, VectorField
from core.figures import adjoint as figures
from core.labs import adjoint, adjoint_cases, adjoint_nudge, adjoint_open, adjoint_words
from core.labs.adjoint_cases import CASES, OWN_PARAMETER, Case
from core.labs.adjoint_words import ALGORITHM
from core.labs.systems import Parameter
from core.sources import source
from pages.ui import cached, derivations, exercise, share, show, stepper
from pages.ui.components.scenes import show_scenes

SLUGS = tuple(slug for slug, entry in CATALOGUE.items() if entry.page == "adjoint-method")
ANY, SCREEN = "any", "screen"


@dataclass(frozen=True)
class Choice:
    """What a learner chose in the first section, and what came of it; the field is the one that was solved."""

    name: str
    field: VectorField
    params: adjoint.Params
    run: adjoint.Run
    handle: str


def choose() -> Choice:
    """Field, its parameters, start, target and end: solved; what cannot be solved leaves the last good one."""
    first, second = st.columns(2, gap="large")
    with first:
        name = share.select("Field f", list(CASES), "pendulum", lambda key: CASES[key].title, "a_field")
        case = CASES[name]
        field = _formulas(name, case)
        t1 = share.slider("End $t_1$; the start is at $t_0 = 0$", 0.5, case.longest, case.time, 0.25, f"a_{name}_t1")
        handle = share.select("The handle in the picture moves the", ["start", "target"], "start", str, "a_handle")
    with second:
        values = _parameters(name, case, field)
        start = _place("Start", "s", name, case, case.start)
        target = _place("Target", "g", name, case, case.target)
    formulas = tuple(component.text for component in field.components)
    wanted = adjoint.Params(formulas, tuple(values.items()), case.box, start, target, round(t1, 6))
    good = f"_a_good_run_{name}"
    run = cached.run(adjoint.run, wanted)
    if isinstance(run, adjoint.Failed):
        show.notices(f"{run.message}. The pictures stay with the last that worked.")
        wanted = st.session_state.get(good) or _first(name)
        run = _solved(wanted)
    st.session_state[good] = wanted
    solved = cached.run(adjoint_cases.read, wanted.formulas).field  # not what was typed, if that could not be solved
    assert solved is not None
    return Choice(name, solved, wanted, run, handle)


def _first(name: str) -> adjoint.Params:
    """The gallery's own problem, which always works."""
    case = CASES[name]
    values = {parameter.name: parameter.default for parameter in case.parameters}
    field = adjoint_cases.read(case.formulas).field
    assert field is not None
    values |= {known: OWN_PARAMETER.default for known in field.parameters if known not in values}
    return adjoint.Params(case.formulas, tuple(values.items()), case.box, case.start, case.target, case.time)


def mover(choice: Choice) -> Callable[[float, float], None]:
    """What a move in the picture does: both number fields of the start, or of the target, follow."""
    letter = "g" if choice.handle == "target" else "s"

    def move(x: float, y: float) -> None:
        for index, (value, (low, high)) in enumerate(zip((x, y), choice.params.box, strict=True), 1):
            st.session_state[f"a_{choice.name}_{letter}{index}"] = min(max(round(value, 2), low), high)

    return move


def show_plane(choice: Choice, nudge: tuple[float, float] | None) -> adjoint_nudge.Nudge | None:
    """The plane with the adjoint; with a length and a direction, also the moved start and what became of it."""
    given = (choice.params, choice.handle, *(nudge or (0.0, 0.0)))
    view = cached.run(_view, *given)
    show_scenes(
        cached.draw(figures.plane_scenes, _view, *given),
        key="a_plane",
        clock=figures.backwards_frames(choice.run),
        on_pick=mover(choice),
    )
    show.notices(view.message or None)
    return view.nudge


def arrows_in_words(run: adjoint.Run) -> str:
    """How the arrows are drawn."""
    return adjoint_words.about_arrows(run, figures.scale(run))


def _view(params: adjoint.Params, handle: str, length: float, degrees: float) -> adjoint_nudge.View:
    run = _solved(params)
    if not length:
        return adjoint_nudge.View(run, handle)
    nudge = adjoint_nudge.nudge(run, length, degrees)
    if isinstance(nudge, adjoint.Failed):
        return adjoint_nudge.View(run, handle, message=f"{nudge.message}.")
    return adjoint_nudge.View(run, handle, nudge)


def _solved(params: adjoint.Params) -> adjoint.Run:
    run = cached.run(adjoint.run, params)
    assert isinstance(run, adjoint.Run)  # only such are kept
    return run


def choose_nudge() -> tuple[float, float]:
    """Length and direction of the start's move."""
    left, right = st.columns(2)
    with left:
        degrees = share.slider(r"Direction of $\delta z$ (degrees, 0 is to the right)", 0, 355, 60, 5, "a_angle")
    with right:
        length = share.slider(r"Length of $\delta z$", 0.02, 0.5, 0.1, 0.02, "a_length")
    return round(length, 4), float(degrees)


@dataclass(frozen=True)
class Proof:
    """A derivation of the page, and for what it is run."""

    slug: str
    n: int = 2
    m: int = 1
    formulas: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[object, ...]:
        """What a derivation for a chosen f is built from."""
        return self.n, self.m, self.formulas

    @property
    def arguments(self) -> tuple[object, ...]:
        """Of its builder; those that cannot be broken have an f of their own."""
        return self.size if self.slug in BREAKS else ()

    @property
    def breaks(self) -> dict[str, str]:
        """Mistakes that can be put into it: name -> what is done wrong."""
        known = BREAKS.get(self.slug, ())
        return {one.name: one.says for one in known if self.n >= one.least_n and self.m >= one.least_m}


def choose_proof(choice: Choice) -> Proof:
    """Which derivation, and for which f."""
    titles = cached.run(adjoint_open.titles, SLUGS)
    slug = share.select("Derivation", SLUGS, SLUGS[0], titles.__getitem__, "a_proof")
    if slug not in BREAKS:
        return Proof(slug)
    first, second, third = st.columns([2, 1, 1])
    with first:
        names = {ANY: "any smooth f", SCREEN: "the f of section 1"}
        kind = share.select("Run it on", list(names), ANY, names.__getitem__, "a_kind")
    if kind == SCREEN:
        st.latex(choice.field.latex)
        return Proof(slug, 2, len(choice.params.values), choice.params.formulas)
    with second:
        n = int(share.slider("States n", 1, 3, 2, 1, "a_n"))
    with third:
        m = int(share.slider("Parameters m", 0, 2, 1, 1, "a_m"))
    return Proof(slug, n, m, ())


def show_proof(proof: Proof) -> None:
    """The steps as they are, or with a mistake that the learner puts in, once they said what it will do."""
    breaks = proof.breaks
    says = {"": "nothing: every step as it should be", **breaks}
    mistake = share.select("Break it", list(says), "", says.__getitem__, f"a_break_{proof.slug}") if breaks else ""
    with st.spinner("Every step is being checked"):
        report = derivations.report(proof.slug, *proof.arguments, coloured=True)
    key = f"a_{proof.slug}"
    if not mistake:
        stepper.step_through(key, report)
        return
    checked = [f"step {number}" for number, step in enumerate(report.steps, 1) if step.status != "defined"]
    question = f"{breaks[mistake]} **Which step will no longer check?**"
    guess = exercise.predict(question, [*checked, adjoint_words.NO_STEP], key=f"a_guess_break {proof.slug} {mistake}")
    if guess is None:
        stepper.step_through(key, report)
        return
    with st.spinner("Every step is being checked"):
        broken = derivations.report(proof.slug, *proof.arguments, mistake, coloured=True)
    guess.reveal(adjoint_words.about_break(broken, guess))
    first = next((i for i, step in enumerate(broken.steps) if step.status == "failed"), 0)
    if first:
        with st.expander(f"Steps 1 to {first}, which still hold"):
            stepper.show_steps(broken.steps[:first])
    stepper.show_steps(broken.steps[first:], first + 1)


def show_block(proof: Proof) -> None:
    """The block Jacobian of the augmented field, closed, or opened to its entries."""
    closed, opened = cached.run(adjoint_open.places, "adjoint-augmented", proof.size)
    steps = derivations.report("adjoint-augmented", *proof.size, coloured=True).steps
    derivations.show_formula(steps[opened if share.toggle("Open the blocks", False, "a_open") else closed])


def show_algorithm() -> None:
    """The algorithm in words beside the code that carries it out."""
    words, code = st.columns([5, 8], gap="medium")
    words.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(ALGORITHM, 1)))
    with code:
        st.code(_code(), language="python", wrap_lines=True)


@cache
def _code() -> str:
    return "\n".join(map(source, (adjoint.adjoint_method, adjoint.augmented, adjoint.leaf)))


def show_blocks(choice: Choice) -> None:
    """The blocks of the backward solve, drawn from t1 down to t0."""
    scenes = cached.draw(figures.block_scenes, _solved, choice.params)
    show_scenes(scenes, key="a_blocks", clock=figures.backwards_clock(choice.run), height=250)


def _formulas(name: str, case: Case) -> VectorField:
    """The field; one's own as typed if it can be used, else what is wrong is shown and the last good one holds."""
    typed = case.formulas
    if name == "own":
        typed = tuple(
            share.text(f"$f_{index}$ =", formula, MAX_LENGTH, f"a_own_{index}")
            for index, formula in enumerate(case.formulas, 1)
        )
        st.caption(
            "Of `z1`, `z2` and `t`; every other letter is a parameter, at most "
            f"{adjoint_cases.MOST_PARAMETERS}. It should be smooth: `sin`, `tanh`, `exp`, `z1^2` are, `abs` is not."
        )
    reading = cached.run(adjoint_cases.read, typed)
    if reading.field is not None:
        st.session_state[f"_a_good_{name}"] = typed
        return reading.field
    st.error("This f cannot be used; everything stays with the last good one.", icon=":material/error:")
    st.code("\n".join(filter(None, (reading.pointed, reading.message))), language=None, wrap_lines=True)
    kept = cached.run(adjoint_cases.read, st.session_state.get(f"_a_good_{name}", case.formulas)).field
    assert kept is not None  # it could be used before
    return kept


def _parameters(name: str, case: Case, field: VectorField) -> dict[str, float]:
    known = {parameter.name: parameter for parameter in case.parameters}
    values = {}
    columns = st.columns(max(len(field.parameters), 1))
    for column, parameter in zip(columns, field.parameters, strict=False):
        with column:
            values[parameter] = _slider(name, parameter, known.get(parameter, OWN_PARAMETER))
    return values


def _slider(name: str, letter: str, of: Parameter) -> float:
    label = f"`{letter}`: {of.says}"
    return round(share.slider(label, of.low, of.high, of.default, of.step, f"a_{name}_p_{letter}"), 6)


def _place(word: str, letter: str, name: str, case: Case, default: tuple[float, float]) -> tuple[float, float]:
    symbol = "z_{%d}(t_0)" if letter == "s" else "z^*_{%d}"
    values = []
    for index, (column, (low, high)) in enumerate(zip(st.columns(2), case.box, strict=True), 1):
        with column:
            label, key = f"{word} ${symbol % index}$", f"a_{name}_{letter}{index}"
            values.append(round(share.number(label, low, high, default[index - 1], 0.1, key, format="%.2f"), 6))
    return values[0], values[1]
