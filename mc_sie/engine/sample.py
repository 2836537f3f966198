"""Draws with the indicators of one event: the material of every analysis beyond the probability itself.

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
from mc_sie.stats.estimates import Estimate, estimate_probability, failed_in_words
from mc_sie.text.showing import Shown


@dataclass(frozen=True, repr=False)
class Sample(Shown):
    """Draws of a prior set, and those of them in which an event holds.

    Attributes
    ----------
    prior : PriorSet
        Prior set that was drawn from.
    design : Design
        Scheme, seed, replicates and size; draws stand replicate by replicate.
    horizon_months : float
        End of each trajectory at the latest.
    event : Event
        The event.
    draws : mapping of str to array of shape (n,)
        Every quantity by code name, ``mode`` as a code, nan where a quantity is absent.
    hits : array of shape (n,), bool
        True for the draws in which the event holds.
    is_ok : array of shape (n,), bool
        True for the draws that were simulated; the others count neither as hit nor as miss.
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
        """Number of draws that failed, and the bounds that they leave on the probability; empty where none did."""
        n_draws = len(self.is_ok)
        n_failed = int((~self.is_ok).sum())
        if self.weights is not None and n_failed:  # what evidence says of a draw is not known where it failed
            return f"{n_failed:,} of {n_draws:,} draws could not be simulated."
        n_hits = int((self.hits & self.is_ok).sum())
        return failed_in_words(n_failed, n_draws, n_hits / n_draws, (n_hits + n_failed) / n_draws)

    @property
    def answer(self) -> Estimate:
        """Probability of the event, weighted where draws have weights."""
        design = self.design
        return estimate_probability(self.hits, self.is_ok, design.n_replicates, design.scheme, self.weights)

    @property
    def n_telling(self) -> int:
        """Draws with the event, or without it where those are fewer."""
        hits = self.hits[self.is_ok]
        return int(min(hits.sum(), (~hits).sum()))

    @property
    def replicate(self) -> NDArray[np.int32]:
        """Number of the replicate that each draw belongs to, shape (n,)."""
        return self.design.replicate


def sample_of(simulation: Simulation, event: Event) -> Sample:
    """Sample of a simulation for an event whose levels and widths were simulated, with every outcome."""
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
