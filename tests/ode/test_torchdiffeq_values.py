"""odeint's values and options against torchdiffeq's; see against_torchdiffeq for what must agree how well."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.ode.against_torchdiffeq import (
    ADAPTIVE,
    AGREE,
    CASES,
    FIXED,
    GROWTH,
    LOOSE,
    TIGHT,
    Case,
    Net,
    Recorder,
    assert_agree,
    both,
    case_ids,
    evenly,
    exact,
    ours,
    passed,
    real_dtype,
    recorded,
    start,
    theirs,
    uneven,
)

# Values.


@pytest.mark.parametrize("case", CASES, ids=case_ids)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", FIXED)
def test_fixed_steps_agree_to_rounding(method: str, backward: bool, case: Case):
    t = (evenly if "adams" in method else uneven)(0.2, 1.7, count=16, dtype=real_dtype(case))
    mine, other = both(case.build(), case.y0, t.flip(0) if backward else t, method=method, rtol=1e-3, atol=1e-4)
    assert_agree(mine, other, case.rounding * GROWTH.get(method, 1))


@pytest.mark.parametrize("case", CASES, ids=case_ids)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_steps_agree_within_the_tolerance(method: str, backward: bool, case: Case):
    tol = TIGHT[method] if real_dtype(case) == torch.float64 else max(TIGHT[method], 1e-5)
    t = passed(backward).to(real_dtype(case))
    mine, other = both(case.build(), case.y0, t, method=method, rtol=tol, atol=tol)
    assert_agree(mine, other, LOOSE * tol)
    if real_dtype(case) == torch.float64:
        assert_agree(mine, exact(case.name, backward), AGREE * tol)


def test_the_default_method_is_theirs():
    mine, other = both(Net(), start(), uneven())
    assert_agree(mine, other, 1e-6)


@pytest.mark.parametrize("method", ["rk4", "implicit_adams", "dopri5", "scipy_solver"])
def test_no_graph_under_no_grad(method: str):
    """Net's parameters require a gradient, no_grad says not to follow them."""
    mine, other = both(Net(), start(), evenly(0.0, 0.5, 6), method=method, rtol=1e-4, atol=1e-5)
    assert not mine.requires_grad
    assert not other.requires_grad


def test_scipy_solver_agrees():
    """Within the tolerance only: theirs passes time through single precision."""
    mine, other = both(Net(), start(), uneven(), method="scipy_solver", rtol=1e-8, atol=1e-8)
    assert_agree(mine, other, 1e-6)


@pytest.mark.parametrize("method", ["rk4", "implicit_adams", "fixed_adams", "dopri5"])
def test_a_state_without_axes(method: str):
    y0 = torch.tensor(0.7, dtype=torch.float64)
    options = {} if method == "dopri5" else {"step_size": torch.tensor(0.1, dtype=torch.float64)}
    t = evenly(0.0, 1.0, 3)
    mine, other = both(lambda t, y: torch.sin(3 * t) - y, y0, t, method=method, options=options, rtol=1e-7, atol=1e-7)
    assert mine.shape == (3,)
    assert_agree(mine, other, 1e-6 if method == "dopri5" else 1e-12)


@pytest.mark.parametrize("dtypes", [(torch.float32, torch.float64), (torch.float64, torch.float32)], ids=str)
def test_time_and_state_of_different_precision(dtypes: tuple[torch.dtype, torch.dtype]):
    """The result has the state's."""
    of_time, of_state = dtypes
    kwargs: Any = {"rtol": 1e-5, "atol": 1e-5}
    mine, other = both(Net(dtype=of_state), start(of_state), uneven(dtype=of_time), **kwargs)
    assert_agree(mine, other, 1e-3)


WRONG: list[dict[str, Any]] = [
    {"method": "no such method"},
    {"method": "rk4", "options": {"step_size": 0.1, "grid_constructor": lambda func, y0, t: t}},
    {"t": torch.tensor([0, 1])},
    {"t": torch.tensor([0.0, 1.0, 0.5])},
    {"t": torch.tensor([0.0, 0.0])},
    {"y0": [torch.ones(2)]},
    {"options": {"step_t": torch.tensor([0.5]), "jump_t": torch.tensor([0.5])}, "method": "dopri5"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: "+".join(wrong))
def test_what_theirs_refuses_is_refused(wrong: dict[str, Any]):
    """There often by an assert, here by an error that names the argument's kind."""
    arguments = {"y0": start(), "t": uneven(), **wrong}
    with pytest.raises((ValueError, TypeError)):
        ours.odeint(Net(), **arguments)
    with pytest.raises((ValueError, TypeError, AssertionError)):
        theirs.odeint(Net(), **arguments)


@pytest.mark.parametrize("option", ["step_size", "no_such_option"])
def test_an_unknown_option_is_said(option: str):
    for package in (ours, theirs):
        with pytest.warns(UserWarning, match=option):
            package.odeint(Net(), start(), uneven(), method="dopri5", options={option: 0.1})


# Options of the fixed-step methods.


@pytest.mark.parametrize("interp", ["linear", "cubic"])
@pytest.mark.parametrize("step_size", [0.07, 0.5, 4.0])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", FIXED)
def test_step_size_and_interp(method: str, backward: bool, step_size: float, interp: str):
    t = uneven(0.2, 1.7)
    if "adams" in method:
        step_size = {0.07: 0.075, 0.5: 0.25, 4.0: 4.0}[step_size]  # these divide the interval, or are all of it
    options = {"step_size": step_size, "interp": interp}
    t = t.flip(0) if backward else t
    mine, other = both(Net(), start(), t, method=method, options=options, rtol=1e-3, atol=1e-4)
    assert_agree(mine, other, 1e-13 * GROWTH.get(method, 1))


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4"])
def test_grid_constructor(method: str, backward: bool):
    seen = []

    def constructor(func: Any, y0: Tensor, t: Tensor) -> Tensor:
        seen.append((y0.clone(), t.clone()))
        return torch.cat([t[:1], t[0] + (t[-1] - t[0]) * torch.linspace(0, 1, 20).double()[1:-1] ** 2, t[-1:]])

    t = uneven(0.2, 1.7)
    t = t.flip(0) if backward else t
    options = {"grid_constructor": constructor, "interp": "cubic"}
    mine, other = both(Net(), start(), t, method=method, options=options)
    assert_agree(mine, other, 1e-13)
    assert len(seen) == 2
    assert_agree(seen[0], seen[1], 0)


def side_of_the_grid(time: float) -> int | None:
    point = round(8 * time) / 8
    return (time > point) - (time < point) if abs(time - point) < 1e-9 else None


@pytest.mark.parametrize("perturb", [False, True])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", FIXED)
def test_perturb_moves_the_same_evaluations(method: str, backward: bool, perturb: bool):
    """Just before, at or just after each point of the grid, a multiple of 1/8."""
    t = evenly(0.0, 1.0, 3)
    options = {"perturb": perturb, "step_size": 0.125}
    kwargs: Any = {"method": method, "rtol": 1e-3, "atol": 1e-4, "options": options}
    asked = [
        recorded(package, Net(), start(), t.flip(0) if backward else t, fixed=True, **kwargs).asked
        for package in (ours, theirs)
    ]
    mine, other = asked
    if len(mine) == len(other) + 1:
        mine = mine[1:]  # the first call is a check of what func returns
    assert mine == pytest.approx(other, rel=1e-14, abs=1e-15)
    assert [side_of_the_grid(time) for time in mine] == [side_of_the_grid(time) for time in other]


def test_perturb_sees_a_jump_from_the_right_side():
    t = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    options = {"perturb": True, "step_size": 1.0}

    def jump(t: Tensor, y: Tensor) -> Tensor:
        return torch.where(t < 1, 1.0, 5.0).to(y).expand(1)

    y0 = torch.zeros(1, dtype=torch.float64)
    mine, other = both(jump, y0, t, method="rk4", options=options)
    assert_agree(mine, other, 1e-14)
    torch.testing.assert_close(mine[:, 0], torch.tensor([0.0, 1.0, 6.0], dtype=torch.float64), rtol=0, atol=1e-14)


@pytest.mark.parametrize("options", [{"max_order": 5}, {"max_order": 8, "max_iters": 10}, {"max_order": 12}], ids=str)
@pytest.mark.parametrize("method", ["explicit_adams", "implicit_adams"])
def test_adams_orders(method: str, options: dict[str, Any]):
    t = evenly(0.0, 1.0, 41)
    mine, other = both(Net(), start(), t, method=method, options=options, rtol=1e-6, atol=1e-6)
    assert_agree(mine, other, 1e-13 * GROWTH[method])


# Options of the adaptive methods.


@pytest.mark.parametrize("method", ADAPTIVE)
def test_tolerances_for_each_element(method: str):
    tight = TIGHT[method]
    rtol = torch.full((2, 3), tight, dtype=torch.float64)
    atol = torch.full((2, 3), tight, dtype=torch.float64)
    rtol[0], atol[0] = 1e3 * tight, 1e3 * tight
    mine, other = both(Net(), start(), uneven(), method=method, rtol=rtol, atol=atol)
    assert_agree(mine[:, 1], other[:, 1], LOOSE * tight)
    assert_agree(mine[:, 0], other[:, 0], LOOSE * 1e3 * tight)


@pytest.mark.parametrize(
    ("rtol", "atol"),
    [
        ((1e-7, 1e-4), (1e-7, 1e-3)),
        ((torch.full((6,), 1e-7).double(), torch.tensor(1e-5).double()), 1e-8),
        (torch.tensor([1e-7, 1e-5]).double(), (1e-8, 1e-8)),
    ],
    ids=["numbers", "tensors", "one tensor"],
)
def test_tolerances_for_each_tensor_of_a_tuple(rtol: Any, atol: Any):
    case = CASES[2]
    mine, other = both(case.build(), case.y0, uneven(), method="dopri5", rtol=rtol, atol=atol)
    assert_agree(mine[0], other[0], 1e-5)
    assert_agree(mine[1], other[1], 1e-2)


OPTIONS: list[dict[str, Any]] = [
    {"first_step": 0.01},
    {"min_step": 1e-6},
    {"max_step": 0.05},
    {"safety": 0.5},
    {"ifactor": 1.5},
    {"dfactor": 0.5},
    {"step_t": torch.tensor([0.31, 0.77, 1.01]).double()},
    {"jump_t": torch.tensor([0.5, 1.1]).double()},
    {"step_t": torch.tensor([0.31, 0.77]).double(), "jump_t": torch.tensor([0.5]).double()},
    {"dtype": torch.float64},
    {"norm": lambda y: y.abs().max()},
    {"max_num_steps": 10_000},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options))
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ["bosh3", "dopri5", "dopri8"])
def test_adaptive_options(method: str, backward: bool, options: dict[str, Any]):
    tol, t = TIGHT[method], uneven(0.2, 1.7)
    t = t.flip(0) if backward else t
    recorders = Recorder(Net()), Recorder(Net())
    kwargs: Any = {"method": method, "rtol": tol, "atol": tol, "options": options}
    with torch.no_grad():
        mine, other = (
            package.odeint(recorder, start(), t, **kwargs)
            for package, recorder in zip((ours, theirs), recorders, strict=True)
        )
    assert_agree(mine, other, LOOSE * tol)
    # The same controller with the same constants: about as many steps.
    assert len(recorders[0].accepted) <= 1.3 * len(recorders[1].accepted) + 3


def test_a_jump_is_resolved_as_by_theirs():
    def jump(t: Tensor, y: Tensor) -> Tensor:
        return torch.where(t < 0.7, -y, 2 - y)

    y0, t = torch.ones(1, dtype=torch.float64), torch.tensor([0.0, 0.5, 1.5], dtype=torch.float64)
    options = {"jump_t": torch.tensor([0.7], dtype=torch.float64)}
    mine, other = both(jump, y0, t, method="dopri5", rtol=1e-9, atol=1e-9, options=options)
    exact = 2 + (torch.exp(torch.tensor(-0.7)) - 2) * torch.exp(torch.tensor(-0.8))
    assert_agree(mine, other, 1e-8)
    assert float(mine[-1]) == pytest.approx(float(exact), abs=1e-7)


def test_time_in_single_precision():
    case = CASES[1]
    options = {"dtype": torch.float32}
    t = uneven(dtype=torch.float32)
    mine, other = both(case.build(), case.y0, t, method="dopri5", rtol=1e-5, atol=1e-5, options=options)
    assert_agree(mine, other, 1e-3)
