"""Kinds of equations that are solved on a panel, and what a panel is told of the trajectory before it."""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.law import CONTINUAL, Law

EXPLICIT, TIMED, PATH = range(3)
"""Kinds of equations."""

GOES_ON = -1
"""In place of a reason why a trajectory ends, or a stretch of one."""

NEAR = 1e-9
"""A kink so close behind the start of a panel does no harm in it, and no panel can end there; OOM."""

MAX_SWITCHES = 2
"""Changes of route that are made at one coordinate: there, and back where the other one had come level only."""


class Start(NamedTuple):
    """State at the start of a panel: coordinate, time, and ln M (EXPLICIT) or e (PATH)."""

    u: float
    months: float
    second: float


class Setting(NamedTuple):
    """Circumstances that stay the same throughout a panel.

    The route in use, a in OOM (read in mode from_scratch only), and whether software stands at its limit or cap (mode
    continual only).
    """

    route: int
    deployed: float
    held: bool


@part
def on_other_route(setting: Setting) -> Setting:
    """Setting after research has changed its route."""
    return Setting(1 - setting.route, setting.deployed, False)


@part
def kind_of(law: Law) -> int:
    """EXPLICIT, TIMED or PATH."""
    if law.mode == CONTINUAL:
        return PATH
    if law.reconfiguration_rate > 0.0:
        return TIMED
    return EXPLICIT
