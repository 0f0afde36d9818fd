r"""Vector-field explorer

What does a differential equation do, seen as arrows in a plane: where does it stand still, where does it
lead, and does a solver follow it?

Prerequisites: derivatives, 2 x 2 matrices and their eigenvalues. Sources: Strogatz 2015, chapters 5 to 9;
Hairer, Norsett, Wanner 1993, chapters I and II.
"""

import streamlit as st

from core.figures import fields as figures
from core.figures.lorenz import twin_scenes
from core.figures.scene import Clock
from core.labs import equilibria, field_words, fields, lorenz, trajectories
from core.labs.systems import LORENZ
from pages.ui import cached, exercise, field_controls, show
from pages.ui.components.scenes import show_scenes

st.title("Vector-field explorer")
st.markdown(
    "A differential equation $z' = f(t, z)$ says at every place $z = (z_1, z_2)$ how fast and where to: an arrow. A "
    "solution $z(t)$ follows the arrows. **Where does it lead, and does the computed curve go there too?**"
)

choice, picture, results = field_controls.choose()
plane = cached.run(fields.plane, choice.plane)
race = cached.run(trajectories.race, choice.race)
with picture:
    st.latex(choice.field.latex)
    st.markdown(f"{choice.system.says} ({choice.system.source})")
    layers = [
        *(cached.draw(figures.portrait_layers, fields.portrait, choice.plane) if choice.portrait else ()),
        *cached.draw(figures.plane_layers, fields.plane, choice.plane),
        *cached.draw(figures.run_layers, trajectories.race, choice.race),
        *cached.draw(figures.equilibrium_layers, fields.plane, choice.plane),
    ]
    show_scenes(
        [
            figures.phase_scene(plane, race, layers, choice.system.units),
            *figures.series_scenes(race, choice.system.units, choice.system.clock),
        ],
        key="f_scenes",
        clock=Clock(choice.system.clock, 0.0, race.params.time),
        on_pick=field_controls.start_mover(choice),
        height=240,
        lead=True,
    )
    st.caption(
        "Click or drag in the phase plane to move the start, or use its arrow keys; Play runs the curves in time. The "
        "thick grey curve is the reference, dopri8 at a tolerance of 1e-10; marks on the others are the ends of steps. "
        "Thin dashed lines are the nullclines, where $z_1' = 0$ or $z_2' = 0$; where both meet is an equilibrium."
    )
    show.notices(*field_words.about_plane(plane))
with results:
    question = "**What do you expect?** Of the solvers chosen here, which ends nearest to the reference?"
    guess = exercise.predict(question, field_words.NEAREST, key="f_nearest")
    if guess is not None:
        guess.reveal(field_words.about_nearest(guess, race))
        st.markdown(field_words.runs_table(race))
        st.caption("nfe: evaluations of $f$. Steps are those accepted; those rejected are paid for as well.")
        st.markdown(field_words.about_race(race))
    show.notices(*field_words.about_runs(race))

st.header("Predict: the energy of a pendulum")
st.markdown(
    "A pendulum without friction is let go at rest, almost upright, at $z_1 = 3$. Its energy, over mass and "
    "squared length, is $z_2^2/2 - w^2 \\cos z_1$ and never changes. Euler's method takes each step along the arrow at "
    "its beginning. What becomes of the energy?"
)
guess = exercise.predict(
    "**What do you expect?** By Euler's method, a pendulum's energy", field_words.ENERGY_ANSWERS, key="f_energy_guess"
)
if guess is not None:
    energy = field_controls.energy_race()
    told = cached.run(trajectories.race, energy)
    chart = cached.draw(figures.invariant_chart, trajectories.race, energy)
    show.figure(chart, figures.invariant_in_words(told), key="f_energy")
    guess.reveal(field_words.compare_energy(guess, told))

st.header("Where the field stands still")
st.markdown(
    "Near an equilibrium the field is almost linear: $f(z) \\approx J (z - z^*)$ with the Jacobian $J$, the matrix of "
    "the derivatives of $f$ there. The sum of its eigenvalues is its trace, their product its determinant; negative "
    "real parts attract, imaginary parts turn. These are the equilibria of the picture above:"
)
st.markdown(field_words.equilibria_table(plane))
movable = choice.name == "linear"
show_scenes(
    [cached.draw(figures.trace_plane, fields.plane, choice.plane)],
    key="f_trace",
    on_pick=field_controls.move_trace,
    height=380,
)
if movable:
    st.caption("Move the point: the sliders `T` and `D` above follow, and so does the phase plane.")
else:
    st.caption("Each large point is an equilibrium. With the linear system, chosen above, you can move it.")
question = "**What do you expect?** Friction $d$ is added to the pendulum: what becomes of the centres, where it hangs?"
guess = exercise.predict(question, field_words.FRICTION, key="f_friction_guess")
if guess is not None:
    guess.reveal(field_words.about_friction(guess))
st.subheader("Worked example: the pendulum on its head")
w, d = field_controls.pendulum_values(choice)
exercise.worked_example(cached.run(field_words.upright, w, d), key="f_upright")
st.subheader("Check yourself")
question, border, reason = field_words.spiral_border(plane)
exercise.number_exercise(question, border, 0.01 + 0.01 * border, reason, key=f"f_border {question}")

st.header("Three dimensions: two starts, almost the same")
st.markdown(f"{LORENZ.says} Two solutions start a tiny gap apart. How long do they stay together?")
twin_params = field_controls.choose_twins()
twins = cached.run(lorenz.twins, twin_params)
st.latex(cached.run(field_words.lorenz_latex))
question = "**What do you expect?** The start is known ten times as well, the gap is a tenth. They stay together"
guess = exercise.predict(question, field_words.GAINS, key="f_gain_guess")
scenes = cached.draw(twin_scenes, lorenz.twins, twin_params)
shown = scenes if guess is not None else scenes[:1]  # the second tells the answer
show_scenes(shown, key="f_lorenz", clock=Clock("time t", 0.0, twin_params.time, seconds=12.0))
if guess is not None:
    guess.reveal("\n\n".join([field_words.about_gain(guess), *field_words.about_twins(twins)]))

show.source(trajectories.race, equilibria.classify, equilibria.equilibria, lorenz.twins)
show.references(
    "Strogatz 2015, *Nonlinear Dynamics and Chaos*: chapters 5 and 6 classify equilibria, 7 limit cycles, 9 is Lorenz.",
    "Hairer, Norsett, Wanner 1993, *Solving Ordinary Differential Equations I*: chapter II holds the solvers.",
    "Lorenz 1963, [Deterministic nonperiodic flow](https://doi.org/10.1175/1520-0469(1963)020%3C0130:DNF%3E2.0.CO;2).",
    "Guckenheimer, Holmes 1983, *Nonlinear Oscillations, Dynamical Systems, and Bifurcations of Vector Fields*: 2.2.",
)
