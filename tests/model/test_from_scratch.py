"""Training runs from scratch: their length, the closed form between two of them, and how trajectories end."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mc_sie.engine.run import evaluate
from mc_sie.model.status import END_LIMIT

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}
LEVELS = (1.0, 3.0, 5.0, 8.0)


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


def test_runs_from_scratch_keep_their_length_at_exponent_zero():
    outcomes = evaluate(
        {"rho": 0.0, "r": 2.0, "mode": "from_scratch", "shortening_exponent": 0.0, "training_months": 3.0},
        levels=(0.5,),
    )
    assert outcomes.months_to[0, 0] > 3.0
    assert outcomes.best_window_months[0, 0] >= 3.0 - 1e-9


def test_a_run_worth_starting_only_at_the_limit_ends_the_trajectory_there():
    # the pace is three times that of before until the limit, reached in finite time, ends it: a run is long only then
    row = {
        "mode": "from_scratch", "rho": -0.32609700990114976, "lam": 0.11284391035830861, "r": 14.543404491342919,
        "labour_per_efficiency": 2.4723404848989845, "experiment_efficiency_share": 1.0,
        "labour_multiplier": 218.78381971272773, "limit_ooms": 0.7535501302517547,
        "software_doubling_months": 2.5925262066346666, "training_months": 0.26391014477788577,
        "training_floor_months": 0.22784317999036202, "shortening_exponent": 1.0, "post_training_share": 1.0,
        "generation_gain_ooms": 0.23857627910384224, "horizon_months": 65.18522460671093,
        "rho_long": -0.8597315257841927, "reconfiguration_half_life_months": 95.71415918451736,
    }  # fmt: skip
    outcomes = evaluate(row)
    assert outcomes.end[0] == END_LIMIT
    assert outcomes.months_end[0] < 4.0
