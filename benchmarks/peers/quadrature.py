"""Modes none and shortening by quadrature on a fixed grid in software, in NumPy or JAX.

Each cell is integrated by the four-point Lobatto rule (order 6).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from benchmarks.peers.law import (
    END_HORIZON,
    END_LIMIT,
    END_TOP,
    LN_10,
    TOP_OOMS,
    Array,
    Law,
    columns,
    constants,
    labour_exponent,
    ln_pace,
)
from benchmarks.peers.reading import (
    CELLS_PER_OOM,
    FAR_MONTHS,
    close,
    cubic,
    months_at,
    ooms_at,
    outcomes,
    take,
)

POINTS = np.array([0.0, 0.5 - np.sqrt(0.05), 0.5 + np.sqrt(0.05), 1.0])
"""Lobatto points of the unit interval; the weights are 1, 5, 5, 1 twelfths."""


def _partial_weights() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Weights of the integrals from 0 to each point, shape (4, 4)."""
    table = np.zeros((4, 4))
    for j in range(4):
        others = np.delete(POINTS, j)
        basis = Polynomial.fromroots(others) / np.prod(POINTS[j] - others)
        table[:, j] = basis.integ()(POINTS)
    return table


PARTIAL = _partial_weights()


def _nodes(xp: Any, mode: str) -> Array:
    """Grid points in software, OOM."""
    return xp.arange(int(TOP_OOMS) * CELLS_PER_OOM[mode] + 1) / CELLS_PER_OOM[mode]


def solve(xp: Any, law: Law, mode: str) -> dict[str, Array]:
    """All outcomes of n draws in mode none or shortening."""
    return _none(xp, law) if mode == "none" else _shortening(xp, law)


def _cumulative(xp: Any, cells: Array) -> Array:
    """Integrals from 0 to every grid point, from those over the cells."""
    sums = xp.cumsum(cells, axis=1)
    return xp.concatenate([xp.zeros_like(sums[:, :1]), sums], axis=1)


def _none(xp: Any, law: Law) -> dict[str, Array]:
    wide = columns(law)
    limit = wide.limit
    ooms = xp.minimum(_nodes(xp, "none"), limit * (1.0 - 1e-15))
    z = -limit * xp.log1p(-ooms / limit)
    dz = z[:, 1:] - z[:, :-1]

    def rate(z: Array, ooms: Array) -> Array:
        """dt/dz."""
        return xp.exp(-z / limit - wide.ln_speed - ln_pace(xp, wide, z, ooms))

    def rate_between(point: float) -> tuple[Array, Array]:
        inner = z[:, :-1] + point * dz
        s = -limit * xp.expm1(-inner / limit)
        return inner, rate(inner, s)

    ln_m = ln_pace(xp, wide, z, ooms)
    at_nodes = xp.exp(-z / limit - wide.ln_speed - ln_m)
    cells = dz * (at_nodes[:, :-1] + at_nodes[:, 1:] + 5.0 * (rate_between(POINTS[1])[1] + rate_between(POINTS[2])[1]))
    months = xp.minimum(_cumulative(xp, cells / 12.0), FAR_MONTHS)
    slowness = xp.exp(-wide.ln_speed - ln_m)

    # where the horizon comes: in a cell, first as if dt/dz were exponential there, then by Newton's method
    is_top = (months[:, -1] <= law.horizon) & (law.limit > TOP_OOMS)
    cell = xp.clip((months <= wide.horizon).sum(axis=1)[:, None] - 1, 0, months.shape[1] - 2)
    z_cell, r_cell, dz_cell = take(xp, z, cell), take(xp, at_nodes, cell), take(xp, dz, cell)
    wait = wide.horizon - take(xp, months, cell)
    inner = z_cell + POINTS[1] * dz_cell
    growth = xp.log(rate(inner, -limit * xp.expm1(-inner / limit)) / r_cell) / (POINTS[1] * dz_cell)
    room = xp.maximum(1.0 + growth * wait / r_cell, 1e-300)
    step = xp.where(abs(growth) < 1e-9, wait / r_cell, xp.log(room) / xp.where(growth == 0.0, 1.0, growth))
    step = xp.clip(step, 0.0, dz_cell)
    for _ in range(4):
        points = z_cell + step * POINTS
        rates = rate(points, -limit * xp.expm1(-points / limit))
        waited = step * (rates @ xp.asarray([1.0, 5.0, 5.0, 1.0]))[:, None] / 12.0
        step = xp.clip(step - (waited - wait) / rates[:, 3:], 0.0, dz_cell)
    z_end = (z_cell + step)[:, 0]
    ooms_end = xp.where(is_top, TOP_OOMS, -law.limit * xp.expm1(-z_end / law.limit))
    months_end = xp.where(is_top, months[:, -1], law.horizon)
    z_end = xp.where(is_top, z[:, -1], z_end)
    slowness_end = xp.exp(-law.ln_speed - ln_pace(xp, law, z_end, ooms_end))
    end = xp.where(is_top, END_TOP, END_HORIZON)
    slope = (labour_exponent(xp, wide, ooms) - wide.beta / (1.0 - ooms / limit)) * LN_10
    return _finish(xp, law, ln_m, slope, months, slowness, ooms_end, months_end, slowness_end, end)


def _shortening(xp: Any, law: Law) -> dict[str, Array]:
    wide = columns(law)
    cap = xp.minimum(law.limit, TOP_OOMS)
    ooms = xp.minimum(_nodes(xp, "shortening"), cap[:, None])
    width = ooms[:, 1:] - ooms[:, :-1]

    def slope(ooms: Array) -> Array:
        """d ln M / ds."""
        room = 1.0 - ooms / wide.limit
        x_room = labour_exponent(xp, wide, ooms) * room - wide.beta
        return LN_10 * x_room / (room + abs(x_room))

    at_nodes = slope(ooms)
    slopes = [at_nodes[:, :-1], *(slope(ooms[:, :-1] + point * width) for point in POINTS[1:3]), at_nodes[:, 1:]]
    rises = [width * sum(w * s for w, s in zip(row, slopes, strict=True)) for row in PARTIAL[1:]]
    ln_m = wide.ln_start + _cumulative(xp, rises[2])
    slowness = xp.exp(-wide.ln_speed - ln_m)
    inner = sum(xp.exp(-wide.ln_speed - ln_m[:, :-1] - rise) for rise in rises[:2])
    cells = width * (slowness[:, :-1] + slowness[:, 1:] + 5.0 * inner) / 12.0
    months = _cumulative(xp, cells)

    in_time = months[:, -1] <= law.horizon
    grid = close(xp, months, slowness, cap, months[:, -1], slowness[:, -1])
    cell = xp.minimum((months <= wide.horizon).sum(axis=1) - 1, grid.last)[:, None]
    ooms_end, slowness_end = (found[:, 0] for found in ooms_at(xp, grid, wide.horizon, cell))
    ooms_end = xp.where(in_time, cap, ooms_end)
    slowness_end = xp.where(in_time, slowness[:, -1], slowness_end)
    months_end = xp.where(in_time, months[:, -1], law.horizon)
    end = xp.where(~in_time, END_HORIZON, xp.where(law.limit > TOP_OOMS, END_TOP, END_LIMIT))
    return _finish(xp, law, ln_m, at_nodes, months, slowness, ooms_end, months_end, slowness_end, end)


def _finish(
    xp: Any,
    law: Law,
    ln_m: Array,
    slope: Array,
    months: Array,
    slowness: Array,
    ooms_end: Array,
    months_end: Array,
    slowness_end: Array,
    end: Array,
) -> dict[str, Array]:
    """All outcomes from a grid of months, slowness, ln M and d ln M / ds."""
    grid = close(xp, months, slowness, ooms_end, months_end, slowness_end)
    found = outcomes(xp, grid) | constants(xp, law)

    # the peak: the cell in which the pace stops growing, then where in it
    inside = xp.arange(grid.n_nodes) * grid.h <= ooms_end[:, None]
    at = xp.argmax(xp.where(inside, ln_m, -xp.inf), axis=1)[:, None]
    cell = xp.clip(xp.where(take(xp, slope, at) > 0.0, at, at - 1), 0, grid.n_nodes - 2)
    low = cell * grid.h
    high = xp.minimum(low + grid.h, ooms_end[:, None])
    wide = columns(law)

    def sign(ooms: Array) -> Array:
        room = xp.maximum(1.0 - ooms / wide.limit, 1e-300)
        return labour_exponent(xp, wide, ooms) - wide.beta / room

    a, b, at_a, at_b, side = low, high, sign(low), sign(high), 0.0 * low
    for _ in range(8):  # Illinois: the end that stays twice counts half
        top = xp.clip((a * at_b - b * at_a) / (at_b - at_a), a, b)
        found_sign = sign(top)
        rises = found_sign > 0.0
        at_b = xp.where(rises, xp.where(side > 0.0, 0.5, 1.0) * at_b, found_sign)
        at_a = xp.where(rises, found_sign, xp.where(side < 0.0, 0.5, 1.0) * at_a)
        a, b, side = xp.where(rises, top, a), xp.where(rises, b, top), xp.where(rises, 1.0, -1.0)
    top = xp.where(sign(high) >= 0.0, high, xp.where(sign(low) <= 0.0, low, top))
    ends = [take(xp, ln_m, cell), take(xp, ln_m, cell + 1), take(xp, slope, cell), take(xp, slope, cell + 1)]
    width = xp.minimum(grid.h, law.limit[:, None] - low)
    peak = cubic((top - low) / width, width, *ends)
    only_slows = (cell == 0) & (take(xp, slope, cell) <= 0.0)
    found["pace_peak"] = xp.exp(xp.where(only_slows, ends[0], peak))[:, 0]
    found["months_to_peak"] = xp.where(only_slows, 0.0, months_at(xp, grid, top))[:, 0]
    found["limit_reached"] = ooms_end >= 0.99 * law.limit
    found["software_end_ooms"] = ooms_end
    found["n_deployments"] = xp.zeros(len(ooms_end), dtype=int)
    found["end"] = end
    return found
