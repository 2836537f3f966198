"""Shapley values: one number split over players by what each adds, averaged over all orders in which they may join.

A set of players is a number whose bit i says whether player i is in it.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray


def exact_weights(n_players: int) -> NDArray[np.float64]:
    """Weights of the values of all sets of players in the Shapley value of each player.

    Parameters
    ----------
    n_players : int
        k, at least 1.

    Returns
    -------
    ndarray of shape (k, 2^k)
        ``weights @ values`` are the Shapley values: a player's gain when joining a set of size m counts
        ``1 / (k C(k - 1, m))``.
    """
    sets = np.arange(2**n_players)
    size = np.array([mask.bit_count() for mask in range(2**n_players)])
    joins = np.array([1.0 / (n_players * comb(n_players - 1, m)) for m in range(n_players)])
    weights = np.empty((n_players, len(sets)))
    for player in range(n_players):
        inside = (sets >> player) & 1 == 1
        weights[player] = np.where(inside, joins[size - 1], -joins[np.minimum(size, n_players - 1)])
    return weights


def random_orders(n_players: int, n_pairs: int, seed: int) -> NDArray[np.int64]:
    """Random orders of the players, each followed by its reverse.

    Parameters
    ----------
    n_players, n_pairs : int
        Players, and pairs of orders.
    seed : int
        Of the orders.

    Returns
    -------
    ndarray of shape (2 n_pairs, n_players)
        One order a row. A player that joins early in one joins late in its reverse, which evens out the gains.
    """
    generator = np.random.default_rng(seed)
    orders = np.array([generator.permutation(n_players) for _ in range(n_pairs)])
    return np.stack([orders, orders[:, ::-1]], axis=1).reshape(-1, n_players)


def joined(order: NDArray[np.int64]) -> list[int]:
    """The sets of players along an order, from the empty one to that of all players.

    Parameters
    ----------
    order : array of shape (k,)
        Players as they join.

    Returns
    -------
    list of int
        k + 1 sets.
    """
    masks = [0]
    for player in order:
        masks.append(masks[-1] | 1 << int(player))
    return masks


def order_weights(orders: NDArray[np.int64]) -> tuple[list[int], NDArray[np.float64]]:
    """Weights of the values of the sets along some orders, for each pair of orders.

    Parameters
    ----------
    orders : array of shape (2 p, k)
        From :func:`random_orders`.

    Returns
    -------
    masks : list of int
        The sets that are needed, each once; the empty set first and that of all players last.
    weights : ndarray of shape (p, k, len(masks))
        ``weights @ values`` are each pair's gains; their mean over the pairs estimates the Shapley values, and sums to
        the whole exactly.
    """
    n_players = orders.shape[1]
    masks = sorted({mask for order in orders for mask in joined(order)})
    place = {mask: index for index, mask in enumerate(masks)}
    weights = np.zeros((len(orders) // 2, n_players, len(masks)))
    for index, order in enumerate(orders):
        before = 0
        for player in order:
            after = before | 1 << int(player)
            weights[index // 2, player, place[after]] += 0.5
            weights[index // 2, player, place[before]] -= 0.5
            before = after
    return masks, weights
