"""Densities of prior sets at given draws: in the model's coordinates, with masses where values have their own."""

import math

import numpy as np
import pytest

from mc_sie import load_prior
from mc_sie.explorer.densities import density_of, log_density, own_probability, restated
from mc_sie.priors import entry, pool
from mc_sie.quantities import QUANTITIES


def law(name, family="lognormal", **parameters):
    return entry(name, {"family": family, **parameters}, unit=QUANTITIES[name].unit, source="s")


BASE = load_prior("davidson-2025").replaced(
    {
        "r": law("r", median=1.2, sd_log=0.4, truncate_low=0.01, truncate_high=100.0),
        "alpha_compute": law("alpha_compute", "uniform", low=0.3, high=0.7),
    }
)


def draws_of(prior, n=400, seed=1):
    generator = np.random.default_rng(seed)
    return prior.values({dimension: generator.random(n) for dimension in prior.dimensions})


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("sigma", {"median": 0.6, "sd_log": 0.3, "truncate_low": 0.1, "truncate_high": 0.95}),
        ("max_speed", {"median": 30.0, "sd_log": 1.0, "truncate_low": 2.0}),
        ("r_total", {"median": 1.2, "sd_log": 0.3, "truncate_low": 0.1, "truncate_high": 20.0}),
    ],
)
def test_densities_are_those_of_the_model_coordinates(name, stated):
    """Against the quantile function of rho or r: a numerical derivative where a restatement is stated."""
    n = 400
    target = BASE.replaced({name: law(name, **stated)})
    determined = QUANTITIES[name].determines
    points = {dimension: np.full(n, 0.4) for dimension in target.dimensions}
    step = 1e-5
    levels = np.linspace(0.1, 0.9, n)
    x = [target.values(points | {determined: levels + shift})[determined] for shift in (-step, step)]
    draws = target.values(points | {determined: levels})
    numeric = np.log(2.0 * step / np.abs(x[1] - x[0]))
    found = density_of(target.entries[name], determined, draws)
    np.testing.assert_allclose(found.log_density, numeric, atol=1e-4)
    assert not found.mass.any()


def test_restatements_come_back_from_the_model_coordinates():
    stated = {"sigma": (0.4, 0.9), "max_speed": (5.0, 500.0), "r_total": (0.5, 2.0)}
    for name, (low, high) in stated.items():
        prior = BASE.replaced({name: law(name, "uniform", low=low, high=high)})
        draws = draws_of(prior)
        found = restated(draws)[name]
        assert low <= found.min() < found.max() <= high
        again = density_of(prior.entries[name], QUANTITIES[name].determines, draws)
        assert np.isfinite(again.log_density).all()


def test_a_value_with_a_probability_of_its_own_has_a_mass_and_what_is_absent_too():
    components = [
        {"weight": 0.2, "family": "fixed", "value": -0.1},
        {"weight": 0.8, "family": "uniform", "low": -0.5, "high": 0.0},
    ]
    prior = BASE.replaced({"rho": law("rho", "mixture", components=components)})
    draws = draws_of(prior)
    found = density_of(prior.entries["rho"], "rho", draws)
    is_atom = np.asarray(draws["rho"]) == -0.1
    assert 0.1 < is_atom.mean() < 0.3
    np.testing.assert_array_equal(found.mass, np.where(is_atom, 0.2, 0.0))
    np.testing.assert_allclose(found.log_density[~is_atom], math.log(0.8 / 0.5))
    absent = density_of(None, "speedup_initial", draws)
    np.testing.assert_array_equal(absent.mass, 1.0)
    assert np.isneginf(absent.log_density).all()
    own = own_probability(prior, draws)
    np.testing.assert_array_equal(own["rho"], is_atom)
    assert own["mode"].all()
    assert own["speedup_initial"].all()
    assert not own["r"].any()


def test_a_pool_has_the_weighted_sum_of_the_densities_of_its_members():
    other = BASE.replaced({"r": law("r", "uniform", low=1.0, high=2.0)}, "other")
    both = pool("both", [(BASE, 0.3), (other, 0.7)], "a test")
    draws = draws_of(BASE)
    is_exact = own_probability(both, draws)
    one, two, together = (log_density(prior, draws, is_exact) for prior in (BASE, other, both))
    r = np.asarray(draws["r"])
    np.testing.assert_array_equal(np.isneginf(two), (r < 1.0) | (r > 2.0))
    np.testing.assert_allclose(np.exp(together - one), 0.3 + 0.7 * np.exp(two - one), rtol=1e-12)


def test_only_what_two_sets_state_differently_makes_their_densities_differ():
    other = BASE.replaced({"r": law("r", "uniform", low=0.01, high=100.0)})
    draws = draws_of(BASE)
    is_exact = own_probability(BASE, draws)
    ratio = log_density(BASE, draws, is_exact) - log_density(other, draws, is_exact)
    expected = np.log(BASE.entries["r"].distribution.pdf(draws["r"])) + math.log(100.0 - 0.01)
    np.testing.assert_allclose(ratio, expected, atol=1e-9)
