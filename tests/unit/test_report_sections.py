"""What sections of a report say beyond what the analyses gave them."""

from dataclasses import replace

import numpy as np

from mc_sie.analysis.sample import sample_of
from mc_sie.events import parse_event
from mc_sie.quantities import MODES
from mc_sie.report.sections import medians_table


def test_medians_of_weighted_draws_are_those_of_draws_repeated(simulation):
    sample = sample_of(simulation, parse_event("best_window[3] < 12"))
    plain = medians_table(sample).set_index("input")
    hits = sample.hits & sample.is_ok
    r = np.sort(np.asarray(sample.draws["r"])[hits])
    assert plain.loc["r", "with"] == r[(len(r) - 1) // 2]
    weights = np.where(np.asarray(sample.draws["mode"]) == MODES.index("continual"), 1.0, 0.0)
    weighted = medians_table(replace(sample, weights=weights)).set_index("input")
    among = hits & (weights > 0.0)
    r = np.sort(np.asarray(sample.draws["r"])[among])
    assert weighted.loc["r", "with"] == r[(len(r) - 1) // 2]
    assert weighted.loc["mode = continual, share", "with"] == 1.0
    assert plain.loc["mode = continual, share", "with"] < 1.0
