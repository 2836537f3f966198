"""The other replicas against plain twins written from the publications, and against what was worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference import published as naive

from mc_sie.published import (
    ai_2027,
    ai_futures,
    davidson_bottlenecks,
    davidson_retraining,
    eth_davidson,
    govai,
    speedup_calculator,
    training_run_length,
)

# rho: pace at 10, 1e2, ... 1e6 times the labour, and where it is 90 % of the ceiling
CES = {
    -1.2: (1.693, 1.776, 1.781, 1.782, 1.782, 1.782),
    -1.0: (1.818, 1.980, 1.998, 2.000, 2.000, 2.000),
    -0.5: (2.309, 3.306, 3.759, 3.921, 3.975, 3.992),
    -0.4: (2.448, 3.916, 4.854, 5.317, 5.518, 5.601),
    -0.3: (2.602, 4.776, 6.789, 8.220, 9.086, 9.565),
    -0.2: (2.773, 5.990, 10.44, 15.34, 19.87, 23.57),
    -0.155: (2.855, 6.687, 13.07, 21.86, 32.16, 42.74),
    -0.15: (2.864, 6.771, 13.42, 22.81, 34.12, 46.08),
    -0.1: (2.960, 7.689, 17.62, 35.88, 65.61, 108.9),
    -0.01: (3.141, 9.738, 29.79, 89.94, 268.0, 787.9),
    0.0: (3.162, 10.0, 31.62, 100.0, 316.2, 1000.0),
}


@pytest.mark.parametrize("rho", CES)
def test_ces_values(rho):
    labour = 10.0 ** np.arange(1, 7)
    np.testing.assert_allclose(davidson_bottlenecks.pace(labour, rho), CES[rho], rtol=6e-4)
    np.testing.assert_allclose(
        davidson_bottlenecks.pace(labour, rho), [naive.ces(rho, 0.5, x) for x in labour], rtol=1e-12
    )
    assert davidson_bottlenecks.ceiling(rho) == pytest.approx(naive.ces_ceiling(rho, 0.5))
    curves = davidson_bottlenecks.curves((rho,), 9.0)
    np.testing.assert_allclose(curves["law"], curves["pace"], rtol=1e-9)


@pytest.mark.parametrize("r", [1.3, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("training_days", [None, 100.0, 30.0])
def test_the_sheet_and_its_equations(r, training_days):
    for step in (0.5, 1.0, 2.0):
        assert davidson_retraining.sheet_months(r, training_days, step_days=step) == pytest.approx(
            naive.sheet_months_to_infinity(r, training_days, step_days=step)
        )
    exact = naive.retraining_exact_days(r, training_days) / 30.0
    assert davidson_retraining.exact_months(r, training_days) == pytest.approx(exact, rel=1e-6)
    # 20 OOM of effective compute is a little short of infinity, by 10^(-20 (r-1)/(r+1)) or so
    law = davidson_retraining.law_months(r, training_days)
    assert 0.997 * exact < law < exact * (1 + 1e-8)


def test_steps_of_the_sheet_converge_to_its_equations():
    exact = davidson_retraining.exact_months(1.5, 100.0)
    gaps = [davidson_retraining.sheet_months(1.5, 100.0, step_days=step) - exact for step in (1.0, 0.1, 0.01)]
    assert gaps[0] > gaps[1] > gaps[2] > 0.0
    assert gaps[2] < 0.03


def test_rows_of_the_sheet():
    rows = np.empty((201, 2))
    davidson_retraining.sheet(1.5, 100.0, 60.0, 1.0, rows)
    twin = naive.retraining_sheet(1.5, 100.0)[:201]
    np.testing.assert_allclose(rows, [(x, e) for _, x, e in twin], rtol=1e-12)
    np.testing.assert_allclose(rows[[60, 100, 200], 1], [1.60, 2.56, 12.78], rtol=0.01)


def test_growth_curves_solve_the_equations():
    curves = davidson_retraining.growth_curves()
    for case, days in (("no retraining", None), ("100-day run", 100.0), ("30-day run", 30.0)):
        exact = curves[(curves["case"] == case) & (curves["solution"] == "exact")]
        at = float(np.interp(5.0, np.log10(exact["software"]), exact["day"]))
        assert at == pytest.approx(naive.retraining_exact_days_to(1.5, days, software=1e5), abs=0.2)


def test_the_toy_turns_n_into_2n_late_in_the_explosion():
    """Not N + 1: effective compute grows as x^((r+1)/2), so the pace doubles every 2N software doublings."""
    r, n = 1.5, 3.0
    curves = davidson_retraining.growth_curves(r)
    late = curves[(curves["case"] == "100-day run") & (curves["solution"] == "exact")]
    ln_software = np.log(late["software"].to_numpy())
    day = late["day"].to_numpy()
    pace = np.diff(ln_software) / np.diff(day)
    slope = np.polyfit(ln_software[-60:-1], np.log(pace[-59:]), 1)[0]
    assert 1.0 / slope == pytest.approx(2 * n, rel=0.02)


def test_small_models():
    assert speedup_calculator.growth(0.4, 1.0, 0.5, 0.7, 1.1) == pytest.approx((1.175, 3.85))
    former = naive.speedup_calculator(0.5, 0.5, 0.7, 0.627, 1.224)
    before, after = speedup_calculator.growth(0.5, 0.5, 0.7, 0.627, 1.224)
    assert after / before == pytest.approx(former["ratio"])
    for r in (0.7, 0.9, 3.0):
        twin = naive.eth_davidson_doublings(r, 3.0, 12)
        np.testing.assert_allclose(eth_davidson.doubling_times(r, 3.0, 12), twin)
        times = np.cumsum(naive.eth_davidson_doublings(r, 3.0, 60))
        n = int((times <= 365.0).sum())
        assert eth_davidson.doublings_within(r, 3.0, 365.0) == (n if n < 60 else math.inf)
    for before, after in ((2, 6), (2, 3), (2, 4)):
        r, months = naive.papers_r(before, after)
        assert eth_davidson.r_from_papers(before, after) == pytest.approx(r)
        np.testing.assert_allclose(eth_davidson.paper_times(before, after, 2.0, 3), months)
    for human, start, end in ((3.28, 5, 25), (19, 25, 250), (95, 250, 2000)):
        assert ai_2027.phase_years(human, start, end) == pytest.approx(naive.ai2027_phase_years(human, start, end))
        assert ai_2027.stepped_years(human, start, end, 1e-4) == pytest.approx(
            ai_2027.phase_years(human, start, end), abs=5e-4
        )
    assert ai_2027.coder_phase_human_years(0.5) == pytest.approx(3.28, abs=0.005)
    twin = naive.ai_futures_ces()
    ces = ai_futures.from_anchors(15.0, 1000.0, 1 / 2.8)
    assert ces.rho == pytest.approx(twin["rho"], rel=1e-8)
    assert ces.compute_share == pytest.approx(twin["compute_share"], rel=1e-8)
    assert ces.compute_exponent == pytest.approx(twin["zeta"], rel=1e-7)
    assert ces(1.0, 30.0) == pytest.approx(twin["throughput_30x_labour"], rel=1e-7)
    assert govai.months_to_pace(10.0) == pytest.approx(naive.govai_months_to_pace(4.5, 0.39, 10.0), rel=1e-8)
    for growth in (0.281, 0.822, 1.311, 1.852):
        assert training_run_length.best_run_years(growth) == pytest.approx(1 / growth, rel=1e-6)
        assert training_run_length.best_run_years(growth) == pytest.approx(
            naive.best_run_length_years(growth), rel=1e-6
        )


def test_fifteen_times_is_the_ceiling_of_the_ai_futures_anchors():
    ces = ai_futures.from_anchors(15.0, 1000.0, 1 / 2.8)
    assert ces(1.0, 1e250) == pytest.approx(15.0)
    assert ces(1e250, 1.0) == pytest.approx(1000.0)
    assert ces(0.1, 1.0) == pytest.approx(1 / 2.8)
    assert ces(1.0, 1.0) == pytest.approx(1.0)
    assert math.isclose(ces.compute_share ** (1 / ces.rho), 15.0, rel_tol=1e-9)
