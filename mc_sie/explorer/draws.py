"""Draws for a page that answers by weights: from a proposal wide enough for other people's priors, in 16 bits each.

The proposal is a pool of whole sets: the base prior; the base with one quantity at a time made wide, or set free where
it is fixed; the base with all of it wide; and the shipped sets. So it has the atoms and the modes of all of them.
Values are rounded to the middle of one of 65,000 cells on the quantity's natural scale *before* they are simulated
(values with a probability of their own stay exact), so that whoever decodes the numbers has the very draws whose
outcomes are given.

An answer for another prior is the weighted share of the draws in which the event holds. Densities are normalised, so
that the weights have mean 1 where the draws cover the other prior, and fall short of it by the part that they lack.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.proposal import dimension_of
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_unconditioned, evaluate
from mc_sie.errors import InputError
from mc_sie.events import TIE, Condition, Event
from mc_sie.explorer.densities import log_density, own_probability
from mc_sie.priors import Entry, PriorSet, entry, load_prior, pool, shipped_priors
from mc_sie.priors.consistency import AUTONOMOUS_MODES
from mc_sie.priors.modified import from_scale, to_scale
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, MODES, QUANTITIES, TOP_OOMS
from mc_sie.sampling import Design, plan, points
from mc_sie.stats.estimates import WeightedEstimate, effective_size, estimate_weighted, replicate_se
from mc_sie.stats.pareto import k_high, pareto_k
from mc_sie.units import MONTHS_PER_YEAR

Array = NDArray[np.float64]

DRAWS_DEFAULT = 2**16
"""Draws that a page carries when nothing else is asked for."""

ESS_FEWEST = 1000.0
"""With fewer draws of equal weight than this an answer is not shown as one."""

ESS_LOW = 5000.0
"""With fewer draws of equal weight than this an answer is to be taken with care."""

LACKING_HIGH = 0.01
"""Largest part of a prior that the draws may lack."""

N_CELLS = 65_000
"""Cells that a quantity's range is divided into."""

N_VALUES_HIGH = 500
"""Most values with a probability of their own that one quantity can have."""

N_TRAJECTORIES = 768
"""Draws whose trajectories are carried."""

TRAJECTORY_OOMS = tuple(0.5 * step for step in range(1, int(2 * TOP_OOMS) + 1))
"""Gains at which the times of a trajectory are kept, OOM."""

EXCEEDANCE_STEPS = 2000
"""Steps in one OOM of the largest gain within a year; whole OOM are kept exactly."""

EVENT_OOMS, EVENT_MONTHS = (3.0, 5.0, 7.0, 10.0), (6.0, 12.0, 24.0, 60.0)
"""Events that are carried beside the one asked about: a gain and a number of months."""

_WEIGHTS = {"base": 0.08, "one wide": 0.37, "all wide": 0.04, "modes": 0.04, "set free": 0.34, "shipped": 0.13}
_ARGUED = (
    "rho", "r", "alpha_compute", "experiment_efficiency_share", "labour_per_efficiency", "labour_multiplier",
    "training_months",
)  # fmt: skip
_ARGUED_TIMES = 2.5  # more draws than for other quantities that are made wide or set free
_FREE_SD_LOG, _FREE_SD = 0.5, 0.3  # width of a quantity that is fixed in the base
_WIDER = 0.55  # sd of a wide law over the distance between the 5th and 95th percentile: 1.8 of a normal's own
_FLAT, _FLAT_SDS = 0.65, 2.2  # share of a wide law that is flat, and up to how many such sds
_UNSTATED: dict[str, dict[str, Any]] = {
    "speedup_initial": {"family": "lognormal", "median": 8.0, "sd_log": 0.9},
    "rho_long": {"family": "normal", "mean": -0.05, "sd": 0.3, "truncate_high": 0.95},
    "reconfiguration_half_life_months": {"family": "lognormal", "median": 24.0, "sd_log": 1.2, "truncate_high": 1e4},
    "route2_rho": {"family": "normal", "mean": -0.3, "sd": 0.4, "truncate_high": 0.95},
    "route2_alpha_compute": {"family": "uniform", "low": 0.02, "high": 0.95},
}
_NARROWED = {
    "sigma": (0.021, 20.0), "max_speed": (1.05, 1e6), "max_speed_compute": (1.05, 1e9), "r_total": (0.1, 40.0),
    "r_cumulative": (0.1, 100.0), "limit_ooms": (0.5, 100.0),
}  # fmt: skip
_SHARE_ENDS = {"alpha_compute": (0.02, 0.95), "route2_alpha_compute": (0.02, 0.95)}
_SOURCE = "the explorer's proposal"


# --- The proposal ----------------------------------------------------------------------------------------------------


def check_explorable(prior: PriorSet) -> None:
    """Refuse a set whose density the page cannot compute.

    Parameters
    ----------
    prior : PriorSet
        The set.

    Raises
    ------
    InputError
        When it is conditioned on evidence, or some of its quantities are correlated.
    """
    check_unconditioned(prior, "the explorer")
    for member, _ in prior.plain_sets:
        if member.dependence.names:
            why = "has correlated quantities, which the page cannot weigh"
            remedy = "Take [[correlation]] out, or use mc-sie run, which keeps it."
            raise InputError(member.name, why, remedy)


def theirs() -> dict[str, PriorSet]:
    """The shipped sets that a page can weigh, by name."""
    found = {name: load_prior(name) for name in shipped_priors()}
    return {
        name: one
        for name, one in found.items()
        if not one.evidence and not any(m.dependence.names for m, _ in one.plain_sets)
    }


def proposal_for(base: PriorSet) -> PriorSet:
    """The pool that the draws of a page come from.

    Parameters
    ----------
    base : PriorSet
        The prior that the page starts from.

    Returns
    -------
    PriorSet
        A pool that covers the base, changes of one of its quantities at a time (of a pool: of its first member's),
        moderate changes of several, every mode, and the shipped sets.
    """
    check_explorable(base)
    own = {one.digest for one, _ in base.plain_sets}
    groups = {"shipped": [one for one in theirs().values() if not one.members and one.digest not in own]}
    groups |= _around(base.plain_sets[0][0])
    members = [(one, _WEIGHTS["base"] * weight) for one, weight in base.plain_sets]
    for kind, sets in groups.items():
        shares = [_ARGUED_TIMES if kind in _ONE_CHANGED and _first_changed(one) in _ARGUED else 1.0 for one in sets]
        members += [(one, _WEIGHTS[kind] * share / math.fsum(shares)) for one, share in zip(sets, shares, strict=True)]
    total = math.fsum(weight for _, weight in members)
    return pool(f"{base.name}-wide", [(one, weight / total) for one, weight in members], _SOURCE)


def _around(base: PriorSet) -> dict[str, list[PriorSet]]:
    """A set with its quantities made wide or set free."""
    modes = {"mode": _all_modes(base, 0.8)}
    wide = {
        name: _wide(one) for name, one in base.entries.items() if name != "mode" and one.distribution.constant is None
    }
    changes: dict[str, list[dict[str, Entry]]] = {
        "one wide": [{name: one, **modes} for name, one in wide.items()],
        "all wide": [{**wide, "mode": _all_modes(base, 0.5)}],
        "modes": [{"mode": _all_modes(base, 0.0)}],
        "set free": [
            {name: _free(one)}
            for name, one in base.entries.items()
            if name != "mode" and one.distribution.constant is not None
        ],
    }
    changes["set free"] += _added(base)
    made = {
        kind: [found for one in several if (found := _changed(base, one, kind)) is not None]
        for kind, several in changes.items()
    }
    return {kind: several for kind, several in made.items() if several}


_ONE_CHANGED = ("one wide", "set free")


def _first_changed(changed: PriorSet) -> str:
    """The quantity that a set of the proposal was made for."""
    return next((name for name, one in changed.entries.items() if one.source == _SOURCE and name != "mode"), "")


def _changed(base: PriorSet, changes: Mapping[str, Entry], kind: str) -> PriorSet | None:
    try:
        return base.replaced(changes, f"{base.name}, {kind}: {', '.join(changes)}")
    except InputError:  # what does not go together has no draws, and the page says so
        return None


def _added(base: PriorSet) -> list[dict[str, Entry]]:
    """Quantities that a set does not give, those together that are given together."""
    found: list[dict[str, Entry]] = []
    for names in (
        ("speedup_initial",),
        ("rho_long", "reconfiguration_half_life_months"),
        ("route2_rho", "route2_alpha_compute"),
    ):
        if names[0] in base.entries:
            continue
        added = {name: entry(name, _UNSTATED[name], source=_SOURCE, unit=QUANTITIES[name].unit) for name in names}
        if "rho_long" in names:
            added["mode"] = _modes([name for name in MODES if name not in AUTONOMOUS_MODES])
        found.append(added)
    return found


def _all_modes(base: PriorSet, share: float) -> Entry:
    """Every mode that goes with a set, and its own credences with some share."""
    allowed = [name for name in MODES if name not in AUTONOMOUS_MODES or "rho_long" not in base.entries]
    own = {MODES[int(code)]: prob for code, prob in base.entries["mode"].distribution.atoms}
    return _modes(allowed, {name: share * own.get(name, 0.0) + (1.0 - share) / len(allowed) for name in allowed})


def _modes(names: Sequence[str], credences: Mapping[str, float] | None = None) -> Entry:
    values = credences or {name: 1.0 / len(names) for name in names}
    return entry("mode", {"family": "categorical", "values": dict(values)}, source=_SOURCE)


def _wide(stated: Entry) -> Entry:
    """A wider law around that of an entry, and half of its own."""
    law, scale = stated.distribution, QUANTITIES[stated.name].scale
    low, middle, high = to_scale(scale, law.ppf([0.05, 0.5, 0.95]))
    is_usable = all(map(math.isfinite, (low, middle, high))) and low < high
    spread = _WIDER * (high - low) if is_usable else _FREE_SD_LOG
    centre = 0.5 * (low + high) if is_usable else 0.0
    return _broad(stated.name, float(centre), float(spread))


def _free(stated: Entry) -> Entry:
    """A wide law around a fixed value, and a quarter on the value itself."""
    value, scale = float(stated.distribution.constant or 0.0), QUANTITIES[stated.name].scale
    place = float(to_scale(scale, value))
    away = math.nan if scale == "logit" else math.log(10.0)  # from a share of nothing anywhere; no limit: ten OOM
    centre = place if math.isfinite(place) else away
    spread = _FREE_SD if scale == "linear" else _FREE_SD_LOG
    broad = _broad(stated.name, centre, spread)
    parts = [
        {"weight": 0.1, "family": "fixed", "value": value},
        *({**one, "weight": 0.9 * one["weight"]} for one in broad.parameters["components"]),
    ]
    return entry(stated.name, {"family": "mixture", "components": parts}, source=_SOURCE, unit=stated.unit)


def _broad(name: str, centre: float, spread: float) -> Entry:
    """A law that is flat around a place on the quantity's natural scale and has tails beyond, within its domain."""
    quantity = QUANTITIES[name]
    low, high = _NARROWED.get(name, (quantity.low, quantity.high))
    if quantity.high_open and quantity.scale == "linear":
        high -= 0.05
    ends = from_scale(quantity.scale, [centre - _FLAT_SDS * spread, centre + _FLAT_SDS * spread])
    flat = {"low": float(np.fmax(ends[0], low)), "high": float(np.fmin(ends[1], high))}
    parts: list[dict[str, Any]]
    if quantity.scale == "logit":
        low, high = _SHARE_ENDS.get(name, (low, high))
        flat = {"low": low, "high": high}
        share = float(from_scale("logit", centre))
        tight = {"family": "beta", "a": 1.0 + 12.0 * share, "b": 1.0 + 12.0 * (1.0 - share), **flat}
        parts = [{"family": "uniform", **flat} if math.isnan(share) else tight, {"family": "uniform", **flat}]
    elif quantity.scale == "log":
        tails = {"family": "lognormal", "median": math.exp(centre), "sd_log": spread}
        tails |= {"truncate_low": low} if low > 0.0 else {}
        tails |= {"truncate_high": high} if math.isfinite(high) else {}
        parts = [{"family": "loguniform", **flat}, tails]
    else:
        tails = {"family": "normal", "mean": centre, "sd": spread, "truncate_low": low, "truncate_high": high}
        parts = [{"family": "uniform", **flat}, tails]
    weighted = [{**part, "weight": share} for part, share in zip(parts, (_FLAT, 1.0 - _FLAT), strict=True)]
    return entry(name, {"family": "mixture", "components": weighted}, source=_SOURCE, unit=quantity.unit)


# --- Sixteen bits a value --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coding:
    """How the values of one quantity are written in 16 bits.

    Attributes
    ----------
    scale : {"linear", "log", "logit"}
        Natural scale on which the cells are equal.
    start, step : float
        Lower end of the first cell, and width of a cell.
    values : tuple of float
        Codes from 0: values that are kept exactly, nan (not given) among them. The cells follow.
    """

    scale: str
    start: float
    step: float
    values: tuple[float, ...]

    def decoded(self, codes: NDArray[np.uint16]) -> Array:
        """Values of codes, in the quantity's unit."""
        n = len(self.values)
        cell = np.maximum(codes.astype(np.float64) - n, 0.0)
        inside = from_scale(self.scale, self.start + (cell + 0.5) * self.step)
        return np.where(codes < n, np.append(self.values, np.nan)[np.minimum(codes, n)], inside)


def coded(values: Array, is_exact: NDArray[np.bool_], scale: str, name: str) -> tuple[Coding, NDArray[np.uint16]]:
    """Values of one quantity in 16 bits.

    Parameters
    ----------
    values : array of shape (n,)
        In the quantity's unit; nan where it is not given.
    is_exact : array of shape (n,), bool
        Which are kept exactly; nan is.
    scale : {"linear", "log", "logit"}
        Natural scale.
    name : str
        Of the quantity, for the error.

    Returns
    -------
    coding : Coding
        How.
    codes : array of shape (n,), uint16
        The codes; each value that is not kept exactly becomes the middle of its cell.

    Raises
    ------
    InputError
        When there are too many values to keep.
    """
    exact = is_exact | np.isnan(values) | ~np.isfinite(to_scale(scale, np.where(np.isnan(values), 0.5, values)))
    kept = np.unique(values[exact])  # nan last
    if len(kept) > N_VALUES_HIGH:
        why = f"follows from fixed values and varies all the same: {len(kept)} values have a probability of their own"
        raise InputError(name, why, "Give what determines it a range, or use mc-sie run.")
    codes = np.searchsorted(kept, values).astype(np.uint16)
    codes[np.isnan(values)] = max(len(kept) - 1, 0)
    start = step = 1.0
    if not exact.all():
        places = to_scale(scale, values[~exact])
        start = float(places.min())
        step = max((float(places.max()) - start) / N_CELLS, 1e-12)
        cells = np.minimum((places - start) / step, N_CELLS - 1.0).astype(np.uint16)
        codes[~exact] = cells + len(kept)
    return Coding(scale, start, step, tuple(float(value) for value in kept)), codes


# --- The draws -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carried:
    """The draws of a page. Made by :func:`carry`.

    Attributes
    ----------
    base, proposal : PriorSet
        Where the page starts, and what was drawn from.
    design : Design
        Seed, replicates and size; draws stand replicate by replicate.
    horizon_months : float
        End of each trajectory.
    events : tuple of Event
        What can be asked; the first is the one asked for.
    codings : dict of str to Coding
        By quantity of the model.
    codes : dict of str to array of shape (n,), uint16
        The draws.
    log_proposal : array of shape (n,)
        Logarithm of the proposal's density at each draw.
    is_exact : dict of str to array of shape (n,), bool
        Which values have a probability of their own, so that masses are compared with masses.
    is_counted : array of shape (n,), bool
        Which draws count: they were simulated, and rounding has not put them where the proposal has no density.
    hits : array of shape (n_events, n), bool
        Of which draws each event is true.
    gain_codes : array of shape (n,), uint16
        Largest gain within a year (or the horizon), in steps of 1/2000 OOM, rounded down.
    shown : array of shape (m,)
        Draws whose trajectories are carried.
    months : array of shape (m, len(TRAJECTORY_OOMS))
        When they reach each gain; inf where they do not.
    """

    base: PriorSet
    proposal: PriorSet
    design: Design
    horizon_months: float
    events: tuple[Event, ...]
    codings: dict[str, Coding]
    codes: dict[str, NDArray[np.uint16]]
    log_proposal: Array
    is_exact: dict[str, NDArray[np.bool_]]
    is_counted: NDArray[np.bool_]
    hits: NDArray[np.bool_]
    gain_codes: NDArray[np.uint16]
    shown: NDArray[np.intp]
    months: Array

    @cached_property
    def draws(self) -> dict[str, NDArray[np.generic]]:
        """The values that the codes stand for."""
        return _decoded(self.codings, self.codes)

    @property
    def window_months(self) -> float:
        """The window of ``gain_codes``: a year, or the horizon if that is shorter."""
        return min(MONTHS_PER_YEAR, self.horizon_months)


def _decoded(codings: Mapping[str, Coding], codes: Mapping[str, NDArray[np.uint16]]) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {name: coding.decoded(codes[name]) for name, coding in codings.items()}
    found["mode"] = found["mode"].astype(np.int8)
    return found


def events_for(asked: Event, horizon_months: float) -> tuple[Event, ...]:
    """Events that a page can be asked about: the one given, its twin from day one, and a grid of gains and months."""
    grid = [
        Event(((Condition(outcome, ooms, "<", months),),))
        for outcome in ("best_window_months", "months_to")
        for ooms in EVENT_OOMS
        for months in EVENT_MONTHS
        if months <= horizon_months
    ]
    twin = [] if asked.from_start is None else [asked.from_start]
    return tuple(dict.fromkeys([asked, *twin, *grid]))


def carry(
    base: PriorSet,
    asked: Event,
    n_draws: int = DRAWS_DEFAULT,
    *,
    seed: int = 0,
    n_replicates: int = 32,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Carried:
    """Draw from a wide proposal, round, simulate what was rounded.

    Parameters
    ----------
    base : PriorSet
        The prior that the page starts from.
    asked : Event
        The event.
    n_draws : int
        Draws, rounded up to replicates times a power of two.
    seed, n_replicates, horizon_months, threads, progress
        As in :func:`mc_sie.simulate`.

    Returns
    -------
    Carried
        Draws, the density they come from, and their outcomes.

    Raises
    ------
    InputError
        For a set whose density the page cannot compute, and sizes that cannot be used.
    """
    asked.check_horizon(horizon_months)
    proposal = proposal_for(base)
    design = plan(n_draws, seed=seed, n_replicates=n_replicates)
    n = design.n_draws
    uniforms = {name: points(design, dimension_of(name), 0, n) for name in proposal.dimensions}
    drawn = {name: np.asarray(values, dtype=np.float64) for name, values in proposal.values(uniforms).items()}
    own = own_probability(proposal, drawn)
    codings, codes = {}, {}
    for name in MODEL_QUANTITIES:
        codings[name], codes[name] = coded(drawn[name], own[name], QUANTITIES[name].scale, name)
    draws = _decoded(codings, codes)
    own = own_probability(proposal, draws)
    for name, coding in codings.items():
        if not np.array_equal(own[name], codes[name] < len(coding.values)):
            raise InputError(
                name, "has values that are sometimes probable in themselves and sometimes not", "Use mc-sie run."
            )
    log_proposal = log_density(proposal, draws, own)
    events = events_for(asked, horizon_months)
    window = min(MONTHS_PER_YEAR, horizon_months)
    outcomes = evaluate(
        {**draws, "horizon_months": horizon_months},
        levels=sorted({level for event in events for level in event.levels}),
        widths=sorted({window, *(width for event in events for width in event.widths)}),
        threads=threads,
        progress=progress,
    )
    is_counted = outcomes.is_ok & np.isfinite(log_proposal)
    candidates = np.flatnonzero(is_counted)
    generator = np.random.default_rng(seed)
    shown = np.sort(generator.choice(candidates, min(N_TRAJECTORIES, len(candidates)), replace=False))
    followed = {name: values[shown] for name, values in draws.items()} | {"horizon_months": horizon_months}
    months = evaluate(followed, levels=TRAJECTORY_OOMS, threads=threads).months_to
    return Carried(
        base,
        proposal,
        design,
        horizon_months,
        events,
        codings,
        codes,
        np.where(is_counted, log_proposal, 0.0),
        own,
        is_counted,
        np.array([event.holds(outcomes) for event in events]) & is_counted,
        _gain_codes(outcomes.values("best_gain_ooms", window)),
        shown,
        months,
    )


def _gain_codes(gains: Array) -> NDArray[np.uint16]:
    """Steps that a gain reaches, with ties at whole OOM counted as reached."""
    gains = np.nan_to_num(gains)
    steps = np.floor(EXCEEDANCE_STEPS * gains)
    whole = np.rint(gains)
    is_tie = (gains < whole) & (gains >= whole - TIE * np.maximum(1.0, whole))
    return np.clip(np.where(is_tie, EXCEEDANCE_STEPS * whole, steps), 0, EXCEEDANCE_STEPS * TOP_OOMS).astype(np.uint16)


# --- An answer -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """An answer by weights, and whether it may be used.

    Attributes
    ----------
    answer : WeightedEstimate
        The probability.
    pareto_k : float
        Shape of the tail of the weights.
    covered, covered_se : float
        Mean weight, which is the part of the prior that the draws cover, and its standard error.
    light : {"green", "amber", "red"}
        Whether to use it: green; amber with care; red: simulate it.
    reasons : tuple of str
        Why it is not green.
    """

    answer: WeightedEstimate
    pareto_k: float
    covered: float
    covered_se: float
    light: str
    reasons: tuple[str, ...]


def log_weights(carried: Carried, prior: PriorSet) -> Array:
    """Logarithm of how much likelier a prior makes each draw than the proposal; -inf for draws that do not count.

    Parameters
    ----------
    carried : Carried
        The draws.
    prior : PriorSet
        A set without evidence and correlations; others are refused with an ``InputError``.

    Returns
    -------
    array of shape (n,)
    """
    check_explorable(prior)
    log_target = log_density(prior, carried.draws, carried.is_exact)
    return np.where(carried.is_counted, log_target - carried.log_proposal, -np.inf)


def read_off(carried: Carried, prior: PriorSet, event: int = 0) -> Reading:
    """The answer of a prior from the draws of a page.

    Parameters
    ----------
    carried : Carried
        The draws.
    prior : PriorSet
        A set without evidence and correlations; others are refused with an ``InputError``.
    event : int
        Which of ``carried.events``.

    Returns
    -------
    Reading
        What the page shows for it.

    Notes
    -----
    Green needs k-hat below ``min(1 - 1/log10 n, 0.7)``, draws worth 5,000 of equal weight, and no more than 1 % of the
    prior (or three standard errors) outside the draws; amber makes do with draws worth 1,000. Weights of a set that the
    proposal has among its members are bounded by one over its share, so that there k-hat is not asked for.
    """
    log_ratio = log_weights(carried, prior)
    weights = np.exp(log_ratio)
    answer = estimate_weighted(carried.hits[event], carried.is_counted, weights, carried.design.n_replicates)
    by_replicate = weights.reshape(carried.design.n_replicates, -1).mean(axis=1)
    covered, se = float(by_replicate.mean()), replicate_se(by_replicate)
    ess, k = effective_size(weights), pareto_k(weights) if weights.any() else math.nan
    drawn = {member.digest for member, _ in carried.proposal.members}
    is_bounded = all(member.digest in drawn for member, _ in prior.plain_sets)
    light, reasons = _light(len(weights), ess, k, covered, se, is_bounded=is_bounded)
    return Reading(answer, k, covered, se, light, reasons)


def _light(n: int, ess: float, k: float, covered: float, se: float, *, is_bounded: bool) -> tuple[str, tuple[str, ...]]:
    red = []
    if not k < k_high(n) and not is_bounded:
        red.append(f"the weights have a heavy tail (k-hat {k:.2f}, should be below {k_high(n):.2f})")
    if ess < ESS_FEWEST:
        red.append(f"the draws are worth only {ess:,.0f} of equal weight, below {ESS_FEWEST:,.0f}")
    if 1.0 - covered > max(LACKING_HIGH, 3.0 * se):
        red.append(f"{100.0 * (1.0 - covered):.2g} % of the prior lies where there are no draws")
    if red:
        return "red", tuple(red)
    if ess < ESS_LOW:
        return "amber", (f"the draws are worth {ess:,.0f} of equal weight, below {ESS_LOW:,.0f}",)
    return "green", ()
