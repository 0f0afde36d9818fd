"""Implicit methods: Newton's iteration and its failures, evaluations counted, between steps, stiff problems."""

import pytest
import torch
from scipy.integrate import solve_ivp

from core.ode.errors import NewtonError, NonFiniteError, SolverError, StepUnderflowError
from core.ode.jacobian import Samples, rows_of_jacobian
from core.ode.newton import Newton
from core.ode.odeint import odeint, odeint_dense
from core.ode.problem import Layout
from core.ode.tableaus import TABLEAUS
from tests.ode.implicit_steps import FULLY, NAMES, START, grid, pendulum, stepper_for, walk
from tests.ode.problems import OREGONATOR, ROBERTSON, state, van_der_pol, vector


@pytest.mark.parametrize("name", ["implicit_euler", "gl4", "radauIIA5", "kencarp4"])
@pytest.mark.parametrize("adaptive", [False, True])
def test_newton_failure_says_where(name, adaptive):
    stepper = stepper_for(name, lambda t, y: torch.exp(y), vector(1.0), adaptive=adaptive)
    with pytest.raises(NewtonError, match=r"step h=10 .*smaller step") as caught:  # blows up long before
        walk(stepper, vector(1.0), [0.5, 10.5])
    assert caught.value.h == 10.0
    assert 0.5 <= caught.value.t <= 10.5
    assert isinstance(caught.value, SolverError)


def test_nan_is_a_newton_failure():
    stepper = stepper_for("implicit_midpoint", lambda t, y: torch.sqrt(y - 0.9) - 5.0, vector(1.0))
    with pytest.raises(NewtonError, match="met NaN or infinity"):
        walk(stepper, vector(1.0), [0.0, 1.0])


def test_error_control_tells_nan_from_a_singularity():
    times = vector(0.0, 2.0)
    with pytest.raises(NonFiniteError, match=r"NaN or infinity at t=0\.02"):
        odeint(lambda t, y: torch.sqrt(y - 0.9) - 5.0, vector(1.0), times, method="kencarp4")
    with pytest.raises(StepUnderflowError, match=r"at t=1\.0000"):
        odeint(lambda t, y: y * y, vector(1.0), times, method="kencarp4")


def test_too_few_iterations():
    with pytest.raises(NewtonError, match="did not converge in 1 iterations"):
        walk(stepper_for("gl4", pendulum, START, max_iters=1), START, [0.0, 1.0])


def test_jacobian_is_kept_while_it_serves_and_renewed_when_not():
    linear = stepper_for("kencarp4", lambda t, y: -50.0 * y, START)
    walk(linear, START, grid(20))
    assert linear.jacobians == 1
    rate = [1.0]

    def func(t, y):
        return -rate[0] * y - y**3

    stepper = stepper_for("kencarp4", func, START, adaptive=True)
    walk(stepper, START, grid(20))
    before = stepper.jacobians
    rate[0] = 1e5  # the matrix is now far from the truth
    y1 = walk(stepper, START, [2.0, 2.1])
    exact = walk(stepper_for("kencarp4", func, START), START, [2.0, 2.1])
    assert stepper.jacobians > before
    assert torch.allclose(y1, exact, atol=1e-7)


def test_too_stiff_a_matrix_does_not_pass_for_convergence():
    newton = Newton(lambda t, y: -y, 20, exact=False)
    newton.use(torch.full((1, 1, 1, 1), -1e7, dtype=torch.float64))
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    slopes = newton.solve(1.0, 1.0, [0.0], one, 0 * one, 1e-4 * one)
    assert slopes.item() == pytest.approx(-0.5, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_evaluations_are_counted(name):
    calls = []

    def func(t, y):
        calls.append(float(t))
        return pendulum(t, y)

    stepper = stepper_for(name, func, START)
    walk(stepper, START, grid(3))
    assert stepper.field.nfe == len(calls)
    assert min(calls) >= 0.0
    assert max(calls) <= 2.0


@pytest.mark.parametrize("name", NAMES)
def test_between_steps(name):
    """The method's own polynomial or the cubic: it meets both ends, and is of order 3 or better between."""
    y = odeint_dense(pendulum, START, 0.0, 0.2, method=name, options={} if name == "kencarp4" else {"step_size": 0.02})
    fine = odeint(pendulum, START, vector(0.0, 0.11), rtol=1e-11, atol=1e-12, method="dopri8")[-1]
    error = (y(torch.tensor(0.11).double()) - fine).abs().max()
    assert error < {1: 2e-2, 2: 1e-4}.get(TABLEAUS[name].order, 1e-6)
    assert torch.equal(torch.as_tensor(y(torch.tensor(0.0).double())), START)


def test_slope_at_the_start_is_not_the_first_stage():
    """Gauss' and Radau's first stage lies inside the step."""
    stepper = stepper_for("radauIIA5", lambda t, y: torch.cos(t) * torch.ones_like(y), START)
    y = stepper.from_state(START)
    k = stepper.derivative(0.0, y)
    y1 = stepper.step(0.0, 0.1, 0.1, y, k)
    assert not stepper.needs_end_slope
    assert torch.allclose(stepper.polynomial(0.0, 0.1, y, y1)[0], 0.1 * k)


def test_rows_of_jacobian():
    y = torch.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=torch.float64, requires_grad=True)
    rows = rows_of_jacobian(state(y[:, 0] * y[:, 1], y[:, 1] ** 3), y)
    expected = torch.tensor([[[2.0, 1.0], [0.0, 12.0]], [[-1.0, 0.5], [0.0, 3.0]]], dtype=torch.float64)
    assert torch.equal(rows, expected)


def test_samples_there_and_back():
    y0 = (torch.randn(3, 2, dtype=torch.complex64), torch.randn(3, dtype=torch.complex64))
    layout = Layout.of(y0)
    for batched, shape in ((False, (1, 18)), (True, (3, 6))):
        samples = Samples(layout, batched)
        flat = samples.flat(layout.join(y0))
        assert flat.shape == shape
        assert torch.equal(samples.state(flat), layout.join(y0))


STIFF = [
    # against scipy's Radau at rtol 1e-11; limits about a third above what it takes
    (ROBERTSON, 1e-4, 1e-10, 300, 3000),
    (van_der_pol(1000.0, 2000.0), 1e-4, 1e-6, 500, 6000),
    (OREGONATOR, 1e-4, 1e-6, 600, 7000),
]


@pytest.mark.parametrize(("problem", "rtol", "atol", "steps", "nfe"), STIFF, ids=str)
def test_stiff_problems(problem, rtol, atol, steps, nfe):
    times = vector(problem.t0, problem.t1)
    taken, calls = [], []

    class Counted:
        def callback_step(self, t, y, h):
            taken.append(float(h))

        def __call__(self, t, y):
            calls.append(float(t))
            return problem.func(t, y)

    y1 = odeint(Counted(), problem.y0, times, rtol=rtol, atol=atol, method="kencarp4", options={"controller": "PI"})[-1]
    reference = solve_ivp(
        problem.for_scipy(), (problem.t0, problem.t1), problem.y0.numpy(), method="Radau", rtol=1e-7, atol=1e-3 * atol
    ).y[:, -1]
    assert len(taken) <= steps
    assert len(calls) <= nfe
    assert (y1 - torch.from_numpy(reference.copy())).abs().le(100 * (atol + rtol * y1.abs())).all()


@pytest.mark.parametrize("name", [*FULLY, "sdirk2", "implicit_euler", "trbdf2"])
def test_stiff_problems_in_fixed_steps(name):
    """Van der Pol's relaxation, h lambda about -2000: the steps must follow the slow manifold."""
    problem = van_der_pol(1000.0, 100.0)
    y1 = odeint(problem.func, problem.y0, vector(0.0, 100.0), method=name, options={"step_size": 1.0})[-1]
    reference = solve_ivp(problem.for_scipy(), (0, 100), problem.y0.numpy(), method="Radau", rtol=1e-8, atol=1e-10)
    assert abs(float(y1[0]) - reference.y[0, -1]) < 1e-4
