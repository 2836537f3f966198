"""Reweighting against closed forms and reruns, and where it must refuse."""

import math

import numpy as np
import pytest
from scipy import stats
from tests_settings import INTERPRETED

from mc_sie import load_prior, reweight, simulate
from mc_sie.analysis.psis import pareto_k
from mc_sie.analysis.reweight import ESS_LOW, log_densities
from mc_sie.analysis.sample import Sample, sample_of
from mc_sie.analysis.summary import estimate_event
from mc_sie.events import HEADLINE, parse_event
from mc_sie.priors import entry
from mc_sie.priors.dependence import Correlation
from mc_sie.priors.evidence import Evidence
from mc_sie.quantities import QUANTITIES

N, R = (2048, 4) if INTERPRETED else (2**16, 32)
EVENT = parse_event(HEADLINE)
SURE = 4.5


def law(name, family="lognormal", **parameters):
    return entry(name, {"family": family, **parameters}, unit=QUANTITIES[name].unit, source="s")


def returns(median=1.2, sd_log=0.4):
    return law("r", median=median, sd_log=sd_log, truncate_low=0.01, truncate_high=100.0)


BASE = load_prior("davidson-2025").replaced(
    {"r": returns(), "alpha_compute": law("alpha_compute", "uniform", low=0.3, high=0.7)}
)


def drawn(prior, n=N, **how):
    return simulate(prior, n, n_replicates=R, levels=(5.0,), **how)


@pytest.fixture(scope="module")
def sample() -> Sample:
    if INTERPRETED:
        pytest.skip("thousands of trajectories, to be worth five thousand after weighting")
    return sample_of(drawn(BASE), EVENT)


def with_r(**changes):
    return BASE.replaced({"r": returns(**changes)})


def test_a_shifted_normal_has_its_mean(sample):
    """A wrong sign of the log ratio has as good a k-hat, and the mean on the other side."""
    found = reweight(sample, with_r(median=1.2 * math.exp(0.4)))
    assert found.is_accepted
    x = np.log(np.asarray(sample.draws["r"]))
    mean = np.average((x - math.log(1.2)) / 0.4, weights=found.sample.weights)
    assert mean == pytest.approx(1.0, abs=0.02)
    assert found.ess == pytest.approx(N / math.e, rel=0.05)


@pytest.mark.parametrize(("k", "n"), [(0.2, 4000), (0.5, 20_000), (0.9, 4000)])
def test_k_hat_is_that_of_arviz(k, n):
    from arviz_stats.base import array_stats

    log_weights = stats.genpareto(k).rvs(n, random_state=1)
    _, expected = array_stats.psislw(-np.log(log_weights))  # negated log ratios
    assert pareto_k(log_weights) == pytest.approx(float(expected), abs=0.02)


def test_a_shift_by_one_is_fine_by_two_not_without_warning_and_twice_the_spread_must_rerun(sample):
    one, two = (reweight(sample, with_r(median=1.2 * math.exp(0.4 * shift))) for shift in (1.0, 2.0))
    assert one.is_accepted
    assert not one.warnings
    assert two.warnings
    wide = reweight(sample, with_r(sd_log=0.8))
    assert not wide.is_accepted
    assert any("heavy tail" in reason for reason in wide.reasons)
    assert reweight(sample, with_r(sd_log=0.5)).is_accepted
    assert reweight(sample, with_r(sd_log=0.2)).is_accepted


def changes():
    """Fifty other priors that the run's draws cover: atoms and modes among them, and other coordinates."""
    rng = np.random.default_rng(12)
    for number in range(50):
        new = {}
        if number % 2 == 0:
            new["r"] = returns(median=1.2 * math.exp(0.2 * rng.normal()), sd_log=0.4 * rng.uniform(0.6, 1.1))
        if number % 3 == 0:
            share = rng.uniform(0.1, 0.9)
            values = {"shortening": share, "continual": 1.0 - share}
            new["mode"] = entry("mode", {"family": "categorical", "values": values}, source="s")
        if number % 5 == 0:
            atom = rng.uniform(0.0, 0.2)
            components = [
                {"weight": atom, "family": "fixed", "value": 0.0},
                {"weight": 1.0 - atom, "family": "uniform", "low": -0.3 * rng.uniform(0.5, 1.0), "high": 0.0},
            ]
            new["rho"] = law("rho", "mixture", components=components)
        elif number % 5 == 1:
            new["sigma"] = law("sigma", "uniform", low=rng.uniform(0.75, 0.85), high=rng.uniform(0.9, 1.0))
        elif number % 5 == 2:
            new["max_speed"] = law(
                "max_speed", median=math.exp(rng.uniform(4.6, 6.0)), sd_log=0.8, truncate_low=15.0, truncate_high=1e8
            )
        elif number % 5 == 3:
            new["r_total"] = law("r_total", median=1.2 * rng.uniform(0.8, 1.2), sd_log=0.35, truncate_low=0.05,
                                 truncate_high=50.0)  # fmt: skip
            new.pop("r", None)
        else:
            new["alpha_compute"] = law("alpha_compute", "beta", a=2.0, b=rng.uniform(1.5, 4.0), low=0.3, high=0.7)
        yield BASE.replaced(new)


def test_reweighted_answers_are_those_of_reruns(sample):
    z = []
    for number, target in enumerate(changes()):
        found = reweight(sample, target)
        assert found.is_accepted, found.reasons
        rerun = estimate_event(drawn(target, 2**13, seed=100 + number), EVENT)
        assert not found.answer.is_rare
        if rerun.is_rare:
            assert found.answer.prob < 2.0 * rerun.high  # a bound at 95 %, several times over
            continue
        z.append((found.answer.prob - rerun.prob) / math.hypot(found.answer.se, rerun.se))
    z = np.array(z)
    assert len(z) > 40
    assert np.abs(z).max() < SURE
    assert 0.6 < np.mean(z**2) < 1.7
    assert abs(z.mean()) < 0.6  # the fifty share one run


def test_correlations_count_with_the_density_of_their_copula(sample):
    correlated = BASE.replaced({}, correlations=(Correlation(("r", "alpha_compute"), 0.4, "s"),))
    found = reweight(sample, correlated)
    assert found.is_accepted
    r, alpha = (np.asarray(sample.draws[name]) for name in ("r", "alpha_compute"))
    order = np.array([stats.rankdata(one) for one in (r, alpha)]) / len(r) - 0.5
    spearman = 12.0 * np.average(order[0] * order[1], weights=found.sample.weights)
    assert spearman == pytest.approx(0.4, abs=0.02)
    rerun = estimate_event(drawn(correlated, 2**14, seed=4), EVENT)
    assert abs(found.answer.prob - rerun.prob) < SURE * math.hypot(found.answer.se, rerun.se)
    back = reweight(sample_of(drawn(correlated, 2**15), EVENT), BASE)
    own = estimate_event(drawn(BASE, 2**14, seed=5), EVENT)
    assert abs(back.answer.prob - own.prob) < SURE * math.hypot(back.answer.se, own.se)
    atoms = BASE.replaced({}, correlations=(Correlation(("r", "rho"), 0.4, "s"),))
    assert "rho has values of their own probability" in reweight(sample, atoms).reasons[0]


def test_a_pool_is_the_sum_of_its_members():
    if INTERPRETED:
        pytest.skip("thousands of trajectories, to be worth five thousand after weighting")
    pool = load_prior("agnostic")
    run = sample_of(drawn(pool, 2**17), EVENT)
    for name in ("davidson-2025", "ho-whitfill-2025"):
        found = reweight(run, load_prior(name))
        assert found.is_accepted, found.reasons
        rerun = estimate_event(drawn(load_prior(name), 2**14, seed=6), EVENT)
        if found.answer.is_rare:
            assert found.answer.high > rerun.prob
        else:
            assert abs(found.answer.prob - rerun.prob) < SURE * math.hypot(found.answer.se, rerun.se)
    own = reweight(run, pool)
    assert own.answer.prob == pytest.approx(estimate_event(drawn(pool, 2**17), EVENT).prob, rel=1e-9)


def test_the_same_prior_stated_otherwise_has_weights_of_one(sample):
    for target in (
        BASE,
        BASE.replaced({"mode": BASE.entries["mode"]}, name="other"),
    ):
        found = reweight(sample, target)
        np.testing.assert_allclose(found.sample.weights, 1.0, rtol=1e-9)
        assert found.answer.prob == pytest.approx(sample.hits.mean(), rel=1e-9)
        assert found.from_start is not None
        assert found.modes["share"].sum() == pytest.approx(1.0)


def test_densities_are_those_of_the_model_coordinates():
    """Against the distribution function of rho: a numerical derivative where sigma or max_speed are stated."""
    n = 400
    for name, stated in (
        ("sigma", law("sigma", median=0.6, sd_log=0.3, truncate_low=0.1, truncate_high=0.95)),
        ("max_speed", law("max_speed", median=30.0, sd_log=1.0, truncate_low=2.0)),
        ("r_total", law("r_total", median=1.2, sd_log=0.3, truncate_low=0.1, truncate_high=20.0)),
    ):
        target = BASE.replaced({name: stated, "alpha_compute": law("alpha_compute", "uniform", low=0.3, high=0.7)})
        determined = QUANTITIES[name].determines
        points = {dimension: np.full(n, 0.4) for dimension in target.dimensions}
        step = 1e-5
        levels = np.linspace(0.1, 0.9, n)
        x = [target.values(points | {determined: levels + shift})[determined] for shift in (-step, step)]
        draws = target.values(points | {determined: levels})
        numeric = np.log(2.0 * step / np.abs(x[1] - x[0]))
        flat = target.replaced({determined: law(determined, "uniform", low=float(draws[determined].min()) - 1e-9,
                                                high=float(draws[determined].max()) + 1e-9)})  # fmt: skip
        width = math.log(float(draws[determined].max() - draws[determined].min()))
        one, other = log_densities((target, flat), draws)
        np.testing.assert_allclose(one - other - width, numeric, atol=1e-4)


REFUSED = {
    "an atom that the run lacks": ({"rho": law("rho", "fixed", value=-0.1)}, "rho = -0.1 no probability of its own"),
    "a mode that the run lacks": (
        {"mode": entry("mode", {"family": "categorical", "values": {"none": 0.5, "continual": 0.5}}, source="s")},
        "the run gives mode = none no probability of its own",
    ),
    "a wider support": (
        {"alpha_compute": law("alpha_compute", "uniform", low=0.2, high=0.6)},
        "alpha_compute reaches from 0.2 to 0.6, in the run only from 0.3 to 0.7",
    ),
    "another fixed value": (
        {"labour_multiplier": law("labour_multiplier", "fixed", value=500.0)},
        "labour_multiplier = 500",
    ),
    "what was fixed": (
        {"labour_multiplier": law("labour_multiplier", "uniform", low=500.0, high=1000.0)},
        "labour_multiplier reaches from 500 to 1000, in the run only from 900 to 900",
    ),
    "what was absent": (
        {"speedup_initial": law("speedup_initial", median=8.0, sd_log=0.5)},
        "speedup_initial is absent",
    ),
    "another coordinate beyond the run": (
        {"sigma": law("sigma", "uniform", low=0.3, high=0.95)},
        "of the new prior lies where the run has no draws",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_run_does_not_cover_is_refused(sample, case):
    change, words = REFUSED[case]
    found = reweight(sample, BASE.replaced(change))
    assert not found.is_accepted
    assert any(words in reason for reason in found.reasons), found.reasons


def test_too_few_draws_and_too_large_an_error_are_refused(sample):
    small = reweight(sample_of(drawn(BASE, 4096), EVENT), with_r(sd_log=0.35))
    assert any(f"below {ESS_LOW:,.0f}" in reason for reason in small.reasons)
    target = with_r(sd_log=0.35)
    assert reweight(sample, target, target_se=0.01).is_accepted
    strict = reweight(sample, target, target_se=1e-5)
    assert any("not below --target-se 1e-05" in reason for reason in strict.reasons)


def test_evidence_of_the_new_prior_is_taken_in_and_that_of_the_run_stays(sample):
    poll = Evidence("poll", "pace_tenfold_compute", "lognormal", {"value": 1.6, "sd_log": 0.4}, "x", "s", None, (), "o")
    found = reweight(sample, BASE.given([poll]))
    assert found.is_accepted
    likelihood = np.exp(poll.log_likelihood(poll.subject.values(sample.draws)))
    np.testing.assert_allclose(found.sample.weights, likelihood / likelihood.mean(), rtol=1e-9)
    given = Sample(**{**vars(found.sample), "prior": BASE.given([poll])})
    assert "is conditioned on 'poll'" in reweight(given, BASE).reasons[0]
    again = reweight(given, BASE.given([poll]))
    np.testing.assert_allclose(again.sample.weights, found.sample.weights, rtol=1e-9)
    unstored = Evidence("x", "months_to[7]", "normal", {"value": 5.0, "sd": 1.0}, "months", "s", None, (), "o")
    assert "which the run did not store" in reweight(sample, BASE.given([unstored])).reasons[0]
