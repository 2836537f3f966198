"""Rows as the kernel takes them: a table with defaults filled in, and a workspace with the law of one row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mc_sie.engine.kernel import KERNEL_COLUMNS
from mc_sie.model.parameters import set_law
from mc_sie.model.status import OK
from mc_sie.model.workspace import Workspace, new_workspace
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES, QUANTITIES


def default_of(name: str) -> float | str:
    if name == "horizon_months":
        return HORIZON_MONTHS_DEFAULT
    default = QUANTITIES[name].default
    if default is None:
        return math.nan
    return default


def table_of(rows: list[dict[str, Any]]) -> np.ndarray:
    table = np.empty((len(KERNEL_COLUMNS), len(rows)))
    for column, name in zip(table, KERNEL_COLUMNS, strict=True):
        values = [row.get(name, default_of(name)) for row in rows]
        if name == "mode":
            values = [MODES.index(value) for value in values]
        column[:] = values
    return table


def prepared(row: dict[str, Any]) -> Workspace:
    """A workspace with the law of a row set."""
    work = new_workspace()
    assert set_law(work.law, table_of([row])[:, 0]) == OK
    return work
