"""Live training on a page: buttons, progress, the place in the queue, and the picture as it changes.

    training.live("spiral", identity=params, make=partial(spiral.training, params), draw=spiral_controls.draw)

Where nothing is trained the page stands still: no timer runs. While a job waits or runs, the browser asks for
the fragment again every half second (every other second far back in the queue); this also tells the worker
that the page is still open. Whenever the job's state changes, the whole page runs once, with other buttons,
another timer or none, and whatever else depends on the result.

The job is kept in the session, so a change of page loses nothing: the training pauses by itself, and is
offered again on return. A change of `identity` gives it up.
"""

import html
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from core.nn.train import Work
from pages.ui.worker import LEASE, Job, State

Some = TypeVar("Some", bound=Work)


@dataclass(frozen=True)
class Words:
    """What the work is called where people read of it."""

    start: str = "Train"
    """On the button that starts it."""
    more: str = "Train on"
    """On the same button once it is finished; "" where nothing is left to do then."""
    before: str = "Not trained yet"
    during: str = "Training"
    step: str = "Iteration"


TRAINING = Words()


@dataclass
class _Held:
    """What the session keeps of a training."""

    identity: Hashable
    job: Job
    settings: Hashable = None


def live(
    key: str,
    identity: Hashable,
    make: Callable[[], Some],
    draw: Callable[[Any | None, Job | None], None],
    *,
    change: Callable[[Some], None] | None = None,
    settings: Hashable = None,
    words: Words = TRAINING,
) -> Job | None:
    """Offer a training, and show it while it goes on.

    Args:
        key: names the training in the session; one per place.
        identity: all that the training starts from (architecture, data, seed). Another identity drops the
            job that there was.
        make: builds the work, in the worker's thread: it must not call Streamlit.
        draw: called with the last snapshot and the job; with None before the first snapshot or job. It runs
            again with every new snapshot, so it should take little time and must not set anything.
        change: applies settings that do not lose the training, between two chunks; also to a new work. It
            is called in the worker's thread, or here if the work is at rest.
        settings: what `change` applies. It is called when they differ from those applied last; without
            them, at every run of the page.
        words: for anything that is no training.

    Returns:
        The job, None before it has been asked for. The page runs again when its state changes.
    """
    job = _job(key, identity, make, change, settings)
    seen = _look(job)  # what this run shows; once it is different, the page runs again
    _buttons(key, job, seen.state, words)

    @st.fragment(run_every=seen.every)
    def show() -> None:
        if job is not None:
            job.touch(seen.lease)
            if _look(job) != seen:
                st.rerun()
        _progress(job, words)
        draw(None if job is None else job.latest, job)

    show()
    return job


@dataclass(frozen=True)
class _Seen:
    """A job as the buttons show it."""

    state: State
    every: float | None
    """Seconds between two looks at it; None where it cannot change by itself."""

    @property
    def lease(self) -> float:
        """How long the worker should believe that the page is open."""
        return max(LEASE, 3 * (self.every or 0))


def _look(job: Job | None) -> _Seen:
    state = "new" if job is None else job.state
    if job is None or state not in ("waiting", "running"):
        return _Seen(state, None)
    return _Seen(state, 2.0 if job.place > 2 else 0.5)


def _job(
    key: str, identity: Hashable, make: Callable[[], Some], change: Callable[[Some], None] | None, settings: Hashable
) -> Job | None:
    """The session's job of this identity, made if Train has been pressed."""
    name, asked = f"{key} training", st.session_state.pop(f"{key} asked", False)
    held = st.session_state.get(name)
    if held is not None and held.identity != identity:
        held.job.cancel()
        del st.session_state[name]
        held = None
    if held is None and not asked:
        return None
    new = held is None
    if new:
        held = st.session_state[name] = _Held(identity, Job(make))
    if change is not None and (new or settings is None or settings != held.settings):
        held.job.change(change)
        held.settings = settings
    if new:
        held.job.resume()
    return held.job


def _buttons(key: str, job: Job | None, state: State, words: Words) -> None:
    """Train, Pause, Resume or Train on; Stop; Reset. Each does what it said when it was pressed."""
    actions = {"waiting": "Pause", "running": "Pause", "paused": "Resume", "finished": words.more}
    action = actions.get(state, words.start)
    act = partial(_act, key, job)
    # A running job has iterations to keep; one that waits or is paused may never have had its turn.
    stoppable = job is not None and (state == "running" or (state in ("waiting", "paused") and job.done > 0))
    with st.container(horizontal=True):
        blocked = state == "failed" or not action
        st.button(
            action or words.start, f"{key} go", type="primary", disabled=blocked, on_click=act, args=("go", state)
        )
        st.button("Stop", f"{key} stop", disabled=not stoppable, on_click=act, args=("stop", state))
        st.button("Reset", f"{key} reset", disabled=job is None, on_click=act, args=("reset", state))


def _act(key: str, job: Job | None, action: str, state: State) -> None:
    """A button was pressed while it showed the job in this state."""
    if action == "reset":
        if job is not None:
            job.cancel()
        st.session_state.pop(f"{key} training", None)
    elif job is None:
        st.session_state[f"{key} asked"] = True  # made in the run that follows, from what is on the page then
    elif action == "stop":
        job.stop()
    elif state in ("waiting", "running"):
        job.pause()
    else:
        job.resume()


def _progress(job: Job | None, words: Words) -> None:
    """What the job is doing, as a bar and in words; a change of state is announced to screen readers."""
    if job is None:
        _say(f"{words.before}: {words.start} starts it.")
        return
    if job.state == "failed":
        _say(f"It ended at {words.step.lower()} {job.done:,}. Reset it, and try other settings.")
        st.error("It could not go on, because:", icon=":material/error:")
        st.text(job.error)
        return
    said = {
        "waiting": "Waiting",
        "running": words.during,
        "paused": "Paused; nothing is lost.",
        "finished": "Finished.",
    }
    _say(said.get(job.state, ""))
    text = f"{words.step} {job.done:,} of {job.total:,}" if job.total else "Not begun"
    if job.state == "waiting":
        text = f"{job.place} before you{_about(job.seconds_to_start)}" if job.place else "Next in line"
    elif job.state == "running" and job.seconds_left is not None:
        text += f", {_seconds(job.seconds_left)} left"
    st.progress(min(job.done / job.total, 1.0) if job.total else 0.0, text)


def _about(seconds: float | None) -> str:
    return "" if seconds is None else f", about {_seconds(seconds)}"


def _seconds(seconds: float) -> str:
    """A duration for people.

    >>> _seconds(0.2), _seconds(89), _seconds(300)
    ('1 s', '89 s', '5 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _say(words: str) -> None:
    st.html(f'<p role="status" style="margin: 0">{html.escape(words)}</p>')
