"""One trajectory in full: software, effective compute, pace and deployments over time, for tables and plots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mc_sie.engine.compiling import announce_compiling
from mc_sie.engine.cpu import CODES
from mc_sie.engine.given import arrays_of, check_whole
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

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mc_sie.engine.run import Simulation

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


def trajectories(simulation: Simulation, months: ArrayLike, n_draws: int = 200) -> pd.DataFrame:
    """Gains in effective compute of some draws of a simulation at the same times, for fan charts.

    Parameters
    ----------
    simulation : Simulation
        From :func:`mc_sie.simulate`.
    months : array_like of shape (T,)
        Times since automation, rising, up to the horizon.
    n_draws : int
        Draws to follow, at most those of the simulation: systematically sampled, so that their shares are those of the
        simulation, by weight where evidence weights it (a heavy draw may then be followed twice).

    Returns
    -------
    pandas.DataFrame
        Shape (T, n_draws): the gain in OOM, with ``months`` as index and a column for each draw, named by its number.
        After the end of a trajectory its last gain; nan throughout for a draw that could not be simulated. Quantiles
        over the columns (``frame.quantile([0.05, 0.5, 0.95], axis=1)``) are those of a fan chart.

    Raises
    ------
    InputError
        For times that do not rise or lie outside the trajectories, and for a number of draws out of range.
    """
    times = np.asarray(months, dtype=np.float64)
    horizon = simulation.horizon_months
    if times.ndim != 1 or times.size == 0 or not (np.diff(times) > 0.0).all() or not 0.0 <= times[0] <= times[-1]:
        raise InputError("months", "are not rising numbers from 0 on", "Give times such as range(0, 61).")
    if times[-1] > horizon:
        why = f"end at {times[-1]:g}, and trajectories at {horizon:g}"
        raise InputError("months", why, "Give less, or simulate with a longer horizon_months.")
    total = simulation.design.n_draws
    check_whole("n_draws", n_draws)
    if not 1 <= n_draws <= total:
        raise InputError(f"n_draws = {n_draws}", f"is not between 1 and {total:,}", "Follow some of the draws.")
    weights = np.ones(total)
    if simulation.weights is not None:
        weights = simulation.weights
    cumulated = np.cumsum(weights)
    chosen = np.searchsorted(cumulated, (np.arange(n_draws) + 0.5) / n_draws * cumulated[-1])
    columns = np.full((times.size, n_draws), np.nan)
    for place, number in enumerate(chosen):
        if simulation.outcomes.is_ok[number]:
            points = trajectory(simulation.draw(int(number)))
            # of the two points of a jump the later counts, as the system is deployed at that time
            at = np.searchsorted(points["months"], times, side="right") - 1
            columns[:, place] = np.interp(times, points["months"], points["effective_ooms"])
            is_jump = points["months"].to_numpy()[at] == times
            columns[is_jump, place] = points["effective_ooms"].to_numpy()[at][is_jump]
    return pd.DataFrame(columns, index=pd.Index(times, name="months"), columns=pd.Index(chosen, name="draw"))


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
