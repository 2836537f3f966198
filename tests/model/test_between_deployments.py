"""Software between two deployments: the closed form against panels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mc_sie.engine.run import evaluate

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}
LEVELS = (1.0, 3.0, 5.0, 8.0)


@pytest.mark.parametrize("limit", [6.0, 11.0, 30.0, math.inf])
@pytest.mark.parametrize("r", [0.3, 1.6, 8.0])
def test_closed_form_of_a_stretch_agrees_with_panels(limit, r):
    """From scratch: experiments that get cheaper by nothing to speak of send every stretch through the panels."""
    row = {**BASE, "mode": "from_scratch", "limit_ooms": limit, "r": r, "experiment_efficiency_share": 0.0}
    closed, panels = (
        evaluate(row, levels=LEVELS),
        evaluate({**row, "experiment_efficiency_share": 1e-14}, levels=LEVELS),
    )
    assert closed.n_deployments[0] == panels.n_deployments[0] > 0
    assert closed.end[0] == panels.end[0]
    np.testing.assert_allclose(panels.months_to, closed.months_to, rtol=1e-8)
    np.testing.assert_allclose(panels.best_window_months, closed.best_window_months, rtol=1e-8)
    np.testing.assert_allclose(panels.software_end_ooms, closed.software_end_ooms, rtol=1e-8)
