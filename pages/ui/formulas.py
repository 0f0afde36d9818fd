"""The formulas that pages show without a check: read from their source, so that none can be forgotten."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.sources import tree
from pages.ui.menu import PAGES, Lesson

_ROOT = PAGES.parent
_WORDS = re.compile(r"^(core\.labs\.\w+|pages\.ui\.\w+_controls)$")
"""Modules that write words for a page."""
_MATHEMATICS = re.compile(r"\$\$?([^$\n]+)\$\$?")
_RELATION = re.compile(r"=|<|>|\\(to|approx|leq?|geq?|neq?|in|sim|propto)\b")
_GAP = "…"
"""Stands for what is put into a text at run time."""


@dataclass(frozen=True)
class Unchecked:
    """A formula in the words of a page.

    Attributes:
        latex: as it is written; for one that is made at run time, the Python expression that makes it.
        made: whether it is, wholly or in part, made at run time.
    """

    latex: str
    made: bool


@cache
def on_page(lesson: Lesson, explanations: tuple[str, ...]) -> tuple[Unchecked, ...]:
    """The formulas of a lesson's texts, and those in the sentences that explain its checked steps, each once."""
    return tuple(dict.fromkeys((*unchecked(lesson), *_written(explanations))))


@cache
def unchecked(lesson: Lesson) -> tuple[Unchecked, ...]:
    """The formulas (mathematics with a relation in it) in a lesson's texts, each once, in the order of the source.

    The texts are the page's, and those of the labs and groups of controls that it imports, directly or by one another.
    """
    seen: set[Path] = set()
    waiting, found = [lesson.path], {}
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        parsed = tree(path)
        waiting += _words_of(parsed)
        found |= dict.fromkeys(_formulas(parsed))
    return tuple(found)


def _words_of(tree: ast.Module) -> list[Path]:
    """Files that write words for this one."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    paths = (_ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names if _WORDS.match(name))
    return [path for path in paths if path.is_file()]


def _formulas(tree: ast.Module) -> list[Unchecked]:
    found = _written(_texts(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="st"), attr="latex"), args=[shown, *_]):
                if isinstance(shown, ast.Constant):
                    found.append(Unchecked(str(shown.value), made=False))
                else:
                    found.append(Unchecked(ast.unparse(shown), made=True))
    return found


def _written(texts: Iterable[str]) -> list[Unchecked]:
    """The mathematics with a relation in texts for a page."""
    mathematics = (inside for text in texts for inside in _MATHEMATICS.findall(text))
    return [Unchecked(inside.strip(), _GAP in inside) for inside in mathematics if _RELATION.search(inside)]


def _texts(tree: ast.Module) -> list[str]:
    """All texts but docstrings; those put together from parts as one."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=values):
                found.append("".join(str(part.value) if isinstance(part, ast.Constant) else _GAP for part in values))
            case ast.Constant(value=str() as text) if id(node) not in docstrings | parts:
                found.append(text)
    return found
