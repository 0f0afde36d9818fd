"""The instantaneous change of variables: its dimensions."""

import pytest

from core.derivations.flows import change_of_variables


@pytest.mark.parametrize("n", [0, 4])
def test_other_dimensions_are_refused(n: int):
    with pytest.raises(ValueError, match="1 to 3 states"):
        change_of_variables(n)
