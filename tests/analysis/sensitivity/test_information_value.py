"""The expected value of information about inputs, alone and together."""

from __future__ import annotations

import numpy as np
import pytest

from mc_sie.analysis.sensitivity.information_value import best_of, pair_map, sample_value, value_of
from mc_sie.engine.sample import sample_of
from mc_sie.events import parse_event

N_GROUPS = 16


N = 2**13


@pytest.fixture(scope="module")
def toy():
    """Independent draws: the first input alone gives S1 = 1/3, the second the same, the third nothing."""
    rng = np.random.default_rng(5)
    inputs = {name: rng.random(N) for name in ("x", "y", "inert")}
    return inputs, inputs["x"] + inputs["y"] > 1.0, np.repeat(np.arange(N_GROUPS), N // N_GROUPS)


def test_the_worth_of_two_inputs_is_more_than_that_of_one(toy):
    inputs, hits, groups = toy
    found = value_of({"x": ["x"], "both": ["x", "y"], "with inert": ["x", "inert"]}, inputs, hits, groups)
    brier = found[found["measure"] == "brier_gain"].set_index("what")
    assert abs(brier.loc["x", "value"] - 1.0 / 12.0) < 4.0 * brier.loc["x", "se"]
    # cells: 8 x 8. The event's edge crosses 8 of them and splits each in half; in coarse bins x lacks 1/64 of its worth
    exact = {"both": 0.25 * (1.0 - 1.0 / 8.0), "with inert": (1.0 - 1.0 / 64.0) / 12.0}
    for what, worth in exact.items():
        assert abs(brier.loc[what, "value"] - worth) < 4.0 * brier.loc[what, "se"], what
    decision = found[found["measure"] == "decision_value"].set_index("what")["value"]
    assert abs(decision["x"] - 0.25) < 0.02  # E max(0, 2x - 1) - 0


def test_a_map_of_two_inputs_counts_every_draw_once(simulation):
    sample = sample_of(simulation, parse_event("best_window[2.5] < 24"))
    grid = pair_map(sample, "r", "mode")
    assert grid["n_draws"].sum() == len(sample.hits)
    assert (grid["prob"] * grid["n_draws"]).sum() == pytest.approx(sample.hits.sum())


def test_inputs_pairs_and_groups_of_a_sample_are_ranked(simulation):
    sample = sample_of(simulation, parse_event("best_window[2.5] < 24"))
    value = sample_value(sample)
    assert set(value["kind"]) == {"input", "pair", "group"}
    best = best_of(value, "brier_gain")
    assert best["what"] == value["what"].iloc[0]
    assert best["low"] > 0.0
    nothing = value.assign(low=-1.0)
    assert best_of(nothing, "brier_gain") is None
