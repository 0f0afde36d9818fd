r"""Every equation, checked

Which formulas of this tutorial were verified, how, and which were not?

Prerequisites: none; each formula names the page that explains it. Sources: beside each derivation.
"""

import streamlit as st

from core.derivations import checks, deciding
from core.labs import every
from pages.ui import every_controls, exercise, show

st.title("Every equation, checked")
st.markdown(
    "A formula with a tick was not typed in. It is an *expression*: this server checked it with sympy, a program for "
    "symbolic mathematics, or held it against the code that computes it, and then printed that same expression. "
    "**Which formulas of the tutorial were verified, how, and which were not?**"
)

guess = exercise.predict(
    "Before you look: of all steps of all derivations that can be checked, how many are proved, by symbols or with "
    "exact numbers, rather than tried out on random or rounded ones?",
    list(every.SHARES),
    key="e_guess",
)
found = every.steps(every_controls.all_reports())
if guess is not None:
    every_controls.show_counts(found)
    guess.reveal(every.about_guess(guess, found))

st.header("Find a formula")
wanted = every_controls.choose()
matching = every.search(found, wanted)
if matching:
    every_controls.show_found(matching)
else:
    st.info("Nothing has all of that. Fewer words, or another page, kind of check or verdict, will find more.")

st.header("Check everything again")
st.markdown(
    "The verdicts above were found once since the server started, and kept. Here all checks run anew, one after the "
    "other, while you go on reading."
)
every_controls.check_all(len(found))

st.header("How a formula is checked")
st.markdown(every.about_kinds(found))
st.markdown(
    "A check that has no answer within 10 seconds says *undecided*, never a tick. And a check that cannot fail is "
    "worth nothing: the tests of this project disturb the right side of every step but the definitions, and each must "
    "then fail."
)
exercise.choice_exercise(
    "A formula with symbols $x$ and $y$ holds at 1,000 pairs of random numbers. Is it proved?",
    every.PROOF,
    every.PROOF_RIGHT,
    key="e_proof",
)

st.header("Formulas without a tick")
st.markdown(
    "Notation, values such as $h = 1$ and formulas in running text are typed by people, also in the sentences that "
    "explain a checked step. They are read here from the source, so that none is hidden. A formula counts if it holds "
    "a relation such as $\\approx$ or $\\le$; one on two pages counts for both."
)
every_controls.show_unchecked(found, wanted.page)

show.source(checks.Identity, checks.Series, deciding.decide)
show.references(
    "Meurer et al. 2017, [SymPy: symbolic computing in Python](https://doi.org/10.7717/peerj-cs.103).",
    "Schwartz 1980, [Fast probabilistic algorithms](https://doi.org/10.1145/322217.322225): when samples do prove.",
)
