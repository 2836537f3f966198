"""When a training run becomes worth starting."""

from __future__ import annotations

import math

import pytest
from kernel_rows import prepared

from mc_sie.engine.run import evaluate
from mc_sie.model.run_start import frozen_ln_pace, margin, offered_after
from mc_sie.model.status import END_LIMIT


@pytest.mark.parametrize("limit", [6.0, math.inf])
@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.0])
def test_a_run_is_offered_where_its_margin_has_come_to_zero(limit, exponent):
    row = {"mode": "from_scratch", "rho": -0.3, "r": 1.6, "limit_ooms": limit, "shortening_exponent": exponent}
    law = prepared({**row, "training_floor_months": 0.5}).law
    length = offered_after(law, 0.0, 0.0, frozen_ln_pace(law, 0.0, 0.0, 0.0), math.inf)
    assert margin(law, 0.0, length, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert margin(law, 0.0, 0.99 * length, 0.0) < 0.0


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
