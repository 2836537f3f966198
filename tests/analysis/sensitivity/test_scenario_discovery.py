"""Boxes that are there are found and counted honestly; typical worlds are typical; the analysis hangs together."""

from __future__ import annotations

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie.analysis.sensitivity.scenario_discovery import (
    Box,
    _limits_of_parts,
    box_sentence,
    find_boxes,
    sample_boxes,
)
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import parse_event
from mc_sie.sampling import Design, points

N = 2**13
EVENT = parse_event("best_window[2.5] < 24")
compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


@pytest.fixture(scope="module")
def boxed():
    """Hits with probability 0.8 in x > 0.7, y < 0.4, mode b or c; 0.02 elsewhere."""
    rng = np.random.default_rng(7)
    inputs = {name: rng.random(N) for name in ("x", "y", "inert")}
    inputs["mode"] = rng.integers(0, 4, N).astype(np.int8)
    inside = (inputs["x"] > 0.7) & (inputs["y"] < 0.4) & np.isin(inputs["mode"], (1, 2))
    hits = rng.random(N) < np.where(inside, 0.8, 0.02)
    return inputs, hits, np.repeat(np.arange(16), N // 16), inside


def test_the_box_that_is_there_is_found(boxed):
    inputs, hits, groups, inside = boxed
    found = find_boxes(inputs, hits, groups, words={"mode": ("a", "b", "c", "d")})
    row = found.iloc[0]
    assert set(row["box"].restricted) == {"x", "y", "mode"}
    assert row["box"].kept == {"mode": (1, 2)}
    assert row["box"].limits["x"][0] == pytest.approx(0.7, abs=0.03)
    assert row["box"].limits["y"][1] == pytest.approx(0.4, abs=0.03)
    assert "mode b or c" in row["words"]
    assert "x at least 0." in row["words"]
    assert "y at most 0." in row["words"]
    assert abs(row["density"] - 0.8) < 0.05
    truth = hits[inside].sum() / hits.sum()
    assert abs(row["coverage"] - truth) < 0.06
    assert row["lift"] == pytest.approx(row["density"] / hits[groups >= 8].mean())


def test_coverage_and_density_are_counted_where_the_search_did_not_look(boxed):
    inputs, hits, groups, _ = boxed
    row = find_boxes(inputs, hits, groups, words={"mode": "abcd"}, n_boxes=1).iloc[0]
    held = row["box"].contains(inputs)
    other = groups >= 8
    assert row["density"] == pytest.approx(hits[held & other].mean(), abs=1e-3)  # but for the jackknife's bias
    assert row["coverage"] == pytest.approx((held & hits & other).sum() / (hits & other).sum(), abs=1e-3)
    assert row["share"] == pytest.approx(held[other].mean())
    changed = hits.copy()
    changed[other] = ~changed[other]
    assert find_boxes(inputs, changed, groups, words={"mode": "abcd"}, n_boxes=1).iloc[0]["box"] == row["box"]


def test_chance_makes_no_box():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        inputs = {name: rng.random(N) for name in ("x", "y")}
        assert find_boxes(inputs, rng.random(N) < 0.3, np.repeat(np.arange(16), N // 16)).empty, seed


def test_a_further_box_is_looked_for_in_what_is_left():
    rng = np.random.default_rng(2)
    x, y = rng.random((2, N))
    hits = ((x > 0.6) & (y > 0.6)) | ((x < 0.2) & (y < 0.3))
    found = find_boxes({"x": x, "y": y}, hits, np.repeat(np.arange(16), N // 16))
    assert len(found) == 2
    assert found["density"].min() > 0.9
    assert found["coverage"].sum() == pytest.approx(1.0, abs=0.05)
    sentence = box_sentence(found.iloc[1], hits.mean(), is_further=True)
    assert sentence.startswith("Of what that leaves, worlds with x at most 0.2")
    assert "instead of 2" in sentence


def test_every_draw_of_the_searched_half_is_looked_at():
    """A stride through a Sobol' sequence would see only some of them: the order of the draws must not matter."""
    design = Design("sobol", 3, 4, 2**15)  # 2^16 draws are searched
    inputs = {name: points(design, place, 0, design.n_draws) for place, name in enumerate("xyz")}
    hits = (inputs["x"] > 0.62) & (inputs["y"] < 0.41)
    rng = np.random.default_rng(4)
    order = np.argsort(design.replicate + rng.random(design.n_draws), kind="stable")  # within each randomisation
    found = find_boxes(inputs, hits, design.replicate, n_boxes=1)
    mixed = find_boxes({name: x[order] for name, x in inputs.items()}, hits[order], design.replicate, n_boxes=1)
    assert mixed["box"].iloc[0] == found["box"].iloc[0]
    assert mixed["limits_of_parts"].iloc[0] == found["limits_of_parts"].iloc[0]


def test_limits_come_with_the_range_that_parts_of_the_draws_find():
    rng = np.random.default_rng(11)
    x, y = rng.random((2, 8 * N))
    hits = rng.random(8 * N) < 0.9 * x * y  # no box is the true one, so that limits move from part to part
    groups = np.repeat(np.arange(16), N // 2)
    row = find_boxes({"x": x, "y": y}, hits, groups, n_boxes=1).iloc[0]
    parts = dict(part.split(" at least ") for part in row["limits_of_parts"].split("; "))
    assert set(parts) == {"x", "y"}
    for name, text in parts.items():
        low, high = map(float, text.split(" to "))
        assert 0.0 < high - low < 0.2
        assert low - 0.1 < row["box"].limits[name][0] < high + 0.1
    assert box_sentence(row, 0.1).endswith(f"put the limits at: {row['limits_of_parts']}.")


def test_a_limit_that_some_parts_do_not_find_says_in_how_many_they_do():
    box = Box({"x": (0.5, np.inf), "z": (0.1, np.inf)}, {})
    apart = [box, Box({"x": (0.4, np.inf), "y": (-np.inf, 0.9)}, {}), Box({}, {"mode": (0, 1)}), Box(box.limits, {})]
    text = _limits_of_parts(box, apart, {"mode": "ab"})
    assert (
        text == "x at least 0.4 to 0.5 (3 of 4); z at least 0.1 (2 of 4); y at most 0.9 (1 of 4); mode a or b (1 of 4)"
    )
    assert _limits_of_parts(box, [Box({}, {})] * 2, {}) == "x in none; z in none"


def test_absent_values_lie_outside_a_limit_and_inside_without_one():
    x = np.array([0.1, 0.9, np.nan])
    assert Box({"x": (0.5, np.inf)}, {}).contains({"x": x}).tolist() == [False, True, False]
    assert Box({}, {}).contains({"x": x}).all()
    assert Box({"x": (0.2, 0.8)}, {}).in_words({}) == "x from 0.2 to 0.8"
    assert Box({"x": (0.5, 1.0)}, {}).with_limits("x", -np.inf, np.inf).restricted == ()


def test_too_few_randomisations_for_boxes_are_refused(boxed):
    inputs, hits, groups, _ = boxed
    with pytest.raises(InputError, match="3 randomisations are too few"):
        find_boxes(inputs, hits, groups % 3)
    with pytest.raises(InputError, match="holds in none"):
        find_boxes(inputs, np.zeros(N, bool), groups)


@compiled
def test_the_box_of_the_model_is_high_returns_and_easy_substitution(simulation):
    sample = sample_of(simulation, EVENT)
    row = sample_boxes(sample, n_boxes=1).iloc[0]
    limits = row["box"].limits
    assert set(row["box"].restricted) == {"r", "rho"}
    assert (limits["r"][1], limits["rho"][1]) == (np.inf, np.inf)
    assert row["density_low"] > 1.3 * sample.hits.mean()
    assert row["coverage_low"] > 0.8
