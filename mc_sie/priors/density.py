"""Density of the prior at given draws, quantity by quantity: what a draw is worth before any evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mc_sie.distributions.base import UNREACHED, Array, Distribution
from mc_sie.priors.prior_set import POOL_DIMENSION, PriorSet
from mc_sie.quantities import QUANTITIES

DEPENDENCE = "dependence"
"""Name under which the density of the copula stands, where quantities are correlated."""

Draws = Mapping[str, NDArray[np.generic]]


def log_densities(prior: PriorSet, draws: Draws) -> dict[str, Array]:
    """Logarithm of the joint density of the prior in every draw, as a sum over quantities.

    Parameters
    ----------
    prior : PriorSet
        The set; its evidence does not count.
    draws : mapping of str to array of shape (n,)
        Draws of the set, as :meth:`~mc_sie.priors.PriorSet.values` gives them.

    Returns
    -------
    dict of str to array of shape (n,)
        By latent dimension: the density of the quantity as it was stated (of ``sigma`` rather than rho), the
        probability of an atom or a mode; of a pool the weight of the member, under ``prior_set``. A quantity that the
        draw's member fixes has 0. Then ``dependence``, where quantities are correlated: the density of the copula,
        relative to independence. They add up to the joint density.
    """
    n = len(draws["rho"])
    found = {name: np.zeros(n) for name in prior.dimensions}
    if any(member.dependence.names for member, _ in prior.plain_sets):
        found[DEPENDENCE] = np.zeros(n)
    which = np.zeros(n, dtype=np.int64)
    if prior.members:
        which = np.asarray(draws[POOL_DIMENSION], dtype=np.int64)
        found[POOL_DIMENSION] = np.log([weight for _, weight in prior.members])[which]
    for index, (member, _) in enumerate(prior.plain_sets):
        rows = np.flatnonzero(which == index)
        if rows.size == 0:
            continue
        stated = {QUANTITIES[name].determined: entry for name, entry in member.entries.items()}
        for name in member.dimensions:
            values = np.asarray(draws[stated[name].name], dtype=np.float64)[rows]
            found[name][rows] = _log_density(stated[name].distribution, values)
        if member.dependence.names:
            normals = []
            for name in member.dependence.names:
                values = np.asarray(draws[stated[name].name], dtype=np.float64)[rows]
                normals.append(_normal(stated[name].distribution, values))
            found[DEPENDENCE][rows] = _log_copula(member.dependence.matrix, np.array(normals))
    return found


def _log_density(distribution: Distribution, values: Array) -> Array:
    density = distribution.pdf(values)
    for atom, prob in distribution.atoms:
        density = np.where(values == atom, prob, density)
    # rounding may put a draw a digit beyond its support
    return np.asarray(np.log(np.maximum(density, np.finfo(np.float64).tiny)))


def _normal(distribution: Distribution, values: Array) -> Array:
    """Latent standard normal of each value; the middle one of those that an atom stands for."""
    from scipy.special import ndtri

    below = distribution.cdf(values)
    for atom, prob in distribution.atoms:
        below = np.where(values == atom, below - prob / 2.0, below)
    return np.asarray(ndtri(np.clip(below, UNREACHED, 1.0 - UNREACHED)))


def _log_copula(matrix: Array, z: Array) -> Array:
    """Logarithm of the density of a Gaussian copula at latent normals of shape (k, n)."""
    excess = np.linalg.inv(matrix) - np.eye(len(matrix))
    _, log_determinant = np.linalg.slogdet(matrix)
    return np.asarray(-0.5 * log_determinant - 0.5 * np.einsum("kn,kj,jn->n", z, excess, z))
