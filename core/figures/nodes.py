"""The graph of a small network: each node with its value and its gradient, as far as they have been computed."""

import plotly.graph_objects as go

from core.figures.theme import GRADIENT, MUTED, STATE
from core.labs.node_words import named
from core.labs.nodes import View

PLACES = {
    "h_0": (0.0, 0.0),
    "w_0": (1.0, 1.0),
    "b_0": (1.0, -1.0),
    "s_0": (1.0, 0.0),
    "h_1": (2.0, 0.0),
    "w_1": (3.0, 1.0),
    "b_1": (3.0, -1.0),
    "s_1": (3.0, 0.0),
    "h_2": (4.0, 0.0),
    "y": (5.0, 1.0),
    "L": (5.0, 0.0),
}
EDGES = (
    *(("h_0", "s_0"), ("w_0", "s_0"), ("b_0", "s_0"), ("s_0", "h_1")),
    *(("h_1", "s_1"), ("w_1", "s_1"), ("b_1", "s_1"), ("s_1", "h_2"), ("h_2", "L"), ("y", "L")),
)
SKIPS = (("h_0", "h_1"), ("h_1", "h_2"))
GIVEN = {"h_0", "w_0", "b_0", "w_1", "b_1", "y"}
SIDE = 50
"""Of a node in pixels: six of them fit a phone."""


def graph(view: View) -> go.Figure:
    """Nodes as boxes, arrows from what feeds to what is fed, skips as arcs."""
    values, gradients = _reached(view)
    current = named(view.step) if view.step else ("", False)
    texts = []
    for name in PLACES:
        value = _fitted(view.run.values[name]) if name in values else "·"
        slope = _fitted(view.run.gradients[name]) if name in gradients else "·"
        second = "" if name in {"y", "L"} else f"<br><span style='color:{GRADIENT}'>{slope}</span>"
        texts.append(f"<b>{_short(name)}</b><br><span style='color:{STATE}'>{value}</span>{second}")
    colours = [(GRADIENT if current[1] else STATE) if name == current[0] else f"{MUTED}90" for name in PLACES]
    skips = SKIPS if view.run.params.residual else ()
    return go.Figure(
        {
            "data": [
                {
                    "type": "scatter",
                    "x": [x for x, _ in PLACES.values()],
                    "y": [y for _, y in PLACES.values()],
                    "mode": "markers+text",
                    "text": texts,
                    "textfont": {"size": 12},
                    "marker": {
                        "symbol": "square",
                        "size": SIDE,
                        "color": f"{MUTED}22",
                        "line": {"color": colours, "width": [3 if name == current[0] else 1 for name in PLACES]},
                    },
                    "hoverinfo": "skip",
                }
            ],
            "layout": {
                "height": 330,
                "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
                "xaxis": {"visible": False, "range": [-0.5, 5.5], "fixedrange": True},
                "yaxis": {"visible": False, "range": [-1.5, 1.5], "fixedrange": True},
                "showlegend": False,
                "annotations": [_arrow(*edge, current) for edge in EDGES],
                "shapes": [_arc(*skip, current) for skip in skips],
            },
        }
    )


def alt(view: View) -> str:
    """The graph in words."""
    values, gradients = _reached(view)
    kind = "residual" if view.run.params.residual else "plain"
    told = [
        f"{_short(name)} = {view.run.values[name]:.4g}"
        + (f" with gradient {view.run.gradients[name]:.4g}" if name in gradients else "")
        for name in PLACES
        if name in values
    ]
    return f"Graph of two {kind} layers, from the input h₀ over s₀, h₁, s₁ and h₂ to the loss L: {'; '.join(told)}."


def _reached(view: View) -> tuple[set[str], set[str]]:
    steps = [named(step) for step in range(1, view.step + 1)]
    return GIVEN | {name for name, back in steps if not back}, {name for name, back in steps if back}


def _arrow(start: str, end: str, current: tuple[str, bool]) -> dict[str, object]:
    """Forwards; against its direction, and coloured, where the gradient comes along it just now."""
    if current == (start, True):
        start, end, colour, width = end, start, GRADIENT, 2.5
    else:
        colour, width = (STATE, 2.5) if current == (end, False) else (MUTED, 1.2)
    (x, y), (ax, ay) = PLACES[end], PLACES[start]
    return {
        **{"x": x, "y": y, "ax": ax, "ay": ay, "xref": "x", "yref": "y", "axref": "x", "ayref": "y"},
        **{"text": "", "showarrow": True, "arrowhead": 2, "arrowsize": 1, "arrowwidth": width, "arrowcolor": colour},
        **{"standoff": SIDE / 2 + 1, "startstandoff": SIDE / 2},
    }


def _arc(start: str, end: str, current: tuple[str, bool]) -> dict[str, object]:
    """A skip; coloured like an arrow, and as wide, where the value or the gradient comes along it just now."""
    colour = GRADIENT if current == (start, True) else STATE if current == (end, False) else MUTED
    width = 1.5 if colour == MUTED else 2.5
    (x0, _), (x1, _) = PLACES[start], PLACES[end]
    path = f"M {x0 + 0.2} -0.3 Q {(x0 + x1) / 2} -0.85 {x1 - 0.2} -0.3"
    return {"type": "path", "path": path, "line": {"color": colour, "width": width, "dash": "dot"}, "layer": "below"}


def _fitted(value: float) -> str:
    """Three digits, or two with a power of ten: what a box has room for."""
    text = f"{value:.3g}"
    return f"{value:.1e}" if "e" in text else text


_SUBSCRIPTS = str.maketrans("012", "₀₁₂")


def _short(name: str) -> str:
    return name.replace("_", "").translate(_SUBSCRIPTS)
