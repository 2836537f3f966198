"""One door to draws: a set is simulated as it is, and given its evidence where it states any."""

import numpy as np
import pytest

from mc_sie import Conditioned, InputError, doubled, load_prior, simulate

SIZES = {"n_draws": 256, "n_replicates": 4}


def test_a_set_without_evidence_is_simulated_as_it_is():
    simulation = simulate(load_prior("davidson-2025"), **SIZES)
    assert not isinstance(simulation, Conditioned)
    assert simulation.weights is None
    assert simulation.before is None
    assert (simulation.method_in_words, simulation.warnings) == ("", ())


def test_a_set_with_evidence_is_simulated_given_it():
    prior = load_prior("economists-evidence")
    simulation = simulate(prior, **SIZES)
    assert isinstance(simulation, Conditioned)
    assert simulation.weights.mean() == pytest.approx(1.0)
    plain = simulate(prior.given(()), **SIZES)
    np.testing.assert_array_equal(simulation.before.outcomes.months_to, plain.outcomes.months_to)
    assert simulation.method_in_words.startswith("Given the evidence: ")


@pytest.mark.parametrize("name", ["agnostic", "economists-evidence"])
def test_doubling_gives_the_bits_of_twice_the_draws(name):
    prior = load_prior(name)
    sizes = {"n_draws": 64, "n_replicates": 4, "levels": (5.0,), "widths": (12.0,)}
    twice = doubled(simulate(prior, **sizes), threads=2, batch=5)
    at_once = simulate(prior, **{**sizes, "n_draws": 128})
    assert twice.design == at_once.design
    for key, array in at_once.draws.items():
        np.testing.assert_array_equal(twice.draws[key], array)
    np.testing.assert_array_equal(twice.outcomes.months_to, at_once.outcomes.months_to)
    if at_once.weights is not None:
        np.testing.assert_array_equal(twice.weights, at_once.weights)


def test_a_method_of_conditioning_needs_evidence():
    with pytest.raises(InputError, match="states no evidence"):
        simulate(load_prior("davidson-2025"), **SIZES, method="prior")


def test_the_name_of_a_set_is_no_set():
    with pytest.raises(InputError, match=r"Load it first: simulate\(load_prior\('davidson-2025'\), \.\.\.\)\."):
        simulate("davidson-2025")
