"""The course of the slowness along a trajectory: where it is least, and whether it only falls and then rises."""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.continuous import Trajectory
from mc_sie.model.dense_output import ln_slowness_at, panel_with
from mc_sie.model.law import Law
from mc_sie.model.panels import TIMED, kind_of
from mc_sie.model.workspace import G_LN_SLOWNESS, G_U, Workspace

NOISE = 1e-9
"""Relative differences of slowness below this do not count as a change of direction."""


class Valley(NamedTuple):
    """The course of the slowness along a trajectory, as its grid shows it.

    Attributes
    ----------
    bottom : int
        Grid index of the least slowness.
    is_single : bool
        It only falls before and only rises after.
    below_until, above_from : float
        Coordinates up to which it is below that of the start, and from which on it is above: a window from the start
        that ends at ``above_from`` or later is the best of its width, one that ends at ``below_until`` or earlier is
        not. Both are inf where this is not known; there every window is looked for.
    """

    bottom: int
    is_single: bool
    below_until: float
    above_from: float


@part
def valley(law: Law, work: Workspace, n_grid: int) -> Valley:
    """Course of the slowness, as the filled grid of a trajectory shows it."""
    grid = work.grid
    bottom = 0
    for i in range(n_grid):
        if grid[i, G_LN_SLOWNESS] < grid[bottom, G_LN_SLOWNESS]:
            bottom = i
    for i in range(1, n_grid):
        rise = grid[i, G_LN_SLOWNESS] - grid[i - 1, G_LN_SLOWNESS]
        if (i <= bottom and rise > NOISE) or (i > bottom and rise < -NOISE):
            return Valley(bottom, False, math.inf, math.inf)
    if kind_of(law) == TIMED:
        return Valley(bottom, True, math.inf, math.inf)
    i = max(1, bottom)  # before the first point it may fall and rise unseen
    while i < n_grid and grid[i, G_LN_SLOWNESS] < grid[0, G_LN_SLOWNESS]:
        i += 1
    if i == n_grid:
        return Valley(bottom, True, grid[i - 1, G_U], math.inf)
    return Valley(bottom, True, grid[i - 1, G_U], grid[i, G_U])


@part
def narrowed_valley(law: Law, work: Workspace, trajectory: Trajectory, shape: Valley, u: float) -> Valley:
    """Valley after a look at a coordinate between ``below_until`` and ``above_from``, if it lies there."""
    if u <= shape.below_until or u >= shape.above_from:
        return shape
    slowness_log = ln_slowness_at(law, work, panel_with(work, trajectory.n_panels, u), u)
    if slowness_log >= work.grid[0, G_LN_SLOWNESS]:
        return Valley(shape.bottom, shape.is_single, shape.below_until, u)
    return Valley(shape.bottom, shape.is_single, u, shape.above_from)
