"""Distributions of other packages, as a prior file would state them.

A frozen SciPy distribution, or an object of PreliZ or squigglepy, becomes the family of the same name with its
parameters where there is one. Anything else that has a quantile function (``ppf`` or ``icdf``) and a ``cdf`` is
tabulated, so that a run's record holds the law itself and not a reference to a package. None of these packages is
imported: an object is known by the names of its class and attributes.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mc_sie.errors import InputError
from mc_sie.priors import families, schema, tabulated
from mc_sie.priors.families import UNREACHED, Array

Raw = dict[str, Any]

TABLE_TOLERANCE = 1e-6
"""Error in probability to which a foreign quantile function is tabulated."""

_N_POINTS_HIGH = 4000
_REMEDY = (
    "Give a frozen SciPy distribution, a PreliZ or squigglepy object, anything with ppf and cdf, or a table such as "
    '{"family": "uniform", "low": 0, "high": 1}.'
)


def stated(law: Any, where: str) -> tuple[Raw, str]:
    """What a prior file would say of a distribution.

    Parameters
    ----------
    law : object
        A frozen SciPy distribution, a PreliZ or squigglepy object, a number, or an entry's table.
    where : str
        Place, for errors.

    Returns
    -------
    raw : dict
        Family and parameters.
    remark : str
        What was tabulated and how well, or nothing.

    Raises
    ------
    InputError
        For what has no quantile function, is discrete, or lacks parameters.
    """
    if isinstance(law, Mapping):
        return dict(law), ""
    if isinstance(law, numbers.Real) and not isinstance(law, bool):
        return {"family": "fixed", "value": float(law)}, ""
    components, remarks = _components(law, where)
    remark = "; ".join(remarks)
    if len(components) == 1:
        return components[0][1], remark
    return {"family": "mixture", "components": [{"weight": weight, **raw} for weight, raw in components]}, remark


def _components(law: Any, where: str) -> tuple[list[tuple[float, Raw]], list[str]]:
    """Weights and families of a law without mixtures, and remarks."""
    if isinstance(law, numbers.Real):
        return [(1.0, {"family": "fixed", "value": float(law)})], []
    name = type(law).__name__
    several = getattr(law, "dists", None) if name == "MixtureDistribution" else None
    several = getattr(law, "dist", None) if name == "Mixture" else several
    if isinstance(several, list | tuple):
        found: list[tuple[float, Raw]] = []
        remarks: list[str] = []
        total = math.fsum(float(weight) for weight in law.weights)
        for weight, part in zip(law.weights, several, strict=True):
            inner, more = _components(part, where)
            found += [(float(weight) / total * share, raw) for share, raw in inner]
            remarks += more
    elif name in ("Truncated", "Censored"):
        found, remarks = _components(law.dist, where)
        bounds = float(law.lower), float(law.upper)
        return (_cut if name == "Truncated" else _clipped)(found, *bounds), remarks
    else:
        raw = _named(law, name, where)
        remarks = []
        if raw is None:
            raw, remark = _table_of(_quantiles_of(law, name, where), where)
            remarks = [remark]
        found = [(1.0, raw)]
    low, high = getattr(law, "lclip", None), getattr(law, "rclip", None)
    if low is not None or high is not None:  # squigglepy moves what is outside to the bound
        found = _clipped(found, -math.inf if low is None else low, math.inf if high is None else high)
    return found, remarks


# ------------------------------------------------------------------------------------------------ named families


def _named(law: Any, name: str, where: str) -> Raw | None:
    """The family of a law, None where there is none of its kind."""
    if hasattr(getattr(law, "dist", None), "_parse_args"):
        return _from_scipy(law, where)
    if hasattr(law, "param_names"):
        return _from_preliz(law, name, where)
    return _from_squigglepy(law, name, where) if name.endswith("Distribution") else None


def _from_scipy(law: Any, where: str) -> Raw | None:
    shapes, location, scale = law.dist._parse_args(*law.args, **law.kwds)
    if not hasattr(law.dist, "pdf"):
        raise _discrete(where, law.dist.name)
    s, location, scale = [float(shape) for shape in shapes], float(location), float(scale)
    match law.dist.name:
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
            return _triangular(location, location + s[0] * scale, location + scale)
        case "t":
            return {"family": "student_t", "location": location, "scale": scale, "df": s[0]}
        case "truncnorm":
            whole = {"family": "normal", "mean": location, "sd": scale}
            return _cut([(1.0, whole)], location + s[0] * scale, location + s[1] * scale)[0][1]
        case _:
            return None


def _from_preliz(law: Any, name: str, where: str) -> Raw | None:
    if getattr(law, "kind", "continuous") == "discrete":
        raise _discrete(where, name)
    if not getattr(law, "is_frozen", True):
        raise InputError(where, f"is a {name} whose parameters are not all set", "Set them, or fit it first.")
    if name not in (
        "Normal",
        "LogNormal",
        "Uniform",
        "Beta",
        "BetaScaled",
        "StudentT",
        "Triangular",
        "TruncatedNormal",
    ):
        return None
    given = {key: float(value) for key, value in zip(law.param_names, law.params, strict=True)}
    match name:
        case "Normal":
            return {"family": "normal", "mean": given["mu"], "sd": given["sigma"]}
        case "LogNormal":
            return {"family": "lognormal", "median": math.exp(given["mu"]), "sd_log": given["sigma"]}
        case "Uniform":
            return {"family": "uniform", "low": given["lower"], "high": given["upper"]}
        case "Beta":
            return {"family": "beta", "a": given["alpha"], "b": given["beta"]}
        case "BetaScaled":
            ends = {"low": given["lower"], "high": given["upper"]}
            return {"family": "beta", "a": given["alpha"], "b": given["beta"], **ends}
        case "StudentT":
            return {"family": "student_t", "location": given["mu"], "scale": given["sigma"], "df": given["nu"]}
        case "Triangular":
            return _triangular(given["lower"], given["c"], given["upper"])
        case _:
            whole = {"family": "normal", "mean": given["mu"], "sd": given["sigma"]}
            return _cut([(1.0, whole)], given["lower"], given["upper"])[0][1]


def _from_squigglepy(law: Any, name: str, where: str) -> Raw | None:
    match name:
        case "ConstantDistribution":
            return {"family": "fixed", "value": float(law.x)}
        case "NormalDistribution":
            return {"family": "normal", "mean": float(law.mean), "sd": float(law.sd)}
        case "LognormalDistribution":
            return {"family": "lognormal", "median": math.exp(law.norm_mean), "sd_log": float(law.norm_sd)}
        case "UniformDistribution":
            return {"family": "uniform", "low": float(law.x), "high": float(law.y)}
        case "BetaDistribution":
            return {"family": "beta", "a": float(law.a), "b": float(law.b)}
        case "TriangularDistribution":
            return _triangular(float(law.left), float(law.mode), float(law.right))
        case "PERTDistribution":
            low, peak, high, lam = float(law.left), float(law.mode), float(law.right), float(law.lam)
            if lam == 4.0:
                return {"family": "pert", "low": low, "peak": peak, "high": high}
            a, b = 1.0 + lam * (peak - low) / (high - low), 1.0 + lam * (high - peak) / (high - low)
            return {"family": "beta", "a": a, "b": b, "low": low, "high": high}
        case "TDistribution" if law.x is None and law.y is None:
            return {"family": "student_t", "location": 0.0, "scale": 1.0, "df": float(law.t)}
        case "GammaDistribution" | "ExponentialDistribution" | "ParetoDistribution" | "ChiSquareDistribution":
            return None
        case _:
            remedy = 'State its quantiles: family = "quantiles" or "tabulated".'
            raise InputError(where, f"is a {name} of squigglepy, which has no quantile function here", remedy)


def _triangular(low: float, peak: float, high: float) -> Raw:
    return {"family": "triangular", "low": low, "peak": peak, "high": high}


def _discrete(where: str, name: str) -> InputError:
    return InputError(where, f"is discrete ({name})", "For values with probabilities write a mixture of fixed ones.")


# ------------------------------------------------------------------------------------------- bounds and tables


def _law(raw: Raw) -> families.Distribution:
    model: Any = schema.FAMILIES[raw["family"]].model_validate(raw)
    law: families.Distribution = model.distribution
    return law


def _cut(components: list[tuple[float, Raw]], low: float, high: float) -> list[tuple[float, Raw]]:
    """What lies between two bounds, with its share of the probability, renormalised."""
    found: list[tuple[float, Raw]] = []
    for weight, raw in components:
        law = _law(raw)
        if raw["family"] == "fixed":
            if low <= raw["value"] <= high:
                found.append((weight, raw))
            continue
        inside = dict(raw)
        if low > law.support[0]:
            inside["truncate_low"] = low
        if high < law.support[1]:
            inside["truncate_high"] = high
        share = float(law.cdf(high)) - float(law.cdf(low))
        if share > 0.0:
            found.append((weight * share, inside))
    total = math.fsum(weight for weight, _ in found)
    return [(weight / total, raw) for weight, raw in found]


def _clipped(components: list[tuple[float, Raw]], low: float, high: float) -> list[tuple[float, Raw]]:
    """The same law with everything beyond a bound moved to the bound, as atoms there."""
    laws = [(weight, _law(raw)) for weight, raw in components]
    below = math.fsum(weight * float(law.cdf(low)) for weight, law in laws)
    above = math.fsum(weight * float(law.sf(high)) for weight, law in laws)
    found = [(below, {"family": "fixed", "value": float(low)})] if below > 0.0 else []
    if below + above < 1.0:
        found += [((1.0 - below - above) * weight, raw) for weight, raw in _cut(components, low, high)]
    if above > 0.0:
        found.append((above, {"family": "fixed", "value": float(high)}))
    return found


def _quantiles_of(law: Any, name: str, where: str) -> tuple[Callable[[Array], Array], Callable[[Array], Array], str]:
    """Quantile function, cumulative function and name of a law that is no family of ours."""
    shown = getattr(getattr(law, "dist", None), "name", name)
    if name.endswith("Distribution") and not hasattr(law, "cdf"):
        from scipy import stats

        law = {
            "GammaDistribution": lambda: stats.gamma(law.shape, scale=law.scale),
            "ExponentialDistribution": lambda: stats.expon(scale=law.scale),
            "ParetoDistribution": lambda: stats.pareto(law.shape),
            "ChiSquareDistribution": lambda: stats.chi2(law.df),
        }[name]()
    quantile = getattr(law, "ppf", None) or getattr(law, "icdf", None)
    if quantile is None or not hasattr(law, "cdf"):
        raise InputError(where, f"is a {name}, which has no quantile function", _REMEDY)
    return quantile, law.cdf, shown


def _table_of(functions: tuple[Callable[[Array], Array], Callable[[Array], Array], str], where: str) -> tuple[Raw, str]:
    """A table of a quantile function, fine enough that nothing misses its probability, and how well it does."""
    quantile, cumulative, name = functions
    halves = 0.5 ** np.arange(1.0, 54.0)
    probs = np.unique(np.concatenate([[UNREACHED], halves, 1.0 - halves]))
    share = np.array([0.2, 0.5, 0.8])

    def values_at(p: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(quantile(p), dtype=np.float64)

    x = values_at(probs)
    sound = np.isfinite(x) & (np.diff(x, prepend=-np.inf) > 0.0)
    probs, x = probs[sound], x[sound]
    with np.errstate(all="ignore"):
        off = np.abs(np.asarray(cumulative(x), dtype=np.float64) - probs)
    if len(x) < 8 or not off.max() < 1e-6:
        why = f"is a {name} whose ppf and cdf do not belong together: it is discrete or has steps"
        raise InputError(where, why, "For values with probabilities write a mixture of fixed ones.")
    low, high = values_at(np.array([0.05, 0.95]))
    is_log = bool(x[0] > 0.0 and high > 10.0 * low)
    while True:
        at = np.concatenate([[0.0], probs[1:-1], [1.0]])
        law = tabulated.tabulated(at.tolist(), x.tolist(), is_log=is_log)
        between = (probs[:-1, np.newaxis] + np.diff(probs)[:, np.newaxis] * share).ravel()
        missed = np.abs(np.asarray(cumulative(law.ppf(between))) - between).reshape(-1, len(share)).max(axis=1)
        tails = np.minimum(probs[1:], 1.0 - probs[:-1])
        error = float(missed.max())
        # a thousandth of the tail is enough where it is smaller still; beyond 1e-12 cumulative functions are not exact
        bad = np.flatnonzero((missed > np.minimum(TABLE_TOLERANCE, 1e-3 * tails)) & (tails > 1e-12))
        if bad.size == 0 or len(probs) + bad.size > _N_POINTS_HIGH:
            break
        middle = 0.5 * (probs[bad] + probs[bad + 1])
        more = values_at(middle)
        kept = (more > x[bad]) & (more < x[bad + 1])
        if not kept.any():
            break
        order = np.argsort(np.concatenate([probs, middle[kept]]))
        x = np.concatenate([x, more[kept]])[order]
        probs = np.concatenate([probs, middle[kept]])[order]
    raw: Raw = {"family": "tabulated", "p": at.tolist(), "x": x.tolist(), "scale": "log" if is_log else "linear"}
    return raw, f"tabulated at {len(x)} points from {name}, within {error:.0e} in probability"
