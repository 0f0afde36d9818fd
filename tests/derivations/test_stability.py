"""Stability functions of the tableaus."""

import pytest

from core.derivations.stability import stability_function, z
from core.ode.tableaus import TABLEAUS


@pytest.mark.parametrize("name", TABLEAUS)
def test_it_is_the_function_that_the_lab_draws(name: str):
    at = complex(-0.75, 1.25)
    ours = complex(stability_function(name).steps[1].rhs.subs(z, at))
    assert abs(ours - TABLEAUS[name].stability(at)) < 1e-12
