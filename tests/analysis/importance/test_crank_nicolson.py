"""Steps that keep the standard normal distribution, and their length."""

import numpy as np
import pytest
from scipy import stats

from mc_sie.analysis.importance.crank_nicolson import N_CHOICES, trial, tuned


@pytest.mark.parametrize("length", [0.05, 0.6, 1.0])
def test_a_step_leaves_the_normal_distribution_as_it_is(length):
    rng = np.random.default_rng(1)
    n, d = 4000, 3
    z = rng.normal(size=(n, d))
    for _ in range(5):
        z, _ = trial(z, rng.random((n, d)), rng.random((n, d)), rng.random((n, N_CHOICES)), length)
    for column in z.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(z.T) - np.eye(d)).max() < 4.0 / np.sqrt(n)


def test_wide_steps_move_every_dimension_and_far_ones_few():
    rng = np.random.default_rng(2)
    n, d = 2000, 6
    z = rng.normal(size=(n, d))
    moved, is_wide = trial(z, rng.random((n, d)), rng.random((n, d)), rng.random((n, N_CHOICES)), 0.3)
    n_moved = (moved != z).sum(axis=1)
    assert (n_moved[is_wide] == d).all()
    assert n_moved[~is_wide].mean() == pytest.approx(1.5, abs=0.15)
    assert np.abs(moved - z)[~is_wide][moved[~is_wide] != z[~is_wide]].mean() > np.abs(moved - z)[is_wide].mean()


def test_a_step_of_no_dimensions_is_no_trouble():
    moved, _ = trial(np.empty((2, 0)), np.empty((2, 0)), np.empty((2, 0)), np.full((2, N_CHOICES), 0.2), 0.6)
    assert moved.shape == (2, 0)


def test_the_length_follows_the_acceptance_of_wide_steps_within_bounds():
    wide = np.array([True, True, False])
    assert tuned(0.5, np.array([True, True, False]), wide) > 0.5
    assert tuned(0.5, np.array([False, False, True]), wide) < 0.5
    assert tuned(0.5, np.array([True, True, True]), ~np.ones(3, dtype=bool)) == 0.5
    assert tuned(0.9, np.ones(3, dtype=bool), wide) == 1.0
    assert tuned(0.02, np.zeros(3, dtype=bool), wide) == 0.02
