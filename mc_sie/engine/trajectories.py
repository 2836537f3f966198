"""Several trajectories of a simulation at common times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mc_sie.engine.given import check_whole
from mc_sie.engine.trajectory import trajectory
from mc_sie.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mc_sie.engine.run import Simulation


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
