"""The page simulates what the command line simulates: the same draws, and the same probability in every digit."""

from __future__ import annotations

import pytest
from waiting import answered

from mc_sie import load_prior
from mc_sie.analysis.importance.conditioning import condition
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.run import simulate_prior
from mc_sie.events import HEADLINE, parse_event
from mc_sie.explorer.data import stored_proposals

NAMES = (
    "davidson-2025",
    "epoch-2025",  # reparametrised
    "agnostic",  # a pool
    "davidson-2025-explicit",  # two routes
    "davidson-2025-evidence",  # weighted draws of the prior
    "economists-evidence",  # draws of the stored proposal
)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_and_python_give_one_number(opened, name):
    page = opened(f"#v=1&set={name}")
    n_draws = page.evaluate("livePage.data.draws")
    prior = load_prior(name)
    if not prior.evidence:
        simulation = simulate_prior(prior, n_draws)
    else:
        method = "proposal" if name in stored_proposals() else "prior"
        simulation = condition(prior, n_draws, method=method)
    assert answered(page) == pytest.approx(estimate_event(simulation, parse_event(HEADLINE)).prob, rel=1e-12)
