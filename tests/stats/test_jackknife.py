"""Errors by leaving out one randomisation at a time, and the bias that noise gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mc_sie.stats.jackknife import is_settled, jackknife, quotient


def test_a_statistic_is_taken_without_each_randomisation_in_turn():
    rng = np.random.default_rng(2)
    sums = rng.random((6, 2)) + 1.0
    found = jackknife(sums, lambda s: quotient(s[:, :1], s[:, 1:]))
    whole = sums[:, 0].sum() / sums[:, 1].sum()
    left = [np.delete(sums[:, 0], r).sum() / np.delete(sums[:, 1], r).sum() for r in range(6)]
    se = np.sqrt(5 / 6 * np.sum((left - np.mean(left)) ** 2))
    assert found.value[0] == pytest.approx(6 * whole - 5 * np.mean(left))
    assert found.se[0] == pytest.approx(se)
    assert found.high[0] - found.low[0] == pytest.approx(2 * stats.t(5).ppf(0.95) * se)


def test_the_variance_of_means_keeps_products_of_different_randomisations_only():
    """What noise adds to a square within one randomisation is taken away exactly."""
    rng = np.random.default_rng(1)
    prob = rng.random((8, 5))  # of a hit, by randomisation and bin, with equally many draws in each

    def variance(sums):
        shares = sums[..., 1] / sums[..., 0]
        return (shares**2).mean(axis=1, keepdims=True) - shares.mean(axis=1, keepdims=True) ** 2

    found = jackknife(np.stack([np.ones((8, 5)), prob], axis=-1), variance).value[0]
    mean = prob.mean(axis=1)
    pairs = [(prob[r] @ prob[s]) / 5.0 - mean[r] * mean[s] for r in range(8) for s in range(8) if r != s]
    assert found == pytest.approx(np.mean(pairs), abs=1e-12)


def test_what_has_nothing_below_the_line_is_not_known():
    found = quotient(np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[2.0], [0.0]]))
    np.testing.assert_array_equal(found, [[0.5, 0.0], [np.nan, np.nan]])
    assert quotient(np.array(1.0), np.array(-1e-18)) != quotient(np.array(1.0), np.array(-1e-18))


def test_halves_of_which_one_tells_nothing_are_not_settled():
    sums = np.stack([np.arange(8.0), np.repeat([0.0, 5.0], 4)], axis=1)
    assert not is_settled(sums, lambda s: quotient(s[:, :1], s[:, 1:])).any()


def test_halves_that_agree_are_settled():
    sums = np.ones((8, 1)) * np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.0])[:, None]
    assert is_settled(sums, lambda s: s).all()
    sums[:4] += 3.0
    assert not is_settled(sums, lambda s: s).any()
    assert not is_settled(sums[:3], lambda s: s).any()
