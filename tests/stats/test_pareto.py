"""k-hat, the shape of the tail of importance weights."""

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from mc_sie.stats.pareto import pareto_k


@pytest.mark.parametrize(("k", "n"), [(0.2, 4000), (0.5, 20_000), (0.9, 4000)])
def test_k_hat_is_that_of_arviz(k, n):
    log_weights = stats.genpareto(k).rvs(n, random_state=1)
    _, expected = array_stats.psislw(-np.log(log_weights))  # negated log ratios
    assert pareto_k(log_weights) == pytest.approx(float(expected), abs=0.02)
