"""Panels that are solved by collocation, by outcomes that their errors would move, against the slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from reference.law_of_motion import solve as solve_slowly

from mc_sie.engine.run import evaluate

BASE = {"rho": -0.3, "r": 1.6, "lam": 0.7, "limit_ooms": 11.0, "experiment_efficiency_share": 0.3}
LEVELS = (1.0, 3.0, 5.0, 8.0)


@pytest.mark.parametrize("mode", ["none", "continual", "from_scratch"])
@pytest.mark.parametrize("half_life", [0.25, 3.0, 60.0])
def test_reconfigured_laws_lose_nothing_in_their_iteration(mode, half_life):
    """Late sweeps follow expansions of the law instead of the law; from below and from above, fast and slow."""
    for rho_long in (0.0, -0.8):
        row = {**BASE, "mode": mode, "rho_long": rho_long, "reconfiguration_half_life_months": half_life}
        slow = solve_slowly(row, LEVELS)["months_to"]
        ours = evaluate(row, levels=LEVELS).months_to[0]
        np.testing.assert_allclose(ours, [slow[level] for level in LEVELS], rtol=2e-8)
