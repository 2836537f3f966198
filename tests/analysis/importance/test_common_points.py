"""Points that several sets given evidence share, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import piece

from mc_sie import InputError, load_prior, simulate
from mc_sie.analysis.comparison.common_draws import common_draws
from mc_sie.analysis.importance.common_points import EvidencePoints, check_subjects, placed
from mc_sie.analysis.importance.proposal import Proposal
from mc_sie.events import HEADLINE, parse_event
from mc_sie.sampling import plan

HOW = {"n_draws": 256, "n_replicates": 4}


def test_points_of_two_proposals_have_the_density_of_their_mean():
    prior = load_prior("davidson-houlden-2025")
    design = plan(4096, n_replicates=16)
    plain = Proposal(prior, 1.0, ())
    given = simulate(load_prior("economists-evidence"), 4096, n_replicates=16).proposal
    uniforms, weights = placed([plain, given], design)
    assert weights.max() <= 2.0  # half of the points are the prior's own
    for values in uniforms.values():  # weighted, every dimension is uniform again
        assert np.average(values, weights=weights) == pytest.approx(0.5, abs=0.02)


def test_evidence_about_what_a_set_does_not_have_is_refused_before_anything_runs():
    given = load_prior("davidson-2025").given([piece("rho_long", "normal", unit="1", value=-0.1, sd=0.1)])
    with pytest.raises(InputError, match="is about rho_long, which"):
        check_subjects(given)
    with pytest.raises(InputError, match="is about rho_long, which"):
        common_draws(priors=[given], **HOW)


def test_any_set_asked_on_the_points_has_weights_of_its_own():
    prior = load_prior("davidson-2025")
    given = prior.given([piece("pace_at_compute[0.1]", value=0.6, sd_log=0.4)])
    other = prior.given([piece("pace_at_compute[0.1]", value=0.5, sd_log=0.4)])
    points = EvidencePoints.around([given, prior], plan(1024, n_replicates=4), 240.0)
    first, second = (points.ask(one, parse_event(HEADLINE)) for one in (given, other))
    assert first.worth.is_common
    assert second.worth.is_common
    np.testing.assert_array_equal(first.hits, second.hits)
    draws = prior.values(points.uniforms)
    log_ratio = np.log(second.weights / first.weights)
    pace = np.log(other.evidence[0].subject.values(draws))
    expected = -0.5 * (((pace - np.log(0.5)) / 0.4) ** 2 - ((pace - np.log(0.6)) / 0.4) ** 2)
    np.testing.assert_allclose(log_ratio - log_ratio[0], expected - expected[0], atol=1e-9)
    assert first.weights.mean() == pytest.approx(1.0)
