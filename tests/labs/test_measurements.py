"""Untrusted CSV files: what is read, and what is said of the others."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.labs.measurements import ACCEPTED, MAX_BYTES, Measurements, MeasurementsError, example_csv, read_measurements

BODY = "0,1,2\n1,2,3\n2,3,4\n3,4,5\n4,5,6\n"

GOOD = {
    "names": "t,z1,z2\n" + BODY,
    "no names": BODY,
    "semicolon": "t;x;y\n" + BODY.replace(",", ";"),
    "tab": "t\tx\ty\n" + BODY.replace(",", "\t"),
    "byte order mark": "\ufefft,x,y\n" + BODY,
    "windows": "t,x,y\r\n" + BODY.replace("\n", "\r\n"),
    "old mac": "t,x,y\r" + BODY.replace("\n", "\r"),
    "spaces and blank rows": "\n t , x, y \n\n" + BODY.replace(",", " , ") + "\n,,\n",
    "quotes": '"t","x, in m","y"\n' + BODY.replace("0,", '"0",', 1),
    "exponents": "t,x,y\n" + BODY.replace("6", "6e0").replace("5", "+5."),
    "no name for a column": "t,,\n" + BODY,
    "names that are numbers": ",0,1\n" + BODY,
    "commas in names": 't;"x, in m";"y, in m, too"\n' + BODY.replace(",", ";"),
    "semicolons in names": 't,"x; in m; too",y\n' + BODY,
}

BAD = {
    "empty": (b"", f"The file is empty. {ACCEPTED}"),
    "blank": (b"\n \n", f"The file is empty. {ACCEPTED}"),
    "bytes": (b"\xff\xfe\x00", f"The file is not UTF-8 text (byte 1). {ACCEPTED}"),
    "zero": (b"t,z\n0,\0", f"The file is not text: it holds a zero byte. {ACCEPTED}"),
    "long": (b"0" * (MAX_BYTES + 1), f"The file has {MAX_BYTES + 1:,} bytes; the most is {MAX_BYTES:,}. {ACCEPTED}"),
    "one column": (b"t\n1\n2\n3\n4\n5\n", f"row 1: expected 2 to 4 columns; got 1. {ACCEPTED}"),
    "five columns": (b"t,a,b,c,d\n", f"row 1: expected 2 to 4 columns; got 5. {ACCEPTED}"),
    "few rows": (b"t,z\n1,2\n", f"expected 5 to 5,000 rows of numbers; got 1. {ACCEPTED}"),
    "many rows": (
        b"t,z\n" + b"".join(b"%d,1\n" % i for i in range(5001)),
        f"expected 5 to 5,000 rows of numbers; got 5,001. {ACCEPTED}",
    ),
    "word": ("t,z1,z2\n" + BODY + "5,6,abc\n", "row 7, column 'z2': expected a number, got 'abc'"),
    "missing": ("t,z1,z2\n" + BODY + "5,,1\n", "row 7, column 'z1': expected a number, got nothing"),
    "short row": ("t,z1,z2\n" + BODY + "5,6\n", "row 7: expected 3 values, one for each column; got 2"),
    "nan": ("t,z1,z2\n0,1,nan\n" + BODY, "row 2, column 'z2': expected a number, got 'nan'"),
    "inf": ("t,z1,z2\n0,-inf,1\n" + BODY, "row 2, column 'z1': expected a number, got '-inf'"),
    "huge": ("t,z1,z2\n0,1e999,1\n" + BODY, "row 2, column 'z1': expected a number of size 1e+30 at most, got '1e999'"),
    "underscore": ("t,z1,z2\n0,1_0,1\n" + BODY, "row 2, column 'z1': expected a number, got '1_0'"),
    "decimal comma": (
        "t;z\n0;1,5\n1;2\n2;3\n3;4\n4;5\n",
        "row 2, column 'z': expected a number, got '1,5' (write a decimal point)",
    ),
    "same time": (
        "t,z1,z2\n" + BODY + "4,1,1\n",
        "row 7, column 't': expected a time after 4.0, that of the row before; got 4.0",
    ),
    "back": (
        "t,z1,z2\n" + BODY + "2,1,1\n",
        "row 7, column 't': expected a time after 4.0, that of the row before; got 2.0",
    ),
    "close": (
        "t,z\n0,1\n1,1\n1.0000000001,1\n2,1\n3,1\n",
        "row 4, column 't': expected a time at least 1e-09 of the whole interval after that of the row before; "
        "got 1.0000000001 after 1.0",
    ),
    "decimal comma, no names": (
        "0;1,5\n1;2,5\n2;3\n3;4\n4;5\n",
        "row 1, column 'z1': expected a number, got '1,5' (write a decimal point)",
    ),
    "missing in the first row, no names": ("0,,1\n" + BODY[6:], "row 1, column 'z1': expected a number, got nothing"),
    "word in the first row, no names": ("0,abc,1\n" + BODY, "row 1, column 'z1': expected a number, got 'abc'"),
    "formula": ("t,z\n=cmd(),1\n" + "1,1\n" * 5, "row 2, column 't': expected a number, got '=cmd()'"),
    "same name below blank rows": ("\n\nt,z,z\n" + BODY, "row 3: two columns are called 'z'; expected different names"),
    "utf-16": ("t,z\n".encode("utf-16"), f"The file is not UTF-8 text (byte 1). {ACCEPTED}"),
    "one line": (b"t,z\n0," + b"1" * 1_000_000, f"row 2: not readable as CSV. {ACCEPTED}"),
    "same name": ("t,z,z\n" + BODY, "row 1: two columns are called 'z'; expected different names"),
    "markup": ("t,**z**\n<b>x</b>,1\n0,1\n1,1\n2,1\n3,1\n", "row 2, column 't': expected a number, got '<b>x</b>'"),
    "endless": (
        "t,z\n0," + "x" * 500 + "\n1,1\n2,1\n3,1\n4,1\n",
        "row 2, column 'z': expected a number, got '" + "x" * 37 + "...'",
    ),
    "control": ("t,z\n0,a\x07b\n1,1\n2,1\n3,1\n4,1\n", "row 2, column 'z': expected a number, got 'a?b'"),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_good_files(text: str):
    found = read_measurements(text.encode())
    np.testing.assert_array_equal(found.times, np.arange(5.0))
    np.testing.assert_array_equal(found.values, np.column_stack([np.arange(1.0, 6.0), np.arange(2.0, 7.0)]))
    assert len(found.names) == 2


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD.keys())
def test_bad_files(data: bytes | str, says: str):
    with pytest.raises(MeasurementsError) as error:
        read_measurements(data if isinstance(data, bytes) else data.encode())
    assert str(error.value) == says


def test_the_example_is_accepted_and_irregular():
    found = read_measurements(example_csv().encode())
    assert found.names == ("angle_rad", "speed_rad_per_s")
    assert np.diff(found.times).std() > 0.03


def read(data: bytes) -> None:
    said = ""
    try:
        found = read_measurements(data)
    except MeasurementsError as error:
        found, said = None, str(error)
    assert len(said) < 500
    assert said.isprintable()
    if found is None:
        return
    assert isinstance(found, Measurements)
    assert (np.diff(found.times) > 0).all()
    assert np.isfinite(found.values).all()
    assert found.values.shape == (len(found.times), len(found.names))


@given(st.binary(max_size=300))
def test_no_bytes_raise_another_error(data: bytes):
    read(data)


@given(st.lists(st.text('0123456789.,;\t\n\r"-+eE \ufeffab', max_size=12), max_size=30))
@example([","])
def test_nothing_like_a_table_raises_another_error(parts: list[str]):
    read("".join(parts).encode())


@given(st.integers(0, 400), st.characters())
def test_a_table_with_one_character_changed(place: int, character: str):
    text = "t,z1,z2\n" + BODY
    read((text[:place] + character + text[place + 1 :]).encode("utf-8", "replace"))
