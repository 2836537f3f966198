"""Levels of an input on the live page: those of Python, also where nearly everything ties."""

import numpy as np
import pytest

from mc_sie.analysis.sensitivity.bins import levels_of


def columns():
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=2000)
    ties = np.concatenate([np.zeros(1990), rng.random(10)])
    rounded = np.round(smooth, 1)
    optional = np.where(rng.random(2000) < 0.5, np.nan, smooth)
    unlimited = np.where(rng.random(2000) < 0.5, np.inf, smooth)
    return {"smooth": smooth, "ties": ties, "rounded": rounded, "optional": optional, "unlimited": unlimited}


@pytest.mark.parametrize("name", columns())
@pytest.mark.parametrize("n_bins", [4, 16])
def test_levels(node, name, n_bins):
    values = columns()[name]
    script = 'return (await import(page("bins.js"))).levelsOf(Float64Array.from(input.values), input.bins);'
    found = node(script, {"values": values, "bins": n_bins})
    expected = levels_of(values, n_bins)
    assert found["codes"] == expected.codes.tolist()
    assert [row["kind"] for row in found["rows"]] == list(expected.kinds)
    for key, ends in (("xLow", expected.low), ("x", expected.middle), ("xHigh", expected.high)):
        np.testing.assert_array_equal([row[key] for row in found["rows"]], ends)


def test_categories(node):
    values = np.array([3.0, 0.0, 3.0, 1.0])
    script = 'return (await import(page("bins.js"))).levelsOf(Float64Array.from(input), 4, true);'
    found = node(script, values)
    words = ("none", "one", "two", "three")
    expected = levels_of(values.astype(int), 4, words)
    assert found["codes"] == expected.codes.tolist()
    assert [row["kind"] for row in found["rows"]] == list(expected.kinds)
