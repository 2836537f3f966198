"""Typical draws with the event, and their trajectories: archetypes.

An archetype is a medoid: the draw nearest to all others with the event, among those of its retraining mode or, where
there is one mode only, of its cluster, in the space of the inputs' normal scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.sensitivity.given_data import varying, words_of
from mc_sie.engine.sample import Sample
from mc_sie.engine.trajectory import trajectory
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import MODES
from mc_sie.stats.jackknife import Array

MODE_HITS_LOW = 30
"""A mode with fewer hits has no archetype, unless all modes have fewer."""

MEDOID_HITS_HIGH = 1500
"""Hits among which medoids are looked for: the first of every randomisation."""

N_ARCHETYPES = 3
"""Most archetypes where there is one retraining mode only."""


def archetypes(sample: Sample, *, n_clusters: int = N_ARCHETYPES) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Typical draws in which the event holds, and their trajectories.

    The first table has one row an archetype: ``archetype`` (from 1), ``mode``, ``share`` of the hits that it stands
    for, ``draw`` (its index) and every input that varies. There is one a mode, but none for a mode with fewer than 30
    hits, unless all have fewer; where all hits share one mode there are up to ``n_clusters``, never more than hits that
    differ. The second has points of :func:`mc_sie.engine.trajectory.trajectory` by ``archetype``.
    """
    inputs = varying(sample)
    ok = np.flatnonzero(sample.is_ok)
    is_hit = sample.hits[ok]
    hits = ok[is_hit]  # as draws of the sample
    mode = np.asarray(sample.draws["mode"])[hits].astype(int)
    scores = [_normal_scores(values)[is_hit] for name, values in inputs.items() if name != "mode"]
    positions = np.stack([np.zeros(len(hits)), *scores], axis=1)  # where only the mode varies all hits lie at zero
    index = hits % sample.design.n_per_replicate  # within its randomisation
    clusters = []
    codes, counts = np.unique(mode, return_counts=True)
    for code in codes:
        rows = np.flatnonzero(mode == code)
        if len(rows) < min(MODE_HITS_LOW, counts.max()):
            continue
        rows = np.sort(rows[np.argsort(index[rows], kind="stable")][:MEDOID_HITS_HIGH])
        share = float((mode == code).mean())
        n_medoids = n_clusters if len(codes) == 1 else 1
        for medoid, part in medoids(positions[rows], n_medoids):
            clusters.append((share * part, int(hits[rows[medoid]]), MODES[code]))
    clusters.sort(key=lambda cluster: -cluster[0])
    typical: list[dict[str, Any]] = []
    parts = []
    for number, (share, draw, name) in enumerate(clusters, start=1):
        row = {key: float(values[draw]) for key, values in sample.draws.items() if key != "mode"}
        shown: dict[str, Any] = {"archetype": number, "mode": name, "share": share, "draw": draw}
        if POOL_DIMENSION in inputs:
            shown[POOL_DIMENSION] = words_of(sample)[POOL_DIMENSION][int(row[POOL_DIMENSION])]
        typical.append(shown | {key: row[key] for key in inputs if key not in ("mode", POOL_DIMENSION)})
        frame = trajectory({**row, "mode": MODES.index(name), "horizon_months": sample.horizon_months})
        frame.insert(0, "archetype", number)
        parts.append(frame)
    return pd.DataFrame(typical), pd.concat(parts, ignore_index=True)


def _normal_scores(values: NDArray[np.generic]) -> Array:
    """Normal quantiles of ranks; 0 where not given."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    array = np.asarray(values, dtype=np.float64)
    given = ~np.isnan(array)
    scores = np.zeros(len(array))
    scores[given] = ndtri((rankdata(array[given]) - 0.5) / given.sum())
    return scores


def medoids(positions: Array, n_clusters: int) -> list[tuple[int, float]]:
    """Index of the points that are nearest to all others in their cluster, and the share that is nearest to each.

    As many clusters as there are different points, at most ``n_clusters``. Starts from the medoid of all and the points
    that lower the sum of distances most (BUILD of k-medoids), then alternates between nearest medoids and medoids of
    clusters for as long as the sum of distances falls.
    """
    from scipy.spatial.distance import cdist

    distances = cdist(positions, positions)  # exactly 0 between equal points, which no difference of squares is
    chosen = [int(distances.sum(axis=1).argmin())]
    while len(chosen) < min(n_clusters, len(np.unique(positions, axis=0))):
        nearest = distances[:, chosen].min(axis=1)
        chosen.append(int(np.maximum(nearest[None, :] - distances, 0.0).sum(axis=1).argmax()))
    while True:
        nearest = distances[:, chosen]
        members = nearest.argmin(axis=1)
        moved = [
            int(rows[distances[np.ix_(rows, rows)].sum(axis=1).argmin()])
            for rows in (np.flatnonzero(members == place) for place in range(len(chosen)))
        ]
        if not distances[:, moved].min(axis=1).sum() < nearest.min(axis=1).sum():  # no better, or as good for ever
            return [(medoid, float((members == place).mean())) for place, medoid in enumerate(chosen)]
        chosen = moved
