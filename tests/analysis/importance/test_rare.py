"""Rare events: the estimate is right down to 1e-10, its interval means what it says, and no region is lost."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from blank import blank_outcomes
from pieces import conjugate, piece, prob_pace_above
from scipy import integrate, special, stats
from tests_settings import INTERPRETED

from mc_sie import InputError, load_prior, simulate
from mc_sie.analysis.importance import rare, subset_simulation
from mc_sie.analysis.importance.proposal import Found
from mc_sie.analysis.importance.rare import Rare, estimate_rare
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.events import parse_event
from mc_sie.stats.stopping import Precision

compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")

TWO_QUANTITIES = """
title = "closed form"
[rho]
family = "fixed"
value = 0.0
unit = "1"
source = "test"
[r]
family = "fixed"
value = 0.5
unit = "1"
source = "test"
[alpha_compute]
family = "fixed"
value = 0.4
unit = "1"
source = "test"
[labour_multiplier]
family = "lognormal"
median = 100
sd_log = 1.0
unit = "x"
source = "test"
[lam]
family = "uniform"
low = 0.5
high = 1.0
unit = "1"
source = "test"
[mode]
family = "categorical"
values = { none = NONE, from_scratch = REST }
source = "test"
"""


@pytest.fixture
def prior(tmp_path):
    return with_modes(tmp_path, 0.5)


def with_modes(folder, none: float):
    file = folder / "two.toml"
    file.write_text(TWO_QUANTITIES.replace("NONE", repr(none)).replace("REST", repr(1.0 - none)))
    return load_prior(file)


def exact(pace: float) -> float:
    """P(pace_initial > pace): with rho = 0 the pace is L^(0.6 lam), L lognormal and lam uniform."""

    def given(lam: float) -> float:
        return stats.norm.sf(math.log(pace) / (0.6 * lam) - math.log(100))

    return 2.0 * integrate.quad(given, 0.5, 1.0, epsabs=0.0, epsrel=1e-10)[0]


def ask(prior, pace: float, n_draws: int = 4096, **how) -> Rare:
    return estimate_rare(prior, f"pace_initial > {pace:g}", n_draws, **{"horizon_months": 0.1, "threads": 1} | how)


# --- A probability that is known ---


@compiled
@pytest.mark.parametrize(("pace", "magnitude"), [(10, -0.5), (100, -4), (300, -7.7), (500, -9.9)])
def test_a_known_probability_is_found(prior, pace, magnitude):
    truth = exact(pace)
    assert math.log10(truth) == pytest.approx(magnitude, abs=0.2)
    found = ask(prior, pace)
    assert abs(found.answer.prob - truth) < 4.0 * found.answer.se
    assert found.answer.se < 0.02 * truth
    assert found.warnings == ()
    assert found.gain > 0.01 / truth if truth < 1e-3 else "without estimate_rare" in found.method


@compiled
@pytest.mark.parametrize("spearman", [0.6, -0.6])
@pytest.mark.parametrize("pace", [30, 100])
def test_a_known_probability_is_found_when_the_priors_are_correlated(tmp_path, spearman, pace):
    with_modes(tmp_path, 0.5)
    pair = f'between = ["lam", "labour_multiplier"]\nspearman = {spearman}\nsource = "test"\n'
    child = 'title = "correlated"\nextends = "two.toml"\n[[correlation]]\n' + pair
    (tmp_path / "correlated.toml").write_text(child)
    prior = load_prior(tmp_path / "correlated.toml")
    corr = 2.0 * math.sin(math.pi * spearman / 6.0)

    def given(z: float) -> float:
        lam = 0.5 + 0.5 * stats.norm.cdf(z)
        needed = math.log(pace) / (0.6 * lam) - math.log(100)
        return stats.norm.pdf(z) * stats.norm.sf((needed - corr * z) / math.sqrt(1.0 - corr**2))

    truth = integrate.quad(given, -9.0, 9.0, points=[0.0, 2.0, 4.0], epsabs=0.0, epsrel=1e-10, limit=400)[0]
    found = ask(prior, pace)
    assert abs(found.answer.prob - truth) < 4.0 * found.answer.se
    assert found.answer.se < 0.05 * truth
    plain = estimate_event(simulate(prior, 2**14, horizon_months=0.1, threads=1), parse_event(f"pace_initial > {pace}"))
    assert abs(plain.prob - truth) < 4.0 * plain.se if truth > 1e-3 else plain.high > truth


@compiled
def test_intervals_cover_the_truth_at_their_level(prior):
    n_seeds, truth = 20, exact(60)
    answers = [ask(prior, 60, 2048, seed=seed).answer for seed in range(n_seeds)]
    covered = sum(answer.low <= truth <= answer.high for answer in answers)
    assert covered >= stats.binom.ppf(0.001, n_seeds, 0.9)
    errors = np.array([(answer.prob - truth) / answer.se for answer in answers])
    assert abs(errors.mean()) < 3.5 / math.sqrt(n_seeds)
    low, high = stats.f.ppf([0.0005, 0.9995], n_seeds, 31 * n_seeds)
    assert low < (errors**2).mean() < high


@compiled
def test_threads_change_no_bit_and_doubling_is_a_larger_run(prior):
    one = ask(prior, 100)
    two = ask(prior, 100, threads=2)
    assert one.answer == two.answer
    pd.testing.assert_frame_equal(one.hits, two.hits)
    grown = ask(prior, 100, 1024, precision=Precision(rel_se=0.5 * one.answer.se / one.answer.prob), max_draws=4096)
    assert grown.design == one.design
    assert grown.answer == one.answer
    assert ask(prior, 100, 1024, precision=Precision(rel_se=0.5)).design.n_draws == 1024
    assert ask(prior, 100, seed=1).answer != one.answer


@compiled
def test_hits_carry_weights_that_add_up_to_the_probability(prior):
    found = ask(prior, 100)
    assert len(found.hits) == found.answer.n_hits
    assert (found.hits["pace_initial"] > 100).all()
    assert 0.0 < found.hits["weight"].min() <= found.hits["weight"].max() <= 1.0 / subset_simulation.PRIOR_SHARE
    assert found.hits["weight"].sum() / found.design.n_draws == pytest.approx(found.answer.prob, rel=1e-12)
    assert found.shifts["quantity"][0] == "labour_multiplier"
    assert set(found.shifts["quantity"]) == {"labour_multiplier", "lam", "mode"}
    low, high = map(float, found.shifts["hits"][0].removesuffix(" x").split(" to "))
    assert 1000 < low < high < 1e5


@compiled
def test_plain_points_do_too(prior):
    found = ask(prior, 100, scheme="philox")
    assert abs(found.answer.prob - exact(100)) < 4.0 * found.answer.se


# --- Regions that are easily lost ---


@compiled
def test_a_rare_mode_is_found(tmp_path):
    event = "n_deployments >= 3"  # none are counted in the mode that nearly all worlds have
    only, mixed = with_modes(tmp_path, 1e-9), with_modes(tmp_path, 0.9999)
    how = {"horizon_months": 24.0, "threads": 1}
    conditional = estimate_event(simulate(only, 2**13, levels=(), widths=(), **how), parse_event(event))
    assert 0.001 < conditional.prob < 0.1
    found = estimate_rare(mixed, event, 2048, **how)
    error = math.hypot(found.answer.se / found.answer.prob, conditional.se / conditional.prob)
    assert abs(found.answer.prob / (1e-4 * conditional.prob) - 1.0) < 4.0 * error
    assert found.shifts["quantity"][0] == "mode"
    assert found.shifts["prior"][0] == "from_scratch 0.0 %"
    assert found.shifts["hits"][0] == "from_scratch 100 %"


def two_ends(low: float, high: float, dimension: str = "labour_multiplier"):
    """A model whose event, pace_initial > 0, holds at both ends of one quantity."""

    def simulate_points(prior, uniforms, horizon_months, levels, widths, **how):
        z = special.ndtri(uniforms[dimension])
        outcomes = blank_outcomes(len(z), levels, widths)
        outcomes.pace_initial[:] = np.maximum(z - high, low - z)
        return prior.values(uniforms), outcomes

    return simulate_points


def instead_of_the_model(monkeypatch, function):
    for module in (subset_simulation, rare):
        monkeypatch.setattr(module, "simulate_points", function)


@compiled
@pytest.mark.parametrize(("low", "high"), [(-3.0, 3.0), (-4.5, 4.0)])
def test_both_ends_of_a_quantity_are_found(prior, monkeypatch, low, high):
    instead_of_the_model(monkeypatch, two_ends(low, high))
    truth = stats.norm.cdf(low) + stats.norm.sf(high)
    found = ask(prior, 0)
    assert abs(found.answer.prob - truth) < 4.0 * found.answer.se
    assert found.answer.se < 0.05 * truth
    is_low = found.hits["labour_multiplier"] < 100
    share = found.hits["weight"][is_low].sum() / found.hits["weight"].sum()
    assert share == pytest.approx(stats.norm.cdf(low) / truth, abs=0.05)
    assert found.warnings == ()


def test_draws_that_fail_leave_bounds_by_their_share_of_the_prior(prior, small, monkeypatch):
    """Draws above two standard deviations fail: 2.3 % of the prior, in which the event may hold."""
    honest = two_ends(-2.0, math.inf)

    def simulate_points(prior, uniforms, *arguments, **options):
        draws, outcomes = honest(prior, uniforms, *arguments, **options)
        outcomes.status[uniforms["labour_multiplier"] > stats.norm.cdf(2.0)] = 4
        return draws, outcomes

    instead_of_the_model(monkeypatch, simulate_points)
    found = ask(prior, 0, 4096, n_replicates=8)
    tail = stats.norm.sf(2.0)
    assert found.n_failed > 0
    assert found.share_failed == pytest.approx(tail, rel=3.0 / math.sqrt(found.n_failed))  # few draws go there
    assert found.answer.prob == pytest.approx(tail / (1.0 - tail), rel=0.1)
    low, high = map(float, re.search(r"lies between (\S+) % and (\S+) %", found.failed_in_words).groups())
    assert low == pytest.approx(100 * tail, rel=0.1)
    assert high == pytest.approx(low + 100 * found.share_failed, abs=0.1)


@compiled
def test_a_region_that_the_search_missed_is_counted_and_said(prior, monkeypatch):
    instead_of_the_model(monkeypatch, two_ends(-2.5, 2.5))
    search = subset_simulation.search

    def blind(*arguments):
        found, n_hits = search(*arguments)
        place = {one.cell.label: one.cell.names.index("labour_multiplier") for one in found}
        upper = [[hits[hits[:, place[one.cell.label]] > 0] for hits in one.hits] for one in found]
        return [Found(one.cell, hits, one.prob) for one, hits in zip(found, upper, strict=True)], n_hits

    monkeypatch.setattr(subset_simulation, "search", blind)
    found = ask(prior, 0, 2**14)
    assert abs(found.answer.prob - 2.0 * stats.norm.sf(2.5)) < 4.0 * found.answer.se
    assert found.beyond_share == pytest.approx(0.5, abs=0.2)
    assert any("where the search did not lead" in warning for warning in found.warnings)


@pytest.fixture
def small(monkeypatch):
    for name, value in {"N_PLAIN": 256, "_N_PARTICLES": 64, "_N_POPULATION_LOW": 32, "_N_TRIAL": 128}.items():
        monkeypatch.setattr(subset_simulation, name, value)


def test_nothing_found_is_a_bound_from_the_draws_of_the_prior(prior, small):
    found = ask(prior, 1e30, 128, n_replicates=4)
    assert not found.is_found
    assert found.answer.interval == "binomial upper"
    assert found.answer.n_draws == found.n_plain == 128 + 256
    assert found.answer.high == pytest.approx(3.0 / 384, rel=0.01)
    assert found.sentence.startswith("Below 0.78 % (binomial 95 % bound: 0 of 384 draws")
    assert "found no way to the event" in found.method
    assert len(found.hits) == len(found.shifts) == 0


def test_a_small_search_interpreted_or_compiled(prior, small, monkeypatch):
    instead_of_the_model(monkeypatch, two_ends(-2.0, 2.0))
    found = ask(prior, 0, 512, n_replicates=8)
    assert abs(found.answer.prob - 2.0 * stats.norm.sf(2.0)) < 5.0 * found.answer.se + 0.01
    assert found._repr_html_().startswith(f"<p>{found.sentence}")


# --- The shipped sets ---


@compiled
def test_the_economists_headline_agrees_with_brute_force():
    found = estimate_rare(load_prior("economists"), n_draws=4096, threads=1)
    brute, draws = BRUTE_ECONOMISTS
    error = math.hypot(found.answer.se, math.sqrt(brute) / draws)
    assert abs(found.answer.prob - brute / draws) < 3.5 * error
    assert found.gain > 20


BRUTE_ECONOMISTS = (1059, 15_728_640)
"""Hits among plain draws of the prior, Philox, as in docs/decisions/0006-rare-events.md."""


# --- Parts ---


def test_warnings_are_given(prior, small, monkeypatch):
    instead_of_the_model(monkeypatch, two_ends(-2.0, 2.0))
    found = ask(prior, 0, 64, n_replicates=4)
    assert any("of equal weight" in warning for warning in found.warnings)


def test_what_cannot_be_asked(prior, tmp_path):
    fixed = tmp_path / "fixed.toml"
    text = TWO_QUANTITIES.replace('family = "lognormal"\nmedian = 100\nsd_log = 1.0', 'family = "fixed"\nvalue = 100')
    text = text.replace('family = "uniform"\nlow = 0.5\nhigh = 1.0', 'family = "fixed"\nvalue = 0.5')
    text = text.replace(
        'family = "categorical"\nvalues = { none = NONE, from_scratch = REST }', 'family = "fixed"\nvalue = "none"'
    )
    fixed.write_text(text)
    with pytest.raises(InputError, match="has nothing to search"):
        ask(load_prior(fixed), 10)


# --- Given evidence ---


@compiled
@pytest.mark.parametrize("pace", [100.0, 300.0, 700.0])
def test_a_known_probability_given_evidence_is_found(tmp_path, pace):
    """The reading is of a quantity that is correlated with the one that decides."""
    found = ask(conjugate(tmp_path), pace, 16_384)
    truth = prob_pace_above(pace)
    assert abs(found.answer.prob - truth) < 4.0 * found.answer.se
    assert found.answer.se < 0.04 * truth
    assert found.warnings == ()
    assert "given the evidence the draws are worth" in found.method
    assert "given 1 piece of evidence" in found.sentence
    assert found.answer.ess > 0.1 * found.design.n_draws


@compiled
def test_its_interval_given_evidence_covers(tmp_path):
    truth, prior = prob_pace_above(100.0), conjugate(tmp_path)
    answers = [ask(prior, 100.0, 1024, seed=seed).answer for seed in range(12)]
    assert sum(one.low <= truth <= one.high for one in answers) >= 8  # of 90 % intervals; fewer in 0.4 % of cases
    assert abs(np.mean([one.prob for one in answers]) - truth) < 4.0 * math.hypot(*(one.se for one in answers)) / 12


@compiled
def test_given_evidence_a_shipped_set_agrees_with_draws_that_are_kept():
    prior = load_prior("economists-evidence")
    found = estimate_rare(prior, "best_window[5] < 12", 8192, threads=1)
    kept = estimate_event(simulate(prior, 8192, seed=5), parse_event("best_window[5] < 12"))
    assert abs(found.answer.prob - kept.prob) < 4.0 * math.hypot(found.answer.se, kept.se)
    assert found.answer.se < 0.005


@compiled
def test_evidence_about_outcomes_is_weighed_in_the_search_too():
    prior = load_prior("davidson-2025").given([piece("first_year_ooms", "normal", unit="OOM", value=1.0, sd=1.5)])
    event = "best_window[5] < 6"
    found = estimate_rare(prior, event, 4096, threads=1)
    kept = estimate_event(simulate(prior, 2**15, seed=5), parse_event(event))
    assert 0.0 < kept.prob < 0.05
    assert abs(found.answer.prob - kept.prob) < 4.0 * math.hypot(found.answer.se, kept.se)


@compiled
def test_an_event_that_no_draw_given_evidence_has_is_bounded(tmp_path):
    found = estimate_rare(conjugate(tmp_path), "pace_initial > 1e60", 1024, horizon_months=0.1, threads=1)
    assert found.answer.prob == 0.0
    assert found.answer.n_hits == 0
    # 95 %: three over the effective sample size, or more, since one unseen draw may have the largest weight
    assert 2.9 / found.answer.ess < found.answer.high < 0.1
    assert "found no way to the event" in found.method
