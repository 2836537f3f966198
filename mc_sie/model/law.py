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
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp, labour_elasticity, ln_ceiling, ln_ces, ln_ces_and_share
from mc_sie.model.elementary import exp_and_expm1, ln_near_one
from mc_sie.model.status import HALF_GIVEN_PAIR, NOT_FINITE, OK, SHORTENING_RECONFIGURED
from mc_sie.quantities import SOFTWARE_CAP_OOMS, TOP_OOMS
from mc_sie.units import LN_10, OOMS_PER_DOUBLING

HOLD_DEPTH = 36.0
"""Software counts as being at D once the distance that is left, or the time, has fallen to e^-36: below rounding."""

NONE, SHORTENING, SHORTENING_ACCELERATING_ONLY, CONTINUAL, FROM_SCRATCH = range(5)
"""Retraining modes by their positions in ``quantities.MODES``."""


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


@inlined
def difficulty(software: float, limit: float) -> float:
    """Coordinate z of a level of software.

    Parameters
    ----------
    software : float
        s in OOM, below the limit.
    limit : float
        D in OOM, possibly inf.

    Returns
    -------
    float
        ``-D ln(1 - s/D)``, or s when D is inf.
    """
    if math.isinf(limit):  # inf times 0 would be nan
        return software
    return -limit * ln_near_one((limit - software) / limit, -software / limit)  # of two exact forms the better one


@inlined
def software_and_room(z: float, limit: float) -> tuple[float, float]:
    """Software at coordinate z, and the room 1 - s/D = ds/dz that is left.

    Parameters
    ----------
    z : float
        Coordinate, OOM.
    limit : float
        D in OOM, possibly inf.

    Returns
    -------
    tuple of float
        s in OOM, and 1 - s/D in (0, 1].
    """
    room, less_one = exp_and_expm1(-z * (1.0 / limit))  # in a loop over nodes the division is done once
    if math.isinf(limit):
        return z, room
    return -limit * less_one, room


@inlined
def software_at_u(mode: int, limit: float, u: float) -> tuple[float, float, float]:
    """Software at a coordinate u along which it moves: s itself in mode shortening, else z.

    Damped, the pace is a smooth function of s up to D, and z would stretch the approach to D without need; undamped,
    the limit's factor is singular there, and only in z is it not.

    Parameters
    ----------
    mode : int
        Retraining mode.
    limit : float
        D in OOM, possibly inf.
    u : float
        Coordinate, OOM.

    Returns
    -------
    tuple of float
        s in OOM; the room 1 - s/D; and ln(ds/du).
    """
    per_limit = 1.0 / limit
    if mode == SHORTENING:
        room = 1.0
        if limit < math.inf:
            room = max(0.0, (limit - u) * per_limit)
        return u, room, 0.0
    software, room = software_and_room(u, limit)
    return software, room, -u * per_limit


@part
def held_software(law: Law, u: float) -> float:
    """Software in OOM at its coordinate; exactly its limit or cap once it is held there."""
    if u >= law.u_hold:
        return law.software_hold
    return software_at_u(law.mode, law.limit, u)[0]


@part
def coordinate(law: Law, software: float) -> float:
    """The coordinate u of :func:`software_at_u` at a level of software below the limit."""
    if law.mode == SHORTENING:
        return software
    return difficulty(software, law.limit)


@part
def rho_at(law: Law, months: float) -> float:
    """Substitution parameter of the first route at a time, under reconfiguration.

    Parameters
    ----------
    law : Law
        The draw.
    months : float
        Time since automation.

    Returns
    -------
    float
        ``rho_long + (rho - rho_long) 2^(-t/h)``.
    """
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
    """Natural logarithm of the pace M by the law, before any damping by mode shortening.

    Parameters
    ----------
    law : Law
        The draw.
    z, software : float
        Software, as coordinate and in OOM.
    deployed : float
        a, the capability of the deployed system in OOM.
    months : float
        Time since automation.

    Returns
    -------
    float
        ln M, with M relative to the pace before automation.
    """
    ln_x = law.ln_labour + LN_10 * law.lam * law.mu * (deployed + law.psi * (software - deployed))
    ln_k = LN_10 * law.phi * software
    ln_r = ln_ces(ln_x, ln_k, rho_at(law, months), law.alpha)
    if not math.isnan(law.rho2):
        ln_r = max(ln_r, ln_ces(ln_x, ln_k, law.rho2, law.alpha2))
    return law.ln_pace_scale + ln_r - LN_10 * law.beta * z


@part
def ln_route(law: Law, route: int, software: float, deployed: float, months: float) -> tuple[float, float]:
    """Natural logarithm of R on one route, and its elasticity to labour.

    Parameters
    ----------
    law : Law
        The draw.
    route : int
        0 or 1; 1 only where there is a second route.
    software, deployed, months : float
        As in :func:`ln_pace`.

    Returns
    -------
    tuple of float
        ln R, and the elasticity with respect to L^lambda.
    """
    ln_x = law.ln_labour + LN_10 * law.lam * law.mu * (deployed + law.psi * (software - deployed))
    ln_k = LN_10 * law.phi * software
    if route == 1:
        return ln_ces_and_share(ln_x, ln_k, law.rho2, law.alpha2)
    return ln_ces_and_share(ln_x, ln_k, rho_at(law, months), law.alpha)


@part
def route_lead(law: Law, route: int, software: float, deployed: float, months: float) -> float:
    """Lead in ln R of the other route over the route in use; arguments as in :func:`ln_route`."""
    ln_r, _ = ln_route(law, route, software, deployed, months)
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
        LN_10 * law.lam * law.mu,
        law.psi,
        LN_10 * law.phi,
        law.lam * law.mu,
        law.phi,
        law.ln_speed + law.ln_pace_scale,
        law.ln_accumulation,
        law.rho_long,
        0.0 if route == 1 else law.reconfiguration_rate,
    )


@inlined
def route_exponent(on: RouteLaw, software: float, deployed: float, labour_share: float) -> float:
    """Local exponent of research output on one route, d log10 R / d s.

    Parameters
    ----------
    on : RouteLaw
        The draw on a route, autonomous or taken at t = 0.
    software, deployed : float
        s and a in OOM.
    labour_share : float
        Part of a gain in software that reaches labour at once: 1 where a = s, psi where a stands still.

    Returns
    -------
    float
        ``lambda mu labour_share e_L + phi (1 - e_L)``, e_L being the elasticity to labour.
    """
    ln_x = on.ln_labour + on.labour * (deployed + on.psi * (software - deployed))
    share = labour_elasticity(ln_x, on.compute * software, on.rho, on.alpha)
    return on.labour_exponent * labour_share * share + on.compute_exponent * (1.0 - share)


@part
def research_exponent(law: Law, software: float) -> float:
    """Local exponent of research output in software, d log10 R / d s, with the deployed system up to date (a = s).

    Parameters
    ----------
    law : Law
        The draw, autonomous or taken at t = 0.
    software : float
        s in OOM.

    Returns
    -------
    float
        ``lambda mu e_L + phi (1 - e_L)``, e_L being the elasticity to labour of the route in use; where the two
        routes tie, the steeper one, which is the one in use just after.
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
    """Doublings of software until the pace has doubled, on the day of automation.

    Parameters
    ----------
    exponent : float
        x, the local exponent of the pace at s = 0: :func:`research_exponent` less beta.
    shortened : bool
        As after mode shortening has lengthened every doubling of pace by one doubling of software.

    Returns
    -------
    float
        N = 1/x; negative when progress slows, inf at x = 0. Shortened: ``(1 + abs(x)) / x``, which is N + 1 for N > 0
        and N - 1 for N < 0.
    """
    if exponent == 0.0:
        return math.inf
    if shortened:
        return (1.0 + abs(exponent)) / exponent
    return 1.0 / exponent


@part
def pace_ceiling(law: Law) -> float:
    """Largest pace that the CES alone allows with unlimited labour, without the limit to software.

    Parameters
    ----------
    law : Law
        The draw.

    Returns
    -------
    float
        ``f0 max_j alpha_j^(1/rho_j) / R(Lambda^lambda, 1)``, with rho_long where there is reconfiguration; inf when a
        route has no ceiling, now or in the long run, or experiments multiply (phi > 0).
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


@part
def set_law(law: Law, draw: NDArray[np.float64]) -> int:
    """Status of a draw, whose law of motion is worked out from the quantities as the prior files name them.

    Parameters
    ----------
    law : Law
        Receives it.
    draw : array of shape (22,)
        The quantities at their :class:`Column`, in the units and domains of ``quantities.py`` (the engine has checked
        them); nan for one that is not given.

    Returns
    -------
    int
        OK, or why the draw cannot be simulated.
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
    law.beta = law.lam * (1.0 - law.alpha) * law.mu / draw[Column.R.value]
    law.ln_labour = law.lam * math.log(draw[Column.LABOUR_MULTIPLIER.value])
    law.ln_speed = math.log(OOMS_PER_DOUBLING / draw[Column.SOFTWARE_DOUBLING_MONTHS.value])
    law.training_months = draw[Column.TRAINING_MONTHS.value]
    law.training_floor_months = draw[Column.TRAINING_FLOOR_MONTHS.value]
    law.shortening_exponent = draw[Column.SHORTENING_EXPONENT.value]
    law.generation_gain = draw[Column.GENERATION_GAIN_OOMS.value]
    law.ln_accumulation = math.log(draw[Column.RETRAINING_COMPUTE_SHARE.value] / (law.training_months * LN_10))
    law.floor_ooms = -math.inf
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
