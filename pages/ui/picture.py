"""Sample, upload or camera -> the session's picture.

An uploaded picture lives in the session's memory alone: decoded, scaled down, without its file name or
metadata. A file that is not accepted changes nothing but for the message.
"""

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.images import ACCEPTED, MAX_BYTES, Picture, PictureError, read_picture
from core.samples import SAMPLES
from pages.ui import cached, share

SOURCES = ("Sample", "Upload", "Camera")
_OWN = "own_picture"
_SEEN = "own_picture_file_id"


@dataclass(frozen=True, eq=False)
class Chosen:
    """The picture on show and where it came from."""

    picture: Picture
    sample: str | None
    """Its name in the gallery; None for the learner's own."""
    caption: str


def choose_picture() -> Chosen:
    """The widgets that choose a picture, and the picture that they lead to."""
    way, chooser = st.columns([2, 3])
    source = way.segmented_control(
        "Picture", SOURCES, default=SOURCES[0], required=True, key="source", persist_state="session"
    )
    first = next(iter(SAMPLES))
    with chooser:
        if source == "Sample":
            name = share.select("Sample", list(SAMPLES), first, lambda name: SAMPLES[name].title, "sample")
            return Chosen(cached.sample(name), name, f"{SAMPLES[name].title}. {SAMPLES[name].credit}.")
        _receive(_upload() if source == "Upload" else _photograph())
    own = st.session_state.get(_OWN)
    if own is None:
        return Chosen(cached.sample(first), first, f"{SAMPLES[first].title}, until your own picture is here.")
    return Chosen(own, None, _own_caption(own))


def _upload() -> UploadedFile | None:
    return st.file_uploader(
        "Your picture",
        type=["png", "jpg", "jpeg", "webp"],
        max_upload_size=MAX_BYTES // 1024**2,
        help=f"{ACCEPTED} It stays in this session's memory and is never stored.",
        key="upload",
    )


def _photograph() -> UploadedFile | None:
    return st.camera_input("Your camera", key="camera", help="The photograph stays in this session's memory.")


def _receive(file: UploadedFile | None) -> None:
    """Make a new file the session's picture; one that is not accepted leaves it as it was."""
    if file is None or st.session_state.get(_SEEN) == file.file_id:
        return
    try:
        st.session_state[_OWN] = read_picture(file.getvalue())
        st.session_state[_SEEN] = file.file_id
    except PictureError as error:
        st.error(f"{error} The picture before stays on show.")


def _own_caption(picture: Picture) -> str:
    height, width = picture.rgb.shape[:2]
    about = "; ".join([f"Your picture, {width} x {height} pixels", *picture.notes])
    return f"{about}. The address of this page holds your settings, not your picture."
