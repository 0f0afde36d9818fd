r"""Gradient lab

How does one get the gradient of a loss through an ODE solver, and what does each way cost? Six ways on the same
loss: their values, errors, evaluations, time and memory; a meter for the adjoint, and where it fails.

Prerequisites: the adjoint equation, Euler's step. Sources: Chen et al. 2018; Gholami et al. 2019; Kidger 2022.
"""

import streamlit as st

from core.labs import gradient_failures as failing
from core.labs import gradient_memory as memory
from core.labs import gradient_meter as meter
from core.labs import gradient_steps as steps
from core.labs import gradient_words as words
from core.labs import gradients, tensor_memory
from core.labs import way_back_words as back_words
from core.ode import checkpoint
from pages.ui import cached, exercise, sheet, show
from pages.ui import gradient_controls as controls
from pages.ui import gradient_shown as shown

st.title("Gradient lab")
st.markdown(
    r"A state $z(t)$ starts at $z_0$ and follows $z' = f(t, z, \theta)$ up to the time $t_1$; there a loss $L$ is read "
    r"off. To learn the parameters $\theta$, one needs $dL/d\theta$; for whatever came before, $dL/dz_0$. **How does "
    "one get the gradient of a loss through an ODE solver, and what does each way cost?** Four experiments, one in "
    "each tab."
)
ways, memories, meters, fails = controls.sections()

if sheet.opens(ways):
    with ways:
        st.header("One loss, six ways to its gradient")
        st.markdown(
            "- **Adjoint**: let $a = dL/dz$, a row vector. Solve "
            r"$a' = -a\,\frac{\partial f}{\partial z}$ from $t_1$ back to 0, reconstructing $z$ on the way; "
            r"$dL/d\theta = \int_{0}^{t_1} a\,\frac{\partial f}{\partial\theta}\,dt$."
            "\n- **Direct**: back-propagate through the solver's steps.\n"
            "- **Checkpointed**: the same, but keep few states, and take the steps between them once more.\n"
            r"- **Sensitivities**: solve for the derivatives of $z$ by $z_0$ and $\theta$, forwards, together with $z$."
            "\n- **Finite differences**: "
            r"$\frac{L(x + \varepsilon) - L(x - \varepsilon)}{2 \varepsilon}$ for each number $x$ that $L$ depends on."
            "\n- **Exact**: the derivative of the solution's formula, where there is one."
        )
        params = controls.choose_gradient()
        nearest = exercise.predict(
            "**What do you expect?** Which gradient is nearest to the exact one?", words.NEAREST, key="gl_guess_near"
        )
        computed = exercise.predict(
            "The solver computed a number for $L$, with errors. Which gradient is the derivative of *that* number?",
            words.COMPUTED,
            key="gl_guess_computed",
        )
        if nearest is not None and computed is not None:
            shown.six_ways(params, nearest, computed)
        st.subheader("Worked example: two steps by hand")
        exercise.worked_example(words.two_steps(cached.run(steps.two_steps, 2.0)), key="gl_worked")
        st.subheader("Finer steps")
        question = "**What do you expect?** With ever finer steps, the difference between adjoint and direct"
        finer = exercise.predict(question, words.FINER, key="gl_guess_finer")
        if finer is not None:
            shown.finer_solves(params, finer)
        st.subheader(r"How small a step $\varepsilon$ for finite differences?")
        question = r"**What do you expect?** The size of the step $\varepsilon$ for finite differences:"
        small = exercise.predict(question, words.SMALLEST, key="gl_guess_small")
        if small is not None:
            shown.small_steps(params, small)
        show.source(gradients.by_back_propagation, gradients.forward_sensitivities, gradients.finite_differences)

if sheet.opens(memories):
    with memories:
        st.header("Memory against the number of steps")
        st.markdown(
            r"A larger state, 160 samples with 64 features each, follows $z' = \tanh(z W)$ over one unit of time, in "
            "numbers of 32 bits. Every operation of torch is watched: its result counts from when it is made until "
            "nobody holds it. *Kept* is what lives between the way there and the way back, *peak* the most at any "
            "moment. The weights $W$, the first state and what Python itself needs are not counted."
        )
        params = controls.choose_memory()
        question = "**What do you expect?** Twice as many steps: which way needs about twice the memory?"
        doubled = exercise.predict(question, back_words.DOUBLED, key="gl_guess_memory")
        if doubled is not None:
            shown.measured_memory(params, doubled)
        show.source(memory.one_gradient, tensor_memory.Meter, checkpoint.Tape)

if sheet.opens(meters):
    with meters:
        st.header("A meter for the way back")
        st.markdown(
            r"Along a solution, $\frac{d}{dt}(a f) = a\,\frac{\partial f}{\partial t}$. Where $f$ does not depend on "
            r"$t$ (*autonomous*), the one number $a(t)\,f(z(t))$ keeps its value from $t_1$ down to 0, however much "
            "$a$ and $f$ change. So it can be watched while the adjoint is solved backwards, here by `dopri5`."
        )
        params = controls.choose_meter()
        question = (
            r"**What do you expect?** In the computer, on the way back, beyond what $a\,\frac{\partial f}{\partial t}$ "
            "accounts for, $a f$"
        )
        shown.meter_on_the_way_back(params, exercise.predict(question, back_words.METER, key="gl_guess_meter"))
        show.source(meter.backwards)

if sheet.opens(fails):
    with fails:
        st.header("Where the way back fails")
        st.markdown(
            "The adjoint reconstructs $z$ from its end. What shrinks forwards grows backwards, and so do errors: a "
            "solution that forgets where it began cannot be run back. **Play** it from $t_1$ to 0."
        )
        params = controls.choose_failure()
        shown.way_back(params)
        question = "**What do you expect?** The gradient by the adjoint, relative to its size, is"
        worse = exercise.predict(question, back_words.WORSE, key="gl_guess_worse")
        if worse is not None:
            shown.gradient_of_it(params, worse)
        show.source(failing.run, failing.pair)

st.header("Caveats")
st.markdown(back_words.CAVEATS)
show.references(
    "Chen et al. 2018, [Neural ordinary differential equations](https://arxiv.org/abs/1806.07366): the adjoint.",
    "Gholami, Keutzer, Biros 2019, [ANODE](https://arxiv.org/abs/1902.10298): reconstruction that is unstable, and "
    "discretise then optimise.",
    "Zhuang et al. 2020, [Adaptive checkpoint adjoint](https://arxiv.org/abs/2006.02493).",
    "Kidger 2022, [On neural differential equations](https://arxiv.org/abs/2202.02435), section 5.1.",
    "Griewank, Walther 2000, Algorithm 799: revolve, ACM Trans. Math. Softw. 26, 19-45: which states to keep.",
)
