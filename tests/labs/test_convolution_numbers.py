"""Grids of numbers as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conv.kernels import KERNELS
from core.labs.convolution_inputs import GRIDS
from core.labs.convolution_numbers import NumbersError, read_grids, write_grids


def test_rows_channels_and_fractions():
    assert read_grids("1 2\n3 4", 3, 1) == (((1, 2), (3, 4)),)
    assert read_grids(" 1, -2 ;\t+.5 4.25 \n", 3, 1) == (((1, -2), (0.5, 4.25)),)
    assert read_grids("1/9 -2/4", 3, 1) == (((1 / 9, -0.5),),)
    assert read_grids("\n1\n2\n\n \n3\n4\n\n", 3, 2) == (((1,), (2,)), ((3,), (4,)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got none"),
        (" \n;\n", "got none"),
        ("1 2\n3", "rows of one length, got rows of 2, 1 numbers"),
        ("1 2 3 4", "at most 3 rows and 3 columns, got 1 x 4"),
        ("1\n2\n3\n4", "at most 3 rows and 3 columns, got 4 x 1"),
        ("1\n\n2\n\n3", "at most 2 grids"),
        ("1\n\n2 3", "grids of one size, got 1 x 1, 1 x 2"),
        ("1 2\n3 x", "line 2 has 'x'"),
        ("1e5", "line 1 has '1e5'"),
        ("nan", "line 1 has 'nan'"),
        ("1234567", "'1234567'"),
        ("1/0", "divides by zero"),
        ("__import__('os')", "line 1 has \"__import__('os')\""),
        ("\N{ARABIC-INDIC DIGIT THREE}", "Expected numbers"),
    ],
)
def test_refusals(text: str, said: str):
    with pytest.raises(NumbersError, match=r"Expected|Line") as refusal:
        read_grids(text, 3, 2)
    assert said in str(refusal.value)


@given(st.text(alphabet="0123456789.-+/ ,;\n\te\N{SUPERSCRIPT TWO}", max_size=60))
def test_whatever_is_typed_gives_grids_or_a_refusal(text: str):
    try:
        grids = read_grids(text, 4, 2)
    except NumbersError:
        return
    assert 1 <= len(grids) <= 2
    assert all(len(grid) == len(grids[0]) <= 4 and len(row) == len(grids[0][0]) <= 4 for grid in grids for row in grid)


def test_what_is_written_is_read_back():
    for _, grid in GRIDS.values():
        assert read_grids(write_grids((grid, grid)), 12, 2) == (grid, grid)
    for kernel in KERNELS.values():
        assert read_grids(write_grids((kernel.weights,)), 5, 1) == (kernel.weights,)
