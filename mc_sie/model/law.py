"""The law of motion: the pace of software progress as a function of software, deployed capability and time.

    ds/dt = g M                           g = log10(2) / T_pre   OOM per month before automation
    M     = f0 R(L^lambda, K) / R(Lambda^lambda, 1) limit(s)
    L     = Lambda 10^( mu [ (1 - psi) a + psi s ] ),   K = 10^( phi s )
    limit = (1 - s/D)^( beta D ln 10 ),                 beta = lambda (1 - alpha) mu / r

s is software, a the deployed capability, both in OOM. Everything is written in the coordinate

    z = -D ln(1 - s/D)        (z = s without a limit),     so that   limit(s) = 10^(-beta z)  always,

which counts how much harder ideas have become: nothing is singular at D, and D = inf is no special case.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp, labour_elasticity, ln_ceiling, ln_ces, ln_ces_and_share
from mc_sie.model.elementary import exp_and_expm1, ln_near_one
from mc_sie.units import LN_10

NONE, SHORTENING, SHORTENING_ACCELERATING_ONLY, CONTINUAL, FROM_SCRATCH = range(5)
"""Retraining modes by their positions in ``quantities.MODES``."""


class Law:
    """The law of motion of one draw: its quantities and what follows from them once and for all.

    Compiled functions take it as a record of a NumPy array (one pointer instead of 25 numbers on every call); this
    class names the fields and gives :data:`LAW_TYPE` its types.

    Attributes
    ----------
    mode : int
        Retraining mode, the position in ``quantities.MODES``.
    rho, alpha, rho2, alpha2 : float
        The two routes; rho2 = nan when there is one.
    rho_long, reconfiguration_rate : float
        Long-run rho, and ln 2 / half-life per month (0 without reconfiguration).
    lam, mu, psi, phi, beta, limit : float
        As in the module's equations; limit is D.
    ln_labour : float
        lambda ln Lambda.
    ln_pace_start, ln_pace_scale : float
        ln f0, and ln f0 - ln R(Lambda^lambda, 1).
    ln_speed : float
        ln g, with g in OOM per month.
    ln_accumulation : float
        ln of de/dt at s = e in mode continual: chi / (tau_0 ln 10) per month.
    training_months, training_floor_months, shortening_exponent, generation_gain : float
        The rule of mode from_scratch.
    floor_ooms : float
        log10 of the shortest run relative to tau_0: what effective compute such a run forgoes, at most 0.
    horizon : float
        End of the simulation, months.
    u_hold, software_hold : float
        Where software is held for good: at D, or at 40 OOM (20 OOM, the end of the trajectory, where e = s). u_hold is
        the same in the coordinate u of :func:`software_at_u`, inf where D is never reached.
    """

    mode: int
    rho: float
    alpha: float
    rho2: float
    alpha2: float
    rho_long: float
    reconfiguration_rate: float
    lam: float
    mu: float
    psi: float
    phi: float
    beta: float
    limit: float
    ln_labour: float
    ln_pace_start: float
    ln_pace_scale: float
    ln_speed: float
    ln_accumulation: float
    training_months: float
    training_floor_months: float
    shortening_exponent: float
    generation_gain: float
    floor_ooms: float
    horizon: float
    u_hold: float
    software_hold: float


LAW_TYPE = np.dtype(
    [(name, np.int64 if kind == "int" else np.float64) for name, kind in Law.__annotations__.items()], align=True
)
"""The record type of :class:`Law`."""


class Level(NamedTuple):
    """A level of software at a coordinate z: s in OOM, and the room 1 - s/D = ds/dz in (0, 1] that is left."""

    software: float
    room: float


class LevelAtU(NamedTuple):
    """A level of software at a coordinate u: s in OOM, the room 1 - s/D, and ln(ds/du)."""

    software: float
    room: float
    ln_slope: float


@inlined
def difficulty(software: float, limit: float) -> float:
    """Coordinate z = -D ln(1 - s/D) of a level of software below the limit D; s where D is inf."""
    if math.isinf(limit):  # inf times 0 would be nan
        return software
    return -limit * ln_near_one((limit - software) / limit, -software / limit)  # of two exact forms the better one


@inlined
def software_and_room(z: float, limit: float) -> Level:
    """Level of software at coordinate z; the limit D may be inf."""
    room, less_one = exp_and_expm1(-z * (1.0 / limit))  # in a loop over nodes the division is done once
    if math.isinf(limit):
        return Level(z, room)
    return Level(-limit * less_one, room)


@inlined
def software_at_u(mode: int, limit: float, u: float) -> LevelAtU:
    """Level of software at a coordinate u along which it moves: s itself in mode shortening, else z.

    Damped, the pace is a smooth function of s up to D, and z would stretch the approach to D without need; undamped,
    the limit's factor is singular there, and only in z is it not.
    """
    per_limit = 1.0 / limit
    if mode == SHORTENING:
        room = 1.0
        if limit < math.inf:
            room = max(0.0, (limit - u) * per_limit)
        return LevelAtU(u, room, 0.0)
    at = software_and_room(u, limit)
    return LevelAtU(at.software, at.room, -u * per_limit)


@part
def held_software(law: Law, u: float) -> float:
    """Software in OOM at its coordinate; exactly its limit or cap once it is held there."""
    if u >= law.u_hold:
        return law.software_hold
    return software_at_u(law.mode, law.limit, u).software


@part
def coordinate(law: Law, software: float) -> float:
    """The coordinate u of :func:`software_at_u` at a level of software below the limit."""
    if law.mode == SHORTENING:
        return software
    return difficulty(software, law.limit)


@part
def rho_at(law: Law, months: float) -> float:
    """Substitution parameter of the first route at a time: rho_long + (rho - rho_long) 2^(-t/h), h the half-life."""
    if law.reconfiguration_rate == 0.0:
        return law.rho
    return law.rho_long + (law.rho - law.rho_long) * exp(-law.reconfiguration_rate * months)


@part
def rho_of(law: Law, route: int, months: float) -> float:
    """Substitution parameter of a route at a time."""
    if route == 1:
        return law.rho2
    return rho_at(law, months)


@part
def ln_pace(law: Law, z: float, software: float, deployed: float, months: float) -> float:
    """ln of the pace M, relative to that before automation, by the law without damping by mode shortening.

    Software is given as coordinate z and in OOM, the deployed system's capability a in OOM.
    """
    ln_x, ln_k = ln_inputs(on_route(law, 0), software, deployed)
    ln_r = ln_ces(ln_x, ln_k, rho_at(law, months), law.alpha)
    if not math.isnan(law.rho2):  # research takes the better route
        ln_r = max(ln_r, ln_ces(ln_x, ln_k, law.rho2, law.alpha2))
    return law.ln_pace_scale + ln_r - LN_10 * law.beta * z


@part
def ln_route(law: Law, route: int, software: float, deployed: float, months: float) -> tuple[float, float]:
    """ln R on one route (1 only where there is a second), and its elasticity to L^lambda."""
    ln_x, ln_k = ln_inputs(on_route(law, 0), software, deployed)
    if route == 1:
        return ln_ces_and_share(ln_x, ln_k, law.rho2, law.alpha2)
    return ln_ces_and_share(ln_x, ln_k, rho_at(law, months), law.alpha)


@part
def route_lead(law: Law, route: int, software: float, deployed: float, months: float) -> float:
    """Lead in ln R of the other route over the route in use; arguments as in :func:`ln_route`."""
    ln_r = ln_route(law, route, software, deployed, months)[0]
    return ln_route(law, 1 - route, software, deployed, months)[0] - ln_r


@part
def better_route(law: Law, software: float, deployed: float, months: float) -> int:
    """The route with the larger R; the first one on ties. Arguments as in :func:`ln_pace`."""
    if math.isnan(law.rho2):  # there is one only
        return 0
    return int(route_lead(law, 0, software, deployed, months) > 0.0)


class RouteLaw(NamedTuple):
    """The law on one route of research, as plain numbers: a loop over nodes that reads them is vectorised.

    Attributes
    ----------
    rho, alpha, limit, beta : float
        As in :class:`Law`; rho at t = 0.
    ln_labour, labour, psi, compute : float
        ``ln X = ln_labour + labour (a + psi (s - a))`` and ``ln K = compute s``.
    labour_exponent, compute_exponent : float
        lambda mu and phi: the same as ``labour`` and ``compute``, per OOM instead of per natural logarithm.
    ln_speed : float
        ``ln(dz/dt) = ln_speed + ln R - (beta ln 10 - 1/D) z``.
    ln_accumulation : float
        In mode continual, ``ln(de/dt) = ln_accumulation + ln 10 (s - e)``.
    rho_long, reconfiguration_rate : float
        As in :class:`Law`; the rate is 0 on the second route.
    """

    rho: float
    alpha: float
    limit: float
    beta: float
    ln_labour: float
    labour: float
    psi: float
    compute: float
    labour_exponent: float
    compute_exponent: float
    ln_speed: float
    ln_accumulation: float
    rho_long: float
    reconfiguration_rate: float


@inlined
def on_route(law: Law, route: int) -> RouteLaw:
    """The numbers of :class:`RouteLaw` on a route of research."""
    return RouteLaw(
        law.rho2 if route == 1 else law.rho,
        law.alpha2 if route == 1 else law.alpha,
        law.limit,
        law.beta,
        law.ln_labour,
        LN_10 * law.lam * law.mu,  # L = 10^(mu a), and lambda sits on labour alone
        law.psi,
        LN_10 * law.phi,
        law.lam * law.mu,
        law.phi,
        law.ln_speed + law.ln_pace_scale,
        law.ln_accumulation,
        law.rho_long,
        0.0 if route == 1 else law.reconfiguration_rate,  # research is reorganised on the first route only
    )


@inlined
def ln_inputs(route_law: RouteLaw, software: float, deployed: float) -> tuple[float, float]:
    """ln X and ln K, the inputs to research: ``L^lambda`` with labour L of the deployed system, and experiments."""
    ln_x = route_law.ln_labour + route_law.labour * (deployed + route_law.psi * (software - deployed))
    return ln_x, route_law.compute * software


@inlined
def route_exponent(route_law: RouteLaw, software: float, deployed: float, labour_share: float) -> float:
    """Local exponent d log10 R / ds on one route: lambda mu labour_share e_L + phi (1 - e_L), e_L that of labour.

    ``labour_share`` is the part of a gain in software that reaches labour at once: 1 where a = s, psi where a stands
    still. The law is autonomous, or taken at t = 0.
    """
    ln_x, ln_k = ln_inputs(route_law, software, deployed)
    share = labour_elasticity(ln_x, ln_k, route_law.rho, route_law.alpha)
    return route_law.labour_exponent * labour_share * share + route_law.compute_exponent * (1.0 - share)


@part
def research_exponent(law: Law, software: float) -> float:
    """:func:`route_exponent` with the deployed system up to date (a = s), on the better route.

    Where the two routes tie, the steeper one, which is the one in use just after.
    """
    exponent = route_exponent(on_route(law, 0), software, software, 1.0)
    if not math.isnan(law.rho2):
        other = route_exponent(on_route(law, 1), software, software, 1.0)
        lead = route_lead(law, 0, software, software, 0.0)
        if lead > 0.0 or (lead == 0.0 and other > exponent):
            exponent = other
    return exponent


@part
def doublings_per_pace_doubling(exponent: float, shortened: bool) -> float:
    """N = 1/x, doublings of software until the pace has doubled; x is the exponent of the pace at automation.

    Negative when progress slows, inf at x = 0. Shortened, as in mode shortening: ``(1 + abs(x)) / x``, which is N + 1
    for N > 0 and N - 1 for N < 0.
    """
    if exponent == 0.0:
        return math.inf
    if shortened:
        return (1.0 + abs(exponent)) / exponent
    return 1.0 / exponent


@part
def pace_ceiling(law: Law) -> float:
    """Largest pace that the CES alone allows, f0 max_j alpha_j^(1/rho_j) / R(Lambda^lambda, 1), with rho_long if given.

    Inf when a route has no ceiling, now or in the long run, or experiments multiply (phi > 0).
    """
    if law.phi > 0.0:  # experiments multiply, too
        return math.inf
    reconfigured = law.reconfiguration_rate > 0.0
    if reconfigured and law.rho >= 0.0:  # there is no ceiling yet
        return math.inf
    rho = law.rho
    if reconfigured:
        rho = law.rho_long
    ceiling = ln_ceiling(rho, law.alpha)
    if not math.isnan(law.rho2):
        ceiling = max(ceiling, ln_ceiling(law.rho2, law.alpha2))
    return exp(law.ln_pace_scale + ceiling)
