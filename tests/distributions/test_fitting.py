"""Stated quantiles come back as the quantiles of the family they are fitted by."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mc_sie.distributions import families, fitting
from mc_sie.distributions.base import Unusable

TWO = {
    "normal": {"q05": -3.0, "q95": 5.0},
    "lognormal": {"q05": 5.0, "q95": 14.0},
    "uniform": {"q10": -1.0, "q75": 4.0},
    "loguniform": {"q25": 0.5, "q75": 2.0},
    "beta": {"q05": 0.2, "q95": 0.9},
    "student_t": {"q025": -1.0, "q975": 3.0},
}


@pytest.mark.parametrize("family", TWO)
def test_two_quantiles_are_met_exactly(family):
    more = {"df": 4.0} if family == "student_t" else {}
    found = fitting.fit(family, TWO[family], **more)
    probs = [fitting.probability(key) for key in TWO[family]]
    np.testing.assert_allclose(found.distribution.ppf(probs), list(TWO[family].values()), rtol=1e-9)
    np.testing.assert_allclose(found.values, list(TWO[family].values()), rtol=1e-9)
    assert found.miss_share < 1e-9


def test_parameters_come_back():
    distribution = fitting.fit("lognormal", {"q05": 2.0, "q50": 8.0, "q95": 32.0}).distribution
    assert float(distribution.ppf(0.5)) == pytest.approx(8.0)
    assert distribution.mean() == pytest.approx(8.0 * math.exp(0.5 * (math.log(4.0) / 1.6448536269514722) ** 2))
    assert fitting.fit("uniform", {"q25": 1.0, "q75": 2.0}).distribution.support == pytest.approx((0.5, 2.5))
    assert fitting.fit("loguniform", {"q25": 1.0, "q75": 4.0}).distribution.support == pytest.approx((0.5, 8.0))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.floats(0.2, 200.0), st.floats(0.2, 200.0), st.integers(1, 98), st.integers(1, 98))
def test_a_beta_is_found_again_from_two_of_its_quantiles(a, b, one, other):
    assume(one < other)
    distribution = families.beta(a, b, -1.0, 3.0)
    keys = [f"q{one:02d}", f"q{other:02d}"]
    low, high = distribution.ppf([one / 100, other / 100]).tolist()
    assume(-1.0 < low < high - 1e-6 and high < 3.0)
    found = fitting.fit("beta", dict(zip(keys, (low, high), strict=True)), low=-1.0, high=3.0).distribution
    u = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(found.ppf(u), distribution.ppf(u), atol=1e-6)


@pytest.mark.parametrize("family", ["normal", "beta"])
def test_three_quantiles_are_fitted_as_well_as_can_be(family):
    given_ = {"q10": 0.30, "q50": 0.505, "q90": 0.70}
    found = fitting.fit(family, given_)
    assert 0.0 < found.miss_share < 0.05
    misses = np.abs(np.array(found.values) - list(given_.values()))
    assert found.miss_share == pytest.approx(misses.max() / 0.4)
    # No neighbour is nearer.
    best = float(np.sum(misses**2))
    probs, values = np.array([0.1, 0.5, 0.9]), np.array(list(given_.values()))
    sd = (found.values[2] - found.values[0]) / 2.5631031310892007
    if family == "normal":
        for shift in (-0.003, 0.003):
            for factor in (0.99, 1.0, 1.01):
                near = families.normal(found.values[1] + shift, sd * factor).ppf(probs)
                assert float(np.sum((near - values) ** 2)) > best


def test_lognormals_are_fitted_on_the_logarithmic_scale():
    given_ = {"q05": 2.0, "q50": 8.5, "q95": 32.0}
    found = fitting.fit("lognormal", given_)
    np.testing.assert_allclose(np.log(found.values[1]), np.mean(np.log(list(given_.values()))), rtol=1e-12)
    assert found.miss_share == pytest.approx((math.log(8.5) - math.log(found.values[1])) / math.log(16.0))


def test_a_family_that_cannot_have_three_quantiles_is_refused_with_the_nearest():
    with pytest.raises(Unusable) as caught:
        fitting.fit("lognormal", {"q05": 0.1, "q50": 0.8, "q95": 0.9})
    assert caught.value.key == "fit"
    assert caught.value.why == "cannot have those quantiles: the nearest has q50 = 0.416, given 0.8"
    fitting.fit("beta", {"q05": 0.1, "q50": 0.52, "q95": 0.9})
    with pytest.raises(Unusable, match="cannot have those quantiles"):
        fitting.fit("beta", {"q05": 0.1, "q50": 0.15, "q95": 0.9})


@pytest.mark.parametrize(
    ("key", "prob"), [("q05", 0.05), ("q50", 0.5), ("q025", 0.025), ("q975", 0.975), ("q01", 0.01)]
)
def test_names_of_quantiles_are_decimals(key, prob):
    assert fitting.probability(key) == prob


@pytest.mark.parametrize("digit", "123456789")
def test_one_digit_may_mean_either_of_two_quantiles(digit):
    """Whoever writes q5 beside q95 means 5 %; read as the median it gave 4.0 % where 11.4 % was meant."""
    with pytest.raises(Unusable) as caught:
        fitting.probability(f"q{digit}")
    assert caught.value.why == "may mean either of two quantiles"
    assert caught.value.remedy == f"Write q0{digit} for {digit} %, or q{digit}0 for {digit}0 %."


@pytest.mark.parametrize("key", ["q0000000000001", "q9999999999999", "q" + 400 * "0" + "1", "q" + 5000 * "9"])
def test_quantiles_that_no_draw_comes_near_are_refused(key):
    with pytest.raises(Unusable, match="is too near 0 or 1"):
        fitting.probability(key)


@pytest.mark.parametrize("level", [1e-300, 1e-17, 0.009, 1.0 - 1e-15])
@pytest.mark.parametrize("family", ["normal", "lognormal", "uniform", "loguniform", "beta"])
def test_levels_that_say_nothing_about_the_width_are_refused(family, level):
    with pytest.raises(Unusable, match="is too near 0 or 1"):
        fitting.fit_interval(family, 0.5, (0.4, 0.6), level=level)


@pytest.mark.parametrize("family", ["lognormal", "loguniform"])
def test_distributions_beyond_what_can_be_computed_are_refused(family):
    with pytest.raises(Unusable, match="outside what can be computed"):
        fitting.fit(family, {"q500000001": 1e-90, "q500000002": 1e90})
    with pytest.raises(Unusable, match="outside what can be computed"):
        fitting.fit_interval(family, 1e60, (1e-90, 1e90))


@pytest.mark.parametrize("key", ["p05", "q", "q0", "q00", "05", "q-5", "q5%", "median"])
def test_other_names_are_refused(key):
    with pytest.raises(Unusable, match="not named like a quantile"):
        fitting.probability(key)


@pytest.mark.parametrize(
    ("family", "quantiles", "key", "why"),
    [
        ("normal", {"q05": 2.0, "q95": 1.0}, "quantiles.q05", "is not below q95 = 1"),
        ("normal", {"q95": 1.0, "q05": 1.0}, "quantiles.q05", "is not below q95 = 1"),
        ("normal", {"q50": 1.0, "q500": 2.0}, "quantiles.q50", "is the same quantile as q500"),
        ("normal", {"q50": 2.0}, "quantiles", "has 1, not two or three"),
        ("lognormal", {"q05": 0.0, "q50": 2.0}, "quantiles.q05", "is not above 0"),
        ("loguniform", {"q05": -1.0, "q50": 2.0}, "quantiles.q05", "is not above 0"),
        ("beta", {"q05": 0.1, "q95": 1.0}, "quantiles.q95", "is not inside the beta's interval, 0 to 1"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(family, quantiles, key, why):
    with pytest.raises(Unusable) as caught:
        fitting.fit(family, quantiles)
    assert (caught.value.key, caught.value.why) == (key, why)
