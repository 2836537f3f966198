"""Shapley effects given evidence against the closed form of a linear function of normal inputs."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from scipy.special import ndtri

from mc_sie.analysis.importance.proposal import Numbers
from mc_sie.analysis.sensitivity.shapley_given_evidence import drawn_given, effects
from mc_sie.stats.jackknife import jackknife, quotient

NAMES = ("a", "b", "c")
READS, SD = np.array([1.0, -1.0, 0.5]), 0.7  # a reading of a - b + c/2 is 0.4, give or take SD
SLOPES = np.array([1.0, 0.5, 0.0])
R, N_EACH = 16, 128


def outcome(u):
    return sum(slope * ndtri(u[name]) for slope, name in zip(SLOPES, NAMES, strict=True))


def log_likelihood(u):
    implied = sum(part * ndtri(u[name]) for part, name in zip(READS, NAMES, strict=True))
    return -0.5 * ((implied - 0.4) / SD) ** 2


def exact(players):
    """Every order of becoming known, with the normal distribution's conditional variances."""
    covariance = np.linalg.inv(np.eye(3) + np.outer(READS, READS) / SD**2)

    def left(known):
        unknown = [place for place in range(3) if place not in known]
        rest = covariance[np.ix_(unknown, unknown)]
        if known:
            across = covariance[np.ix_(unknown, known)]
            rest = rest - across @ np.linalg.solve(covariance[np.ix_(known, known)], across.T)
        return SLOPES[unknown] @ rest @ SLOPES[unknown]

    found = np.zeros(len(players))
    for order in permutations(range(len(players))):
        known = []
        for player in order:
            before = left(known)
            known = known + [NAMES.index(name) for name in players[player]]
            found[player] += before - left(known)
    return found / math.factorial(len(players)) / left([])


@pytest.mark.parametrize("players", [(("a",), ("b",), ("c",)), (("a", "c"), ("b",))])
def test_effects_given_a_reading_are_those_of_the_normal_distribution(players):
    numbers = Numbers(1)
    n = R * 1024
    uniforms = dict(zip(NAMES, numbers.take(n, 3).T, strict=True))
    x = drawn_given(uniforms, np.exp(log_likelihood(uniforms)), R, N_EACH, numbers)
    sums = effects(outcome, log_likelihood, x, players, R, numbers)
    found = jackknife(sums, lambda parts: quotient(parts, parts.sum(axis=1, keepdims=True)))
    assert found.value.sum() == pytest.approx(1.0)
    assert found.se.max() < 0.05
    np.testing.assert_array_less(np.abs(found.value - exact(players)), 3.5 * found.se + 0.005)
    assert np.abs(exact(players) - exact(players)[0]).max() > 0.05  # equal shares would not pass for it
