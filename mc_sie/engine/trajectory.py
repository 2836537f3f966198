"""One trajectory in full: software, effective compute, pace and deployments over time, for tables and plots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.engine.compiling import announce_compiling
from mc_sie.engine.cpu import CODES
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
    P_U,
    Workspace,
    new_workspace,
    workspace_type,
)

_PER_PANEL = 24  # points read from each panel
_TYPE = workspace_type(65536)  # room for the nodes of every stretch between deployments


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
    work = new_workspace(_TYPE)
    law = work.law
    status = int(codes[0, CODES.index("status")])
    if status == OK:
        status = set_law(law, table[:, 0])
    if status == OK:
        if law.mode == FROM_SCRATCH:
            announce_compiling("from_scratch.follow_generations")
            run = follow_generations(law, work, True)
            status = run.status
            frame = _generations_frame(work, run.n_grid, run.months)
        else:
            announce_compiling("continuous.follow")
            path = follow(law, work)
            status = path.status
            frame = _continuous_frame(work, path.n_panels)
            if status == OK and path.end == END_HORIZON and frame["months"].iloc[-1] < law.horizon:
                frame.loc[len(frame)] = [law.horizon, *frame.iloc[-1, 1:3], 0.0, 0]  # it stands still until then
    if status != OK:
        reason = STATUSES[status]
        raise InputError("this trajectory", f"cannot be simulated: {reason.meaning}", f"Remedy: {reason.remedy}.")
    return frame


def _continuous_frame(work: Workspace, n_panels: int) -> pd.DataFrame:
    """Points of a trajectory that is one smooth line, from the panels of its solution."""
    law = work.law
    rows = []
    for panel in range(n_panels):
        low = work.panels[panel, P_U]
        high = work.panels[panel + 1, P_U]
        middle = software_at(law, work, panel, 0.5 * (low + high))[1]
        moves = middle < law.software_hold  # software above it stands still
        if panel == 0:
            pace = math.exp(ln_pace_at(law, work, panel, low)) if moves else 0.0
            rows.append((0.0, 0.0, 0.0, pace, 0))  # zero exactly, not to rounding
        for part in range(1, _PER_PANEL + 1):
            u = low + (high - low) * part / _PER_PANEL
            pace = math.exp(ln_pace_at(law, work, panel, u)) if moves else 0.0
            software = software_at(law, work, panel, u)[1]
            rows.append((months_at(law, work, panel, u), software, ooms_at(law, work, panel, u), pace, 0))
    return pd.DataFrame(rows, columns=["months", "software_ooms", "effective_ooms", "pace", "deployments"])


def _generations_frame(work: Workspace, n_grid: int, months_end: float) -> pd.DataFrame:
    """Points of a trajectory in mode from_scratch, in which effective compute jumps at each deployment."""
    grid = work.grid[1 : max(n_grid, 2)]
    frame = pd.DataFrame(
        {
            "months": grid[:, G_MONTHS],
            "software_ooms": grid[:, G_SOFTWARE],
            "effective_ooms": grid[:, G_OOMS],
            "pace": np.exp(grid[:, G_LN_PACE]),
        }
    )
    if frame["months"].iloc[-1] < months_end:
        frame.loc[len(frame)] = [months_end, *frame.iloc[-1, 1:]]
    frame["deployments"] = (frame["effective_ooms"].diff().fillna(0.0) > 0.0).cumsum()
    return frame
