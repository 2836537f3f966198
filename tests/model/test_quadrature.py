"""Panels that are plain integrals: closed forms, and the kink of the damped exponent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernel_rows import prepared
from reference.law_of_motion import solve as solve_slowly
from tests_settings import INTERPRETED

from mc_sie.engine.run import evaluate
from mc_sie.model.chebyshev import NODES
from mc_sie.model.panels import Setting, Start
from mc_sie.model.quadrature import fill_explicit, fill_explicit_months, fill_held
from mc_sie.units import LN_10

LEVELS = (1.0, 3.0, 5.0, 8.0)


@pytest.mark.parametrize("i", range(2 if INTERPRETED else 12))
def test_the_kink_of_mode_shortening_costs_no_accuracy(i):
    """d^2 ln M/ds^2 jumps where x changes sign: a panel across that point would be wrong by 1e-7."""
    rng = np.random.default_rng(i)
    row = {
        "mode": "shortening",
        "rho": -float(rng.uniform(0.0, 0.5)),
        "r": float(rng.uniform(1.2, 3.6)),
        "lam": float(rng.uniform(0.3, 1.0)),
        "limit_ooms": float(rng.uniform(7.0, 19.0)),
    }
    slow = solve_slowly(row, LEVELS)["months_to"]
    ours = evaluate(row, levels=LEVELS).months_to[0]
    np.testing.assert_allclose(ours, [slow[level] for level in LEVELS], rtol=5e-9)


def test_a_law_without_bottleneck_or_limit_has_its_closed_form_on_a_panel():
    """At rho = 0 and D = inf, ln M is linear in s: time is an exponential integral."""
    work = prepared({"mode": "none", "rho": 0.0, "r": 2.0, "lam": 0.8})
    law = work.law
    nodes = work.nodes
    start = Start(0.0, 0.0, law.ln_pace_start)
    assert fill_explicit(law, Setting(0, 0.0, False), start, 1.5, nodes) == 1.5
    fill_explicit_months(start, 1.5, nodes)
    software = 0.75 * (1.0 + NODES)
    rate = LN_10 * 0.8 * 0.5 * 2.0 * (1.0 - 1.0 / 2.0)
    np.testing.assert_allclose(nodes.ln_pace, law.ln_pace_start + rate * software, rtol=1e-13)
    speed = math.exp(law.ln_speed + law.ln_pace_start)
    np.testing.assert_allclose(nodes.months, -np.expm1(-rate * software) / (rate * speed), rtol=1e-10, atol=1e-15)


def test_held_software_is_trained_on_at_a_constant_rate():
    """dE/dt = chi 10^s / tau_0 with s at its limit: E grows by as much in every month."""
    work = prepared({"mode": "continual", "rho": 0.0, "r": 2.0, "limit_ooms": 4.0, "training_months": 3.0})
    fill_held(work.law, Start(7.0, 10.0, 3.0), 0.5, work.nodes)
    per_month = 0.5 * 10.0**4.0 / 3.0
    grown = 10.0 ** np.array(work.nodes.second) - 10.0**3.0
    np.testing.assert_allclose(np.array(work.nodes.months) - 10.0, grown / per_month, rtol=1e-10, atol=1e-12)
