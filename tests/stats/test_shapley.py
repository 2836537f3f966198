"""Shapley values against their definition, and the properties that single them out."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from mc_sie.stats.shapley import by_orders, exact, joined, random_orders, sets_along


def toy(n_players: int, seed: int = 1) -> np.ndarray:
    """A value for every set of players."""
    return np.random.default_rng(seed).normal(size=2**n_players)


def by_definition(values: np.ndarray, n_players: int) -> np.ndarray:
    gains = []
    for order in permutations(range(n_players)):
        before, row = 0, np.empty(n_players)
        for player in order:
            row[player] = values[before | 1 << player] - values[before]
            before |= 1 << player
        gains.append(row)
    return np.mean(gains, axis=0)


@pytest.mark.parametrize("n_players", [1, 2, 3, 5, 6])
def test_exact_values_are_the_mean_over_all_orders(n_players):
    values = toy(n_players)
    np.testing.assert_allclose(exact(values[:, None])[:, 0], by_definition(values, n_players), rtol=1e-12)


@pytest.mark.parametrize("n_players", [1, 4, 10])
def test_values_sum_to_the_whole(n_players):
    values = toy(n_players)
    assert (exact(values[:, None])[:, 0]).sum() == pytest.approx(values[-1] - values[0], abs=1e-12)
    orders = random_orders(n_players, 7, seed=3)
    pairs = by_orders(orders, values[list(sets_along(orders)), None])[:, :, 0]
    np.testing.assert_allclose(pairs.sum(axis=1), values[-1] - values[0], atol=1e-12)


def test_a_player_that_adds_nothing_gets_nothing_and_equals_get_the_same():
    values = np.empty(16)
    for mask in range(16):
        first, second, third = mask & 1, mask >> 1 & 1, mask >> 2 & 1  # the fourth is never looked at
        values[mask] = (first + second) ** 2 + 3.0 * first * second * third
    shares = exact(values[:, None])[:, 0]
    assert shares[3] == 0.0
    assert shares[0] == pytest.approx(shares[1])
    orders = random_orders(4, 5, seed=1)
    assert np.abs(by_orders(orders, values[list(sets_along(orders)), None])[:, 3]).max() == 0.0


def test_orders_come_with_their_reverse_and_are_orders():
    orders = random_orders(12, 6, seed=2)
    assert orders.shape == (12, 12)
    np.testing.assert_array_equal(orders[0], orders[1][::-1])
    assert all(sorted(order) == list(range(12)) for order in orders)
    np.testing.assert_array_equal(orders, random_orders(12, 6, seed=2))
    assert joined(orders[0])[0] == 0
    assert joined(orders[0])[-1] == 2**12 - 1


def test_random_orders_agree_with_exact_values_within_their_error():
    n_players, n_pairs = 12, 60
    values = toy(n_players)
    orders = random_orders(n_players, n_pairs, seed=5)
    pairs = by_orders(orders, values[list(sets_along(orders)), None])[:, :, 0]
    t = (pairs.mean(axis=0) - exact(values[:, None])[:, 0]) / (pairs.std(axis=0, ddof=1) / np.sqrt(n_pairs))
    assert np.abs(t).max() < 4.0  # twelve t values of 59 degrees of freedom: exceeded once in 500
    assert (t**2).mean() > 0.2  # and the error is not far too large
