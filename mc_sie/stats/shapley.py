"""Shapley values: one number split over players by what each adds, averaged over all orders in which they may join.

A set of players is a number whose bit i is 1 if player i is in it.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray


def exact(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley values from the values of all sets of players.

    Parameters
    ----------
    values : array of shape (2^k, m)
        Row i is the value of set i, in m versions; k is at least 1.

    Returns
    -------
    ndarray of shape (k, m)
        A player's gain when joining a set of n others counts ``1 / (k C(k - 1, n))``. They sum to the last row less the
        first; a player that changes nothing gets exactly 0.
    """
    n_players = len(values).bit_length() - 1
    sets = np.arange(len(values))
    shares = np.empty((n_players, values.shape[1]))
    for player in range(n_players):
        others = sets[(sets >> player) & 1 == 0]
        weights = np.array([1.0 / (n_players * comb(n_players - 1, int(mask).bit_count())) for mask in others])
        shares[player] = weights @ (values[others | 1 << player] - values[others])
    return shares


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


def sets_along(orders: NDArray[np.int64]) -> tuple[int, ...]:
    """The sets whose values some orders need, each once and in rising order.

    Parameters
    ----------
    orders : array of shape (2 p, k)
        From :func:`random_orders`.

    Returns
    -------
    tuple of int
        The empty set first and that of all players last.
    """
    return tuple(sorted({mask for order in orders for mask in joined(order)}))


def by_orders(orders: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gains of the players along each pair of orders.

    Parameters
    ----------
    orders : array of shape (2 p, k)
        From :func:`random_orders`.
    values : array of shape (n, m)
        Values of the sets of :func:`sets_along`, in m versions.

    Returns
    -------
    ndarray of shape (p, k, m)
        Their mean over the pairs estimates the Shapley values and sums to the whole exactly; their spread is its error.
    """
    row_of = {mask: row for row, mask in enumerate(sets_along(orders))}
    gains = np.empty((*orders.shape, values.shape[1]))
    for number, order in enumerate(orders):
        gains[number, order] = np.diff(values[[row_of[mask] for mask in joined(order)]], axis=0)
    return np.asarray(0.5 * (gains[0::2] + gains[1::2]))
