"""The processor's driver of the kernel: a compiled loop over rows that releases the interpreter's lock.

Threads are the caller's: each takes whole batches and lends its own workspace, so that outcomes depend neither on the
number of threads nor on the size of the batches.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.model.growth import set_law
from mc_sie.model.status import OK
from mc_sie.model.timeline import Workspace
from mc_sie.model.trajectory import simulate_draw

NUMBERS = (
    "first_year_ooms",
    "pace_initial",
    "pace_peak",
    "months_to_peak",
    "pace_ceiling",
    "doublings_per_pace_doubling",
    "doublings_per_pace_doubling_shortened",
    "software_end_ooms",
    "effective_end_ooms",
    "months_end",
)
"""Columns of ``numbers`` in :func:`simulate_rows`."""

CODES = ("limit_reached", "n_deployments", "end", "status")
"""Columns of ``codes`` in :func:`simulate_rows`."""


@njit
def simulate_rows(
    table: NDArray[np.float64],
    levels: NDArray[np.float64],
    widths: NDArray[np.float64],
    work: Workspace,
    months_to: NDArray[np.float64],
    best_window_months: NDArray[np.float64],
    best_gain_ooms: NDArray[np.float64],
    numbers: NDArray[np.float64],
    codes: NDArray[np.int32],
) -> None:
    """Simulate every row of a table of quantities.

    Parameters
    ----------
    table : array of shape (n, 22)
        One row a draw: the quantities in the order of :func:`mc_sie.model.growth.set_law`.
    levels, widths : array of shape (K,), (W,)
        Gains in OOM and window widths in months.
    work : Workspace
        Work arrays of the calling thread.
    months_to, best_window_months : array of shape (n, K)
        Receive the outcomes; nan in a row that cannot be simulated.
    best_gain_ooms : array of shape (n, W)
        Receives the outcomes.
    numbers : array of shape (n, 10)
        Receives the outcomes of :data:`NUMBERS`.
    codes : array of shape (n, 4), int32
        Receives the outcomes of :data:`CODES`. A row that comes with a status other than OK is not simulated.
    """
    law = work.law[0]
    for i in range(table.shape[0]):
        q = table[i]
        if codes[i, 3] == OK:
            codes[i, 3] = set_law(
                law, int(q[0]), q[1], q[2], q[3], q[4], q[5], q[6], q[7], q[8], q[9], q[10], q[11], q[12], q[13],
                q[14], q[15], q[16], q[17], q[18], q[19], q[20], q[21],
            )  # fmt: skip
        if codes[i, 3] == OK:
            outcome = simulate_draw(law, levels, widths, work, months_to[i], best_window_months[i], best_gain_ooms[i])
            numbers[i, 0] = outcome.first_year_ooms
            numbers[i, 1] = outcome.pace_initial
            numbers[i, 2] = outcome.pace_peak
            numbers[i, 3] = outcome.months_to_peak
            numbers[i, 4] = outcome.pace_ceiling
            numbers[i, 5] = outcome.doublings_per_pace_doubling
            numbers[i, 6] = outcome.doublings_per_pace_doubling_shortened
            numbers[i, 7] = outcome.software_end_ooms
            numbers[i, 8] = outcome.effective_end_ooms
            numbers[i, 9] = outcome.months_end
            codes[i, 0] = 1 if outcome.limit_reached else 0
            codes[i, 1] = outcome.n_deployments
            codes[i, 2] = outcome.end
            codes[i, 3] = outcome.status
        if codes[i, 3] != OK:
            for k in range(levels.shape[0]):
                months_to[i, k] = math.nan
                best_window_months[i, k] = math.nan
            for k in range(widths.shape[0]):
                best_gain_ooms[i, k] = math.nan
