"""Draws and outcomes as a DataTree by the schema of ArviZ, one chain a replicate.

One function for simulations in memory and runs on disk. xarray is imported when a tree is made, not before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.sample import Sample
from mc_sie.errors import InputError
from mc_sie.outcomes import OUTCOME_KINDS, column_of, kind_of_column
from mc_sie.priors.density import log_densities
from mc_sie.priors.evidence import Evidence
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.stats.estimates import effective_size
from mc_sie.stats.pareto import pareto_k

if TYPE_CHECKING:
    import xarray as xr

SAMPLE_DIMS = ("chain", "draw")
"""Dimensions of everything that has a value in each draw."""

MASKED = "nan where absent, infinite or not simulated"

_REACHED = "1 if effective compute rises by k OOM within the trajectory"
_LIKELIHOOD = (
    "relative to a draw that implies the reading itself, or the probability of the bound; no density of data, so that "
    "loo and compare say nothing"
)


def datatree_of(sample: Sample, before: Sample | None = None) -> xr.DataTree:
    """Draws, outcomes and evidence as an ArviZ DataTree.

    Parameters
    ----------
    sample : Sample
        The draws, with weights where the set states evidence.
    before : Sample, optional
        Draws of the set before its evidence, for such a set.

    Returns
    -------
    xarray.DataTree
        Groups as ``docs/tutorials/arviz.md`` lists them.

    Raises
    ------
    InputError
        When a replicate has no weight, or the outcome that evidence is about was not stored.
    """
    import xarray as xr

    drawn = before or sample
    every = np.arange(drawn.design.n_draws)
    varying = [name for name, values in drawn.draws.items() if _varies(values)]
    groups = {
        "prior": _quantities(drawn, varying, every),
        "prior_predictive": _outcomes(drawn, every) | _readings(drawn, sample.prior.evidence, every),
        "constant_data": _constants(drawn, varying),
    }
    attributes: dict[str, dict[str, Any]] = {}
    if sample.weights is not None:
        rows = equal_weight(sample.weights, sample.design.n_replicates, (sample.draws["rho"], sample.hits))
        items = sample.prior.evidence
        groups["posterior"] = _quantities(sample, varying, rows)
        groups["posterior_predictive"] = _outcomes(sample, rows) | _readings(sample, items, rows)
        groups["log_prior"] = _log_prior(sample, rows)
        groups["log_likelihood"] = _log_likelihood(sample, items, rows)
        groups["observed_data"] = _observed(items)
        attributes["posterior"] = _of_weights(sample.weights, rows)
        attributes["log_likelihood"] = {"note": _LIKELIHOOD}
    coords = {
        "chain": np.arange(sample.design.n_replicates),
        "draw": np.arange(sample.design.n_per_replicate),
    }
    datasets = {}
    for name, variables in groups.items():
        used = {dim for variable in variables.values() for dim in variable.dims}
        own = {dim: values for dim, values in coords.items() if dim in used}
        datasets[name] = xr.Dataset(variables, own, attributes.get(name))
    tree = xr.DataTree.from_dict(datasets)
    tree.attrs = _root(sample)
    return tree


def equal_weight(
    weights: NDArray[np.float64], n_replicates: int, keys: Sequence[NDArray[np.generic]]
) -> NDArray[np.intp]:
    """Draws of equal weight in place of weighted ones, replicate by replicate.

    Parameters
    ----------
    weights : array of shape (n,)
        At least 0, on any scale.
    n_replicates : int
        Independent randomisations, of n / n_replicates draws each.
    keys : sequence of array of shape (n,)
        What should come out most exactly, the last one first: draws are sorted by it, so that the rounding of one is
        made good by its neighbour.

    Returns
    -------
    array of shape (n,), int
        Places of the draws in rising order; one of k times the mean weight of its replicate stands there k times,
        rounded up or down.

    Raises
    ------
    InputError
        When all weights of a replicate are 0.

    Notes
    -----
    Systematic resampling with the middle of each stratum in place of a random number: the same weights give the same
    draws.
    """
    n = len(weights) // n_replicates
    strata = (np.arange(n) + 0.5) / n
    rows = np.empty((n_replicates, n), dtype=np.intp)
    for replicate in range(n_replicates):
        here = slice(replicate * n, (replicate + 1) * n)
        order = np.lexsort([key[here] for key in keys])
        order = order[weights[here][order] > 0.0]
        if not len(order):
            why = f"has no draw that the evidence allows in replicate {replicate}"
            raise InputError("to_datatree", why, "Simulate more draws, or fewer replicates.")
        rising = np.cumsum(weights[here][order])
        places = np.searchsorted(rising, strata * rising[-1], side="right")
        rows[replicate] = replicate * n + np.sort(order[np.minimum(places, len(order) - 1)])
    return rows.ravel()


# --- Groups ----------------------------------------------------------------------------------------------------------


def _quantities(sample: Sample, names: Iterable[str], rows: NDArray[np.intp]) -> dict[str, xr.Variable]:
    """The quantities that vary, in some of the draws."""
    words = {"mode": MODES, POOL_DIMENSION: [member.name for member, _ in sample.prior.members]}
    found = {}
    for name in names:
        attributes = _described(name)
        if name in words:
            attributes["words"] = " ".join(words[name])
        found[name] = _variable(sample, attributes, sample.draws[name][rows])
    return found


def _constants(sample: Sample, varying: Sequence[str]) -> dict[str, xr.Variable]:
    """The quantities that are the same in every draw, and the horizon."""
    import xarray as xr

    found = {}
    for name, values in sample.draws.items():
        if name in varying or np.isnan(values[0]):
            continue
        attributes = _described(name)
        if name == "mode":
            attributes["words"] = " ".join(MODES)
        found[name] = xr.Variable((), values[0], attributes)
    horizon = {"units": "months", "long_name": "end of each trajectory at the latest"}
    found["horizon_months"] = xr.Variable((), sample.horizon_months, horizon)
    return found


def _outcomes(sample: Sample, rows: NDArray[np.intp]) -> dict[str, xr.Variable]:
    """The event and the outcomes; times that are never reached end at the horizon, beside a flag."""
    event = sample.event
    is_ok = sample.is_ok[rows]
    attributes = {"event": str(event), "long_name": event.in_words, "units": "1"}
    found = {"event": _variable(sample, attributes, _masked(sample.hits[rows], is_ok))}
    indexed: dict[str, dict[float, NDArray[np.float64]]] = {}
    for column in sample.outcomes:
        name, index = kind_of_column(column)
        values = sample.outcomes[column].iloc[rows]
        if index is not None:
            indexed.setdefault(name, {})[index] = values.to_numpy(dtype=np.float64)
        elif isinstance(values.dtype, pd.CategoricalDtype):
            attributes = {"words": " ".join(values.cat.categories)}
            found[name] = _variable(sample, attributes, values.cat.codes.to_numpy())
        else:
            numbers = values.to_numpy(dtype=np.float64, na_value=math.nan)
            if not np.isnan(numbers).all():
                found[name] = _variable(sample, _described(name), numbers)
    return found | _indexed(sample, indexed)


def _indexed(sample: Sample, found: dict[str, dict[float, NDArray[np.float64]]]) -> dict[str, xr.Variable]:
    """Outcomes with an index, and whether each gain is reached."""
    import xarray as xr

    times = {name: by_index for name, by_index in found.items() if OUTCOME_KINDS[name].unit == "months"}
    if times:
        reached = {}
        for by_index in times.values():
            for index, values in by_index.items():
                reached[index] = _masked(np.isfinite(values), ~np.isnan(values))
    marks = {"ooms": sorted({index for by_index in times.values() for index in by_index})}
    marks["months"] = sorted({index for name in found.keys() - times.keys() for index in found[name]})
    variables: dict[str, Any] = {}
    for name, by_index in found.items():
        attributes = _described(name)
        if name in times:
            by_index = {index: np.minimum(values, sample.horizon_months) for index, values in by_index.items()}
            attributes["capped"] = f"{sample.horizon_months:g} months, the end of the trajectory, where not reached"
        dimension = "ooms" if name in times else "months"
        variables[name] = _stacked(sample, by_index, dimension, marks[dimension], attributes)
    if times:
        attributes = {"units": "1", "long_name": _REACHED}
        variables["reached"] = _stacked(sample, reached, "ooms", marks["ooms"], attributes)
    for dimension, unit in (("ooms", "OOM"), ("months", "months")):
        if marks[dimension]:
            variables[dimension] = xr.Variable((dimension,), np.array(marks[dimension]), {"units": unit})
    return variables


def _by_kind(
    items: Sequence[Evidence], values_of: Callable[[Evidence], NDArray[Any]], variable_of: Callable[..., xr.Variable]
) -> dict[str, xr.Variable]:
    """Something about every piece of evidence: of readings of a value, and of bounds that are satisfied or not."""
    import xarray as xr

    found: dict[str, xr.Variable] = {}
    for name, dimension, is_value in (("reading", "evidence", True), ("satisfied", "bound", False)):
        chosen = [item for item in items if item.is_value == is_value]
        if chosen:
            found[name] = variable_of(np.stack([values_of(item) for item in chosen], axis=-1), dimension)
            found[dimension] = xr.Variable((dimension,), [item.name for item in chosen])
    return found


def _readings(sample: Sample, items: Sequence[Evidence], rows: NDArray[np.intp]) -> dict[str, xr.Variable]:
    """Readings as each draw predicts them, with their error; of a bound 1 where it would be satisfied."""

    def values_of(item: Evidence) -> NDArray[Any]:
        random = np.random.default_rng([sample.design.seed, items.index(item)])
        return item.predicted(_implied(sample, item)[rows], random)

    return _by_kind(items, values_of, partial(_variable, sample, {}))


def _log_likelihood(sample: Sample, items: Sequence[Evidence], rows: NDArray[np.intp]) -> dict[str, xr.Variable]:
    """Log-likelihood of every piece of evidence."""
    return _by_kind(
        items, lambda item: item.log_likelihood(_implied(sample, item)[rows]), partial(_variable, sample, {})
    )


def _observed(items: Sequence[Evidence]) -> dict[str, xr.Variable]:
    """The readings that were made; a bound is one that is satisfied."""
    import xarray as xr

    def value_of(item: Evidence) -> NDArray[Any]:
        if item.is_value:
            return np.asarray(item.parameters["value"])
        return np.asarray(1, dtype=np.int8)

    return _by_kind(items, value_of, lambda values, dimension: xr.Variable((dimension,), values))


def _implied(sample: Sample, item: Evidence) -> NDArray[np.float64]:
    """Value in each draw of what a piece of evidence is about."""
    subject = item.subject
    if not subject.is_outcome:
        return subject.values(sample.draws)
    column = column_of(subject.name, subject.index)
    if column not in sample.outcomes:
        where = f"{item.origin}: evidence {item.name!r}"
        raise InputError(where, f"is about {column}, which was not stored", "Run it again.")
    return np.asarray(sample.outcomes[column], dtype=np.float64)


def _log_prior(sample: Sample, rows: NDArray[np.intp]) -> dict[str, xr.Variable]:
    """Log-density of the prior, quantity by quantity."""
    import xarray as xr

    found = log_densities(sample.prior, {name: values[rows] for name, values in sample.draws.items()})
    names = xr.Variable(("quantity",), list(found))
    return {"log_prior": _variable(sample, {}, np.stack(list(found.values()), axis=1), "quantity"), "quantity": names}


# --- Attributes ------------------------------------------------------------------------------------------------------


def _root(sample: Sample) -> dict[str, Any]:
    """Everything that it takes to make the draws again."""
    from importlib import metadata

    design = sample.design
    attributes = {
        "prior": sample.prior.name,
        "digest": sample.prior.digest,
        "event": str(sample.event),
        "event_in_words": sample.event.in_words,
        "scheme": design.scheme,
        "seed": design.seed,
        "n_replicates": design.n_replicates,
        "n_per_replicate": design.n_per_replicate,
        "n_draws": design.n_draws,
        "n_not_simulated": int((~sample.is_ok).sum()),
        "horizon_months": sample.horizon_months,
        "creation_library": "mc-sie",
    }
    with suppress(metadata.PackageNotFoundError):  # a checkout that is not installed
        attributes["creation_library_version"] = metadata.version("mc-sie")
    return attributes


def _of_weights(weights: NDArray[np.float64], rows: NDArray[np.intp]) -> dict[str, Any]:
    """What the weights were worth before draws of equal weight took their place."""
    attributes = {
        "resampled": "to equal weight within each replicate, so that draws stand there several times",
        "n_distinct": len(np.unique(rows)),
        "ess": effective_size(weights),
    }
    if weights.min() < weights.max():
        attributes["pareto_k"] = pareto_k(weights)
    return attributes


def _described(name: str) -> dict[str, str]:
    """Unit and meaning of a quantity or an outcome, as ArviZ and xarray show them."""
    if name == POOL_DIMENSION:
        return {"long_name": "member of the pool"}
    kind = QUANTITIES.get(name) or OUTCOME_KINDS[name]
    return {"units": kind.unit, "long_name": kind.meaning, "missing": MASKED}


# --- Arrays ----------------------------------------------------------------------------------------------------------


def _variable(sample: Sample, attributes: Mapping[str, str], values: NDArray[Any], *more: str) -> xr.Variable:
    """Values of draws as chains; what is infinite becomes nan."""
    import xarray as xr

    if values.dtype.kind == "f":
        values = np.where(np.isfinite(values), values, np.nan)
    shape = (sample.design.n_replicates, sample.design.n_per_replicate, *values.shape[1:])
    return xr.Variable((*SAMPLE_DIMS, *more), values.reshape(shape), attributes)


def _stacked(
    sample: Sample, by_index: Mapping[float, NDArray[Any]], dimension: str, marks: list[float], attributes: Any
) -> xr.Variable:
    """Columns of one outcome side by side; nan where one was not stored."""
    n = len(next(iter(by_index.values())))
    absent = np.full(n, np.nan)
    columns = [by_index.get(mark, absent) for mark in marks]
    return _variable(sample, attributes, np.stack(columns, axis=1), dimension)


def _masked(flags: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[Any]:
    """Flags as 0 and 1, of which ArviZ takes quantiles; nan where not known."""
    if known.all():
        return flags.astype(np.int8)
    return np.where(known, flags, np.nan)


def _varies(values: NDArray[np.generic]) -> bool:
    """True unless every draw has the same value, or none has one."""
    numbers = np.asarray(values, dtype=np.float64)
    return not np.isnan(numbers).all() and not (numbers == numbers[0]).all()
