"""Davidson & Houlden's one event in numba: a parallel loop over draws.

Straightforward is a run to its end and then a look at the windows; a second version stops once the event has happened.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.davidson_houlden import DOUBLINGS_PER_YEAR, FIRST_MONTHS, HORIZON_MONTHS, WANTED, WINDOW_MONTHS

Floats = NDArray[np.float64]


@numba.njit(parallel=True)  # type: ignore[untyped-decorator]
def _events(f: Floats, r0: Floats, limit_years: Floats, p: Floats) -> NDArray[np.bool_]:
    happens = np.zeros(len(f), dtype=np.bool_)
    for i in numba.prange(len(f)):
        limit = DOUBLINGS_PER_YEAR * limit_years[i]
        times = np.empty(int(limit) + 2)
        times[0] = 0.0
        dt = FIRST_MONTHS / f[i]
        r = r0[i]
        t = 0.0
        n = 0
        while t < HORIZON_MONTHS and n < limit and r > 0.0:
            t += dt
            n += 1
            times[n] = t
            r -= r0[i] / limit
            if r > 0.0:
                dt *= 2.0 ** (p[i] * (1.0 / r - 1.0))
        for k in range(WANTED, n + 1):
            if times[k] - times[k - WANTED] < WINDOW_MONTHS:
                happens[i] = True
    return happens


@numba.njit(parallel=True)  # type: ignore[untyped-decorator]
def _events_stopping(f: Floats, r0: Floats, limit_years: Floats, p: Floats) -> NDArray[np.bool_]:
    happens = np.zeros(len(f), dtype=np.bool_)
    for i in numba.prange(len(f)):
        limit = DOUBLINGS_PER_YEAR * limit_years[i]
        times = np.empty(int(limit) + 2)
        times[0] = 0.0
        dt = FIRST_MONTHS / f[i]
        r = r0[i]
        t = 0.0
        n = 0
        while t < HORIZON_MONTHS and n < limit and r > 0.0:
            t += dt
            n += 1
            times[n] = t
            if n >= WANTED and t - times[n - WANTED] < WINDOW_MONTHS:
                happens[i] = True
                break
            r -= r0[i] / limit
            if r > 0.0:
                dt *= 2.0 ** (p[i] * (1.0 / r - 1.0))
    return happens


def _most_threads() -> int:
    config: Any = numba.config  # numba sets its attributes out of a type checker's sight
    return int(config.NUMBA_NUM_THREADS)


def simulate(
    f: Floats, r0: Floats, limit_years: Floats, p: Floats, threads: int = 1, stops: bool = False
) -> NDArray[np.bool_]:
    """In which draws the event happens.

    Parameters
    ----------
    f, r0, limit_years, p : array of shape (n,)
        Initial speed-up, initial returns, years of progress left, lambda times the labour share.
    threads : int
        Threads of the parallel loop.
    stops : bool
        A run ends once the event has happened.

    Returns
    -------
    array of shape (n,), bool
        One entry a draw.
    """
    before: Any = numba.get_num_threads()
    numba.set_num_threads(min(threads, _most_threads()))
    try:
        return np.asarray((_events_stopping if stops else _events)(f, r0, limit_years, p))
    finally:
        numba.set_num_threads(before)
