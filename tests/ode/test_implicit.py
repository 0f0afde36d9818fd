"""Implicit methods: orders, stability, states of every kind, gradients."""

import math

import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from core.ode.implicit import NewtonOptions
from core.ode.odeint import odeint
from core.ode.tableaus import TABLEAUS
from tests.ode.implicit_steps import NAMES, START, grid, pendulum, stepper_for, walk
from tests.ode.problems import state, vector


@pytest.fixture(scope="module")
def pendulum_end() -> Tensor:
    def field(t, y):
        return pendulum(torch.tensor(t), torch.from_numpy(y)).numpy()

    return torch.from_numpy(
        solve_ivp(field, (0, 2), START.numpy(), method="DOP853", rtol=3e-14, atol=1e-15).y[:, -1].copy()
    )


@pytest.mark.parametrize("name", NAMES)
def test_order(name, pendulum_end):
    order = TABLEAUS[name].order
    counts = {1: (320, 640), 2: (80, 160), 3: (80, 160), 4: (30, 60), 5: (20, 40), 6: (10, 20)}[order]
    errors = [(walk(stepper_for(name, pendulum, START), START, grid(n)) - pendulum_end).abs().max() for n in counts]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("z", [-0.5, -40.0, -1e6, -1 + 2j, 3j, 0.3])
def test_linear_equation_gives_the_stability_function(name, z):
    rate = torch.tensor(z, dtype=torch.complex128)
    y0 = torch.tensor([1.0 + 0.5j], dtype=torch.complex128)
    stepper = stepper_for(name, lambda t, y: rate * y, y0)
    expected = complex(TABLEAUS[name].stability(complex(z))) * y0
    rounding = 1e-15 * abs(z)  # of the slope at the start, where it is a stage
    assert torch.allclose(walk(stepper, y0, [0.0, 1.0]), expected, rtol=1e-12, atol=1e-12 + rounding)
    assert stepper.jacobians == 1


@pytest.mark.parametrize("name", ["trapezoid", "kencarp4", "radauIIA5", "gl4"])
def test_batched_is_the_loop_over_samples_and_the_coupled_system(name):
    y0 = torch.stack([START, -START, vector(0.1, 1.0)])
    batched = stepper_for(name, pendulum, y0, batched=True)
    together = walk(batched, y0, grid(5))
    loop = torch.stack([walk(stepper_for(name, pendulum, one), one, grid(5)) for one in y0])
    coupled = walk(stepper_for(name, pendulum, y0), y0, grid(5))
    assert torch.allclose(together, loop, rtol=1e-13, atol=1e-14)
    assert torch.allclose(together, coupled, rtol=1e-13, atol=1e-14)
    assert batched.samples.flat(y0).shape == (3, 2)


def test_batched_tuple():
    y0 = (torch.tensor([[1.0, 2.0], [3.0, 4.0], [0.5, 0.1]]).double(), torch.tensor([0.3, -0.2, 1.0]).double())

    def func(t, y):
        a, b = y
        return -a * b[:, None], torch.sin(a).sum(1) - b

    plain, batched = (walk(stepper_for("radauIIA3", func, y0, batched=flag), y0, grid(4)) for flag in (False, True))
    for one, other, start in zip(plain, batched, y0, strict=True):
        assert other.shape == start.shape
        assert torch.allclose(one, other, rtol=1e-13, atol=1e-14)


def test_batched_needs_samples():
    y0 = (torch.zeros(3, 2), torch.zeros(2))
    with pytest.raises(ValueError, match=r"samples along axis 0 of every tensor; got shapes \(3, 2\), \(2,\)"):
        stepper_for("sdirk2", lambda t, y: y, y0, batched=True)
    with pytest.raises(ValueError, match="samples along axis 0"):
        stepper_for("sdirk2", lambda t, y: y, torch.tensor(1.0), batched=True)


@pytest.mark.parametrize("given", [{"max_iters": 0}, {"max_iters": 2.5}, {"max_iters": True}, {"batched": 1}])
def test_options_are_checked(given):
    with pytest.raises(ValueError, match=f"option `{next(iter(given))}` must be"):
        NewtonOptions.read({**given, "step_size": 0.1})


@pytest.mark.parametrize("name", ["implicit_euler", "kencarp4", "radauIIA3"])
@pytest.mark.parametrize("shape", [(), (2, 3), (0,)])
def test_state_of_any_shape(name, shape):
    y0 = torch.linspace(0.5, 1.0, math.prod(shape), dtype=torch.float64).reshape(shape)
    y1 = walk(stepper_for(name, lambda t, y: -(y**3), y0), y0, grid(4))
    flat = y0.reshape(-1)
    assert y1.shape == shape
    assert torch.allclose(y1.reshape(-1), walk(stepper_for(name, lambda t, y: -(y**3), flat), flat, grid(4)))


@pytest.mark.parametrize("name", NAMES)
def test_complex_state_is_the_real_pair(name):
    """|z|^2 z is not holomorphic: a complex derivative would not do."""
    y0 = torch.tensor([1.0 + 0.5j, -0.3 + 0.2j], dtype=torch.complex128)

    def func(t, z):
        return 1j * z - 0.5 * z.abs() ** 2 * z

    def pair(t, y):
        return torch.view_as_real(func(t, torch.view_as_complex(y)))

    real = torch.view_as_real(y0)
    expected = torch.view_as_complex(walk(stepper_for(name, pair, real), real, grid(4)))
    assert torch.allclose(walk(stepper_for(name, func, y0), y0, grid(4)), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("adaptive", [False, True])
def test_float32(name, adaptive):
    y0 = START.float()
    y1 = walk(stepper_for(name, pendulum, y0, adaptive=adaptive), y0, grid(10))
    assert y1.dtype is torch.float32
    expected = walk(stepper_for(name, pendulum, START), START, grid(10))
    assert torch.allclose(y1.double(), expected, atol=5e-6)


@pytest.mark.parametrize("name", ["trapezoid", "kencarp4", "gl4"])
def test_integrals_that_func_does_not_see(name):
    """As the adjoint's parameters: they only accumulate, and no equation is solved for them."""
    y0 = (START, torch.zeros(40, dtype=torch.float64))

    def seen(t, y):
        return pendulum(t, y[0]), y[0].sum() * torch.ones(40, dtype=torch.float64)

    narrow = stepper_for(name, seen, y0, seen=1)
    y1, integrals = walk(narrow, y0, grid(5))
    full_y, full = walk(stepper_for(name, seen, y0), y0, grid(5))
    assert narrow.samples.flat(torch.zeros(42).double()).shape == (1, 2)
    assert torch.allclose(y1, full_y, rtol=1e-13)
    assert torch.allclose(integrals, full, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients(name):
    def final(y0, rate, t0, t1, t2):
        def func(t, y):
            q, p = y.unbind(-1)
            return state(p + rate[0] * torch.sin(t) * q * q, -torch.sin(rate[1] * q) - 0.1 * p**3)

        return walk(stepper_for(name, func, y0), y0, [t0, t1, t2])

    inputs = (START, vector(0.3, 1.2), *vector(0.1, 0.6, 1.3))
    inputs = tuple(x.clone().requires_grad_() for x in inputs)
    assert torch.autograd.gradcheck(final, inputs, eps=1e-6, atol=1e-8, rtol=1e-6)
    assert torch.allclose(final(*inputs).detach(), final(*(x.detach() for x in inputs)), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", ["implicit_midpoint", "trbdf2", "radauIIA3"])
def test_gradients_of_batched_complex_tuples(name):
    def final(a, b, rate):
        def func(t, y):
            return rate * 1j * y[0] * y[1].abs()[:, None] ** 2, y[0].sum(1) - y[1] ** 2

        return walk(stepper_for(name, func, (a, b), batched=True), (a, b), [0.0, 0.3, 0.5])

    a = torch.tensor([[1.0 + 0.5j, 0.2], [-0.3j, 0.7]], dtype=torch.complex128, requires_grad=True)
    b = torch.tensor([0.5 + 0.1j, 1j], dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(final, (a, b, vector(0.7)[0].requires_grad_()))


def test_gradient_of_a_parameter_alone_and_of_unseen_integrals():
    rate = vector(0.8).requires_grad_()

    def final(rate):
        def func(t, y):
            return -rate * y[0] ** 2, y[0] * rate

        return walk(stepper_for("kencarp4", func, (START, START), seen=1), (START, START), [0.0, 0.4, 1.0])

    assert torch.autograd.gradcheck(final, (rate,))


@pytest.mark.parametrize("name", ["implicit_euler", "kencarp4", "radauIIA5"])
@pytest.mark.parametrize("of", ["state", "parameter"])
def test_second_derivatives_are_refused(name, of):
    y0, rate = START.clone().requires_grad_(), vector(0.5).requires_grad_()
    y1 = walk(stepper_for(name, lambda t, y: -rate * y**2, y0), y0, [0.0, 0.5])
    wanted = y0 if of == "state" else rate
    (gradient,) = torch.autograd.grad(y1.sum(), wanted, create_graph=True)
    with pytest.raises(NotImplementedError, match="differentiated once only"):
        torch.autograd.grad(gradient.sum(), wanted)


@pytest.mark.filterwarnings("ignore:.torch.jit.script.:DeprecationWarning")  # torch 2.13 itself, on first use
def test_forward_mode_is_refused():
    def final(y0):
        return odeint(pendulum, y0, vector(0, 1), method="gl4")[-1]

    with pytest.raises(NotImplementedError, match="reverse-mode gradients only"):
        torch.func.jacrev(final)(START)
    with pytest.raises(NotImplementedError, match="reverse-mode gradients only"):
        torch.func.jvp(final, (START,), (START,))


def test_in_inference_mode():
    with torch.inference_mode():
        y1 = odeint(pendulum, START.clone(), vector(0, 1), method="radauIIA3")
    assert torch.allclose(y1, odeint(pendulum, START, vector(0, 1), method="radauIIA3"))


def test_field_that_ignores_its_state():
    y = odeint(lambda t, y: torch.cos(t) * torch.ones(2).double(), START, vector(0, 0.5), method="gl6")
    assert torch.allclose(y[1] - y[0], torch.sin(vector(0.5)), atol=1e-7)
