"""Sets given evidence on common points, against closed forms, quadrature and prior draws weighted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pieces import piece
from scipy import integrate, optimize
from scipy.special import ndtr
from tests_settings import INTERPRETED

from mc_sie import breakeven, compare, load_prior, simulate, structure
from mc_sie.analysis.comparison.common_draws import change_between, common_draws, evidence_notes
from mc_sie.events import parse_event
from mc_sie.priors import Correlation, entry, pool

pytestmark = pytest.mark.skipif(INTERPRETED, reason="many reruns: the same as compiled, a hundred times slower")

HOW = {"n_draws": 4096, "n_replicates": 16, "seed": 3}
CEILING = "pace_ceiling > 10"
"""The ceiling is alpha_compute^(1/rho): above 10 where alpha_compute is below 10^rho."""
LOW, HIGH = 0.3, 0.7  # of alpha_compute
READING = {"value": 0.45, "sd": 0.05}


def uniform(name: str, low: float, high: float):
    return entry(name, {"family": "uniform", "low": low, "high": high}, unit="1", source="s")


def ceiling_set(*evidence, rho: float = -0.3):
    """One number for everything that the ceiling hangs on but alpha_compute."""
    changes = {"speedup_initial": None, "alpha_compute": uniform("alpha_compute", LOW, HIGH)}
    return load_prior("davidson-houlden-2025").replaced(changes).pinned("rho", rho).given(evidence)


def read_alpha(value: float = READING["value"], sd: float = READING["sd"]):
    return piece("alpha_compute", "normal", name="reading", unit="1", value=value, sd=sd)


def below(alpha: float, value: float = READING["value"], sd: float = READING["sd"]) -> float:
    """P(alpha_compute < alpha) given the reading: a normal distribution truncated to the uniform prior's range."""
    low, high, at = ndtr((np.array([LOW, HIGH, alpha]) - value) / sd)
    return float((at - low) / (high - low))


def test_a_set_given_a_reading_is_what_the_truncated_normal_distribution_says():
    given = ceiling_set(read_alpha())
    common = common_draws(CEILING, priors=[given], **HOW)
    answer = common.ask(given)
    assert abs(answer.estimate.prob - below(10.0**-0.3)) < 4.0 * answer.estimate.se
    spread = READING["sd"] * math.sqrt(2.0 * math.pi) / (HIGH - LOW)
    low, high = ndtr((np.array([LOW, HIGH]) - READING["value"]) / READING["sd"])
    assert math.exp(answer.log_marginal) == pytest.approx(spread * (high - low), rel=0.01)
    assert answer.columns()["ess"] == answer.ess < HOW["n_draws"]
    assert common.ask(given.without_evidence()).estimate.prob == pytest.approx((10.0**-0.3 - LOW) / 0.4, abs=0.005)


def test_errors_given_evidence_cover_over_seeds():
    z = []
    for seed in range(20):
        given = ceiling_set(read_alpha(sd=0.1))
        common = common_draws(CEILING, priors=[given], n_draws=1024, n_replicates=16, seed=seed)
        estimate = common.ask(given).estimate
        z.append((estimate.prob - below(10.0**-0.3, sd=0.1)) / estimate.se)
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.6


def test_the_answer_of_the_set_itself_is_that_of_simulate():
    prior = load_prior("economists-evidence")
    common = common_draws(priors=[prior], **HOW)
    drawn = simulate(prior, HOW["n_draws"], n_replicates=16, seed=3)
    answer = common.ask(prior)
    assert drawn.method == "proposal"
    np.testing.assert_allclose(answer.weights, drawn.weights, rtol=1e-12)
    np.testing.assert_array_equal(answer.hits, common.event.holds(drawn.outcomes))
    assert answer.worth.is_common
    assert answer.ess == pytest.approx(drawn.ess)


def test_common_points_make_a_change_better_known_than_either_answer():
    prior = load_prior("economists-evidence")
    common = common_draws(priors=[prior], **HOW)
    before, after = common.ask(prior), common.ask(prior.pinned("mode", "none"))
    change = change_between(before, after)
    assert change.change > 0.0
    assert change.se < 0.6 * math.hypot(before.estimate.se, after.estimate.se)


def test_evidence_far_from_the_common_points_gets_draws_of_its_own():
    common = common_draws(CEILING, priors=[ceiling_set(read_alpha(0.65, 0.001))], **HOW)
    answer = common.ask(ceiling_set(read_alpha(0.501, 0.0005)))
    assert not answer.worth.is_common
    assert abs(answer.estimate.prob - below(10.0**-0.3, 0.501, 0.0005)) < 4.0 * answer.estimate.se
    assert "1 of 1 sets" in " ".join(evidence_notes([answer.worth], HOW["n_draws"]))


# --- Break-evens -----------------------------------------------------------------------------------------------------


def test_pinned_break_evens_given_evidence_are_those_of_the_closed_form():
    given = ceiling_set(read_alpha()).replaced({"rho": uniform("rho", -0.4, -0.2)})
    found = breakeven(given, ["rho"], targets=[0.5], event=CEILING, **HOW)
    (row,) = found.values[found.values["varied"] == "value"].itertuples()
    exact = optimize.brentq(lambda rho: below(10.0**rho) - 0.5, -0.5, -0.2)
    assert abs(row.value - exact) < 4.0 * row.se
    assert row.likelihood_ratio == pytest.approx(1.0)  # the evidence says nothing of rho


def test_evidence_that_ties_inputs_is_taken_after_one_of_them_is_pinned():
    """A reading of the ceiling itself: with rho pinned it speaks of alpha_compute, in a way that hangs on rho."""
    value, sd = 14.0, 1.5
    given = ceiling_set(piece("max_speed", value=value, sd_log=sd)).replaced({"rho": uniform("rho", -0.4, -0.2)})

    def likelihood(alpha: float, rho: float) -> float:
        return math.exp(-0.5 * ((math.log(alpha) / rho - math.log(value)) / sd) ** 2)

    def marginal(rho: float, high: float = HIGH) -> float:
        return integrate.quad(likelihood, LOW, min(max(high, LOW), HIGH), args=(rho,))[0]

    found = breakeven(given, ["rho"], targets=[0.5], event=CEILING, **HOW)
    exact = optimize.brentq(lambda rho: marginal(rho, 10.0**rho) / marginal(rho) - 0.5, -0.4, -0.25)
    rows = found.values[(found.values["varied"] == "value") & found.values["value"].between(-0.4, -0.25)]
    (row,) = rows.itertuples()
    assert abs(row.value - exact) < 4.0 * row.se
    average = integrate.quad(marginal, -0.4, -0.2)[0] / 0.2
    assert row.likelihood_ratio == pytest.approx(marginal(exact) / average, rel=0.05)
    assert any("effective sample size" in note for note in found.notes)
    assert {"ess", "likelihood_ratio"} <= set(found.curves)


# --- By hand: draws of the prior, weighted ---------------------------------------------------------------------------


def by_hand(prior, event: str, n: int = 2**15) -> tuple[np.ndarray, np.ndarray, dict]:
    """Hits, likelihoods and draws of a plain simulation of the prior."""
    asked = parse_event(event)
    drawn = simulate(prior.without_evidence(), n, n_replicates=16, seed=11, levels=asked.levels or (5.0,))
    log_likelihood = np.zeros(n)
    for item in prior.evidence:
        values = drawn.outcomes.values(item.about) if item.subject.is_outcome else item.subject.values(drawn.draws)
        sd = item.parameters.get("sd_log", item.parameters.get("sd"))
        distance = values - item.parameters["value"]
        if item.likelihood == "lognormal":
            distance = np.log(values / item.parameters["value"])
        log_likelihood -= 0.5 * (distance / sd) ** 2
    return asked.holds(drawn.outcomes), np.exp(log_likelihood), drawn.draws


EVENT = "best_window_months[3] < 12"
YEAR = piece("first_year_ooms", "normal", name="year", unit="OOM", value=1.5, sd=0.4)
PACE = piece("pace_at_compute[0.1]", value=0.6, sd_log=0.2)


def test_variants_given_evidence_about_an_outcome_gain_and_lose_credence():
    given = load_prior("davidson-2025").given([YEAR])
    found = structure(given, event=EVENT, **(HOW | {"n_draws": 8192}))
    hits, likelihood, draws = by_hand(given, EVENT)
    rows = found.variants[found.variants["aspect"] == "retraining mode"].set_index("variant")
    for code, name in ((1, "shortening"), (3, "continual")):
        mine = draws["mode"] == code
        assert rows.loc[name, "credence"] == pytest.approx(0.3)
        assert rows.loc[name, "credence_given"] == pytest.approx(likelihood[mine].sum() / likelihood.sum(), abs=0.01)
        exact = likelihood[mine & hits].sum() / likelihood[mine].sum()
        assert rows.loc[name, "prob"] == pytest.approx(exact, abs=0.02)
    assert abs(rows.loc["continual", "credence_given"] - 0.3) > 0.01
    row = found.aspects.set_index("aspect").loc["retraining mode"]
    whole = found.answer.estimate
    assert row["average"] == pytest.approx(whole.prob, abs=4.0 * whole.se)
    assert whole.prob == pytest.approx(likelihood[hits].sum() / likelihood.sum(), abs=0.02)


def test_variants_that_the_evidence_says_nothing_of_keep_their_credence():
    found = structure(load_prior("davidson-2025").given([PACE]), event=EVENT, **HOW)
    rows = found.variants[found.variants["credence"] > 0.0]
    np.testing.assert_allclose(rows["credence_given"], rows["credence"], rtol=1e-12)


def test_a_member_of_a_pool_alone_keeps_the_evidence_of_the_pool():
    pair = pool("pair", [(load_prior("davidson-2025"), 0.5), (load_prior("epoch-2025"), 0.5)], "s").given([PACE])
    found = structure(pair, event=EVENT, **HOW)
    rows = found.variants[found.variants["aspect"] == "prior set"].set_index("variant")
    hits, likelihood, draws = by_hand(pair, EVENT)
    for code, name in enumerate(("davidson-2025", "epoch-2025")):
        mine = draws["prior_set"] == code
        assert rows.loc[name, "credence_given"] == pytest.approx(likelihood[mine].sum() / likelihood.sum(), abs=0.02)
        assert rows.loc[name, "prob"] == pytest.approx(likelihood[mine & hits].sum() / likelihood[mine].sum(), abs=0.03)


def test_bars_are_shapley_values_of_mixed_sets_weighted_by_hand():
    first = load_prior("davidson-2025")
    other = first.replaced({"lam": uniform("lam", 0.5, 0.9)}).given([PACE, YEAR])
    found = compare(first, other, event=EVENT, **(HOW | {"n_draws": 8192}))
    value = {}
    for has_lam in (False, True):
        for has_evidence in (False, True):
            base = other if has_lam else first
            hits, likelihood, _ = by_hand(base.given(other.evidence if has_evidence else ()), EVENT)
            value[has_lam, has_evidence] = likelihood[hits].sum() / likelihood.sum()
    exact = {
        "lam": 0.5 * (value[True, False] - value[False, False] + value[True, True] - value[False, True]),
        "evidence": 0.5 * (value[False, True] - value[False, False] + value[True, True] - value[True, False]),
    }
    bars = found.bars.set_index("block")
    assert set(bars.index) == set(exact)
    for block, change in exact.items():
        assert bars.loc[block, "change"] == pytest.approx(change, abs=4.0 * bars.loc[block, "se"] + 0.004)
    assert bars["change"].sum() == pytest.approx(found.changes["change"].iloc[0], abs=1e-12)
    assert any("Evidence is a block of its own" in note for note in found.notes)
    assert "pace_at_compute[0.1]" in found.differences.set_index("block").loc["evidence", "of_against"]
    assert not found.densities["quantity"].eq("evidence").any()


def test_the_same_evidence_on_both_sides_is_no_block_and_conditions_every_set():
    first = load_prior("davidson-2025").given([PACE])
    found = compare(first, first.replaced({"lam": uniform("lam", 0.5, 0.9)}), event=EVENT, **HOW)
    assert list(found.bars["block"]) == ["lam"]
    assert found.sets["ess"].notna().all()
    assert any("state the same evidence" in note for note in found.notes)


def test_a_pool_before_and_after_its_evidence_differs_in_that_alone():
    before = load_prior("agnostic")
    found = compare(before, before.given([PACE]), event=EVENT, **HOW)
    assert list(found.bars["block"]) == ["evidence"]
    hits, likelihood, _ = by_hand(before.given([PACE]), EVENT)
    assert found.sets["prob"].iloc[1] == pytest.approx(likelihood[hits].sum() / likelihood.sum(), abs=0.02)


def test_evidence_about_what_only_one_set_has_is_taken_with_it():
    changes = {
        "mode": entry("mode", {"family": "fixed", "value": "continual"}, source="s"),
        "rho_long": uniform("rho_long", -0.3, -0.1),
        "reconfiguration_half_life_months": entry(
            "reconfiguration_half_life_months", {"family": "fixed", "value": 12.0}, unit="months", source="s"
        ),
    }
    first = load_prior("davidson-houlden-2025").pinned("mode", "continual")
    other = first.replaced(changes | {"lam": uniform("lam", 0.5, 0.9)})
    other = other.given([piece("rho_long", "normal", unit="1", value=-0.2, sd=0.05)])
    found = compare(first, other, event=EVENT, **HOW)
    assert set(found.bars["block"]) == {"substitution + evidence", "lam"}
    assert any("are taken together" in note and "rho_long" in note for note in found.notes)


def test_correlated_sets_are_asked_given_evidence():
    tied = (
        load_prior("davidson-2025").replaced({}, correlations=[Correlation(("r", "lam"), 0.6, "s")]).given([PACE, YEAR])
    )
    answer = common_draws(EVENT, priors=[tied], **(HOW | {"n_draws": 8192}))
    hits, likelihood, draws = by_hand(tied, EVENT)
    assert np.corrcoef(np.log(draws["r"]), np.log(draws["lam"]))[0, 1] > 0.4
    found = answer.ask(tied).estimate
    assert abs(found.prob - likelihood[hits].sum() / likelihood.sum()) < 4.0 * found.se + 0.005
    bars = compare(tied, tied.without_evidence(), event=EVENT, **HOW).bars
    assert list(bars["block"]) == ["evidence"]
