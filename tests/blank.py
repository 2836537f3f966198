"""Outcomes of draws that nothing has simulated, for tests that write what they need into them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from mc_sie.outcomes import Outcomes


def blank_outcomes(n: int, levels: tuple[float, ...], widths: tuple[float, ...]) -> Outcomes:
    """Every number nan and every code 0, which is ok."""
    outcomes = Outcomes.empty(n, np.array(levels), np.array(widths))
    for field in fields(Outcomes):
        if field.name not in ("levels", "widths"):
            array = getattr(outcomes, field.name)
            array[...] = np.nan if array.dtype == np.float64 else 0
    return outcomes
