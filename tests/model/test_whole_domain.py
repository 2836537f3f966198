"""Trajectories on which nothing moves any more, and the order of times and gains, over the whole domain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference.law_of_motion import pace
from reference.rows import whole_domain
from scipy.integrate import quad, solve_ivp
from scipy.optimize import minimize_scalar
from tests_settings import INTERPRETED

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.run import evaluate
from mc_sie.engine.trajectory import trajectory
from mc_sie.model.status import END_HORIZON, OK
from mc_sie.outcomes import Outcomes
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, QUANTITIES
from mc_sie.units import OOMS_PER_DOUBLING

N_ROWS = 60 if INTERPRETED else 30_000

# mild substitutes now, complements in the long run: software explodes, and then stops as research output falls
STALLING = {
    "rho": 0.2, "r": 2.0, "lam": 0.8, "alpha_compute": 0.3, "limit_ooms": 12.0, "labour_multiplier": 900.0,
    "labour_per_efficiency": 2.0, "software_doubling_months": 6.0, "rho_long": -0.2,
    "reconfiguration_half_life_months": 12.0,
}  # fmt: skip
STALLED = [
    STALLING,
    {**STALLING, "rho": 0.15, "limit_ooms": 16.0, "rho_long": -0.3, "reconfiguration_half_life_months": 36.0},
    {**STALLING, "speedup_initial": 10.0},
    {**STALLING, "reconfiguration_half_life_months": 1.0},
    {**STALLING, "post_training_share": 0.5},
    # software is at D but for e^-479 of it, where its own coordinate moves on for a while
    {
        "rho": 0.731499, "alpha_compute": 0.603527, "lam": 1.47517, "r": 49.1192, "labour_per_efficiency": 2.43206,
        "experiment_efficiency_share": 4.43908e-09, "labour_multiplier": 29678.0, "limit_ooms": 20.0, "rho_long": 0.0,
        "software_doubling_months": 105.292, "reconfiguration_half_life_months": 0.00016918, "horizon_months": 240.0,
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    with np.errstate(all="ignore"):  # interpreted, what overflows would warn
        return evaluate(whole_domain(20261130, N_ROWS))


def months_by_scipy(row: dict[str, float], ooms: float) -> float:
    """Months to some OOM in mode none, as the integral of dt/ds with the time in its own derivative."""
    speed = OOMS_PER_DOUBLING / row["software_doubling_months"]
    found = solve_ivp(
        lambda s, t: [1.0 / (speed * pace(row, s, months=t[0]))],
        (0.0, ooms), [0.0], method="DOP853", rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    return float(found.y[0, -1])


@pytest.mark.parametrize("row", STALLED)
def test_a_trajectory_on_which_nothing_moves_any_more_has_ended(row):
    outcomes = evaluate(row)
    assert outcomes.status[0] == OK
    assert outcomes.end[0] == END_HORIZON
    assert outcomes.months_end[0] == HORIZON_MONTHS_DEFAULT
    assert outcomes.values("months_to", 5.0)[0] == pytest.approx(months_by_scipy(row, 5.0), rel=1e-7)


def test_a_later_horizon_takes_nothing_away():
    short, long = (evaluate({**STALLING, "horizon_months": months}) for months in (20.0, 1200.0))
    np.testing.assert_allclose(long.months_to, short.months_to, rtol=1e-9)
    np.testing.assert_allclose(long.best_gain_ooms, short.best_gain_ooms, rtol=1e-9)
    assert long.software_end_ooms[0] == pytest.approx(short.software_end_ooms[0], rel=1e-9)


def test_a_stalled_trajectory_is_drawn_to_the_horizon():
    names = [name for name in KERNEL_COLUMNS if name != "horizon_months"]
    defaults = {name: QUANTITIES[name].default for name in names if name != "mode"}
    row = {name: math.nan if value is None else value for name, value in defaults.items()}
    with np.errstate(all="ignore"):  # interpreted, a panel that is tried in vain overflows
        frame = trajectory({"mode": 0.0, **row, **STALLING, "horizon_months": 240.0})
    assert frame["months"].iloc[-1] == 240.0
    assert frame["months"].is_monotonic_increasing


def test_routes_that_are_level_are_not_changed_for_ever():
    """Without experiments R = X on either route, whatever rho; ln M was 1e-11 off and the routes changed 512 times."""
    row = {
        "mode": "continual", "rho": -0.2683, "rho_long": -0.6207, "reconfiguration_half_life_months": 14.97,
        "alpha_compute": 0.0, "lam": 1.378, "r": 2.914, "labour_per_efficiency": 10.0, "labour_multiplier": 0.007501,
        "software_doubling_months": 4.907, "route2_rho": -0.4558, "route2_alpha_compute": 0.0,
    }  # fmt: skip
    two = evaluate(row)
    one = evaluate({name: value for name, value in row.items() if not name.startswith("route2")})
    assert two.status[0] == OK
    np.testing.assert_allclose(two.months_to, one.months_to, rtol=1e-9)


def test_every_row_of_the_domain_is_simulated(outcomes):
    assert (outcomes.status == OK).all()


def test_times_are_never_negative(outcomes):
    for name in ("months_to", "best_window_months", "months_to_peak", "months_end"):
        assert (getattr(outcomes, name) >= 0.0).all(), name


def test_times_do_not_fall_as_the_gain_grows(outcomes):
    for times in (outcomes.months_to, outcomes.best_window_months):
        assert (times[:, 1:] >= times[:, :-1]).all()


def test_no_best_window_is_longer_than_the_first(outcomes):
    assert (outcomes.best_window_months <= outcomes.months_to).all()


def test_gains_grow_with_the_window_and_are_never_less_than_from_the_start(outcomes):
    gains = outcomes.best_gain_ooms
    assert (gains >= 0.0).all()
    assert (gains[:, 1] >= gains[:, 0]).all()
    assert (gains[:, 1] >= outcomes.first_year_ooms).all()
    assert (gains <= outcomes.effective_end_ooms[:, None]).all()


def test_gains_and_windows_say_the_same(outcomes):
    """A gain of k OOM takes less than w months if and only if more than k OOM are gained in w months.

    Both are known to about 1e-7 where neither lies in an explosion, in which a time does not tell the place.
    """
    for j, width in enumerate(outcomes.widths):
        quick = outcomes.best_window_months < width * (1.0 - 1e-6)
        slow = outcomes.best_window_months > width * (1.0 + 1e-6)
        gain = outcomes.best_gain_ooms[:, [j]]
        assert not (quick & (gain < outcomes.levels - 1e-6)).any()
        assert not (slow & (gain > outcomes.levels + 1e-6)).any()


def test_a_gain_is_counted_from_the_very_start_of_an_explosion():
    """Software rises by 0.005 OOM in 1e-30 months, so that a time of 0 did not tell its place: 5 % were missing."""
    row = {
        "rho": -2.706216862471864e-13, "alpha_compute": 1.0931103876007464e-12, "lam": 3.0, "r": 0.01,
        "labour_per_efficiency": 1.1946892368964097, "labour_multiplier": 382200123769.5971,
        "limit_ooms": 289.9492971002527, "software_doubling_months": 3.751913767967717,
        "rho_long": 0.09851754652497768, "reconfiguration_half_life_months": 0.28764743862853653,
        "route2_rho": -0.9316652691783835, "route2_alpha_compute": 0.00011426168082272705,
    }  # fmt: skip
    outcomes = evaluate(row)
    assert outcomes.months_to_peak[0] == 0.0  # it only slows: the first year is the best
    assert outcomes.values("best_gain_ooms", 12.0)[0] == pytest.approx(outcomes.first_year_ooms[0], abs=1e-9)


@pytest.mark.parametrize(("rho", "r"), [(0.2, 3.0), (0.25, 5.0), (0.3, 3.0)])
def test_a_window_far_below_the_resolution_of_time_is_right(rho, r):
    """Where software explodes the best window is a difference of equal times: it is integrated by itself."""
    row = {"rho": rho, "r": r, "lam": 0.9, "limit_ooms": 14.0}
    speed = OOMS_PER_DOUBLING / 6.0

    def months(start: float) -> float:
        return quad(lambda s: 1.0 / (speed * pace(row, s)), start, start + 5.0, epsabs=0.0, epsrel=1e-11, limit=400)[0]

    best = minimize_scalar(
        lambda s: math.log(months(s)), bounds=(0.0, 8.999999), method="bounded", options={"xatol": 1e-9}
    )
    outcomes = evaluate(row)
    assert math.exp(best.fun) < 1e-10  # what series of time are good to
    assert outcomes.values("best_window_months", 5.0)[0] == pytest.approx(math.exp(best.fun), rel=1e-5, abs=0.0)
