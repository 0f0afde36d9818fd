"""Untrusted bytes -> a table of times and 1 to 3 measured quantities, or a clear error.

`read_measurements` is the only way in. A CSV file with a row of names (or none), comma, semicolon or tab between the
values and a decimal point in them; whatever else comes is a `MeasurementsError` that names the row and the column.
"""

import csv
import hashlib
import math
import re
from dataclasses import dataclass
from io import StringIO

import numpy as np
from jaxtyping import Float

MAX_BYTES = 1024**2
MIN_ROWS, MAX_ROWS = 5, 5000
MAX_COLUMNS = 4
"""The time and three quantities."""
LARGEST = 1e30
"""Numbers beyond it could overflow where their squares are added."""
CLOSEST = 1e-9
"""Least interval between two times, as a part of the whole: closer ones run together in rounding."""
SHOWN = 40
"""Most characters of a file that a message repeats."""

ACCEPTED = (
    f"Accepted is a CSV file of at most 1 MB: increasing times, then 1 to {MAX_COLUMNS - 1} columns of numbers, "
    f"{MIN_ROWS} to {MAX_ROWS:,} rows."
)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class MeasurementsError(ValueError):
    """The bytes are no table that is accepted; the message, plain text, says what came, where, and what is expected."""


@dataclass(frozen=True, eq=False)
class Measurements:
    """A table as everything behind `read_measurements` sees it."""

    time_name: str
    names: tuple[str, ...]
    times: Float[np.ndarray, " n"]
    """Strictly increasing, finite."""
    values: Float[np.ndarray, "n size"]
    digest: str
    """SHA-256 of the bytes that came, in hexadecimal."""
    delimiter: str
    has_names: bool
    """Whether the first row held names."""


def read_measurements(data: bytes) -> Measurements:
    """Read a CSV file that may be anything at all.

    Raises:
        MeasurementsError: for whatever reason there is no table.
    """
    if len(data) > MAX_BYTES:
        raise MeasurementsError(f"The file has {len(data):,} bytes; the most is {MAX_BYTES:,}. {ACCEPTED}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasurementsError(f"The file is not UTF-8 text (byte {error.start + 1}). {ACCEPTED}") from error
    if "\0" in text:
        raise MeasurementsError(f"The file is not text: it holds a zero byte. {ACCEPTED}")
    if not text.strip():
        raise MeasurementsError(f"The file is empty. {ACCEPTED}")
    beginning = "\n".join(text.strip().splitlines()[:3])
    delimiter = max(";\t,", key=beginning.count)  # a comma may also stand in names, or for a decimal point
    rows = _rows(text, delimiter)
    if not rows:
        raise MeasurementsError(f"The file holds separators and no values. {ACCEPTED}")
    (_, head), body = rows[0], rows[1:]
    if not 2 <= len(head) <= MAX_COLUMNS:
        raise MeasurementsError(f"row {rows[0][0]}: expected 2 to {MAX_COLUMNS} columns; got {len(head)}. {ACCEPTED}")
    has_names = not _NUMBER.fullmatch(head[0])  # a number there is a time: the row is data, perhaps faulty
    names = _names(rows[0][0], head) if has_names else ["t", *(f"z{i}" for i in range(1, len(head)))]
    if not has_names:
        body = rows
    if not MIN_ROWS <= len(body) <= MAX_ROWS:
        raise MeasurementsError(f"expected {MIN_ROWS} to {MAX_ROWS:,} rows of numbers; got {len(body):,}. {ACCEPTED}")
    table = np.array([_numbers(row, values, names) for row, values in body])
    for i in range(1, len(table)):
        before, now = float(table[i - 1, 0]), float(table[i, 0])
        if not now > before:
            raise MeasurementsError(
                f"row {body[i][0]}, column {_quoted(names[0])}: expected a time after {before!r}, that of the row "
                f"before; got {now!r}"
            )
    span = float(table[-1, 0] - table[0, 0])
    narrow = int(np.diff(table[:, 0]).argmin()) + 1
    before, now = float(table[narrow - 1, 0]), float(table[narrow, 0])
    if span < 1 / LARGEST or now - before < CLOSEST * span:
        raise MeasurementsError(
            f"row {body[narrow][0]}, column {_quoted(names[0])}: expected a time at least {CLOSEST:g} of the whole "
            f"interval after that of the row before; got {now!r} after {before!r}"
        )
    times, values = np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1:])
    for array in (times, values):
        array.flags.writeable = False
    digest = hashlib.sha256(data).hexdigest()
    return Measurements(names[0], tuple(names[1:]), times, values, digest, delimiter, has_names)


def _rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each row that is not blank, with its number in the file, from 1."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    rows, begins = [], 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                rows.append((begins, [value.strip() for value in values]))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise MeasurementsError(f"row {begins}: not readable as CSV. {ACCEPTED}") from error
    return rows


def _names(row: int, head: list[str]) -> list[str]:
    names = [_plain(name) or ("t" if i == 0 else f"z{i}") for i, name in enumerate(head)]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise MeasurementsError(f"row {row}: two columns are called {_quoted(name)}; expected different names")
    return names


def _numbers(row: int, values: list[str], names: list[str]) -> list[float]:
    if len(values) != len(names):
        raise MeasurementsError(f"row {row}: expected {len(names)} values, one for each column; got {len(values)}")
    numbers = []
    for value, name in zip(values, names, strict=True):
        where = f"row {row}, column {_quoted(name)}"
        if not value:
            raise MeasurementsError(f"{where}: expected a number, got nothing")
        if not _NUMBER.fullmatch(value):
            hint = " (write a decimal point)" if _NUMBER.fullmatch(value.replace(",", ".")) else ""
            raise MeasurementsError(f"{where}: expected a number, got {_quoted(value)}{hint}")
        number = float(value)
        if not (math.isfinite(number) and abs(number) <= LARGEST):
            raise MeasurementsError(f"{where}: expected a number of size {LARGEST:g} at most, got {_quoted(value)}")
        numbers.append(number)
    return numbers


def _plain(text: str) -> str:
    """At most `SHOWN` characters, none that controls anything."""
    cut = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else "?" for c in cut)


def _quoted(text: str) -> str:
    return f"'{_plain(text)}'"


def example_csv() -> str:
    """A damped pendulum, theta'' = -0.2 theta' - 4 sin theta, at 240 irregular times in 20 s, with noise of 0.02."""
    random = np.random.default_rng(0)
    times = np.round(np.sort(random.uniform(0.0, 20.0, 240)), 4)
    times[0], fine = 0.0, np.linspace(0.0, 20.0, 20_001)
    h = fine[1]
    state, states = np.array([2.0, 0.0]), np.zeros((len(fine), 2))
    for i in range(len(fine)):  # Heun's method on a grid much finer than the noise
        states[i] = state
        k1 = _pendulum(state)
        state = state + h / 2 * (k1 + _pendulum(state + h * k1))
    columns = [np.interp(times, fine, states[:, i]) + random.normal(0.0, 0.02, len(times)) for i in range(2)]
    rows = (f"{t:.4f},{angle:.4f},{speed:.4f}" for t, angle, speed in zip(times, *columns, strict=True))
    return "\n".join(["time_s,angle_rad,speed_rad_per_s", *rows]) + "\n"


def _pendulum(state: np.ndarray) -> np.ndarray:
    return np.array([state[1], -0.2 * state[1] - 4.0 * math.sin(state[0])])


def example() -> Measurements:
    """`example_csv`, read as an uploaded file is."""
    return read_measurements(example_csv().encode())
