"""Our law draw by draw with SciPy's ``solve_ivp``, rtol 1e-9, as its users would write it.

Time is the independent variable and 20 OOM a terminal event; from scratch, every start and end of a training run is one
too. Outcomes are read off the dense output on the grid of ``reading``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from benchmarks.peers.law import (
    END_HORIZON,
    END_LIMIT,
    END_TOP,
    LN_10,
    TOP_OOMS,
    Law,
    constants,
    derive,
    labour_exponent,
    ln_ces,
)
from benchmarks.peers.law_numpy import MAX_DEPLOYMENTS, TIE_OOMS, between_deployments
from benchmarks.peers.reading import FAR_MONTHS, close, cubic, cubic_slope, outcomes

TOLERANCES = {"rtol": 1e-9, "atol": 1e-10, "method": "DOP853"}
N_BETWEEN = 16
"""Points of each step at which the dense output is read."""
CELLS = 64
"""Cells of the grid in each OOM."""

Draw = Callable[[float, Any], Any]


def simulate(quantities: Mapping[str, NDArray[Any]], mode: str) -> dict[str, NDArray[Any]]:
    """All outcomes of section 4 of the model, for every draw.

    Parameters
    ----------
    quantities : mapping of str to array of shape (n,)
        By code name.
    mode : {"none", "shortening", "continual", "from_scratch"}
        Retraining mode of all draws.

    Returns
    -------
    dict of str to array
        Outcomes by code name.
    """
    law = derive(quantities, mode)
    solve = _from_scratch if mode == "from_scratch" else _continuous
    with np.errstate(all="ignore"):
        rows = [solve(Law(*(array[i : i + 1] for array in law)), mode) for i in range(len(law.rho))]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _ln_pace(one: Law, s: Any, deployed: Any) -> Any:
    """ln M by the law, of one draw with plain numbers."""
    ln_x = one.ln_labour + one.labour_slope * deployed
    ln_r = ln_ces(np, ln_x, one.rho, one.alpha)
    room = np.maximum(1.0 - s / one.limit, 1e-300)
    return one.ln_scale + ln_r + LN_10 * one.beta * one.limit * np.log(room)


def _continuous(law: Law, mode: str) -> dict[str, NDArray[Any]]:
    one = Law(*(array[0] for array in law))

    def rates(_: float, y: Any) -> Any:
        """d(s, e or ln M)/dt."""
        s, second = y
        if mode == "shortening":
            speed = np.exp(one.ln_speed + second)
            room = max(1.0 - s / one.limit, 1e-300)
            x_room = labour_exponent(np, one, s) * room - one.beta
            return speed, speed * LN_10 * x_room / (room + abs(x_room))
        if mode == "none":
            speed = np.exp(one.ln_speed + _ln_pace(one, s, s))
            return speed, speed
        speed = np.exp(one.ln_speed + _ln_pace(one, s, second))
        return speed, np.exp(one.ln_accumulation + LN_10 * (s - second))

    cap = TOP_OOMS if mode == "continual" else min(TOP_OOMS, one.limit)
    axis = 1 if mode == "continual" else 0

    def arrives(_: float, y: Any) -> float:
        return float(y[axis] - cap)

    arrives.terminal = True  # type: ignore[attr-defined]
    start = [0.0, one.ln_start if mode == "shortening" else 0.0]
    solution = solve_ivp(rates, (0.0, one.horizon), start, dense_output=True, events=arrives, **TOLERANCES)
    arrived = solution.status == 1
    parts = np.linspace(0.0, 1.0, N_BETWEEN, endpoint=False)
    steps = solution.t
    t = np.append((steps[:-1, None] + np.diff(steps)[:, None] * parts).ravel(), steps[-1])
    s, second = solution.sol(t)
    e = second if mode == "continual" else s
    e[0] = 0.0
    slopes = np.array([rates(0.0, y) for y in zip(s, second, strict=True)])
    slowness = 1.0 / slopes[:, axis]
    ln_m = np.log(slopes[:, 0]) - one.ln_speed

    kept = np.append(True, np.diff(np.maximum.accumulate(e)) > 0.0)
    node = np.arange(int(TOP_OOMS) * CELLS + 1) / CELLS
    months, dt_de = _at_nodes(node, t[kept], e[kept], slowness[kept])
    ooms_end = np.array([cap if arrived else e[-1]])
    grid = close(np, months[None], dt_de[None], ooms_end, t[-1:], slowness[-1:])
    top = int(np.argmax(ln_m))
    ln_peak, t_peak = _peak(t, ln_m, top)
    return (
        outcomes(np, grid)
        | constants(np, law)
        | {
            "pace_peak": np.array([np.exp(ln_peak)]),
            "months_to_peak": np.array([t_peak]),
            "limit_reached": s[-1:] >= 0.99 * law.limit,
            "software_end_ooms": s[-1:],
            "n_deployments": np.zeros(1, dtype=int),
            "end": np.array([END_HORIZON if not arrived else END_TOP if cap == TOP_OOMS else END_LIMIT]),
        }
    )


def _at_nodes(node: Any, t: Any, e: Any, slowness: Any) -> tuple[Any, Any]:
    """t and dt/de at values of e, by the cubic through neighbours."""
    at = np.clip(np.searchsorted(e, node, side="right") - 1, 0, len(e) - 2)
    width = e[at + 1] - e[at]
    theta = (node - e[at]) / width
    ends = t[at], t[at + 1], slowness[at], slowness[at + 1]
    beyond = node > e[-1]
    months = np.where(beyond, FAR_MONTHS, cubic(theta, width, *ends))
    return months, np.where(beyond, 1.0, cubic_slope(theta, width, *ends) / width)


def _peak(t: Any, ln_m: Any, top: int) -> tuple[float, float]:
    """Top of the parabola through three neighbours."""
    if top in (0, len(t) - 1):
        return float(ln_m[top]), float(t[top])
    three = slice(top - 1, top + 2)
    c2, c1, c0 = np.polyfit(t[three] - t[top], ln_m[three], 2)
    shift = -0.5 * c1 / c2 if c2 < 0.0 else 0.0
    return float(c0 + c1 * shift + c2 * shift * shift), float(t[top] + shift)


def _from_scratch(law: Law, _: str) -> dict[str, NDArray[Any]]:
    one = Law(*(array[0] for array in law))
    months, ooms = np.full((1, MAX_DEPLOYMENTS), np.inf), np.full((1, MAX_DEPLOYMENTS), np.nan)
    months[0, 0] = ooms[0, 0] = 0.0
    t, s, a, n = 0.0, 0.0, 0.0, 1
    ln_peak, t_peak = float(one.ln_start), 0.0

    def offer(s: float) -> tuple[float, float]:
        wanted = np.exp(min(one.shortening_exponent * (one.ln_start - _ln_pace(one, s, a)), 50.0))
        tau = min(one.training_months, max(one.training_floor_months, one.training_months * wanted))
        return s + np.log10(tau / one.training_months), tau

    def rate(_: float, y: Any) -> Any:
        return np.exp(one.ln_speed + _ln_pace(one, y, a))

    def worth(_: float, y: Any) -> float:
        return float(offer(y[0])[0] - a - one.generation_gain)

    worth.terminal, worth.direction = True, 1.0  # type: ignore[attr-defined]
    end = END_HORIZON
    while t < one.horizon:
        if worth(t, [s]) < 0.0:
            waited = solve_ivp(rate, (t, one.horizon), [s], events=worth, **TOLERANCES)
            t, s = float(waited.t[-1]), float(waited.y[0, -1])
            if waited.status != 1:
                break
        promised, tau = offer(s)
        until = min(t + tau, one.horizon)
        trained = solve_ivp(rate, (t, until), [s], **TOLERANCES)
        s = float(trained.y[0, -1])
        if t + tau > one.horizon:
            t = one.horizon
            break
        t, a = t + tau, float(promised)
        months[0, n], ooms[0, n] = t, a
        n += 1
        ln_m = float(_ln_pace(one, s, a))
        if ln_m > ln_peak + 1e-12:
            ln_peak, t_peak = ln_m, t
        if a >= TOP_OOMS - TIE_OOMS:
            end = END_TOP
            break
    return (
        between_deployments(np, months, ooms, np.array([n]))
        | constants(np, law)
        | {
            "pace_peak": np.array([np.exp(ln_peak)]),
            "months_to_peak": np.array([t_peak]),
            "limit_reached": np.array([s]) >= 0.99 * law.limit,
            "software_end_ooms": np.array([s]),
            "months_end": np.array([t]),
            "n_deployments": np.array([n - 1]),
            "end": np.array([end]),
        }
    )
