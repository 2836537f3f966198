"""From the quantities of one draw, as prior files name them, to its law of motion."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import ln_ces
from mc_sie.model.law import CONTINUAL, SHORTENING, SHORTENING_ACCELERATING_ONLY, Law, difficulty
from mc_sie.model.status import HALF_GIVEN_PAIR, NOT_FINITE, OK, SHORTENING_RECONFIGURED
from mc_sie.quantities import SOFTWARE_CAP_OOMS, TOP_OOMS
from mc_sie.units import LN_10, OOMS_PER_DOUBLING

HOLD_DEPTH = 36.0
"""Software counts as being at D once the distance that is left, or the time, has fallen to e^-36: below rounding."""


class Column(IntEnum):
    """Where the kernel's table has each quantity: its names are theirs in ``quantities.py``, in capitals.

    Compiled code takes ``.value``: before 0.63 numba knew no member as an index.
    """

    MODE = 0
    RHO = 1
    ALPHA_COMPUTE = 2
    LAM = 3
    R = 4
    LABOUR_PER_EFFICIENCY = 5
    EXPERIMENT_EFFICIENCY_SHARE = 6
    LABOUR_MULTIPLIER = 7
    SPEEDUP_INITIAL = 8
    LIMIT_OOMS = 9
    SOFTWARE_DOUBLING_MONTHS = 10
    TRAINING_MONTHS = 11
    TRAINING_FLOOR_MONTHS = 12
    SHORTENING_EXPONENT = 13
    POST_TRAINING_SHARE = 14
    RETRAINING_COMPUTE_SHARE = 15
    GENERATION_GAIN_OOMS = 16
    RHO_LONG = 17
    RECONFIGURATION_HALF_LIFE_MONTHS = 18
    ROUTE2_RHO = 19
    ROUTE2_ALPHA_COMPUTE = 20
    HORIZON_MONTHS = 21


@part
def set_law(law: Law, draw: NDArray[np.float64]) -> int:
    """Status of a draw, whose law of motion is worked out from the quantities as the prior files name them.

    ``draw`` has the quantities at their :class:`Column`, in the units and domains of ``quantities.py`` (the engine has
    checked them); nan for one that is not given.
    """
    law.mode = int(draw[Column.MODE.value])
    law.rho = draw[Column.RHO.value]
    law.alpha = draw[Column.ALPHA_COMPUTE.value]
    law.rho2 = draw[Column.ROUTE2_RHO.value]
    law.alpha2 = draw[Column.ROUTE2_ALPHA_COMPUTE.value]
    law.rho_long = draw[Column.RHO_LONG.value]
    law.reconfiguration_rate = 0.0
    if not math.isnan(law.rho_long):
        law.reconfiguration_rate = math.log(2.0) / draw[Column.RECONFIGURATION_HALF_LIFE_MONTHS.value]
    law.lam = draw[Column.LAM.value]
    law.mu = draw[Column.LABOUR_PER_EFFICIENCY.value]
    law.psi = draw[Column.POST_TRAINING_SHARE.value]
    law.phi = draw[Column.EXPERIMENT_EFFICIENCY_SHARE.value]
    law.limit = draw[Column.LIMIT_OOMS.value]
    # docs/model.md: the pace falls by 10^beta with every OOM of z
    law.beta = law.lam * (1.0 - law.alpha) * law.mu / draw[Column.R.value]
    law.ln_labour = law.lam * math.log(draw[Column.LABOUR_MULTIPLIER.value])
    law.ln_speed = math.log(OOMS_PER_DOUBLING / draw[Column.SOFTWARE_DOUBLING_MONTHS.value])
    law.training_months = draw[Column.TRAINING_MONTHS.value]
    law.training_floor_months = draw[Column.TRAINING_FLOOR_MONTHS.value]
    law.shortening_exponent = draw[Column.SHORTENING_EXPONENT.value]
    law.generation_gain = draw[Column.GENERATION_GAIN_OOMS.value]
    law.ln_accumulation = math.log(draw[Column.RETRAINING_COMPUTE_SHARE.value] / (law.training_months * LN_10))
    law.floor_ooms = -math.inf  # without a floor, a run may be as short as its pace makes it
    if law.training_floor_months > 0.0:
        law.floor_ooms = math.log10(law.training_floor_months / law.training_months)
    law.horizon = draw[Column.HORIZON_MONTHS.value]

    # the pace on day one: as given, or what the CES makes of the labour that there is then
    ln_r0 = ln_ces(law.ln_labour, 0.0, law.rho, law.alpha)
    if not math.isnan(law.rho2):
        ln_r0 = max(ln_r0, ln_ces(law.ln_labour, 0.0, law.rho2, law.alpha2))
    law.ln_pace_start = ln_r0
    if not math.isnan(draw[Column.SPEEDUP_INITIAL.value]):
        law.ln_pace_start = math.log(draw[Column.SPEEDUP_INITIAL.value])
    law.ln_pace_scale = law.ln_pace_start - ln_r0

    set_hold(law)
    status = status_of_pairs(law.mode, draw)
    if status == OK and not (math.isfinite(law.ln_pace_start) and math.isfinite(ln_r0)):
        return NOT_FINITE
    return status


@part
def set_hold(law: Law) -> None:
    """Work out where software is held for good."""
    cap = SOFTWARE_CAP_OOMS
    if law.mode < CONTINUAL:  # e = s, and the trajectory ends at the top
        cap = TOP_OOMS
    law.software_hold = min(cap, law.limit)
    if law.mode == SHORTENING:  # u is software itself
        law.u_hold = law.software_hold
    elif law.limit > cap:
        law.u_hold = difficulty(cap, law.limit)
    else:
        # close to D the time that is left falls as (1 - s/D)^slowing: D is reached only if that is positive
        slowing = 1.0 - LN_10 * law.beta * law.limit
        law.u_hold = math.inf
        if slowing > 0.0:
            law.u_hold = law.limit * HOLD_DEPTH / slowing


@part
def status_of_pairs(mode: int, draw: NDArray[np.float64]) -> int:
    """OK, or what is wrong with the quantities that go together."""
    is_reconfigured = not math.isnan(draw[Column.RHO_LONG.value])
    has_route2 = not math.isnan(draw[Column.ROUTE2_RHO.value])
    if is_reconfigured == math.isnan(draw[Column.RECONFIGURATION_HALF_LIFE_MONTHS.value]):
        return HALF_GIVEN_PAIR
    if has_route2 == math.isnan(draw[Column.ROUTE2_ALPHA_COMPUTE.value]):
        return HALF_GIVEN_PAIR
    if is_reconfigured and (mode == SHORTENING or mode == SHORTENING_ACCELERATING_ONLY):
        return SHORTENING_RECONFIGURED
    return OK
