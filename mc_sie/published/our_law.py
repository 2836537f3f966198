"""Our law of motion in the special case that several essays consider: labour alone, and no limit."""

from __future__ import annotations

from mc_sie.engine.run import evaluate
from mc_sie.units import OOMS_PER_DOUBLING


def labour_only(r: float) -> dict[str, object]:
    """Quantities for :func:`mc_sie.evaluate` with which the pace grows by ``2^(1 - 1/r)`` in each software doubling.

    Research effort is proportional to software: alpha = 0, lam = mu = 1, rho = 0, no limit and no jump on day one.
    """
    return {
        "rho": 0.0,
        "alpha_compute": 0.0,
        "r": r,
        "labour_per_efficiency": 1.0,
        "labour_multiplier": 1.0,
        "speedup_initial": 1.0,
    }


def relative_time(r: float, doublings: float, **quantities: float) -> float:
    """Time of so many software doublings, the first of them taking 1; more quantities may be given."""
    row = {**labour_only(r), **quantities}
    months = evaluate(row, levels=(OOMS_PER_DOUBLING, doublings * OOMS_PER_DOUBLING)).months_to[0]
    return float(months[1] / months[0])
