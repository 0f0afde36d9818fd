"""Derivations as data: every step is an expression that is checked, and printed from what was checked.

`step` holds steps and derivations, `checks` the ways to decide a step, `deciding` how sides are compared and `deadline`
when that ends, `printing` the LaTeX, `symbols` the letters; each other file holds derivations. `catalogue` lists all.
"""

from core.derivations.checks import Definition, Identity, LimitOf, Matches, Sampled, Series, integers, numbers
from core.derivations.step import Check, Derivation, Step, Verdict

__all__ = [
    "Check",
    "Definition",
    "Derivation",
    "Identity",
    "LimitOf",
    "Matches",
    "Sampled",
    "Series",
    "Step",
    "Verdict",
    "integers",
    "numbers",
]
