"""Start: `streamlit run streamlit_app.py`.

The app is made here, so that everything is imported and warm before the first visitor is let in. The
navigation is `pages/ui/menu.py`, a script of its own in a folder without a `pages` folder beside it:
there Streamlit never falls back to listing files as a menu, whichever page is asked for first.
"""

from pathlib import Path

import streamlit as st

from pages.ui.server import ROUTES, lifespan

app = st.App(Path(__file__).parent / "pages" / "ui" / "menu.py", lifespan=lifespan, routes=ROUTES)
