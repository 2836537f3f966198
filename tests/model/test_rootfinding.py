"""Steps of the root finders, in loops like those of their callers."""

from __future__ import annotations

import math

import pytest

from mc_sie.model.rootfinding import bracket_between, false_position, golden_points, narrowed, newton_in


@pytest.mark.parametrize("power", [1, 3, 9])
def test_false_position_finds_a_root_although_chords_keep_to_one_end(power):
    bracket = bracket_between(0.0, 2.0, -1.0, 2.0**power - 1.0)
    n = 0
    while bracket.high - bracket.low > 1e-12 and n < 60:
        x = false_position(bracket)
        value = x**power - 1.0
        bracket = narrowed(bracket, x, value, value < 0.0)
        if value == 0.0:
            break
        n += 1
    assert bracket.low <= 1.0 <= bracket.high
    assert x == pytest.approx(1.0, abs=1e-12)
    assert n < 30


def test_a_chord_that_crosses_at_an_end_gives_way_to_the_middle():
    assert false_position(bracket_between(1.0, 3.0, -1e-30, 1e30)) == 2.0


def test_newton_stays_in_its_bracket():
    assert newton_in(0.0, 2.0, 1.0, 0.5, 1.0) == (0.5, True)
    assert newton_in(0.0, 2.0, 1.0, 5.0, 1.0) == (1.0, False)
    assert newton_in(0.0, 2.0, 1.5, 5.0, 0.0) == (1.0, False)
    assert newton_in(0.0, 2.0, 1.5, 5.0, math.nan) == (1.0, False)


def test_golden_points_are_shared_by_the_next_smaller_range():
    left, right = golden_points(0.0, 1.0)
    assert golden_points(0.0, right)[1] == pytest.approx(left)
    assert golden_points(left, 1.0)[0] == pytest.approx(right)
