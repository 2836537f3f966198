"""What each retraining mode changes in the law of motion: the equations that are integrated.

Every mode is three rates along a coordinate u that only grows and in which nothing is stiff or singular:

* ``none``, ``shortening`` and each stretch of ``from_scratch`` between two deployments: u is the difficulty coordinate
  z of ``growth`` and time is an integral over software, ``dt/dz = (ds/dz) / (g M)``. In ``none`` and ``shortening`` the
  deployed capability is software itself (a = s); between deployments it stands still.
* ``shortening`` also carries the damped pace, ``d log10 M / ds = x / (1 + abs(x))``.
* ``continual``: u is the path length z + e, so that neither a standstill of software nor its explosion ends a step.

The three state components are (t, ln M or e, z); the unused ones stay 0.
"""

from __future__ import annotations

import math

from mc_sie._jit import njit
from mc_sie.model.ces import exp
from mc_sie.model.growth import (
    CONTINUAL,
    FROM_SCRATCH,
    NONE,
    SHORTENING,
    Law,
    ln_pace,
    research_exponent,
    software_and_room,
)
from mc_sie.units import LN_10

N_STATES = 3


@njit
def damped_exponent(law: Law, software: float, room: float) -> float:
    """Exponent of the pace in mode shortening, d log10 M / dz.

    Parameters
    ----------
    law : Law
        The draw, without reconfiguration.
    software, room : float
        s in OOM and 1 - s/D.

    Returns
    -------
    float
        ``(ds/dz) x / (1 + abs(x))`` with ``x = d log10 R/ds - beta/(1 - s/D)``; for the one-sided variant
        ``(ds/dz) x`` where x < 0.
    """
    x_dz = research_exponent(law, software) * room - law.beta  # x times ds/dz: finite up to the limit
    if x_dz < 0.0 and law.mode != SHORTENING:
        return x_dz
    return room * x_dz / (room + abs(x_dz))


@njit
def rates(
    law: Law, held: bool, deployed: float, u: float, months: float, second: float, z: float
) -> tuple[float, float, float]:
    """Derivatives of the state along the coordinate u.

    Parameters
    ----------
    law : Law
        The draw.
    held : bool
        Software stands at its limit or cap (mode continual only).
    deployed : float
        a in OOM, read in mode from_scratch only.
    u : float
        The coordinate: z, or z + e in mode continual.
    months, second, z : float
        The state: time; ln M - ln f0 (shortening) or e (continual); z (continual).

    Returns
    -------
    tuple of float
        d(t, second, z)/du.
    """
    if law.mode == CONTINUAL:
        software, _ = software_and_room(z, law.limit)
        if held:
            software = law.software_hold
        ln_accumulation = law.ln_accumulation + LN_10 * (software - second)
        if held:
            return exp(-ln_accumulation), 1.0, 0.0
        ln_z = law.ln_speed + ln_pace(law, z, software, second, months)
        if not math.isinf(law.limit):
            ln_z += z / law.limit
        ratio = math.exp(-abs(ln_accumulation - ln_z))
        slow, fast = ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)
        if ln_accumulation > ln_z:
            return fast * exp(-ln_accumulation), fast, slow
        return fast * exp(-ln_z), slow, fast

    software, room = software_and_room(u, law.limit)
    ln_room = 0.0 if math.isinf(law.limit) else -u / law.limit  # finite where room itself has underflowed
    if law.mode == NONE or law.mode == FROM_SCRATCH:
        level = software if law.mode == NONE else deployed
        return exp(ln_room - law.ln_speed - ln_pace(law, u, software, level, months)), 0.0, 0.0
    growth = LN_10 * damped_exponent(law, software, room)
    return exp(ln_room - law.ln_speed - law.ln_pace_start - second), growth, 0.0


@njit
def run_months(law: Law, ln_m: float) -> float:
    """Duration of a training run from scratch that starts now.

    Parameters
    ----------
    law : Law
        The draw.
    ln_m : float
        ln of the pace M at the start of the run; -inf at the limit.

    Returns
    -------
    float
        ``min(tau_0, max(tau_min, tau_0 (M(0)/M)^eta))`` months.
    """
    tau = law.training_months
    if law.shortening_exponent > 0.0:  # at eta = 0 runs keep their length even where M = 0
        tau *= exp(law.shortening_exponent * (law.ln_pace_start - ln_m))
    return min(law.training_months, max(law.training_floor_months, tau))


@njit
def offered_ooms(law: Law, software: float, ln_m: float) -> float:
    """Effective compute that a training run started now would reach.

    Parameters
    ----------
    law : Law
        The draw.
    software : float
        s in OOM, frozen for the run.
    ln_m : float
        ln of the pace M at the start of the run.

    Returns
    -------
    float
        ``e_new = s + log10(tau / tau_0)`` OOM.
    """
    share = run_months(law, ln_m) / law.training_months
    return software + math.log10(share) if share > 0.0 else -math.inf
