"""Density of a prior set at given draws, by which draws of another set are weighed.

Two sets may state the same quantity in different ways. Densities are taken in the model's own coordinates, rho and r:
an entry for ``sigma`` or another reparametrisation is changed over with its Jacobian, given the quantities that the
reparametrisation depends on. Where a value has a probability of its own, or a quantity is absent, masses are compared
with masses: a law without that atom gives it none. The density of a pool is the sum over its members, so that which
member a draw came from does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie.priors import Entry, PriorSet
from mc_sie.priors.reparametrisation import REPARAMETRISATIONS
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES

Array = NDArray[np.float64]
Draws = Mapping[str, NDArray[np.generic]]

_SAME = 1e-9  # relative difference below which a value is an atom's, after reparametrisation and back


def restated(draws: Draws) -> dict[str, Array]:
    """Values of the reparametrisations that draws imply, by name.

    Parameters
    ----------
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    dict of str to array of shape (n,)
        All of :data:`~mc_sie.priors.reparametrisation.REPARAMETRISATIONS`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: one.inverse(draws) for name, one in REPARAMETRISATIONS.items()}


def _numbers(draws: Draws, name: str) -> Array:
    return np.asarray(draws[name], dtype=np.float64)


def _stated(prior: PriorSet, quantity: str) -> Entry | None:
    """The entry that determines a quantity of the model; None where it is absent."""
    return next((entry for name, entry in prior.entries.items() if QUANTITIES[name].determined == quantity), None)


@dataclass(frozen=True)
class Densities:
    """One quantity of every draw under one entry.

    Attributes
    ----------
    mass : array of shape (n,)
        Probability of that very value; 0 where it has none of its own.
    log_density : array of shape (n,)
        Logarithm of the density of the rest, in the model's coordinate.
    """

    mass: Array
    log_density: Array


def density_of(entry: Entry | None, quantity: str, draws: Draws) -> Densities:
    """Probability and density of one quantity of every draw under an entry.

    Parameters
    ----------
    entry : Entry or None
        What determines the quantity; None where it is absent.
    quantity : str
        Of the model.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    Densities
        Masses and logarithms of densities.
    """
    model_values = _numbers(draws, quantity)
    is_absent = np.isnan(model_values)
    if entry is None:
        return Densities(is_absent.astype(np.float64), np.full(len(model_values), -np.inf))
    law = entry.distribution
    values, log_slope = _elicited(entry, quantity, draws)
    mass = np.zeros(len(values))
    for atom, probability in law.atoms:
        mass += np.where(np.isclose(values, atom, rtol=_SAME, atol=0.0) | (values == atom), probability, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_density = np.log(law.pdf(values)) + log_slope
    return Densities(mass, np.where(np.isnan(log_density), -np.inf, log_density))


def _elicited(entry: Entry, quantity: str, draws: Draws) -> tuple[Array, Array]:
    """Values in the coordinate that an entry states, and the logarithm of their derivative by the model's."""
    values = _numbers(draws, quantity)
    log_slope = np.zeros(len(values))
    if entry.name != quantity:
        stated = REPARAMETRISATIONS[entry.name]
        values, log_slope = stated.inverse(draws), stated.log_jacobian(draws)
    inside = np.clip(values, *entry.distribution.support)  # reparametrisation and back rounds past an end
    return np.where(np.isclose(values, inside, rtol=_SAME, atol=0.0), inside, values), log_slope


def own_probability(prior: PriorSet, draws: Draws) -> dict[str, NDArray[np.bool_]]:
    """Draws in which a quantity has a value with a probability of its own under a set, or is absent in it.

    Parameters
    ----------
    prior : PriorSet
        Of a pool every member is looked at.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model.

    Returns
    -------
    dict of str to array of shape (n,), bool
        By quantity of the model.
    """
    members = prior.plain_sets
    return {
        quantity: np.any([density_of(_stated(one, quantity), quantity, draws).mass > 0.0 for one, _ in members], axis=0)
        for quantity in MODEL_QUANTITIES
    }


def log_density(prior: PriorSet, draws: Draws, is_exact: Mapping[str, NDArray[np.bool_]]) -> Array:
    """Logarithm of the joint density of draws under a prior set.

    Parameters
    ----------
    prior : PriorSet
        Any set without correlations; its evidence is not looked at.
    draws : mapping of str to array of shape (n,)
        Every quantity of the model, ``mode`` as a code, nan where a quantity is absent.
    is_exact : mapping of str to array of shape (n,), bool
        Where the probability of a value is taken instead of a density, from :func:`own_probability` of the set that the
        draws come from: densities of several sets refer to the same measure if this is the same for all.

    Returns
    -------
    array of shape (n,)
        -inf where the set gives a draw no density. Only differences between sets mean anything.
    """
    totals = []
    for member, weight in prior.plain_sets:
        total = np.full(len(draws["rho"]), math.log(weight) if weight else -math.inf)
        for quantity in MODEL_QUANTITIES:
            found = density_of(_stated(member, quantity), quantity, draws)
            with np.errstate(divide="ignore"):
                total += np.where(is_exact[quantity], np.log(found.mass), found.log_density)
        totals.append(total)
    return np.asarray(np.logaddexp.reduce(np.array(totals), axis=0))
