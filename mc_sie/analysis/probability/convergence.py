"""Convergence of an estimate: by randomisation, and as it ran."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mc_sie.engine.sample import Sample
from mc_sie.stats.estimates import Estimate, estimate_probability
from mc_sie.stats.jackknife import quotient


def replicate_table(sample: Sample) -> pd.DataFrame:
    """The estimate in each replicate.

    One row a replicate: ``replicate`` (from 1), ``prob`` (weighted, where draws have weights), ``n_hits``, ``n_draws``
    (simulated).
    """
    shape = (sample.design.n_replicates, -1)
    hits = sample.hits & sample.is_ok
    n_hits, n_draws = (array.reshape(shape).sum(axis=1) for array in (hits, sample.is_ok))
    weights = sample.weights
    if weights is None:
        weights = np.ones(len(hits))
    above, below = (np.where(among, weights, 0.0).reshape(shape).sum(axis=1) for among in (hits, sample.is_ok))
    replicate = range(1, sample.design.n_replicates + 1)
    return pd.DataFrame({"replicate": replicate, "prob": quotient(above, below), "n_hits": n_hits, "n_draws": n_draws})


def running_table(sample: Sample, n_points: int = 10) -> pd.DataFrame:
    """The estimate from the first draws of every replicate, doubling up to the whole sample in the last row.

    ``n_draws``, ``prob``, ``se``, ``low``, ``high``, ``interval``: the 90 % interval, or the 95 % bound where few draws
    hit. The first 2^m points of a Sobol' sequence are a Sobol' net themselves, so that each row is what a run of that
    size would have said.
    """
    design = sample.design
    rows: list[dict[str, object]] = []
    size = design.n_per_replicate
    while size >= 1 and len(rows) < n_points:
        found = _estimate(sample, size)
        fields = ("prob", "se", "low", "high", "interval")
        rows.append({"n_draws": size * design.n_replicates, **{name: getattr(found, name) for name in fields}})
        size //= 2
    return pd.DataFrame(rows[::-1])


def _estimate(sample: Sample, size: int) -> Estimate:
    """The estimate from the first draws of every randomisation."""
    design = sample.design
    first = np.zeros((design.n_replicates, design.n_per_replicate), dtype=bool)
    first[:, :size] = True
    among = first.ravel()
    weights = None if sample.weights is None else sample.weights[among]
    return estimate_probability(sample.hits[among], sample.is_ok[among], design.n_replicates, design.scheme, weights)
