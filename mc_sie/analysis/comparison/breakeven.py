"""Break-even values and medians of single inputs, and the effect of a small change of each.

An input is pinned at one value after another, or its whole prior is moved on its natural scale, and the event is put to
each such set on the same points. :mod:`mc_sie.analysis.comparison.crossings` finds where the answer turns.

Evidence comes after the change: the set with the input pinned is a prior like any other, and is asked given the
evidence. All other inputs then are what the evidence says of them if the input has that value. The other order, to
change the input and leave the rest as the evidence left it, would hold on to what was learned from a measurement in a
world in which it would have come out otherwise. How likely the evidence is at a value, relative to the set as it is,
is told with it: a value at which the answer turns may be one that the evidence all but excludes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import (
    Answer,
    CommonDraws,
    change_between,
    common_draws,
    evidence_notes,
)
from mc_sie.analysis.comparison.crossings import Crossing, Scan, TooFarError
from mc_sie.analysis.comparison.structure import ask_modes, failures
from mc_sie.analysis.importance.common_points import Worth
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_prior_set
from mc_sie.errors import InputError, nearest
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet
from mc_sie.priors.acting import acting_sentences
from mc_sie.priors.modified import Moved, change_in_words, from_scale, moved_entry, to_scale
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, QUANTITIES, Quantity
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import decimals, label
from mc_sie.text.showing import Shown

DRAWS_DEFAULT = 2**14
"""Draws for each rerun when nothing else is asked for."""

TARGETS = (0.1, 0.5, 0.9)
"""Probabilities at which the answer counts as turned."""

WIDENING = 1.25
"""Factor by which a prior is widened for the table of small changes."""

OUTSIDE_HIGH = 0.5
"""Largest share of a moved prior that may have been cut off at the domain for the move to count."""

_SDS = (-8.0, -6.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_REACH = 12.0  # how far beyond its quantiles an input is pinned where its domain has no end
_HAIR = 1e-6  # how far from a bound that is excluded
_SPREAD = {"linear": 0.25, "log": math.log(2.0), "logit": 1.0}  # of an input that is one number
_RERUNS_EXPECTED = 90  # of one input, for the progress bar


@dataclass(frozen=True, repr=False)
class BreakEven(Shown):
    """Where single inputs turn the answer.

    Attributes
    ----------
    common : CommonDraws
        Event, points and horizon.
    prior : PriorSet
        The set.
    answer : Answer
        What it answers as it is.
    values : pandas.DataFrame
        One row a crossing: ``quantity``, ``unit``, ``varied`` (``value`` if pinned, ``median`` if the whole prior was
        moved), ``target``, ``kind``, ``value`` with ``se``, ``low``, ``high`` (90 % t) in the quantity's unit (an end
        beyond which no such set can be made is nan, and :attr:`notes` says why),
        ``direction``, the ``move`` of the prior in words and the share that it cuts off ``outside`` the domain, and the
        ends of what was scanned with P there: ``scanned_low``, ``prob_low``, ``label_low``, ``scanned_high``,
        ``prob_high``, ``label_high``; for a set that states evidence also ``likelihood_ratio``, as in :attr:`curves`,
        interpolated. ``kind`` is ``crossing``, ``jump`` (P steps over the target at the value),
        ``between`` (at no finite value between ``low`` and ``high``), or in one row a target ``never``, where the whole
        domain was scanned, and ``not found``, where the scan ended within it.
    changes : pandas.DataFrame
        One row an input and small change (one sd up, one down, 1.25 times as wide): ``quantity``, ``step``,
        ``in_words``, ``sd`` (on the natural ``scale``), the change of P with its error, ``outside`` (share cut off at
        the domain), ``remark``.
    curves : pandas.DataFrame
        Every rerun: ``quantity``, ``varied``, ``value``, ``prob``, ``se``, ``low``, ``high``; for a set that states
        evidence also ``ess``, the effective sample size, and ``likelihood_ratio``, how much likelier the evidence is
        there than in the set as it is.
    modes : pandas.DataFrame
        P with all credence on each retraining mode; empty where the mode was not asked for.
    notes : tuple of str
        What was left out and why, in which reruns draws failed, and which inputs do not act in every draw.
    """

    common: CommonDraws
    prior: PriorSet
    answer: Answer
    values: pd.DataFrame
    changes: pd.DataFrame
    curves: pd.DataFrame
    modes: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Set and event, and what was left out."""
        return (f"{self.prior.name}: {self.common.event}", *self.notes)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Crossings of the targets, and effects of small changes."""
        return (self.values, self.changes)


def breakeven(
    prior: PriorSet,
    quantities: Sequence[str] = (),
    *,
    targets: Sequence[float] = TARGETS,
    event: Event | str = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    threads: int | None = None,
    progress: Progress | None = None,
) -> BreakEven:
    """Values and medians of single inputs at which the probability is 10, 50 and 90 %, and effects of small changes.

    Parameters
    ----------
    prior : PriorSet
        A set or a pool, of which every member is changed.
    quantities : sequence of str
        Inputs; those that vary and the mode if none are given. One that is fixed can be asked for and is only pinned.
    targets : sequence of float
        Probabilities, in (0, 1).
    event : Event or str
        The event.
    n_draws : int
        Draws for each rerun, of which there are some ninety an input.
    seed, scheme, n_replicates, horizon_months, threads
        As in :func:`mc_sie.simulate`.
    progress : callable, optional
        Called with reruns done and reruns expected.

    Returns
    -------
    BreakEven
        Tables and notes.

    Raises
    ------
    InputError
        For a quantity that does not exist, a target outside (0, 1), or an event or sizes that cannot be used.

    Notes
    -----
    Pinning is an intervention: all other inputs keep their distributions, also those correlated with it. Given evidence
    they keep those from before it, and the evidence then says what it says of them.

    The error of a break-even value is that of P there over the slope of P (delta method).
    """
    check_prior_set(prior, "breakeven")
    _check(prior, quantities, targets)
    common = common_draws(
        event,
        n_draws=n_draws,
        seed=seed,
        scheme=scheme,
        n_replicates=n_replicates,
        horizon_months=horizon_months,
        priors=[prior],
        threads=threads,
    )
    names = tuple(dict.fromkeys(quantities)) or ("mode", *_varying(prior))
    numbers = [name for name in names if name != "mode"]
    answer = common.ask(prior)
    bar = _RerunBar(progress, len(numbers) * _RERUNS_EXPECTED)
    parts = [_input(common, prior, answer, name, sorted(set(targets)), bar.part(i)) for i, name in enumerate(numbers)]
    bar.end()
    modes = pd.DataFrame()
    if "mode" in names:
        modes = ask_modes(common, prior)
    value_columns = list(_VALUE_COLUMNS)
    curve_columns = list(_CURVE_COLUMNS)
    notes = [*failures(modes, "mode"), *(note for part in parts for note in part.notes)]
    if prior.evidence:
        value_columns.append("likelihood_ratio")
        curve_columns += ["ess", "likelihood_ratio"]
        worths = [answer.worth, *(worth for part in parts for worth in part.worths)]
        notes = [AFTER_EVIDENCE, *evidence_notes(worths, common.design.n_draws, "reruns"), *notes]
    return BreakEven(
        common=common,
        prior=prior,
        answer=answer,
        values=pd.DataFrame([row for part in parts for row in part.values], columns=value_columns),
        changes=pd.DataFrame([row for part in parts for row in part.changes], columns=list(_CHANGE_COLUMNS)),
        curves=pd.DataFrame([row for part in parts for row in part.curves], columns=curve_columns),
        modes=modes,
        notes=(*dict.fromkeys(notes), *acting_sentences(prior, numbers)),
    )


AFTER_EVIDENCE = (
    "An input is pinned, or its prior moved, before the evidence: all others then are what the evidence says of them "
    "in that case. Medians are those before the evidence, too."
)
"""What is said of every table given evidence."""

LIKELIHOOD_RATIO_LOW = 0.1
"""A break-even at which the evidence is less likely than so, relative to the set as it is, is pointed out."""

_VALUE_COLUMNS = (
    "quantity", "unit", "varied", "target", "kind", "value", "se", "low", "high", "direction", "move", "outside",
    "scanned_low", "prob_low", "label_low", "scanned_high", "prob_high", "label_high",
)  # fmt: skip
_CHANGE_COLUMNS = (
    "quantity", "step", "in_words", "scale", "sd", "change", "se", "low", "high", "interval", "n_changed", "outside",
    "remark",
)  # fmt: skip
_CURVE_COLUMNS = ("quantity", "varied", "value", "prob", "se", "low", "high")


def pinned_at(found: BreakEven, probs: Sequence[float] = (0.1, 0.9)) -> pd.DataFrame:
    """The probability with each input of a result pinned at quantiles of its own prior.

    One row an input and quantile: ``quantity``, ``level``, ``value``, the probability with its error, ``n_failed``.
    """
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(found.curves["quantity"]):
        for prob, value in zip(probs, found.prior.quantiles(name, probs), strict=True):
            answer = found.common.ask(found.prior.pinned(name, float(value)))
            rows.append({"quantity": name, "level": prob, "value": float(value), **answer.columns()})
    return pd.DataFrame(rows)


def _check(prior: PriorSet, quantities: Sequence[str], targets: Sequence[float]) -> None:
    """Refuse quantities that the set does not give, and targets that are no probabilities."""
    for name in quantities:
        if name not in QUANTITIES:
            raise InputError(f"quantities = {name}", "is no quantity", nearest(name, QUANTITIES))
        if name != "mode" and not _is_given(prior, name):
            given = ", ".join(one for one in QUANTITIES if one != "mode" and _is_given(prior, one))
            raise InputError(f"quantities = {name}", f"is not given by {prior.name}", f"It gives {given}.")
    if not targets:
        raise InputError("targets", "are none", "Give at least one, such as 0.5.")
    for target in targets:
        if not 0.0 < target < 1.0:
            raise InputError(f"targets = {target:g}", "is not between 0 and 1", "0.5 is an even chance.")


def _is_given(prior: PriorSet, name: str) -> bool:
    """True for a quantity that is stated, and for rho and r, which every set determines."""
    if name in ("rho", "r"):
        return True
    return any(name in member.entries for member, _ in prior.plain_sets)


def _varying(prior: PriorSet) -> tuple[str, ...]:
    """Stated quantities, of a pool those of the law of motion, that are not one number."""
    if not prior.members:
        entries = {name: entry for name, entry in prior.entries.items() if name != "mode"}
        return tuple(name for name, entry in entries.items() if entry.distribution.constant is None)
    given = [name for name in MODEL_QUANTITIES if name != "mode" and _is_given(prior, name)]
    return tuple(name for name in given if len(set(prior.quantiles(name, list(_MIDDLES)))) > 1)


_MIDDLES = (np.arange(4096) + 0.5) / 4096
"""Probabilities of the quantiles from which a distribution's spread on its natural scale is taken."""


def _positions(prior: PriorSet, name: str, probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles on the natural scale, those at finite positions."""
    positions = to_scale(QUANTITIES[name].scale, prior.quantiles(name, list(probs)))
    return np.asarray(positions[np.isfinite(positions)])


class _RerunBar:
    """Progress in reruns. How many an input takes is known only afterwards: each has an equal part of the bar."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total

    def part(self, index: int) -> Callable[[], None]:
        """A counter of the reruns of one input; those beyond its part leave the bar where it is."""
        n_done = 0

        def count() -> None:
            nonlocal n_done
            n_done = min(n_done + 1, _RERUNS_EXPECTED - 1)
            if self._progress:
                self._progress(index * _RERUNS_EXPECTED + n_done, self._total)

        return count

    def end(self) -> None:
        """Fill the bar."""
        if self._progress:
            self._progress(self._total, self._total)


# ------------------------------------------------------------------------------------------------ one input


@dataclass
class _Part:
    """Rows of the tables, and notes, about one input."""

    values: list[dict[str, object]] = field(default_factory=list)
    changes: list[dict[str, object]] = field(default_factory=list)
    curves: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    worths: list[Worth | None] = field(default_factory=list)


def _input(
    common: CommonDraws,
    prior: PriorSet,
    base: Answer,
    name: str,
    targets: Sequence[float],
    on_rerun: Callable[[], None],
) -> _Part:
    """Everything about one input: pinned, moved as a whole, and changed a little."""
    part = _Part()
    _pin(part, common, prior, base, name, targets, on_rerun)
    if not _is_movable(prior, name):
        if prior.members:
            part.notes.append(f"{name}: not moved as a whole, because the members of the pool state it in other ways.")
        return part
    positions = _positions(prior, name, _MIDDLES)
    if positions.size == 0 or np.ptp(positions) == 0.0:
        return part
    sd = float(positions.std())
    _move(part, common, prior, base, name, sd, targets, on_rerun)
    for step, shift, widening in (("+1 sd", sd, 1.0), ("-1 sd", -sd, 1.0), ("wider", 0.0, WIDENING)):
        row: dict[str, object] = {
            "quantity": name,
            "step": step,
            "in_words": change_in_words(QUANTITIES[name], shift, widening),
            "scale": QUANTITIES[name].scale,
            "sd": sd,
            "remark": "",
        }
        try:
            changed = _moved(prior, name, shift, widening, float(np.median(positions)))
            answer = common.ask(changed)
            part.worths.append(answer.worth)
            row |= change_between(base, answer).columns() | {"outside": _outside(changed, name)}
            on_rerun()
            if answer.n_failed:
                part.notes.append(f"{name}, {step}: {answer.failed_in_words}")
        except InputError as error:
            row |= dict.fromkeys(("change", "se", "low", "high", "outside"), math.nan)
            row |= {"interval": "", "n_changed": 0, "remark": f"not run: {error.why}"}
        part.changes.append(row)
    return part


def _pin(
    part: _Part,
    common: CommonDraws,
    prior: PriorSet,
    base: Answer,
    name: str,
    targets: Sequence[float],
    on_rerun: Callable[[], None],
) -> None:
    """Break-even values: the input pinned at one position after another."""
    quantity = QUANTITIES[name]

    def value_at(position: float) -> float:
        return _inside(quantity, float(from_scale(quantity.scale, position)))

    scan = Scan(common, lambda position: prior.pinned(name, value_at(position)), on_rerun)
    scan.over(_pinned_grid(prior, quantity))
    scan.extend(targets, *to_scale(quantity.scale, (quantity.low, quantity.high)))
    is_whole = False
    if scan.grid:
        ends = (_inside(quantity, quantity.low), _inside(quantity, quantity.high))
        is_whole = (value_at(scan.grid[0]), value_at(scan.grid[-1])) == ends
    _write(part, scan, base, name, "value", targets, value_at, lambda _: {}, is_whole=is_whole)


def _move(
    part: _Part,
    common: CommonDraws,
    prior: PriorSet,
    base: Answer,
    name: str,
    sd: float,
    targets: Sequence[float],
    on_rerun: Callable[[], None],
) -> None:
    """Break-even medians: the whole prior of the input moved by one shift after another."""
    beyond: list[str] = []

    def median_at(shift: float) -> float:
        try:
            return float(_moved(prior, name, shift).quantiles(name, [0.5])[0])
        except InputError as error:  # an interval can reach further than a prior can be moved
            beyond.append(f"{error.where} {error.why}")
            return math.nan

    def move_at(shift: float) -> dict[str, object]:
        outside = _outside(_moved(prior, name, shift), name)
        return {"move": change_in_words(QUANTITIES[name], shift), "outside": outside}

    scan = Scan(common, lambda shift: _moved(prior, name, shift), on_rerun, {0.0: base})
    scan.over([multiple * sd for multiple in _SDS])
    scan.extend(targets)
    _write(part, scan, base, name, "median", targets, median_at, move_at, is_whole=False)
    if beyond:
        part.notes.append(f"{name}, median: an interval reaches where no such set can be made: {beyond[0]}.")


def _inside(quantity: Quantity, value: float) -> float:
    """A value within the domain, a hair off a bound that is excluded."""
    if quantity.low_open and value <= quantity.low:
        return quantity.low + _HAIR * max(1.0, abs(quantity.low))
    if quantity.high_open and value >= quantity.high:
        return quantity.high - _HAIR * max(1.0, abs(quantity.high))
    return min(max(value, quantity.low), quantity.high)  # against rounding past a bound


def _is_movable(prior: PriorSet, name: str) -> bool:
    """True where every plain set states the quantity itself."""
    return all(name in member.entries for member, _ in prior.plain_sets)


def _moved(prior: PriorSet, name: str, shift: float, widening: float = 1.0, centre: float = 0.0) -> PriorSet:
    """The set with the whole distribution of one quantity moved and widened on its natural scale."""

    def of(one: PriorSet) -> PriorSet:
        try:
            entry = moved_entry(one.entries[name], shift, widening, centre)
        except InputError as error:
            raise TooFarError(error.where, error.why, error.remedy) from None
        moved = entry.distribution
        if isinstance(moved, Moved) and moved.outside > OUTSIDE_HIGH:
            why = f"would leave its domain with probability {moved.outside:.2g}"
            raise TooFarError(f"[{name}] {moved.words}", why, "Move it by less.")
        return one.replaced({name: entry})

    if not prior.members:
        return of(prior)
    return replace(prior, members=tuple((of(member), weight) for member, weight in prior.members)).replaced({})


def _outside(prior: PriorSet, name: str) -> float:
    """Share of a moved prior that was cut off at the domain."""
    parts = [(one.entries[name].distribution, weight) for one, weight in prior.plain_sets]
    return math.fsum(weight * part.outside for part, weight in parts if isinstance(part, Moved))


def _pinned_grid(prior: PriorSet, quantity: Quantity) -> list[float]:
    """Positions at which an input is pinned: quantiles of its prior, and outwards in doubling steps to the domain."""
    probs = np.concatenate([[0.001, 0.01], (np.arange(14) + 0.5) / 14, [0.99, 0.999]])
    inner = sorted(set(_positions(prior, quantity.name, probs))) or [_SPREAD[quantity.scale]]
    spread = inner[-1] - inner[0] or _SPREAD[quantity.scale]
    low, high = (float(end) for end in to_scale(quantity.scale, (quantity.low, quantity.high)))
    grid = list(inner)
    for start, bound, sign, is_open in (
        (inner[0], low, -1.0, quantity.low_open),
        (inner[-1], high, 1.0, quantity.high_open),
    ):
        distance = spread / 4.0
        while distance < abs(bound - start) and (distance <= _REACH or math.isfinite(bound)):
            grid.append(start + sign * distance)
            distance *= 2.0
        if math.isfinite(bound) or not is_open:
            grid.append(bound)
    return sorted(set(grid))


def _write(
    part: _Part,
    scan: Scan,
    base: Answer,
    name: str,
    varied: str,
    targets: Sequence[float],
    value_at: Callable[[float], float],
    move_at: Callable[[float], dict[str, object]],
    *,
    is_whole: bool,
) -> None:
    """Rows for the crossings of every target, and the curve behind them; ``is_whole`` if it spans the whole domain."""
    if scan.refused:
        reason = next(iter(scan.refused.values()))
        part.notes.append(
            f"{name}, {varied}: {len(scan.refused)} of {len(scan.refused) + len(scan.grid)} places were left out, for "
            f"instance: {reason}."
        )
    part.worths += scan.worths
    if not scan.grid:
        return
    start: dict[str, object] = {"quantity": name, "unit": QUANTITIES[name].unit, "varied": varied}
    start |= {"move": "", "outside": math.nan}
    ends: dict[str, object] = {}
    for side, position in (("low", scan.grid[0]), ("high", scan.grid[-1])):
        ends[f"scanned_{side}"] = value_at(position)
        ends[f"prob_{side}"] = scan.at(position).prob
        ends[f"label_{side}"] = label(scan.at(position))
    for target in targets:
        crossings = scan.crossings(target)
        for crossing in crossings:
            row = start | {"target": target, "kind": crossing.kind, "direction": crossing.direction}
            row |= {"low": value_at(crossing.low), "high": value_at(crossing.high)}
            if math.isfinite(crossing.position):
                row |= {"value": value_at(crossing.position), "se": _se_in_unit(value_at, crossing)}
                row |= move_at(crossing.position)
                ratio = math.exp(scan.log_marginal(crossing.position) - base.log_marginal)
                row["likelihood_ratio"] = ratio
                if ratio < LIKELIHOOD_RATIO_LOW:
                    part.notes.append(
                        f"{name}, {varied}: at the break-even of {100 * target:g} % the evidence is only {ratio:.1g} "
                        "times as likely as in the set as it is."
                    )
            part.values.append(row | ends)
        if not crossings:
            kind = "never" if is_whole else "not found"
            part.values.append(start | {"target": target, "kind": kind, "direction": ""} | ends)
    if scan.failed:
        worst = min(scan.failed, key=lambda position: scan.answers[position].n_draws)
        part.notes.append(
            f"{name}, {varied}: draws failed in {len(scan.failed)} of {len(scan.answers)} reruns, most at "
            f"{value_at(worst):.4g}: {scan.failed[worst]}"
        )
    for position, estimate in sorted(scan.answers.items()):
        row = {"quantity": name, "varied": varied, "value": value_at(position), **vars(estimate)}
        row["likelihood_ratio"] = math.exp(scan.log_marginals[position] - base.log_marginal)
        part.curves.append(row)


def _se_in_unit(value_at: Callable[[float], float], crossing: Crossing) -> float:
    """Standard error in the quantity's unit, by the local slope of the scale."""
    if crossing.se == 0.0:
        return 0.0
    half = 0.5 * crossing.se
    low = value_at(crossing.position - half)
    high = value_at(crossing.position + half)
    # Where no set can be made on one side, the error is twice that of the other.
    if math.isnan(low):
        return 2.0 * abs(high - value_at(crossing.position))
    if math.isnan(high):
        return 2.0 * abs(low - value_at(crossing.position))
    return abs(high - low)


def value_in_words(value: float, se: float) -> str:
    """A value with its error and no digit beyond it, such as ``"-0.142 (SE 0.003)"``."""
    if not se > 0.0 or not math.isfinite(value):
        return f"{value:.4g}"
    digits = decimals(se)
    return f"{value:,.{digits}f} (SE {se:.{digits}f})"
