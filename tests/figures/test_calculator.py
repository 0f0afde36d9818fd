"""The drawn axis holds what the lab counted."""

import numpy as np

from core.figures.calculator import axis_scenes
from core.figures.scene import Dots, Line
from core.labs.calculator import Params, picture

GAPS = Params(shape=(1, 10), filters=1, kernel=(3,), stride=(4,), padding=(2,), dilation=(1,), output_padding=(0,))


def dots(scene, name: str) -> Dots:
    return next(layer for layer in scene.layers if isinstance(layer, Dots) and layer.name == name)


def test_windows_padding_and_cells_never_read():
    (scene,) = axis_scenes(picture(GAPS, 0))
    assert dots(scene, "input").points[:, 0].tolist() == [0, 2, 3, 4, 6, 7, 8]
    assert dots(scene, "never read").points[:, 0].tolist() == [1, 5, 9]
    assert dots(scene, "padding").points[:, 0].tolist() == [-2, -1, 10, 11]
    assert dots(scene, "padding").labels[0] == "padding, cell -2: read by 1 windows"
    (line,) = [layer for layer in scene.layers if isinstance(layer, Line)]
    np.testing.assert_array_equal(line.points[::3], [[-2, 0], [2, 1], [6, 2]])
    np.testing.assert_array_equal(line.points[1::3, 0], [0, 4, 8])
    assert "3 of 10 cells are never read" in scene.alt
    assert "start at cell -2, 2, 6" in scene.alt


def test_a_transposed_convolution_is_drawn_over_its_output():
    params = Params("transposed", (1, 3), 1, (2,), (3,), (1,), (1,), output_padding=(1,))
    (scene,) = axis_scenes(picture(params, 0))
    assert dots(scene, "output").points[:, 0].tolist() == [0, 2, 3, 5, 6]
    assert dots(scene, "never written: bias only").points[:, 0].tolist() == [1, 4]
    assert scene.x.title == "cell of the output (its own: 0 to 6)"


def test_a_long_axis_shows_both_ends():
    first, last = axis_scenes(picture(Params(), 0))
    assert (first.x.low, first.x.high) == (-1, 18)
    assert (last.x.low, last.x.high) == (181, 200)
    assert last.y.high > 195
