"""Continuous trajectories: what is read back from them, wherever and in whatever order."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rows import prepared

from mc_sie.engine.run import evaluate
from mc_sie.model.continuous import OOMS, follow, locate, months_at, ooms_at, panel_with
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK
from mc_sie.model.workspace import MONTHS, P_MONTHS, P_U

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


@pytest.mark.parametrize("mode", ["none", "shortening", "continual"])
@pytest.mark.parametrize("levels", [(9.0, 0.5, 5.0, 2.0, 7.0, 0.5), tuple(np.linspace(0.1, 20.0, 70))])
def test_the_order_and_number_of_levels_do_not_matter(mode, levels):
    """Each window starts from the one before it, and each level from the panel of the one before it."""
    row = {**BASE, "mode": mode, "r": 3.0}
    together = evaluate(row, levels=levels, widths=(7.0, 12.0, 1.0))
    widths = (1.0, 12.0, 7.0)
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
