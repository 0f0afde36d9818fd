"""The only caches. Every one is bounded; what comes from an uploaded picture stays in its session."""

import functools
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Generic, TypeVar

import streamlit as st
from PIL import Image

from core.cam import Explanation, Trace
from core.cam import trace as run_trace
from core.images import Picture
from core.labs import checked, gradcam
from core.nn import weights
from core.nn.preprocess import Fed, feed
from core.nn.registry import REGISTRY, UNLISTED
from core.nn.stages import StageRow, Stages
from core.samples import SAMPLES

Value = TypeVar("Value")
Drawn = TypeVar("Drawn")

SHOWN_SIDE = 640
"""Longer side in pixels of the picture that is sent to the browser."""


def run(work: Callable[..., Value], *params: object) -> Value:
    """A lab's result, computed once for everyone who asks for the same, and shared: nobody changes it.

    Args:
        work: a function of a module, without side effects, whose failures are part of its result.
        params: its arguments, whose repr says all that is in them: frozen dataclasses, numbers, texts. Pictures may be
            among them; what comes of one that is not in the gallery stays with its session.
    """
    return _kept(_name(work), params, lambda: work(*params))


def draw(figure: Callable[[Value], Drawn], work: Callable[..., Value], *params: object) -> Drawn:
    """The figure of a lab's result, made once; `figure` needs nothing but the result."""
    return _kept(f"{_name(figure)} {_name(work)}", params, lambda: figure(run(work, *params)))


def known(work: Callable[..., object], *params: object) -> bool:
    """Whether `run` has the result; where it is just being computed, this waits for it."""
    try:
        _kept(_name(work), params, _missing)
    except _Missing:
        return False
    return True


def told(params: Sequence[object]) -> str:
    """All that is in a lab's arguments."""
    return repr(tuple(one.digest if isinstance(one, Picture) else one for one in params))


class _Missing(Exception):
    """There is no result yet."""


def _missing() -> object:
    raise _Missing


def _kept(name: str, params: Sequence[object], work: Callable[[], Value]) -> Value:
    pictures = sorted((one for one in params if isinstance(one, Picture)), key=lambda one: one.digest in _gallery())
    if pictures:  # a private one before those of the gallery
        return _on_picture(pictures[0], name, told(params), work)
    return _result(name, told(params), work)


@st.cache_resource(max_entries=256, show_spinner=False)
def _result(name: str, params: str, _work: Callable[[], Value]) -> Value:
    return _work()


def report(params: checked.Params) -> checked.Report:
    """A derivation with its verdicts, checked once; who waits for that sees what the server does."""
    return _report(repr(params), params)


@st.cache_resource(max_entries=256, show_spinner="Checking the formulas …")
def _report(key: str, _params: checked.Params) -> checked.Report:
    return checked.entry(_params)


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@st.cache_resource(max_entries=4, show_spinner=False)
def network(name: str) -> Stages:
    """A trained network, shared by all sessions and never changed.

    Raises:
        core.nn.weights.WeightsError: its weights are not on this machine, or not what they should be.
    """
    entry = (REGISTRY | UNLISTED)[name]
    path = weights.find(entry)
    if path is None:
        raise weights.WeightsError(f"The weights of {entry.title} are not on this machine. {weights.advice(entry)}")
    return weights.load(entry, path)


@st.cache_resource(max_entries=len(SAMPLES), show_spinner=False)
def sample(name: str) -> Picture:
    """A picture of the gallery."""
    return SAMPLES[name].read()


@functools.cache
def _gallery() -> frozenset[str]:
    """Digests of the pictures of the gallery."""
    return frozenset(sample(name).digest for name in SAMPLES)


@st.cache_data(max_entries=64, show_spinner=False)
def _layers(model: str, shape: tuple[int, ...]) -> list[StageRow]:
    return gradcam.layers(network(model), shape)


def layers(model: str, fed: Fed) -> list[StageRow]:
    """The stages of a network whose output can be explained, with their shapes for this input."""
    return _layers(model, tuple(fed.x.shape))


class _PerPicture(Generic[Value]):
    """A cache in two halves: pictures of the gallery for everyone, all others for their session alone."""

    def __init__(self, compute: Callable[..., Value], shared: int, private: int) -> None:
        cache = st.cache_resource
        self._shared = cache(max_entries=shared, show_spinner=False)(compute)
        self._private = cache(max_entries=private, show_spinner=False, scope="session")(compute)

    def __call__(self, picture: Picture, *key: object) -> Value:
        return (self._shared if picture.digest in _gallery() else self._private)(picture.digest, *key, _picture=picture)


@dataclass(frozen=True)
class Shown:
    """A picture as the browser gets it."""

    url: str
    """The picture itself, as a data URL."""
    size: tuple[int, int]
    """Width and height in pixels."""


def _shown(digest: str, _picture: Picture) -> Shown:
    height, width = _picture.rgb.shape[:2]
    scale = min(1.0, SHOWN_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    stream = BytesIO()
    Image.fromarray(_picture.rgb).resize(size, Image.Resampling.LANCZOS).save(stream, "JPEG", quality=88)
    return Shown("data:image/jpeg;base64," + b64encode(stream.getvalue()).decode(), size)


def _fed(digest: str, model: str, _picture: Picture) -> Fed:
    return feed(_picture.rgb, REGISTRY[model].preprocessing)


def _trace(digest: str, model: str, layer: str, _picture: Picture) -> Trace:
    return run_trace(network(model), fed(_picture, model).x, layer)


def _explanation(digest: str, model: str, layer: str, target: int, _picture: Picture) -> Explanation:
    return trace(_picture, model, layer).explain(target)


def _about_picture(digest: str, name: str, params: str, _work: Callable[[], object], _picture: Picture) -> Any:
    return _work()


_on_picture = _PerPicture(_about_picture, shared=512, private=128)
"""What `run` and `draw` keep of pictures: small results, not forward passes."""
shown = _PerPicture(_shown, shared=16, private=2)
"""picture -> what the browser gets of it."""
fed = _PerPicture(_fed, shared=16, private=2)
"""(picture, model) -> what the network is fed."""
trace = _PerPicture(_trace, shared=8, private=1)
"""(picture, model, layer) -> the forward pass, opened at that layer."""
explanation = _PerPicture(_explanation, shared=32, private=4)
"""(picture, model, layer, class) -> the explanation; all classes share the trace."""
