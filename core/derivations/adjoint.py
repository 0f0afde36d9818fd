"""The derivations of the adjoint method, and the mistakes that can be put into each.

In reading order: `adjoint_setting` (what they share), `adjoint_equation`, `adjoint_augmented`, `adjoint_gradients` with
`adjoint_times`, `adjoint_invariant`, `adjoint_losses`, `adjoint_discrete`, `adjoint_exact`.
"""

from core.derivations import adjoint_augmented as _augmented
from core.derivations import adjoint_discrete as _discrete
from core.derivations import adjoint_equation as _equation
from core.derivations import adjoint_gradients as _gradients
from core.derivations import adjoint_invariant as _invariant
from core.derivations import adjoint_losses as _losses
from core.derivations.adjoint_augmented import augmented_adjoint
from core.derivations.adjoint_discrete import discrete_adjoint
from core.derivations.adjoint_equation import adjoint_equation
from core.derivations.adjoint_exact import adjoint_core, adjoint_linear
from core.derivations.adjoint_gradients import adjoint_gradients
from core.derivations.adjoint_invariant import adjoint_invariant
from core.derivations.adjoint_losses import adjoint_losses
from core.derivations.adjoint_setting import Break

BREAKS: dict[str, tuple[Break, ...]] = {
    "adjoint-equation": _equation.BREAKS,
    "adjoint-augmented": _augmented.BREAKS,
    "adjoint-gradients": _gradients.BREAKS,
    "adjoint-invariant": _invariant.BREAKS,
    "adjoint-losses": _losses.BREAKS,
    "adjoint-discrete": _discrete.BREAKS,
}
"""Slug of a derivation -> the mistakes that it can be built with."""

__all__ = [
    "BREAKS",
    "Break",
    "adjoint_core",
    "adjoint_equation",
    "adjoint_gradients",
    "adjoint_invariant",
    "adjoint_linear",
    "adjoint_losses",
    "augmented_adjoint",
    "discrete_adjoint",
]
