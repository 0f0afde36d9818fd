"""Solvers, models and class activation maps behind the tutorial, usable without its pages.

* `core.nn`: networks as ordered lists of named stages, and their weights.
* `core.cam`: Grad-CAM and its relatives, computed without hooks.
* `core.images`: untrusted bytes -> an RGB picture, or a clear error.
* `core.samples`: the gallery of pictures. `core.sources`: the project's own code, for the pages that show it.
* `core.labs`: experiments, frozen parameters -> frozen results.
* `core.figures`: results -> plotly figures.
"""
