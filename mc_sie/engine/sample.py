"""Draws with the answer to one question: what every analysis below the probability itself works on.

A sample comes from a simulation in memory or from a run's folder, and is the same thing in both cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.run import Simulation
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design
from mc_sie.stats.estimates import failed_in_words
from mc_sie.text.showing import Shown


@dataclass(frozen=True, repr=False)
class Sample(Shown):
    """Draws of a prior set, and of which of them an event is true.

    Attributes
    ----------
    prior : PriorSet
        What was drawn from.
    design : Design
        Scheme, seed, replicates and size; draws stand replicate by replicate.
    horizon_months : float
        End of each trajectory at the latest.
    event : Event
        The event asked about.
    draws : mapping of str to array of shape (n,)
        Every quantity by code name, ``mode`` as a code, nan where a quantity is absent.
    hits : array of shape (n,), bool
        Of which draws the event is true.
    is_ok : array of shape (n,), bool
        Which draws were simulated; the others count neither as hit nor as miss.
    outcomes : pandas.DataFrame
        Outcomes by the column names of :meth:`~mc_sie.outcomes.Outcomes.to_frame`, all or the main ones.
    weights : array of shape (n,) or None
        Weight of each draw, on any scale, where the prior set is conditioned on evidence; None where all count alike.
    """

    prior: PriorSet
    design: Design
    horizon_months: float
    event: Event
    draws: Mapping[str, NDArray[np.generic]]
    hits: NDArray[np.bool_]
    is_ok: NDArray[np.bool_]
    outcomes: pd.DataFrame
    weights: NDArray[np.float64] | None = None

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Prior set, number of draws and event."""
        return (f"{self.prior.name}, {self.design.n_draws:,} draws, {self.event}",)

    @property
    def failed_in_words(self) -> str:
        """How many draws failed, and the bounds that they leave on the probability; empty where none did."""
        n_draws, n_failed = len(self.is_ok), int((~self.is_ok).sum())
        if self.weights is not None and n_failed:  # what evidence says of a draw is not known where it failed
            return f"{n_failed:,} of {n_draws:,} draws could not be simulated."
        n_hits = int((self.hits & self.is_ok).sum())
        return failed_in_words(n_failed, n_draws, n_hits / n_draws, (n_hits + n_failed) / n_draws)

    @property
    def replicate(self) -> NDArray[np.int32]:
        """Which independent randomisation each draw belongs to, shape (n,)."""
        return self.design.replicate


def sample_of(simulation: Simulation, event: Event) -> Sample:
    """A simulation, asked about an event.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        What to ask; its levels and widths must have been simulated.

    Returns
    -------
    Sample
        With every outcome.
    """
    outcomes = simulation.outcomes
    return Sample(
        simulation.prior,
        simulation.design,
        simulation.horizon_months,
        event,
        simulation.draws,
        event.holds(outcomes),
        outcomes.is_ok,
        outcomes.to_frame(),
        simulation.weights,
    )
