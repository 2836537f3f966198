"""Reading outcomes off trajectories given on a uniform grid of effective compute, in NumPy or JAX.

A grid holds months t and slowness dt/de at e = 0, h, 2h, ...; the end of the trajectory takes the place of the first
grid point beyond it. Between points t is a cubic that matches values and slopes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.law import LEVELS, TOP_OOMS, WIDTHS, Array

CELLS_PER_OOM = {"none": 16, "shortening": 16, "continual": 64}
"""Cells of the grid in each OOM; whole, so that levels lie on the grid. In continual e may lag far behind software."""

FAR_MONTHS = 1e100


class Grid(NamedTuple):
    """Trajectories of n draws.

    Attributes
    ----------
    months, slowness : array of shape (n, n_nodes)
        t and dt/de at e = j h; at index ``last + 1`` those of the end, meaningless beyond.
    last : array of shape (n,)
        Index of the last point at or before the end, at most n_nodes - 2.
    ooms_end, months_end : array of shape (n,)
        The end of the trajectory.
    """

    months: Array
    slowness: Array
    last: Array
    ooms_end: Array
    months_end: Array

    @property
    def n_nodes(self) -> int:
        """Points in a row."""
        return int(self.months.shape[1])

    @property
    def cells(self) -> int:
        """Cells in each OOM."""
        return (self.n_nodes - 1) // int(TOP_OOMS)

    @property
    def h(self) -> float:
        """Width of a cell."""
        return 1.0 / self.cells


def close(xp: Any, months: Array, slowness: Array, ooms_end: Array, months_end: Array, slowness_end: Array) -> Grid:
    """A grid whose trajectories end where they do."""
    n_nodes = months.shape[1]
    last = xp.minimum(xp.floor(ooms_end * ((n_nodes - 1) / TOP_OOMS) + 1e-9).astype(int), n_nodes - 2)
    at_end = xp.arange(n_nodes) == last[:, None] + 1
    months = xp.where(at_end, months_end[:, None], months)
    slowness = xp.where(at_end, slowness_end[:, None], slowness)
    return Grid(months, slowness, last, ooms_end, months_end)


def take(xp: Any, table: Array, index: Array) -> Array:
    """Entries of each row."""
    return xp.take_along_axis(table, index, axis=1)


def cubic(theta: Array, width: Array, y0: Array, y1: Array, d0: Array, d1: Array) -> Array:
    """Cubic through two values with two slopes."""
    rest = 1.0 - theta
    return rest * y0 + theta * y1 + theta * rest * (rest * (width * d0 - (y1 - y0)) - theta * (width * d1 - (y1 - y0)))


def cubic_slope(theta: Array, width: Array, y0: Array, y1: Array, d0: Array, d1: Array) -> Array:
    """Derivative of :func:`cubic` with respect to theta."""
    rise = y1 - y0
    a, b = width * d0 - rise, width * d1 - rise
    return rise + (1.0 - 2.0 * theta) * ((1.0 - theta) * a - theta * b) - theta * (1.0 - theta) * (a + b)


def cubic_minimum(xp: Any, width: Array, y0: Array, y1: Array, d0: Array, d1: Array) -> Array:
    """Smallest value of a cubic that falls at its start and rises at its end; the smaller end otherwise."""
    s = d0 + d1 - 3.0 * (y1 - y0) / width
    root = xp.sqrt(xp.maximum(s * s - d0 * d1, 0.0))
    theta = 1.0 - (d1 + root - s) / (d1 - d0 + 2.0 * root)
    inner = cubic(theta, width, y0, y1, d0, d1)
    return xp.where((d0 < 0.0) & (d1 > 0.0) & (theta > 0.0) & (theta < 1.0), inner, xp.minimum(y0, y1))


def months_at(xp: Any, grid: Grid, ooms: Array) -> Array:
    """Months at which e takes values, shape (n, k), none beyond the end."""
    cell = xp.clip((ooms * grid.cells).astype(int), 0, grid.last[:, None])
    width = xp.minimum(grid.h, xp.maximum(grid.ooms_end[:, None] - cell * grid.h, 1e-300))
    ends = [take(xp, grid.months, cell), take(xp, grid.months, cell + 1)]
    slopes = [take(xp, grid.slowness, cell), take(xp, grid.slowness, cell + 1)]
    return cubic((ooms - cell * grid.h) / width, width, *ends, *slopes)


def ooms_at(xp: Any, grid: Grid, months: Array, cell: Array) -> tuple[Array, Array]:
    """e and its slowness at times, shape (n, k), that lie in known cells."""
    width = xp.minimum(grid.h, xp.maximum(grid.ooms_end[:, None] - cell * grid.h, 1e-300))
    ends = [take(xp, grid.months, cell), take(xp, grid.months, cell + 1)]
    slopes = [take(xp, grid.slowness, cell), take(xp, grid.slowness, cell + 1)]
    span = xp.maximum(ends[1] - ends[0], 1e-300)
    theta = xp.clip(cubic((months - ends[0]) / span, span, 0.0, 1.0, *(width / slope for slope in slopes)), 0.0, 1.0)
    for _ in range(2):  # Newton on the cubic t(e), so that one interpolation is the inverse of the other
        slope = cubic_slope(theta, width, *ends, *slopes)
        theta = xp.clip(theta - (cubic(theta, width, *ends, *slopes) - months) / slope, 0.0, 1.0)
    return cell * grid.h + theta * width, cubic_slope(theta, width, *ends, *slopes) / width


def cells_of(xp: Any, grid: Grid, months: Array) -> Array:
    """Cell in which each time lies, shape (n, k), times growing along a row."""
    reach = grid.months_end.max() + max(WIDTHS) + 1.0
    known = xp.where(xp.arange(grid.n_nodes) <= grid.last[:, None], grid.months, reach)
    wanted = xp.minimum(months, reach)
    if xp is np:  # one search through all rows, moved apart
        shift = reach * np.arange(len(known))[:, None]
        flat = np.searchsorted((known + shift).ravel(), (wanted + shift).ravel(), side="right").reshape(wanted.shape)
        found = flat - grid.n_nodes * np.arange(len(known))[:, None]
    else:
        import jax

        found = jax.vmap(lambda a, v: xp.searchsorted(a, v, side="right"))(known, wanted)
    return xp.clip(found - 1, 0, grid.last[:, None])


def first_cell(xp: Any, grid: Grid, months: float) -> Array:
    """Cell in which one and the same time lies, shape (n, 1)."""
    known = (grid.months <= months) & (xp.arange(grid.n_nodes) <= grid.last[:, None])
    return xp.maximum(known.sum(axis=1) - 1, 0)[:, None]


def outcomes(xp: Any, grid: Grid) -> dict[str, Array]:
    """Times, best windows and best gains of every draw."""
    inside = xp.arange(grid.n_nodes) * grid.h <= grid.ooms_end[:, None]
    start_months = xp.where(inside, grid.months, FAR_MONTHS)
    end_months = xp.where(inside, grid.months, xp.inf)
    steps = [level * grid.cells for level in LEVELS]
    windows = [_window(xp, grid, start_months, end_months, shift) for shift in steps]
    year, _ = ooms_at(xp, grid, xp.full((len(grid.last), 1), 12.0), first_cell(xp, grid, 12.0))
    return {
        "months_to": end_months[:, xp.asarray(steps)],
        "best_window_months": xp.stack(windows, axis=1),
        "best_gain_ooms": xp.stack([_gain(xp, grid, inside, width) for width in WIDTHS], axis=1),
        "first_year_ooms": xp.where(grid.months_end > 12.0, year[:, 0], grid.ooms_end),
        "effective_end_ooms": grid.ooms_end,
        "months_end": grid.months_end,
    }


def _window(xp: Any, grid: Grid, start_months: Array, end_months: Array, shift: int) -> Array:
    """Shortest time for ``shift`` cells, one a draw."""
    length = end_months[:, shift:] - start_months[:, :-shift]
    at = xp.argmin(length, axis=1)[:, None]

    def drift(index: Array) -> Array:
        return take(xp, grid.slowness, index + shift) - take(xp, grid.slowness, index)

    other = xp.clip(xp.where(drift(at) < 0.0, at + 1, at - 1), 0, length.shape[1] - 1)
    a, b = xp.minimum(at, other), xp.maximum(at, other)
    y_a, y_b = take(xp, length, a), take(xp, length, b)
    is_cell = (b > a) & (y_b < FAR_MONTHS)
    refined = cubic_minimum(xp, grid.h, y_a, xp.where(is_cell, y_b, y_a), drift(a), drift(b))
    best = xp.where(is_cell, refined, take(xp, length, at))[:, 0]
    cut = grid.ooms_end - shift * grid.h  # the window that ends with the trajectory
    final = grid.months_end - months_at(xp, grid, xp.maximum(cut, 0.0)[:, None])[:, 0]
    return xp.where(cut >= 0.0, xp.minimum(best, final), xp.inf)


def _gain(xp: Any, grid: Grid, inside: Array, width: float) -> Array:
    """Largest rise in ``width`` months, one a draw."""
    until = grid.months + width
    counted = inside & (until <= grid.months_end[:, None])
    until = xp.where(inside, until, FAR_MONTHS)
    reached, slowness = ooms_at(xp, grid, xp.where(counted, until, grid.months_end[:, None]), cells_of(xp, grid, until))
    loss = xp.where(counted, xp.arange(grid.n_nodes) * grid.h - reached, xp.inf)
    drift = xp.where(counted, 1.0 - grid.slowness / slowness, 0.0)
    at = xp.argmin(loss, axis=1)[:, None]
    other = xp.clip(xp.where(take(xp, drift, at) < 0.0, at + 1, at - 1), 0, grid.n_nodes - 1)
    a, b = xp.minimum(at, other), xp.maximum(at, other)
    is_cell = (b > a) & take(xp, counted, a) & take(xp, counted, b)
    y_a, y_b = xp.where(is_cell, take(xp, loss, a), 0.0), xp.where(is_cell, take(xp, loss, b), 0.0)
    refined = cubic_minimum(xp, grid.h, y_a, y_b, take(xp, drift, a), take(xp, drift, b))
    best = xp.where(is_cell, refined, take(xp, loss, at))[:, 0]
    cut = xp.maximum(grid.months_end - width, 0.0)[:, None]
    cell = xp.minimum(cells_of(xp, grid, cut), grid.last[:, None])
    final, _ = ooms_at(xp, grid, cut, cell)
    final = grid.ooms_end - xp.where(cut[:, 0] > 0.0, final[:, 0], 0.0)
    return xp.maximum(-best, final)
