"""Davidson & Houlden's one event in chunked NumPy: all draws of a chunk take a doubling together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.davidson_houlden import DOUBLINGS_PER_YEAR, FIRST_MONTHS, HORIZON_MONTHS, WANTED, WINDOW_MONTHS

Floats = NDArray[np.float64]
CHUNK = 8192
"""Draws in one pass, few enough for the cache, many enough to hide the cost of a call."""


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
    inputs = (f, r0, limit_years, p)
    with np.errstate(all="ignore"):
        parts = [_chunk(*(array[i : i + CHUNK] for array in inputs)) for i in range(0, len(f), CHUNK)]
    return np.concatenate(parts)


def _chunk(f: Floats, r0: Floats, limit_years: Floats, p: Floats) -> NDArray[np.bool_]:
    limit = DOUBLINGS_PER_YEAR * limit_years
    fall = r0 / limit
    dt, r, t = FIRST_MONTHS / f, r0.copy(), np.zeros_like(f)
    times = [t.copy()]
    happens = np.zeros(len(f), dtype=bool)
    k = 0
    while True:
        going = ~happens & (t < HORIZON_MONTHS) & (k < limit) & (r > 0.0)
        if not going.any():
            return happens
        t = np.where(going, t + dt, np.inf)  # once stopped, no window can end
        times.append(t)
        k += 1
        if k >= WANTED:
            happens |= going & (t - times[k - WANTED] < WINDOW_MONTHS)
        r = r - fall
        dt = dt * np.exp2(p * (1.0 / r - 1.0))
