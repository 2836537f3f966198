"""Our law in chunked, vectorised NumPy.

Modes none and shortening are quadratures on a fixed grid (``quadrature``). Continual and from_scratch are integrated by
Runge-Kutta steps of fixed length in a coordinate in which nothing is singular; draws that are finished are dropped from
the arrays now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import quadrature
from benchmarks.peers.law import (
    END_HORIZON,
    END_TOP,
    LN_10,
    NO_LIMIT,
    TOP_OOMS,
    Law,
    constants,
    derive,
    ln_ces,
    ln_pace,
)
from benchmarks.peers.reading import CELLS_PER_OOM, FAR_MONTHS, Grid, close, cubic, cubic_slope, outcomes

Floats = NDArray[np.float64]

CHUNK = {"none": 128, "shortening": 128, "continual": 2048, "from_scratch": 4096}
"""Draws in one pass: few for a grid, so that it stays in the cache; many for steps, whose cost is the calls."""

READ = 32
"""Draws whose outcomes are read off together in mode continual, likewise."""

STEP = {"continual": 1.0 / 64.0, "from_scratch": 1.0 / 64.0}
"""Length of a step, OOM: of s + e, and of the stretched difficulty D ln(1 + z/D)."""

SOFTWARE_CAP = 40.0
TIE_OOMS = 1e-9
MAX_DEPLOYMENTS = 48
MAX_STEPS = 100_000


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
    solve = {"continual": continual, "from_scratch": from_scratch}.get(mode)
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, len(law.rho), CHUNK[mode]):
            part = Law(*(array[start : start + CHUNK[mode]] for array in law))
            parts.append(solve(part) if solve else quadrature.solve(np, part, mode))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


# --- Continual --------------------------------------------------------------------------------------------------------


def continual_rates(xp: Any, law: Law, s: Any, e: Any) -> tuple[Any, Any, Any, Any, Any]:
    """d(t, s, e)/du along the path length u = s + e, then ln M and dt/de."""
    room = xp.maximum(1.0 - s / law.limit, 1e-300)
    power = xp.where(law.limit < NO_LIMIT, law.limit * xp.log(room), -s)
    ln_m = ln_pace(xp, law, -power, e)
    speed = xp.where(s < SOFTWARE_CAP, xp.exp(law.ln_speed + ln_m), 0.0)
    gain = xp.exp(law.ln_accumulation + LN_10 * (s - e))
    per_u = 1.0 / (speed + gain)
    return per_u, speed * per_u, gain * per_u, ln_m, 1.0 / gain


class _Path(NamedTuple):
    """A state, its rates along the path, ln M and dt/de; each of shape (n,)."""

    t: Floats
    s: Floats
    e: Floats
    dt: Floats
    ds: Floats
    de: Floats
    ln_m: Floats
    slowness: Floats


def continual(law: Law) -> dict[str, NDArray[Any]]:
    """Outcomes of one chunk in mode continual, by classical Runge-Kutta steps in s + e."""
    n, h = len(law.rho), STEP["continual"]
    cells = CELLS_PER_OOM["continual"]
    n_nodes = int(TOP_OOMS) * cells + 1
    months, slowness = np.full((n, n_nodes), FAR_MONTHS), np.ones((n, n_nodes))
    final = np.zeros((4, n))  # months, e, dt/de and s at the end
    end = np.full(n, END_HORIZON)
    ln_peak, months_to_peak = law.ln_start.copy(), np.zeros(n)
    zero = np.zeros(n)
    rows, here = np.arange(n), law
    old = _Path(zero, zero, zero, *continual_rates(np, law, zero, zero))
    months[:, 0], slowness[:, 0] = 0.0, old.slowness
    before = np.full(n, -np.inf)  # ln M one step earlier
    alive = np.ones(n, dtype=bool)
    for _ in range(MAX_STEPS):
        dt2, ds2, de2, *_ = continual_rates(np, here, old.s + 0.5 * h * old.ds, old.e + 0.5 * h * old.de)
        dt3, ds3, de3, *_ = continual_rates(np, here, old.s + 0.5 * h * ds2, old.e + 0.5 * h * de2)
        dt4, ds4, de4, *_ = continual_rates(np, here, old.s + h * ds3, old.e + h * de3)
        t = old.t + h / 6.0 * (old.dt + 2.0 * (dt2 + dt3) + dt4)
        s = old.s + h / 6.0 * (old.ds + 2.0 * (ds2 + ds3) + ds4)
        e = old.e + h / 6.0 * (old.de + 2.0 * (de2 + de3) + de4)
        new = _Path(t, s, e, *continual_rates(np, here, s, e))

        crossed = np.flatnonzero(np.floor(new.e * cells) > np.floor(old.e * cells))
        if len(crossed):
            node = np.floor(new.e[crossed] * cells).astype(int)
            crossed, node = crossed[node < n_nodes], node[node < n_nodes]
            theta = _theta(old, new, crossed, h, "e", node / cells)
            months[rows[crossed], node] = _inside(old, new, crossed, h, "t", theta)
            software = _inside(old, new, crossed, h, "s", theta)
            slowness[rows[crossed], node] = np.exp(-here.ln_accumulation[crossed] - LN_10 * (software - node / cells))

        tops = np.flatnonzero(alive & (old.ln_m >= before) & (old.ln_m > new.ln_m) & (old.ln_m > ln_peak[rows] - 0.1))
        if len(tops):
            _keep_peak(before[tops], old, new, tops, rows[tops], h, ln_peak, months_to_peak)

        over = np.flatnonzero(alive & ((new.e >= TOP_OOMS) | (new.t >= here.horizon)))
        if len(over):
            theta = np.ones(len(over))
            late = new.t[over] >= here.horizon[over]
            theta[late] = _theta(old, new, over[late], h, "t", here.horizon[over[late]])
            top = _inside(old, new, over, h, "e", theta) >= TOP_OOMS
            theta[top] = _theta(old, new, over[top], h, "e", np.full(top.sum(), TOP_OOMS))
            reached = np.array([_inside(old, new, over, h, name, theta) for name in ("t", "e", "s")])
            dt_de = np.exp(-here.ln_accumulation[over] - LN_10 * (reached[2] - reached[1]))
            final[:, rows[over]] = reached[0], reached[1], dt_de, reached[2]
            end[rows[over]] = np.where(top, END_TOP, END_HORIZON)
            grows = new.ln_m[over] > np.maximum(old.ln_m[over], ln_peak[rows[over]])  # the peak is the end
            at_end = old.ln_m[over] + theta * (new.ln_m[over] - old.ln_m[over])
            ln_peak[rows[over[grows]]], months_to_peak[rows[over[grows]]] = at_end[grows], reached[0][grows]
            alive[over] = False
        before, old = old.ln_m, new
        if alive.mean() < 0.8:
            if not alive.any():
                break
            rows, here, before = rows[alive], Law(*(array[alive] for array in here)), before[alive]
            old = _Path(*(array[alive] for array in old))
            alive = np.ones(len(rows), dtype=bool)
    grid = close(np, months, slowness, final[1], final[0], final[2])
    parts = [outcomes(np, Grid(*(array[i : i + READ] for array in grid))) for i in range(0, n, READ)]
    return (
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        | constants(np, law)
        | {
            "pace_peak": np.exp(ln_peak),
            "months_to_peak": months_to_peak,
            "limit_reached": final[3] >= 0.99 * law.limit,
            "software_end_ooms": final[3],
            "n_deployments": np.zeros(n, dtype=int),
            "end": end,
        }
    )


def _inside(old: _Path, new: _Path, at: NDArray[Any], h: float, name: str, theta: Floats) -> Floats:
    """t, s or e of some draws at a fraction of their step."""
    values = [getattr(path, name)[at] for path in (old, new)]
    slopes = [getattr(path, f"d{name}")[at] for path in (old, new)]
    return np.asarray(cubic(theta, h, *values, *slopes))


def _theta(old: _Path, new: _Path, at: NDArray[Any], h: float, name: str, value: Floats) -> Floats:
    """Fraction of the step at which t or e of some draws takes a value."""
    values = [getattr(path, name)[at] for path in (old, new)]
    slopes = [getattr(path, f"d{name}")[at] for path in (old, new)]
    theta = (value - values[0]) / (values[1] - values[0])
    for _ in range(4):
        miss = cubic(theta, h, *values, *slopes) - value
        theta = np.clip(theta - miss / cubic_slope(theta, h, *values, *slopes), 0.0, 1.0)
    return np.asarray(theta)


def _keep_peak(
    before: Floats,
    old: _Path,
    new: _Path,
    at: NDArray[Any],
    rows: NDArray[Any],
    h: float,
    ln_peak: Floats,
    months_to_peak: Floats,
) -> None:
    """Remember the top of a parabola through ln M at three points if it is the highest so far."""
    left, middle, right = before, old.ln_m[at], new.ln_m[at]
    shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    top = middle - 0.25 * (left - right) * shift
    months = np.where(shift >= 0.0, _inside(old, new, at, h, "t", shift), old.t[at] + shift * h * old.dt[at])
    better = top > ln_peak[rows]
    ln_peak[rows[better]], months_to_peak[rows[better]] = top[better], months[better]


# --- From scratch -----------------------------------------------------------------------------------------------------


def software_of(xp: Any, law: Law, v: Any) -> tuple[Any, Any]:
    """Software and difficulty z at the coordinate v = D ln(1 + z/D), which horizons keep short."""
    z = law.limit * xp.expm1(v / law.limit)
    return -law.limit * xp.expm1(-z / law.limit), z


def months_per_v(xp: Any, law: Law, ln_r: Any, v: Any) -> Any:
    """dt/dv with a frozen system whose research input is known."""
    z = law.limit * xp.expm1(v / law.limit)
    return xp.exp((v - z) / law.limit - law.ln_speed - law.ln_scale - ln_r + LN_10 * law.beta * z)


def offer(xp: Any, law: Law, ln_r: Any, v: Any) -> tuple[Any, Any]:
    """Effective compute that a run started now would give, and its length."""
    s, z = software_of(xp, law, v)
    ln_m = law.ln_scale + ln_r - LN_10 * law.beta * z
    tau = law.training_months * xp.exp(xp.minimum(law.shortening_exponent * (law.ln_start - ln_m), 50.0))
    tau = xp.minimum(law.training_months, xp.maximum(law.training_floor_months, tau))
    return s + xp.log10(tau / law.training_months), tau


def from_scratch(law: Law) -> dict[str, NDArray[Any]]:
    """Outcomes of one chunk in mode from_scratch: Simpson steps between events, one event a step at most."""
    n, h = len(law.rho), STEP["from_scratch"]
    deployed_months = np.full((n, MAX_DEPLOYMENTS), np.inf)
    deployed_ooms = np.full((n, MAX_DEPLOYMENTS), np.nan)
    deployed_months[:, 0], deployed_ooms[:, 0] = 0.0, 0.0
    count = np.ones(n, dtype=int)
    end, software, months_end = np.full(n, END_HORIZON), np.zeros(n), np.zeros(n)
    ln_peak, months_to_peak = law.ln_start.copy(), np.zeros(n)
    rows, here = np.arange(n), law
    t, v, a, stop, promised = np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, np.inf), np.zeros(n)
    ln_r = ln_ces(np, law.ln_labour, law.rho, law.alpha)
    alive = np.ones(n, dtype=bool)
    for _ in range(MAX_STEPS):
        # idle draws whose run is worth starting start it
        offered, tau = offer(np, here, ln_r, v)
        starts = np.isinf(stop) & (offered >= a + here.generation_gain)
        stop = np.where(starts, t + tau, stop)
        promised = np.where(starts, offered, promised)

        f0, f1, f2 = (months_per_v(np, here, ln_r, v + part * h) for part in (0.0, 0.5, 1.0))
        t_new = t + h / 6.0 * (f0 + 4.0 * f1 + f2)
        v_new = v + h
        idle = np.isinf(stop)
        due = np.minimum(stop, here.horizon)
        fires = idle & (offer(np, here, ln_r, v_new)[0] >= a + here.generation_gain)
        if fires.any():  # find where in the step, by bisection
            at = np.flatnonzero(fires)
            sub, low, high = Law(*(array[at] for array in here)), np.zeros(len(at)), np.ones(len(at))
            for _ in range(44):
                middle = 0.5 * (low + high)
                good = offer(np, sub, ln_r[at], v[at] + middle * h)[0] >= a[at] + sub.generation_gain
                low, high = np.where(good, low, middle), np.where(good, middle, high)
            t_fire = cubic(high, h, t[at], t_new[at], f0[at], f2[at])
            in_time = t_fire <= due[at]
            kept, high = at[in_time], high[in_time]
            t_new[kept], v_new[kept] = t_fire[in_time], v[kept] + high * h
            fires[at[~in_time]] = False
        ends = ~fires & (t_new >= due)
        if ends.any():
            at = np.flatnonzero(ends)
            slopes = f0[at], f2[at]
            theta = (due[at] - t[at]) / (t_new[at] - t[at])
            for _ in range(4):
                miss = cubic(theta, h, t[at], t_new[at], *slopes) - due[at]
                theta = np.clip(theta - miss / cubic_slope(theta, h, t[at], t_new[at], *slopes), 0.0, 1.0)
            t_new[at], v_new[at] = due[at], v[at] + theta * h
        t, v = t_new, v_new

        done = np.flatnonzero(ends & (stop <= here.horizon) & alive)
        if len(done):
            sub = Law(*(array[done] for array in here))
            a[done], stop[done] = promised[done], np.inf
            ln_r[done] = ln_ces(np, sub.ln_labour + sub.labour_slope * a[done], sub.rho, sub.alpha)
            place = rows[done]
            deployed_months[place, count[place]], deployed_ooms[place, count[place]] = t[done], a[done]
            count[place] += 1
            ln_m = sub.ln_scale + ln_r[done] - LN_10 * sub.beta * software_of(np, sub, v[done])[1]
            better = ln_m > ln_peak[place] + 1e-12
            ln_peak[place[better]], months_to_peak[place[better]] = ln_m[better], t[done][better]
        over = alive & ((ends & (t >= here.horizon)) | (a >= TOP_OOMS - TIE_OOMS))
        if over.any():
            place = rows[over]
            software[place] = software_of(np, Law(*(array[over] for array in here)), v[over])[0]
            end[place] = np.where(a[over] >= TOP_OOMS - TIE_OOMS, END_TOP, END_HORIZON)
            months_end[place] = t[over]
            alive &= ~over
        if alive.mean() < 0.8:
            if not alive.any():
                break
            rows, here = rows[alive], Law(*(array[alive] for array in here))
            t, v, a, stop, promised, ln_r = (x[alive] for x in (t, v, a, stop, promised, ln_r))
            alive = np.ones(len(rows), dtype=bool)
    return (
        between_deployments(np, deployed_months, deployed_ooms, count)
        | constants(np, law)
        | {
            "pace_peak": np.exp(ln_peak),
            "months_to_peak": months_to_peak,
            "limit_reached": software >= 0.99 * law.limit,
            "software_end_ooms": software,
            "months_end": months_end,
            "n_deployments": count - 1,
            "end": end,
        }
    )


def between_deployments(xp: Any, months: Any, ooms: Any, count: Any) -> dict[str, Any]:
    """Times, windows and gains from deployment to deployment; ``ooms`` is nan where there is none."""
    from benchmarks.peers.law import LEVELS, WIDTHS

    n_used = int(count.max()) if xp is np else months.shape[1]
    months, ooms = months[:, :n_used], ooms[:, :n_used]
    months_to = [xp.where(ooms >= level - TIE_OOMS, months, xp.inf).min(axis=1) for level in LEVELS]
    windows = [xp.full(len(months), xp.inf)] * len(LEVELS)
    gains = [xp.zeros(len(months))] * len(WIDTHS)
    for apart in range(1, n_used):
        elapsed = months[:, apart:] - months[:, :-apart]
        rise = ooms[:, apart:] - ooms[:, :-apart]
        for i, level in enumerate(LEVELS):
            found = xp.where(rise >= level - TIE_OOMS, elapsed, xp.inf).min(axis=1)
            windows[i] = xp.minimum(windows[i], found)
        for i, width in enumerate(WIDTHS):
            found = xp.where(elapsed <= width * (1.0 + 1e-12), rise, 0.0).max(axis=1)
            gains[i] = xp.maximum(gains[i], found)
    last = xp.where(xp.isnan(ooms), -xp.inf, ooms)
    return {
        "months_to": xp.stack(months_to, axis=1),
        "best_window_months": xp.stack(windows, axis=1),
        "best_gain_ooms": xp.minimum(TOP_OOMS, xp.stack(gains, axis=1)),
        "first_year_ooms": xp.minimum(TOP_OOMS, xp.where(months <= 12.0, last, 0.0).max(axis=1)),
        "effective_end_ooms": xp.minimum(TOP_OOMS, last.max(axis=1)),
    }
