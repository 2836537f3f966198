"""Reparametrisations: there and back, the Jacobian, and images inside the domain."""

import numpy as np
import pytest

from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, kept_inside
from mc_sie.quantities import QUANTITIES

DRAWS = {
    "rho": np.array([-3.0, -0.2, -1e-3, 0.3]),
    "r": np.array([0.3, 1.0, 2.0, 9.0]),
    "alpha_compute": np.array([0.1, 0.5, 0.5, 0.9]),
    "labour_per_efficiency": np.array([0.5, 1.0, 2.0, 3.0]),
}


def negative_rho(draws):
    """The draws that a largest speed above 1 can state."""
    kept = draws["rho"] < 0.0
    return {name: values[kept] for name, values in draws.items()}


def draws_for(name):
    return negative_rho(DRAWS) if name == "max_speed" else DRAWS


def test_every_quantity_that_determines_another_has_one():
    assert set(REPARAMETRISATIONS) == {name for name, one in QUANTITIES.items() if one.determines is not None}
    for one in REPARAMETRISATIONS.values():
        assert one.determined.name == QUANTITIES[one.name].determines


@pytest.mark.parametrize("name", REPARAMETRISATIONS)
def test_there_and_back_is_where_one_was(name):
    one, draws = REPARAMETRISATIONS[name], draws_for(name)
    stated = one.inverse(draws)
    np.testing.assert_allclose(one.forward({**draws, name: stated}), draws[one.determined.name], rtol=1e-12)


@pytest.mark.parametrize("name", REPARAMETRISATIONS)
def test_the_jacobian_is_the_derivative(name):
    one, draws = REPARAMETRISATIONS[name], draws_for(name)
    determined = one.determined.name
    step = 1e-6 * np.abs(draws[determined])
    above = one.inverse({**draws, determined: draws[determined] + step})
    below = one.inverse({**draws, determined: draws[determined] - step})
    numeric = np.log(np.abs(above - below) / (2.0 * step))
    np.testing.assert_allclose(one.log_jacobian(draws), numeric, atol=1e-5)


def test_no_speed_is_the_largest_where_inputs_are_substitutes_one_for_one():
    at_zero = {"rho": np.zeros(1), "alpha_compute": np.array([0.5])}
    assert REPARAMETRISATIONS["max_speed"].inverse(at_zero) == np.inf


def test_rounding_onto_an_excluded_bound_is_undone():
    rho = QUANTITIES["rho"]
    kept = kept_inside(rho, np.array([1.0, 0.5, -50.0]))
    assert rho.contains(kept[0])
    np.testing.assert_array_equal(kept[1:], [0.5, -50.0])
