"""Densities of what differs: with its atoms a distribution adds up to 1."""

from __future__ import annotations

import numpy as np
import pytest

from mc_sie.analysis.comparison.differences import _histogram


def test_atoms_and_bins_add_up_to_one():
    values = np.concatenate([np.full(250, 2.0), np.linspace(0.0, 1.0, 750)])
    rows = list(_histogram(values, np.linspace(0.0, 1.0, 11), is_code=False))
    assert [row for row in rows if row[0] == "atom"] == [("atom", 2.0, 2.0, 0.25)]
    smooth = sum(value * (high - low) for kind, low, high, value in rows if kind == "density")
    assert smooth == pytest.approx(0.75)
