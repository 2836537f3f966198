"""One trajectory in full: software, effective compute, pace and deployments over time, for tables and plots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.engine.compiling import announce_compiling
from mc_sie.engine.cpu import CODES, MODE
from mc_sie.engine.given import arrays_of
from mc_sie.engine.kernel import kernel_table
from mc_sie.errors import InputError
from mc_sie.model.continuous import follow
from mc_sie.model.dense_output import ln_pace_at, months_at, ooms_at, software_at
from mc_sie.model.from_scratch import follow_generations
from mc_sie.model.law import FROM_SCRATCH
from mc_sie.model.parameters import set_law
from mc_sie.model.status import END_HORIZON, OK, STATUSES
from mc_sie.model.workspace import (
    G_LN_PACE,
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    MAX_PANELS,
    P_U,
    Workspace,
    new_workspace,
    workspace_type,
)

_PER_PANEL = 24  # points read from each panel
_N_GRID = 65536  # room for the nodes of every stretch between deployments

TRAJECTORY_TYPE = workspace_type(_N_GRID)
"""Work arrays of one trajectory."""

MAX_POINTS = _N_GRID + 1
"""Most points of one trajectory: those of the grid, and its end."""

POINT_COLUMNS = ("months", "software_ooms", "effective_ooms", "pace", "deployments")
"""Columns of the points of a trajectory."""

assert MAX_PANELS * _PER_PANEL + 2 <= MAX_POINTS


def trajectory(row: Mapping[str, Any] | pd.Series[Any] | pd.DataFrame) -> pd.DataFrame:
    """Points of one trajectory, for tables and plots.

    Parameters
    ----------
    row : mapping, pandas.Series or pandas.DataFrame of one row
        One draw, as :func:`mc_sie.evaluate` takes it: quantities by code name, ``mode`` as a code or name, and what is
        left out at its default. A row of a simulation's draws will do, beside the ``horizon_months`` they were
        simulated to.

    Returns
    -------
    pandas.DataFrame
        ``months``, ``software_ooms``, ``effective_ooms``, ``pace`` (x before automation; 0 once software is held) and
        ``deployments`` (number so far after the first system; 0 outside mode from_scratch).

    Raises
    ------
    InputError
        When the row names what is no quantity, is more than one, or cannot be simulated.
    """
    arrays, n = arrays_of(row, "row")
    if n != 1:
        raise InputError("row", f"has {n:,} draws", "Give one of them: a trajectory is that of one draw.")
    table, codes = kernel_table(arrays, 1, arrays["horizon_months"])
    work = new_workspace(TRAJECTORY_TYPE)
    points = np.empty((MAX_POINTS, len(POINT_COLUMNS)))
    n_points = 0
    status = int(codes[0, CODES.index("status")])
    if status == OK:
        if table[MODE, 0] == FROM_SCRATCH:
            announce_compiling("trajectory.follow_jumps")
            n_points, status = follow_jumps(table[:, 0], work, points)
        else:
            announce_compiling("trajectory.follow_line")
            n_points, status = follow_line(table[:, 0], work, points)
    if status != OK:
        reason = STATUSES[status]
        raise InputError("this trajectory", f"cannot be simulated: {reason.meaning}", f"Remedy: {reason.remedy}.")
    return pd.DataFrame(points[:n_points], columns=list(POINT_COLUMNS)).astype({"deployments": int})


@njit
def follow_line(draw: NDArray[np.float64], work: Workspace, points: NDArray[np.float64]) -> tuple[int, int]:
    """Points of a trajectory that is one smooth line, in any mode but from_scratch.

    Parameters
    ----------
    draw : array of shape (22,)
        Quantities in the order of :class:`mc_sie.model.parameters.Column`.
    work : Workspace
        Of :data:`TRAJECTORY_TYPE`.
    points : array of shape (MAX_POINTS, 5)
        Receives :data:`POINT_COLUMNS`.

    Returns
    -------
    n_points, status : int
        Points written, and how it went (:mod:`mc_sie.model.status`).
    """
    law = work.law
    status = set_law(law, draw)
    if status != OK:
        return 0, status
    path = follow(law, work)
    n = 0
    for panel in range(path.n_panels):
        low = work.panels[panel, P_U]
        high = work.panels[panel + 1, P_U]
        middle = software_at(law, work, panel, 0.5 * (low + high))[1]
        moves = middle < law.software_hold  # software above it stands still
        first = 0 if panel == 0 else 1
        for part in range(first, _PER_PANEL + 1):
            u = low + (high - low) * part / _PER_PANEL
            points[n, 0] = months_at(law, work, panel, u)
            points[n, 1] = software_at(law, work, panel, u)[1]
            points[n, 2] = ooms_at(law, work, panel, u)
            points[n, 3] = math.exp(ln_pace_at(law, work, panel, u)) if moves else 0.0
            points[n, 4] = 0.0
            n += 1
    for column in range(3):  # zero exactly, not to rounding
        points[0, column] = 0.0
    if path.end == END_HORIZON and points[n - 1, 0] < law.horizon:
        for column in range(1, 5):  # it stands still until then
            points[n, column] = points[n - 1, column]
        points[n, 0] = law.horizon
        points[n, 3] = 0.0
        n += 1
    return n, path.status


@njit
def follow_jumps(draw: NDArray[np.float64], work: Workspace, points: NDArray[np.float64]) -> tuple[int, int]:
    """Points of a trajectory in mode from_scratch, in which effective compute jumps at each deployment.

    Arguments and returns as of :func:`follow_line`.
    """
    law = work.law
    status = set_law(law, draw)
    if status != OK:
        return 0, status
    run = follow_generations(law, work, True)
    n = 0
    deployments = 0
    for row in range(1, max(run.n_grid, 2)):
        if n > 0 and work.grid[row, G_OOMS] > points[n - 1, 2]:
            deployments += 1
        points[n, 0] = work.grid[row, G_MONTHS]
        points[n, 1] = work.grid[row, G_SOFTWARE]
        points[n, 2] = work.grid[row, G_OOMS]
        points[n, 3] = math.exp(work.grid[row, G_LN_PACE])
        points[n, 4] = deployments
        n += 1
    if points[n - 1, 0] < run.months:
        for column in range(1, 5):
            points[n, column] = points[n - 1, column]
        points[n, 0] = run.months
        n += 1
    return n, run.status
