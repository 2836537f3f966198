"""The kernel's table: quantities by name in its order, and rows outside the domain marked."""

import math

import numpy as np
import pytest

from mc_sie.engine.cpu import CODES
from mc_sie.engine.kernel import KERNEL_COLUMNS, in_domain, kernel_table
from mc_sie.model.parameters import Column
from mc_sie.model.status import OK, OUTSIDE_DOMAIN
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES

GIVEN = {"mode": 0.0, "rho": -0.1, "r": 1.5}
ROWS = {name: np.array([GIVEN.get(name, QUANTITIES[name].default)], dtype=np.float64) for name in KERNEL_COLUMNS[:-1]}


def test_a_column_is_where_the_law_reads_it():
    assert [KERNEL_COLUMNS[Column[name.upper()].value] for name in QUANTITIES if name in KERNEL_COLUMNS] == [
        name for name in QUANTITIES if name in KERNEL_COLUMNS
    ]
    assert {*KERNEL_COLUMNS} == {*MODEL_QUANTITIES, "horizon_months"}


def test_a_line_of_the_table_is_a_quantity():
    rows = ROWS | {"lam": np.array([0.5, 0.6, 0.7]), "r": np.broadcast_to(1.5, 3)}
    table, codes = kernel_table(rows, 3, 120.0)
    assert table.shape == (len(KERNEL_COLUMNS), 3)
    assert table[KERNEL_COLUMNS.index("lam")].tolist() == [0.5, 0.6, 0.7]
    assert table[KERNEL_COLUMNS.index("r")].tolist() == [1.5] * 3
    assert table[-1].tolist() == [120.0] * 3
    assert codes.shape == (3, len(CODES))


@pytest.mark.parametrize("horizon_months", [0.0, -1.0, math.nan, 12_001.0])
def test_a_horizon_outside_its_domain_is_marked(horizon_months):
    status = kernel_table(ROWS, 1, np.array([horizon_months]))[1][:, CODES.index("status")]
    assert status.tolist() == [OUTSIDE_DOMAIN]


def test_only_the_rows_outside_are_marked():
    status = kernel_table(ROWS | {"lam": np.array([0.5, -1.0])}, 2, 240.0)[1][:, CODES.index("status")]
    assert status.tolist() == [OK, OUTSIDE_DOMAIN]


@pytest.mark.parametrize("name", KERNEL_COLUMNS[:-1])
def test_ends_of_a_domain_belong_to_it_as_the_table_says(name):
    quantity = QUANTITIES[name]
    low, high, absent = in_domain(name, np.array([quantity.low, quantity.high, math.nan]))
    assert low == (not quantity.low_open)
    assert high == (not quantity.high_open)
    assert absent == quantity.optional
