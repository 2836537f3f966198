"""Whether there are enough draws: the estimate by randomisation, and as it ran."""

from __future__ import annotations

import pandas as pd

from mc_sie.analysis.estimates import estimate_probability
from mc_sie.analysis.sample import Sample


def replicate_table(sample: Sample) -> pd.DataFrame:
    """The estimate in each independent randomisation.

    Parameters
    ----------
    sample : Sample
        Draws with their event.

    Returns
    -------
    pandas.DataFrame
        One row a randomisation: ``replicate`` (from 1), ``prob``, ``n_hits``, ``n_draws`` (simulated).
    """
    shape = (sample.design.n_replicates, -1)
    n_hits, n_draws = (array.reshape(shape).sum(axis=1) for array in (sample.hits & sample.is_ok, sample.is_ok))
    replicate = range(1, sample.design.n_replicates + 1)
    frame = pd.DataFrame({"replicate": replicate, "n_hits": n_hits, "n_draws": n_draws})
    frame.insert(1, "prob", frame["n_hits"] / frame["n_draws"])
    return frame


def running_table(sample: Sample, n_points: int = 10) -> pd.DataFrame:
    """The estimate from the first draws of every randomisation, doubling.

    Parameters
    ----------
    sample : Sample
        Draws with their event.
    n_points : int
        Most rows; the last one is the whole sample.

    Returns
    -------
    pandas.DataFrame
        ``n_draws``, ``prob``, ``se``, ``low``, ``high``, ``interval``: the 90 % interval, or the exact 95 % bound where
        few draws hit.

    Notes
    -----
    The first 2^m points of a Sobol' sequence are a Sobol' net themselves, so that each row is what a run of that size
    would have said.
    """
    design = sample.design
    shape = (design.n_replicates, design.n_per_replicate)
    hits, is_ok = sample.hits.reshape(shape), sample.is_ok.reshape(shape)
    rows: list[dict[str, object]] = []
    size = design.n_per_replicate
    while size >= 1 and len(rows) < n_points:
        found = estimate_probability(
            hits[:, :size].ravel(), is_ok[:, :size].ravel(), design.n_replicates, design.scheme
        )
        fields = ("prob", "se", "low", "high", "interval")
        rows.append({"n_draws": size * design.n_replicates, **{name: getattr(found, name) for name in fields}})
        size //= 2
    return pd.DataFrame(rows[::-1])
