"""A tableau with one wrong number is refused, and the message says which."""

from dataclasses import replace
from fractions import Fraction

import pytest

from core.ode.tableau import Row
from core.ode.tableaus import TABLEAUS


def disturbed(row: Row, i: int, by: Fraction) -> Row:
    return (*row[:i], row[i] + by, *row[i + 1 :])


@pytest.mark.parametrize("by", [Fraction(1, 1000), Fraction(-1, 10**14)])
@pytest.mark.parametrize("name", TABLEAUS)
def test_a_disturbed_coefficient_is_refused(name: str, by: Fraction):
    tableau = TABLEAUS[name]
    for i in range(tableau.stages):
        with pytest.raises(ValueError, match="b must sum to 1"):
            replace(tableau, b=disturbed(tableau.b, i, by))
        with pytest.raises(ValueError, match=rf"row {i} of a must sum to c\[{i}\]"):
            replace(tableau, c=disturbed(tableau.c, i, by))
        for j in range(tableau.stages):
            rows = (*tableau.a[:i], disturbed(tableau.a[i], j, by), *tableau.a[i + 1 :])
            with pytest.raises(ValueError, match=f"{name}: row {i} of a must sum to"):
                replace(tableau, a=rows)
        if tableau.embedded is not None:
            with pytest.raises(ValueError, match="embedded must sum to 1"):
                replace(tableau, embedded=disturbed(tableau.embedded, i, by))
    for i, row in enumerate(tableau.dense or ()):
        rows = tuple(disturbed(row, 1, by) if i == k else other for k, other in enumerate(tableau.dense or ()))
        with pytest.raises(ValueError, match=f"row {i} of dense must sum to b"):
            replace(tableau, dense=rows)
    for i in range(len(tableau.extra_c)):
        with pytest.raises(ValueError, match=rf"row {i} of extra_a must sum to extra_c\[{i}\]"):
            replace(tableau, extra_c=disturbed(tableau.extra_c, i, by))


def test_the_message_gives_expected_and_received():
    heun = TABLEAUS["heun2"]
    zero, one = Fraction(0), Fraction(1)
    with pytest.raises(ValueError, match=r"heun2: row 1 of a must sum to c\[1\]; expected 1, got 9/10, -0\.1 off"):
        replace(heun, a=((zero, zero), (one - Fraction(1, 10), zero)))


def test_shapes_and_kinds_are_checked():
    heun, dopri8 = TABLEAUS["heun2"], TABLEAUS["dopri8"]
    with pytest.raises(ValueError, match="row 1 of a must have 2 entries; got 1"):
        replace(heun, a=(heun.a[0], (Fraction(1),)))
    with pytest.raises(ValueError, match="c must have 2 entries; got 3"):
        replace(heun, c=(*heun.c, Fraction(1)))
    with pytest.raises(ValueError, match="embedded must have 2 entries; got 1"):
        replace(heun, embedded=(Fraction(1),), embedded_order=1)
    with pytest.raises(ValueError, match=r"b must hold Fraction or Surd; got 0\.5"):
        replace(heun, b=(0.5, 0.5))
    with pytest.raises(ValueError, match="`dense` and `dense_order` go together"):
        replace(dopri8, dense_order=None)
    with pytest.raises(ValueError, match="row 0 of extra_a must be 0 from entry 14 on"):
        replace(dopri8, extra_a=(dopri8.extra_a[2], *dopri8.extra_a[1:]))
    with pytest.raises(ValueError, match="2 entries, one per stage; got 1"):
        heun.order_residuals(1, (Fraction(1),))
    with pytest.raises(ValueError, match="heun2 has no dense output of its own"):
        heun.dense_residuals(1)


def test_an_explicit_pair_without_the_last_stage_is_refused():
    heun = TABLEAUS["heun2"]
    with pytest.raises(ValueError, match="must end in a stage with c = 1 whose row is b"):
        replace(heun, embedded=(Fraction(1), Fraction(0)), embedded_order=1)
