"""Widgets of the page on Jacobians; all of it stands in the address."""

import math
from dataclasses import dataclass

import streamlit as st

from core.expression import MAX_LENGTH
from core.labs import jacobian_cost, jacobian_maps, jacobian_words, jacobians
from core.labs.jacobian_maps import MAPS, Box, Formulas, Map, Place, Reading
from core.labs.jacobian_products import ProductParams
from core.labs.jacobian_ways import Ways
from pages.ui import cached, piecewise, share

FOLD = jacobians.Params(jacobians.Point(MAPS["fold"].formulas, (-1.0, 0.5)), MAPS["fold"].box, 0.1, ("z1", "z2"))
"""Where the page's prediction is about."""


@dataclass(frozen=True)
class Choice:
    """What a learner chose: always a map and a point at which it has a value and slopes."""

    name: str
    about: Map
    reading: Reading
    params: jacobians.Params

    def move(self, x: float, y: float) -> None:
        """What a move of the point in the picture does: both number fields follow."""
        for index, value in enumerate((x, y), 1):
            st.session_state[_key(self.name, index)] = round(value, 3)


def choose() -> Choice:
    """Map, formulas, point and radius."""
    left, right = st.columns(2, gap="large")
    with left:
        name = share.select("Map f", list(MAPS), "square", lambda key: MAPS[key].title, "j_map")
        about = MAPS[name]
        reading = _read(name, about)
        st.latex(reading.latex)
        st.caption(about.says)
    with right:
        radius = share.slider("Radius r of the circle", 0.02, 0.8, 0.4, 0.02, "j_radius")
        place = _place(name, about, reading)
    point = jacobians.Point(reading.formulas, place)
    return Choice(name, about, reading, jacobians.Params(point, about.box, round(radius, 6), about.units))


def choose_vectors(point: jacobians.Point) -> ProductParams:
    """The row a and the column v."""
    left, right = st.columns(2, gap="large")
    with left:
        a = [share.slider(f"Row a: $a_{i}$", -3.0, 3.0, (1.0, 0.5)[i - 1], 0.1, f"j_a{i}") for i in (1, 2)]
    with right:
        v = [share.slider(f"Column v: $v_{i}$", -3.0, 3.0, (1.0, -0.5)[i - 1], 0.1, f"j_v{i}") for i in (1, 2)]
    return ProductParams(point, (round(a[0], 6), round(a[1], 6)), (round(v[0], 6), round(v[1], 6)))


def show_ways(ways: Ways) -> None:
    """The matrix in three ways, side by side where there is room."""
    for column, table in zip(st.columns(3), jacobian_words.ways_tables(ways), strict=True):
        column.markdown(table)


def costs_measured() -> bool:
    """Whether all sizes of the comparison of costs are measured, which takes a moment once."""
    return piecewise.done("Measuring", [(jacobian_cost.at, n) for n in jacobian_cost.SIZES], "j_costs")


def costs() -> jacobian_cost.Costs:
    """The comparison, of sizes that are measured."""
    return jacobian_cost.measure(cached.run)


def move_v(x: float, y: float) -> None:
    """What a move of the tip of v does: both sliders follow."""
    for index, value in enumerate((x, y), 1):
        st.session_state[f"j_v{index}"] = min(max(round(value, 1), -3.0), 3.0)


def _read(name: str, about: Map) -> Reading:
    """The formulas, fixed or as typed; where they cannot be used it is said why, and the last good ones hold."""
    if name != "own":
        return cached.run(jacobian_maps.read, about.formulas, about.box, about.start)
    first, second = (share.text(f"$f_{i}(z)$ =", about.formulas[i - 1], MAX_LENGTH, f"j_own_{i}") for i in (1, 2))
    reading = cached.run(jacobian_maps.read, (first, second), about.box, about.start)
    if reading.place is not None:
        st.session_state["_j_good"] = (first, second)
        return reading
    st.error("These formulas cannot be used; the page stays with the last good ones.", icon=":material/error:")
    st.code(f"{reading.pointed}\n{reading.message}".strip("\n"), language=None, wrap_lines=True)
    kept: Formulas = st.session_state.get("_j_good", about.formulas)
    return cached.run(jacobian_maps.read, kept, about.box, about.start)


def _place(name: str, about: Map, reading: Reading) -> Place:
    """The point asked for; where f has no value or slopes there it is said so, and the last good point holds."""
    assert reading.place is not None  # `_read` gives none without one
    x, y = (_coordinate(name, about.box, reading.place, index) for index in (1, 2))
    kept = f"_j_place_{name}"
    if cached.run(jacobian_maps.finite_at, reading.formulas, (x, y)):
        st.session_state[kept] = (x, y)
        return x, y
    place: Place = st.session_state.get(kept, reading.place)
    if not cached.run(jacobian_maps.finite_at, reading.formulas, place):
        place = reading.place
    st.warning(
        f"f has no value with finite slopes at ({x:g}, {y:g}). The page stays with the last point where it has, "
        f"({place[0]:g}, {place[1]:g}).",
        icon=":material/info:",
    )
    return place


def _coordinate(name: str, box: Box, place: Place, index: int) -> float:
    low, high = box[index - 1]
    default = min(max(place[index - 1] if name == "own" else MAPS[name].start[index - 1], low), high)
    value = share.number(f"Point: $z_{index}$", low, high, default, 0.1, _key(name, index), format="%.3f")
    return value if math.isfinite(value) else default


def _key(name: str, index: int) -> str:
    return f"j_{name}_p{index}"
