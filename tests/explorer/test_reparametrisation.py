"""Reparametrisations of the live page: those of Python, all of them."""

import math

import numpy as np
import pytest

from mc_sie.explorer.data import page_data
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, inputs_of, kept_inside
from mc_sie.quantities import QUANTITIES

N = 2000


def test_every_reparametrisation_is_restated_in_javascript(node):
    """A new one needs its two formulas in mc_sie/explorer/page/reparametrisation.js (docs/extending.md)."""
    script = """
    const { FORWARD, INVERSE } = await import(page("reparametrisation.js"));
    return [Object.keys(FORWARD), Object.keys(INVERSE)];
    """
    assert node(script) == [list(REPARAMETRISATIONS), list(REPARAMETRISATIONS)]


def draws():
    rng = np.random.default_rng(0)
    return {
        "sigma": np.exp(rng.uniform(-3.0, 3.0, N)),
        "max_speed": np.append(np.exp(np.exp(rng.uniform(-7.0, 4.0, N - 2))), [np.inf, 1.0]),
        "max_speed_compute": np.append(np.exp(np.exp(rng.uniform(-7.0, 4.0, N - 2))), [3.0, 3.0]),
        "r_total": rng.uniform(0.1, 5.0, N),
        "r_cumulative": rng.uniform(0.1, 5.0, N),
        "alpha_compute": rng.uniform(0.0, 0.999, N),
        "labour_per_efficiency": rng.uniform(0.5, 3.0, N),
        "lam": rng.uniform(0.1, 1.0, N),
    }


def test_forward_and_inverse_are_those_of_python(node):
    script = """
    const { FORWARD, INVERSE } = await import(page("reparametrisation.js"));
    const columns = (one) => Object.fromEntries(Object.entries(one).map(([name, x]) => [name, Float64Array.from(x)]));
    const [draws, model] = [columns(input.draws), columns(input.model)];
    return { forward: Object.fromEntries(Object.keys(FORWARD).map((name) => [name, FORWARD[name](draws)])),
             inverse: Object.fromEntries(Object.keys(INVERSE).map((name) => [name, INVERSE[name](model)])) };
    """
    rng = np.random.default_rng(1)
    given = draws()
    rho = np.append(rng.uniform(-5.0, 0.9, N - 1), 0.0)
    model = {**given, "rho": rho, "r": rng.uniform(0.1, 5.0, N)}
    found = node(script, {"draws": given, "model": model})
    for name, one in REPARAMETRISATIONS.items():
        with np.errstate(all="ignore"):
            forward, inverse = one.forward(given), one.inverse(model)
        np.testing.assert_allclose(
            np.array(found["forward"][name], dtype=float), forward, rtol=1e-11, atol=1e-14, err_msg=name
        )
        np.testing.assert_allclose(np.array(found["inverse"][name], dtype=float), inverse, rtol=1e-11, err_msg=name)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("max_speed", ["max_speed", "max_speed_compute", "lam"]),
        ("r_total", ["r_total", "alpha_compute", "labour_per_efficiency"]),
        ("r_cumulative", ["r_cumulative", "max_speed", "max_speed_compute", "labour_per_efficiency", "lam"]),
    ],
)
def test_inputs(node, name, stated):
    script = 'return (await import(page("reparametrisation.js"))).inputsOf(input.name, input.stated, input.data);'
    assert tuple(node(script, {"name": name, "stated": stated, "data": page_data()})) == inputs_of(name, stated)


@pytest.mark.parametrize(
    "name", ["rho", "lam", "sigma", "max_speed", "limit_ooms", "alpha_compute", "training_floor_months"]
)
def test_values_on_an_excluded_bound_move_to_the_next_number(node, name):
    quantity = QUANTITIES[name]
    low, high = quantity.low, quantity.high
    values = np.array([low, high, math.nan, low + 0.25, 0.5 * (low + 1.0)])
    script = (
        'return (await import(page("reparametrisation.js"))).keptInside(input.row, Float64Array.from(input.values));'
    )
    row = {"low": low, "high": high, "lowOpen": quantity.low_open, "highOpen": quantity.high_open}
    np.testing.assert_array_equal(
        np.array(node(script, {"row": row, "values": values}), dtype=float), kept_inside(quantity, values)
    )
