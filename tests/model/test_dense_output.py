"""Dense output: what is read back from a trajectory, wherever and in whatever order."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rows import prepared

from mc_sie.model.continuous import follow
from mc_sie.model.dense_output import OOMS, locate, months_at, months_between, ooms_at, panel_with
from mc_sie.model.status import OK
from mc_sie.model.workspace import MONTHS, P_U

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}


@pytest.mark.parametrize("mode", ["none", "shortening", "shortening_accelerating_only", "continual"])
def test_times_and_gains_are_found_where_they_are_read(mode):
    work = prepared({**BASE, "mode": mode})
    trajectory = follow(work.law, work)
    assert trajectory.status == OK
    n = trajectory.n_panels
    for u in np.linspace(0.05, 0.95, 7) * work.panels[n, P_U]:
        panel = panel_with(work, n, u)
        months = months_at(work.law, work, panel, u)
        ooms = ooms_at(work.law, work, panel, u)
        assert locate(work.law, work, n, MONTHS, months)[1] == pytest.approx(u, rel=1e-8)
        assert locate(work.law, work, n, OOMS, ooms)[1] == pytest.approx(u, rel=1e-8)


@pytest.mark.parametrize("mode", ["none", "shortening", "continual"])
def test_a_duration_integrated_anew_is_the_difference_of_two_times(mode):
    """Durations too short for a difference are integrated from the law itself: one next to that length tells both."""
    work = prepared({**BASE, "mode": mode})
    n = follow(work.law, work).n_panels
    low = 0.3 * work.panels[n, P_U]
    panel = panel_with(work, n, low)
    start = months_at(work.law, work, panel, low)
    _, high = locate(work.law, work, n, MONTHS, start + 2e-7 * max(1.0, start))
    months = months_between(work.law, work, panel, low, panel_with(work, n, high), high)
    assert months == pytest.approx(2e-7 * max(1.0, start), rel=1e-6)
