"""Checks that a report makes of itself can fail, and hold where they should."""

import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior
from mc_sie.analysis.comparison import checks
from mc_sie.events import parse_event


@pytest.mark.skipif(INTERPRETED, reason="a thousand draws")
def test_a_limit_that_is_none_does_not_hold(monkeypatch):
    apart = ("no limit at all", {"limit_ooms": 1.0}, {"limit_ooms": float("inf")})
    monkeypatch.setattr(checks, "_LIMITS", (*checks._LIMITS, apart))
    monkeypatch.setattr(checks, "LIMIT_DRAWS", 128)
    prior, event = load_prior("davidson-houlden-2025"), parse_event("best_window[3] < 24")
    found = checks.limit_table(prior, event, 240.0).set_index("limit")["holds"]
    assert not found["no limit at all"]
    assert found.drop("no limit at all").all()


@pytest.mark.skipif(INTERPRETED, reason="a thousand draws")
def test_every_extreme_input_that_has_a_pace_is_a_hit():
    found = checks.extreme_inputs(load_prior("davidson-houlden-2025"), parse_event("pace_peak > 0"), 240.0)
    assert (found["n_hits"] == found["n_ok"]).all()
    assert list(found["input"]) == ["corners", *load_prior("davidson-houlden-2025").dimensions]
