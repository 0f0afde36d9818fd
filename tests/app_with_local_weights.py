"""The app, but SqueezeNet 1.1's weights come from a server on this machine: `streamlit run` this file."""

import os
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.nn.registry import REGISTRY
from pages.ui.server import ROUTES, lifespan

url = os.environ["LOCAL_WEIGHTS"]
file = url.rpartition("/")[2]
prefix = file.removesuffix(".pth").rpartition("-")[2]
REGISTRY["squeezenet1_1"] = replace(REGISTRY["squeezenet1_1"], url=url, file=file, sha256_prefix=prefix)

MENU = Path(__file__).resolve().parents[1] / "pages" / "ui" / "menu.py"
app = st.App(MENU, lifespan=lifespan, routes=ROUTES)
