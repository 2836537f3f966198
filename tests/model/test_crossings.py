"""Windows with equally slow ends, against every window of a fine comb."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rows import prepared

from mc_sie.model.continuous import follow
from mc_sie.model.crossings import best_by_crossings
from mc_sie.model.dense_output import OOMS, locate, months_at, ooms_at
from mc_sie.model.valley import valley
from mc_sie.model.workspace import G_MONTHS, G_OOMS, MONTHS

ROWS = [
    {"mode": "none", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0},
    {"mode": "continual", "rho": -0.1, "r": 2.0, "limit_ooms": 11.0},
    {"mode": "none", "rho": -1.0, "r": 1.2, "route2_rho": -0.05, "route2_alpha_compute": 0.8},
    {"mode": "none", "rho": -1.5, "r": 1.6, "rho_long": 0.1, "reconfiguration_half_life_months": 6.0},
]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("by_ooms", [True, False])
def test_no_window_of_a_comb_is_better(row, by_ooms):
    work = prepared(row)
    law = work.law
    trajectory = follow(law, work)
    n = trajectory.n_panels
    axis, other, column = (OOMS, months_at, G_OOMS) if by_ooms else (MONTHS, ooms_at, G_MONTHS)
    span = work.grid[trajectory.n_grid - 1, column]
    width = 0.3 * span
    lengths = []
    for start in np.linspace(0.0, span - width, 300):
        early, late = locate(law, work, n, axis, start), locate(law, work, n, axis, start + width)
        lengths.append(other(law, work, *late) - other(law, work, *early))
    best = min(lengths) if by_ooms else -max(lengths)
    bottom = valley(law, work, trajectory.n_grid).bottom
    ours = best_by_crossings(law, work, n, trajectory.n_grid, bottom, False, axis, width)
    assert ours <= best + 1e-9 * abs(best)
    assert ours == pytest.approx(best, rel=1e-2)  # and the comb comes close: the best window is flat
