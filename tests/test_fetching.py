"""Weights fetched from the page, from a real server on this machine."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.nn import weights
from core.nn.registry import REGISTRY
from pages.ui.menu import lessons
