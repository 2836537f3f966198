"""Expected value of information about inputs: one, two together, or a whole group; and P(event | two inputs).

Several inputs are learnt together when it is known in which cell of their joint levels a draw lies. Cells are levels
like any other, so that the measures, their errors and the removal of noise are those of
:mod:`mc_sie.analysis.sensitivity.given_data`. Cells are coarse (the draws must fill them), and what they hide is
missing: the value of a pair or a group is a lower bound that tightens with the number of draws. For a group it is the
best of those from its most valuable members.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mc_sie.analysis.sensitivity.bins import Levels, default_bins, hit_columns, levels_of, tabulate
from mc_sie.analysis.sensitivity.given_data import (
    EVENT_MEASURES,
    check_both,
    check_loss_ratio,
    event_measures,
    given_level,
    is_derived,
    varying,
    words_of,
)
from mc_sie.engine.sample import Sample
from mc_sie.quantities import group
from mc_sie.stats.jackknife import Array, jackknife

VALUES = ("brier_gain", "bits", "decision_value")
"""Measures of the value of information, in the order of the tables."""

DRAWS_PER_CELL = 128
"""Draws that a cell of several inputs should hold."""

N_CELLS_HIGH = 1024
"""Most cells."""

N_PAIRS = 10
"""Pairs that are listed: those whose members are worth most."""

MAP_BINS = 16
"""Levels of each input in a map of two."""


def crossed(several: Sequence[Levels]) -> NDArray[np.intp]:
    """Cell of each draw in the joint levels of several inputs, from 0; cells without draws are left out."""
    cells = np.ravel_multi_index([levels.codes for levels in several], [len(levels) for levels in several])
    return np.unique(cells, return_inverse=True)[1]


def value_of(
    subsets: Mapping[str, Sequence[str]],
    inputs: Mapping[str, ArrayLike],
    hits: NDArray[np.bool_],
    groups: NDArray[np.intp],
    *,
    weights: Array | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    loss_ratio: float = 1.0,
) -> pd.DataFrame:
    """Expected value of learning sets of inputs, which ``subsets`` has by a name for them.

    One row a set and a measure: ``what``, ``members``, ``measure``, ``value``, ``se``, ``low``, ``high``. All else is
    as in :func:`mc_sie.analysis.sensitivity.given_data.curves`.
    """
    check_loss_ratio(loss_ratio)
    check_both(hits, groups, weights)
    chosen = words or {}
    columns = hit_columns(hits, weights)
    cut: dict[tuple[str, int], Levels] = {}
    rows = []
    for what, names in subsets.items():
        n_bins = _bins_each(len(hits), len(names))
        for name in names:
            if (name, n_bins) not in cut:
                cut[name, n_bins] = levels_of(inputs[name], n_bins, chosen.get(name))
        cells = crossed([cut[name, n_bins] for name in names])
        table = tabulate(cells, int(cells.max()) + 1, groups, columns)
        found = jackknife(table, lambda sums: event_measures(sums, loss_ratio, is_ordered=False))
        for measure in VALUES:
            column = EVENT_MEASURES.index(measure)
            ends = {key: float(getattr(found, key)[column]) for key in ("value", "se", "low", "high")}
            rows.append({"what": what, "members": ", ".join(names), "measure": measure, **ends})
    return pd.DataFrame(rows)


def _bins_each(n_draws: int, n_inputs: int) -> int:
    """Bins of each of several inputs, so that the draws fill the cells."""
    if n_inputs == 1:
        return default_bins(n_draws)
    cells = min(n_draws / DRAWS_PER_CELL, N_CELLS_HIGH)
    return max(2, int(cells ** (1.0 / n_inputs) + 1e-9))


def sample_value(
    sample: Sample, *, weights: ArrayLike | None = None, loss_ratio: float = 1.0, n_pairs: int = N_PAIRS
) -> pd.DataFrame:
    """Expected value of learning each stated input, the most promising pairs, and each group of several.

    That of :func:`value_of` with the column ``kind`` (``input``, ``pair`` or ``group``); within each kind what improves
    a Brier score most comes first. Draws that could not be simulated are left out; weights are of all draws.
    """
    ok = sample.is_ok
    inputs = {name: values for name, values in varying(sample).items() if not is_derived(sample, name)}
    given = None if weights is None else np.asarray(weights, dtype=np.float64)[ok]
    groups = sample.replicate[ok].astype(np.intp)

    def ranked(kind: str, subsets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        frame = value_of(
            subsets, inputs, sample.hits[ok], groups, weights=given, words=words_of(sample), loss_ratio=loss_ratio
        )
        frame.insert(0, "kind", kind)
        rank = frame[frame["measure"] == "brier_gain"].set_index("what")["value"].rank(ascending=False)
        return frame.iloc[np.argsort(frame["what"].map(rank), kind="stable")]

    frames = [ranked("input", {name: [name] for name in inputs})]
    best = list(dict.fromkeys(frames[0]["what"]))
    pairs = sorted(combinations(range(len(best)), 2), key=lambda pair: (sum(pair), pair))[:n_pairs]
    if pairs:
        frames.append(ranked("pair", {f"{best[i]} and {best[j]}": (best[i], best[j]) for i, j in pairs}))
    together: dict[str, list[str]] = {}
    for name in inputs:
        together.setdefault(group(name), []).append(name)
    several = {title: names for title, names in together.items() if len(names) > 1}
    if several:
        frames.append(_best_bounds(several, best, lambda subsets: ranked("group", subsets)))
    return pd.concat(frames, ignore_index=True)


def _best_bounds(
    groups: Mapping[str, Sequence[str]],
    order: Sequence[str],
    value: Callable[[Mapping[str, Sequence[str]]], pd.DataFrame],
) -> pd.DataFrame:
    """Value of groups: of all members in coarse cells, or of the most valuable ones in finer cells if that is more."""
    nested: dict[str, tuple[str, Sequence[str]]] = {}
    for title, names in groups.items():
        ranked = sorted(names, key=order.index)
        nested |= {f"{title} {k}": (title, ranked[:k]) for k in range(1, len(ranked) + 1)}
    found = value({key: names for key, (_, names) in nested.items()})
    found["what"] = found["what"].map(lambda key: nested[key][0])
    found["members"] = found["what"].map(lambda title: ", ".join(groups[title]))
    best = found.loc[found.groupby(["what", "measure"])["value"].idxmax()]
    rank = best[best["measure"] == "brier_gain"].set_index("what")["value"].rank(ascending=False)
    return best.iloc[np.lexsort((best["measure"].map(VALUES.index), best["what"].map(rank)))]


def pair_map(
    sample: Sample, name: str, other: str, *, weights: ArrayLike | None = None, n_bins: int = MAP_BINS
) -> pd.DataFrame:
    """P(event | two inputs) on a grid of ``n_bins`` levels of each.

    One row a cell with draws: ``x_kind``, ``x_label``, ``x_low``, ``x_middle``, ``x_high``, the same with ``y_``,
    ``x_level``, ``y_level``, ``prob``, ``se``, ``n_draws``.
    """
    ok = sample.is_ok
    inputs = varying(sample)
    words = words_of(sample)
    x, y = (levels_of(inputs[one], n_bins, words.get(one)) for one in (name, other))
    given = None if weights is None else np.asarray(weights, dtype=np.float64)[ok]
    cells = np.ravel_multi_index([x.codes, y.codes], [len(x), len(y)])
    groups = sample.replicate[ok].astype(np.intp)
    table = tabulate(cells, len(x) * len(y), groups, hit_columns(sample.hits[ok], given))
    counts = np.bincount(cells, minlength=len(x) * len(y))
    filled = np.flatnonzero(counts)
    found = jackknife(table[:, filled], given_level)
    places = np.unravel_index(filled, (len(x), len(y)))
    columns_of = {
        f"{axis}_{what}": np.asarray(getattr(levels, key))[place]
        for axis, levels, place in (("x", x, places[0]), ("y", y, places[1]))
        for what, key in (
            ("kind", "kinds"),
            ("label", "labels"),
            ("low", "low"),
            ("middle", "middle"),
            ("high", "high"),
        )
    }
    whole = table[:, filled].sum(axis=0)
    return pd.DataFrame(
        {
            **columns_of,
            "x_level": places[0],
            "y_level": places[1],
            "prob": given_level(whole),
            "se": found.se,
            "n_draws": counts[filled],
        }
    )


def best_of(value: pd.DataFrame, measure: str, kinds: Iterable[str] = ("input",)) -> pd.Series | None:
    """Row of :func:`sample_value` with the largest value by one of :data:`VALUES`, among some kinds.

    None where no value exceeds its error.
    """
    rows = value[(value["measure"] == measure) & value["kind"].isin(list(kinds)) & (value["low"] > 0.0)]
    if rows.empty or math.isnan(rows["value"].max()):
        return None
    return rows.loc[rows["value"].idxmax()]
