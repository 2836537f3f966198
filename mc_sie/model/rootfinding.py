"""One step each of false position, Newton's method in a bracket, and the golden section.

The loops stay with their callers: each knows its own function and when it is known well enough.
"""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import part

GOLDEN = 0.6180339887498949
"""(sqrt(5) - 1) / 2."""

_NEITHER, _LOW, _HIGH = range(3)


class Bracket(NamedTuple):
    """Two positions between which a function changes its sign.

    Attributes
    ----------
    low, high : float
        The positions.
    at_low, at_high : float
        The function there, or half of it (:func:`narrowed`).
    moved : int
        Which of the two was moved last.
    """

    low: float
    high: float
    at_low: float
    at_high: float
    moved: int


@part
def bracket_between(low: float, high: float, at_low: float, at_high: float) -> Bracket:
    """Bracket to start from."""
    return Bracket(low, high, at_low, at_high, _NEITHER)


@part
def false_position(bracket: Bracket) -> float:
    """Position at which the chord of a bracket crosses zero; the middle where rounding puts that at an end."""
    low = bracket.low
    high = bracket.high
    x = (low * bracket.at_high - high * bracket.at_low) / (bracket.at_high - bracket.at_low)
    if x > low and x < high:  # false for nan, too
        return x
    return 0.5 * (low + high)


@part
def narrowed(bracket: Bracket, x: float, value: float, is_low: bool) -> Bracket:
    """Bracket with x, where the function is ``value``, in place of its low end, or else of its high end.

    An end that has stayed for a second time counts half from then on, or it would stay for good (Illinois).
    """
    if is_low:
        at_high = bracket.at_high
        if bracket.moved == _LOW:  # twice in a row: the high end has stayed
            at_high *= 0.5
        return Bracket(x, bracket.high, value, at_high, _LOW)
    at_low = bracket.at_low
    if bracket.moved == _HIGH:
        at_low *= 0.5
    return Bracket(bracket.low, x, at_low, value, _HIGH)


@part
def newton_in(low: float, high: float, x: float, miss: float, slope: float) -> tuple[float, bool]:
    """Next position in a search for the zero of a growing function between two others, and whether it is Newton's.

    From a position x, how far the function misses 0 there, and its slope. The middle of the bracket where Newton's
    position is outside or there is none.
    """
    if slope > 0.0:
        guess = x - miss / slope
        if guess >= low and guess <= high:
            return guess, True
    return 0.5 * (low + high), False


@part
def golden_points(low: float, high: float) -> tuple[float, float]:
    """The two positions between others at which a golden-section search looks."""
    width = GOLDEN * (high - low)
    return high - width, low + width
