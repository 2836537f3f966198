"""Equations of the retraining modes: the law of motion in the form in which it is integrated.

Every mode is followed along a coordinate u that only grows and in which nothing is stiff or singular:

* ``none``, ``shortening`` and each stretch of ``from_scratch`` between two deployments: u is the coordinate of
  ``law.software_at_u``, and time is an integral over software, ``dt/du = (ds/du) / (g M)``. In ``none`` and
  ``shortening`` the deployed capability is software itself (a = s); between deployments it stands still. Without
  reconfiguration ``d ln M/du`` is a known function of u, damped in ``shortening``, so that both ln M and the time are
  plain integrals.
* ``continual``: u is the path length z + e, so that neither a standstill of software nor its explosion ends a step.
  The share f of the path that is effective compute, ``de/du = f``, obeys one equation; time is an integral along its
  solution. Once software is held f = 1.
"""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp, ln_ces_and_share
from mc_sie.model.law import (
    FROM_SCRATCH,
    NONE,
    SHORTENING,
    Law,
    RouteLaw,
    ln_inputs,
    on_route,
    rho_of,
    route_exponent,
    software_and_room,
    software_at_u,
)
from mc_sie.units import LN_10


@inlined
def pace_exponent(route_law: RouteLaw, software: float, room: float, deployed: float, labour_share: float) -> float:
    """Undamped exponent of the pace times ds/dz, (1 - s/D) x, which is finite up to the limit.

    ``x = d log10 M / ds = d log10 R/ds - beta / (1 - s/D)``. Arguments as in :func:`route_exponent`, and the room 1 -
    s/D; without reconfiguration, in any mode but continual.
    """
    return route_exponent(route_law, software, deployed, labour_share) * room - route_law.beta


@inlined
def damped(mode: int, exponent: float, room: float) -> float:
    """d ln M / du from :func:`pace_exponent`: as it is, or with ``x / (1 + abs(x))`` in place of x in mode shortening.

    The one-sided variant leaves x < 0 as it is.
    """
    if mode == NONE or mode == FROM_SCRATCH:
        return LN_10 * exponent
    slower = LN_10 * exponent / (room + abs(exponent))  # one division for both variants: it is what a node costs most
    if mode == SHORTENING:
        return slower
    return LN_10 * exponent if exponent <= 0.0 else room * slower


@inlined
def ln_research_by_time(
    route_law: RouteLaw, rho: float, software: float, deployed: float, ln_r: float, share: float
) -> float:
    """Derivative of :func:`ln_research` with respect to time, per month, under reconfiguration.

    Good to about 1e-3 of itself next to rho = 0, where it is a difference of nearly equal numbers.
    """
    ln_x, ln_k = ln_inputs(route_law, software, deployed)
    d = ln_x - ln_k
    is_flat = abs(rho * d) < 1e-3
    by_rho = (share * d - (ln_r - ln_k)) / (1.0 if is_flat else rho)
    if is_flat:
        by_rho = 0.5 * route_law.alpha * (1.0 - route_law.alpha) * d * d
    by_time = -by_rho * route_law.reconfiguration_rate * (rho - route_law.rho_long)
    return by_time if route_law.reconfiguration_rate > 0.0 else 0.0  # rho_long is nan without reconfiguration


@part
def months_slope_log(law: Law, route: int, u: float, deployed: float, months: float) -> tuple[float, float]:
    """ln(dt/du) under reconfiguration, where it depends on the time itself; modes none and from_scratch."""
    at = software_at_u(law.mode, law.limit, u)
    if law.mode == NONE:  # a = s
        deployed = at.software
    route_law = on_route(law, route)
    rho = rho_of(law, route, months)
    ln_r, share = ln_research(route_law, rho, at.software, deployed)
    slope_log = at.ln_slope - route_law.ln_speed - ln_r + LN_10 * route_law.beta * u
    return slope_log, -ln_research_by_time(route_law, rho, at.software, deployed, ln_r, share)


class Heading(NamedTuple):
    """Direction in which a trajectory of mode continual moves, in z and e.

    Attributes
    ----------
    odds_log : float
        w = ln(f / (1 - f)), with f = de/du the share of the path z + e that is effective compute.
    by_z, tilt, bend : float
        Derivative of w by z at the same e; first and second by e at the same u, where z gives way to e.
    slowness_log : float
        ln(dt/de).
    """

    odds_log: float
    by_z: float
    tilt: float
    bend: float
    slowness_log: float


@part
def heading_at(law: Law, route: int, z: float, effective: float, months: float) -> Heading:
    """Heading of a trajectory of mode continual at a coordinate z, e in OOM and a time, on a route."""
    route_law = on_route(law, route)
    rho = rho_of(law, route, months)
    software, room = software_and_room(z, law.limit)
    ln_r, share = ln_research(route_law, rho, software, effective)
    return heading(route_law, rho, z, effective, software, room, ln_r, share)


@inlined
def ln_research(route_law: RouteLaw, rho: float, software: float, deployed: float) -> tuple[float, float]:
    """ln R on a course and its elasticity to labour, from rho at the time, s and a."""
    ln_x, ln_k = ln_inputs(route_law, software, deployed)
    return ln_ces_and_share(ln_x, ln_k, rho, route_law.alpha)


@inlined
def heading(
    route_law: RouteLaw, rho: float, z: float, effective: float, software: float, room: float, ln_r: float, share: float
) -> Heading:
    """Heading at one point of a course, from what :func:`software_and_room` and :func:`ln_research` give there.

    ``w = ln(de/dt) - ln(dz/dt)`` with ``de/dt = chi 10^(s - e) / (tau_0 ln 10)`` and ``dz/dt = g M / (1 - s/D)``.
    """
    ln_accumulation = route_law.ln_accumulation + LN_10 * (software - effective)
    per_limit = 1.0 / route_law.limit
    difficulty = LN_10 * route_law.beta - per_limit
    # ln X, ln K and ln R along z at the same e, and along e at the same u = z + e
    x_by_z = route_law.labour * route_law.psi * room
    k_by_z = route_law.compute * room
    x_tilt = route_law.labour * (1.0 - route_law.psi) - x_by_z
    r_tilt = share * x_tilt - (1.0 - share) * k_by_z
    r_by_z = share * x_by_z + (1.0 - share) * k_by_z
    r_bend = rho * share * (1.0 - share) * (x_tilt + k_by_z) * (x_tilt + k_by_z) - r_by_z * per_limit
    return Heading(
        ln_accumulation - (route_law.ln_speed + ln_r - difficulty * z),
        LN_10 * room - r_by_z + difficulty,
        -LN_10 * (1.0 + room) - r_tilt - difficulty,
        -LN_10 * room * per_limit - r_bend,
        -ln_accumulation,
    )


@part
def run_months(law: Law, ln_m: float) -> float:
    """Months that a training run takes, min(tau_0, max(tau_min, tau_0 (M(0)/M)^eta)), from ln M at its start."""
    tau = law.training_months
    if law.shortening_exponent > 0.0:  # at eta = 0 runs keep their length even where M = 0
        tau *= exp(law.shortening_exponent * (law.ln_pace_start - ln_m))
    return min(law.training_months, max(law.training_floor_months, tau))


@part
def offered_ooms(law: Law, software: float, ln_m: float) -> float:
    """Effective compute that a run started now would reach: e_new = s + log10(tau / tau_0) OOM."""
    return software + forgone_ooms(law, ln_m)


@part
def forgone_ooms(law: Law, ln_m: float) -> float:
    """``log10(tau / tau_0)`` of a run that starts at a pace: what it forgoes by being short, at most 0 OOM."""
    if law.shortening_exponent == 0.0:
        return 0.0
    return min(0.0, max(law.floor_ooms, law.shortening_exponent * (law.ln_pace_start - ln_m) / LN_10))
