"""Quantiles of a sketch are within its relative error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mc_sie.stats import quantile_sketch


def test_what_a_sketch_promises():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.lognormal(0, 5, 5000), np.zeros(300), np.full(200, math.inf), [1e-9, 1e300]])
    counts = np.zeros(quantile_sketch.N_BINS, dtype=np.int64)
    quantile_sketch.add_to(counts, values, np.ones(len(values), dtype=np.int64))
    assert counts.sum() == len(values)
    assert quantile_sketch.share_finite(counts) == pytest.approx(np.isfinite(values).mean())
    ordered = np.sort(values)
    for prob in (0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99):
        exact = ordered[math.ceil(prob * len(values)) - 1]
        inside = exact == 0 or math.isinf(exact) or quantile_sketch.LOW <= exact <= quantile_sketch.HIGH
        assert inside
        assert quantile_sketch.quantile(counts, prob) == pytest.approx(
            exact, rel=quantile_sketch.RELATIVE_ERROR * (1 + 1e-9)
        )
    edges = quantile_sketch.upper_edges()
    assert len(edges) == quantile_sketch.N_BINS
    assert (np.diff(edges) > 0).all()
    for value in (0.0, 2e-6, 0.03, 1.0, 12.0, 9e14, math.inf):
        place = quantile_sketch.bin_of(value)
        assert value <= edges[place] * (1 + 1e-12)
        assert place == 0 or value > edges[place - 1] * (1 - 1e-12)
    assert math.isnan(quantile_sketch.quantile(np.zeros(quantile_sketch.N_BINS, dtype=np.int64), 0.5))
