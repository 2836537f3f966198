"""Quantities that restate others: sigma and the greatest speed for rho, the total returns for r. One place for how."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mc_sie import units
from mc_sie.distributions.base import Array
from mc_sie.quantities import QUANTITIES, Quantity


@dataclass(frozen=True)
class Restatement:
    """How something else determines a quantity.

    Attributes
    ----------
    others : tuple of str
        What it takes besides.
    formula : callable
        From quantities by code name, each of shape (n,), to what is determined; rising in the restatement.
    remedy : str
        What to do where it leads outside the domain.
    """

    others: tuple[str, ...]
    formula: Callable[[Mapping[str, Array]], Array]
    remedy: str


RESTATEMENTS = {
    "sigma": Restatement(
        (),
        lambda given: units.rho_from_sigma(given["sigma"]),
        "rho = (sigma - 1)/sigma: keep sigma above 1/51 with truncate_low = 0.02.",
    ),
    "max_speed": Restatement(
        ("alpha_compute",),
        lambda given: np.log(given["alpha_compute"]) / np.log(given["max_speed"]) + 0.0,  # + 0.0: never -0.0
        "rho = ln(alpha_compute)/ln(max_speed): keep max_speed away from 1 and alpha_compute from 0 with truncate_low.",
    ),
    "r_total": Restatement(
        ("alpha_compute", "labour_per_efficiency"),
        lambda given: (1.0 - given["alpha_compute"]) * given["labour_per_efficiency"] * given["r_total"],
        "r = (1 - alpha_compute) labour_per_efficiency r_total: truncate what makes it so small or large.",
    ),
}
"""By code name of what restates."""


def determined_by(name: str) -> str:
    """The model quantity that a quantity is, or restates.

    Parameters
    ----------
    name : str
        Code name.

    Returns
    -------
    str
        Code name; ``"rho"`` for ``"sigma"``.
    """
    return QUANTITIES[name].determines or name


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
