"""The kernel over many rows: compiled loops that release the interpreter's lock.

Mode from_scratch has a loop of its own, which is compiled when such a row first comes: it is a quarter of the machine
code, and most prior sets do without it.

Threads are the caller's: each takes whole batches and lends its own workspace, so that outcomes depend neither on the
number of threads nor on the size of the batches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit, part
from mc_sie.engine.compiling import wait_for_kernel
from mc_sie.model.event_bounds import NOT_BELOW, OPEN, decide
from mc_sie.model.law import FROM_SCRATCH, Law
from mc_sie.model.outcomes import Summary, simulate_continuous, simulate_generations
from mc_sie.model.parameters import Column, set_law
from mc_sie.model.status import OK
from mc_sie.model.workspace import Workspace, new_workspace

NUMBERS = Summary._fields[:10]
CODES = Summary._fields[10:]
"""Columns of ``numbers`` and of ``codes`` in :func:`simulate_rows`: what :func:`store` puts there."""

MODE = Column.MODE.value
"""Line of the table that says which loop a draw belongs to."""


class Processor:
    """Work arrays of one thread, and the functions that need them.

    Calling it is calling :func:`simulate_rows`, and ``decide`` is :func:`decide_rows`, but for the work arrays.
    """

    def __init__(self) -> None:
        """Make the work arrays."""
        self._work = new_workspace()

    def __call__(self, *arguments: Any) -> None:
        """Simulate every row of a table."""
        simulate_rows(self._work, *arguments)

    def decide(self, *arguments: Any) -> None:
        """Decide an event for every row of a table, where bounds can."""
        decide_rows(self._work, *arguments)


def simulate_rows(
    work: Workspace,
    table: NDArray[np.float64],
    levels: NDArray[np.float64],
    widths: NDArray[np.float64],
    months_to: NDArray[np.float64],
    best_window_months: NDArray[np.float64],
    best_gain_ooms: NDArray[np.float64],
    numbers: NDArray[np.float64],
    codes: NDArray[np.int32],
) -> None:
    """Simulate every draw of a table of quantities.

    Parameters
    ----------
    work : Workspace
        Work arrays of the calling thread.
    table : array of shape (22, n)
        One column a draw: the quantities at the rows of :class:`mc_sie.model.parameters.Column`.
    levels, widths : array of shape (K,), (W,)
        Gains in OOM and window widths in months.
    months_to, best_window_months : array of shape (n, K)
        Receive the outcomes; nan in a row that cannot be simulated.
    best_gain_ooms : array of shape (n, W)
        Receives the outcomes.
    numbers : array of shape (n, 10)
        Receives the outcomes of :data:`NUMBERS`.
    codes : array of shape (n, 4), int32
        Receives the outcomes of :data:`CODES`. A row that comes with a status other than OK is not simulated.
    """
    is_from_scratch = table[MODE] == FROM_SCRATCH
    # Two loops, so that a run without this mode need not compile it: it is a quarter of the machine code.
    if is_from_scratch.any():
        simulate_jumps(table, levels, widths, work, months_to, best_window_months, best_gain_ooms, numbers, codes)
    if not is_from_scratch.all():
        wait_for_kernel()  # another process may be compiling it: to load is quicker than to compile
        simulate_lines(table, levels, widths, work, months_to, best_window_months, best_gain_ooms, numbers, codes)


@njit
def simulate_lines(
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
    """The rows of any mode but mode from_scratch; arguments as in :func:`simulate_rows`."""
    law = work.law
    for i in range(table.shape[1]):
        if table[MODE, i] != FROM_SCRATCH:
            take_law(law, table[:, i], codes[i])
            if codes[i, 3] == OK:
                outcome = simulate_continuous(
                    law, levels, widths, work, months_to[i], best_window_months[i], best_gain_ooms[i]
                )
                store(outcome, numbers[i], codes[i])
            if codes[i, 3] != OK:
                months_to[i] = math.nan
                best_window_months[i] = math.nan
                best_gain_ooms[i] = math.nan


@njit
def simulate_jumps(
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
    """The rows of mode from_scratch; arguments as in :func:`simulate_rows`."""
    law = work.law
    for i in range(table.shape[1]):
        if table[MODE, i] == FROM_SCRATCH:
            take_law(law, table[:, i], codes[i])
            if codes[i, 3] == OK:
                outcome = simulate_generations(
                    law, levels, widths, work, months_to[i], best_window_months[i], best_gain_ooms[i]
                )
                store(outcome, numbers[i], codes[i])
            if codes[i, 3] != OK:
                months_to[i] = math.nan
                best_window_months[i] = math.nan
                best_gain_ooms[i] = math.nan


@njit
def decide_rows(
    work: Workspace,
    table: NDArray[np.float64],
    ooms: float,
    months: float,
    with_window: bool,
    answers: NDArray[np.int8],
    codes: NDArray[np.int32],
) -> None:
    """Decide, where bounds can, whether effective compute rises by some OOM in less than some months.

    Parameters
    ----------
    work : Workspace
        Work arrays of the calling thread.
    table : array of shape (22, n)
        As in :func:`simulate_rows`.
    ooms, months : float
        The gain, and the threshold.
    with_window : bool
        True where the best window is asked about; else only the one that starts at 0.
    answers : array of shape (n, 2), int8
        Receives NOT_BELOW, BELOW or OPEN of :mod:`mc_sie.model.event_bounds`: for the best window, and from the start.
        NOT_BELOW in a row that cannot be simulated.
    codes : array of shape (n, 4), int32
        Receives the status, as in :func:`simulate_rows`; that of a row with an OPEN answer is not final.
    """
    law = work.law
    nodes = work.nodes
    series = work.series[0]  # bounds need one, and trajectories come later
    for i in range(table.shape[1]):
        take_law(law, table[:, i], codes[i])
        if codes[i, 3] != OK:
            answers[i] = NOT_BELOW
        elif table[MODE, i] == FROM_SCRATCH:
            answers[i] = OPEN
        else:
            answers[i, 0], answers[i, 1] = decide(law, ooms, months, with_window, nodes, series)


@part
def take_law(law: Law, draw: NDArray[np.float64], codes: NDArray[np.int32]) -> None:
    """Work out the law of a row that may be simulated, and its status."""
    if codes[3] == OK:
        codes[3] = set_law(law, draw)


@part
def store(outcome: Summary, numbers: NDArray[np.float64], codes: NDArray[np.int32]) -> None:
    """Put the outcomes of a row into their columns."""
    numbers[0] = outcome.first_year_ooms
    numbers[1] = outcome.pace_initial
    numbers[2] = outcome.pace_peak
    numbers[3] = outcome.months_to_peak
    numbers[4] = outcome.pace_ceiling
    numbers[5] = outcome.doublings_per_pace_doubling
    numbers[6] = outcome.doublings_per_pace_doubling_shortened
    numbers[7] = outcome.software_end_ooms
    numbers[8] = outcome.effective_end_ooms
    numbers[9] = outcome.months_end
    codes[0] = 1 if outcome.limit_reached else 0
    codes[1] = outcome.n_deployments
    codes[2] = outcome.end
    codes[3] = outcome.status
