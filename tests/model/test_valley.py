"""The valley of the slowness, as the grid shows it and where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rows import prepared
from reference.law_of_motion import solve as solve_slowly

from mc_sie.engine.run import evaluate
from mc_sie.model.continuous import follow
from mc_sie.model.valley import narrowed_valley, valley
from mc_sie.model.workspace import G_LN_SLOWNESS, G_U


def test_a_valley_before_the_second_grid_point_is_seen():
    """The grid shows a slowness that only rises; it falls first, so that a short window is better a little later."""
    row = {
        **{"mode": "none", "rho": 0.0, "r": 1.0218215660791952, "lam": 0.6731093735832661, "alpha_compute": 0.5},
        **{"limit_ooms": 8.044833919039132, "labour_multiplier": 900.0, "speedup_initial": 10.502163840463524},
        **{"labour_per_efficiency": 2.0, "software_doubling_months": 6.0},
    }
    work = prepared(row)
    levels = (0.1, 0.3, 0.5)
    assert valley(work.law, work, follow(work.law, work).n_grid).bottom == 0
    ours = evaluate(row, levels=levels)
    slow = solve_slowly(row, levels)
    np.testing.assert_allclose(ours.best_window_months[0], [slow["best_window_months"][k] for k in levels], rtol=1e-8)
    assert (ours.best_window_months[0, :2] < ours.months_to[0, :2] * (1 - 1e-5)).all()


def test_the_slowness_is_back_between_the_two_coordinates():
    """They close in on the place where the slowness is that of the start again, with every coordinate looked at."""
    work = prepared({"mode": "none", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0})
    trajectory = follow(work.law, work)
    shape = valley(work.law, work, trajectory.n_grid)
    assert shape.is_single
    assert shape.bottom == np.argmin(work.grid[: trajectory.n_grid, G_LN_SLOWNESS])
    for _ in range(40):
        middle = 0.5 * (shape.below_until + shape.above_from)
        shape = narrowed_valley(work.law, work, trajectory, shape, middle)
    points = work.grid[: trajectory.n_grid]
    after = points[shape.bottom :]
    level = np.interp(points[0, G_LN_SLOWNESS], after[:, G_LN_SLOWNESS], after[:, G_U])
    assert shape.below_until == pytest.approx(shape.above_from, rel=1e-9)
    assert shape.above_from == pytest.approx(level, abs=0.1)  # the grid tells it to its own width
