"""All derivations: what builds them, and the page that shows them."""

from collections.abc import Callable
from dataclasses import dataclass

from core.derivations.residual import residual_limit
from core.derivations.step import Derivation


@dataclass(frozen=True)
class Entry:
    """A derivation by name."""

    build: Callable[..., Derivation]
    """Without arguments it gives the default one; a page may pass what its learner chose."""
    page: str
    """Slug of the page that shows it."""


CATALOGUE: dict[str, Entry] = {
    "residual-limit": Entry(residual_limit, "resnet-to-ode"),
}
"""Slug -> derivation, in the order of the pages."""
