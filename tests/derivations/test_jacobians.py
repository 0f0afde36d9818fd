"""Products with Jacobians in all dimensions."""

import pytest
import sympy
import torch

from core.derivations.jacobians import concrete, vjp_jvp
from core.derivations.symbols import states


@pytest.mark.parametrize(("n", "m"), [(0, 1), (1, 4), (5, 5)])
def test_other_dimensions_are_refused(n: int, m: int):
    with pytest.raises(ValueError, match="from 1 to 3"):
        vjp_jvp(n, m)


def test_the_function_of_torch_is_the_one_printed():
    z = states(2)
    at = torch.tensor([0.3, -1.2], dtype=torch.float64)
    printed = concrete(z, 3, sympy.sin)
    values = [float(value.subs(dict(zip(z, at.tolist(), strict=True)))) for value in printed]
    assert torch.allclose(torch.stack(concrete(list(at), 3, torch.sin)), torch.tensor(values).double(), atol=1e-6)
