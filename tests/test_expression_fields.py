"""Fields of formulas: against their components, autograd, and a solver."""

import copy
import math

import pytest
import torch

from core.expression import FormulaError, parse_field
from core.ode import solve

VDP = ["z2", "mu*(1-z1^2)*z2-z1"]


def test_a_field_is_its_components():
    field = parse_field(VDP)
    assert (field.dimension, field.parameters, field.autonomous) == (2, ("mu",), True)
    z = torch.randn(6, 3, 2, dtype=torch.float64)
    mu = 1.7
    expected = torch.stack([z[..., 1], mu * (1 - z[..., 0] ** 2) * z[..., 1] - z[..., 0]], -1)
    torch.testing.assert_close(field(0.0, z, {"mu": mu}), expected)
    by_autograd = torch.func.vmap(torch.func.jacrev(lambda z: field(0.0, z, {"mu": mu})))(z.reshape(-1, 2))
    torch.testing.assert_close(field.jacobian(0.0, z, {"mu": mu}), by_autograd.reshape(6, 3, 2, 2))
    assert field(0.0, z[0, 0].float(), {"mu": mu}).dtype == torch.float32
    assert hash(field) == hash(parse_field(VDP))
    assert repr(field) == repr(parse_field(VDP))
    assert field.latex.count(r"\\") == 1
    assert "z_2' &= \\mu" in field.latex


def test_components_that_are_constant_or_have_axes_by_their_parameters():
    field = parse_field(["1", "a*t"])
    assert not field.autonomous
    z = torch.zeros(4, 2, dtype=torch.float64)
    assert field(2.0, z, {"a": 3.0}).tolist() == [[1.0, 6.0]] * 4
    a = torch.arange(4.0, dtype=torch.float64, requires_grad=True)
    out = field(2.0, torch.zeros(2, dtype=torch.float64), {"a": a})
    assert out[:, 1].tolist() == [0.0, 2.0, 4.0, 6.0]
    assert torch.autograd.grad(out.sum(), a)[0].tolist() == [2.0] * 4
    assert field.jacobian(0.0, z, {"a": 1.0}).shape == (4, 2, 2)
    assert parse_field(["1"])(0.0, [[5.0]]).tolist() == [[1.0]]


def test_a_field_is_what_the_solvers_take():
    field = parse_field(["z2", "-omega^2*z1"])
    z0 = torch.tensor([1.0, 0.0], dtype=torch.float64)
    end = solve(lambda t, z: field(t, z, {"omega": 2.0}), z0, 0.0, 1.0, rtol=1e-9, atol=1e-9).y
    assert isinstance(end, torch.Tensor)
    assert end.tolist() == pytest.approx([math.cos(2), -2 * math.sin(2)], abs=1e-7)


def test_what_a_field_refuses():
    with pytest.raises(FormulaError, match=r"in the formula for z2': unexpected '\)' at position 3") as caught:
        parse_field(["z2", "z1)"])
    assert (caught.value.component, caught.value.position) == (2, 3)
    assert str(copy.copy(caught.value)) == str(caught.value)
    with pytest.raises(FormulaError, match="variables are z1, z2, t"):
        parse_field(["z3", "z1"])
    for texts, error in (([], ValueError), (["1"] * 4, ValueError), ("z1", TypeError), ([1], TypeError)):
        with pytest.raises(error):
            parse_field(texts)  # pyright: ignore[reportArgumentType]  # what a caller may do all the same
    with pytest.raises(ValueError, match="shape"):
        parse_field(VDP)(0.0, torch.zeros(3), {"mu": 1.0})
    with pytest.raises(ValueError, match="no value for mu"):
        parse_field(VDP)(0.0, torch.zeros(2))
