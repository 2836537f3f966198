"""Davidson & Houlden's one event in JAX: float64, jit, all draws of a batch in one ``lax.while_loop``."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import Array, lax
from jax import numpy as jnp
from numpy.typing import NDArray

from benchmarks.peers.davidson_houlden import DOUBLINGS_PER_YEAR, FIRST_MONTHS, HORIZON_MONTHS, WANTED, WINDOW_MONTHS

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Floats = NDArray[np.float64]
BATCH = 1024
"""Draws in one call of the compiled function."""


@jax.jit
def _batch(f: Array, r0: Array, limit_years: Array, p: Array) -> Array:
    limit = DOUBLINGS_PER_YEAR * limit_years
    start: dict[str, Any] = {
        "k": 0,
        "t": jnp.zeros_like(f),
        "dt": FIRST_MONTHS / f,
        "r": r0,
        "recent": jnp.zeros((WANTED, len(f))),  # times of the last doublings, in turn
        "going": jnp.ones(len(f), dtype=bool),
        "happens": jnp.zeros(len(f), dtype=bool),
    }

    def step(y: dict[str, Any]) -> dict[str, Any]:
        k, slot = y["k"] + 1, (y["k"] + 1) % WANTED
        t = y["t"] + y["dt"]
        now = y["going"] & (k >= WANTED) & (t - y["recent"][slot] < WINDOW_MONTHS)
        r = y["r"] - r0 / limit
        return {
            "k": k,
            "t": t,
            "dt": y["dt"] * jnp.exp2(p * (1.0 / r - 1.0)),
            "r": r,
            "recent": y["recent"].at[slot].set(t),
            "going": y["going"] & ~now & (t < HORIZON_MONTHS) & (k < limit) & (r > 0.0),
            "happens": y["happens"] | now,
        }

    happens: Array = lax.while_loop(lambda y: y["going"].any(), step, start)["happens"]
    return happens


def simulate(f: Floats, r0: Floats, limit_years: Floats, p: Floats) -> NDArray[np.bool_]:
    """In which draws the event happens.

    Parameters
    ----------
    f, r0, limit_years, p : array of shape (n,)
        Initial speed-up, initial returns, years of progress left, lambda times the labour share.

    Returns
    -------
    array of shape (n,), bool
        One entry a draw.
    """
    n = len(f)
    inputs = [np.concatenate([array, np.repeat(array[-1:], -n % BATCH)]) for array in (f, r0, limit_years, p)]
    parts = [_batch(*(array[i : i + BATCH] for array in inputs)) for i in range(0, len(inputs[0]), BATCH)]
    return np.concatenate([np.asarray(part) for part in parts])[:n]
