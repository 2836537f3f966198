"""Reparametrisations: sigma and the greatest speed for rho, the total returns for r. One object each.

A prior may state another number than the one that the law of motion takes. :attr:`Reparametrisation.forward` makes the
model's quantity of it, :attr:`Reparametrisation.inverse` goes back, and :attr:`Reparametrisation.log_jacobian` changes
a density over from one coordinate to the other.

Two stated numbers may determine two quantities together, as the greatest speeds with unlimited labour and with
unlimited compute do rho and alpha_compute. Then one of the two objects names the other's stated number among those that
it takes: :data:`REPARAMETRISATIONS` makes alpha_compute of both speeds first, and rho of alpha_compute and one of them
after it. In that order the Jacobian of the pair is triangular, and its determinant the product of the two slopes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
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
        What it takes besides: quantities of the model, or a stated quantity without which it means nothing.
    forward : callable
        From the stated quantity and the others, by code name, each of shape (n,), to the model's; rising in the stated
        one.
    inverse : callable
        From the model's quantities to the stated one. Infinite where the model's value is its limit.
    log_jacobian : callable
        From the model's quantities to ln |d stated / d model's| at fixed :attr:`others`: added to the log-density of
        the stated quantity it gives that of the model's.
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

    @property
    def partners(self) -> tuple[str, ...]:
        """Stated quantities that must be given beside it."""
        return tuple(other for other in self.others if QUANTITIES[other].determines is not None)


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


# ------------------------------------- max_speed^rho + max_speed_compute^rho = 1, whose first term is alpha_compute

_NEWTON_STEPS = 8
"""The seventh changes nothing that a double can hold, whatever the two speeds."""


def _alpha_of_both_speeds(draws: Draws) -> Array:
    """The one root below 0 of ``L^rho + C^rho = 1``, as ``L^rho``; nan unless both are finite and above 1.

    The sum falls from 2 at rho = 0 to 0 at -inf, so that there is a root, and only one.
    """
    log_labour = np.log(np.asarray(draws["max_speed"], dtype=np.float64))
    log_compute = np.log(np.asarray(draws["max_speed_compute"], dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.maximum(log_labour, log_compute) / np.minimum(log_labour, log_compute)
        # y = -ln of the larger term: ln(1 - e^-y) + ratio y = 0. Rising and concave in y, so that Newton's method
        # climbs from a start below the root: there (ln(1 + ratio) < ratio/sqrt(1 + ratio)) it never overshoots
        y = np.log1p(ratio) / (2.0 * ratio)
        for _ in range(_NEWTON_STEPS):
            y = y - (np.log(-np.expm1(-y)) + ratio * y) / (1.0 / np.expm1(y) + ratio)
        alpha = np.where(log_labour <= log_compute, np.exp(-y), -np.expm1(-y))
    is_usable = (np.minimum(log_labour, log_compute) > 0.0) & np.isfinite(ratio)
    return np.where(is_usable, alpha, np.nan)


def _log_max_speed_compute(draws: Draws) -> Array:
    rho = draws["rho"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rho < 0.0, np.log1p(-draws["alpha_compute"]) / rho, np.inf)


def _max_speed_compute(draws: Draws) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(_log_max_speed_compute(draws)))


def _log_jacobian_of_max_speed_compute(draws: Draws) -> Array:
    # ln C = ln(1 - alpha) ln L / ln alpha, at a fixed max_speed L, whose ln is ln(alpha)/rho
    alpha, rho = draws["alpha_compute"], draws["rho"]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (1.0 / (1.0 - alpha) + np.log1p(-alpha) / (alpha * np.log(alpha))) / -rho
        return np.asarray(_log_max_speed_compute(draws) + np.log(slope))


# --------------------------- r_total = r / ((1 - alpha) mu), r_cumulative = r / ((1 - alpha) mu lam), which is 1/beta


def _returns(name: str, others: tuple[str, ...], remedy: str) -> Reparametrisation:
    """Returns that the labour share and some other quantities turn into r."""

    def r_per_stated(draws: Draws) -> Array:
        product = 1.0 - draws["alpha_compute"]
        for other in others:
            product = product * draws[other]
        return np.asarray(product)

    def stated_per_r(draws: Draws) -> Array:
        return np.asarray(1.0 / r_per_stated(draws))

    return Reparametrisation(
        name,
        ("alpha_compute", *others),
        lambda draws: np.asarray(r_per_stated(draws) * draws[name]),
        lambda draws: np.asarray(draws["r"] * stated_per_r(draws)),
        lambda draws: np.asarray(np.log(stated_per_r(draws))),
        remedy,
    )


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
        "max_speed_compute",
        ("max_speed",),
        _alpha_of_both_speeds,
        _max_speed_compute,
        _log_jacobian_of_max_speed_compute,
        "max_speed^rho + max_speed_compute^rho = 1, whose first term is alpha_compute: both must be finite.",
    ),
    Reparametrisation(
        "max_speed",
        ("alpha_compute",),
        _rho_of_max_speed,
        _max_speed,
        _log_jacobian_of_max_speed,
        "rho = ln(alpha_compute)/ln(max_speed): keep max_speed, and max_speed_compute beside it, away from 1 and "
        "alpha_compute from 0 with truncate_low.",
    ),
    _returns(
        "r_total",
        ("labour_per_efficiency",),
        "r = (1 - alpha_compute) labour_per_efficiency r_total: truncate what makes it so small or large.",
    ),
    _returns(
        "r_cumulative",
        ("labour_per_efficiency", "lam"),
        "r = lam (1 - alpha_compute) labour_per_efficiency r_cumulative: truncate what makes it so small or large.",
    ),
)

REPARAMETRISATIONS: dict[str, Reparametrisation] = {one.name: one for one in _ALL}
"""By code name of the stated quantity, each after those that determine what it takes."""


def inputs_of(name: str, stated: Collection[str]) -> tuple[str, ...]:
    """Stated quantities of which a reparametrisation makes a quantity of the model.

    Parameters
    ----------
    name : str
        Code name of the reparametrisation, one of those stated.
    stated : collection of str
        Names under which the quantities of a prior set are stated.

    Returns
    -------
    tuple of str
        Itself first; whatever determines another quantity that it takes stands for that quantity.
    """
    found = [name]
    for other in REPARAMETRISATIONS[name].others:
        if other in stated:
            found.append(other)
        else:
            found += inputs_of(next(one for one in stated if QUANTITIES[one].determined == other), stated)
    return tuple(dict.fromkeys(found))


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
