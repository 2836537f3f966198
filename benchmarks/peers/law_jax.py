"""Our law in JAX: float64, jit, on the processor.

The quadratures are those of ``quadrature`` compiled by XLA. Continual and from_scratch are the fixed steps of
``law_numpy`` in ``lax.while_loop``, all draws of a batch together until the last one has finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array, lax
from jax import numpy as jnp
from numpy.typing import NDArray

from benchmarks.peers import quadrature
from benchmarks.peers.law import (
    END_HORIZON,
    END_TOP,
    LEVELS,
    LN_10,
    TOP_OOMS,
    WIDTHS,
    Law,
    constants,
    derive,
    ln_ces,
)
from benchmarks.peers.law_numpy import (
    MAX_DEPLOYMENTS,
    STEP,
    TIE_OOMS,
    continual_rates,
    months_per_v,
    offer,
    software_of,
)
from benchmarks.peers.reading import CELLS_PER_OOM, FAR_MONTHS, close, cubic, cubic_slope, outcomes

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

BATCH = {"none": 128, "shortening": 128, "continual": 512, "from_scratch": 128}
"""Draws in one call of a compiled function."""


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
        Outcomes by code name, in NumPy arrays.
    """
    law = derive(quantities, mode)
    n, batch = len(law.rho), BATCH[mode]
    law = Law(*(np.concatenate([array, np.repeat(array[-1:], -n % batch)]) for array in law))
    parts = []
    for start in range(0, len(law.rho), batch):
        parts.append(_batch(Law(*(jnp.asarray(array[start : start + batch]) for array in law)), mode))
    return {name: np.concatenate([np.asarray(part[name]) for part in parts])[:n] for name in parts[0]}


@partial(jax.jit, static_argnums=1)
def _batch(law: Law, mode: str) -> dict[str, Array]:
    if mode == "continual":
        return _continual(law)
    if mode == "from_scratch":
        return _from_scratch(law)
    return quadrature.solve(jnp, law, mode)


def _theta(h: float, value: Any, *ends: Array) -> Any:
    """Fraction of a step at which a cubic takes a value."""
    theta = (value - ends[0]) / (ends[1] - ends[0])
    for _ in range(4):
        theta = theta - (cubic(theta, h, *ends) - value) / cubic_slope(theta, h, *ends)
        theta = jnp.clip(theta, 0.0, 1.0)
    return theta


def _continual(law: Law) -> dict[str, Array]:
    n, h, cells = len(law.rho), STEP["continual"], CELLS_PER_OOM["continual"]
    n_nodes = int(TOP_OOMS) * cells + 1
    zero = jnp.zeros(n)
    rows = jnp.arange(n)
    rates = continual_rates(jnp, law, zero, zero)
    start = {
        "t": zero,
        "s": zero,
        "e": zero,
        "rates": rates[:4],
        "before": jnp.full(n, -jnp.inf),
        "alive": jnp.ones(n, dtype=bool),
        "months": jnp.full((n, n_nodes), FAR_MONTHS).at[:, 0].set(0.0),
        "slowness": jnp.ones((n, n_nodes)).at[:, 0].set(rates[4]),
        "t_end": zero,
        "s_end": zero,
        "e_end": zero,
        "top": jnp.zeros(n, dtype=bool),
        "ln_peak": law.ln_start,
        "t_peak": zero,
    }

    def step(y: dict[str, Any]) -> dict[str, Any]:
        t0, s0, e0 = y["t"], y["s"], y["e"]
        dt1, ds1, de1, ln_m0 = y["rates"]
        dt2, ds2, de2, *_ = continual_rates(jnp, law, s0 + 0.5 * h * ds1, e0 + 0.5 * h * de1)
        dt3, ds3, de3, *_ = continual_rates(jnp, law, s0 + 0.5 * h * ds2, e0 + 0.5 * h * de2)
        dt4, ds4, de4, *_ = continual_rates(jnp, law, s0 + h * ds3, e0 + h * de3)
        t = t0 + h / 6.0 * (dt1 + 2.0 * (dt2 + dt3) + dt4)
        s = s0 + h / 6.0 * (ds1 + 2.0 * (ds2 + ds3) + ds4)
        e = e0 + h / 6.0 * (de1 + 2.0 * (de2 + de3) + de4)
        dt, ds, de, ln_m, _ = continual_rates(jnp, law, s, e)
        times, software, effective = (t0, t, dt1, dt), (s0, s, ds1, ds), (e0, e, de1, de)

        node = jnp.floor(e * cells).astype(int)
        crossed = y["alive"] & (node > jnp.floor(e0 * cells))
        theta = _theta(h, node / cells, *effective)
        place = jnp.where(crossed, node, n_nodes)  # out of bounds: dropped
        slowness = jnp.exp(-law.ln_accumulation - LN_10 * (cubic(theta, h, *software) - node / cells))
        months = y["months"].at[rows, place].set(cubic(theta, h, *times), mode="drop")
        slowness = y["slowness"].at[rows, place].set(slowness, mode="drop")

        shift = 0.5 * (y["before"] - ln_m) / (y["before"] - 2.0 * ln_m0 + ln_m)
        shift = jnp.where(jnp.isfinite(shift), shift, 0.0)
        tops = y["alive"] & (ln_m0 >= y["before"]) & (ln_m0 > ln_m)
        top = jnp.where(tops & jnp.isfinite(y["before"]), ln_m0 - 0.25 * (y["before"] - ln_m) * shift, ln_m0)
        better = tops & (top > y["ln_peak"])
        ln_peak = jnp.where(better, top, y["ln_peak"])
        at_top = jnp.where(shift >= 0.0, cubic(shift, h, *times), t0 + shift * h * dt1)
        t_peak = jnp.where(better, at_top, y["t_peak"])

        over = y["alive"] & ((e >= TOP_OOMS) | (t >= law.horizon))
        theta = jnp.where(t >= law.horizon, _theta(h, law.horizon, *times), 1.0)
        is_top = cubic(theta, h, *effective) >= TOP_OOMS
        theta = jnp.where(is_top, _theta(h, TOP_OOMS, *effective), theta)
        t_end = cubic(theta, h, *times)
        grows = over & (ln_m > jnp.maximum(ln_m0, ln_peak))
        return {
            "t": t,
            "s": s,
            "e": e,
            "rates": (dt, ds, de, ln_m),
            "before": ln_m0,
            "alive": y["alive"] & ~over,
            "months": months,
            "slowness": slowness,
            "t_end": jnp.where(over, t_end, y["t_end"]),
            "s_end": jnp.where(over, cubic(theta, h, *software), y["s_end"]),
            "e_end": jnp.where(over, cubic(theta, h, *effective), y["e_end"]),
            "top": jnp.where(over, is_top, y["top"]),
            "ln_peak": jnp.where(grows, ln_m0 + theta * (ln_m - ln_m0), ln_peak),
            "t_peak": jnp.where(grows, t_end, t_peak),
        }

    y = lax.while_loop(lambda y: y["alive"].any(), step, start)
    slowness_end = jnp.exp(-law.ln_accumulation - LN_10 * (y["s_end"] - y["e_end"]))
    grid = close(jnp, y["months"], y["slowness"], y["e_end"], y["t_end"], slowness_end)
    return (
        outcomes(jnp, grid)
        | constants(jnp, law)
        | {
            "pace_peak": jnp.exp(y["ln_peak"]),
            "months_to_peak": y["t_peak"],
            "limit_reached": y["s_end"] >= 0.99 * law.limit,
            "software_end_ooms": y["s_end"],
            "n_deployments": jnp.zeros(n, dtype=int),
            "end": jnp.where(y["top"], END_TOP, END_HORIZON),
        }
    )


def _from_scratch(law: Law) -> dict[str, Array]:
    n, h = len(law.rho), STEP["from_scratch"]
    zero, rows = jnp.zeros(n), jnp.arange(n)
    start = {
        "t": zero,
        "v": zero,
        "a": zero,
        "stop": jnp.full(n, jnp.inf),
        "promised": zero,
        "ln_r": ln_ces(jnp, law.ln_labour, law.rho, law.alpha),
        "ready": jnp.zeros(n, dtype=bool),
        "alive": jnp.ones(n, dtype=bool),
        "months": jnp.full((n, MAX_DEPLOYMENTS), jnp.inf).at[:, 0].set(0.0),
        "ooms": jnp.full((n, MAX_DEPLOYMENTS), jnp.nan).at[:, 0].set(0.0),
        "count": jnp.ones(n, dtype=int),
        "ln_peak": law.ln_start,
        "t_peak": zero,
    }

    def step(y: dict[str, Any]) -> dict[str, Any]:
        t, v, a, ln_r, alive = y["t"], y["v"], y["a"], y["ln_r"], y["alive"]
        goal = a + law.generation_gain
        offered, tau = offer(jnp, law, ln_r, v)
        starts = jnp.isinf(y["stop"]) & (y["ready"] | (offered >= goal))
        stop = jnp.where(starts, t + tau, y["stop"])
        promised = jnp.where(starts, offered, y["promised"])
        f0, f1, f2 = (months_per_v(jnp, law, ln_r, v + part * h) for part in (0.0, 0.5, 1.0))
        t_new = t + h / 6.0 * (f0 + 4.0 * f1 + f2)
        times = (t, t_new, f0, f2)
        due = jnp.minimum(stop, law.horizon)

        # where in the step a run is first worth starting, by the secant method kept inside a bracket
        low, high = zero, jnp.ones(n)
        at_low, at_high = offered - goal, offer(jnp, law, ln_r, v + h)[0] - goal
        fires = jnp.isinf(stop) & (at_high >= 0.0)
        side = jnp.zeros(n, dtype=int)
        for _ in range(5):  # Illinois: the end that stays twice counts half
            middle = (low * at_high - high * at_low) / (at_high - at_low)
            found = offer(jnp, law, ln_r, v + middle * h)[0] - goal
            is_high = found >= 0.0
            at_low = jnp.where(is_high, jnp.where(side == 1, 0.5, 1.0) * at_low, found)
            at_high = jnp.where(is_high, found, jnp.where(side == -1, 0.5, 1.0) * at_high)
            low, high = jnp.where(is_high, low, middle), jnp.where(is_high, middle, high)
            side = jnp.where(is_high, 1, -1)
        t_fire = cubic(middle, h, *times)
        fires &= t_fire <= due
        ends = ~fires & (t_new >= due)
        theta = jnp.where(fires, middle, jnp.where(ends, _theta(h, due, *times), 1.0))
        t = jnp.where(alive, jnp.where(fires, t_fire, jnp.where(ends, due, t_new)), t)
        v = jnp.where(alive, v + theta * h, v)

        done = alive & ends & (stop <= law.horizon)
        a = jnp.where(done, promised, a)
        ln_r = jnp.where(done, ln_ces(jnp, law.ln_labour + law.labour_slope * a, law.rho, law.alpha), ln_r)
        place = jnp.where(done, y["count"], MAX_DEPLOYMENTS)
        ln_m = law.ln_scale + ln_r - LN_10 * law.beta * software_of(jnp, law, v)[1]
        better = done & (ln_m > y["ln_peak"] + 1e-12)
        over = alive & ((ends & (t >= law.horizon)) | (a >= TOP_OOMS - TIE_OOMS))
        return {
            "t": t,
            "v": v,
            "a": a,
            "stop": jnp.where(done, jnp.inf, stop),
            "promised": promised,
            "ln_r": ln_r,
            "ready": fires,
            "alive": alive & ~over,
            "months": y["months"].at[rows, place].set(t, mode="drop"),
            "ooms": y["ooms"].at[rows, place].set(a, mode="drop"),
            "count": y["count"] + done,
            "ln_peak": jnp.where(better, ln_m, y["ln_peak"]),
            "t_peak": jnp.where(better, t, y["t_peak"]),
        }

    y = lax.while_loop(lambda y: y["alive"].any(), step, start)
    software, _ = software_of(jnp, law, y["v"])
    return (
        _between_deployments(y["months"], y["ooms"], y["count"])
        | constants(jnp, law)
        | {
            "pace_peak": jnp.exp(y["ln_peak"]),
            "months_to_peak": y["t_peak"],
            "limit_reached": software >= 0.99 * law.limit,
            "software_end_ooms": software,
            "months_end": y["t"],
            "n_deployments": y["count"] - 1,
            "end": jnp.where(y["a"] >= TOP_OOMS - TIE_OOMS, END_TOP, END_HORIZON),
        }
    )


def _between_deployments(months: Array, ooms: Array, count: Array) -> dict[str, Array]:
    """Times, windows and gains from deployment to deployment; ``ooms`` is nan where there is none."""
    n = len(months)
    levels, widths = jnp.asarray(LEVELS) - TIE_OOMS, jnp.asarray(WIDTHS) * (1.0 + 1e-12)
    places = jnp.arange(MAX_DEPLOYMENTS)

    def compare(apart: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        windows, gains = best
        valid = places >= apart
        elapsed = jnp.where(valid, months - jnp.roll(months, apart, axis=1), jnp.inf)[:, :, None]
        rise = jnp.where(valid, ooms - jnp.roll(ooms, apart, axis=1), -1.0)[:, :, None]
        windows = jnp.minimum(windows, jnp.where(rise >= levels, elapsed, jnp.inf).min(axis=1))
        return windows, jnp.maximum(gains, jnp.where(elapsed <= widths, rise, 0.0).max(axis=1))

    start = jnp.full((n, len(LEVELS)), jnp.inf), jnp.zeros((n, len(WIDTHS)))
    windows, gains = lax.fori_loop(1, count.max(), compare, start)
    reached = jnp.where(jnp.isnan(ooms), -jnp.inf, ooms)
    return {
        "months_to": jnp.where(ooms[:, :, None] >= levels, months[:, :, None], jnp.inf).min(axis=1),
        "best_window_months": windows,
        "best_gain_ooms": jnp.minimum(TOP_OOMS, gains),
        "first_year_ooms": jnp.minimum(TOP_OOMS, jnp.where(months <= 12.0, reached, 0.0).max(axis=1)),
        "effective_end_ooms": jnp.minimum(TOP_OOMS, reached.max(axis=1)),
    }
