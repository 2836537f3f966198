"""Best windows: two searches that share little, and deployments against every pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernel_rows import prepared

from mc_sie.model.continuous import follow
from mc_sie.model.crossings import best_by_crossings
from mc_sie.model.dense_output import OOMS, locate, months_at, ooms_at
from mc_sie.model.peak_pace import peak
from mc_sie.model.valley import narrowed_valley, valley
from mc_sie.model.window_continuation import ends_by_months, guessed_ends, narrowest_window, note_window, with_curvature
from mc_sie.model.windows import best_window, largest_between_deployments, shortest_between_deployments
from mc_sie.model.workspace import G_OOMS, MONTHS

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}


@pytest.mark.parametrize("mode", ["none", "shortening", "shortening_accelerating_only", "continual"])
@pytest.mark.parametrize("r", [0.5, 1.5, 3.0])
def test_two_searches_for_windows_agree(mode, r):
    """Newton's method for the one balanced window against the search through every crossing on the grid."""
    work = prepared({**BASE, "mode": mode, "r": r})
    law = work.law
    trajectory = follow(law, work)
    shape = valley(law, work, trajectory.n_grid)
    assert shape.is_single
    ln_pace, _, u = peak(work.law, work, trajectory.n_panels, trajectory.n_moving, shape.is_single)
    near = narrowest_window(work.law, work, trajectory.n_grid, shape.bottom, u, ln_pace)
    n_windows = note_window(work.windows, 0, near)
    effective = work.grid[trajectory.n_grid - 1, G_OOMS]
    for axis, widths in ((OOMS, (0.5, 1.5, 2.0, 4.0)), (MONTHS, (1.0, 4.0, 12.0))):
        for width in widths:
            if axis == OOMS and width > effective:  # there is no such window
                continue
            panel, u = locate(law, work, trajectory.n_panels, axis, width)
            shape = narrowed_valley(law, work, trajectory, shape, u)
            if u >= shape.above_from and axis == OOMS:
                length = months_at(law, work, panel, u)
            elif u >= shape.above_from:
                length = ooms_at(law, work, panel, u)
            elif axis == OOMS:
                window = best_window(law, work, trajectory, shape, axis, width, *guessed_ends(near, width))
                length = window.length
                if window.u_start >= 0.0:
                    near = with_curvature(window, near)
                    n_windows = note_window(work.windows, n_windows, near)
            else:
                ends = ends_by_months(work.windows, n_windows, width)
                length = best_window(law, work, trajectory, shape, axis, width, *ends).length
            n_panels = trajectory.n_panels
            n_grid = trajectory.n_grid
            every = best_by_crossings(law, work, n_panels, n_grid, shape.bottom, False, axis, width)
            assert length == pytest.approx(abs(every), rel=1e-8)


def test_windows_between_deployments_are_the_best_of_all_pairs():
    rng = np.random.default_rng(3)
    for n in (1, 2, 5, 40):
        deployments = np.cumsum(rng.exponential(1.0, (n, 2)), axis=0)
        first, last = np.triu_indices(n, 1)
        months, ooms = (deployments[last] - deployments[first]).T
        for size in (0.5, 2.0, 7.0):
            shortest = months[ooms >= size].min(initial=math.inf)
            assert shortest_between_deployments(deployments, n, size) == pytest.approx(shortest)
            largest = ooms[months <= size].max(initial=0.0)
            assert largest_between_deployments(deployments, n, size) == pytest.approx(largest)
