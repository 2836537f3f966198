"""The table of proposals: each can be read, says where its error comes from, and is a row of its own."""

from __future__ import annotations

import math

import pytest

from mc_sie.analysis.sensitivity.proposals import PROPOSALS


@pytest.mark.parametrize("name", PROPOSALS)
def test_each_proposal_is_complete(name):
    proposal = PROPOSALS[name]
    assert proposal.name == name
    assert proposal.reading.subject.meaning
    assert proposal.source
    # without a source of the error it is a judgement, and a judgement says whose it is
    assert proposal.error_source != "no source" or proposal.judgement
    assert proposal.judgement is None or proposal.judgement.startswith("ours: ")


def test_titles_tell_them_apart():
    assert len({proposal.title for proposal in PROPOSALS.values()}) == len(PROPOSALS) >= 10


def test_errors_are_those_that_the_sources_imply():
    """Ranges of the sources over the width of a normal one, from the numbers that are quoted."""
    range_90 = 2 * 1.6449
    right = {
        "poll_tenth_of_compute": math.log(1.0 / 0.2) / 2.534,  # expected range of six normal numbers
        "firm_panel": 0.657,
        "frontier_firm_panel": 0.176,
        "cost_share": (0.75 - 0.59) / range_90,
        "paid_speedruns": math.log(2.42 / 0.821) / range_90,
        "domain_study": math.log(3.212 / 1.069) / range_90,
        "doubling_time": math.log(14.0 / 5.0) / (2 * 1.96) / 2.0,
    }
    for name, error in right.items():
        assert PROPOSALS[name].reading.error == pytest.approx(error, abs=0.006)
