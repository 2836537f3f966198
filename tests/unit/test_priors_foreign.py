"""Distributions of other packages as entries: SciPy's own, and stand-ins with the attributes of the others."""

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


def like(name, **attributes):
    """An object of a class of another package: its name and its attributes."""
    return type(name, (SimpleNamespace,), {})(**attributes)


def preliz(name, law, **params):
    return like(
        name,
        param_names=tuple(params),
        params=tuple(map(np.float64, params.values())),
        kind="continuous",
        is_frozen=True,
        ppf=law.ppf,
        cdf=law.cdf,
    )


def squigglepy(name, **attributes):
    return like(f"{name}Distribution", **{"lclip": None, "rclip": None, **attributes})


def cut(law, x, low=1e-9, high=3.0):
    """P(X <= x) of a law that is cut to the domain."""
    return (law.cdf(x) - law.cdf(low)) / (law.cdf(high) - law.cdf(low))


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
    "shifted lognormal": (stats.lognorm(0.5, loc=0.2, scale=0.6), "tabulated"),
    "gamma": (stats.gamma(4.0, scale=0.2), "tabulated"),
    "Weibull": (stats.weibull_min(1.5, scale=0.6), "tabulated"),
    "inverse gamma, with a heavy tail": (stats.invgamma(1.5, scale=0.4), "tabulated"),
    "PreliZ normal": (preliz("Normal", stats.norm(0.6, 0.1), mu=0.6, sigma=0.1), "normal"),
    "PreliZ lognormal": (preliz("LogNormal", stats.lognorm(0.5, scale=0.6), mu=math.log(0.6), sigma=0.5), "lognormal"),
    "PreliZ uniform": (preliz("Uniform", stats.uniform(0.2, 1.5), lower=0.2, upper=1.7), "uniform"),
    "PreliZ beta": (preliz("Beta", stats.beta(2.0, 3.0), alpha=2.0, beta=3.0), "beta"),
    "PreliZ scaled beta": (
        preliz("BetaScaled", stats.beta(2.0, 3.0, 0.1, 2.0), alpha=2.0, beta=3.0, lower=0.1, upper=2.1),
        "beta",
    ),
    "PreliZ student t": (preliz("StudentT", stats.t(4.0, 1.0, 0.1), nu=4.0, mu=1.0, sigma=0.1), "student_t"),
    "PreliZ triangular": (
        preliz("Triangular", stats.triang(0.25, 0.0, 2.0), lower=0.0, c=0.5, upper=2.0),
        "triangular",
    ),
    "PreliZ truncated normal": (
        preliz("TruncatedNormal", stats.truncnorm(-1.0, 2.0, 1.0, 0.5), mu=1.0, sigma=0.5, lower=0.5, upper=2.0),
        "normal",
    ),
    "PreliZ gamma": (preliz("Gamma", stats.gamma(4.0, scale=0.2), alpha=4.0, beta=5.0), "tabulated"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_law_stays_itself(name):
    law, family = NAMED[name]
    found = entry("lam", law, **WITHIN)
    assert found.family == family
    x = np.linspace(0.05, 2.9, 117)
    tolerance = 3e-6 if family == "tabulated" else 1e-12
    np.testing.assert_allclose(found.distribution.cdf(x), cut(law, x), atol=tolerance)
    assert ("tabulated at" in found.source) == (family == "tabulated")


SQUIGGLEPY = {
    "normal": (squigglepy("Normal", mean=0.6, sd=np.float64(0.1)), stats.norm(0.6, 0.1), "normal"),
    "lognormal": (
        squigglepy("Lognormal", norm_mean=math.log(0.6), norm_sd=0.5, x=None, y=None),
        stats.lognorm(0.5, scale=0.6),
        "lognormal",
    ),
    "uniform": (squigglepy("Uniform", x=0.2, y=2), stats.uniform(0.2, 1.8), "uniform"),
    "beta": (squigglepy("Beta", a=2, b=3), stats.beta(2.0, 3.0), "beta"),
    "triangular": (squigglepy("Triangular", left=0, mode=0.5, right=2), stats.triang(0.25, 0.0, 2.0), "triangular"),
    "PERT": (squigglepy("PERT", left=0, mode=0.5, right=2, lam=4), stats.beta(2.0, 4.0, 0.0, 2.0), "pert"),
    "flat PERT": (squigglepy("PERT", left=0, mode=0.5, right=2, lam=2), stats.beta(1.5, 2.5, 0.0, 2.0), "beta"),
    "student t": (squigglepy("T", x=None, y=None, t=5), stats.t(5.0), "student_t"),
    "gamma": (squigglepy("Gamma", shape=4, scale=0.2), stats.gamma(4.0, scale=0.2), "tabulated"),
    "exponential": (squigglepy("Exponential", scale=0.3), stats.expon(scale=0.3), "tabulated"),
    "Pareto": (squigglepy("Pareto", shape=4), stats.pareto(4.0), "tabulated"),
    "chi-square": (squigglepy("ChiSquare", df=2), stats.chi2(2.0), "tabulated"),
}


@pytest.mark.parametrize("name", SQUIGGLEPY)
def test_an_object_of_squigglepy_stays_itself(name):
    law, exact, family = SQUIGGLEPY[name]
    found = entry("lam", law, **WITHIN)
    assert found.family == family
    x = np.linspace(0.05, 2.9, 117)
    np.testing.assert_allclose(found.distribution.cdf(x), cut(exact, x), atol=3e-6)


def test_clipping_puts_what_is_outside_on_the_bound():
    law = entry("lam", squigglepy("Normal", mean=1.0, sd=2.0, lclip=0.2, rclip=2.5), unit="1", source="s").distribution
    exact = stats.norm(1.0, 2.0)
    assert law.atoms == (
        (0.2, pytest.approx(exact.cdf(0.2))),
        (2.5, pytest.approx(exact.sf(2.5))),
    )
    x = np.linspace(0.2, 2.4, 23)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-12)
    censored = like("Censored", dist=preliz("Normal", exact, mu=1.0, sigma=2.0), lower=0.2, upper=2.5)
    np.testing.assert_allclose(entry("lam", censored, unit="1", source="s").distribution.cdf(x), law.cdf(x), atol=1e-14)


def test_truncation_of_another_package_is_kept_inside_ours():
    inner = preliz("Normal", stats.norm(0.0, 1.0), mu=0.0, sigma=1.0)
    law = entry("lam", like("Truncated", dist=inner, lower=0.1, upper=2.0), **WITHIN).distribution
    assert law.support == (0.1, 2.0)
    x = np.linspace(0.1, 2.0, 20)
    np.testing.assert_allclose(law.cdf(x), cut(stats.norm(0.0, 1.0), x, 0.1, 2.0), atol=1e-12)


def test_mixtures_are_taken_apart():
    inner = squigglepy("Mixture", dists=[squigglepy("Constant", x=0.3), 0.4], weights=[0.5, 0.5])
    law = squigglepy("Mixture", dists=[squigglepy("Uniform", x=0, y=1), inner], weights=[0.6, 0.4], lclip=0.1)
    found = entry("lam", law, unit="1", source="s").distribution
    assert found.atoms == ((0.1, pytest.approx(0.06)), (0.3, pytest.approx(0.2)), (0.4, pytest.approx(0.2)))
    assert float(found.cdf(0.2)) == pytest.approx(0.12)
    several = [
        preliz("Normal", stats.norm(0.5, 0.1), mu=0.5, sigma=0.1),
        preliz("Gamma", stats.gamma(4.0, scale=0.2), alpha=4.0, beta=5.0),
    ]
    mixed = entry("lam", like("Mixture", dist=several, weights=np.array([3.0, 7.0])), **WITHIN)
    exact = SimpleNamespace(cdf=lambda x: 0.3 * stats.norm(0.5, 0.1).cdf(x) + 0.7 * stats.gamma(4.0, scale=0.2).cdf(x))
    x = np.linspace(0.05, 2.9, 50)
    np.testing.assert_allclose(mixed.distribution.cdf(x), cut(exact, x), atol=3e-6)
    assert "tabulated at" in mixed.source


def test_a_table_says_how_well_it_does():
    law = stats.gamma(4.0, scale=0.2)
    found = entry("lam", law, **WITHIN)
    said = float(found.source.split("within ")[1].split(" ")[0])
    u = np.linspace(1e-6, 1.0 - 1e-6, 5001)
    whole = entry("limit_ooms", law, unit="OOM", source="mine").distribution
    assert np.abs(law.cdf(whole.ppf(u)) - u).max() < 1.5 * said < 2e-6
    tails = 10.0 ** -np.arange(3.0, 12.0)
    np.testing.assert_allclose(law.cdf(whole.ppf(tails)), tails, rtol=5e-3)


def test_anything_with_a_quantile_function_will_do_and_numbers_and_tables_too():
    odd = SimpleNamespace(icdf=lambda p: np.sqrt(p), cdf=lambda x: np.clip(x, 0.0, 1.0) ** 2)
    law = entry("lam", odd, **WITHIN).distribution
    assert law.ppf(0.25) == pytest.approx(0.5, abs=1e-5)
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


@pytest.mark.parametrize(
    ("law", "why"),
    [
        (stats.poisson(3.0), r"in Python: \[lam\] is discrete \(poisson\). For values with probabilities"),
        (like("Poisson", kind="discrete", param_names=("mu",), params=(3,)), r"is discrete \(Poisson\)"),
        (like("Normal", is_frozen=False, param_names=("mu",)), "is a Normal whose parameters are not all set"),
        (squigglepy("Complex", left=1), "is a ComplexDistribution of squigglepy, which has no quantile function"),
        (squigglepy("T", x=1, y=2, t=5), "is a TDistribution of squigglepy"),
        ("0.5", "is a str, which has no quantile function. Give a frozen SciPy distribution"),
        (SimpleNamespace(ppf=np.round, cdf=np.round), "whose ppf and cdf do not belong together"),
        (stats.norm(0.6, 0.2), r'\[lam\] family = "normal" reaches below 0'),
    ],
)  # fmt: skip
def test_what_is_no_law_of_a_quantity_is_refused(law, why):
    with pytest.raises(InputError, match=why):
        entry("lam", law, unit="1", source="mine")


def test_units_and_names_are_asked_for_as_in_a_file():
    with pytest.raises(InputError, match=r'\[lam\] has no unit. Add unit = "1"'):
        entry("lam", 1.0, source="mine")
    with pytest.raises(InputError, match=r"in Python: lamb is no quantity. Did you mean 'lam'\?"):
        entry("lamb", 1.0, source="mine")
    with pytest.raises(InputError, match="Multiply by 12"):
        entry("training_months", stats.norm(3.0, 0.1), source="mine", unit="years")


def test_the_real_packages_agree_with_their_samples():
    sq = pytest.importorskip("squigglepy")
    sq.set_seed(1)
    for law in (sq.to(0.1, 1), sq.norm(1, 2, lclip=0.2, rclip=2.5), sq.mixture([sq.norm(0.4, 0.5), 0.3], [0.3, 0.7])):
        sample = np.sort(sq.sample(law, 100_000))
        sample = sample[(sample > 1e-9) & (sample <= 3.0)]
        grid = np.quantile(sample, np.linspace(0.01, 0.99, 50))
        shares = np.searchsorted(sample, grid, side="right") / len(sample)
        assert np.abs(entry("lam", law, **WITHIN).distribution.cdf(grid) - shares).max() < 1.95 / math.sqrt(len(sample))


def test_the_real_preliz_agrees_with_its_own_probabilities():
    pz = pytest.importorskip("preliz")
    x = np.linspace(0.1, 2.9, 50)
    for law in (pz.Normal(1, 0.2), pz.LogNormal(0, 0.2), pz.Gamma(2, 3), pz.StudentT(3, 1, 0.1)):
        np.testing.assert_allclose(entry("lam", law, **WITHIN).distribution.cdf(x), cut(law, x), atol=3e-6)
