"""The summary in ArviZ's shape: its statistics are those of ArviZ, its errors those of the replicates."""

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie import arviz_summary, load_prior, simulate, summarise
from mc_sie.errors import InputError

compiled = pytest.mark.skipif(INTERPRETED, reason="thousands of trajectories")


def test_statistics_are_those_of_arviz(pooled):
    arviz_stats = pytest.importorskip("arviz_stats", reason="the extra [arviz]")
    tree = pooled.to_datatree()
    for group in ("prior", "prior_predictive"):
        ours = arviz_summary(tree, group=group)
        theirs = arviz_stats.summary(
            tree, group=group, kind="stats", ci_prob=0.9, ci_kind="eti", skipna=True, round_to="none"
        )
        assert list(ours.index) == list(theirs.index)
        assert set(theirs.columns) <= set(ours.columns)
        for column in theirs:
            # definitions of a quantile differ between neighbouring draws, of which a pool's few members have few
            tolerance = 0.1 if column.startswith("eti") else 0.01
            np.testing.assert_allclose(ours[column], theirs[column], rtol=tolerance, atol=1e-12)


@compiled
def test_the_error_is_that_of_the_replicates_and_not_of_a_chain(simulation):
    arviz_stats = pytest.importorskip("arviz_stats", reason="the extra [arviz]")
    answer = summarise(simulation).answer
    tree = simulation.to_datatree()
    row = arviz_summary(tree, ["event"], group="prior_predictive").loc["event"]
    assert row["mean"] == pytest.approx(answer.prob)
    assert row["mcse_mean"] == pytest.approx(answer.se)
    theirs = arviz_stats.summary(tree, ["event"], group="prior_predictive", round_to="none").loc["event"]
    assert theirs["mcse_mean"] > 1.3 * row["mcse_mean"]


@compiled
def test_given_evidence_the_error_is_that_of_the_weighted_answer():
    drawn = simulate(load_prior("economists-evidence"), 8192, seed=3, n_replicates=16)
    answer = summarise(drawn).answer
    row = arviz_summary(drawn.to_datatree(), ["event"], group="posterior_predictive").loc["event"]
    assert row["mean"] == pytest.approx(answer.prob, abs=answer.se / 2)
    assert row["mcse_mean"] == pytest.approx(answer.se, rel=0.1)


def test_the_share_of_draws_that_have_a_value_is_stated(pooled):
    table = arviz_summary(pooled.to_datatree())
    given = np.isfinite(pooled.draws["speedup_initial"])
    assert table.loc["speedup_initial", "share_given"] == given.mean()
    assert table.loc["speedup_initial", "mean"] == pytest.approx(pooled.draws["speedup_initial"][given].mean())
    assert table.loc["rho", "share_given"] == 1.0


def test_the_group_and_the_level_can_be_chosen(simulation):
    table = arviz_summary(simulation.to_datatree(), ["months_to"], group="prior_predictive", ci_prob=0.5)
    assert list(table.index) == [f"months_to[{k}]" for k in (1.0, 2.5, 3.0, 5.0, 8.0)]
    assert {"eti50_lb", "eti50_ub"} < set(table.columns)


def test_what_is_not_in_the_tree_is_refused(simulation):
    tree = simulation.to_datatree()
    with pytest.raises(InputError, match="group = 'posterior' is not in the tree"):
        arviz_summary(tree, group="posterior")
    with pytest.raises(InputError, match=r"var_names = 'roh' is not in the group prior\. Did you mean 'rho'"):
        arviz_summary(tree, ["roh"])
    with pytest.raises(InputError, match="ci_prob = 90"):
        arviz_summary(tree, ci_prob=90)
