"""Reparametrisations: there and back, the Jacobian, images inside the domain, and two that determine two together."""

import numpy as np
import pytest
from prior_texts import HEAD, R, entry
from scipy.optimize import brentq

from mc_sie import InputError, evaluate
from mc_sie.derived import DERIVED
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS, inputs_of, kept_inside
from mc_sie.quantities import QUANTITIES

DRAWS = {
    "rho": np.array([-3.0, -0.2, -1e-3, 0.3]),
    "r": np.array([0.3, 1.0, 2.0, 9.0]),
    "alpha_compute": np.array([0.1, 0.5, 0.5, 0.9]),
    "labour_per_efficiency": np.array([0.5, 1.0, 2.0, 3.0]),
    "lam": np.array([0.3, 0.7, 1.0, 1.2]),
}


def negative_rho(draws):
    """The draws that a largest speed above 1 can state."""
    kept = draws["rho"] < 0.0
    return {name: values[kept] for name, values in draws.items()}


def draws_for(name):
    return negative_rho(DRAWS) if name.startswith("max_speed") else DRAWS


def with_partners(one, draws):
    """Draws with the stated quantities without which one means nothing."""
    return {**draws, **{name: REPARAMETRISATIONS[name].inverse(draws) for name in one.partners}}


def test_every_quantity_that_determines_another_has_one():
    assert set(REPARAMETRISATIONS) == {name for name, one in QUANTITIES.items() if one.determines is not None}
    for one in REPARAMETRISATIONS.values():
        assert one.determined.name == QUANTITIES[one.name].determines


@pytest.mark.parametrize("name", REPARAMETRISATIONS)
def test_there_and_back_is_where_one_was(name):
    one, draws = REPARAMETRISATIONS[name], draws_for(name)
    stated = one.inverse(draws)
    back = one.forward({**with_partners(one, draws), name: stated})
    np.testing.assert_allclose(back, draws[one.determined.name], rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, one in REPARAMETRISATIONS.items() if not one.partners])
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
    assert REPARAMETRISATIONS["max_speed_compute"].inverse(at_zero) == np.inf


def test_rounding_onto_an_excluded_bound_is_undone():
    rho = QUANTITIES["rho"]
    kept = kept_inside(rho, np.array([1.0, 0.5, -50.0]))
    assert rho.contains(kept[0])
    np.testing.assert_array_equal(kept[1:], [0.5, -50.0])


# ------------------------------------------------------------------------- two speeds for rho and the weight together


def of_both_speeds(labour, compute):
    """rho and the weight on experiments that two largest speeds determine, in the order of the table."""
    draws = {"max_speed": np.asarray(labour, float), "max_speed_compute": np.asarray(compute, float)}
    for one in REPARAMETRISATIONS.values():
        if one.name in draws:
            draws[one.determined.name] = one.forward(draws)
    return draws["rho"], draws["alpha_compute"]


def test_equal_speeds_are_an_even_weight_and_the_golden_ratio_solves_a_square():
    speeds = np.array([2.0, 4.0, 32.0, 1.02])
    rho, alpha = of_both_speeds(speeds, speeds)
    np.testing.assert_allclose(alpha, 0.5, rtol=1e-14)
    np.testing.assert_allclose(rho, -np.log(2.0) / np.log(speeds), rtol=1e-12)  # 2, 4, 32: -1, -1/2, -1/5
    rho, alpha = of_both_speeds([4.0], [16.0])  # x = 4^rho: x + x^2 = 1
    np.testing.assert_allclose(alpha, 0.5 * (np.sqrt(5.0) - 1.0), rtol=1e-14)
    rho, alpha = of_both_speeds([1.5], [3.0])  # 2/3 + 1/3
    np.testing.assert_allclose([rho[0], alpha[0]], [-1.0, 2.0 / 3.0], rtol=1e-12)


def test_the_root_is_that_of_a_bracketing_search_over_the_whole_domain():
    generator = np.random.default_rng(3)
    labour, compute = 1.0 + 10.0 ** generator.uniform(-1.5, 8.0, (2, 400))
    rho, alpha = of_both_speeds(labour, compute)
    for i in range(400):
        log_labour, log_compute = np.log(labour[i]), np.log(compute[i])
        root = brentq(lambda x: np.exp(x * log_labour) + np.exp(x * log_compute) - 1.0, -500.0, 0.0, xtol=1e-300)  # noqa: B023
        assert rho[i] == pytest.approx(root, rel=1e-12)
        assert alpha[i] == pytest.approx(np.exp(root * log_labour), rel=1e-12)


def test_both_speeds_come_back_from_the_law_of_motion_and_from_derived_quantities():
    rho, alpha = of_both_speeds([15.0, 1.5, 900.0], [1000.0, 40.0, 3.0])
    np.testing.assert_allclose(rho[0], -0.1550, atol=5e-5)  # published: -0.155 and 0.657
    np.testing.assert_allclose(alpha[0], 0.6572, atol=5e-5)
    draws = {"rho": rho, "alpha_compute": alpha, "route2_rho": rho * np.nan, "route2_alpha_compute": rho * np.nan}
    np.testing.assert_allclose(DERIVED["max_speed"].formula(draws), [15.0, 1.5, 900.0], rtol=1e-11)
    np.testing.assert_allclose(DERIVED["max_speed_compute"].formula(draws), [1000.0, 40.0, 3.0], rtol=1e-11)


def test_the_jacobian_of_both_is_the_determinant():
    one, other = REPARAMETRISATIONS["max_speed"], REPARAMETRISATIONS["max_speed_compute"]
    for rho, alpha in ((-0.16, 0.65), (-1.0, 0.3), (-0.02, 0.9), (-5.0, 0.05)):

        def speeds(rho, alpha):
            draws = {"rho": np.array([rho]), "alpha_compute": np.array([alpha])}
            return np.array([one.inverse(draws)[0], other.inverse(draws)[0]])

        step, tilt = 1e-6 * abs(rho), 1e-6 * alpha * (1.0 - alpha)
        slopes = np.array(
            [
                (speeds(rho + step, alpha) - speeds(rho - step, alpha)) / (2.0 * step),
                (speeds(rho, alpha + tilt) - speeds(rho, alpha - tilt)) / (2.0 * tilt),
            ]
        )
        sign, expected = np.linalg.slogdet(slopes)
        draws = {"rho": np.array([rho]), "alpha_compute": np.array([alpha])}
        assert sign != 0.0
        assert (one.log_jacobian(draws) + other.log_jacobian(draws))[0] == pytest.approx(expected, abs=1e-5)


def test_what_is_determined_rises_with_what_is_stated():
    speeds = np.geomspace(1.02, 1e6, 300)
    _, alpha = of_both_speeds(np.full(300, 30.0), speeds)  # the weight, with the speed that states it
    assert (np.diff(alpha) > 0.0).all()
    rho, alpha = of_both_speeds(speeds, np.full(300, 30.0))
    assert (np.diff(rho) > 0.0).all()
    assert (np.diff(alpha) < 0.0).all()
    rho, _ = of_both_speeds(np.full(300, 30.0), speeds)
    assert (np.diff(rho) > 0.0).all()


def test_limits_without_labour_or_compute_bottleneck():
    rho, alpha = of_both_speeds([2.0], [1e300])  # compute helps without end: all weight on it ... of rho near 0
    assert alpha[0] > 0.99
    rho, alpha = of_both_speeds([1e300], [2.0])
    assert alpha[0] < 0.01
    assert -0.02 < rho[0] < 0.0
    for labour, compute in ((np.inf, 5.0), (5.0, np.inf), (1.0, 5.0), (5.0, 1.0)):
        assert np.isnan(of_both_speeds([labour], [compute])[1]).all()


def test_stated_quantities_behind_one():
    assert inputs_of("max_speed", ["max_speed", "alpha_compute"]) == ("max_speed", "alpha_compute")
    assert inputs_of("max_speed", ["max_speed", "max_speed_compute"]) == ("max_speed", "max_speed_compute")
    stated = ["r_total", "max_speed", "max_speed_compute", "labour_per_efficiency"]
    assert inputs_of("r_total", stated) == ("r_total", "max_speed_compute", "max_speed", "labour_per_efficiency")


def speeds(labour, compute):
    texts = {"max_speed": labour, "max_speed_compute": compute}
    return HEAD + R + "".join(entry(name, text) for name, text in texts.items() if text)


LABOUR = 'family = "shifted_lognormal"\nshift = 1\nmedian = 14.1\nsd_log = 2\ntruncate_low = 1.02'
COMPUTE = 'family = "loguniform"\nlow = 30\nhigh = 30000'


def test_a_set_may_state_both_speeds(load):
    prior = load(speeds(LABOUR, COMPUTE))
    assert "alpha_compute" not in prior.entries
    assert prior.dimensions == ("rho", "r", "alpha_compute")
    u = np.random.default_rng(1).random((2, 500))
    values = prior.values({"rho": u[0], "alpha_compute": u[1], "r": u[0]})
    total = values["max_speed"] ** values["rho"] + values["max_speed_compute"] ** values["rho"]
    np.testing.assert_allclose(total, 1.0, rtol=1e-10)
    np.testing.assert_allclose(values["max_speed_compute"], 30.0 * 1000.0 ** u[1], rtol=1e-12)
    few = {name: column[:3] for name, column in values.items() if name in ("rho", "r", "alpha_compute")}
    both = {name: values[name][:3] for name in ("max_speed", "max_speed_compute")}
    np.testing.assert_allclose(evaluate(few | both).pace_ceiling, both["max_speed"], rtol=1e-9)
    with pytest.raises(InputError, match=r"max_speed_compute.* makes alpha_compute"):
        evaluate(few | {"max_speed_compute": 2.0 * both["max_speed_compute"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (speeds("", COMPUTE) + entry("rho", 'family = "fixed"\nvalue = -0.2'), r"without \[max_speed\]: together they"),
        (speeds('family = "fixed"\nvalue = inf', COMPUTE), "alpha_compute = nan possible.* both must be finite"),
        (speeds(LABOUR.replace("1.02", "1.0000001"), COMPUTE.replace("30\n", "1.000001\n")), r"outside \[-50, 1\)"),
        (speeds(LABOUR, COMPUTE) + entry("alpha_compute", 'family = "fixed"\nvalue = 0.5'), "Both determine alpha"),
    ],
)
def test_what_two_speeds_cannot_say_is_refused(load, text, message):
    with pytest.raises(InputError, match=message):
        load(text)
