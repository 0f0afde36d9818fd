"""Derivations as data: every step is an expression that is checked, and printed from what was checked.

`step` holds one step and the ways to check it; each other file is a derivation, a tuple of steps.
"""

from core.derivations.step import Check, Definition, Identity, LimitOf, Series, Step, Verdict

__all__ = ["Check", "Definition", "Identity", "LimitOf", "Series", "Step", "Verdict"]
