"""All derivations: what builds them, and the page that shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.derivations import (
    adjoint,
    chain_rule,
    convolution,
    convolution_cost,
    convolution_transpose,
    equations,
    gradcam,
    gradcam_heads,
    mistakes,
)
from core.derivations.euler import euler_error
from core.derivations.five_minutes import five_minutes
from core.derivations.flows import change_of_variables
from core.derivations.jacobians import vjp_jvp
from core.derivations.nodes import nodes
from core.derivations.picard import picard
from core.derivations.residual import residual_limit
from core.derivations.runge_kutta import order_conditions
from core.derivations.stability import stability_function
from core.derivations.step import Derivation
from core.ode.tableaus import TABLEAUS


@dataclass(frozen=True)
class Entry:
    """A derivation by name."""

    build: Callable[..., Derivation]
    """Without arguments it gives the default one; a page may pass what its learner chose."""
    page: str
    """Slug of the page that shows it."""


CATALOGUE: dict[str, Entry] = {
    "node-by-node": Entry(nodes, "node-by-node"),
    "chain-rule-plain": Entry(chain_rule.chain_rule_plain, "node-by-node"),
    "chain-rule-residual": Entry(chain_rule.chain_rule_residual, "node-by-node"),
    "order-reduction": Entry(equations.order_reduction, "differential-equations"),
    "companion-matrix": Entry(equations.companion_matrix, "differential-equations"),
    "picard": Entry(picard, "differential-equations"),
    "euler-error": Entry(euler_error, "solver-lab"),
    **{f"order-{name}": Entry(partial(order_conditions, name), "solver-lab") for name in TABLEAUS},
    **{f"stability-{name}": Entry(partial(stability_function, name), "solver-lab") for name in TABLEAUS},
    "residual-limit": Entry(residual_limit, "resnet-to-ode"),
    "five-minutes": Entry(five_minutes, "five-minutes"),
    "adjoint-equation": Entry(adjoint.adjoint_equation, "adjoint-method"),
    "adjoint-augmented": Entry(adjoint.augmented_adjoint, "adjoint-method"),
    "adjoint-gradients": Entry(adjoint.adjoint_gradients, "adjoint-method"),
    "adjoint-invariant": Entry(adjoint.adjoint_invariant, "adjoint-method"),
    "adjoint-losses": Entry(adjoint.adjoint_losses, "adjoint-method"),
    "adjoint-discrete": Entry(adjoint.discrete_adjoint, "adjoint-method"),
    "adjoint-linear": Entry(adjoint.adjoint_linear, "adjoint-method"),
    "adjoint-core": Entry(adjoint.adjoint_core, "adjoint-method"),
    "change-of-variables": Entry(change_of_variables, "jacobians"),
    "vjp-jvp": Entry(vjp_jvp, "jacobians"),
    "conv-output": Entry(convolution.conv_output, "convolution"),
    "conv-parameters": Entry(convolution.conv_parameters, "convolution"),
    "conv-transpose": Entry(convolution_transpose.conv_transpose, "convolution"),
    "conv-gradient": Entry(convolution_transpose.conv_gradient, "convolution"),
    "conv-pooling": Entry(convolution_cost.conv_pooling, "layer-calculator"),
    "conv-cost": Entry(convolution_cost.conv_cost, "layer-calculator"),
    "conv-receptive-field": Entry(convolution.conv_receptive_field, "network-builder"),
    "gradcam-weights": Entry(gradcam.gradcam_weights, "gradcam"),
    "gradcam-cam": Entry(gradcam_heads.gradcam_cam, "gradcam"),
    "gradcam-completeness": Entry(gradcam_heads.gradcam_completeness, "gradcam"),
    "mistake-minus-sign": Entry(mistakes.minus_sign, "common-mistakes"),
    "mistake-total-derivative": Entry(mistakes.total_derivative, "common-mistakes"),
    "mistake-parameter-integral": Entry(mistakes.parameter_integral, "common-mistakes"),
    "mistake-time-accumulator": Entry(mistakes.time_accumulator, "common-mistakes"),
    "mistake-last-index": Entry(mistakes.last_index, "common-mistakes"),
    "mistake-stacking": Entry(mistakes.stacking, "common-mistakes"),
    "mistake-constraint": Entry(mistakes.constraint, "common-mistakes"),
}
"""Slug -> derivation, in the order of the pages."""
