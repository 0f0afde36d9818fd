"""The list of common mistakes, the quiz on them, and how one is settled on the page."""

import streamlit as st

from core.figures import mistakes as figures
from core.labs import mistakes, mistakes_quiz
from core.labs.checked import Checked
from core.labs.mistakes_data import Control, Mistake, Settled
from pages.ui import cached, derivations, exercise, menu, share, sheet, show
from pages.ui.components.scenes import show_scenes

_OPEN, _ANSWERS, _ROUND, _THEME = "m_open", "m_answers", "m_round", "m_theme"
_ALL = "All 22 statements"
_SAID: dict[bool | None, str] = {
    True: "settled; your first guess was right",
    False: "settled; your first guess was not right",
    None: "not settled yet",
}
_ICONS: dict[bool | None, str] = {
    True: ":material/check_circle:",
    False: ":material/cancel:",
    None: ":material/radio_button_unchecked:",
}


def choose() -> int:
    """The list, by theme, with a mark for what has been settled; the number of the open statement."""
    number = _open_number()
    if st.session_state.get(_THEME) != _ALL:
        st.session_state[_THEME] = mistakes.MISTAKES[number - 1].theme
    theme = st.selectbox("Theme", [*mistakes.THEMES, _ALL], key=_THEME, on_change=_enter_theme)
    answers = _answers()
    for one in mistakes.of_theme(theme) or range(1, len(mistakes.MISTAKES) + 1):
        st.button(
            f"{one}. {mistakes.MISTAKES[one - 1].title}",
            key=f"m_list {one}",
            type="primary" if one == number else "secondary",
            icon=_ICONS[answers.get(one)],
            help=_SAID[answers.get(one)],
            width="stretch",
            on_click=_go,
            args=(one,),
        )
    return number


def score() -> None:
    """The running score, and a way to begin again; the first guess counts."""
    number = _open_number()
    guess = st.session_state.get(_guess_key(number))
    if guess is not None:
        right = guess == mistakes_quiz.answer(mistakes.MISTAKES[number - 1], _round())
        _answers().setdefault(number, right)
    st.progress(len(_answers()) / len(mistakes.MISTAKES), mistakes_quiz.score(_answers()))
    if _answers():
        st.button("Begin again, with other versions", key="m_again", on_click=_again)


def quiz(number: int) -> None:
    """One statement: asked, marked, then settled; for a sheet all of them, without what settles them."""
    if sheet.wanted():
        _ask_all()
        return
    mistake, round = mistakes.MISTAKES[number - 1], _round()
    st.caption(f"{mistake.theme}: statement {number} of {len(mistakes.MISTAKES)}")
    st.markdown(f":material/format_quote: {mistakes_quiz.asked(mistake, round)}")
    guess = exercise.predict("Is this true, as it stands?", mistakes_quiz.ANSWERS, key=_guess_key(number))
    if guess is not None:
        guess.reveal(mistakes_quiz.marked(mistake, round, guess))
        _both(mistake)
        _settled(mistake, number, _value(mistake.control, number), "m_settled")
        _lesson(mistake)
    st.button(
        "Next statement",
        key="m_next",
        type="primary" if guess is not None else "secondary",
        on_click=_go,
        args=(mistakes_quiz.following(number, _answers()),),
    )


def _ask_all() -> None:
    for number, mistake in enumerate(mistakes.MISTAKES, 1):
        question = f"{mistakes_quiz.asked(mistake, _round())} **Is this true, as it stands?**"
        guess = exercise.predict(question, mistakes_quiz.ANSWERS, key=_guess_key(number))
        if guess is not None:
            guess.reveal(f"{mistakes_quiz.marked(mistake, _round(), guess)} What is true: {mistake.true}")


def show_all() -> None:
    """Every statement with what settles it, at its first setting."""
    for theme in mistakes.THEMES:
        st.subheader(theme)
        for number in mistakes.of_theme(theme):
            mistake = mistakes.MISTAKES[number - 1]
            st.markdown(f"**{number}. {mistake.title}**")
            _both(mistake)
            _settled(mistake, number, mistake.control.default, f"m_all_{number}")
            st.button("Open it, to move its control", key=f"m_from_all {number}", on_click=_go, args=(number,))


def _both(mistake: Mistake) -> None:
    st.markdown(f":red[Often read:] {mistake.said}\n\n:green[True:] {mistake.true}")


def _value(control: Control, number: int) -> float:
    value = share.slider(control.label, control.low, control.high, control.default, control.step, f"m_v{number}")
    return round(value, 6)


def _settled(mistake: Mistake, number: int, value: float, key: str) -> None:
    """What was run, its numbers, what they say, and the formulas with their verdicts."""
    found = cached.run(mistakes.settle, number, value)
    st.markdown(found.ran)
    if found.table is not None:
        st.markdown(found.table.markdown)
    if found.plot is not None:
        drawn = cached.draw(figures.plot, mistakes.settle, number, value)
        show.figure(drawn, figures.plot_in_words(found), f"{key}_plot")
    if found.grids:
        scenes = cached.draw(figures.maps, mistakes.settle, number, value)
        show_scenes(scenes, key=f"{key}_maps", least_width=220, height=190)
    st.markdown(f"**So:** {found.concludes}")
    _formulas(found)


def _formulas(found: Settled) -> None:
    for title, steps in (("As it is", found.right), ("As it is often read", found.wrong)):
        if steps:
            st.markdown(f"*{title}*")
            _steps(steps)
    if found.right:
        st.caption(f"Checked for: {found.holds}")


def _steps(steps: tuple[Checked, ...]) -> None:
    for number, step in enumerate(steps, 1):
        derivations.show_step(step, number)


def _lesson(mistake: Mistake) -> None:
    """A link to the page that teaches it, once there is one."""
    lesson = menu.lessons().get(mistake.page)
    if lesson is not None:
        st.page_link(lesson.page(), label=f"Taught on the page: {lesson.title}", icon=":material/school:")


def _open_number() -> int:
    """From the session, else the address, else the first; mirrored into the address."""
    found = st.session_state.get(_OPEN) or next(iter(share.read_numbers(_OPEN)), 1)
    number = found if 1 <= found <= len(mistakes.MISTAKES) else 1
    st.session_state[_OPEN] = number
    share.write_numbers(_OPEN, [] if number == 1 else [number])
    return number


def _go(number: int) -> None:
    st.session_state[_OPEN] = number


def _enter_theme() -> None:
    inside = mistakes.of_theme(st.session_state[_THEME])
    if inside:
        _go(next((number for number in inside if number not in _answers()), inside[0]))


def _again() -> None:
    st.session_state[_ROUND] = _round() + 1
    st.session_state[_ANSWERS] = {}


def _answers() -> dict[int, bool]:
    """Number of a settled statement -> whether the first guess was right."""
    return st.session_state.setdefault(_ANSWERS, {})


def _guess_key(number: int) -> str:
    return f"m_guess_{number} {_round()}"


def _round() -> int:
    return st.session_state.get(_ROUND, 0)
