"""What a page wants to know of derivations before they are checked."""

from sympy import BlockMatrix
from sympy.matrices import MatrixBase

from core.derivations.catalogue import CATALOGUE


def titles(slugs: tuple[str, ...]) -> dict[str, str]:
    """Slug -> what is derived."""
    return {slug: CATALOGUE[slug].build().title for slug in slugs}


def places(slug: str, arguments: tuple[object, ...]) -> tuple[int, int]:
    """Numbers from 0 of the step with the square block matrix, and of the one with the same left side, opened.

    Raises:
        ValueError: the derivation has no such steps.
    """
    steps = CATALOGUE[slug].build(*arguments).steps
    for closed, step in enumerate(steps):
        if isinstance(step.rhs, BlockMatrix) and step.rhs.rows == step.rhs.cols:
            for opened, other in enumerate(steps):
                if other.lhs == step.lhs and isinstance(other.rhs, MatrixBase):
                    return closed, opened
    raise ValueError(f"{slug} opens no block matrix")
