"""Probabilities over all gains and windows, against counting by hand."""

import numpy as np

from mc_sie import load_prior, simulate
from mc_sie.analysis.probability.exceedance import exceedance_table, threshold_map
from mc_sie.quantities import TIE_OOMS


def test_gains_within_the_best_and_the_first_year_are_counted_apart(simulation):
    curve = exceedance_table(simulation)
    for counted, outcome, index in (("best year", "best_gain_ooms", 12.0), ("first year", "first_year_ooms", None)):
        values = simulation.outcomes.values(outcome, index)
        part = curve[curve["counted"] == counted]
        np.testing.assert_array_equal(part["prob"], [(values >= gain - TIE_OOMS).mean() for gain in part["ooms"]])
    assert set(curve["counted"]) == {"best year", "first year"}


def test_the_map_ends_at_the_horizon():
    short = simulate(load_prior("davidson-houlden-2025"), 64, n_replicates=4, horizon_months=12.0)
    assert threshold_map(short)["months"].max() == 12.0
