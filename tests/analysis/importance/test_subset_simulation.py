"""The search: its importance function, and the probability of what it finds."""

import numpy as np
import pytest
from blank import blank_outcomes
from scipy import stats
from scipy.special import ndtri

from mc_sie import load_prior, simulate
from mc_sie.analysis.importance import subset_simulation
from mc_sie.analysis.importance.proposal import Numbers, Proposal, cells_of
from mc_sie.events import parse_event


@pytest.mark.parametrize("event", ["months_to[5] < 12", "best_window[5] < 12"])
def test_the_importance_function_ranks_draws_that_never_get_there(event, simulation):
    asked = parse_event(event)
    importance = subset_simulation.ImportanceFunction.of(asked)
    again = simulate(simulation.prior, 256, n_replicates=4, levels=importance.levels, widths=importance.widths)
    score = importance.score(again.outcomes)
    hits = asked.holds(again.outcomes)
    assert np.isfinite(score).all()
    # gains from scratch are multiples of half an OOM: a few draws tie
    assert len(np.unique(score)) > 0.85 * len(score)
    assert score[hits].min() >= score[~hits].max() - 1e-3


def test_a_population_that_arrives_knows_how_improbable_its_stage_is(monkeypatch):
    """The event holds beyond four standard deviations of one quantity: 3.2e-5."""
    prior = load_prior("davidson-houlden-2025")

    def simulate_points(prior, uniforms, horizon_months, levels, widths, **how):
        outcomes = blank_outcomes(len(uniforms["r"]), levels, widths)
        outcomes.pace_initial[:] = ndtri(uniforms["r"]) - 4.0
        return prior.values(uniforms), outcomes

    monkeypatch.setattr(subset_simulation, "simulate_points", simulate_points)
    simulator = subset_simulation.Simulator(prior, parse_event("pace_initial > 0"), 12.0, 1)
    (found,), n_hits = subset_simulation.search(simulator, cells_of(prior), Numbers(3))
    place = found.cell.names.index("r")
    assert n_hits < 10
    assert all((z[:, place] > 4.0).all() for z in found.hits)
    assert 0.6 < found.prob / stats.norm.sf(4.0) < 1.6  # two populations of a thousand, some eight stages each
    assert simulator.n_simulated > subset_simulation.N_PLAIN
    nothing = Proposal(prior, 1.0, ())
    proposal = subset_simulation.shaped(simulator, [found], Numbers(4), nothing)
    assert sum(part.share for _, part in proposal.parts) == pytest.approx(1.0)
    assert subset_simulation.shaped(simulator, [], Numbers(4), nothing) is nothing


def test_a_population_that_gets_nowhere_is_given_up():
    z = np.zeros((64, 2))
    one = subset_simulation._Population(0, z, np.zeros(64), np.zeros(64))
    for _ in range(4):
        one.advance(64, np.linspace(0.0, 1.0, 64))
    assert one.is_lost
