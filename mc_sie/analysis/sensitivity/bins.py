"""Levels of an input: equal-mass bins of its values, atoms, categories, and "not given"; and sums of draws by level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mc_sie.stats.jackknife import Array

N_BINS_LOW = 4
"""Fewest equal-mass bins of an input."""

N_BINS_HIGH = 64
"""Most equal-mass bins of an input."""

DRAWS_PER_BIN = 64
"""Draws that a bin should hold; with fewer draws there are fewer bins."""

ATOM_SHARE = 0.001
"""A value that at least this share of the draws take is a level of its own."""


@dataclass(frozen=True)
class Levels:
    """An input cut into levels."""

    codes: NDArray[np.intp]  # level of each draw, from 0, shape (n,)
    kinds: tuple[str, ...]  # kind of each level
    labels: tuple[str, ...]  # name of a category; empty for the others
    # shape (L,): smallest, median and largest value in each level; codes for categories, nan where absent
    low: Array
    middle: Array
    high: Array

    def __len__(self) -> int:
        """Number of levels."""
        return len(self.kinds)

    @property
    def is_ordered(self) -> bool:
        """True where the levels follow each other by value."""
        return "category" not in self.kinds


def default_bins(n_draws: int) -> int:
    """Bins for so many draws: a power of two from 4 to 64, with at least 64 draws in each where there are enough."""
    return int(np.clip(2 ** int(math.log2(max(n_draws / DRAWS_PER_BIN, 1))), N_BINS_LOW, N_BINS_HIGH))


def levels_of(values: ArrayLike, n_bins: int, words: Sequence[str] | None = None) -> Levels:
    """An input cut into levels in rising order; "not given", where the value is nan, comes last.

    ``n_bins`` are equal-mass bins that all draws together would make. A categorical input has ``words``, the names of
    the categories by code: levels in the order of their codes, those not drawn left out.
    """
    if words is not None:
        return _categories(np.asarray(values), words)
    array = np.asarray(values, dtype=np.float64)
    absent = np.isnan(array)
    rising = np.sort(array[~absent])
    ties, counts = np.unique(rising[1:][rising[1:] == rising[:-1]], return_counts=True)
    atoms = ties[counts + 1 >= max(2.0, ATOM_SHARE * len(array))]
    smooth = rising[~np.isin(rising, atoms)]
    starts = _bin_starts(smooth, max(1, round(n_bins * len(smooth) / len(array))))
    stops = np.append(starts[1:], len(smooth))[: len(starts)]
    low = np.concatenate([smooth[starts], atoms])
    middle = np.concatenate([smooth[(starts + stops) // 2], atoms])
    high = np.concatenate([smooth[stops - 1], atoms])
    kinds = ["bin"] * len(starts) + ["atom"] * len(atoms)
    codes = np.searchsorted(smooth[starts[1:]], array, side="right")
    for place, atom in enumerate(atoms):
        codes[array == atom] = len(starts) + place
    order = np.argsort(low, kind="stable")
    if absent.any():  # "not given" comes last
        codes[absent] = len(kinds)
        order = np.append(order, len(kinds))
        kinds.append("absent")
        low, middle, high = (np.append(ends, np.nan) for ends in (low, middle, high))
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    kinds_in_order = tuple(kinds[place] for place in order)
    return Levels(rank[codes], kinds_in_order, ("",) * len(kinds), low[order], middle[order], high[order])


def _categories(codes: NDArray[np.generic], words: Sequence[str]) -> Levels:
    """One level for each category that was drawn."""
    found, level = np.unique(codes, return_inverse=True)
    ends = found.astype(np.float64)
    return Levels(level, ("category",) * len(found), tuple(words[int(code)] for code in found), ends, ends, ends)


def _bin_starts(rising: Array, n_bins: int) -> NDArray[np.intp]:
    """Index of the first value of each bin of equal mass; values that tie stay together."""
    if len(rising) == 0:
        return np.empty(0, dtype=np.intp)
    edges = np.unique(rising[(np.arange(1, n_bins) * len(rising)) // n_bins])
    return np.append(0, np.unique(np.searchsorted(rising, edges))).astype(np.intp)


def tabulate(
    codes: NDArray[np.intp], n_levels: int, groups: NDArray[np.intp], columns: Sequence[Array | None]
) -> Array:
    """Sums over draws by replicate and level, shape (R, n_levels, number of columns).

    ``codes`` and ``groups`` are level and replicate of each draw; a column that is None counts the draws.
    """
    n_groups = int(groups.max()) + 1
    cells = groups * n_levels + codes
    sums = [np.bincount(cells, weights=column, minlength=n_groups * n_levels) for column in columns]
    return np.stack(sums, axis=-1).astype(np.float64).reshape(n_groups, n_levels, len(columns))


def hit_columns(hits: NDArray[np.bool_], weights: Array | None) -> tuple[Array | None, Array]:
    """Weights and weighted hits, which :func:`tabulate` sums for measures of an event; None where all count alike."""
    if weights is None:
        return None, hits.astype(np.float64)
    return weights, weights * hits
