"""Density of the prior at its draws, against closed forms."""

import math

import numpy as np
import pytest
from scipy import stats

from mc_sie import load_prior
from mc_sie.priors.density import DEPENDENCE, log_densities
from mc_sie.quantities import MODES

HEAD = 'title = "t"\nbottlenecks = "counted once"\n'


def stated(name, family, unit="1", **parameters):
    """One quantity as TOML."""
    lines = [f"{key} = {value}" for key, value in parameters.items()]
    return "\n".join([f'[{name}]\nfamily = "{family}"\nunit = "{unit}"\nsource = "s"', *lines, ""])


RHO = stated("rho", "uniform", low=-0.4, high=-0.1)
R = stated("r", "lognormal", median=1.2, sd_log=0.5)


@pytest.fixture
def prior_of(tmp_path):
    def read(*texts):
        path = tmp_path / "mine.toml"
        path.write_text(HEAD + "".join(texts), encoding="utf-8")
        return load_prior(path)

    return read


def draws_of(prior, n=4096):
    rng = np.random.default_rng(5)
    return prior.values({name: rng.random(n) for name in prior.dimensions})


def test_independent_quantities_have_the_densities_of_their_families(prior_of):
    prior = prior_of(RHO, R)
    draws = draws_of(prior)
    found = log_densities(prior, draws)
    assert list(found) == ["rho", "r"]
    np.testing.assert_allclose(found["rho"], math.log(1 / 0.3))
    np.testing.assert_allclose(found["r"], stats.lognorm(0.5, scale=1.2).logpdf(draws["r"]), rtol=1e-9)


def test_what_has_a_probability_of_its_own_has_that(prior_of):
    parts = (
        '[{ weight = 0.2, family = "fixed", value = inf }, '
        '{ weight = 0.8, family = "uniform", low = 5.0, high = 15.0 }]'
    )
    prior = prior_of(RHO, R, stated("limit_ooms", "mixture", "OOM", components=parts))
    draws = draws_of(prior)
    found = log_densities(prior, draws)["limit_ooms"]
    is_unlimited = np.isinf(draws["limit_ooms"])
    assert 0.15 < is_unlimited.mean() < 0.25
    np.testing.assert_allclose(found[is_unlimited], math.log(0.2))
    np.testing.assert_allclose(found[~is_unlimited], math.log(0.08))


def test_a_mode_has_its_credence():
    prior = load_prior("davidson-2025")
    draws = draws_of(prior)
    credence = np.where(draws["mode"] == MODES.index("none"), 0.1, 0.3)
    np.testing.assert_allclose(log_densities(prior, draws)["mode"], np.log(credence))


def test_a_reparametrisation_has_the_density_of_what_was_stated(prior_of):
    prior = prior_of(stated("sigma", "uniform", low=0.5, high=0.9), R)
    np.testing.assert_allclose(log_densities(prior, draws_of(prior))["rho"], math.log(1 / 0.4))


def test_correlated_quantities_have_the_density_of_the_copula(prior_of):
    correlation = '[[correlation]]\nbetween = ["rho", "r"]\nspearman = 0.6\nsource = "s"\n'
    prior = prior_of(stated("rho", "normal", mean=-0.3, sd=0.05), R, correlation)
    draws = draws_of(prior)
    found = log_densities(prior, draws)
    pearson = 2 * math.sin(math.pi * 0.6 / 6)
    sds = np.array([0.05, 0.5])
    joint = stats.multivariate_normal([-0.3, math.log(1.2)], np.outer(sds, sds) * [[1, pearson], [pearson, 1]])
    expected = joint.logpdf(np.stack([draws["rho"], np.log(draws["r"])], axis=1)) - np.log(draws["r"])
    np.testing.assert_allclose(found["rho"] + found["r"] + found[DEPENDENCE], expected, atol=1e-6)


def test_a_draw_of_a_pool_has_the_weight_of_its_member_and_its_density():
    pool = load_prior("agnostic")
    draws = draws_of(pool)
    found = log_densities(pool, draws)
    for index, (member, weight) in enumerate(pool.members):
        rows = draws["prior_set"] == index
        np.testing.assert_allclose(found["prior_set"][rows], math.log(weight))
        alone = log_densities(member, {name: values[rows] for name, values in draws.items()})
        for name in pool.dimensions[:-1]:
            np.testing.assert_array_equal(found[name][rows], alone.get(name, np.zeros(rows.sum())))


@pytest.mark.parametrize("name", ["davidson-2025", "economists", "agnostic"])
def test_shipped_sets_have_finite_densities(name):
    prior = load_prior(name)
    for values in log_densities(prior, draws_of(prior)).values():
        assert np.isfinite(values).all()
        assert (values > -500).all()
