r"""Common mistakes

Which of the sentences that one reads about Neural ODEs and Grad-CAM are true? Twenty-two of them, each wrong or loose
as it is often written, each settled by something small that is computed here.

Prerequisites: none; each statement leads to the page that teaches it. Sources: Chen et al. 2018; He et al. 2016;
Selvaraju et al. 2017; Hairer, Norsett, Wanner 1993; the documentation of torch, Keras, SciPy and torchdiffeq.
"""

import streamlit as st

from core.labs import mistakes, mistakes_quiz
from pages.ui import cached, exercise, mistake_controls, share, show

st.title("Common mistakes")
st.markdown(
    "Articles, answers and even papers repeat some sentences that are wrong, or true only under a condition that is "
    "left out. **Would you notice?** A statement stands here either as it is often read, or as it is true. Say which; "
    "then it is settled by a computation that runs now, with a number that you can move."
)

st.header("True or false?")
mistake_controls.score()
chapters, statement = st.columns([3, 7], gap="medium")
with chapters:
    number = mistake_controls.choose()
with statement.container(border=True):
    mistake_controls.quiz(number)

st.header("Settle one yourself")
st.markdown("All of them fall in the same four steps. Take the statement *'same' padding keeps the size*.")
exercise.worked_example(cached.run(mistakes_quiz.how_to), key="m_steps")

st.header("Check yourself")
question, nfe, why = cached.run(mistakes_quiz.evaluations)
exercise.number_exercise(question, nfe, 2.0, why, key="m_evaluations")

st.header("All of them at once")
st.markdown(
    f"To read or to print: all {len(mistakes.MISTAKES)} statements, each beside what is true and with what settles it. "
    "It gives the answers of the quiz away."
)
if share.toggle("Show all, settled", False, "m_all"):
    mistake_controls.show_all()

show.source(mistakes.MISTAKES[number - 1].settle, mistakes.settle)
show.references(
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): appendices B and C.",
    "He et al. 2016, [Deep residual learning](https://arxiv.org/abs/1512.03385): the skip, and where it projects.",
    "Simonyan, Zisserman 2015, [VGG](https://arxiv.org/abs/1409.1556): section 2.1 gives the padding.",
    "Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391): section 3, equations 1 and 2.",
    "Hairer, Norsett, Wanner 1993, Solving Ordinary Differential Equations I: II.1 has both methods of order 4.",
    "SciPy's [`ndimage.zoom`](https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.zoom.html): its "
    "default order is 3.",
)
