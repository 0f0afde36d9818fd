"""What happens once, before the first visitor."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up, then let the server accept connections."""
    warm_up()
    yield


def warm_up() -> None:
    """Import what the pages need, explain one picture, and exempt all that from garbage collection.

    Streamlit collects garbage after every run of a script; without the freeze each collection walks
    through all of torch and sympy while every other session waits.
    """
    import plotly.graph_objects as go
    import sympy
    import torch

    from core.nn.registry import REGISTRY
    from core.samples import SAMPLES
    from pages.ui import cached

    torch.set_num_threads(1)  # small work: threads cost more than they bring, and sessions share the cores
    go.Figure()
    sympy.Symbol("z")
    entry = next(iter(REGISTRY.values()))
    cached.trace(cached.sample(next(iter(SAMPLES))), entry.name, entry.default_layer).explain()
    gc.collect()
    gc.freeze()
