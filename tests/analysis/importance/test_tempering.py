"""Steps of tempering against what they promise: weights of mean 1, half of the population, survivors by weight."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mc_sie.analysis.importance.tempering import next_step, normalised, resampled
from mc_sie.stats.estimates import effective_size


def test_normalised_weights_have_mean_one_however_small_they_were():
    weights, log_mean = normalised(np.log([1.0, 3.0]) - 900.0)
    np.testing.assert_allclose(weights, [0.5, 1.5])
    assert log_mean == pytest.approx(math.log(2.0) - 900.0)


def test_a_step_leaves_half_of_the_effective_sample_size():
    log_l = -0.5 * (30.0 * np.linspace(-1.0, 1.0, 2000)) ** 2
    step = next_step(log_l[None, :], 1.0)
    assert 0.0 < step < 1.0
    assert effective_size(np.exp(step * log_l)) == pytest.approx(1000.0, rel=1e-3)


def test_a_flat_likelihood_takes_the_whole_step():
    assert next_step(np.zeros((2, 8)), 0.7) == 0.7


def test_draws_survive_as_often_as_their_weight_says():
    weights = np.array([[2.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 5.0]])
    assert resampled(weights, np.array([0.5, 0.5])).tolist() == [0, 0, 1, 2, 7, 7, 7, 7]
