"""AI Futures Model since July 2026: research accumulates, training accumulates, and taste multiplies research.

Software is ``S = (R/R0)^(1/beta)``; ``dR/dt = X T(E)`` with experiments X fixed and taste ``T = E^m``; and effective
training compute grows by ``dE/dt = C S``. Eliminating time, R goes as ``E^((m + 1) beta/(beta + 1))``, so that the time
in which taste doubles changes from one doubling to the next by ``2^((beta/m - 1)/(beta + 1))``. It is our law in mode
``continual`` at rho = 0, with m = lam (1 - alpha_compute) mu and r = m/beta.
"""

from __future__ import annotations

import math

from mc_sie.engine.run import evaluate
from mc_sie.published.verdicts import Target
from mc_sie.units import OOMS_PER_DOUBLING

SOURCE = "AI Futures Model, July 2026"
BETA = 0.318
"""How fast ideas get harder to find, per unit of ln S; 1/beta = 3.14 is their r."""

LOOP = {"Daniel": 1.13703, "Eli": 0.893, "Brendan": 1.10067}
"""Exponent of the loop, m/beta. Printed as 1.137, 0.893 and 1.101; further digits are those of the printed ratios."""

_MONTHS_TO_DOUBLE, _RUN_MONTHS = 6.0, 3.0  # set the clock, which ratios do not see


def doubling_ratio(loop: float, beta: float = BETA) -> float:
    """Ratio of two successive doubling times of taste, with training runs.

    Parameters
    ----------
    loop : float
        m/beta.
    beta : float
        How fast ideas get harder to find.

    Returns
    -------
    float
        Below 1 where progress accelerates.
    """
    return math.exp2((1.0 / loop - 1.0) / (beta + 1.0))


def doubling_ratio_at_once(loop: float) -> float:
    """The same where software acts at once, without training runs.

    Parameters
    ----------
    loop : float
        m/beta.

    Returns
    -------
    float
        ``2^(beta/m - 1)``.
    """
    return math.exp2(1.0 / loop - 1.0)


def law_row(loop: float, mode: str, beta: float = BETA) -> dict[str, float | str]:
    """The quantities of our law under which it is theirs.

    Parameters
    ----------
    loop, beta : float
        As in :func:`doubling_ratio`.
    mode : str
        ``"continual"``, or ``"none"`` where software acts at once.

    Returns
    -------
    dict
        Quantities by code name. The share of compute on training is the one with which R is a power of E from the
        start, and no constant of integration is left.
    """
    m = loop * beta
    share = math.log(2.0) * (1.0 + beta) / (1.0 + m) * _RUN_MONTHS / _MONTHS_TO_DOUBLE
    return {
        "rho": 0.0, "r": loop, "lam": 1.0, "alpha_compute": 0.5, "labour_per_efficiency": 2.0 * m, "mode": mode,
        "speedup_initial": 1.0, "software_doubling_months": _MONTHS_TO_DOUBLE, "training_months": _RUN_MONTHS,
        "retraining_compute_share": share, "horizon_months": 12_000.0,
    }  # fmt: skip


def law_ratio(loop: float, mode: str, beta: float = BETA) -> float:
    """The ratio of two successive doubling times of taste in our law.

    Parameters
    ----------
    loop, mode, beta
        As in :func:`law_row`.

    Returns
    -------
    float
        From its first two doublings.
    """
    ooms = OOMS_PER_DOUBLING / (loop * beta)  # of effective compute in one doubling of taste
    outcomes = evaluate(law_row(loop, mode, beta), levels=(ooms, 2.0 * ooms))
    first, both = outcomes.months_to[0]
    return float((both - first) / first)


def targets() -> list[Target]:
    """Numbers that their page showed, and what an audit of its code put in their place."""
    found = []
    for name, right, shown in (("Daniel", "0.93859", "0.91986"), ("Brendan", "0.95304", "0.93857")):
        loop = LOOP[name]
        what = f"ratio of successive doubling times ({name})"
        found += [
            Target(
                SOURCE,
                f"{what}, recomputed",
                right,
                doubling_ratio(loop),
                law=law_ratio(loop, "continual"),
                is_printed=False,
            ),
            Target(
                SOURCE,
                f"{what}, on the page",
                shown,
                doubling_ratio(loop),
                "explained",
                "the page kept the ratio of the law before, in which software acts at once: 2^(beta/m - 1)",
                instead=doubling_ratio_at_once(loop),
                law=law_ratio(loop, "continual"),
            ),
        ]
    return [
        *found,
        Target(
            SOURCE,
            "default slope of research taste, SD per progress-year (Daniel)",
            "3.0",
            2.1,
            "not reproduced",
            "read, not computed: an audit found 2.1 in the code where 3.0 is advertised, and 2.005 instead of 1.140 "
            "central years from automated coder to superintelligence with it",
            "text",
        ),
        Target(
            SOURCE,
            "first year of the simulation",
            "2012",
            2017.0,
            "not reproduced",
            "read, not computed: an audit found that the prose begins in 2012 and the code in 2017",
            "code",
        ),
    ]
