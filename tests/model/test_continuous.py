"""Continuous trajectories: how they end."""

from __future__ import annotations

import pytest
from kernel_rows import prepared

from mc_sie.model.continuous import follow
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP
from mc_sie.model.workspace import P_MONTHS

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}


@pytest.mark.parametrize(
    ("row", "end"),
    [
        ({"mode": "none", "rho": 0.0, "r": 3.0, "limit_ooms": 30.0}, END_TOP),
        ({"mode": "shortening", "rho": 0.0, "r": 3.0, "limit_ooms": 8.0}, END_LIMIT),
        ({"mode": "continual", "rho": 0.0, "r": 3.0, "limit_ooms": 8.0}, END_HORIZON),
        ({"mode": "none", "rho": -2.0, "r": 0.3}, END_HORIZON),
    ],
)
def test_a_trajectory_ends_at_the_top_at_the_limit_or_with_the_horizon(row, end):
    """In mode continual training goes on once software is at its limit, so that this is not the end."""
    work = prepared(row)
    trajectory = follow(work.law, work)
    assert trajectory.end == end
    if end == END_HORIZON:
        assert work.panels[trajectory.n_panels, P_MONTHS] == 240.0
