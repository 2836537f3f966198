"""From the quantities of a draw to its law: every column is read, and pairs go together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernel_rows import prepared, table_of

from mc_sie.model.parameters import Column, set_law
from mc_sie.model.status import HALF_GIVEN_PAIR, OK, SHORTENING_RECONFIGURED
from mc_sie.model.workspace import new_workspace

ROW = {
    "mode": "none", "rho": -0.3, "r": 1.6, "limit_ooms": 11.0, "speedup_initial": 5.0, "rho_long": -0.1,
    "reconfiguration_half_life_months": 12.0, "route2_rho": -0.5, "route2_alpha_compute": 0.3,
}  # fmt: skip


def test_columns_are_numbered_as_they_stand():
    assert [column.value for column in Column] == list(range(len(Column)))


@pytest.mark.parametrize("column", Column)
def test_the_law_depends_on_every_column(column):
    draw = table_of([ROW])[:, 0]
    law = new_workspace().law
    assert set_law(law, draw) == OK
    before = law.copy().tolist()
    draw[column.value] = 3.0 if column is Column.MODE else 0.9 * draw[column.value] + 0.03
    set_law(law, draw)
    assert law.tolist() != before


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"rho_long": math.nan}, HALF_GIVEN_PAIR),
        ({"reconfiguration_half_life_months": math.nan}, HALF_GIVEN_PAIR),
        ({"route2_rho": math.nan}, HALF_GIVEN_PAIR),
        ({"route2_alpha_compute": math.nan}, HALF_GIVEN_PAIR),
        ({"mode": "shortening"}, SHORTENING_RECONFIGURED),
        ({"mode": "shortening_accelerating_only"}, SHORTENING_RECONFIGURED),
        ({"mode": "continual"}, OK),
    ],
)
def test_quantities_that_do_not_go_together_are_a_status(changed, status):
    assert set_law(new_workspace().law, table_of([ROW | changed])[:, 0]) == status


@pytest.mark.parametrize(("r", "is_reached"), [(1.0, False), (30.0, True)])
def test_software_is_held_at_its_limit_where_that_is_reached_in_finite_time(r, is_reached):
    """D is reached whenever beta D ln 10 < 1."""
    law = prepared({"mode": "none", "rho": 0.0, "r": r, "limit_ooms": 6.0}).law
    assert law.software_hold == 6.0
    assert (law.beta * 6.0 * np.log(10.0) < 1.0) == is_reached
    assert math.isfinite(law.u_hold) == is_reached
