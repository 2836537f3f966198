"""Adapters: distributions of other packages, as a prior file would state them.

A frozen SciPy distribution becomes the family of the same name with its parameters where there is one. Anything else
that has a quantile function (``ppf`` or ``icdf``) and a ``cdf`` is tabulated, so that a run's record holds the
distribution itself and not a reference to a package. No package is known by the names of its classes: what counts is
what the two functions give.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mc_sie.distributions import tabulated
from mc_sie.distributions.base import UNREACHED, Array, Distribution
from mc_sie.errors import InputError

Raw = dict[str, Any]
Function = Callable[[Array], Array]

TABLE_TOLERANCE = 1e-6
"""Error in probability to which a foreign quantile function is tabulated."""

_ERROR_HIGH = 1e-5  # the most that is accepted where rounding in the foreign functions forbids the tolerance
_N_POINTS_HIGH = 4000
_REMEDY = (
    "Give a frozen SciPy distribution, a PreliZ object, anything with ppf and cdf, a number, or a table such as "
    '{"family": "uniform", "low": 0, "high": 1}.'
)
_NO_STEPS = "For values with probabilities write a mixture of fixed ones."


def stated(distribution: Any, where: str) -> tuple[Raw, str]:
    """Family and parameters of a distribution as a prior file would state them, and what was tabulated and how well.

    Refused is what has no quantile function, is discrete, is several distributions at once, or lacks parameters.
    """
    if isinstance(distribution, Mapping):
        return dict(distribution), ""
    if isinstance(distribution, numbers.Real) and not isinstance(distribution, bool):
        return {"family": "fixed", "value": float(distribution)}, ""
    if hasattr(getattr(distribution, "dist", None), "_parse_args"):
        raw = _from_scipy(distribution, where)
        if raw is not None:
            return raw, ""
    return _table_of(distribution, where)


def _from_scipy(distribution: Any, where: str) -> Raw | None:
    """The family of a frozen SciPy distribution, None where there is none of its kind."""
    from scipy import stats

    shapes, location, scale = distribution.dist._parse_args(*distribution.args, **distribution.kwds)
    if any(np.ndim(number) > 0 for number in (*shapes, location, scale)):
        why = f"is a {distribution.dist.name} with an array among its parameters, which is several distributions"
        raise InputError(where, why, "Give one number for each parameter.")
    name = distribution.dist.name
    if type(distribution.dist) is not type(getattr(stats, name, None)):
        return None  # somebody's own class, which may have any name
    s, location, scale = [float(shape) for shape in shapes], float(location), float(scale)
    match name:
        case "norm":
            return {"family": "normal", "mean": location, "sd": scale}
        case "uniform":
            return {"family": "uniform", "low": location, "high": location + scale}
        case "lognorm" if location == 0.0:
            return {"family": "lognormal", "median": scale, "sd_log": s[0]}
        case "loguniform" | "reciprocal" if location == 0.0:
            return {"family": "loguniform", "low": s[0] * scale, "high": s[1] * scale}
        case "beta":
            return {"family": "beta", "a": s[0], "b": s[1], "low": location, "high": location + scale}
        case "triang":
            peak = location + s[0] * scale
            return {"family": "triangular", "low": location, "peak": peak, "high": location + scale}
        case "t":
            return {"family": "student_t", "location": location, "scale": scale, "df": s[0]}
        case "truncnorm":
            ends = {"truncate_low": location + s[0] * scale, "truncate_high": location + s[1] * scale}
            finite = {key: end for key, end in ends.items() if math.isfinite(end)}
            return {"family": "normal", "mean": location, "sd": scale, **finite}
        case _:
            return None


def _table_of(distribution: Any, where: str) -> tuple[Raw, str]:
    """A table of a quantile function, fine enough that nothing misses its probability, and how well it does."""
    name = getattr(getattr(distribution, "dist", None), "name", type(distribution).__name__)
    ppf = getattr(distribution, "ppf", None) or getattr(distribution, "icdf", None)
    if not callable(ppf) or not callable(getattr(distribution, "cdf", None)):
        raise InputError(where, f"is a {name}, which has no quantile function", _REMEDY)
    quantile = _checked(ppf, name, where)
    cumulative = _checked(distribution.cdf, name, where)
    probs, x = _first_points(quantile, cumulative, name, where)
    low, high = quantile(np.array([0.05, 0.95]))
    scale = "linear"
    if x[0] > 0.0 and high > 10.0 * low:
        scale = "log"
    while True:
        at = np.concatenate([[0.0], probs[1:-1], [1.0]])
        table = tabulated.tabulated(at.tolist(), x.tolist(), is_log=scale == "log")
        missed = _missed(table, cumulative, probs)
        error = float(missed.max())
        # a thousandth of the tail is enough where it is smaller still; beyond 1e-12 cumulative functions are not exact
        tails = np.minimum(probs[1:], 1.0 - probs[:-1])
        bad = np.flatnonzero((missed > np.minimum(TABLE_TOLERANCE, 1e-3 * tails)) & (tails > 1e-12))
        if bad.size == 0 or len(probs) + bad.size > _N_POINTS_HIGH:
            break
        middle = 0.5 * (probs[bad] + probs[bad + 1])
        more = quantile(middle)
        kept = (more > x[bad]) & (more < x[bad + 1])
        if not kept.any():  # the quantile function rounds: more points tell nothing
            break
        order = np.argsort(np.concatenate([probs, middle[kept]]))
        x = np.concatenate([x, more[kept]])[order]
        probs = np.concatenate([probs, middle[kept]])[order]
    if not error <= _ERROR_HIGH:
        why = f"is a {name} that a table misses by {error:.0e} in probability: it has steps"
        raise InputError(where, why, _NO_STEPS)
    raw: Raw = {"family": "tabulated", "p": at.tolist(), "x": x.tolist(), "scale": scale}
    return raw, f"tabulated at {len(x)} points from {name}, within {error:.0e} in probability"


def _first_points(quantile: Function, cumulative: Function, name: str, where: str) -> tuple[Array, Array]:
    """Probabilities, halving towards both ends, and their quantiles, where these are finite and rise."""
    halves = 0.5 ** np.arange(1.0, 54.0)
    probs = np.unique(np.concatenate([[UNREACHED], halves, 1.0 - halves]))
    x = quantile(probs)
    inner = (probs > TABLE_TOLERANCE) & (probs < 1.0 - TABLE_TOLERANCE)
    if not np.isfinite(x[inner]).all():
        why = f"is a {name} with a probability of its own for inf, or without a value at some probabilities"
        raise InputError(where, why, _NO_STEPS)
    sound = np.isfinite(x) & (np.diff(x, prepend=-np.inf) > 0.0)
    probs = probs[sound]
    x = x[sound]
    if len(x) < 8 or not np.abs(cumulative(x) - probs).max() < TABLE_TOLERANCE:
        why = f"is a {name} whose ppf and cdf do not belong together: it is discrete or has steps"
        raise InputError(where, why, _NO_STEPS)
    return probs, x


def _missed(table: Distribution, cumulative: Function, probs: Array) -> Array:
    """Largest error in probability between each two points of a table, at three places there."""
    share = np.array([0.2, 0.5, 0.8])
    between = (probs[:-1, np.newaxis] + np.diff(probs)[:, np.newaxis] * share).ravel()
    errors = np.abs(cumulative(table.ppf(between)) - between).reshape(-1, len(share))
    return np.asarray(errors.max(axis=1))


def _checked(function: Callable[[Array], Any], name: str, where: str) -> Function:
    """A function that is refused where it fails or does not give one number for each."""

    def called(at: Array) -> Array:
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(function(at), dtype=np.float64)
        except Exception as error:  # whatever another package raises, for lack of parameters or of arrays
            why = f"is a {name} that cannot be evaluated on an array ({type(error).__name__}: {error})"
            remedy = "Set all of its parameters, each to one number; ppf and cdf must take arrays."
            raise InputError(where, why, remedy) from error
        if found.size != at.size:
            why = f"is a {name} that gives {found.size} numbers for {at.size}"
            raise InputError(where, why, "Give one distribution, not several.")
        return found.reshape(at.shape)  # some packages give a number for an array of one

    return called
