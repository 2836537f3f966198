"""The running estimate, against counting by hand."""

import numpy as np

from mc_sie.analysis.probability.convergence import replicate_table, running_table
from mc_sie.engine.sample import sample_of
from mc_sie.events import parse_event


def test_the_running_estimate_is_that_of_the_first_draws_of_every_randomisation(simulation):
    sample = sample_of(simulation, parse_event("best_window[3] < 12"))
    hits = sample.hits.reshape(sample.design.n_replicates, -1)
    running = running_table(sample)
    assert running["n_draws"].iloc[-1] == sample.design.n_draws
    for row in running.itertuples():
        assert row.prob == hits[:, : row.n_draws // sample.design.n_replicates].mean()
    np.testing.assert_array_equal(replicate_table(sample)["prob"], hits.mean(axis=1))
