"""The server around the pages: what happens before the first visitor, and addresses beside the pages' own."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


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

    from core.labs import forward_mode
    from core.labs.tensor_memory import Meter
    from core.nn.registry import REGISTRY
    from core.samples import SAMPLES
    from pages.ui import cached, menu

    menu.lessons()
    torch.set_num_threads(1)  # small work: threads cost more than they bring, and sessions share the cores
    go.Figure()
    sympy.Symbol("z")
    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()
    torch.optim.Adam([weight]).step()  # the first step of a process imports for a second or more
    with Meter():
        torch.zeros(1).sum()  # so does the first dispatch mode
    forward_mode.jvp(torch.sin, torch.ones(1), torch.ones(1))  # and the first derivative forwards
    torch.func.jacrev(torch.sin)(torch.ones(1))
    entry = next(iter(REGISTRY.values()))
    cached.trace(cached.sample(next(iter(SAMPLES))), entry.name, entry.default_layer).explain()
    gc.collect()
    gc.freeze()


async def _not_here(_request: Request) -> Response:
    return Response(status_code=304)


# A browser that opens /gradcam first asks whether Streamlit lives under /gradcam/, and takes any failure
# for no. The usual 404 would stand in the browser's console as an error; 304 does not.
ROUTES = [Route("/{page}/_stcore/{probe:path}", _not_here)]
