"""The largest pace, against a fine comb of the trajectory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernel_rows import prepared

from mc_sie.model.continuous import follow
from mc_sie.model.dense_output import ln_pace_at, months_at, panel_with
from mc_sie.model.peak_pace import ln_pace_slope_at, peak
from mc_sie.model.workspace import P_U

ROWS = [
    {"mode": "none", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0},
    {"mode": "shortening", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0},
    {"mode": "continual", "rho": -0.2, "r": 2.0, "limit_ooms": 11.0},
    {"mode": "none", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0, "route2_rho": -0.05, "route2_alpha_compute": 0.8},
    {"mode": "none", "rho": -0.5, "r": 1.6, "rho_long": 0.0, "reconfiguration_half_life_months": 6.0},
]


@pytest.mark.parametrize("row", ROWS)
def test_the_peak_is_that_of_a_comb(row):
    work = prepared(row)
    law = work.law
    trajectory = follow(law, work)
    n = trajectory.n_panels
    ln_pace, months, _ = peak(law, work, n, trajectory.n_moving, False)
    us = np.linspace(0.0, work.panels[n, P_U] * (1.0 - 1e-9), 4000)
    comb = np.array([ln_pace_at(law, work, panel_with(work, n, u), u) for u in us])
    best = us[comb.argmax()]
    assert comb.max() - 1e-9 <= ln_pace <= comb.max() + 1e-5
    assert months == pytest.approx(months_at(law, work, panel_with(work, n, best), best), rel=0.02, abs=0.02)


@pytest.mark.parametrize("row", [ROWS[2], ROWS[4]])
def test_the_slope_of_the_pace_is_its_difference(row):
    work = prepared(row)
    law = work.law
    n = follow(law, work).n_panels
    u = 0.4 * work.panels[n, P_U]
    panel = panel_with(work, n, u)
    step = 1e-5
    difference = ln_pace_at(law, work, panel, u + step) - ln_pace_at(law, work, panel, u - step)
    assert ln_pace_slope_at(law, work, panel, u, 0) == pytest.approx(difference / (2 * step), rel=1e-5, abs=1e-7)
    assert math.isfinite(difference)
