r"""Formulas that a learner types, read without ever being evaluated as a program.

>>> field = parse_field(["z2", "mu*(1 - z1^2)*z2 - z1"])
>>> field.parameters, field.autonomous
(('mu',), True)
>>> field(0.0, [2.0, 1.0], {"mu": 0.5})
tensor([ 1.0000, -3.5000], dtype=torch.float64)
>>> field.components[1].derivative("z1").text
'-2*mu*z1*z2-1'
>>> field.components[1].latex
'\\mu \\left(1 - z_1^{2}\\right) z_2 - z_1'

A mistake is pointed at:

>>> try:
...     parse("-z2 + sin(t))")
... except FormulaError as error:
...     print(error, error.pointed(), sep="\n")
unexpected ')' at position 13: no '(' is open
-z2 + sin(t))
            ^

**Notation.** ``+ - * / ^`` (or ``**``), parentheses, decimal numbers (``0.5``, ``1e-3``), the constants ``pi`` and
``e``, and the functions in `FUNCTIONS`, ``log`` and ``ln`` both being natural. ``-x^2`` is -(x^2), ``2^3^2`` is
2^(3^2). The ``*`` may be left out after a number or a ``)``, where that can be read in one way only: ``2z1``,
``2(z1+1)``, ``(a)(b)``; not after ``/``, and not after a power. A power has a number of at most 20 as its exponent, or
a positive number as its base: ``2^t``, ``e^(-t)``. Every other name is a parameter.

**The files**, in reading order: `tokens` (characters to words, and `FormulaError`), `tree` (words' meaning, its
bounds and derivatives), `parser`, `evaluate` (torch), `printing` (text, LaTeX, sympy), `formula`.
"""

from core.expression.formula import Formula, VectorField, parse, parse_field
from core.expression.parser import MAX_PARAMETERS
from core.expression.tokens import MAX_LENGTH, FormulaError
from core.expression.tree import CONSTANTS, FUNCTIONS

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "MAX_LENGTH",
    "MAX_PARAMETERS",
    "Formula",
    "FormulaError",
    "VectorField",
    "parse",
    "parse_field",
]
