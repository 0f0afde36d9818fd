"""The start moved a little: what the adjoint says that the loss does, and what it does.

Source: Chen et al. 2018, appendix B.1; the check is the definition of a derivative.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from core.expression import parse_field
from core.labs.adjoint import T0, TIGHT, Failed, Run, array_of
from core.ode import SolverError, solve

PARTS = (1.0, 0.5, 0.25)
"""Of dz, that are tried."""


@dataclass(frozen=True, eq=False)
class Nudge:
    """The start moved by dz, and what became of the loss.

    Attributes:
        shift: dz.
        path: (k, 2), the solution from the moved start, at the times of the run.
        product: (k,), a(t) (path - z), from t1 down to t0.
        smaller: (part, a(t0) part dz, change of the loss) for dz, a half and a quarter of it.
    """

    run: Run
    shift: Float[np.ndarray, "2"]
    path: Float[np.ndarray, "k 2"]
    product: Float[np.ndarray, " k"]
    smaller: tuple[tuple[float, float, float], ...]

    @property
    def told(self) -> float:
        """What the adjoint says of the loss: a(t0) dz."""
        return self.smaller[0][1]

    @property
    def change(self) -> float:
        """What the loss did."""
        return self.smaller[0][2]


@dataclass(frozen=True, eq=False)
class View:
    """A run as the first figure shows it.

    Attributes:
        handle: what can be moved: "start" or "target".
        nudge: the moved start, once it is shown.
        message: why it is not, if it should be.
    """

    run: Run
    handle: str
    nudge: Nudge | None = None
    message: str = ""


def nudge(run: Run, length: float, degrees: float) -> Nudge | Failed:
    """Move the start by so much in this direction, and solve again."""
    params = run.params
    angle = np.deg2rad(degrees)
    shift = length * np.array([np.cos(angle), np.sin(angle)])
    field, values = parse_field(params.formulas), dict(params.values)
    z0, target = np.array(params.start), np.array(params.target)

    def states(start: np.ndarray, times: np.ndarray) -> np.ndarray:
        """(k, 2), at times from t0 on."""
        given, wanted = torch.from_numpy(start), times.tolist()
        return array_of(solve(lambda t, z: field(t, z, values), given, T0, params.t1, times=wanted, **TIGHT).states)

    try:
        path = states(z0 + shift, run.times[::-1])[::-1]
        ends = [path[0], *(states(z0 + part * shift, run.times[:1])[-1] for part in PARTS[1:])]
    except SolverError as error:
        return Failed(f"From the moved start the solver gave up at t = {error.t:.3g}. Take a shorter move")
    told = float(run.a[-1] @ shift)
    losses = (((end - target) ** 2).sum() / 2 for end in ends)
    smaller = tuple((part, part * told, float(loss) - run.loss) for part, loss in zip(PARTS, losses, strict=True))
    return Nudge(run, shift, path, np.einsum("ki,ki->k", run.a, path - run.forward), smaller)
