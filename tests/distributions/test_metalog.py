"""A metalog has its quantiles exactly, its functions belong together, and what has none is refused with what has."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from mc_sie.distributions import families
from mc_sie.distributions.base import Unusable
from mc_sie.distributions.fitting import probability
from mc_sie.distributions.metalog import Metalog, metalog

SKEWED = {"q05": -0.5, "q50": -0.15, "q95": -0.02}
KINDS = {
    "between the ends of the domain": (SKEWED, -50.0, 1.0),
    "below 0": (SKEWED, -math.inf, 0.0),
    "between close ends": (SKEWED, -1.0, 0.0),
    "unbounded": (SKEWED, -math.inf, math.inf),
    "above 0": ({"q05": 0.4, "q50": 1.2, "q95": 3.0}, 0.0, math.inf),
    "two": ({"q05": 0.4, "q95": 3.0}, 0.0, math.inf),
    "five": ({"q05": 1.0, "q25": 2.0, "q50": 2.4, "q75": 3.0, "q95": 5.0}, 0.0, math.inf),
    "seven": (
        {"q01": -2.3, "q05": -1.6, "q25": -0.67, "q50": 0.0, "q75": 0.67, "q95": 1.6, "q99": 2.3},
        -math.inf,
        math.inf,
    ),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_its_quantiles_are_met_exactly_between_its_bounds(kind):
    quantiles, low, high = kind
    distribution = metalog(quantiles, low, high)
    found = distribution.ppf([probability(name) for name in quantiles])
    np.testing.assert_allclose(found, list(quantiles.values()), rtol=1e-12, atol=1e-13)
    assert distribution.support == (low, high)
    assert low <= distribution.reach[0] < distribution.reach[1] <= high


def test_its_functions_belong_together_in_both_tails(kind):
    distribution = metalog(*kind)
    u = np.concatenate([10.0 ** np.arange(-14.0, -1.0), np.linspace(0.02, 0.98, 97)])
    x = distribution.ppf(u)
    np.testing.assert_allclose(distribution.cdf(x), u, rtol=2e-8)
    upper = distribution._quantile(1.0 - u, u)
    np.testing.assert_allclose(distribution.sf(upper), u, rtol=2e-8)
    assert (np.diff(distribution.ppf(np.linspace(1e-9, 1 - 1e-9, 5001))) > 0.0).all()
    np.testing.assert_allclose(distribution.cdf(x) + distribution.sf(x), 1.0, rtol=1e-13)
    for left, right in zip(x[13:-1:24], x[14::24], strict=False):  # the density is the derivative of the probability
        area = integrate.quad(lambda at: float(distribution.pdf(at)), left, right, epsabs=1e-13)[0]
        assert area == pytest.approx(float(distribution.cdf(right) - distribution.cdf(left)), rel=1e-8)
    for end in distribution.support:
        if math.isfinite(end):
            assert float(distribution.pdf(end)) == float(distribution.pdf(2.0 * end - x[50])) == 0.0
            assert float(distribution.cdf(end)) == float(end == distribution.support[1])


def test_it_has_one_hump(kind):
    distribution = metalog(*kind)
    density = distribution.pdf(distribution.ppf(np.linspace(1e-6, 1.0 - 1e-6, 20_001)))
    turns = np.diff(np.sign(np.diff(density)))
    assert np.count_nonzero(turns) == 1


def test_its_mean_is_the_integral_of_its_quantile_function(kind):
    distribution = metalog(*kind)
    halves = [
        integrate.quad(lambda u: float(distribution.ppf(u)), *ends, epsrel=1e-6)[0] for ends in ((0, 0.5), (0.5, 1))
    ]
    assert distribution.mean() == pytest.approx(math.fsum(halves), rel=1e-5)


def test_two_terms_are_logistic_distributions():
    odds = math.log(19.0)
    scale = 2.0 / odds
    u = np.linspace(0.001, 0.999, 97)
    plain = metalog({"q05": -1.0, "q95": 3.0})
    np.testing.assert_allclose(plain.ppf(u), stats.logistic(1.0, scale).ppf(u), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(plain.pdf(plain.ppf(u)), stats.logistic(1.0, scale).pdf(plain.ppf(u)), rtol=1e-9)
    logs = metalog({"q05": 2.0, "q95": 32.0}, 0.0)  # log-logistic, which SciPy calls fisk
    fisk = stats.fisk(odds / math.log(4.0), scale=8.0)
    np.testing.assert_allclose(logs.ppf(u), fisk.ppf(u), rtol=1e-12)
    np.testing.assert_allclose(logs.cdf([0.1, 5.0, 900.0]), fisk.cdf([0.1, 5.0, 900.0]), rtol=1e-12)
    assert logs.mean() == pytest.approx(fisk.mean(), rel=1e-10)
    assert metalog({"q05": 1.0, "q95": 1000.0}, 0.0).mean() == math.inf
    assert metalog({"q05": -1000.0, "q95": -1.0}, high=0.0).mean() == -math.inf


def test_keelins_coefficients_of_three_quantiles_come_out():
    # his closed form for a symmetric triplet of an unbounded metalog (equation 16 of his section 3.4)
    low, middle, high = SKEWED.values()
    odds = math.log(0.05 / 0.95)
    expected = (middle, (low - high) / (2.0 * odds), (high + low - 2.0 * middle) / ((1.0 - 2.0 * 0.05) * -odds))
    np.testing.assert_allclose(metalog(SKEWED).standard.coefficients, expected, rtol=1e-12)


@pytest.mark.parametrize("middle", [-0.4399, -0.4401, -0.0799, -0.0801])
def test_three_terms_exist_as_far_as_keelin_says(middle):
    # the median may lie from 12.47 % to 87.53 % of the way from one to the other outer quantile at 5 % and 95 %
    quantiles = {"q05": -0.5, "q50": middle, "q95": -0.02}
    edge = 0.5 * (1.0 - 1.66711 * 0.45)
    if edge < (middle + 0.5) / 0.48 < 1.0 - edge:
        assert metalog(quantiles).ppf(0.5) == pytest.approx(middle)
    else:
        with pytest.raises(Unusable, match="no metalog has them"):
            metalog(quantiles)


@pytest.mark.parametrize(
    ("quantiles", "low", "high"),
    [
        ({"q05": -0.5, "q50": -0.05, "q95": -0.02}, -50.0, 1.0),
        ({"q05": -0.5, "q50": -0.49, "q95": -0.02}, -math.inf, math.inf),
        ({"q05": 1.0, "q25": 2.0, "q50": 2.1, "q75": 2.2, "q95": 5.0}, 0.0, math.inf),
    ],
)
def test_what_the_remedy_proposes_can_be_had(quantiles, low, high):
    with pytest.raises(Unusable) as caught:
        metalog(quantiles, low, high)
    name = caught.value.key.removeprefix("quantiles.")
    assert f"{name} = " in caught.value.remedy
    value = float(caught.value.remedy.split(f"{name} = ")[1].split()[0])
    metalog(quantiles | {name: value}, low, high)
    halfway = 0.5 * (value + quantiles[name])  # and nothing much nearer would
    with pytest.raises(Unusable):
        metalog(quantiles | {name: halfway}, low, high)
    for key in ("low", "high"):
        if f"With {key} = " in caught.value.remedy:
            bound = float(caught.value.remedy.split(f"With {key} = ")[1].split()[0])
            metalog(quantiles, **{"low": low, "high": high, key: bound})


def test_several_humps_are_refused():
    with pytest.raises(Unusable, match="several humps"):
        metalog({"q05": 0.01, "q50": 0.5, "q95": 0.99}, 0.0, 1.0)
    assert Metalog((0.0, 1.0), 0.0, 1.0).flaw is None  # uniform
    assert Metalog((0.0, 1.5), 0.0, 1.0).flaw == "only a metalog of several humps"
    assert Metalog((0.0, -1.0)).flaw == Metalog((0.0, 0.1, 0.2)).flaw == "no metalog"


@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    st.lists(st.floats(-3.0, 0.9), min_size=3, max_size=3, unique=True).map(sorted),
    st.sampled_from([(-50.0, 1.0), (-math.inf, math.inf), (-3.5, 1.0)]),
)
def test_whatever_three_quantiles_are_stated_they_are_met_or_refused(values, bounds):
    quantiles = dict(zip(("q05", "q50", "q95"), values, strict=True))
    try:
        distribution = metalog(quantiles, *bounds)
    except Unusable as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert "cannot be met" in refusal.why
        assert refusal.remedy
        return
    np.testing.assert_allclose(distribution.ppf([0.05, 0.5, 0.95]), values, atol=1e-12, rtol=1e-9)
    x = distribution.ppf(np.linspace(0.0005, 0.9995, 1999))
    density = distribution.pdf(x)
    peak = int(np.argmax(density))
    assert (np.diff(density[: peak + 1]) >= -1e-9 * density[peak]).all()
    assert (np.diff(density[peak:]) <= 1e-9 * density[peak]).all()


def test_it_is_cut_and_mixed_like_any_other():
    whole = metalog(SKEWED, -50.0, 1.0)
    cut = families.truncated(whole, None, 0.0)
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(cut.ppf(u), whole.ppf(u * float(whole.cdf(0.0))), rtol=1e-9)
    assert cut.mean() == pytest.approx(integrate.quad(lambda at: float(cut.ppf(at)), 0.0, 1.0)[0], rel=1e-6)
    mixed = families.mixture([(0.25, families.fixed(0.0)), (0.75, whole)])
    x = mixed.ppf(u)
    levels = 0.75 * whole.cdf(x) + 0.25 * (x >= 0.0)
    assert (levels[x == 0.0] >= u[x == 0.0]).all()
    np.testing.assert_allclose(levels[x != 0.0], u[x != 0.0], rtol=1e-10)
    assert mixed.mean() == pytest.approx(0.75 * whole.mean(), rel=1e-12)
