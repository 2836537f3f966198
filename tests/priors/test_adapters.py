"""Distributions of other packages as entries: SciPy's own, and anything that has a quantile function."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from mc_sie import load_prior
from mc_sie.errors import InputError
from mc_sie.priors import entry, prior_from_dict

WITHIN = {"unit": "1", "source": "mine", "truncate_low": 1e-9, "truncate_high": 3.0}


class Mine:
    """Somebody's own class around a distribution."""

    def __init__(self, distribution):
        self._distribution = distribution

    def ppf(self, p):
        return self._distribution.ppf(p)

    def cdf(self, x):
        return self._distribution.cdf(x)


class NormalDistribution(Mine):
    """The name of a class in another package, and nothing else of it."""


class norm_gen(stats.rv_continuous):
    """A distribution of which SciPy says that its name is norm."""

    def _cdf(self, x):
        return x**2

    def _ppf(self, p):
        return np.sqrt(p)


def cut(distribution, x, low=1e-9, high=3.0):
    """P(X <= x) of a distribution that is cut to the domain."""
    return (distribution.cdf(x) - distribution.cdf(low)) / (distribution.cdf(high) - distribution.cdf(low))


GAMMA = stats.gamma(4.0, scale=0.2)
DATA = (np.array([1, 2, 3]), np.array([0.2, 0.5, 1.0, 2.0]))  # counts, edges
NAMED = {
    "normal": (stats.norm(0.6, 0.1), "normal"),
    "normal, by keywords": (stats.norm(loc=0.6, scale=0.1), "normal"),
    "uniform": (stats.uniform(0.2, 1.5), "uniform"),
    "lognormal": (stats.lognorm(0.5, scale=0.6), "lognormal"),
    "loguniform": (stats.loguniform(0.2, 2.0), "loguniform"),
    "beta": (stats.beta(2.0, 3.0, loc=0.1, scale=2.0), "beta"),
    "triangular": (stats.triang(0.3, loc=0.1, scale=2.0), "triangular"),
    "student t": (stats.t(4.0, 1.0, 0.1), "student_t"),
    "truncated normal": (stats.truncnorm(-1.0, 2.0, loc=1.0, scale=0.5), "normal"),
    "normal truncated below": (stats.truncnorm(-1.0, np.inf, loc=1.0, scale=0.5), "normal"),
    "shifted lognormal": (stats.lognorm(0.5, loc=0.2, scale=0.6), "tabulated"),
    "gamma": (GAMMA, "tabulated"),
    "Weibull": (stats.weibull_min(1.5, scale=0.6), "tabulated"),
    "inverse gamma, with a heavy tail": (stats.invgamma(1.5, scale=0.4), "tabulated"),
    "a histogram of data": (
        stats.rv_histogram(DATA, density=False),
        "tabulated",
    ),
    "another distribution called norm": (norm_gen(a=0.0, b=1.0, name="norm")(), "tabulated"),
    "a class of one's own": (Mine(GAMMA), "tabulated"),
    "a class with a name from elsewhere": (NormalDistribution(GAMMA), "tabulated"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_distribution_stays_itself(name):
    distribution, family = NAMED[name]
    found = entry("lam", distribution, **WITHIN)
    assert found.family == family
    x = np.linspace(0.05, 2.9, 117)
    tolerance = 3e-6 if family == "tabulated" else 1e-12
    np.testing.assert_allclose(found.distribution.cdf(x), cut(distribution, x), atol=tolerance)
    assert ("tabulated at" in found.source) == (family == "tabulated")


@pytest.mark.skipif(not hasattr(stats, "Normal"), reason="SciPy is older than 1.15")
def test_random_variables_of_the_newer_scipy_are_tabulated():
    normal = stats.Normal(mu=2.0, sigma=2.0)
    x = np.linspace(0.05, 2.9, 50)
    for distribution in (normal * 0.5 + 1.0, stats.truncate(normal, lb=0.01, ub=5.0), stats.exp(normal), abs(normal)):
        found = entry("lam", distribution, **WITHIN)
        np.testing.assert_allclose(found.distribution.cdf(x), cut(distribution, x), atol=3e-6)


def test_a_table_says_how_well_it_does():
    found = entry("lam", GAMMA, **WITHIN)
    said = float(found.source.split("within ")[1].split(" ")[0])
    u = np.linspace(1e-6, 1.0 - 1e-6, 5001)
    whole = entry("limit_ooms", GAMMA, unit="OOM", source="mine").distribution
    assert np.abs(GAMMA.cdf(whole.ppf(u)) - u).max() < 1.5 * said < 2e-6
    tails = 10.0 ** -np.arange(3.0, 12.0)
    np.testing.assert_allclose(GAMMA.cdf(whole.ppf(tails)), tails, rtol=5e-3)


def test_anything_with_a_quantile_function_will_do_and_numbers_and_tables_too():
    odd = SimpleNamespace(icdf=lambda p: np.sqrt(p), cdf=lambda x: np.squeeze(np.clip(x, 0.0, 1.0) ** 2))
    distribution = entry("lam", odd, **WITHIN).distribution
    assert distribution.ppf(0.25) == pytest.approx(0.5, abs=1e-5)
    assert entry("rho", -0.2, unit="1", source="s").distribution.constant == -0.2
    given = {"family": "uniform", "low": -0.4, "high": -0.1}
    assert entry("rho", given, unit="1", source="s", judgement="ours").judgement == "ours"
    assert entry("mode", {"family": "fixed", "value": "continual"}, source="s").distribution.describe() == "continual"


def test_an_entry_takes_its_place_in_a_set_and_in_its_record():
    base = load_prior("davidson-2025")
    prior = base.replaced(
        {"rho": entry("rho", stats.skewnorm(-2.0, -0.1, 0.1), unit="1", source="s", truncate_high=0.5)}
    )
    assert prior.digest != base.digest
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict())), "run.json")
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_array_equal(again.entries["rho"].distribution.ppf(u), prior.entries["rho"].distribution.ppf(u))


def with_an_atom(prob, at):
    """A gamma distribution that has one value with a probability of its own."""
    below = (1.0 - prob) * GAMMA.cdf(at)

    def ppf(p):
        smooth = np.where(p <= below, p, np.maximum(p - prob, below)) / (1.0 - prob)
        return np.where((p > below) & (p < below + prob), at, GAMMA.ppf(smooth))

    return SimpleNamespace(ppf=ppf, cdf=lambda x: (1.0 - prob) * GAMMA.cdf(x) + prob * (x >= at))


@pytest.mark.parametrize(
    ("distribution", "why"),
    [
        (stats.poisson(3.0), r"in Python: \[lam\] is a poisson whose .* it is discrete or has steps. For values with"),
        (SimpleNamespace(ppf=np.round, cdf=np.round), "whose ppf and cdf do not belong together"),
        (with_an_atom(0.5, 0.8), "whose ppf and cdf do not belong together"),
        (with_an_atom(0.05, 0.8), "that a table misses by 2e-02 in probability: it has steps"),
        (with_an_atom(0.1, np.inf), "with a probability of its own for inf"),
        (stats.norm([0.6, 0.7], 0.1), "is a norm with an array among its parameters, which is several distributions"),
        (stats.gamma([2.0, 3.0]), "is a gamma with an array among its parameters"),
        (stats.gamma, "is a gamma_gen that cannot be evaluated on an array"),
        (SimpleNamespace(ppf=math.sqrt, cdf=math.sqrt), "ppf and cdf must take arrays"),
        (SimpleNamespace(ppf=lambda p: np.stack([p, p]), cdf=np.sqrt), "gives 212 numbers for 106"),
        (SimpleNamespace(mean=0.6, sd=0.1, lclip=None, rclip=None), "which has no quantile function"),
        (stats.multivariate_normal([0.0, 0.0]), "which has no quantile function"),
        ("0.5", "is a str, which has no quantile function. Give a frozen SciPy distribution"),
        (np.array([0.5, 0.6]), "is a ndarray, which has no quantile function"),
        (np.True_, "which has no quantile function"),
        (stats.norm(0.6, 0.2), r'\[lam\] family = "normal" reaches below 0'),
        (stats.norm(0.6, -0.2), "sd = -0.2 is not above 0"),
    ],
)  # fmt: skip
def test_what_is_no_distribution_of_a_quantity_is_refused(distribution, why):
    with pytest.raises(InputError, match=why):
        entry("lam", distribution, unit="1", source="mine")


def test_units_and_names_are_asked_for_as_in_a_file():
    with pytest.raises(InputError, match=r'\[lam\] has no unit. Add unit = "1"'):
        entry("lam", 1.0, source="mine")
    with pytest.raises(InputError, match=r"in Python: lamb is no quantity. Did you mean 'lam'\?"):
        entry("lamb", 1.0, source="mine")
    with pytest.raises(InputError, match="Multiply by 12"):
        entry("training_months", stats.norm(3.0, 0.1), source="mine", unit="years")


def test_the_real_preliz_agrees_with_its_own_probabilities():
    pz = pytest.importorskip("preliz")
    x = np.linspace(0.1, 2.9, 50)
    by_other_parameters = (pz.Normal(mu=1.0, tau=4.0), pz.Beta(mu=0.3, nu=10.0), pz.StudentT(nu=5.0, mu=1.0, lam=4.0))
    for distribution in (pz.Normal(1, 0.2), pz.LogNormal(0, 0.2), pz.Gamma(2, 3), *by_other_parameters):
        np.testing.assert_allclose(
            entry("lam", distribution, **WITHIN).distribution.cdf(x), cut(distribution, x), atol=3e-6
        )
    for distribution in (pz.Poisson(3), pz.Censored(pz.Normal(1, 2), 0.2, 2.5), pz.Normal()):
        with pytest.raises(InputError, match="in Python"):
            entry("lam", distribution, **WITHIN)
