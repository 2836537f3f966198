"""What quantities imply for things that people measure, against published numbers, closed forms and the simulator."""

import numpy as np
import pytest

from mc_sie.derived import DERIVED, SUBJECTS, subject_of
from mc_sie.engine.run import evaluate
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES


def draws(**given):
    n = max(np.size(value) for value in given.values())
    found = {}
    for name in MODEL_QUANTITIES:
        default = QUANTITIES[name].default
        default = 0 if name == "mode" else np.nan if default is None else default
        found[name] = np.broadcast_to(np.asarray(given.get(name, default), dtype=np.float64), n)
    return found


def implied(name, **given):
    return DERIVED[name].formula(draws(**given))


def test_the_maximum_speed_is_davidsons_table():
    speeds = implied("max_speed", rho=[-1.0, -0.5, -0.2, -0.15, -0.1, 0.0, 0.4])
    np.testing.assert_allclose(speeds, [2.0, 4.0, 32.0, 101.593667, 1024.0, np.inf, np.inf], rtol=1e-8)


def test_ten_times_the_compute_at_one_half_is_ten_times_the_labour():
    # by the symmetry of the CES at alpha = 0.5; the published pace with ten times the labour
    paces = implied("pace_tenfold_compute", rho=[-1.2, -0.5, -0.2, 0.0])
    np.testing.assert_allclose(paces, [1.693, 2.309, 2.773, 3.162], atol=6e-4)


def test_at_one_half_the_two_polls_contradict_each_other():
    rho = np.linspace(-1.0, 0.9, 200)
    tenth, tenfold = implied("pace_tenth_compute", rho=rho), implied("pace_tenfold_compute", rho=rho)
    assert not np.any((tenth >= 0.4) & (tenth <= 0.6) & (tenfold >= 1.18) & (tenfold <= 1.6))
    low = {"rho": rho, "alpha_compute": 0.2}
    tenth, tenfold = implied("pace_tenth_compute", **low), implied("pace_tenfold_compute", **low)
    assert np.any((tenth >= 0.4) & (tenth <= 0.6) & (tenfold >= 1.18) & (tenfold <= 1.6))


def test_cobb_douglas_is_a_power_of_compute():
    np.testing.assert_allclose(implied("pace_tenth_compute", rho=0.0, alpha_compute=0.3), 0.1**0.3)
    np.testing.assert_allclose(implied("pace_tenfold_compute", rho=0.0, alpha_compute=0.3), 10.0**0.3)


def test_the_anchors_of_ai_futures_come_back():
    given = {"rho": -0.15499, "alpha_compute": 15.0**-0.15499}
    assert implied("max_speed", **given)[0] == pytest.approx(15.0, rel=1e-9)
    assert implied("max_speed_compute", **given)[0] == pytest.approx(1000.0, rel=2e-3)
    assert implied("max_speed", rho=-1.0, alpha_compute=0.0)[0] == np.inf


def test_the_pace_on_the_day_of_automation_is_the_outcome_of_that_name():
    rng = np.random.default_rng(1)
    n = 32
    given = {
        "rho": rng.uniform(-1.0, 0.6, n),
        "alpha_compute": rng.uniform(0.05, 0.9, n),
        "lam": rng.uniform(0.3, 1.0, n),
        "labour_multiplier": rng.uniform(10.0, 2000.0, n),
        "route2_rho": np.where(np.arange(n) % 2, rng.uniform(-0.5, 0.5, n), np.nan),
        "route2_alpha_compute": np.where(np.arange(n) % 2, rng.uniform(0.05, 0.9, n), np.nan),
        "speedup_initial": np.where(np.arange(n) % 5, np.nan, 7.0),
    }
    outcomes = evaluate(given | {"r": 1.0, "horizon_months": 1.0})
    np.testing.assert_allclose(implied("pace_initial", **given, r=1.0), outcomes.pace_initial, rtol=1e-10)
    plain = {name: given[name] for name in ("rho", "alpha_compute", "lam", "labour_multiplier")}
    outcomes = evaluate(plain | {"r": 1.0, "horizon_months": 1.0})
    np.testing.assert_allclose(implied("max_speed", **plain, r=1.0), outcomes.pace_ceiling, rtol=1e-10)


def test_the_better_route_counts():
    given = {"rho": -1.0, "route2_rho": -0.2, "route2_alpha_compute": 0.5}
    assert implied("max_speed", **given)[0] == pytest.approx(32.0)
    assert implied("max_speed", **(given | {"route2_rho": 0.1}))[0] == np.inf


def test_restatements_and_past_growth():
    assert implied("sigma", rho=-1.0)[0] == pytest.approx(0.5)
    assert implied("r_total", rho=0.0, r=1.2, alpha_compute=0.4)[0] == pytest.approx(1.0)
    assert implied("software_growth_ooms_per_year", rho=0.0, software_doubling_months=6.0)[0] == pytest.approx(
        0.602, abs=5e-4
    )


def test_every_subject_has_a_unit_and_a_meaning():
    for name in SUBJECTS:
        kind = OUTCOME_KINDS.get(name)
        index = "" if kind is None or kind.index_unit is None else "[5]"
        subject = subject_of(name + index)
        assert subject.unit
        assert subject.meaning
        assert set(subject.inputs) <= set(MODEL_QUANTITIES)
        assert subject.is_outcome == (name in OUTCOME_KINDS and name not in DERIVED)


@pytest.mark.parametrize("name", DERIVED)
def test_each_depends_on_the_inputs_that_it_names_and_on_no_others(name):
    """Evidence about a derived quantity bears on its inputs: a name that is missing there would hide a double count."""
    # without a second route, and with one that is better for less compute, and for more
    low = {"rho": -0.3, "r": 1.0, "route2_rho": [np.nan, -0.1, -0.1], "route2_alpha_compute": [np.nan, 0.4, 0.8]}
    high = {"rho": -0.05, "r": 2.0, "route2_rho": [np.nan, -0.02, -0.02], "route2_alpha_compute": [np.nan, 0.3, 0.9]}
    for moved in MODEL_QUANTITIES:
        if moved == "mode":
            continue
        quantity = QUANTITIES[moved]
        other = high.get(moved, 0.3 if quantity.high == 1.0 else 2.5)
        before = implied(name, **low)
        after = implied(name, **{**low, moved: other})
        is_same = np.array_equal(before, np.broadcast_to(after, before.shape), equal_nan=True)
        assert is_same == (moved not in DERIVED[name].inputs), moved
