"""Convolutions and whole networks as data: their sizes and costs, what a kernel does, and programs that build them.

* `arithmetic`: sizes, padding and receptive fields along axes; `layers`: what each layer makes of a shape, and costs.
* `kernels`: the classical ones; `sweep`: a kernel's walk with every window, product and sum.
* `summary` prints a network as Keras does; `programs`, `programs_torch` and `programs_keras` write one layer in either
  language.
* `kinds`, `items`: what a network is built from; `presets`: published ones; `storing`: as JSON and in links;
  `exporting`, `exporting_keras`: as programs.
"""

from core.conv.arithmetic import Axis, Field, GeometryError, transposed, walk
from core.conv.layers import Cost, Layer, Shape, run

__all__ = ["Axis", "Cost", "Field", "GeometryError", "Layer", "Shape", "run", "transposed", "walk"]
