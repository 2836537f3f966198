"""Software gained by the time the pace has doubled: Davidson's N, in any retraining mode.

Where the pace is a power of software this is the N of the essay, 1/x; where it is not, the pace's first doubling is the
one stretch that every mode has in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.engine.compiling import announce_compiling
from mc_sie.engine.cpu import CODES
from mc_sie.engine.kernel import kernel_table
from mc_sie.model.continuous import follow
from mc_sie.model.dense_output import ln_pace_at, software_at
from mc_sie.model.from_scratch import follow_generations
from mc_sie.model.law import FROM_SCRATCH, Law
from mc_sie.model.parameters import set_law
from mc_sie.model.status import OK
from mc_sie.model.workspace import G_LN_PACE, G_SOFTWARE, P_U, Workspace, new_workspace, workspace_type
from mc_sie.units import OOMS_PER_DOUBLING

_PER_PANEL = 24  # points of a panel at which the pace is looked at
_N_HALVINGS = 50
_TYPE = workspace_type(65536)  # the one of trajectories, whose compiled functions these are


def doublings_to_double_pace(
    rows: Mapping[str, NDArray[np.generic]], n: int, horizon_months: float
) -> NDArray[np.float64]:
    """Doublings of software by the time the pace is first twice that of day one.

    Parameters
    ----------
    rows : mapping of str to array of shape (n,)
        Every quantity by code name, ``mode`` as codes.
    n : int
        Rows.
    horizon_months : float
        End of each trajectory.

    Returns
    -------
    array of shape (n,)
        inf where the pace does not double before the trajectory ends, nan for a row that cannot be simulated.

    Notes
    -----
    Of mode from_scratch, where the pace jumps, it is the software of the deployment that takes it past twice.
    """
    table, codes = kernel_table(rows, n, horizon_months)
    is_inside = codes[:, CODES.index("status")] == OK
    work = new_workspace(_TYPE)
    law = work.law
    software = np.full(n, math.nan)
    for row in np.flatnonzero(is_inside):
        if set_law(law, table[:, row]) != OK:
            continue
        if law.mode == FROM_SCRATCH:
            announce_compiling("from_scratch.follow_generations")
            run = follow_generations(law, work, True)
            if run.status == OK:
                software[row] = _in_recorded(work.grid[1 : max(run.n_grid, 2)])
        else:
            announce_compiling("continuous.follow")
            path = follow(law, work)
            if path.status == OK:
                software[row] = _in_panels(law, work, path.n_panels)
    return software / OOMS_PER_DOUBLING


@njit
def _in_panels(law: Law, work: Workspace, n_panels: int) -> float:
    """Software, OOM, where the pace has doubled on a trajectory that is one smooth line."""
    target = ln_pace_at(law, work, 0, work.panels[0, P_U]) + math.log(2.0)
    for panel in range(n_panels):
        low = work.panels[panel, P_U]
        length = work.panels[panel + 1, P_U] - low
        if software_at(law, work, panel, low + 0.5 * length)[1] >= law.software_hold:  # it stands still from here on
            return math.inf
        before = low
        for part in range(1, _PER_PANEL + 1):
            after = low + length * part / _PER_PANEL
            if ln_pace_at(law, work, panel, after) >= target:
                for _ in range(_N_HALVINGS):
                    middle = 0.5 * (before + after)
                    if ln_pace_at(law, work, panel, middle) >= target:
                        after = middle
                    else:
                        before = middle
                return float(software_at(law, work, panel, after)[1])
            before = after
    return math.inf


def _in_recorded(grid: NDArray[np.float64]) -> float:
    """Software, OOM, where the pace has doubled on the recorded points of a trajectory with deployments."""
    ln_pace = grid[:, G_LN_PACE]
    target = float(ln_pace[0]) + math.log(2.0)
    (beyond,) = np.nonzero(ln_pace >= target)
    if not beyond.size:
        return math.inf
    last = slice(int(beyond[0]) - 1, int(beyond[0]) + 1)
    return float(np.interp(target, ln_pace[last], grid[last, G_SOFTWARE]))  # a jump has one software
