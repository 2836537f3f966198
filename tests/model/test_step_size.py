"""Step size control: a panel that comes to the horizon, and software that stands still."""

from __future__ import annotations

import math

import pytest
from kernel_rows import prepared

from mc_sie.model.panels import Start
from mc_sie.model.step_size import first_length, is_standstill, length_to_horizon


@pytest.mark.parametrize("rate", [-0.5, 0.0, 1.5])
def test_a_slope_that_grows_at_a_rate_comes_to_the_horizon_after_this_length(rate):
    law = prepared({"mode": "none", "rho": -0.3, "r": 1.6, "horizon_months": 100.0}).law
    length = length_to_horizon(law, 20.0, 60.0, rate)
    gained = 60.0 * (length if rate == 0.0 else math.expm1(rate * length) / rate)
    assert 20.0 + gained == pytest.approx(105.0)  # a twentieth beyond it


def test_a_slope_that_falls_too_fast_never_comes_to_the_horizon():
    law = prepared({"mode": "none", "rho": -0.3, "r": 1.6, "horizon_months": 100.0}).law
    assert length_to_horizon(law, 0.0, 1.0, -0.02) == math.inf


def test_a_first_panel_is_the_shorter_the_faster_odds_turn():
    lengths = [first_length(prepared({"mode": "none", "rho": rho, "r": 1.6}).law, 0) for rho in (-0.1, -1.0, -10.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 0.5 * lengths[0]


@pytest.mark.parametrize(("rho_long", "stands"), [(-45.0, True), (-0.5, False)])
def test_software_stands_still_where_the_pace_falls_to_nothing(rho_long, stands):
    """With rho_long = -45 the second half-life leaves a pace below 1e-6 OOM for the rest of the horizon."""
    row = {"mode": "none", "rho": -0.5, "r": 1.0, "labour_multiplier": 1e-9, "speedup_initial": 1e-9}
    law = prepared({**row, "rho_long": rho_long, "reconfiguration_half_life_months": 0.5}).law
    law.ln_speed = law.ln_speed if stands else law.ln_speed + 20.0
    assert is_standstill(law, Start(1.0, 5.0, 0.0)) == stands
