"""Closed forms, limits and monotonicity of the law of motion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from tests_settings import INTERPRETED

from mc_sie.engine.run import evaluate

EXAMPLES = 15 if INTERPRETED else 150
LEVELS = (1.0, 3.0, 5.0, 8.0)
profile = settings(deadline=None, derandomize=True, max_examples=EXAMPLES)

rows = st.fixed_dictionaries(
    {
        "rho": st.one_of(st.floats(-3.0, 0.0), st.floats(0.0, 0.6)),
        "alpha_compute": st.floats(0.05, 0.9),
        "lam": st.floats(0.2, 1.2),
        "r": st.floats(0.1, 10.0),
        "labour_per_efficiency": st.floats(1.0, 2.5),
        "labour_multiplier": st.floats(1.0, 1e5),
        "limit_ooms": st.one_of(st.floats(1.0, 30.0), st.just(math.inf)),
        "experiment_efficiency_share": st.sampled_from([0.0, 0.5]),
    }
)
complements = rows.map(lambda row: {**row, "rho": -abs(row["rho"]) - 1e-3, "experiment_efficiency_share": 0.0})


@given(complements, st.sampled_from(["none", "continual", "from_scratch", "shortening"]))
@profile
def test_pace_never_exceeds_the_ceiling(row, mode):
    outcomes = evaluate({**row, "mode": mode})
    assert outcomes.pace_peak[0] <= outcomes.pace_ceiling[0] * (1 + 1e-9)


@given(rows, st.sampled_from(["rho", "r", "labour_multiplier", "limit_ooms"]), st.floats(1.01, 2.0))
@profile
def test_more_of_anything_is_never_slower(row, name, factor):
    """In mode none with the pace that follows from the CES: higher r, rho, Lambda and D never delay a gain."""
    value = row[name]
    more = min(0.95, value + 0.2 * factor) if name == "rho" else value * factor
    low = evaluate({**row, name: value}, levels=LEVELS)
    high = evaluate({**row, name: more}, levels=LEVELS)
    with np.errstate(invalid="ignore"):
        slower = high.months_to - low.months_to > 1e-9 * (1 + np.where(np.isfinite(low.months_to), low.months_to, 0.0))
    assert not slower.any()


@given(rows)
@profile
def test_best_window_is_never_longer_than_the_first(row):
    outcomes = evaluate(row, levels=LEVELS)
    reached = np.isfinite(outcomes.months_to)
    assert (outcomes.best_window_months[reached] <= outcomes.months_to[reached] * (1 + 1e-9) + 1e-9).all()
    assert (outcomes.best_gain_ooms[:, 1] >= outcomes.first_year_ooms - 1e-8).all()


@given(rows)
@profile
def test_time_scales_with_the_past_doubling_time(row):
    """Twice the doubling time before automation is twice every time in mode none."""
    one = evaluate({**row, "software_doubling_months": 6.0, "horizon_months": 240.0}, levels=LEVELS)
    two = evaluate({**row, "software_doubling_months": 12.0, "horizon_months": 480.0}, levels=LEVELS)
    np.testing.assert_allclose(two.months_to, 2 * one.months_to, rtol=1e-8, atol=1e-9)


@given(rows.map(lambda row: {**row, "experiment_efficiency_share": 0.0}), st.floats(-11.0, -6.0))
@profile
def test_rho_tends_to_cobb_douglas(row, exponent):
    near = evaluate({**row, "rho": -(10.0**exponent)}, levels=LEVELS)
    limit = evaluate({**row, "rho": 0.0}, levels=LEVELS)
    inside = np.isfinite(limit.months_to) & (limit.months_to < 200)
    # d ln M/d rho is at most alpha (1 - alpha) (ln L)^2 / 2 < 0.125 * 130^2 along these trajectories
    np.testing.assert_allclose(near.months_to[inside], limit.months_to[inside], rtol=2e4 * 10.0**exponent + 1e-8)


@given(rows.map(lambda row: {**row, "limit_ooms": math.inf}))
@profile
def test_a_far_limit_is_no_limit(row):
    far = evaluate({**row, "limit_ooms": 1e9}, levels=LEVELS)
    none = evaluate(row, levels=LEVELS)
    np.testing.assert_allclose(far.months_to, none.months_to, rtol=1e-5)


def test_identical_routes_are_one_route():
    row = {"rho": -0.2, "r": 1.5, "alpha_compute": 0.4}
    one = evaluate(row)
    two = evaluate({**row, "route2_rho": -0.2, "route2_alpha_compute": 0.4})
    np.testing.assert_array_equal(one.months_to, two.months_to)


def test_reconfiguration_to_the_same_rho_changes_nothing():
    row = {"rho": -0.2, "r": 1.5, "mode": np.array(["none", "continual", "from_scratch"])}
    still = evaluate(row)
    moving = evaluate({**row, "rho_long": -0.2, "reconfiguration_half_life_months": 3.0})
    np.testing.assert_allclose(moving.months_to, still.months_to, rtol=1e-8)
    np.testing.assert_allclose(moving.best_window_months, still.best_window_months, rtol=1e-6, atol=1e-8)


# --- the retraining spreadsheet of Davidson (2025): alpha = 0, lam = mu = 1, rho = 0, D = inf, s = r log10 x ----------

DAYS = 30.0  # the sheet's month
RESEARCH_DOUBLING_DAYS = 60.0  # T: time in which cumulative research would double at half the compute


def spreadsheet(r: float, training_days: float | None) -> dict[str, object]:
    """The sheet as a row of our law: dx/dt = e/T, de/dt = (1/2) x^r / training_days, in months of 30 days."""
    return {
        "rho": 0.0,
        "alpha_compute": 0.0,
        "r": r,
        "labour_per_efficiency": 1.0,
        "labour_multiplier": 1.0,
        "speedup_initial": 1.0,
        "software_doubling_months": RESEARCH_DOUBLING_DAYS / DAYS * math.log(2) / r,
        "training_months": (training_days or 90.0) / DAYS,
        "retraining_compute_share": 0.5,
        "mode": "none" if training_days is None else "continual",
        "horizon_months": 240.0,
    }


@pytest.mark.parametrize("r", [1.3, 1.5, 2.0, 3.0])
def test_no_retraining_has_a_closed_form(r):
    """t = T/(r-1) (1 - x^(1-r)) with x = 10^(k/r)."""
    outcomes = evaluate(spreadsheet(r, None), levels=(1.0, 5.0, 16.0))
    x = 10.0 ** (np.array([1.0, 5.0, 16.0]) / r)
    months = RESEARCH_DOUBLING_DAYS / DAYS / (r - 1) * (1 - x ** (1 - r))
    np.testing.assert_allclose(outcomes.months_to[0], months, rtol=1e-9)


@pytest.mark.parametrize("r", [1.3, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("training_days", [100.0, 30.0])
def test_continual_retraining_has_a_closed_form(r, training_days):
    """e^2 = 1 + k (x^(r+1) - 1) with k = T/(training_days (r+1)), and t = T int dx / e."""
    k = RESEARCH_DOUBLING_DAYS / (training_days * (r + 1))
    top = (1 + (10.0**10 - 1) / k) ** (1 / (r + 1))  # x at which e = 10^5
    # in v = ln x the integrand is smooth
    days = (
        RESEARCH_DOUBLING_DAYS
        * quad(
            lambda v: math.exp(v) / math.sqrt(1 + k * (math.exp((r + 1) * v) - 1)),
            0.0,
            math.log(top),
            epsabs=0,
            epsrel=1e-12,
        )[0]
    )
    outcomes = evaluate(spreadsheet(r, training_days))
    assert outcomes.values("months_to", 5)[0] == pytest.approx(days / DAYS, rel=1e-8)


# days to E = 10^5 E0 by the exact equations, and to S = 10^5 without retraining: T = 60, D = 100 and 30 days
@pytest.mark.parametrize(
    ("r", "none", "slow", "fast"),
    [(1.3, 186.0, 586.5, 332.4), (1.5, 117.4, 411.2, 239.3), (2.0, 59.8, 229.0, 139.6), (3.0, 30.0, 121.9, 78.4)],
)
def test_days_to_five_ooms_in_the_spreadsheet(r, none, slow, fast):
    for training_days, days in ((None, none), (100.0, slow), (30.0, fast)):
        months = evaluate(spreadsheet(r, training_days)).values("months_to", 5)[0]
        assert months * DAYS == pytest.approx(days, abs=0.051)


@pytest.mark.parametrize(("r", "p"), [(0.7, 0.3), (1.2, 0.15), (3.6, 0.6)])
def test_cobb_douglas_without_limits_is_davidson_and_houldens_law(r, p):
    """Their doubling times change by 2^(p(1/r - 1)) per labour-equivalent doubling; here in the continuous limit."""
    f = 8.0
    mu = 2.0
    row = {
        "rho": 0.0,
        "r": r,
        "lam": p / 0.5,
        "labour_per_efficiency": mu,
        "speedup_initial": f,
        "horizon_months": 12000.0,
    }
    outcomes = evaluate(row)
    exponent = p * (1 - 1 / r)  # log2 of the pace per labour-equivalent doubling
    first = 3.0 / f  # months: a labour-equivalent doubling takes 3 months before automation
    for ooms in (1, 5, 12):
        doublings = mu * ooms / math.log10(2)
        months = first * (1 - 2 ** (-exponent * doublings)) / (exponent * math.log(2))
        assert outcomes.values("months_to", ooms)[0] == pytest.approx(months, rel=1e-8)


def test_shortening_adds_a_doubling_to_every_doubling_of_pace():
    """Without limits and at rho = 0, N is constant: M grows as 10^(s/N), and as 10^(s/(N+1)) under shortening."""
    row = {"rho": 0.0, "r": 2.0, "lam": 0.8}
    none = evaluate({**row, "mode": "none"})
    shortened = evaluate({**row, "mode": "shortening"})
    n = none.doublings_per_pace_doubling[0]
    assert n == pytest.approx(1 / (0.8 * 0.5 * 2 * (1 - 1 / 2.0)))
    assert shortened.doublings_per_pace_doubling_shortened[0] == pytest.approx(n + 1)
    speed = math.log10(2) / 6.0 * none.pace_initial[0]  # OOM per month
    for outcomes, doublings in ((none, n), (shortened, n + 1)):
        x = math.log(10) / doublings
        assert outcomes.values("months_to", 5)[0] == pytest.approx((1 - math.exp(-5 * x)) / (x * speed), rel=1e-9)


def test_one_sided_shortening_agrees_with_none_where_progress_slows():
    row = {"rho": -0.5, "r": 0.5}
    none, one_sided = (evaluate({**row, "mode": mode}) for mode in ("none", "shortening_accelerating_only"))
    np.testing.assert_allclose(one_sided.months_to, none.months_to, rtol=1e-8)
    assert (evaluate({**row, "mode": "shortening"}).months_to <= none.months_to).all()
