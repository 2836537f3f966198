"""Records that one thread lends to the kernel, draw after draw: the law, a panel, the trajectory and its windows.

Compiled functions allocate nothing. A record is one pointer instead of sixty numbers on every call, and the compiler
knows how long its rows are and how far apart, which a loop over the nodes of a panel must know to be vectorised.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from mc_sie.model.chebyshev import N_NODES, N_TERMS, FloatArray
from mc_sie.model.law import LAW_TYPE, Law

MAX_PANELS = 512
"""Panels that one trajectory may have; the hardest corners of the domain take about a quarter of it."""

MAX_WINDOWS = 64
"""Windows by OOM from which those by months can start."""

MAX_DEPLOYMENTS = 2048
"""Room for the deployments of mode from_scratch: 20 OOM in gains of at least 0.01, and deployment 0."""

MONTHS, MONTHS_SLOPE, SECOND, SECOND_SLOPE = range(4)
"""Rows of a panel's series: time; ln M (EXPLICIT) or e (PATH); their derivatives."""

N_SERIES = 4

P_U, P_LENGTH, P_PER_HALF, P_MONTHS, P_OOMS, P_GRID = range(6)
"""Columns of the table of panels: where each starts, also on the grid; how long its series are (the next may start
earlier), and 1 over half of that."""

G_MONTHS, G_OOMS, G_SOFTWARE, G_LN_SLOWNESS, G_LN_PACE, G_U, G_MONTHS_SLOPE, G_SECOND_SLOPE = range(8)
"""Columns of the grid: time, e, s, ln(dt/de), ln M and u at some nodes of every panel; the slopes of time and of the
panel's second function in u, on the panel after the point."""


class Nodes:
    """State at the nodes of the panel in progress, its derivatives, and room for the solver.

    Like :class:`~mc_sie.model.law.Law` a record of a NumPy array, so that the compiler knows how far apart the rows
    lie and takes several nodes at a time; each field is an array of shape (N_NODES,).

    Attributes
    ----------
    months, months_slope : array
        Time, and dt/du.
    second, second_slope : array
        ln M (EXPLICIT) or e (PATH), and its derivative.
    software, ln_pace : array
        s and ln M.
    rho, ln_route, share, room, odds, tilt, bend, slowness, by_time : array
        What is kept of the law: see ``retraining.Heading``. The kind TIMED keeps ln(dt/du) and its first
        two derivatives by the time in odds, tilt and bend.
    residual, months_residual, defect, jacobian, growth, weight, shift, turn, scratch, scratch_2 : array
        Of the iteration.
    """

    months: FloatArray
    months_slope: FloatArray
    second: FloatArray
    second_slope: FloatArray
    software: FloatArray
    ln_pace: FloatArray
    rho: FloatArray
    ln_route: FloatArray
    share: FloatArray
    room: FloatArray
    odds: FloatArray
    tilt: FloatArray
    bend: FloatArray
    slowness: FloatArray
    by_time: FloatArray
    residual: FloatArray
    months_residual: FloatArray
    defect: FloatArray
    jacobian: FloatArray
    growth: FloatArray
    weight: FloatArray
    shift: FloatArray
    turn: FloatArray
    scratch: FloatArray
    scratch_2: FloatArray


NODES_TYPE = np.dtype([(name, np.float64, N_NODES) for name in Nodes.__annotations__], align=True)
"""The record type of :class:`Nodes`."""


class Workspace:
    """Record that one thread lends to one draw after another.

    Like :class:`~mc_sie.model.law.Law` a record: one pointer instead of sixty numbers on every call, and rows whose
    length the compiler knows.

    Attributes
    ----------
    law : record
        The law of motion of the draw.
    nodes : record
        State at the nodes of the panel in progress.
    series : array of shape (MAX_PANELS, N_SERIES, N_TERMS)
        Series of every panel.
    panels : array of shape (MAX_PANELS + 1, 6)
        Where each panel starts; the row after the last is the end of the trajectory.
    grid : array of shape (6 MAX_PANELS + N_NODES, 8)
        The trajectory at some nodes.
    windows : array of shape (MAX_WINDOWS, 5)
        Months and the coordinates of both ends of best windows, and how the ends move with the months.
    deployments : array of shape (MAX_DEPLOYMENTS, 2)
        Months and effective compute of each deployment.
    """

    law: Law
    nodes: Nodes
    series: FloatArray
    panels: FloatArray
    grid: FloatArray
    windows: FloatArray
    deployments: FloatArray


def workspace_type(n_grid: int = 6 * MAX_PANELS + N_NODES) -> np.dtype[np.void]:
    """The record type of :class:`Workspace`, with room for so many points on the grid."""
    return np.dtype(
        [
            ("law", LAW_TYPE),
            ("nodes", NODES_TYPE),
            ("series", np.float64, (MAX_PANELS, N_SERIES, N_TERMS)),
            ("panels", np.float64, (MAX_PANELS + 1, 6)),
            ("grid", np.float64, (n_grid, 8)),
            ("windows", np.float64, (MAX_WINDOWS, 5)),
            ("deployments", np.float64, (MAX_DEPLOYMENTS, 2)),
        ],
        align=True,
    )


WORKSPACE_TYPE = workspace_type()
"""Half a megabyte."""


def new_workspace(kind: np.dtype[np.void] = WORKSPACE_TYPE) -> Workspace:
    """A fresh record of a workspace type, for one thread."""
    return cast(Workspace, np.zeros(1, kind).view(np.recarray)[0])
