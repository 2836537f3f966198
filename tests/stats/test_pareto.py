"""k-hat, the shape of the tail of importance weights."""

import math

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from mc_sie.stats.pareto import PARETO_K_HIGH, k_high, pareto_k


@pytest.mark.parametrize(("k", "n"), [(0.2, 4000), (0.5, 20_000), (0.9, 4000)])
def test_k_hat_is_that_of_arviz(k, n):
    log_weights = stats.genpareto(k).rvs(n, random_state=1)
    _, expected = array_stats.psislw(-np.log(log_weights))  # negated log ratios
    assert pareto_k(log_weights) == pytest.approx(float(expected), abs=0.02)


@pytest.mark.parametrize("k", [0.2, 0.6, 0.9])
def test_pareto_k_is_the_shape_of_the_tail(k):
    weights = stats.genpareto.rvs(k, size=20_000, random_state=np.random.default_rng(5))
    assert pareto_k(weights) == pytest.approx(k, abs=0.15)
    assert pareto_k(np.ones(100)) == -math.inf
    assert math.isnan(pareto_k(weights[:20]))


def test_weights_that_are_equal_but_for_rounding_are_no_tail():
    rounded = 1.0 + 1e-15 * np.random.default_rng(1).random(1000)
    assert pareto_k(rounded) == -math.inf
    steps = np.concatenate([rounded, np.full(40, 2.0)])  # the tail is of two heights, and of rounding below them
    assert pareto_k(steps) == pytest.approx(pareto_k(np.concatenate([np.ones(1000), np.full(40, 2.0)])), rel=1e-9)


def test_the_threshold_rises_with_the_draws_to_that_of_many():
    assert k_high(10) == 0.0
    assert k_high(100) == pytest.approx(0.5)
    assert k_high(10_000) == PARETO_K_HIGH
