"""Results -> things to look at: plotly figures and panels of maps.

* `theme`: colours by meaning, colour scales.
* `scene`: `Scene`, what moves or is pointed into; the browser draws it. `chart`: what all plotly charts share.
* `maps`: `Panel`, a grid of values with its scale, title and text alternative; `Film`, one panel in many versions over
  a clock.
* `cam`: the figures of the Grad-CAM explorer.
* All others are a lesson's, under its name or its lab's.
"""
