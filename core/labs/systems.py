"""The gallery of the vector-field explorer, as data: every system is the texts of its formulas and what goes with them.

Sources: Strogatz (2015), Nonlinear Dynamics and Chaos; Guckenheimer, Holmes (1983), Nonlinear Oscillations, Dynamical
Systems, and Bifurcations of Vector Fields; Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Parameter:
    """A number in the formulas that a slider sets."""

    name: str
    """As the formulas write it."""
    says: str
    default: float
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class System:
    """A differential equation z' = f(t, z) with all that a page needs to show it.

    Attributes:
        formulas: the components of f, in z1, z2, ..., t and the parameters.
        x, y: ranges of the axes of z1 and z2.
        start: z at t = 0.
        time: length of the interval [0, time] that is solved at first.
        step: of the methods with fixed steps, at first.
        invariant: a formula whose value never changes along a solution, at the parameters of `keeps`; or none.
        keeps: parameter values at which `invariant` is one.
        says: what it describes, and what to look for.
        units: what z1 and z2 are, for the axes; `clock`: what t is.
        source: where to read more.
    """

    title: str
    formulas: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    x: Range
    y: Range
    start: tuple[float, ...]
    time: float
    step: float
    says: str
    source: str
    units: tuple[str, ...]
    clock: str = "time t"
    invariant: str = ""
    keeps: tuple[tuple[str, float], ...] = ()

    def invariant_at(self, formulas: tuple[str, ...], values: Mapping[str, float]) -> str:
        """`invariant`, where the formulas are this system's own and the parameters leave it constant; else ""."""
        kept = formulas == self.formulas and all(values[name] == value for name, value in self.keeps)
        return self.invariant if kept else ""


PENDULUM = System(
    title="Pendulum",
    formulas=("z2", "-w^2*sin(z1) - d*z2"),
    parameters=(
        Parameter("w", "angular frequency of small swings, in rad/s", 1.0, 0.5, 3.0, 0.1),
        Parameter("d", "friction, in 1/s", 0.0, 0.0, 2.0, 0.05),
    ),
    x=(-6.6, 6.6),
    y=(-4.0, 4.0),
    start=(2.0, 0.0),
    time=15.0,
    step=0.5,
    says="A weight on a rod: it hangs at $z_1 = 0$ and stands on its head at $z_1 = \\pm\\pi$. Without friction the "
    "curves inside close, and those outside go over the top; a little friction $d$ winds them all inwards.",
    source="Strogatz 2015, section 6.7",
    units=("angle z1 (rad)", "angular velocity z2 (rad/s)"),
    clock="time t (s)",
    invariant="z2^2/2 - w^2*cos(z1)",
    keeps=(("d", 0.0),),
)

LOTKA_VOLTERRA = System(
    title="Predator and prey (Lotka-Volterra)",
    formulas=("a*z1 - b*z1*z2", "c*z1*z2 - d*z2"),
    parameters=(
        Parameter("a", "growth rate of the prey", 1.0, 0.1, 3.0, 0.1),
        Parameter("b", "prey lost for each encounter", 1.0, 0.1, 3.0, 0.1),
        Parameter("c", "predators gained for each encounter", 1.0, 0.1, 3.0, 0.1),
        Parameter("d", "death rate of the predators", 1.0, 0.1, 3.0, 0.1),
    ),
    x=(-0.3, 5.0),
    y=(-0.3, 5.0),
    start=(2.0, 0.5),
    time=14.0,
    step=0.2,
    says="Prey $z_1$ feed predators $z_2$. The number of prey peaks first, that of predators follows; each start has "
    "a closed curve of its own, so an error of the solver is never undone.",
    source="Hairer, Lubich, Wanner 2006, Geometric Numerical Integration, section I.1.1",
    units=("prey z1", "predators z2"),
    invariant="c*z1 - d*log(z1) + b*z2 - a*log(z2)",
)

VAN_DER_POL = System(
    title="Van der Pol's oscillator",
    formulas=("z2", "m*(1 - z1^2)*z2 - z1"),
    parameters=(Parameter("m", "strength of the damping that depends on z1", 1.0, 0.0, 8.0, 0.1),),
    x=(-4.0, 4.0),
    y=(-6.0, 6.0),
    start=(0.3, 0.0),
    time=20.0,
    step=0.1,
    says="Small swings grow and large ones shrink, so from everywhere the curve runs into the same closed one, the "
    "limit cycle. With a large $m$ it creeps and jumps: watch where adaptive steps become short.",
    source="Hairer, Norsett, Wanner 1993, section I.16; Strogatz 2015, section 7.1",
    units=("current z1", "rate z2"),
)

DOUBLE_WELL = System(
    title="Double well (Duffing)",
    formulas=("z2", "z1 - z1^3 - d*z2"),
    parameters=(Parameter("d", "friction", 0.2, 0.0, 2.0, 0.05),),
    x=(-2.2, 2.2),
    y=(-2.0, 2.0),
    start=(-1.6, 1.0),
    time=20.0,
    step=0.2,
    says="A ball in a landscape with two valleys, at $z_1 = \\pm 1$, and a hill between them. Move the start a little "
    "and see which valley wins.",
    source="Guckenheimer, Holmes 1983, section 2.2",
    units=("place z1", "velocity z2"),
    invariant="z2^2/2 - z1^2/2 + z1^4/4",
    keeps=(("d", 0.0),),
)

FORCED = System(
    title="Forced Duffing oscillator",
    formulas=("z2", "z1 - z1^3 - d*z2 + F*cos(w*t)"),
    parameters=(
        Parameter("d", "friction", 0.25, 0.0, 2.0, 0.05),
        Parameter("F", "amplitude of the force", 0.3, 0.0, 1.0, 0.01),
        Parameter("w", "angular frequency of the force", 1.0, 0.2, 3.0, 0.05),
    ),
    x=(-2.2, 2.2),
    y=(-2.0, 2.0),
    start=(0.5, 0.0),
    time=50.0,
    step=0.1,
    says="The double well, shaken: the field changes with $t$, so curves may cross in this picture. At these values "
    "the ball changes valleys without a rhythm.",
    source="Guckenheimer, Holmes 1983, section 2.2",
    units=("place z1", "velocity z2"),
)

LINEAR = System(
    title="Linear, by trace and determinant",
    formulas=("z2", "-D*z1 + T*z2"),
    parameters=(
        Parameter("T", "trace of the matrix", -0.4, -3.0, 3.0, 0.05),
        Parameter("D", "determinant of the matrix", 1.0, -3.0, 3.0, 0.05),
    ),
    x=(-3.0, 3.0),
    y=(-3.0, 3.0),
    start=(2.0, 0.0),
    time=12.0,
    step=0.2,
    says="$z' = A z$ with $A = \\begin{pmatrix} 0 & 1 \\\\ -D & T \\end{pmatrix}$, whose trace is $T$ and whose "
    "determinant is $D$. These two numbers decide what the only equilibrium, 0, is.",
    source="Strogatz 2015, section 5.2",
    units=("z1", "z2"),
)

OWN = System(
    title="Your own",
    formulas=("z1 - z2 - z1*(z1^2 + z2^2)", "z1 + z2 - z2*(z1^2 + z2^2)"),
    parameters=(),
    x=(-2.0, 2.0),
    y=(-2.0, 2.0),
    start=(0.2, 0.0),
    time=10.0,
    step=0.1,
    says="Type the two formulas. Beside $z_1$ (`z1`), $z_2$ (`z2`) and $t$ (`t`), every other letter becomes a "
    "parameter with a slider.",
    source="the example to begin with: Strogatz 2015, example 7.1.1",
    units=("z1", "z2"),
)

PLANAR: dict[str, System] = {
    "pendulum": PENDULUM,
    "prey": LOTKA_VOLTERRA,
    "vdp": VAN_DER_POL,
    "well": DOUBLE_WELL,
    "forced": FORCED,
    "linear": LINEAR,
    "own": OWN,
}
"""Systems of two equations, by the name that stands in the address."""

LORENZ = System(
    title="Lorenz's equations",
    formulas=("s*(z2 - z1)", "z1*(r - z3) - z2", "z1*z2 - b*z3"),
    parameters=(
        Parameter("s", "Prandtl number", 10.0, 1.0, 20.0, 0.5),
        Parameter("r", "Rayleigh number over its critical value", 28.0, 0.5, 40.0, 0.5),
        Parameter("b", "shape of the rolls", 2.667, 0.5, 4.0, 0.001),
    ),
    x=(-25.0, 25.0),
    y=(-35.0, 35.0),
    start=(-8.0, 8.0, 27.0),
    time=20.0,
    step=0.01,
    says="Three numbers that stand for air rolling between a warm floor and a cool ceiling: $z_1$ its speed, $z_2$ and "
    "$z_3$ how the temperature departs from rest.",
    source="Lorenz 1963; Strogatz 2015, chapter 9",
    units=("z1", "z2", "z3"),
)
