"""Where one route of research overtakes the other, within a panel."""

from __future__ import annotations

import pytest
from kernel_rows import prepared
from scipy.optimize import brentq

from mc_sie.model.collocation import solve_panel
from mc_sie.model.law import better_route, difficulty, route_lead, software_and_room
from mc_sie.model.panels import Setting, Start
from mc_sie.model.route_switch import NEVER_GOOD, good_up_to

ROW = {"mode": "none", "rho": -1.5, "r": 2.0, "limit_ooms": 12.0, "alpha_compute": 0.2, "labour_multiplier": 1.0}
SECOND = {"route2_rho": -0.1, "route2_alpha_compute": 0.6}
"""With the labour of before automation the routes are level; more helps the first route more, until its low ceiling."""


def good(row, route, software):
    """Position up to which a panel on a route is good, in OOM of software, and the panel's end."""
    work = prepared(row)
    law = work.law
    setting = Setting(route, 0.0, False)
    start = Start(difficulty(software, law.limit), 0.0, law.ln_pace_start)
    length, error = solve_panel(law, setting, start, 0.5, work.nodes, work.series[0])
    assert error <= 1.0
    x = good_up_to(law, setting, start, length, work.nodes, work.series[0], 0)
    if x == NEVER_GOOD:
        return x
    return software_and_room(start.u + 0.5 * length * (1.0 + x), law.limit).software


def test_a_panel_is_good_up_to_where_the_routes_are_level():
    row = ROW | SECOND
    law = prepared(row).law
    level = brentq(lambda s: route_lead(law, 0, s, s, 0.0), 0.1, 5.0)
    assert better_route(law, level - 0.2, level - 0.2, 0.0) == 0
    assert better_route(law, level + 0.2, level + 0.2, 0.0) == 1
    assert good(row, 0, level - 0.2) == pytest.approx(level, abs=1e-8)
    assert good(row, 0, level + 0.2) == NEVER_GOOD
    assert good(row, 1, level + 0.2) > level + 0.5  # to its end


def test_one_route_is_good_throughout():
    assert good(ROW, 0, 0.0) > 0.45
