"""Reparametrisations: sigma and the greatest speed for rho, the total returns for r. One object each.

A prior may state another number than the one that the law of motion takes. :attr:`Reparametrisation.forward` makes the
model's quantity of it, :attr:`Reparametrisation.inverse` goes back, and :attr:`Reparametrisation.log_jacobian` changes
a density over from one coordinate to the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie import units
from mc_sie.distributions.base import Array
from mc_sie.quantities import QUANTITIES, Quantity

Draws = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Reparametrisation:
    """One stated quantity that determines a quantity of the model.

    Attributes
    ----------
    name : str
        Code name of the stated quantity.
    others : tuple of str
        Quantities of the model that it takes besides.
    forward : callable
        From the stated quantity and the others, by code name, each of shape (n,), to the model's; rising in the stated
        one.
    inverse : callable
        From the model's quantities to the stated one. Infinite where the model's value is its limit.
    log_jacobian : callable
        From the model's quantities to ln |d stated / d model's|: added to the log-density of the stated quantity it
        gives that of the model's.
    remedy : str
        Advice where the image leaves the domain.
    """

    name: str
    others: tuple[str, ...]
    forward: Callable[[Draws], Array]
    inverse: Callable[[Draws], Array]
    log_jacobian: Callable[[Draws], Array]
    remedy: str

    @property
    def determined(self) -> Quantity:
        """The quantity of the model."""
        return QUANTITIES[QUANTITIES[self.name].determined]


# ------------------------------------------------------------------------ sigma = 1/(1 - rho)


def _sigma(draws: Draws) -> Array:
    return units.sigma_from_rho(draws["rho"])


def _log_jacobian_of_sigma(draws: Draws) -> Array:
    # d sigma / d rho = 1/(1 - rho)^2
    return np.asarray(2.0 * np.log(_sigma(draws)))


# ------------------------------------------------------------------------ max_speed = alpha^(1/rho)


def _rho_of_max_speed(draws: Draws) -> Array:
    # + 0.0: never -0.0, which a table would print
    return np.asarray(np.log(draws["alpha_compute"]) / np.log(draws["max_speed"]) + 0.0)


def _log_max_speed(draws: Draws) -> Array:
    rho = draws["rho"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rho == 0.0, np.inf, np.log(draws["alpha_compute"]) / rho)


def _max_speed(draws: Draws) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(_log_max_speed(draws)))


def _log_jacobian_of_max_speed(draws: Draws) -> Array:
    # |d max_speed / d rho| = max_speed |ln alpha| / rho^2
    with np.errstate(divide="ignore", invalid="ignore"):
        log_size = np.log(-np.log(draws["alpha_compute"]))
        return np.asarray(_log_max_speed(draws) + log_size - 2.0 * np.log(np.abs(draws["rho"])))


# ------------------------------------------------------------------------ r_total = r / ((1 - alpha) mu)


def _r_of_r_total(draws: Draws) -> Array:
    return np.asarray((1.0 - draws["alpha_compute"]) * draws["labour_per_efficiency"] * draws["r_total"])


def _total_per_r(draws: Draws) -> Array:
    return np.asarray(1.0 / ((1.0 - draws["alpha_compute"]) * draws["labour_per_efficiency"]))


def _r_total(draws: Draws) -> Array:
    return np.asarray(draws["r"] * _total_per_r(draws))


def _log_jacobian_of_r_total(draws: Draws) -> Array:
    return np.asarray(np.log(_total_per_r(draws)))


_ALL = (
    Reparametrisation(
        "sigma",
        (),
        lambda draws: units.rho_from_sigma(draws["sigma"]),
        _sigma,
        _log_jacobian_of_sigma,
        "rho = (sigma - 1)/sigma: keep sigma above 1/51 with truncate_low = 0.02.",
    ),
    Reparametrisation(
        "max_speed",
        ("alpha_compute",),
        _rho_of_max_speed,
        _max_speed,
        _log_jacobian_of_max_speed,
        "rho = ln(alpha_compute)/ln(max_speed): keep max_speed away from 1 and alpha_compute from 0 with truncate_low.",
    ),
    Reparametrisation(
        "r_total",
        ("alpha_compute", "labour_per_efficiency"),
        _r_of_r_total,
        _r_total,
        _log_jacobian_of_r_total,
        "r = (1 - alpha_compute) labour_per_efficiency r_total: truncate what makes it so small or large.",
    ),
)

REPARAMETRISATIONS: dict[str, Reparametrisation] = {one.name: one for one in _ALL}
"""By code name of the stated quantity."""


def kept_inside(quantity: Quantity, values: Array) -> Array:
    """Values that rounding has put on an excluded bound, moved to the next number inside; no other is outside.

    Parameters
    ----------
    quantity : Quantity
        Whose domain it is.
    values : ndarray of float64
        In its unit.

    Returns
    -------
    ndarray of float64
        Same shape.
    """
    low = math.nextafter(quantity.low, math.inf) if quantity.low_open else quantity.low
    high = math.nextafter(quantity.high, -math.inf) if quantity.high_open else quantity.high
    return np.clip(values, low, high)
