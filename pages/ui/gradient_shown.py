"""What each part of the gradient lab shows once it is predicted: results, figures and what they say."""

from dataclasses import replace

import streamlit as st

from core.figures import gradient_failures as pictures
from core.figures import gradients as figures
from core.labs import gradient_failures as failing
from core.labs import gradient_hard_problems as hard
from core.labs import gradient_memory as memory
from core.labs import gradient_meter as meter
from core.labs import gradient_steps as steps
from core.labs import gradient_words as words
from core.labs import gradients
from core.labs import way_back_words as back_words
from pages.ui import cached, exercise, gradient_controls, piecewise, show
from pages.ui.components.scenes import show_scenes


def six_ways(params: gradients.Params, nearest: exercise.Guess, computed: exercise.Guess) -> None:
    """Values, what they say of both predictions, and costs."""
    pieces = [
        (gradients.exact_gradient, params.problem, params.t1),
        *((gradients.one_way, params, name) for name in gradients.NAMES),
    ]
    if not piecewise.done("Taking all ways", pieces, "gl_ways"):
        return
    result = cached.run(_compare, params)
    show.notices(*words.failures(result))
    st.markdown(words.value_table(result))
    st.markdown(
        "How far apart are they? The distance of two gradients is that of $dL/dz_0$ and $dL/d\\theta$ together, "
        "relative to their length:"
    )
    st.markdown(words.distance_table(result))
    nearest.reveal(words.about_nearest(result, nearest))
    computed.reveal(words.about_computed(result, computed))
    st.markdown("What did they cost?")
    st.markdown(words.cost_table(result))
    st.caption(words.COSTS)


def finer_solves(params: gradients.Params, guess: exercise.Guess) -> None:
    """Distances of gradients against h, and an exercise on their slope."""
    pieces = [(steps.both, replace(params, setting=setting)) for setting in steps.settings(params)]
    if not piecewise.done("Solving ever finer", pieces, "gl_fine"):
        return
    sweep = cached.run(_finer, params)
    show.figure(cached.draw(figures.steps_chart, _finer, params), figures.steps_alt(sweep), "gl_finer")
    guess.reveal(words.about_steps(sweep, guess))
    wanted = gradient_controls.choose_difference()
    needed = sweep.needed(wanted)
    if needed is None:
        st.caption("The exercise here needs a method with equal steps, and a slope.")
        return
    exercise.number_exercise(
        f"By the measured slope, how many steps bring adjoint and direct within {wanted:g}? (within 10 %)",
        needed,
        0.1 * needed,
        words.about_needed(sweep, wanted, needed),
        key=f"gl_needed {params} {wanted}",
    )


def small_steps(params: gradients.Params, guess: exercise.Guess) -> None:
    """The V of finite differences."""
    with st.spinner("Moving a parameter"):
        curve = cached.run(steps.differences, params)
    if curve.message:
        show.notices(f"There is no loss to differentiate: {curve.message}")
        return
    chart = cached.draw(figures.differences_chart, steps.differences, params)
    show.figure(chart, figures.differences_alt(curve), "gl_differences")
    guess.reveal(words.about_differences(curve, guess))


def measured_memory(params: memory.Params, guess: exercise.Guess) -> None:
    """Memory and time against steps, and an exercise."""
    pieces = [(memory.at, params.method, count) for count in memory.counts(params)]
    if not piecewise.done("Measuring", pieces, "gl_measuring"):
        return
    measured = cached.run(_measure, params)
    chart = cached.draw(figures.memory_chart, _measure, params)
    show.figure(chart, figures.memory_alt(measured), "gl_memory")
    st.markdown(back_words.memory_table(measured))
    guess.reveal(back_words.about_memory(measured, guess))
    chart = cached.draw(figures.time_chart, _measure, params)
    show.figure(chart, figures.time_alt(measured), "gl_time")
    st.caption("Measured once for these settings. Memory is the same on every machine, time is not.")
    answer, why = back_words.thousand_steps(measured)
    question = "By the measured growth, how many MiB would the direct way need at its peak with 1,000 steps?"
    exercise.number_exercise(f"{question} (within 5 %)", answer, 0.05 * answer, why, key=f"gl_thousand {params}")


def meter_on_the_way_back(params: meter.Params, guess: exercise.Guess | None) -> None:
    """State and adjoint; with a prediction also a f, what tolerances do to it, and an exercise."""
    reading = cached.run(_watch, params)
    scenes = cached.draw(figures.meter_scenes, _watch, params)
    shown = scenes[:2] if guess is None else scenes
    show_scenes(shown, key="gl_meter", clock=figures.meter_clock(reading), height=260)
    show.notices(reading.message)
    if guess is None:
        return
    guess.reveal(back_words.about_meter(reading, guess))
    if piecewise.done(
        "Going back with other tolerances", [(_watch, one) for one in meter.tolerances(params)], "gl_tols"
    ):
        drifts = cached.run(_drifts, params)
        show.figure(cached.draw(figures.drift_chart, _drifts, params), figures.drift_alt(drifts), "gl_drift")
        st.markdown(back_words.about_drifts(drifts))
    question = "$a f$ keeps its value to many digits. Is the gradient right to as many?"
    exercise.choice_exercise(question, *back_words.meter_choice(reading), key="gl_proof")


def way_back(params: failing.Params) -> None:
    """There and back."""
    run = cached.run(failing.run, params)
    scenes = cached.draw(pictures.failure_scenes, failing.run, params)
    show_scenes(scenes, key="gl_back_again", clock=pictures.failure_clock(run), height=320)
    show.notices(*back_words.notices(run))
    st.markdown(back_words.about_run(run))


def gradient_of_it(params: failing.Params, guess: exercise.Guess) -> None:
    """What became of the gradient, over all strengths and with more stored states."""
    run = cached.run(failing.run, params)
    guess.reveal(back_words.about_gradient(run, guess))
    asked = params.problem, params.exponent, params.checkpoints
    compared = hard.PROBLEMS[params.problem].compared
    pieces = [(failing.pair, params.problem, one, params.exponent, params.checkpoints) for one in compared]
    if piecewise.done("There and back", pieces, "gl_sweeping"):
        sweep = cached.run(_sweep, *asked)
        show.figure(cached.draw(pictures.sweep_chart, _sweep, *asked), pictures.sweep_alt(sweep), "gl_sweep")
        st.caption(
            "Open marks: the solver gave up, and there is no gradient. Values beyond the axis are drawn at its end."
        )
        st.markdown(back_words.sweep_table(sweep))
        st.markdown(back_words.about_checkpoints(sweep))
    if params.problem == "relaxation":
        enough, why = back_words.enough_states(params.strength, run.t1)
        question = rf"With $\lambda$ = {params.strength:g}: how many states, evenly stored, keep the growth of errors"
        question += " between two of them at 1000 or less?"
        exercise.number_exercise(question, enough, 0.5, why, key=f"gl_enough {params.strength}")


def _compare(params: gradients.Params) -> gradients.Comparison:
    return gradients.compare(params, cached.run)


def _finer(params: gradients.Params) -> steps.Sweep:
    return steps.finer(params, cached.run)


def _measure(params: memory.Params) -> memory.Result:
    return memory.measure(params, cached.run)


def _watch(params: meter.Params) -> meter.Reading:
    return meter.watch(params, cached.run)


def _drifts(params: meter.Params) -> meter.Drifts:
    return meter.over_tolerances(params, lambda one: cached.run(_watch, one))


def _sweep(problem: str, exponent: int, checkpoints: int) -> failing.Sweep:
    return failing.sweep(problem, exponent, checkpoints, cached.run)
