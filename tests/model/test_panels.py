"""Kinds of panels."""

from __future__ import annotations

import pytest
from kernel_rows import prepared

from mc_sie.model.panels import EXPLICIT, PATH, TIMED, Setting, kind_of, on_other_route

RECONFIGURED = {"rho_long": -0.1, "reconfiguration_half_life_months": 12.0}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"mode": "none"}, EXPLICIT),
        ({"mode": "shortening"}, EXPLICIT),
        ({"mode": "from_scratch"}, EXPLICIT),
        ({"mode": "none", **RECONFIGURED}, TIMED),
        ({"mode": "from_scratch", **RECONFIGURED}, TIMED),
        ({"mode": "continual"}, PATH),
        ({"mode": "continual", **RECONFIGURED}, PATH),
    ],
)
def test_kind_of_a_law(row, kind):
    assert kind_of(prepared({"rho": -0.3, "r": 1.6, **row}).law) == kind


def test_there_and_back_is_the_same_route_with_the_same_system():
    setting = Setting(0, 2.5, False)
    assert on_other_route(setting) == (1, 2.5, False)
    assert on_other_route(on_other_route(setting)) == setting
