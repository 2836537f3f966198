"""The law of motion as the peers write it: arrays of draws, NumPy or JAX.

The peers implement what a prior set like ``davidson-2025`` needs and no more: one route, no reconfiguration, psi = 0,
phi = 0 and, in mode none, a limit that is not reached in finite time. That is in their favour. Nothing here is shared
with the package but the meaning of the quantities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = Any
"""An array of NumPy or JAX."""

MODES = ("none", "shortening", "continual", "from_scratch")
TOP_OOMS = 20.0
LN_10 = math.log(10.0)
LEVELS = tuple(range(1, 17))
WIDTHS = (4.0, 12.0)
END_TOP, END_HORIZON, END_LIMIT = range(3)
NO_LIMIT = 1e15
"""Stands for D = inf in OOM, so that one formula serves."""


class Law(NamedTuple):
    """Quantities of n draws and what follows from them once, each of shape (n,)."""

    rho: Array
    alpha: Array
    labour_slope: Array  # d ln X / d a
    beta: Array
    limit: Array
    ln_labour: Array
    ln_start: Array
    ln_scale: Array
    ln_speed: Array
    ln_accumulation: Array
    training_months: Array
    training_floor_months: Array
    shortening_exponent: Array
    generation_gain: Array
    horizon: Array


def derive(quantities: Mapping[str, NDArray[Any]], mode: str) -> Law:
    """Work out the law of n draws.

    Parameters
    ----------
    quantities : mapping of str to array of shape (n,)
        By code name; ``horizon_months`` may be left out (240).
    mode : str
        Retraining mode, which decides what may be asked.

    Returns
    -------
    Law
        In NumPy arrays.

    Raises
    ------
    ValueError
        When a draw needs a part of the model that the peers leave out.
    """
    q = quantities
    absent = np.isnan(q["rho_long"]).all() and np.isnan(q["route2_rho"]).all()
    frozen = not np.any(q["post_training_share"]) and not np.any(q["experiment_efficiency_share"])
    limit = np.where(np.isinf(q["limit_ooms"]), NO_LIMIT, q["limit_ooms"])
    mu, lam, alpha, rho = q["labour_per_efficiency"], q["lam"], q["alpha_compute"], q["rho"]
    beta = lam * (1.0 - alpha) * mu / q["r"]
    if not (absent and frozen and np.all(alpha > 0.0)) or (mode != "shortening" and np.any(beta * limit * LN_10 < 1.0)):
        raise ValueError("the peers know one route, alpha > 0, psi = phi = 0 and limits not reached in finite time")
    ln_labour = lam * np.log(q["labour_multiplier"])
    ln_r0 = ln_ces(np, ln_labour, rho, alpha)
    ln_start = np.where(np.isnan(q["speedup_initial"]), ln_r0, np.log(q["speedup_initial"]))
    return Law(
        rho=rho,
        alpha=alpha,
        labour_slope=lam * mu * LN_10,
        beta=beta,
        limit=limit,
        ln_labour=ln_labour,
        ln_start=ln_start,
        ln_scale=ln_start - ln_r0,
        ln_speed=np.log(math.log10(2.0) / q["software_doubling_months"]),
        ln_accumulation=np.log(q["retraining_compute_share"] / (q["training_months"] * LN_10)),
        training_months=q["training_months"],
        training_floor_months=q["training_floor_months"],
        shortening_exponent=q["shortening_exponent"],
        generation_gain=q["generation_gain_ooms"],
        horizon=np.broadcast_to(np.asarray(q.get("horizon_months", 240.0), dtype=np.float64), rho.shape),
    )


def columns(law: Law) -> Law:
    """The same law with a second axis, to be evaluated on several points a draw."""
    return Law(*(array[:, None] for array in law))


def ln_ces(xp: Any, ln_x: Array, rho: Array, alpha: Array) -> Array:
    """ln R(X, 1); a series for rho next to 0."""
    labour = 1.0 - alpha
    near_zero = abs(rho) < 1e-6
    safe = xp.where(near_zero, 1.0, rho)
    series = labour * ln_x * (1.0 + 0.5 * rho * alpha * ln_x)
    return xp.where(near_zero, series, xp.log(alpha + labour * xp.exp(safe * ln_x)) / safe)


def ln_pace(xp: Any, law: Law, z: Array, deployed: Array) -> Array:
    """ln M at difficulty z with deployed capability a."""
    ln_x = law.ln_labour + law.labour_slope * deployed
    return law.ln_scale + ln_ces(xp, ln_x, law.rho, law.alpha) - LN_10 * law.beta * z


def labour_exponent(xp: Any, law: Law, deployed: Array) -> Array:
    """Exponent of research output in software with a = s, d log10 R / d s."""
    weight = (1.0 - law.alpha) * xp.exp(law.rho * (law.ln_labour + law.labour_slope * deployed))
    return law.labour_slope / LN_10 * weight / (law.alpha + weight)


def constants(xp: Any, law: Law) -> dict[str, Array]:
    """Outcomes that need no trajectory."""
    x = labour_exponent(xp, law, 0.0) - law.beta
    complement = law.rho < 0.0
    ceiling = xp.log(law.alpha) / xp.where(complement, law.rho, -1.0)
    return {
        "pace_initial": xp.exp(law.ln_start),
        "pace_ceiling": xp.where(complement, xp.exp(law.ln_scale + ceiling), xp.inf),
        "doublings_per_pace_doubling": 1.0 / x,
        "doublings_per_pace_doubling_shortened": (1.0 + abs(x)) / x,
    }
