"""Distributions against SciPy's, against plain bisection, and against what a quantile function must be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mc_sie.distributions import families as f
from mc_sie.distributions.base import Unusable

U = np.concatenate([10.0 ** -np.arange(1.0, 16.0), np.linspace(0.001, 0.999, 999), 1.0 - 10.0 ** -np.arange(3.0, 16.0)])


AGAINST_SCIPY = {
    "uniform": (f.uniform(-0.4, 1.1), stats.uniform(-0.4, 1.5)),
    "loguniform": (f.loguniform(0.4, 3.6), stats.loguniform(0.4, 3.6)),
    "normal": (f.normal(2.5, 0.7), stats.norm(2.5, 0.7)),
    "lognormal": (f.lognormal(8.0, 0.6), stats.lognorm(0.6, scale=8.0)),
    "shifted lognormal": (f.shifted_lognormal(1.0, 8.0, 0.6), stats.lognorm(0.6, loc=1.0, scale=8.0)),
    "beta": (f.beta(2.5, 4.0), stats.beta(2.5, 4.0)),
    "beta on an interval": (f.beta(0.7, 1.3, -2.0, 3.0), stats.beta(0.7, 1.3, -2.0, 5.0)),
    "beta, a power": (f.beta(3.0, 1.0), stats.beta(3.0, 1.0)),
    "beta, a power of the rest": (f.beta(1.0, 1.6, -2.0, 3.0), stats.beta(1.0, 1.6, -2.0, 5.0)),
    "triangular": (f.triangular(-1.0, 0.5, 3.0), stats.triang(1.5 / 4.0, -1.0, 4.0)),
    "triangular, peak at an end": (f.triangular(0.0, 0.0, 2.0), stats.triang(0.0, 0.0, 2.0)),
    "pert": (f.pert(1.0, 2.0, 6.0), stats.beta(1.8, 4.2, 1.0, 5.0)),
    "student t": (f.student_t(1.0, 2.0, 3.5), stats.t(3.5, 1.0, 2.0)),
}


@pytest.mark.parametrize("name", AGAINST_SCIPY)
def test_a_distribution_is_scipys(name):
    ours, theirs = AGAINST_SCIPY[name]
    x = theirs.ppf(np.linspace(0.001, 0.999, 97))
    scale = theirs.std()
    np.testing.assert_allclose(ours.ppf(np.linspace(0.001, 0.999, 97)), x, rtol=1e-11, atol=1e-11 * scale)
    np.testing.assert_allclose(ours.cdf(x), theirs.cdf(x), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ours.sf(x), theirs.sf(x), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ours.pdf(x), theirs.pdf(x), rtol=1e-10)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=1e-12)
    np.testing.assert_allclose(ours.support, theirs.support(), atol=1e-15)


@pytest.mark.parametrize("name", AGAINST_SCIPY)
def test_both_tails_are_accurate(name):
    ours, theirs = AGAINST_SCIPY[name]
    tail = 10.0 ** -np.arange(3.0, 15.0)
    low, high = theirs.support()
    if low in (0.0, -np.inf):  # near another end the spacing of floats decides
        np.testing.assert_allclose(ours.cdf(ours.ppf(tail)), tail, rtol=1e-9)
    upper = 1.0 - tail
    if high == np.inf:
        np.testing.assert_allclose(ours.sf(ours.ppf(upper)), 1.0 - upper, rtol=1e-9)


@pytest.mark.parametrize("name", [*AGAINST_SCIPY])
@pytest.mark.parametrize("cut", [(0.3, None), (None, 0.7), (0.2, 0.6), (1e-6, 2e-6), (1 - 2e-6, 1 - 1e-6)])
def test_truncation_renormalises_without_atoms(name, cut):
    whole, _ = AGAINST_SCIPY[name]
    low, high = (None if u is None else float(whole.ppf(u)) for u in cut)
    distribution = f.truncated(whole, low, high)
    a, b = (0.0 if cut[0] is None else cut[0]), (1.0 if cut[1] is None else cut[1])
    u = np.linspace(0.0005, 0.9995, 1000)
    expected = whole.ppf(a + u * (b - a))
    width = np.ptp(expected)
    np.testing.assert_allclose(distribution.ppf(u), expected, atol=1e-8 * width)
    np.testing.assert_allclose(distribution.cdf(expected), u, atol=1e-7)
    np.testing.assert_allclose(distribution.sf(expected), 1.0 - u, atol=1e-7)
    assert distribution.atoms == ()
    assert np.unique(distribution.ppf(u)).size == u.size
    fine = distribution.ppf((np.arange(2**16) + 0.5) / 2**16)
    assert distribution.mean() == pytest.approx(float(np.mean(fine)), abs=1e-3 * np.std(fine))


def test_a_truncated_sample_passes_kolmogorov_smirnov():
    distribution = f.truncated(f.normal(0.0, 1.0), 0.5, 2.0)
    exact = stats.truncnorm(0.5, 2.0)
    sample = distribution.ppf(np.random.default_rng(1).random(20_000))
    assert stats.kstest(sample, exact.cdf).pvalue > 0.01
    assert distribution.mean() == pytest.approx(exact.mean(), rel=1e-12)


@pytest.mark.parametrize(("low", "high"), [(8.0, 9.0), (-9.0, -8.0), (30.0, np.inf), (-np.inf, -30.0)])
def test_truncation_far_out_in_a_tail_keeps_its_distribution(low, high):
    distribution = f.truncated(f.normal(0.0, 1.0), None if low == -np.inf else low, None if high == np.inf else high)
    exact = stats.truncnorm(low, high)
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(distribution.ppf(u), exact.ppf(u), rtol=1e-9)
    np.testing.assert_allclose(distribution.cdf(exact.ppf(u)), u, rtol=1e-9)
    np.testing.assert_allclose(distribution.sf(exact.ppf(u)), 1.0 - u, rtol=1e-9)
    assert distribution.mean() == pytest.approx(exact.mean(), rel=1e-9)


def test_a_truncated_mixture_drops_what_is_outside_and_renormalises():
    whole = f.mixture(
        [(0.4, f.uniform(0.0, 1.0)), (0.3, f.uniform(2.0, 3.0)), (0.1, f.fixed(0.5)), (0.2, f.fixed(9.0))]
    )
    distribution = f.truncated(whole, 0.25, 5.0)
    assert distribution.atoms == ((0.5, pytest.approx(0.1 / 0.7)),)
    assert distribution.support == (0.25, 3.0)
    assert float(distribution.cdf(1.0)) == pytest.approx(0.4 / 0.7)
    assert distribution.mean() == pytest.approx((0.3 * 0.625 + 0.3 * 2.5 + 0.1 * 0.5) / 0.7)
    twice = f.truncated(distribution, 0.5, None)
    assert twice.atoms == ((0.5, pytest.approx(0.1 / 0.6)),)
    assert twice.support == (0.5, 3.0)


def test_what_is_cut_away_whole_is_refused():
    with pytest.raises(Unusable, match="leaves nothing of the uniform from 0 to 1"):
        f.truncated(f.uniform(0.0, 1.0), 1.0, 2.0)
    with pytest.raises(Unusable, match="not below truncate_high = 1"):
        f.truncated(f.uniform(0.0, 1.0), 1.0, 1.0)


def test_a_pole_so_steep_that_floats_end_before_it_is_still_inverted():
    # Newton steps once went to and fro between the two ends of a bracket of a few floats here, for ever.
    narrow = f.truncated(f.triangular(-1.62119, -1.56069, -1.41952), -1.49963, -1.49372)
    distribution = f.mixture(
        [(0.23, narrow), (0.215, f.beta(0.0600186, 0.766285, 0.222095, 1.22143)), (0.555, f.fixed(-0.6))]
    )
    x = distribution.ppf(np.linspace(1e-9, 1.0 - 1e-9, 20_001))
    assert np.all(np.diff(x) >= 0.0)
    assert x[-1] < 1.22143


finite = st.floats(-10.0, 10.0)
width = st.floats(0.01, 10.0)
parts = st.one_of(
    st.builds(lambda low, size: f.uniform(low, low + size), finite, width),
    st.builds(f.normal, finite, width),
    st.builds(
        lambda a, b, low, size: f.beta(a, b, low, low + size), st.floats(0.3, 50), st.floats(0.3, 50), finite, width
    ),
    st.builds(lambda low, size, at: f.triangular(low, low + at * size, low + size), finite, width, st.floats(0, 1)),
    st.builds(f.lognormal, width, st.floats(0.05, 2.0)),
    st.builds(lambda low, factor: f.loguniform(low, low * factor), width, st.floats(1.01, 1e4)),
    st.builds(f.student_t, finite, width, st.floats(1.2, 30.0)),
    st.builds(lambda value: f.fixed(round(value, 1)), finite),
)


@st.composite
def distributions(draw):
    weights = np.array(draw(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4)))
    distribution = f.mixture([(weight, draw(parts)) for weight in weights / weights.sum()])
    if draw(st.booleans()):
        low, high = distribution.ppf([0.1, 0.9])
        distribution = f.truncated(distribution, float(low), float(high)) if high - low > 1e-3 else distribution
    return distribution


@settings(derandomize=True, deadline=None, max_examples=150)
@given(distributions(), st.lists(st.floats(1e-12, 1.0 - 1e-12), min_size=2, max_size=30))
def test_any_distribution_rises_with_u_and_is_inverted_by_its_cumulative_function(distribution, us):
    u = np.sort(np.array(us))
    x = distribution.ppf(u)
    near = 1e-12 * np.maximum(1.0, np.abs(x))
    assert np.all(np.diff(x) >= -near[1:])
    assert np.all((x >= distribution.support[0]) & (x <= distribution.support[1]))
    assert np.all(distribution.cdf(x - near) <= u + 1e-12)
    assert np.all(distribution.cdf(x + near) >= u - 1e-12)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(distributions(), st.integers(1, 40))
def test_a_value_depends_on_its_own_u_alone(distribution, size):
    u = (np.arange(61) + 0.5) / 61
    together = distribution.ppf(u)
    apart = np.concatenate([distribution.ppf(u[i : i + size]) for i in range(0, 61, size)])
    np.testing.assert_array_equal(together, apart)


def test_distributions_describe_themselves():
    assert f.uniform(-0.4, -0.1).describe() == "uniform from -0.4 to -0.1"
    assert f.lognormal(8.0, 0.2857).describe() == "lognormal, median 8, 90 % 5 to 12.8"
    mixture = f.mixture([(0.2, f.fixed(0.0)), (0.8, f.uniform(-0.2, 0.0))])
    assert mixture.describe() == "mixture: 20 % exactly 0, 80 % uniform from -0.2 to 0"
    assert f.truncated(f.normal(1.0, 0.5), 0.0, None).describe() == "normal, mean 1, sd 0.5, truncated to above 0"
    assert f.truncated(f.normal(1.0, 0.5), 0.0, 3.0).describe().endswith("truncated to between 0 and 3")


def test_a_distribution_without_a_mean_says_nan():
    assert np.isnan(f.student_t(0.0, 1.0, 1.0).mean())
    assert np.isnan(f.truncated(f.student_t(0.0, 1.0, 1.0), 0.0, None).mean())
    assert f.truncated(f.student_t(0.0, 1.0, 1.0), -1.0, 1.0).mean() == pytest.approx(0.0, abs=1e-12)


def test_constants_are_known():
    assert f.fixed(3.0).constant == 3.0
    assert f.mixture([(0.5, f.fixed(3.0)), (0.5, f.fixed(3.0))]).constant == 3.0
    assert f.mixture([(0.5, f.fixed(3.0)), (0.5, f.fixed(4.0))]).constant is None
    assert f.uniform(0.0, 1.0).constant is None


def test_an_expert_whose_distribution_ends_below_a_cut_leaves_the_mean_to_the_others():
    """All but 1e-280 of the first lies below the cut: its mean there was inf, and so was that of the pool."""
    pool = f.mixture([(0.5, f.lognormal(0.47, 0.046)), (0.5, f.uniform(7.0, 19.0))])
    distribution = f.truncated(pool, 2.5, None)
    assert distribution.mean() == 13.0
    assert distribution.reach == pytest.approx((7.0, 19.0))


@pytest.mark.parametrize("cut", [2.0, 2.5, 3.0])
def test_a_cut_that_leaves_next_to_nothing_is_refused_and_not_drawn_as_infinite(cut):
    distribution = f.lognormal(0.47, 0.046)
    with pytest.raises(Unusable, match="leaves nothing of the lognormal"):
        f.truncated(distribution, cut + 1.0, None)
    left = f.truncated(f.lognormal(0.47, 0.06), 2.0, None)  # 24 standard deviations out: 1e-128
    assert 2.0 < left.mean() < left.reach[1] < 2.4
