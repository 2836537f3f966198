"""What quantities imply for things that people measure, against published numbers, closed forms and the simulator."""

import numpy as np
import pytest

from mc_sie.derived import DERIVED, SUBJECTS, subject_of
from mc_sie.engine.run import evaluate, uniforms_of
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.priors import load_prior
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES
from mc_sie.sampling import plan


def draws(**given):
    n = max(np.size(value) for value in given.values())
    found = {}
    for name in MODEL_QUANTITIES:
        default = QUANTITIES[name].default
        default = 0 if name == "mode" else np.nan if default is None else default
        found[name] = np.broadcast_to(np.asarray(given.get(name, default), dtype=np.float64), n)
    return found


def implied(name, **given):
    return subject_of(name).values(draws(**given))


def with_index(name):
    """The name with an index where it needs one."""
    kind = DERIVED.get(name) or OUTCOME_KINDS.get(name)
    return name if kind is None or kind.index_unit is None else f"{name}[5]"


def simulate_inputs(prior):
    """Every quantity of the model in some draws of a set."""
    design = plan(2**14, seed=0, n_replicates=8)
    drawn = prior.values(uniforms_of(prior, design, 0, design.n_draws))
    return {name: np.broadcast_to(array, design.n_draws) for name, array in drawn.items()}


def test_the_maximum_speed_is_davidsons_table():
    speeds = implied("max_speed", rho=[-1.0, -0.5, -0.2, -0.15, -0.1, 0.0, 0.4])
    np.testing.assert_allclose(speeds, [2.0, 4.0, 32.0, 101.593667, 1024.0, np.inf, np.inf], rtol=1e-8)


def test_ten_times_the_compute_at_one_half_is_ten_times_the_labour():
    # by the symmetry of the CES at alpha = 0.5; the published pace with ten times the labour
    paces = implied("pace_at_compute[10]", rho=[-1.2, -0.5, -0.2, 0.0])
    np.testing.assert_allclose(paces, [1.693, 2.309, 2.773, 3.162], atol=6e-4)


def test_at_one_half_the_two_polls_contradict_each_other():
    rho = np.linspace(-1.0, 0.9, 200)
    tenth, tenfold = implied("pace_at_compute[0.1]", rho=rho), implied("pace_at_compute[10]", rho=rho)
    assert not np.any((tenth >= 0.4) & (tenth <= 0.6) & (tenfold >= 1.18) & (tenfold <= 1.6))
    low = {"rho": rho, "alpha_compute": 0.2}
    tenth, tenfold = implied("pace_at_compute[0.1]", **low), implied("pace_at_compute[10]", **low)
    assert np.any((tenth >= 0.4) & (tenth <= 0.6) & (tenfold >= 1.18) & (tenfold <= 1.6))


def test_cobb_douglas_is_a_power_of_compute():
    np.testing.assert_allclose(implied("pace_at_compute[0.1]", rho=0.0, alpha_compute=0.3), 0.1**0.3)
    np.testing.assert_allclose(implied("pace_at_compute[10]", rho=0.0, alpha_compute=0.3), 10.0**0.3)


@pytest.mark.parametrize(
    ("labour_share", "sigma", "expected"), [(0.19, 1.0, 38.4), (0.30, 1.0, 10.08), (0.50, 1.0, 4.0), (0.50, 2.5, 3.26)]
)
def test_labour_needed_for_twice_the_pace_is_the_published_one(labour_share, sigma, expected):
    """The christiano-point report: 38, 10, 4 and 3.3 times the labour at these shares and elasticities."""
    rho = 1.0 - 1.0 / sigma
    # R(X, 1) = 2 solved for X
    needed = 2.0 ** (1.0 / labour_share)
    if rho != 0.0:
        needed = ((2.0**rho - (1.0 - labour_share)) / labour_share) ** (1.0 / rho)
    assert needed == pytest.approx(expected, rel=2e-3)
    pace = implied(f"pace_at_labour[{needed!r}]", rho=rho, alpha_compute=1.0 - labour_share)
    assert pace[0] == pytest.approx(2.0, rel=1e-12)


def test_at_half_the_elasticity_no_labour_doubles_the_pace():
    assert implied("max_speed", rho=-1.0)[0] == pytest.approx(2.0, rel=1e-12)
    assert 1.99 < implied("pace_at_labour[1000]", rho=-1.0)[0] < 2.0


def test_stepping_on_toes_is_an_exponent_on_labour():
    given = {"rho": -0.2, "alpha_compute": 0.3}
    np.testing.assert_allclose(
        implied("pace_at_labour[40]", lam=0.5, **given), implied(f"pace_at_labour[{40.0**0.5!r}]", **given), rtol=1e-12
    )
    # by the symmetry of the CES labour and compute change places with their weights
    np.testing.assert_allclose(
        implied("pace_at_labour[0.004]", **given), implied("pace_at_compute[0.004]", rho=-0.2, alpha_compute=0.7)
    )


def test_elasticities_are_slopes_of_the_pace_in_logarithms():
    given = {"rho": [-0.4, 0.0, 0.3], "alpha_compute": 0.3, "lam": 0.6}
    np.testing.assert_allclose(implied("labour_elasticity[1]", **given), 0.6 * 0.7)
    np.testing.assert_allclose(implied("compute_elasticity[1]", **given), 0.3)
    for name in ("labour", "compute"):
        between = implied(f"{name}_elasticity[40]", **given)
        np.testing.assert_allclose(40.0**between, implied(f"pace_at_{name}[40]", **given))
        np.testing.assert_allclose(
            implied(f"{name}_elasticity[1.0000001]", **given), implied(f"{name}_elasticity[1]", **given), rtol=1e-6
        )


def test_the_slope_of_today_is_that_of_the_route_which_gains_most():
    given = {"rho": -0.1, "alpha_compute": 0.3, "lam": 0.5, "route2_rho": -0.2, "route2_alpha_compute": 0.6}
    for name in ("labour", "compute"):
        here, near = (implied(f"{name}_elasticity[{x}]", **given)[0] for x in ("1", "1.0000001"))
        assert here == pytest.approx(near, rel=1e-6)


def test_no_constant_elasticity_fits_both_statements_on_labour_and_a_ces_does():
    at_forty, at_a_250th = np.log(2.0) / np.log(40.0), np.log(0.1) / np.log(1.0 / 250.0)
    assert at_forty == pytest.approx(0.19, abs=0.005)
    assert at_a_250th == pytest.approx(0.42, abs=0.005)
    # the two equations in rho and lam at alpha = 0.5, solved by a root finder
    given = {"rho": -0.70250805, "alpha_compute": 0.5, "lam": 0.56879243}
    assert implied("pace_at_labour[40]", **given)[0] == pytest.approx(2.0, rel=1e-7)
    assert implied("pace_at_labour[0.004]", **given)[0] == pytest.approx(0.1, rel=1e-7)


# 5, 50 and 95 % of the pace at forty times the labour, worked out apart from this code
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("davidson-2025", (1.75, 2.53, 4.85)),
        ("davidson-houlden-2025", (1.8, 3.0, 7.9)),
        ("whitfill-wu-baseline", (2.0, 3.6, 12.0)),
    ],
)
def test_pace_at_forty_times_the_labour_under_shipped_sets(name, expected):
    prior = load_prior(name)
    drawn = simulate_inputs(prior)
    found = np.quantile(subject_of("pace_at_labour[40]").values(drawn), [0.05, 0.5, 0.95])
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.parametrize(
    ("old", "new"), [("pace_tenth_compute", "pace_at_compute[0.1]"), ("pace_tenfold_compute", "pace_at_compute[10]")]
)
def test_earlier_names_say_what_they_are_called_now(old, new):
    with pytest.raises(ValueError, match="is now called") as error:
        subject_of(old)
    assert new in error.value.args[1]
    assert subject_of(new).index == float(new.partition("[")[2][:-1])


@pytest.mark.parametrize("text", ["pace_at_labour", "pace_at_labour[0]", "pace_at_labour[-2]", "pace_at_labour[inf]"])
def test_a_factor_must_be_given_and_positive(text):
    with pytest.raises(ValueError, match="needs a factor") as error:
        subject_of(text)
    assert "pace_at_labour[0.1]" in error.value.args[1]


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
        subject = subject_of(with_index(name))
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
        before = implied(with_index(name), **low)
        after = implied(with_index(name), **{**low, moved: other})
        is_same = np.array_equal(before, np.broadcast_to(after, before.shape), equal_nan=True)
        assert is_same == (moved not in DERIVED[name].inputs), moved
