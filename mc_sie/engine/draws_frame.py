"""Draws and outcomes of a simulation as one table for pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mc_sie.events import Event
from mc_sie.outcomes import column_of
from mc_sie.quantities import MODES

if TYPE_CHECKING:
    from mc_sie.engine.run import Simulation

MAIN_OUTCOMES = (
    "status", "months_to_5", "best_window_months_5", "best_gain_ooms_12", "first_year_ooms", "pace_initial",
    "pace_peak", "first_year_progress_years", "best_year_progress_years", "end",
)  # fmt: skip


def draws_frame(simulation: Simulation, event: Event, *, all_outcomes: bool = False) -> pd.DataFrame:
    """Draws and outcomes as one table.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        Its outcome is among the columns.
    all_outcomes : bool
        Every outcome at every level instead of the main ones.

    Returns
    -------
    pandas.DataFrame
        ``replicate``, ``weight`` where draws have one, the quantities that are not the same in every draw (nan where
        absent; of a pool also ``prior_set``), ``event`` (whether it holds), ``status`` and outcomes.
    """
    columns: dict[str, Any] = {"replicate": simulation.replicate}
    if simulation.weights is not None:
        columns["weight"] = simulation.weights
    for name, array in simulation.draws.items():
        if name == "mode":
            columns[name] = pd.Categorical.from_codes(array, MODES)
        elif name == "prior_set":
            columns[name] = pd.Categorical.from_codes(array, [member.name for member, _ in simulation.prior.members])
        elif not (np.isnan(array).all() or (array == array[0]).all()):  # the record has what is the same in all
            columns[name] = array
    columns["event"] = event.holds(simulation.outcomes)
    outcomes = simulation.outcomes.columns()
    if not all_outcomes:
        asked = [column_of(item.subject.name, item.subject.index) for item in simulation.prior.evidence]
        chosen = dict.fromkeys((*MAIN_OUTCOMES, *event.columns, *asked))
        outcomes = {name: outcomes[name] for name in chosen if name in outcomes}
    return pd.DataFrame(columns | outcomes, copy=False)
