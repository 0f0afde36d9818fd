"""The fields of the lesson on the adjoint method, with their ranges, and what a field that a learner types must be."""

from dataclasses import dataclass

from core.derivations.adjoint_setting import setting
from core.expression import FormulaError, VectorField, parse_field
from core.expression.tree import Node
from core.labs.equilibria import Box
from core.labs.systems import DOUBLE_WELL, FORCED, LINEAR, PENDULUM, Parameter, System

MOST_PARAMETERS = 3


@dataclass(frozen=True)
class Case:
    """A field to solve forwards and backwards, and what the picture of it begins with."""

    title: str
    formulas: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    box: Box
    start: tuple[float, float]
    target: tuple[float, float]
    time: float
    """End t1 of the interval at first; it begins at t0 = 0."""
    longest: float
    """Largest t1 to choose."""


def _case(system: System, box: Box, start: tuple[float, float], target: tuple[float, float], *times: float) -> Case:
    return Case(system.title, system.formulas, system.parameters, box, start, target, *times)


_SPIRAL = Case(
    LINEAR.title,
    LINEAR.formulas,
    tuple(
        Parameter(one.name, one.says, default, -1.5, 3.0, 0.05)
        for one, default in zip(LINEAR.parameters, (-0.4, 1.5), strict=True)
    ),
    ((-3.0, 3.0), (-3.0, 3.0)),
    (2.0, 1.0),
    (1.0, 1.5),
    3.0,
    5.0,
)

CASES: dict[str, Case] = {
    "pendulum": _case(PENDULUM, ((-3.5, 3.5), (-3.5, 3.5)), (1.0, 1.0), (0.5, 1.0), 4.0, 8.0),
    "linear": _SPIRAL,
    "well": _case(DOUBLE_WELL, ((-2.2, 2.2), (-2.0, 2.0)), (-1.6, 1.2), (1.0, 0.5), 4.0, 8.0),
    "forced": _case(FORCED, ((-2.2, 2.2), (-2.0, 2.0)), (0.5, 0.5), (-0.5, 1.0), 4.0, 8.0),
    "own": Case(
        "Your own",
        ("z2", "-k*z1 - z2*z1^2"),
        (),
        ((-3.0, 3.0), (-3.0, 3.0)),
        (2.0, 1.0),
        (-1.0, 1.0),
        2.0,
        4.0,
    ),
}
"""By the name that stands in the address."""

OWN_PARAMETER = Parameter("", "a parameter of your formula", 1.0, -3.0, 3.0, 0.1)


@dataclass(frozen=True)
class Reading:
    """What came of reading formulas: the field, or what is wrong with them."""

    field: VectorField | None
    message: str = ""
    pointed: str = ""
    """The formula with a mark beneath the place of the mistake, where there is one place."""


def read(formulas: tuple[str, ...]) -> Reading:
    """Read formulas that a learner typed: the adjoint method needs smooth ones, and symbols need short ones."""
    try:
        field = parse_field(formulas)
    except FormulaError as error:
        return Reading(None, str(error), error.pointed())
    for index, component in enumerate(field.components, 1):
        bent = _bent(component.tree)
        if bent:
            return Reading(
                None,
                f"f{index} is not smooth: {bent} has a corner or a jump, where df/dz does not exist. The adjoint "
                "equation needs df/dz at every point of the way; take a smooth function, such as tanh or z1^2.",
            )
    if len(field.parameters) > MOST_PARAMETERS:
        names = ", ".join(field.parameters)
        return Reading(None, f"{names}: these are {len(field.parameters)} parameters; at most {MOST_PARAMETERS} here.")
    try:
        setting(len(formulas), 0, formulas)
    except ValueError as error:
        return Reading(None, f"{error}.")
    return Reading(field)


def _bent(tree: Node) -> str:
    """A function in it that has a corner or a jump."""
    if tree.op in {"abs", "sign"} and tree.names:
        return tree.op
    return next(filter(None, map(_bent, tree.parts)), "")
