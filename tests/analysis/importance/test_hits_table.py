"""Hits against the prior: where they lie, and by how much that differs."""

import numpy as np
import pandas as pd

from mc_sie import load_prior
from mc_sie.analysis.importance.hits_table import shifts_of


def test_a_quantity_that_hits_have_at_one_end_comes_first_with_its_distance():
    prior = load_prior("davidson-houlden-2025")
    rng = np.random.default_rng(1)
    n = 4000
    points = {name: rng.random(n) for name in prior.dimensions}
    points["r"] = 0.75 + 0.25 * points["r"]
    draws = prior.values(points)
    words = {"mode": pd.Categorical.from_codes(draws.pop("mode"), ["none", "shortening", "a", "continual", "f"])}
    table = shifts_of(prior, pd.DataFrame({"weight": np.ones(n), **draws, **words}), [points])
    assert table["quantity"][0] == "r"
    assert abs(table["distance"][0] - 0.75) < 0.01  # the hits' ranks are uniform above three quarters
    assert table["distance"][1:].max() < 0.05
    assert len(shifts_of(prior, pd.DataFrame(), [])) == 0
