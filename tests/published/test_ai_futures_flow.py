"""The AI Futures Model of July 2026 is our law in mode continual: closed forms, and what the page printed."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mc_sie import evaluate
from mc_sie.published.ai_futures_flow import BETA, LOOP, doubling_ratio, doubling_ratio_at_once, law_ratio, law_row
from mc_sie.units import OOMS_PER_DOUBLING


def test_the_ratios_that_an_audit_recomputed_and_that_the_page_showed():
    assert doubling_ratio(LOOP["Daniel"]) == pytest.approx(0.93859, abs=5e-6)
    assert doubling_ratio(LOOP["Brendan"]) == pytest.approx(0.95304, abs=5e-6)
    assert doubling_ratio_at_once(LOOP["Daniel"]) == pytest.approx(0.91986, abs=5e-6)
    assert doubling_ratio_at_once(LOOP["Brendan"]) == pytest.approx(0.93857, abs=5e-6)
    assert doubling_ratio(LOOP["Eli"]) > 1.0 > doubling_ratio(LOOP["Daniel"])
    assert [round(loop, 3) for loop in LOOP.values()] == [1.137, 0.893, 1.101]


@pytest.mark.parametrize("loop", [*LOOP.values(), 2.5])
def test_our_law_has_their_ratios_in_either_mode(loop):
    assert law_ratio(loop, "continual") == pytest.approx(doubling_ratio(loop), rel=1e-9)
    assert law_ratio(loop, "none") == pytest.approx(doubling_ratio_at_once(loop), rel=1e-9)


@pytest.mark.parametrize("loop", [1.137, 0.893])
def test_effective_compute_is_theirs_from_the_start(loop):
    """With R a power of E, dE/dt = B E^q, q = (m + 1)/(beta + 1), is solved by E^(1-q) = 1 + (1-q) B t."""
    row = law_row(loop, "continual")
    ooms = np.array([0.5, 1.0, 2.0, 3.0])
    q = (loop * BETA + 1.0) / (BETA + 1.0)
    rate = row["retraining_compute_share"] / row["training_months"]
    expected = (10.0 ** (ooms * (1.0 - q)) - 1.0) / ((1.0 - q) * rate)
    np.testing.assert_allclose(evaluate(row, levels=tuple(ooms)).months_to[0], expected, rtol=1e-9)


def test_their_three_equations_solved_as_they_stand():
    """S = (R/R0)^r, dR/dt = X T(E), dE/dt = C S by a general solver: the late ratio is the closed form."""
    loop = LOOP["Daniel"]
    m = loop * BETA

    def slopes(_, state):
        research, training = np.exp(state)
        return [training**m / research, 3.0 * research ** (1.0 / BETA) / training]  # of the logarithms

    times = []
    for doublings in (30, 31, 32):
        event = lambda _, state, at=doublings: state[1] * m / np.log(2.0) - at  # noqa: E731
        event.terminal = True
        found = solve_ivp(slopes, (0.0, 1e4), [0.0, 0.0], events=event, rtol=1e-11, atol=1e-12, method="DOP853")
        times.append(found.t_events[0][0])
    ratio = (times[2] - times[1]) / (times[1] - times[0])
    assert ratio == pytest.approx(doubling_ratio(loop), rel=1e-5)
    assert OOMS_PER_DOUBLING / m == pytest.approx(0.8325, abs=2e-4)  # OOM of training in one doubling of taste
