r"""Prince and Dormand's pair of orders 8 and 7, with a continuous extension of order 7.

The pair is RK8(7)13M. Its published fractions are rounded: row sums and order conditions are missed by up to
1.05e-17, the bound `Tableau.tolerance` here. A fourteenth stage, at the step's result, is appended.

The extension is derived here from the continuous order conditions. Without further stages they can be met
up to order 5; at order 6 one condition is left, missed by a multiple of

.. math:: \theta^2 (1 - \theta)^2 \left(\theta^2 - \theta + \tfrac{3}{14}\right),

so that a stage value of order 6 can be had at the two inner zeros,
:math:`\theta = \tfrac12 \pm \tfrac{\sqrt 7}{14}`. These are two extra stages; with them a third of order 6, nearly
7, is placed in the middle. With these three, evaluated only in steps that hold an output, all conditions of order 7
can be met by polynomials of degree 7. The freedom that is left joins the polynomial to the next one with its
derivative, and brings the conditions of order 8 as near as it can (least squares over :math:`\theta`).

Sources: Prince, Dormand, J. Comput. Appl. Math. 7 (1981), 67-75, RK8(7)13M; Hairer, Norsett, Wanner, Solving ODEs I,
II.6, theorem 6.1; stages from a lower continuous extension: Enright, Jackson, Norsett, Thomsen, ACM TOMS 12 (1986),
193-218.
"""

from __future__ import annotations

from fractions import Fraction

from core.ode.surd import total
from core.ode.tableau import Row, Tableau, numbers, padded

_ROWS = [
    "",
    "1/18",
    "1/48 1/16",
    "1/32 0 3/32",
    "5/16 0 -75/64 75/64",
    "3/80 0 0 3/16 3/20",
    "29443841/614563906 0 0 77736538/692538347 -28693883/1125000000 23124283/1800000000",
    "16016141/946692911 0 0 61564180/158732637 22789713/633445777 545815736/2771057229 -180193667/1043307555",
    "39632708/573591083 0 0 -433636366/683701615 -421739975/2616292301 100302831/723423059 "
    "790204164/839813087 800635310/3783071287",
    "246121993/1340847787 0 0 -37695042795/15268766246 -309121744/1061227803 -12992083/490766935 "
    "6005943493/2108947869 393006217/1396673457 123872331/1001029789",
    "-1028468189/846180014 0 0 8478235783/508512852 1311729495/1432422823 -10304129995/1701304382 "
    "-48777925059/3047939560 15336726248/1032824649 -45442868181/3398467696 3065993473/597172653",
    "185892177/718116043 0 0 -3185094517/667107341 -477755414/1098053517 -703635378/230739211 "
    "5731566787/1027545527 5232866602/850066563 -4093664535/808688257 3962137247/1805957418 "
    "65686358/487910083",
    "403863854/491063109 0 0 -5068492393/434740067 -411421997/543043805 652783627/914296604 "
    "11173962825/925320556 -13158990841/6184727034 3936647629/1978049680 -160528059/685178525 "
    "248638103/1413531060 0",
    "14005451/335480064 0 0 0 0 -59238493/1068277825 181606767/758867731 561292985/797845732 "
    "-1041891430/1371343529 760417239/1151165299 118820643/751138087 -528747749/2220607170 1/4",
]
"""Row by row below the diagonal; the last is b."""

_EMBEDDED = (
    "13451932/455176623 0 0 0 0 -808719846/976000145 1757004468/5645159321 656045339/265891186 "
    "-3867574721/1518517206 465885868/322736535 53011238/667516719 2/45 0 0"
)

_NODES = "0 1/18 1/12 1/8 5/16 3/8 59/400 93/200 5490023248/9719169821 13/20 1201146811/1299019798 1 1 1"

_EXTRA_NODES = "0.31101776349538638639 0.68898223650461361361 0.5"

_EXTRA_ROWS = [
    "0.06611772045814434812 0.21749049517492704926 -0.0089404754910133614 -0.01885118973424716142 "
    "0.01084958802313301423 -0.00168634084745204773 0.02408797619629307155 -0.01068814892025029027 "
    "-0.01259503554386156222",
    "0.15376456841058699739 0.22684515053996197323 0.10858626762534679793 0.07546543693163962759 "
    "0.07854758327313918256 0.00479728969613825685 -0.04179328622048499557 0.01150681077580802746 "
    "0.02790115799284098063",
    "0.11128416483555845137 0.21135306635735956564 0.04551991643570231937 0.02324416496278426263 "
    "0.05674855642589671923 0.01017348933999504165 -0.02424307194454354104 0.01653446553604116609 "
    "0.00347526697581636875 0.06434908202758443267 -0.06426382892694416013",
]
"""From the sixth entry on; the first makes the row's sum the node, the others are 0."""

_DENSE = {
    0: "-7.977758935350070194 30.91534994297388608793 -64.9689262428203562072 75.66726862451264619956",
    5: "3.11333519541569598008 -11.61175405087789325052 10.11849995451527523766 15.12138898585845370865",
    6: "17.78145024407580290745 -105.33232242453218530883 266.57637129191387413888 -344.28083109604931982883",
    7: "19.65546134499945249882 -144.89325626599435640084 452.4827536950376537258 -713.53050104671770397564",
    8: "-15.34700330759359368786 126.27658899407904831731 -427.45613154353150418243 715.25569820400298532972",
    9: "14.49595251438078969023 -114.71029606113999237709 380.64448346161753776626 -629.71426857953419831958",
    10: "1.70765294114532071877 -18.12004773523395909687 71.92276706263490504541 -133.33181015570137245387",
    11: "-2.27771688769742687847 25.57238856715871321043 -104.61648997089502485308 197.34408631562246302631",
    12: "2.01529355729069563164 -24.9855398553221500704 106.13000562486097266204 -203.86436458532728701966",
    13: "-0.5 7.55555555555555555556 -34.16666666666666666667 68",
    14: "-22.50675305915071137784 171.82279817211585363003 -500.93462922059400400089 707.09454282810995928972",
    15: "-10.15991360751595528883 89.51053516121747970331 -315.73203744607266266578 534.23879050522337404361",
    16: "0 -32 160 -288",
}
r"""Stage -> coefficients of :math:`\theta^2` to :math:`\theta^5`, to 20 decimals; stages 1 to 4 have none."""


def _extra_rows() -> list[Row]:
    rows = []
    for text, node in zip(_EXTRA_ROWS, numbers(_EXTRA_NODES), strict=True):
        rest = numbers(text)
        rows.append((node - total(rest), *(Fraction(0),) * 4, *rest))
    return rows


def _dense_row(i: int, b_i: Fraction) -> Row:
    r""":math:`b_i(\theta)` of degree 7, of which the two ends fix three coefficients.

    The slope at 0 is stage 0, that at 1 is stage 13: :math:`b'(0) = e_0`, :math:`b(1) = b`, :math:`b'(1) = e_13`.
    """
    known = (Fraction(i == 0), *(numbers(_DENSE[i]) if i in _DENSE else (Fraction(0),) * 4))
    value = b_i - sum(known)
    slope = (i == 13) - sum(k * x for k, x in enumerate(known, 1))
    # x6 + x7 = value and 6 x6 + 7 x7 = slope
    return (*known, 7 * value - slope, slope - 6 * value)


def dopri8() -> Tableau:
    """The pair; `tolerance` and `dense_tolerance` bound what its conditions are missed by."""
    a = padded([numbers(row) for row in _ROWS], 14)
    b = [Fraction(word) for word in _ROWS[-1].split()] + [Fraction(0)] * 4
    return Tableau(
        "dopri8",
        "Prince, Dormand, J. Comput. Appl. Math. 7 (1981), 67-75, RK8(7)13M; dense output derived here",
        8,
        a,
        a[-1],
        numbers(_NODES),
        numbers(_EMBEDDED),
        7,
        dense=tuple(_dense_row(i, b_i) for i, b_i in enumerate(b)),
        dense_order=7,
        extra_a=padded(_extra_rows(), 17),
        extra_c=numbers(_EXTRA_NODES),
        tolerance=Fraction(105, 10**19),
        dense_tolerance=Fraction(45, 10**17),
    )
