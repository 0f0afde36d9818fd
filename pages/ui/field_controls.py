"""The controls of the vector-field explorer -> what it computes; all of it stands in the address."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.expression import MAX_LENGTH, VectorField
from core.labs import fields, lorenz, trajectories
from core.labs.systems import LINEAR, LORENZ, PENDULUM, PLANAR, Parameter, System
from pages.ui import cached, share

UNKNOWN = Parameter("", "a parameter of your formula", 1.0, -5.0, 5.0, 0.1)
"""What a letter is that the gallery says nothing of."""


@dataclass(frozen=True)
class Choice:
    """What a learner chose."""

    name: str
    system: System
    field: VectorField
    plane: fields.Params
    race: trajectories.Params
    portrait: bool


def choose() -> tuple[Choice, DeltaGenerator, DeltaGenerator]:
    """All controls, and the places that they leave: for the picture between them, and beside the solvers."""
    first, second = st.columns(2, gap="large")
    picture = st.container()
    solvers, results = st.columns([2, 3], gap="large")
    with first:
        name = share.select("System", list(PLANAR), "pendulum", lambda key: PLANAR[key].title, "f_system")
        system = PLANAR[name]
        field, formulas = _formulas(name, system)
    with second:
        values = _parameters(name, system, field)
        box = (system.x, system.y)
        if name == "own":
            reach = share.slider("Axes reach from -r to r, r =", 0.5, 20.0, 2.0, 0.5, key="f_own_r")
            box = ((-reach, reach), (-reach, reach))
        start = _start(name, system, box)
        portrait = share.toggle(
            "Phase portrait", True, key="f_portrait", help="Curves through a dozen places, forwards and backwards."
        )
    with solvers:
        methods, step, tolerance, time = _solvers(name, system)
    flow = fields.Flow(formulas, tuple(values.items()))
    invariant = system.invariant_at(formulas, values)
    race = trajectories.Params(flow, box, start, time, methods, step, tolerance, invariant)
    return Choice(name, system, field, fields.Params(flow, box), race, portrait), picture, results


def start_mover(choice: Choice) -> Callable[[float, float], None]:
    """What a move of the start in the picture does: both number fields follow."""
    box = choice.plane.box

    def move(x: float, y: float) -> None:
        for index, (value, (low, high)) in enumerate(zip((x, y), box, strict=True), 1):
            st.session_state[f"f_{choice.name}_s{index}"] = _rounded(value, low, high, 1000)

    return move


def move_trace(x: float, y: float) -> None:
    """What a move of the point of trace and determinant does: both sliders follow."""
    for parameter, value in zip(LINEAR.parameters, (x, y), strict=True):
        rounded = round(value / parameter.step) * parameter.step
        st.session_state[_key("linear", parameter.name)] = min(max(round(rounded, 6), parameter.low), parameter.high)


def pendulum_values(choice: Choice) -> tuple[float, float]:
    """w and d of the pendulum on screen; otherwise its usual ones, with some friction."""
    values = dict(choice.plane.flow.values)
    if choice.plane.flow.formulas == PENDULUM.formulas:
        return values["w"], values["d"]
    return 1.0, 0.5


def energy_race() -> trajectories.Params:
    """The pendulum without friction, let go at rest near the top."""
    step = share.slider("Step size $h$", 0.02, 0.5, 0.1, 0.02, key="f_energy_step")
    flow = fields.Flow(PENDULUM.formulas, (("w", 1.0), ("d", 0.0)))
    methods = ("euler", "implicit_euler", "trapezoid", "rk4_classic")
    return trajectories.Params(
        flow, (PENDULUM.x, PENDULUM.y), (3.0, 0.0), 20.0, methods, step, 1e-4, PENDULUM.invariant
    )


def choose_twins() -> lorenz.Params:
    """Lorenz's parameters, and the gap between the two starts."""
    left, right = st.columns(2)
    with left:
        power = share.slider("Gap between the starts $10^k$, $k$ =", -10, -2, -5, 1, key="f_gap")
        time = share.slider("Solve from $t = 0$ to", 5.0, 30.0, LORENZ.time, 1.0, key="f_lorenz_time")
    with right:
        values = {parameter.name: _slider("lorenz", parameter) for parameter in LORENZ.parameters}
    first, second, third = LORENZ.start
    return lorenz.Params(fields.Flow(LORENZ.formulas, tuple(values.items())), (first, second, third), 10.0**power, time)


def _formulas(name: str, system: System) -> tuple[VectorField, tuple[str, ...]]:
    """The formulas as typed, if they can be read; otherwise what is wrong is shown, and the last good ones hold."""
    typed = tuple(
        share.text(f"$z_{index}'$ =", formula, MAX_LENGTH, key=f"f_{name}_{index}")
        for index, formula in enumerate(system.formulas, 1)
    )
    good = f"_f_good_{name}"
    reading = cached.run(fields.read, typed)
    if reading.field is not None:
        st.session_state[good] = typed
        return reading.field, typed
    st.error("This formula cannot be read; the picture stays with the last good one.", icon=":material/error:")
    st.code(f"{reading.pointed}\n{reading.message}", language=None, wrap_lines=True)
    kept = st.session_state.get(good, system.formulas)
    field = cached.run(fields.read, kept).field
    assert field is not None  # it could be read before
    return field, kept


def _solvers(name: str, system: System) -> tuple[tuple[str, ...], float, float, float]:
    """Methods, step size, tolerance, and the end of the interval."""
    titles = trajectories.TITLES
    methods = share.choices("Solvers", list(titles), ["midpoint", "dopri5"], titles.__getitem__, "f_methods")
    label = "Step size $h$ of the first five, whose steps are fixed"
    step = share.slider(label, 0.01, 1.0, system.step, 0.01, key=f"f_{name}_step")
    label = "Tolerance $10^k$ of the last three, which choose their steps: $k$ ="
    power = share.slider(label, -10, -2, -4, 1, key="f_tol", help="Of the error of one step, not of the whole.")
    time = share.slider("Solve from $t = 0$ to", 1.0, 4 * system.time, system.time, 0.5, key=f"f_{name}_time")
    return tuple(methods), step, 10.0**power, time


def _parameters(name: str, system: System, field: VectorField) -> dict[str, float]:
    """A slider for every parameter of the formulas, two side by side."""
    known = {parameter.name: parameter for parameter in system.parameters}
    found = [*(one for one in known if one in field.parameters), *sorted(set(field.parameters) - known.keys())]
    values = {}
    columns = st.columns(2)
    for index, parameter in enumerate(found):
        with columns[index % 2]:
            values[parameter] = _slider(name, known.get(parameter, UNKNOWN), parameter)
    return values


def _slider(system: str, parameter: Parameter, name: str = "") -> float:
    name = name or parameter.name
    key = _key(system, name)
    low, high, step = parameter.low, parameter.high, parameter.step
    return share.slider(f"`{name}`: {parameter.says}", low, high, parameter.default, step, key=key)


def _key(system: str, parameter: str) -> str:
    return f"f_{system}_p_{parameter}"


def _start(name: str, system: System, box: fields.Box) -> tuple[float, float]:
    columns = st.columns(2)
    values = []
    for index, (column, (low, high)) in enumerate(zip(columns, box, strict=True), 1):
        key = f"f_{name}_s{index}"
        given = st.session_state.get(key)
        if given is not None:  # the axes of one's own field may have become shorter
            st.session_state[key] = min(max(given, low), high)
        step = _rounded((high - low) / 100, 0.0, math.inf, 100)
        default = min(max(system.start[index - 1], low), high)
        with column:
            values.append(
                share.number(f"Start $z_{index}(0)$", low, high, default, max(step, 0.01), key=key, format="%.3f")
            )
    return values[0], values[1]


def _rounded(value: float, low: float, high: float, parts: int) -> float:
    return min(max(round(value * parts) / parts, low), high)
