"""Widgets of the page on learning an ODE: data, network, training, and what a learner takes home."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.figures import learning as figures
from core.figures.scene import Clock
from core.labs import learning, learning_program, learning_words, measurements
from core.labs.learning import Progress
from core.labs.learning_problem import GRADIENTS, METHODS, OPTIMISERS, Problem, Settings
from core.labs.measurements import Measurements, MeasurementsError
from core.ode import ADAPTIVE
from pages.ui import cached, exercise, share, show, training
from pages.ui.components.scenes import show_scenes
from pages.ui.worker import Job

_DATA = {"spiral": "The spiral", "pendulum": "A pendulum, with noise", "own": "Your own CSV file"}
_TOLERANCES = ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6", "1e-7")
_RATES = ("0.1", "0.03", "0.01", "0.003", "0.001", "0.0003")
_NOISES = ("0", "0.01", "0.03", "0.1", "0.3")
_HIDDEN = ("10", "25", "50", "100", "200")
_GRADIENT = (
    "direct: back through the steps that the solver took. adjoint: by a second solve, backwards in time. checkpointed: "
    "as direct, but the steps are computed again instead of kept."
)
_OWN, _SEEN, _FIRST = "l_own_data", "l_own_data_file", "l_untrained"


def choose_data() -> Measurements | None:
    """What is learned from; None is the spiral."""
    source = share.select("Data", list(_DATA), "spiral", _DATA.__getitem__, "l_data")
    if source == "spiral":
        return None
    example = cached.run(measurements.example)
    st.download_button(
        "Example file (CSV)", measurements.example_csv, "pendulum.csv", "text/csv", on_click="ignore", key="l_example"
    )
    if source == "pendulum":
        st.caption("A damped pendulum: angle and angular speed at irregular times, as if measured; made by a program.")
        return example
    file = st.file_uploader(
        "Your measurements",
        type=["csv", "tsv", "txt"],
        max_upload_size=1,
        key="l_upload",
        help=f"{measurements.ACCEPTED} It stays in this session's memory.",
    )
    if file is not None and st.session_state.get(_SEEN) != file.file_id:
        try:
            st.session_state[_OWN] = measurements.read_measurements(file.getvalue())
            st.session_state[_SEEN] = file.file_id
        except MeasurementsError as error:
            st.error("The file is not accepted; the data before stay.", icon=":material/error:")
            st.text(str(error))
    own = st.session_state.get(_OWN)
    if own is None:
        st.caption("Until your file is here, the pendulum stands in for it.")
        return example
    st.text(f"Your data: {len(own.times):,} rows; time {own.time_name}; columns {', '.join(own.names)}.")
    st.button("Forget these data", key="l_forget", on_click=_forget)
    return own


def _forget() -> None:
    """Nothing of the file stays in the session; the file in the widget, if still there, is not read again."""
    for key in (_OWN, _FIRST):
        st.session_state.pop(key, None)


def choose_problem(own: Measurements | None) -> Problem:
    """Network, seed and noise: a change begins anew."""
    st.markdown("**A change here begins a new training:**")
    one, two = st.columns(2)
    with one:
        about = "Components of the vector inside tanh: more of them can bend the field more finely, and cost more."
        hidden = int(share.select("Hidden units", _HIDDEN, "50", str, "l_hidden", about))
        cubed = share.toggle("Feed the cube of z", own is None, "l_cube" if own is None else "l_cube_own")
    with two:
        seed = int(share.number("Seed", 0, 9999, 0, 1, "l_seed"))
        noise, about = 0.0, "Standard deviation of the Gaussian noise on each component of each point."
        if own is None:
            noise = float(share.select("Noise on the points", _NOISES, "0", str, "l_noise", about))
    return Problem(noise, hidden, cubed, seed)


def choose_settings() -> Settings:
    """How it is trained: the weights stay when these change."""
    st.markdown("**These may change while it trains; nothing learned is lost:**")
    one, two, three = st.columns(3)
    with one:
        method = share.select("Solver", METHODS, "dopri5", str, "l_solver")
        tolerance, substeps = 1e-5, 1
        if method in ADAPTIVE:
            about = "Largest relative error of a step; the absolute one is a hundredth of it."
            tolerance = float(share.select("Tolerance rtol", _TOLERANCES, "1e-5", str, "l_rtol", about))
        else:
            substeps = int(share.select("Steps between points", ("1", "2", "4"), "1", str, "l_substeps"))
        gradient = share.select("Gradient", list(GRADIENTS), "direct", str, "l_gradient", _GRADIENT)
    with two:
        optimiser = share.select("Optimiser", list(OPTIMISERS), "Adam", str, "l_optimiser")
        about = "Of the first iteration; it falls on a straight line to 0 behind the last one."
        rate = float(share.select("Learning rate", _RATES, "0.01", str, "l_rate", about))
        iterations = int(share.number("Iterations", 50, 5000, 1500, 50, "l_iterations"))
    with three:
        batch_size = int(share.slider("Pieces in a batch", 1, 100, 40, 1, "l_batch"))
        batch_time = int(share.slider("Points in a piece", 2, 40, 5, 1, "l_piece"))
    return Settings(method, tolerance, substeps, gradient, optimiser, rate, batch_size, batch_time, iterations)


def train(problem: Problem, settings: Settings, own: Measurements | None) -> Progress:
    """The live training; returns what is on show."""
    digest = "" if own is None else own.digest
    first = _untrained(problem, settings, own, digest)
    job = training.live(
        "learning",
        identity=(problem, digest),
        make=partial(learning.Training, problem, settings, own),
        draw=partial(_draw, first),
        change=lambda work: work.apply(settings),
        settings=settings,
    )
    return first if job is None or job.latest is None else job.latest


def _draw(first: Progress, seen: Progress | None, job: Job | None) -> None:
    """Scenes and sentences of the last snapshot, of the untrained field before there is one."""
    progress = seen or first
    low, high = figures.duration(progress)
    if progress.trouble:
        st.warning("Not everything could be computed:", icon=":material/info:")
        st.text(progress.trouble)
        st.caption("If the weights have gone astray, Reset and a smaller learning rate help.")
    show_scenes(
        figures.states(progress), key="l_states", clock=Clock(figures.time_title(progress), low, high), least_width=300
    )
    show_scenes(figures.curves(progress), key="l_curves", least_width=300, height=240)
    st.markdown(learning_words.about_error(progress))
    show.notices(learning_words.about_one_column(progress))


def reveal(progress: Progress) -> None:
    """Two predictions; the answers wait for them, and for a training."""
    fit = exercise.predict(
        "Trained on short pieces only, will the learned trajectory fit over the whole interval?",
        learning_words.FIT_GUESSES,
        "l_guess_fit",
    )
    nfe = exercise.predict(
        "How will the number of evaluations for the whole interval change during training?",
        learning_words.NFE_GUESSES,
        "l_guess_nfe",
    )
    if (fit is not None or nfe is not None) and not progress.done:
        st.info("Now press Train: the answer comes from what you see.")
        return
    if fit is not None:
        fit.reveal(learning_words.about_fit(progress, fit))
    if nfe is not None:
        nfe.reveal(learning_words.about_nfe(progress, nfe))


def _untrained(problem: Problem, settings: Settings, own: Measurements | None, digest: str) -> Progress:
    used = replace(
        Settings(), method=settings.method, tolerance=settings.tolerance, substeps=settings.substeps, gradient="direct"
    )
    if own is None:
        return cached.run(learning.untrained, problem, used)
    wanted = (problem, used, digest)
    held = st.session_state.get(_FIRST)
    if held is None or held[0] != wanted:  # a learner's own data stay in the session
        held = st.session_state[_FIRST] = (wanted, learning.untrained(problem, used, own))
    return held[1]


def downloads(problem: Problem, settings: Settings, own: Measurements | None, progress: Progress) -> None:
    """Program, weights and trajectory; each file is made only when it is asked for."""
    columns = st.columns(4)
    for column, flavour in zip(columns, learning_program.FLAVOURS, strict=False):
        reason = learning_program.why_not(settings, flavour)
        column.download_button(
            f"Program ({flavour})",
            partial(_program, problem, settings, own, progress, flavour),
            f"learn_ode_{flavour.replace('.', '_')}.py",
            "text/x-python",
            on_click="ignore",
            disabled=bool(reason),
            help=reason or None,
            key=f"l_program_{flavour}",
            width="stretch",
        )
    columns[2].download_button(
        "Weights (safetensors)",
        partial(learning_program.weights_file, progress),
        "field.safetensors",
        "application/octet-stream",
        on_click="ignore",
        key="l_weights",
        width="stretch",
    )
    columns[3].download_button(
        "Learned trajectory (CSV)",
        partial(learning_program.trajectory_csv, progress),
        "trajectory.csv",
        "text/csv",
        on_click="ignore",
        key="l_trajectory",
        width="stretch",
    )
    for flavour in learning_program.FLAVOURS:
        if reason := learning_program.why_not(settings, flavour):
            st.caption(reason)


def _program(problem: Problem, settings: Settings, own: Measurements | None, progress: Progress, flavour: str) -> str:
    return learning_program.program(problem, settings, progress.data, flavour, own)
