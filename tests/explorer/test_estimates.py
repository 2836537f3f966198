"""Estimates of the live page against those of Python."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from mc_sie.analysis.sensitivity.given_data import curves
from mc_sie.stats import estimates

R, PER = 16, 512
N = R * PER
NAMES = {"n_hits": "nHits", "n_draws": "nDraws", "ess_rarer": "essRarer"}


def some(prob, seed=0):
    rng = np.random.default_rng(seed)
    hits = rng.random(N) < prob
    ok = rng.random(N) < 0.99
    weights = np.exp(rng.normal(0.0, 1.0, N)) * (rng.random(N) < 0.9)
    return hits, ok, weights


def assert_estimate(found, expected):
    for name, value in asdict(expected).items():
        answer = found[NAMES.get(name, name)]
        if isinstance(value, float):
            assert answer == pytest.approx(value, rel=1e-9, abs=1e-15, nan_ok=True), name
        else:
            assert answer == value, name
    assert found["isRare"] == expected.is_rare
    assert found["hasError"] == expected.has_error


@pytest.mark.parametrize("scheme", ["sobol", "philox"])
@pytest.mark.parametrize("prob", [0.0, 0.002, 0.02, 0.3, 0.8, 0.999, 1.0])
def test_probability(node, prob, scheme):
    hits, ok, weights = some(prob)
    script = """
    const { probability, estimateLabel, oneIn } = await import(page("estimates.js"));
    const { hits, ok, weights, R, scheme } = input;
    const plain = probability(hits, ok, null, R, scheme);
    const none = probability(hits, ok.map(() => 0), null, R, scheme);
    const noWeight = probability(hits, ok, weights.map(() => 0), R, scheme);
    const weighted = probability(hits, ok, weights, R, scheme);
    return { plain, none, noWeight, weighted, label: estimateLabel(plain), words: oneIn(plain.prob) };
    """
    found = node(script, {"hits": hits * 1, "ok": ok * 1, "weights": weights, "R": R, "scheme": scheme})
    expected = estimates.estimate_probability(hits, ok, R, scheme)
    assert_estimate(found["plain"], expected)
    assert_estimate(found["weighted"], estimates.estimate_weighted(hits, ok, weights, R))
    assert math.isnan(found["none"]["prob"])
    assert math.isnan(found["noWeight"]["prob"])
    assert found["label"] == estimates.label(expected)
    assert found["words"] == estimates.one_in(expected.prob)


def test_natural_frequencies(node):
    probs = [0.0, 1e-5, 0.0123, 0.05, 0.1284, 0.22, 0.23, 0.4, 0.5, 0.62, 0.66, 0.9, 0.951, 0.9999, 1.0, math.nan]
    found = node('return input.map((await import(page("estimates.js"))).oneIn);', probs)
    assert found == [estimates.one_in(prob) for prob in probs]


def test_exceedance_counts_ties_and_falls_with_the_gain(node):
    rng = np.random.default_rng(3)
    gains = np.round(rng.uniform(0.0, 4.0, N), 1)
    gains[:100] *= 1.0 - 5e-10  # rounding
    gains[-7:] = np.nan
    ok = ~np.isnan(gains)
    thresholds = [0.5, 1.0, 2.0, 3.9, 5.0]
    script = """
    const { exceedance } = await import(page("estimates.js"));
    return exceedance(input.gains, input.ok, null, input.R, input.thresholds);
    """
    found = node(script, {"gains": gains, "ok": ok * 1, "R": R, "thresholds": thresholds})
    for row, threshold in zip(found, thresholds, strict=True):
        hits = np.nan_to_num(gains, nan=-1.0) >= threshold - 1e-9 * threshold
        assert row["threshold"] == threshold
        assert_estimate(row, estimates.estimate_probability(hits, ok, R, "sobol"))


def inputs():
    rng = np.random.default_rng(1)
    atoms = rng.normal(size=N)
    atoms[rng.random(N) < 0.3] = 2.0
    atoms[rng.random(N) < 0.2] = np.inf
    optional = rng.random(N)
    optional[rng.random(N) < 0.4] = np.nan
    x = rng.normal(size=N)
    return {
        "rho": x, "limit_ooms": atoms, "speedup_initial": optional, "lam": np.round(x, 2), "r": np.full(N, 3.0),
        "mode": rng.choice([0, 3, 4], N).astype(float),
    }  # fmt: skip


@pytest.mark.parametrize("is_weighted", [False, True])
def test_shares_and_curves_are_those_of_given_data(node, is_weighted):
    given = inputs()
    rng = np.random.default_rng(2)
    hits = given["rho"] + 0.5 * given["mode"] + rng.normal(size=N) > 1.0
    ok = rng.random(N) < 0.98
    weights = np.exp(rng.normal(0.0, 0.5, N)) if is_weighted else None
    script = """
    const { firstOrderShares, curveOf } = await import(page("estimates.js"));
    const { hits, ok, weights, R } = input;
    const inputs = {};
    const curves = {};
    for (const name of Object.keys(input.inputs)) {
      inputs[name] = Float64Array.from(input.inputs[name]);
      curves[name] = curveOf(inputs[name], hits, ok, weights, R, { isCategorical: name === "mode" });
    }
    return { shares: firstOrderShares(inputs, hits, ok, weights, R), curves };
    """
    found = node(script, {"inputs": given, "hits": hits * 1, "ok": ok * 1, "weights": weights, "R": R})
    groups = np.repeat(np.arange(R), PER)[ok]
    words = {"mode": ("none", "shortening", "shortening_accelerating_only", "continual", "from_scratch")}
    expected = curves(
        {name: column[ok] for name, column in given.items()}, hits[ok], groups,
        weights=None if weights is None else weights[ok], words=words,
    )  # fmt: skip
    shares = expected.measure("first_order")
    assert {row["name"] for row in found["shares"]} == set(given) - {"r"}
    values = [row["value"] for row in found["shares"]]
    assert values == sorted(values, reverse=True)
    for row in found["shares"]:
        for key in ("value", "se", "low", "high"):
            assert row[key] == pytest.approx(shares.loc[row["name"], key], rel=1e-8, abs=1e-12)
    columns = {"kind": "kind", "xLow": "x_low", "x": "x_middle", "xHigh": "x_high", "nDraws": "n_draws"}
    columns |= {key: key for key in ("share", "prob", "se", "low", "high", "interval")}
    for name, rows in found["curves"].items():
        levels = expected.levels[expected.levels["quantity"] == name]
        assert len(rows) == len(levels), name
        for row, (_, level) in zip(rows, levels.iterrows(), strict=True):
            for ours, theirs in columns.items():
                if isinstance(level[theirs], str):
                    assert row[ours] == level[theirs], (name, ours)
                else:
                    assert row[ours] == pytest.approx(level[theirs], rel=1e-8, abs=1e-12, nan_ok=True), (name, ours)


def test_an_event_that_always_holds_has_no_shares(node):
    script = """
    const { firstOrderShares } = await import(page("estimates.js"));
    const ones = new Uint8Array(64).fill(1);
    return firstOrderShares({ x: Float64Array.from(ones, (_, i) => i) }, ones, ones, null, 4);
    """
    assert node(script) == []
