"""Why a draw could not be simulated, and what to do about it.

The kernel never raises: it returns one of these codes, the engine counts them, and every report prints the counts with
the meaning and remedy that stand here. Likewise for why a trajectory ended.
"""

from __future__ import annotations

from typing import NamedTuple

OK = 0
OUTSIDE_DOMAIN = 1
HALF_GIVEN_PAIR = 2
SHORTENING_RECONFIGURED = 3
TOO_MANY_STEPS = 4
NOT_FINITE = 5


class Status(NamedTuple):
    """One status code in words."""

    name: str
    meaning: str
    remedy: str


STATUSES: dict[int, Status] = {
    OK: Status("ok", "simulated", ""),
    OUTSIDE_DOMAIN: Status(
        "outside_domain",
        "a quantity lies outside its domain",
        "truncate the prior (truncate_low, truncate_high) so that its support lies in the domain",
    ),
    HALF_GIVEN_PAIR: Status(
        "half_given_pair",
        "one of two quantities that belong together is missing (rho_long and its half-life, or the second route)",
        "give both or neither",
    ),
    SHORTENING_RECONFIGURED: Status(
        "shortening_reconfigured",
        "mode shortening needs an autonomous law, but rho changes with time",
        "use another mode, or leave out rho_long and reconfiguration_half_life_months",
    ),
    TOO_MANY_STEPS: Status(
        "too_many_steps",
        "the integrator reached its step limit",
        "please report the row: the law should be integrable there",
    ),
    NOT_FINITE: Status(
        "not_finite",
        "the pace of progress is not a finite positive number at t = 0",
        "check the initial speed-up and the labour multiplier of the row",
    ),
}
"""Every status code with its name, meaning and remedy."""

END_TOP = 0
END_HORIZON = 1
END_LIMIT = 2

ENDS = ("top", "horizon", "limit")
"""Why a trajectory ended: effective compute reached 20 OOM, the horizon came, or nothing can move any more."""
