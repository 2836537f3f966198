"""The recorded headlines of the shipped prior sets belong to the sets as they are, and to this kernel."""

from __future__ import annotations

import math

import pytest
from tests_settings import INTERPRETED, ROOT

from mc_sie import load_prior, parse_event, shipped_priors, simulate, summarise
from mc_sie.analysis.comparison.headlines import recorded, spread_sentence
from mc_sie.events import HEADLINE

DRAWS = 256 if INTERPRETED else 4096
SURE = 4.0  # standard errors; ten comparisons of which none may fail by chance


@pytest.mark.parametrize("name", list(shipped_priors()))
def test_recorded_headlines_are_reproduced(name):
    frame = recorded()
    assert frame is not None, "a shipped prior set changed: run 'mc-sie headlines --out reports/headlines --record'"
    row = frame.set_index("name").loc[name]
    prior = load_prior(name)
    fresh = summarise(simulate(prior, DRAWS, seed=5), HEADLINE).answer
    if fresh.is_rare or row["is_rare"]:
        assert row["prob"] <= fresh.high
        assert row["high"] >= 0.0
    else:
        assert abs(fresh.prob - row["prob"]) < SURE * math.hypot(fresh.se, row["se"]) + 0.5 / DRAWS


def test_spread_is_quoted_for_the_headline_only():
    assert "shipped sets span" in spread_sentence(parse_event(HEADLINE), 240.0)
    assert spread_sentence(parse_event(HEADLINE), 120.0) == ""
    assert spread_sentence(parse_event("best_window[3] < 12"), 240.0) == ""


def test_readme_quotes_the_recorded_headline():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    row = recorded().set_index("name").loc["davidson-2025"]
    assert f"{row['answer']} {spread_sentence(parse_event(HEADLINE), 240.0)}" in readme
