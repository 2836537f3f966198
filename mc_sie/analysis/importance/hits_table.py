"""What the draws in which a rare event holds look like, against the prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.importance.proposal import cells_of
from mc_sie.analysis.probability.summary import weighted_quantiles
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import QUANTITIES

Array = NDArray[np.float64]

_ENDS = (0.05, 0.95)  # quantiles between which a quantity lies, in the prior and among hits


def shifts_of(prior: PriorSet, hits: pd.DataFrame, uniforms: Sequence[Mapping[str, Array]]) -> pd.DataFrame:
    """Quantities among hits against the prior, furthest first: ``quantity``, ``meaning``, ``prior``, ``hits``,
    ``distance``.

    ``hits`` has one row a hit, with its ``weight`` and quantities; ``uniforms`` are their points in the unit cube, by
    dimension, in parts.
    """
    columns = ["quantity", "meaning", "prior", "hits", "distance"]
    if not len(hits):
        return pd.DataFrame(columns=columns)
    weights = hits["weight"].to_numpy()
    ranks = [prior.ranks(part) for part in uniforms]
    rows = []
    for name in prior.dimensions:
        u = np.concatenate([part[name] for part in ranks])
        order = np.argsort(u, kind="stable")
        reached = np.cumsum(weights[order]) / weights.sum()
        distance = float(np.abs(reached - u[order]).max())
        if name == "mode":
            rows.append((name, QUANTITIES[name].meaning, *_by_category(prior, hits, name), distance))
            continue
        if name == POOL_DIMENSION:
            rows.append((name, "which member of the pool", *_by_category(prior, hits, name), distance))
            continue
        # A quantity that is stated in another coordinate (r as r_total) is shown as it is stated.
        shown = next((other for other in prior.entries if QUANTITIES[other].determines == name), name)
        values = hits[shown].to_numpy()
        given = ~np.isnan(values)
        if not given.any():
            continue
        quantity = QUANTITIES[shown]
        unit = "" if quantity.unit == "1" else f" {quantity.unit}"
        ends = (prior.quantiles(shown, _ENDS), weighted_quantiles(values[given], weights[given], _ENDS))
        before, after = (f"{low:.3g} to {high:.3g}{unit}" for low, high in ends)
        rows.append((shown, quantity.meaning, before, after, distance))
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("distance", ascending=False, kind="stable", ignore_index=True)


def _by_category(prior: PriorSet, hits: pd.DataFrame, name: str) -> tuple[str, str]:
    """Shares of the modes or members that are among the hits, in the prior and among hits, in words."""
    shares = hits.groupby(name, observed=True)["weight"].sum() / hits["weight"].sum()
    before: dict[str, float] = {}
    for cell in cells_of(prior):
        key = cell.label.split(" ")[-1]
        if name == POOL_DIMENSION:
            key = cell.label.split(" ")[0]
        before[key] = before.get(key, 0.0) + cell.mass
    after = {key: float(shares.get(key, 0.0)) for key in before}
    shown = sorted((key for key in before if after[key] >= 0.0005), key=lambda key: -after[key])
    return _in_percent(before, shown), _in_percent(after, shown)


def _in_percent(shares: Mapping[str, float], keys: Sequence[str]) -> str:
    """Shares in percent, with a decimal below ten."""
    decimals = {key: int(shares[key] < 0.0995) for key in keys}
    return ", ".join(f"{key} {100 * shares[key]:.{decimals[key]}f} %" for key in keys)
