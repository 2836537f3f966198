"""The error bars mean what they say, and nothing but the seed and the sizes moves a number."""

import math
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats
from tests_settings import INTERPRETED

from mc_sie import doubled, evaluate, load_prior, simulate, summarise
from mc_sie.analysis.estimates import Estimate
from mc_sie.analysis.summary import estimate_event
from mc_sie.engine.run import Simulation
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, parse_event
from mc_sie.outcomes import Outcomes

CHEAP = "davidson-houlden-2025"
SCHEMES = ("sobol", "philox")
SMALL = 32 if INTERPRETED else 1024
EVENT = parse_event(HEADLINE)

statistical = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


def assert_same_bits(one: Simulation, other: Simulation) -> None:
    assert one.design == other.design
    assert set(one.draws) == set(other.draws)
    for name in one.draws:
        assert one.draws[name].dtype == other.draws[name].dtype
        np.testing.assert_array_equal(one.draws[name], other.draws[name], err_msg=name)
    for field in fields(Outcomes):
        ours, theirs = getattr(one.outcomes, field.name), getattr(other.outcomes, field.name)
        assert ours.tobytes() == theirs.tobytes(), field.name


# --- Nothing but the seed and the sizes moves a number ---


@pytest.mark.parametrize("scheme", SCHEMES)
def test_threads_and_batches_change_no_bit(scheme):
    prior = load_prior("agnostic")  # all retraining modes but one, absent quantities, a pool
    how = {"seed": 5, "scheme": scheme, "n_replicates": 4}
    plain = simulate(prior, SMALL, threads=1, **how)
    for threads, batch in ((4, None), (2, 4096), (2, 17), (3, SMALL // 4 + 1), (1, 5)):
        assert_same_bits(plain, simulate(prior, SMALL, threads=threads, batch=batch, **how))


def test_a_batch_of_nothing_is_refused_and_no_rows_are_no_outcomes():
    with pytest.raises(InputError, match="batch = 0 is below 1"):
        simulate(load_prior(CHEAP), SMALL, n_replicates=4, batch=0)
    assert evaluate({"rho": [], "r": []}, levels=(5,)).months_to.shape == (0, 1)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_doubling_is_simulating_twice_the_draws(scheme):
    prior = load_prior("davidson-2025")
    how = {"seed": 6, "scheme": scheme, "n_replicates": 4, "levels": (2.5, 5), "widths": (12,)}
    twice = doubled(doubled(simulate(prior, SMALL // 4, **how), threads=2, batch=13), threads=1)
    assert_same_bits(twice, simulate(prior, SMALL, **how))


def test_another_seed_gives_other_draws():
    prior = load_prior(CHEAP)
    one, other = (simulate(prior, SMALL, seed=seed, n_replicates=4) for seed in (1, 2))
    assert not np.isin(one.draws["r"], other.draws["r"]).any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_further_quantity_moves_no_other_draw(tmp_path, scheme):
    file = tmp_path / "more.toml"
    file.write_text(
        f'title = "one more"\nextends = "{CHEAP}"\n[labour_multiplier]\nfamily = "loguniform"\nlow = 100\nhigh = 1000\n'
        'unit = "x"\nsource = "test"\n[mode]\nfamily = "categorical"\nvalues = { none = 0.5, continual = 0.5 }\n'
        'source = "test"\n'
    )
    before = simulate(load_prior(CHEAP), SMALL, seed=7, scheme=scheme, n_replicates=4)
    after = simulate(load_prior(file), SMALL, seed=7, scheme=scheme, n_replicates=4)
    changed = {
        name for name in before.draws if not np.array_equal(before.draws[name], after.draws[name], equal_nan=True)
    }
    assert changed == {"labour_multiplier", "mode"}
    # with rho = 0 and a given speed-up labour_multiplier has no effect: mode none keeps its outcomes to rounding
    same = after.draws["mode"] == 0
    assert 0.2 < same.mean() < 0.8
    np.testing.assert_allclose(after.outcomes.months_to[same], before.outcomes.months_to[same], rtol=1e-9)


def test_more_replicates_leave_the_first_ones_as_they_are():
    prior = load_prior(CHEAP)
    few = simulate(prior, SMALL // 2, seed=8, n_replicates=4)
    many = simulate(prior, SMALL, seed=8, n_replicates=8)
    np.testing.assert_array_equal(many.draws["r"][: SMALL // 2], few.draws["r"])


def test_the_share_of_a_mode_is_its_credence():
    draws = simulate(load_prior("davidson-2025"), SMALL, n_replicates=4).draws["mode"]
    by_replicate = (draws.reshape(4, -1) == 1).mean(axis=1)
    assert (by_replicate == 0.5).all()  # one dimension of a scrambled net splits evenly


# --- The error bars mean what they say ---

N_SEEDS, N_REPLICATES, N_DRAWS = 60, 16, 2048
"""128 draws a replicate: the fewest with which Sobol' points are far better than independent ones on this event."""


@pytest.fixture(scope="module")
def reference() -> Estimate:
    """The probability to a tenth of the error of the small designs."""
    estimate = estimate_event(simulate(load_prior(CHEAP), 2**17, seed=2**40, levels=(5,), widths=()), EVENT)
    assert estimate.se < 4e-4
    return estimate


@pytest.fixture(scope="module", params=["sobol", "philox"])
def estimates(request) -> list:
    prior = load_prior(CHEAP)
    return [
        estimate_event(
            simulate(
                prior, N_DRAWS, seed=seed, scheme=request.param, n_replicates=N_REPLICATES, levels=(5,), widths=()
            ),
            EVENT,
        )
        for seed in range(N_SEEDS)
    ]


@statistical
def test_intervals_cover_the_reference_at_their_level(estimates, reference):
    covered = sum(estimate.low <= reference.prob <= estimate.high for estimate in estimates)
    # a right interval fails this with probability 1e-3; one that is too short by half covers 59 % and fails it
    low, high = stats.binom.ppf([0.0005, 0.9995], N_SEEDS, 0.9)
    assert low <= covered <= high
    assert low > stats.binom.ppf(0.99, N_SEEDS, stats.norm.cdf(0.8224) * 2 - 1)


@statistical
def test_standard_errors_are_as_large_as_the_spread_over_seeds(estimates, reference):
    probs = np.array([estimate.prob for estimate in estimates])
    squared = np.mean([estimate.se**2 for estimate in estimates])
    ratio = probs.var(ddof=1) / squared
    low, high = stats.f.ppf([0.0005, 0.9995], N_SEEDS - 1, N_SEEDS * (N_REPLICATES - 1))
    assert low < ratio < high
    assert abs(probs.mean() - reference.prob) < 3.3 * math.sqrt(squared / N_SEEDS + reference.se**2)  # unbiased


@statistical
def test_sobol_is_more_accurate_than_plain_monte_carlo():
    prior, n, n_replicates = load_prior(CHEAP), 8192, 32
    estimate = {
        scheme: estimate_event(simulate(prior, n, seed=9, scheme=scheme, n_replicates=n_replicates), EVENT)
        for scheme in ("sobol", "philox")
    }
    binomial = math.sqrt(estimate["philox"].prob * (1 - estimate["philox"].prob) / n)
    low, high = np.sqrt(stats.chi2.ppf([0.0005, 0.9995], n_replicates - 1) / (n_replicates - 1))
    assert low < estimate["philox"].se / binomial < high  # plain Monte Carlo has the binomial error
    # two errors from 32 replicates that measure the same thing differ by less than this, but once in a thousand
    same = math.sqrt(stats.f.ppf(0.999, n_replicates - 1, n_replicates - 1))
    assert estimate["sobol"].se * same < estimate["philox"].se


@statistical
def test_the_error_falls_faster_than_the_root_of_the_draws():
    prior = load_prior(CHEAP)
    small = simulate(prior, 2048, seed=10)
    large = simulate(prior, 32768, seed=10)
    assert estimate_event(large, EVENT).se < estimate_event(small, EVENT).se / 4  # plain Monte Carlo: exactly 4


@statistical
def test_every_probability_in_the_table_covers_a_larger_run():
    prior = load_prior(CHEAP)
    small, large = (summarise(simulate(prior, n, seed=n)).thresholds for n in (2048, 32768))
    assert (small[["counted", "ooms", "months"]] == large[["counted", "ooms", "months"]]).all().all()
    missed = 0
    for one, truth in zip(small.itertuples(), large.itertuples(), strict=True):
        if one.interval.startswith("t"):
            missed += (
                not one.low - 2 * (truth.high - truth.low) <= truth.prob <= one.high + 2 * (truth.high - truth.low)
            )
        else:
            assert one.low <= truth.prob <= one.high  # an exact bound on quasi-random points is conservative
    assert missed <= 0.25 * len(small)  # a tenth on average; the rows are far from independent
