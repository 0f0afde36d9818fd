r"""All Runge-Kutta methods by name.

* `tableaus_explicit`: fixed-step methods and the pairs up to order 5;
* `tableaus_dopri8`: the pair of orders 8 and 7, with its continuous extension;
* `tableaus_implicit`: Euler's to Gauss' and the ESDIRK pair `kencarp4`.

Each one says where it was published (`Tableau.source`), and the tests decide its orders without rounding.

>>> from core.ode.tableaus import TABLEAUS
>>> heun = TABLEAUS["heun3"]
>>> {str(residual) for order in (1, 2, 3) for residual in heun.order_residuals(order).values()}
{'0'}
>>> [str(x) for x in heun.stability.numerator]
['1', '1', '1/2', '1/6']
"""

from core.ode.tableau import Tableau
from core.ode.tableaus_dopri8 import dopri8
from core.ode.tableaus_explicit import EXPLICIT
from core.ode.tableaus_implicit import IMPLICIT

TABLEAUS: dict[str, Tableau] = {method.name: method for method in (*EXPLICIT, dopri8(), *IMPLICIT)}
