"""Generations of training runs from scratch: when they are deployed, and what they reach."""

from __future__ import annotations

import math

import numpy as np

from mc_sie.engine.run import evaluate

ROW = {
    "mode": "from_scratch", "rho": 0.0, "r": 1.5, "lam": 0.8, "alpha_compute": 0.5, "labour_per_efficiency": 2.0,
    "labour_multiplier": 900.0, "software_doubling_months": 6.0, "training_months": 3.0, "shortening_exponent": 0.0,
    "generation_gain_ooms": 0.5,
}  # fmt: skip


def deployments_by_hand(n: int) -> tuple[list[float], list[float]]:
    """Months and effective compute of n deployments, by the closed form of Cobb-Douglas research without a limit."""
    beta = 0.8 * 0.5 * 2.0 / 1.5
    speed = math.log10(2.0) / 6.0 * 900.0 ** (0.8 * 0.5)  # OOM per month at a = z = 0
    months = software = deployed = 0.0
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(n):
        wait = max(0.0, deployed + 0.5 - software)
        rate = speed * 10.0 ** (0.8 * 0.5 * 2.0 * deployed - beta * software)
        months += (10.0 ** (beta * wait) - 1.0) / (beta * math.log(10.0) * rate)
        software += wait
        frozen = software
        rate = speed * 10.0 ** (0.8 * 0.5 * 2.0 * deployed - beta * software)
        software += math.log10(1.0 + beta * math.log(10.0) * rate * 3.0) / beta
        months += 3.0
        deployed = frozen
        found[0].append(months)
        found[1].append(deployed)
    return found


def test_deployments_come_when_the_closed_form_has_them():
    months, effective = deployments_by_hand(6)
    outcomes = evaluate(ROW, levels=[level * (1.0 - 1e-9) for level in effective])
    np.testing.assert_allclose(outcomes.months_to[0], months, rtol=1e-8)


def test_runs_from_scratch_keep_their_length_at_exponent_zero():
    outcomes = evaluate(
        {"rho": 0.0, "r": 2.0, "mode": "from_scratch", "shortening_exponent": 0.0, "training_months": 3.0},
        levels=(0.5,),
    )
    assert outcomes.months_to[0, 0] > 3.0
    assert outcomes.best_window_months[0, 0] >= 3.0 - 1e-9
