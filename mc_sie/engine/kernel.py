"""The only door to the kernel: quantities by name become its table, and what it returns becomes outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mc_sie.engine.cpu import CODES, NUMBERS, Processor
from mc_sie.model.parameters import Column
from mc_sie.model.status import OK, OUTSIDE_DOMAIN
from mc_sie.outcomes import Outcomes
from mc_sie.quantities import HORIZON_MONTHS_HIGH, MODEL_QUANTITIES, QUANTITIES

KERNEL_COLUMNS = tuple(column.name.lower() for column in Column)
"""Quantities in the order of the kernel's table, the horizon last."""

# a quantity that the law does not read, or a column that is no quantity, is seen at the first import
assert KERNEL_COLUMNS[-1] == "horizon_months"
assert set(KERNEL_COLUMNS[:-1]) == set(MODEL_QUANTITIES)

_STATUS = CODES.index("status")


def empty_outcomes(n: int, levels: Sequence[float], widths: Sequence[float]) -> Outcomes:
    """Room for the outcomes of n draws, for :func:`fill`; levels in OOM and widths in months."""
    return Outcomes.empty(n, np.asarray(levels, dtype=np.float64), np.asarray(widths, dtype=np.float64))


def fill(
    outcomes: Outcomes,
    here: slice,
    rows: Mapping[str, NDArray[np.generic]],
    horizon_months: float | NDArray[np.generic],
    processor: Processor,
) -> None:
    """Simulate some rows, and store their outcomes at the place ``here``; arguments as in :func:`kernel_table`.

    No other thread may use the processor meanwhile.
    """
    n = here.stop - here.start
    table, codes = kernel_table(rows, n, horizon_months)
    inside = codes[:, _STATUS] == OK
    numbers = np.empty((n, len(NUMBERS)))
    months_to = np.empty((n, len(outcomes.levels)))
    best_window_months = np.empty((n, len(outcomes.levels)))
    best_gain_ooms = np.empty((n, len(outcomes.widths)))
    with np.errstate(all="ignore"):  # interpreted, an overflow that a step recovers from would warn
        processor(
            table, outcomes.levels, outcomes.widths, months_to, best_window_months, best_gain_ooms, numbers, codes
        )
    outcomes.months_to[here] = months_to
    outcomes.best_window_months[here] = best_window_months
    outcomes.best_gain_ooms[here] = best_gain_ooms
    failed = codes[:, _STATUS] != OK
    numbers[failed] = np.nan
    for column, name in enumerate(NUMBERS):
        getattr(outcomes, name)[here] = numbers[:, column]
    for column, name in enumerate(CODES):
        getattr(outcomes, name)[here] = codes[:, column]
    outcomes.mode[here] = np.where(inside, table[0], 0)  # a mode outside the domain may be no small integer
    outcomes.labour_per_efficiency[here] = table[KERNEL_COLUMNS.index("labour_per_efficiency")]


def kernel_table(
    rows: Mapping[str, NDArray[np.generic]], n: int, horizon_months: float | NDArray[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Some rows as the kernel takes them.

    Parameters
    ----------
    rows : mapping of str to array
        Quantities by code name, one number a row or one for all.
    n : int
        Rows.
    horizon_months : float or array
        End of each trajectory.

    Returns
    -------
    table : array of shape (22, n)
        One line a quantity, in the order of :data:`KERNEL_COLUMNS`.
    codes : array of shape (n, 4), int32
        Codes for the kernel to fill, with the status of the rows that lie outside the domain.
    """
    table = np.empty((len(KERNEL_COLUMNS), n))  # a quantity after the other, as they come: the other way takes longer
    codes = np.zeros((n, len(CODES)), dtype=np.int32)
    inside = np.ones(n, dtype=bool)
    for column, name in zip(table, KERNEL_COLUMNS[:-1], strict=False):
        values = np.asarray(rows[name], dtype=np.float64)
        column[:] = values
        if values.strides == (0,):  # one number for all rows need be looked at once
            values = values[:1]
        inside &= in_domain(name, values)
    table[-1] = horizon_months
    inside &= (table[-1] > 0.0) & (table[-1] <= HORIZON_MONTHS_HIGH)
    codes[~inside, _STATUS] = OUTSIDE_DOMAIN
    return table, codes


def in_domain(name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Values that lie in the domain of a quantity, as a mask; nan does for an optional one."""
    quantity = QUANTITIES[name]
    inside = (values >= quantity.low) & (values <= quantity.high)
    if quantity.low_open:
        inside &= values != quantity.low
    if quantity.high_open:
        inside &= values != quantity.high
    if quantity.optional:
        inside |= np.isnan(values)
    return inside
