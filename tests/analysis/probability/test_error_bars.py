"""The error bars mean what they say, and nothing but the seed and the sizes moves a number."""

import math
from dataclasses import fields

import numpy as np
import pytest
from scipy import optimize, stats
from tests_settings import INTERPRETED

from mc_sie import doubled, evaluate, load_prior, simulate, summarise
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.run import Simulation
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, parse_event
from mc_sie.outcomes import Outcomes
from mc_sie.sampling import Design, plan, points
from mc_sie.stats.estimates import Estimate, estimate_from_counts, estimate_weighted, student_t
from mc_sie.stats.stopping import REPLICATES_LOW, Precision

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
    n = draws.size // 4
    by_replicate = (draws.reshape(4, -1) == 1).sum(axis=1)
    assert (abs(by_replicate - 0.3 * n) < 1.0).all()  # one dimension of a scrambled net splits as evenly as can be


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
    truth = summarise(simulate(prior, 2**17, seed=2**40)).thresholds
    covered = []
    for seed in range(60):
        table = summarise(simulate(prior, 1024, seed=seed)).thresholds
        assert (table[["counted", "ooms", "months"]] == truth[["counted", "ooms", "months"]]).all(axis=None)
        covered.append(((table["low"] <= truth["prob"]) & (truth["prob"] <= table["high"])).mean())
    # the error of the larger run, a tenth of that of the small ones, takes at most a point from the level
    assert lowest_share(0.89, covered) < np.mean(covered) < 0.97


# --- Hundreds of events of known probability on the points themselves ---


class Cheap:
    """An event of the unit cube: a threshold, a box, a sum or a product of uniforms, of a probability that is known."""

    def __init__(self, rng: np.random.Generator, low: float, high: float) -> None:
        self.shape = ("threshold", "box", "sum", "product")[rng.integers(4)]
        n = 1 if self.shape == "threshold" else int(rng.integers(1, 5))
        self.dimensions = rng.choice(8, n, replace=False)
        self.prob = math.exp(rng.uniform(math.log(low), math.log(high)))
        if self.shape == "sum":
            self.cut = optimize.brentq(lambda x: _irwin_hall(n, x) - self.prob, 0.0, n)
        else:  # minus the logarithm of a product of uniforms has a gamma distribution
            self.cut = stats.gamma(n).ppf(1.0 - self.prob) if self.shape == "product" else self.prob ** (1.0 / n)

    def hits(self, uniforms: list[np.ndarray]) -> np.ndarray:
        taken = [uniforms[place] for place in self.dimensions]
        if self.shape == "sum":
            return np.sum(taken, axis=0) < self.cut
        if self.shape == "product":
            return -np.sum(np.log(taken), axis=0) > self.cut
        return np.max(taken, axis=0) < self.cut


def _irwin_hall(n: int, x: float) -> float:
    """Distribution function of a sum of n uniforms."""
    return sum((-1) ** k * math.comb(n, k) * max(x - k, 0.0) ** n for k in range(n + 1)) / math.factorial(n)


def cheap_events(seed: int, n: int, low: float, high: float) -> list[Cheap]:
    rng = np.random.default_rng(seed)
    return [Cheap(rng, low, high) for _ in range(n)]


def uniforms_of(design: Design) -> list[np.ndarray]:
    return [points(design, dimension, 0, design.n_draws) for dimension in range(8)]


def estimates_by_seed(
    events: list[Cheap], n_seeds: int, n_draws: int, n_replicates: int
) -> list[list[tuple[Cheap, Estimate, np.ndarray]]]:
    """Every event, its estimate and the hits of each replicate, seed by seed."""
    found = []
    for seed in range(n_seeds):
        design = plan(n_draws, seed=seed, n_replicates=n_replicates)
        uniforms, size = uniforms_of(design), np.full(n_replicates, design.n_per_replicate)
        counts = [event.hits(uniforms).reshape(n_replicates, -1).sum(axis=1) for event in events]
        found.append(
            [
                (event, estimate_from_counts(hits, size, "sobol"), hits)
                for event, hits in zip(events, counts, strict=True)
            ]
        )
    return found


def lowest_share(share: float, by_seed: list[float]) -> float:
    """What a share, the same on average in every seed, stays above but once in a thousand times.

    Events of one seed share its points, so that seeds are what is independent.
    """
    return share + stats.t.ppf(0.001, len(by_seed) - 1) * stats.sem(by_seed)


@statistical
@pytest.mark.parametrize("n_replicates", [2, 8, 32])
def test_intervals_cover_whatever_the_event_and_the_replicates(n_replicates):
    """Without a floor under the error these cover 61, 83 and 88 %."""
    by_seed = []
    for found in estimates_by_seed(cheap_events(1, 300, 0.02, 0.98), 20, 4096, n_replicates):
        known = [(event, one) for event, one, _ in found if one.interval == "t"]
        by_seed.append(np.mean([one.low <= event.prob <= one.high for event, one in known]))
    assert lowest_share(0.9, by_seed) < np.mean(by_seed) < 0.97


@statistical
@pytest.mark.parametrize("n_replicates", [8, 32])
def test_replicates_that_agree_have_an_interval_that_covers(n_replicates):
    covered = []
    for found in estimates_by_seed(cheap_events(2, 300, 0.02, 0.98), 30, 4096, n_replicates):
        agreeing = [(event, one) for event, one, hits in found if one.interval == "t" and np.ptp(hits) == 0]
        assert all(one.se > 0.0 for _, one in agreeing)
        covered += [one.low <= event.prob <= one.high for event, one in agreeing]
    assert len(covered) > 150
    assert np.mean(covered) >= stats.binom.ppf(0.001, len(covered), 0.9) / len(covered)


@statistical
def test_binomial_bounds_hold_on_sobol_points():
    """They are exact for independent draws; on average over events they miss less often here."""
    by_seed = []
    for found in estimates_by_seed(cheap_events(3, 300, 1 / 4096, 45 / 4096), 20, 4096, 32):
        bounds = [(event, one) for event, one, _ in found if one.interval == "binomial upper"]
        assert len(bounds) > 100
        by_seed.append(np.mean([event.prob <= one.high for event, one in bounds]))
    assert np.mean(by_seed) > lowest_share(0.95, by_seed)


@statistical
def test_an_estimate_beside_a_bound_has_an_error_that_covers():
    covered = []
    for found in estimates_by_seed(cheap_events(4, 300, 25 / 4096, 60 / 4096), 20, 4096, 32):
        half = student_t(31)
        both = [(event, one) for event, one, _ in found if one.is_rare and one.has_error]
        covered.append(np.mean([abs(one.prob - event.prob) <= half * one.se for event, one in both]))
    assert np.mean(covered) > lowest_share(0.9, covered)


@statistical
def test_a_run_that_stops_by_its_own_error_covers_as_if_it_had_not():
    """Stopping prefers errors that came out small, which with so many replicates costs nothing that is seen."""
    events, rng, n_looks = cheap_events(5, 150, 0.05, 0.95), np.random.default_rng(5), 6
    by_seed = []
    for seed in range(20):
        design = plan(32 * 32 * 2**n_looks, seed=seed, n_replicates=REPLICATES_LOW)
        uniforms = uniforms_of(design)
        covered = []
        for event in events:
            wanted = Precision(target_se=math.exp(rng.uniform(math.log(3e-4), math.log(1e-2))))
            counts = event.hits(uniforms).reshape(REPLICATES_LOW, -1).cumsum(axis=1)
            for size in 32 * 2 ** np.arange(n_looks + 1):
                found = estimate_from_counts(counts[:, size - 1], np.full(REPLICATES_LOW, size), "sobol")
                if wanted.is_reached(found, REPLICATES_LOW):
                    covered.append(found.low <= event.prob <= found.high)
                    break
        by_seed.append(np.mean(covered))
    assert np.mean(by_seed) > lowest_share(0.9, by_seed)


@statistical
@pytest.mark.parametrize(("n_replicates", "low", "high"), [(8, 0.82, 0.87), (REPLICATES_LOW, 0.88, 0.91)])
def test_with_few_replicates_runs_would_stop_at_errors_that_are_small_by_luck(n_replicates, low, high):
    """Independent draws, the worst case: their error falls slowest, so that more looks come near the target."""
    rng, covered = np.random.default_rng(6), []
    while len(covered) < 4000:
        prob, total = rng.uniform(0.1, 0.9), np.zeros(n_replicates, dtype=np.int64)
        wanted = Precision(target_se=math.exp(rng.uniform(math.log(2e-3), math.log(1e-2))))
        for size in 512 // n_replicates * 2 ** np.arange(9):
            total += rng.binomial(size if size == 512 // n_replicates else size // 2, prob, n_replicates)
            found = estimate_from_counts(total, np.full(n_replicates, size), "sobol")
            if wanted.is_reached(found, n_replicates):
                covered.append(found.low <= prob <= found.high)
                break
    assert low < np.mean(covered) < high  # the standard error of this share is half a point


@statistical
@pytest.mark.parametrize("tilt", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("expected_hits", [1, 4, 12])
def test_bounds_hold_where_hits_weigh_more_than_other_draws(tilt, expected_hits):
    """Draws of a normal law, weighted to one ``tilt`` further up; the event lies there, or is an unlikely part of it.

    From the effective number of draws the bound misses 15 to 40 % of the first, from hits that were seen alone up to
    20 % of the second.
    """
    rng, n, n_runs = np.random.default_rng(7), 1024, 400
    for is_part in (False, True):
        misses, n_bounds = 0, 0
        for _ in range(n_runs):
            x, u = rng.normal(size=n), rng.random(n)
            if is_part:
                share = expected_hits / n / stats.norm.sf(0.5)
                hits, prob = (x > 0.5) & (u < share), share * stats.norm.sf(0.5 - tilt)
            else:
                cut = stats.norm.isf(expected_hits / n)
                hits, prob = x > cut, stats.norm.sf(cut - tilt)
            found = estimate_weighted(hits, np.ones(n, bool), np.exp(tilt * x), 16)
            misses += found.is_rare and found.high < prob
            n_bounds += found.is_rare
        assert n_bounds > 0.9 * n_runs
        assert misses <= stats.binom.ppf(0.999, n_bounds, 0.05)
