"""The project's own code as text and as syntax trees, made by one thread at a time.

CPython 3.11 counts the depth of the trees that it makes for all threads together, and raises a SystemError where two
sessions make one at once. To find the source of a class, `inspect` makes one, too.
"""

import ast
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

_ONE_AT_A_TIME = Lock()


@cache
def source(of: Callable[..., object]) -> str:
    """The source of a function or class."""
    with _ONE_AT_A_TIME:
        return inspect.getsource(of)


def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    with _ONE_AT_A_TIME:
        return ast.parse(path.read_text(encoding="utf-8"))
