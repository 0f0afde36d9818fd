"""An app with a page that trains and one that does not: `streamlit run` this file. Each iteration takes 2 ms."""

import gc
from functools import partial

import streamlit as st

from pages.ui import training
from pages.ui.worker import Job
from tests.trainings import Walk

if not gc.get_freeze_count():  # as the real app's warm-up: Streamlit collects garbage after every run
    gc.collect()
    gc.freeze()


def draw(snapshot: tuple[int, float] | None, job: Job | None) -> None:
    st.text("untrained" if snapshot is None else f"value {snapshot[1]:.3f} after {snapshot[0]}")


def rescale(scale: float, walk: Walk) -> None:
    walk.scale = scale


def lesson() -> None:
    seed = st.number_input("Seed", 0, 100, key="seed", bind="query-params")
    total = st.number_input("Iterations", 1, 100_000, 100, key="total", bind="query-params")
    scale = st.number_input("Scale", 0, 10, 1, key="scale", bind="query-params")
    fails_at = st.number_input("Fails at", -1, 100_000, -1, key="fails", bind="query-params")
    job = training.live(
        "walk",
        (seed, fails_at),
        partial(Walk, seed, total, fails_at),
        draw,
        change=partial(rescale, scale),
        settings=scale,
    )
    st.text("no job" if job is None else f"the page saw it {job.state}")


def other() -> None:
    st.title("Another page")


st.navigation([st.Page(lesson, default=True), st.Page(other, url_path="other")]).run()
