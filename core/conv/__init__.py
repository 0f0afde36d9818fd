"""Convolutions as arithmetic, and layers as data: nothing is computed but their sizes and costs.

`arithmetic` holds sizes, padding and receptive fields along axes; `layers` what each layer makes of a shape.
"""

from core.conv.arithmetic import Axis, Field, GeometryError, transposed, walk
from core.conv.layers import Cost, Layer, Shape, run

__all__ = ["Axis", "Cost", "Field", "GeometryError", "Layer", "Shape", "run", "transposed", "walk"]
