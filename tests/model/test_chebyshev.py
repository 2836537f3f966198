"""The parts of the solver that outcomes alone would test only in passing: panels, sweeps, closed forms, windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.polynomial import chebyshev
from reference.law_of_motion import solve as solve_slowly
from reference.rows import random_rows
from tests_settings import INTERPRETED

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.engine.run import evaluate
from mc_sie.model.ces import labour_elasticity, ln_ces, ln_ces_and_share
from mc_sie.model.chebyshev import (
    N_NODES,
    N_TERMS,
    NODES,
    fit,
    integrate,
    is_reached,
    read,
    solve,
    step_factor,
)
from mc_sie.model.collocation import MONTHS
from mc_sie.model.continuous import OOMS, follow, locate, months_at, new_workspace, ooms_at, peak
from mc_sie.model.law import set_law
from mc_sie.model.retraining import orbit
from mc_sie.model.status import OK
from mc_sie.model.windows import (
    best_merit,
    best_window,
    curved,
    ends_by_months,
    guessed_ends,
    looked_at,
    narrowest_window,
    note_window,
    valley,
)
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES, QUANTITIES


def prepared(row):
    """Work arrays with the law of a row set."""
    work = new_workspace()
    values = []
    for name in KERNEL_COLUMNS[1:]:
        default = HORIZON_MONTHS_DEFAULT if name == "horizon_months" else QUANTITIES[name].default
        values.append(float(row.get(name, math.nan if default is None else default)))
    assert set_law(work.law, MODES.index(row["mode"]), *values) == OK
    return work


def test_a_panel_integrates_what_it_resolves():
    """The integral of e^(3x) over [-1, 1] is known; fourteen digits of it come out, at the nodes and between them."""
    h, start = 2.0, 0.25
    slope_series, series, values = np.zeros(N_TERMS), np.zeros(N_TERMS), np.zeros(N_NODES)
    slopes = np.exp(3 * NODES)
    error = fit(slopes, h, start, slope_series, series)
    integrate(slopes, h, start, values)
    x = np.linspace(-1, 1, 101)
    exact = start + (np.exp(3 * x) - math.exp(-3)) / 3
    np.testing.assert_allclose([read(series, at) for at in x], exact, rtol=0, atol=1e-10)
    np.testing.assert_allclose([read(slope_series, at) for at in x], np.exp(3 * x), rtol=0, atol=1e-9)
    np.testing.assert_allclose(values, start + (np.exp(3 * NODES) - math.exp(-3)) / 3, rtol=0, atol=1e-10)
    assert np.abs([read(series, at) for at in x] - exact).max() < error < 1e-8


@pytest.mark.parametrize("rate", [-4.0, 0.1, 3.0])
def test_a_series_is_read_to_rounding_and_its_error_is_that_of_its_last_terms(rate):
    """By powers as by Chebyshev's own terms, with those of the interpolating polynomial solved for.

    Rounding was seen to leave 2e-15 of the largest value; ten times that is four digits below what a panel may err.
    """
    h, start = 3.0, 2.0
    slope_series, series = np.zeros(N_TERMS), np.zeros(N_TERMS)
    slopes = np.exp(rate * NODES) * np.cos(2 * NODES)
    error = fit(slopes, h, start, slope_series, series)
    terms = np.linalg.solve(chebyshev.chebvander(NODES, N_NODES - 1), slopes)
    integral = 0.5 * h * chebyshev.chebint(terms, lbnd=-1)
    x = np.linspace(-1, 1, 101)
    size = np.abs(slopes).max()
    read_slopes, read_values = ([read(each, at) for at in x] for each in (slope_series, series))
    np.testing.assert_allclose(read_slopes, chebyshev.chebval(x, terms), rtol=0, atol=2e-14 * size)
    np.testing.assert_allclose(read_values, start + chebyshev.chebval(x, integral), rtol=0, atol=2e-14 * h * size)
    assert error == pytest.approx(abs(integral[-1]) + 0.1 * abs(integral[-2]), rel=1e-3, abs=1e-15)


@pytest.mark.parametrize("way", [0.1, 0.9, 1.7, 3.9, 4.1, math.inf, math.nan])
def test_whether_a_longer_panel_spans_a_way_is_known_without_its_length(way):
    for error in (0.0, 1e-17, 1e-9, 1e-3, 0.3, 1.0):
        h = 1.3
        assert is_reached(way * h, h, error) == (way <= step_factor(error))


@pytest.mark.parametrize("length", [0.1, 2.0, 7.0])
def test_a_panel_finds_where_a_function_takes_a_value(length):
    slope_series, series = np.zeros(N_TERMS), np.zeros(N_TERMS)
    slopes, values = np.exp(NODES), np.zeros(N_NODES)
    fit(slopes, length, 0.0, slope_series, series)
    integrate(slopes, length, 0.0, values)
    for x in (-1.0, -0.3, 0.2, 0.9):
        found = solve(values, slopes, series, slope_series, length, read(series, x))
        assert found == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize("rho", [-20.0, -0.3, -1e-3, -1e-9, 0.0, 1e-9, 5e-4, 0.2, 0.9])
@pytest.mark.parametrize("ln_x", [-3.0, 0.0, 0.4, 5.0, 60.0])
def test_output_and_its_elasticity_in_one_are_the_same_apart(rho, ln_x):
    for alpha in (0.0, 0.05, 0.5, 0.95):
        ln_r, share = ln_ces_and_share(ln_x, 0.7, rho, alpha)
        assert ln_r == pytest.approx(ln_ces(ln_x, 0.7, rho, alpha), rel=1e-12, abs=2e-12)
        assert share == pytest.approx(labour_elasticity(ln_x, 0.7, rho, alpha), rel=1e-12)


ORBITS = [row for row in random_rows(5, 60, modes=("continual",)) if row["horizon_months"] > 20]


@pytest.mark.parametrize("i", range(12))
def test_derivatives_of_the_orbit(i):
    """w by z, and w and its slope along e at the same u, against differences."""
    law = prepared(ORBITS[i]).law
    z, e, months, d = 0.4, 0.3, 2.0, 1e-5
    here = orbit(law, 0, z, e, months)
    ahead, behind = orbit(law, 0, z - d, e + d, months), orbit(law, 0, z + d, e - d, months)
    assert here.tilt == pytest.approx((ahead.odds_log - behind.odds_log) / (2 * d), rel=1e-6, abs=1e-6)
    assert here.bend == pytest.approx((ahead.tilt - behind.tilt) / (2 * d), rel=1e-5, abs=1e-5)
    along = orbit(law, 0, z + d, e, months).odds_log - orbit(law, 0, z - d, e, months).odds_log
    assert here.by_z == pytest.approx(along / (2 * d), rel=1e-6, abs=1e-6)


BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}
LEVELS = (1.0, 3.0, 5.0, 8.0)


@pytest.mark.parametrize("mode", ["none", "continual", "from_scratch"])
@pytest.mark.parametrize("half_life", [0.25, 3.0, 60.0])
def test_reconfigured_laws_lose_nothing_in_their_iteration(mode, half_life):
    """Late sweeps follow expansions of the law instead of the law; from below and from above, fast and slow."""
    for rho_long in (0.0, -0.8):
        row = {**BASE, "mode": mode, "rho_long": rho_long, "reconfiguration_half_life_months": half_life}
        slow = solve_slowly(row, LEVELS)["months_to"]
        ours = evaluate(row, levels=LEVELS).months_to[0]
        np.testing.assert_allclose(ours, [slow[level] for level in LEVELS], rtol=2e-8)


@pytest.mark.parametrize("limit", [6.0, 11.0, 30.0, math.inf])
@pytest.mark.parametrize("r", [0.3, 1.6, 8.0])
def test_closed_form_of_a_stretch_agrees_with_panels(limit, r):
    """From scratch: experiments that get cheaper by nothing to speak of send every stretch through the panels."""
    row = {**BASE, "mode": "from_scratch", "limit_ooms": limit, "r": r, "experiment_efficiency_share": 0.0}
    closed, panels = (
        evaluate(row, levels=LEVELS),
        evaluate({**row, "experiment_efficiency_share": 1e-14}, levels=LEVELS),
    )
    assert closed.n_deployments[0] == panels.n_deployments[0] > 0
    assert closed.end[0] == panels.end[0]
    np.testing.assert_allclose(panels.months_to, closed.months_to, rtol=1e-8)
    np.testing.assert_allclose(panels.best_window_months, closed.best_window_months, rtol=1e-8)
    np.testing.assert_allclose(panels.software_end_ooms, closed.software_end_ooms, rtol=1e-8)


@pytest.mark.parametrize("mode", ["none", "shortening", "shortening_accelerating_only", "continual"])
@pytest.mark.parametrize("r", [0.5, 1.5, 3.0])
def test_two_searches_for_windows_agree(mode, r):
    """Newton's method for the one balanced window against the search through every crossing on the grid."""
    work = prepared({**BASE, "mode": mode, "r": r})
    law = work.law
    line = follow(law, work)
    shape = valley(law, work, line.n_grid)
    assert shape.is_single
    ln_pace, _, u = peak(work.law, work, line.n_panels, line.n_moving, shape.is_single)
    near = narrowest_window(work.law, work, line.n_grid, shape.bottom, u, ln_pace)
    n_windows = note_window(work.windows, 0, near)
    for axis, widths in ((OOMS, (0.5, 2.0, 4.0)), (MONTHS, (1.0, 4.0, 12.0))):
        for width in widths:
            panel, u = locate(law, work, line.n_panels, axis, width)
            shape = looked_at(law, work, line, shape, u)
            if u >= shape.back:
                length = months_at(law, work, panel, u) if axis == OOMS else ooms_at(law, work, panel, u)
            else:
                ends = guessed_ends(near, width) if axis == OOMS else ends_by_months(work.windows, n_windows, width)
                found = best_window(law, work, line, shape, axis, width, *ends)
                length = found.length
                if axis == OOMS and found.u_start >= 0.0:
                    near = curved(found, near)
                    n_windows = note_window(work.windows, n_windows, near)
            every = best_merit(law, work, line.n_panels, line.n_grid, shape.bottom, False, axis, width)
            assert length == pytest.approx(abs(every), rel=1e-8)


def test_a_valley_before_the_second_grid_point_is_seen():
    """The grid shows a slowness that only rises; it falls first, so that a short window is better a little later."""
    row = {
        **{"mode": "none", "rho": 0.0, "r": 1.0218215660791952, "lam": 0.6731093735832661, "alpha_compute": 0.5},
        **{"limit_ooms": 8.044833919039132, "labour_multiplier": 900.0, "speedup_initial": 10.502163840463524},
        **{"labour_per_efficiency": 2.0, "software_doubling_months": 6.0},
    }
    work, levels = prepared(row), (0.1, 0.3, 0.5)
    assert valley(work.law, work, follow(work.law, work).n_grid).bottom == 0
    ours, slow = evaluate(row, levels=levels), solve_slowly(row, levels)
    np.testing.assert_allclose(ours.best_window_months[0], [slow["best_window_months"][k] for k in levels], rtol=1e-8)
    assert (ours.best_window_months[0, :2] < ours.months_to[0, :2] * (1 - 1e-5)).all()


@pytest.mark.parametrize("mode", ["none", "shortening", "continual"])
@pytest.mark.parametrize("levels", [(9.0, 0.5, 5.0, 2.0, 7.0, 0.5), tuple(np.linspace(0.1, 20.0, 70))])
def test_the_order_and_number_of_levels_do_not_matter(mode, levels):
    """Each window starts from the one before it, and each level from the panel of the one before it."""
    row = {**BASE, "mode": mode, "r": 3.0}
    together, widths = evaluate(row, levels=levels, widths=(7.0, 12.0, 1.0)), (1.0, 12.0, 7.0)
    apart = [evaluate(row, levels=(level,), widths=widths) for level in levels]
    np.testing.assert_allclose(together.months_to[0], [one.months_to[0, 0] for one in apart], rtol=1e-12)
    np.testing.assert_allclose(
        together.best_window_months[0], [one.best_window_months[0, 0] for one in apart], rtol=1e-9
    )
    for one in apart:
        np.testing.assert_allclose(together.best_gain_ooms[0, [2, 1, 0]], one.best_gain_ooms[0], rtol=1e-9)
        assert one.first_year_ooms[0] == pytest.approx(together.first_year_ooms[0], rel=1e-12)
    without = evaluate(row, levels=(), widths=())
    assert without.first_year_ooms[0] == pytest.approx(together.first_year_ooms[0], rel=1e-12)


@pytest.mark.parametrize("i", range(2 if INTERPRETED else 12))
def test_the_kink_of_mode_shortening_costs_no_accuracy(i):
    """d^2 ln M/ds^2 jumps where x changes sign: a panel across that point would be wrong by 1e-7."""
    rng = np.random.default_rng(i)
    row = {
        "mode": "shortening",
        "rho": -float(rng.uniform(0.0, 0.5)),
        "r": float(rng.uniform(1.2, 3.6)),
        "lam": float(rng.uniform(0.3, 1.0)),
        "limit_ooms": float(rng.uniform(7.0, 19.0)),
    }
    slow = solve_slowly(row, LEVELS)["months_to"]
    ours = evaluate(row, levels=LEVELS).months_to[0]
    np.testing.assert_allclose(ours, [slow[level] for level in LEVELS], rtol=5e-9)
