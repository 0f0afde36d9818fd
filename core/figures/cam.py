"""Plotly figures of the Grad-CAM explorer."""

import plotly.graph_objects as go

from core.cam import Explanation
from core.figures.theme import AGAINST, EVIDENCE


def alpha_bars(explanation: Explanation, channels: list[int]) -> go.Figure:
    """Grad-CAM's weight of each of `channels`, for or against the class."""
    alpha = explanation.alpha[0, channels].tolist()
    return go.Figure(
        {
            "data": [
                {
                    "type": "bar",
                    "x": [str(k) for k in channels],
                    "y": alpha,
                    "marker": {"color": [EVIDENCE if a >= 0 else AGAINST for a in alpha]},
                    "hovertemplate": "feature map %{x}<br>α = %{y:.4g}<extra></extra>",
                }
            ],
            "layout": {
                "height": 260,
                "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
                "xaxis": {"title": {"text": "feature map k (index)"}, "type": "category", "fixedrange": True},
                "yaxis": {"title": {"text": "α (score per unit of A)"}, "fixedrange": True, "zeroline": True},
            },
        }
    )


def alpha_in_words(explanation: Explanation, channels: list[int]) -> str:
    """Text alternative of `alpha_bars`."""
    alpha = explanation.alpha[0, channels].tolist()
    listed = ", ".join(f"map {k}: {a:+.3g}" for k, a in zip(channels, alpha, strict=True))
    return f"Bars of alpha for the {len(channels)} strongest feature maps. {listed}."
