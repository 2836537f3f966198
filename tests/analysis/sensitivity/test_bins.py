"""Inputs cut into levels."""

from __future__ import annotations

import numpy as np

from mc_sie.analysis.sensitivity.bins import default_bins, levels_of

N = 2**13


def test_atoms_categories_and_absences_are_levels_of_their_own():
    rng = np.random.default_rng(4)
    x = np.where(rng.random(N) < 0.25, 0.5, rng.random(N))
    x[rng.random(N) < 0.1] = np.nan
    x[rng.random(N) < 0.1] = np.inf
    levels = levels_of(x, 32)
    assert levels.kinds.count("atom") == 2
    assert levels.kinds.count("absent") == 1
    assert levels.is_ordered
    assert np.all(np.diff(levels.low[:-1]) >= 0.0)
    for code, kind in enumerate(levels.kinds):
        inside = x[levels.codes == code]
        if kind == "absent":
            assert np.isnan(inside).all()
        else:
            assert inside.min() == levels.low[code]
            assert inside.max() == levels.high[code]
        if kind == "bin":
            assert not np.isin(inside, (0.5, np.inf)).any()
    counts = np.bincount(levels.codes)[[kind == "bin" for kind in levels.kinds]]
    assert counts.max() - counts.min() <= 1
    modes = levels_of(np.array([1, 3, 3, 1]), 4, ("a", "b", "c", "d"))
    assert modes.labels == ("b", "d")
    assert not modes.is_ordered


def test_a_fixed_share_of_draws_without_a_value_is_one_level():
    levels = levels_of(np.array([2.0] * 9 + [np.nan]), 4)
    assert levels.kinds == ("atom", "absent")


def test_bins_are_a_power_of_two_that_the_draws_can_fill():
    assert [default_bins(n) for n in (10, 256, 600, 4096, 10**7)] == [4, 4, 8, 64, 64]
