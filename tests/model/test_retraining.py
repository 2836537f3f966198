"""Equations of the retraining modes: derivatives against differences, and the rule for the length of a run."""

from __future__ import annotations

import math

import pytest
from kernel_rows import prepared
from reference.rows import random_rows

from mc_sie.model.retraining import forgone_ooms, heading_at, run_months

CONTINUAL = [row for row in random_rows(5, 60, modes=("continual",)) if row["horizon_months"] > 20]


@pytest.mark.parametrize("i", range(12))
def test_derivatives_of_the_heading_are_those_of_its_odds(i):
    """w by z, and w and its slope along e at the same u, against differences."""
    law = prepared(CONTINUAL[i]).law
    z = 0.4
    e = 0.3
    months = 2.0
    d = 1e-5
    here = heading_at(law, 0, z, e, months)
    ahead = heading_at(law, 0, z - d, e + d, months)
    behind = heading_at(law, 0, z + d, e - d, months)
    assert here.tilt == pytest.approx((ahead.odds_log - behind.odds_log) / (2 * d), rel=1e-6, abs=1e-6)
    assert here.bend == pytest.approx((ahead.tilt - behind.tilt) / (2 * d), rel=1e-5, abs=1e-5)
    along = heading_at(law, 0, z + d, e, months).odds_log - heading_at(law, 0, z - d, e, months).odds_log
    assert here.by_z == pytest.approx(along / (2 * d), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_a_run_forgoes_what_it_is_shorter_by(exponent):
    row = {"mode": "from_scratch", "rho": -0.2, "r": 1.5, "training_months": 4.0, "training_floor_months": 0.5}
    law = prepared({**row, "shortening_exponent": exponent}).law
    for faster in (0.1, 1.0, 3.0, 1e6):
        ln_m = law.ln_pace_start + math.log(faster)
        months = min(4.0, max(0.5, 4.0 / faster**exponent))
        assert run_months(law, ln_m) == pytest.approx(months)
        assert forgone_ooms(law, ln_m) == pytest.approx(math.log10(months / 4.0), abs=1e-12)
