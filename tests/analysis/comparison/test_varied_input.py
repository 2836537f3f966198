"""Errors of break-even values in the unit of the input; the values themselves are in ``test_breakeven.py``."""

from __future__ import annotations

import math
import operator

import pytest

from mc_sie.analysis.comparison.crossings import Crossing
from mc_sie.analysis.comparison.varied_input import se_in_unit


def test_an_error_with_one_side_only_is_twice_that_side():
    crossing = Crossing("crossing", 2.0, 0.5, 1.0, 3.0, "rising")
    assert se_in_unit(lambda place: 3.0 * place, crossing) == pytest.approx(1.5)
    for cut in (operator.lt, operator.gt):
        assert se_in_unit(lambda place, cut=cut: math.nan if cut(place, 2.0) else 3.0 * place, crossing) == 1.5
