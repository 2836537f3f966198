"""What would change the answer: break-even values and medians of single inputs, and what a small change of each does.

An input is pinned at one value after another, or its whole prior is moved on its natural scale, and the event is put to
each such set on the same points. P need not rise or fall throughout: a grid finds every crossing that the Monte Carlo
error does not blur, and bisection narrows each down to that error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import Answer, CommonDraws, change_between, common_draws
from mc_sie.analysis.comparison.structure import ask_modes, failures
from mc_sie.engine.run import Progress, check_unconditioned
from mc_sie.errors import InputError, nearest
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet
from mc_sie.priors.modified import Moved, change_in_words, from_scale, moved_entry, to_scale
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, QUANTITIES, Quantity
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import Estimate, decimals, student_t

DRAWS_DEFAULT = 2**14
"""Draws for each rerun when nothing else is asked for."""

TARGETS = (0.1, 0.5, 0.9)
"""Probabilities at which the answer counts as turned."""

WIDENING = 1.25
"""Factor by which a prior is widened for the table of small changes."""

OUTSIDE_HIGH = 0.5
"""Largest share of a moved prior that may have been cut off at the domain for the move to count."""

_SDS = (-8.0, -6.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_REACH = 12.0
_REACH_MOVING = 600.0  # e^-600 still is a number
_HAIR = 1e-6
_SPREAD = {"linear": 0.25, "log": math.log(2.0), "logit": 1.0}
_RERUNS_EXPECTED = 90


@dataclass(frozen=True)
class BreakEven:
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
        ``prob_high``, ``label_high``. ``kind`` is ``crossing``, ``jump`` (P steps over the target at the value),
        ``between`` (at no finite place between ``low`` and ``high``), or in one row a target ``never``, where the whole
        domain was scanned, and ``not found``, where the scan ended within it.
    changes : pandas.DataFrame
        One row an input and small change (one sd up, one down, 1.25 times as wide): ``quantity``, ``step``,
        ``in_words``, ``sd`` (on the natural ``scale``), the change of P with its error, ``outside`` (share cut off at
        the domain), ``remark``.
    curves : pandas.DataFrame
        Every rerun: ``quantity``, ``varied``, ``value``, ``prob``, ``se``, ``low``, ``high``.
    modes : pandas.DataFrame
        P with all credence on each retraining mode; empty where the mode was not asked for.
    notes : tuple of str
        What was left out and why, and in which reruns draws failed.
    """

    common: CommonDraws
    prior: PriorSet
    answer: Answer
    values: pd.DataFrame
    changes: pd.DataFrame
    curves: pd.DataFrame
    modes: pd.DataFrame
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        """The tables, for notebooks."""
        return f"{self.values.to_html(index=False)}{self.changes.to_html(index=False)}"


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
    """The values and medians of single inputs at which the probability is 10, 50 and 90 %, and small changes.

    Parameters
    ----------
    prior : PriorSet
        A set or a pool, of which every member is changed.
    quantities : sequence of str
        Inputs; those that vary and the mode if none are given. One that is fixed can be asked for and is only pinned.
    targets : sequence of float
        Probabilities, in (0, 1).
    event : Event or str
        What to ask about.
    n_draws : int
        Draws for each rerun, of which there are some ninety an input.
    seed, scheme, n_replicates, horizon_months, threads
        As in :func:`mc_sie.engine.run.simulate`.
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
    Pinning is an intervention: all other inputs keep their laws. The error of a break-even value is that of P there
    over the slope of P (delta method).
    """
    common = common_draws(
        event,
        n_draws=n_draws,
        seed=seed,
        scheme=scheme,
        n_replicates=n_replicates,
        horizon_months=horizon_months,
        threads=threads,
    )
    check_unconditioned(prior, "breakeven")
    _check(prior, quantities, targets)
    names = tuple(dict.fromkeys(quantities)) or ("mode", *_varying(prior))
    numbers = [name for name in names if name != "mode"]
    answer = common.ask(prior)
    report = _Reruns(progress, len(numbers) * _RERUNS_EXPECTED)
    found = [_input(common, prior, answer, name, sorted(set(targets)), report.at(i)) for i, name in enumerate(numbers)]
    report.end()
    modes = ask_modes(common, prior) if "mode" in names else pd.DataFrame()
    return BreakEven(
        common,
        prior,
        answer,
        pd.DataFrame([row for one in found for row in one.values], columns=list(_VALUE_COLUMNS)),
        pd.DataFrame([row for one in found for row in one.changes], columns=list(_CHANGE_COLUMNS)),
        pd.DataFrame([row for one in found for row in one.curves], columns=list(_CURVE_COLUMNS)),
        modes,
        tuple(dict.fromkeys([*failures(modes, "mode"), *(note for one in found for note in one.notes)])),
    )


_VALUE_COLUMNS = (
    "quantity", "unit", "varied", "target", "kind", "value", "se", "low", "high", "direction", "move", "outside",
    "scanned_low", "prob_low", "label_low", "scanned_high", "prob_high", "label_high",
)  # fmt: skip
_CHANGE_COLUMNS = (
    "quantity", "step", "in_words", "scale", "sd", "change", "se", "low", "high", "interval", "n_changed", "outside",
    "remark",
)  # fmt: skip
_CURVE_COLUMNS = ("quantity", "varied", "value", "prob", "se", "low", "high")


def pinned_at(found: BreakEven, levels: Sequence[float] = (0.1, 0.9)) -> pd.DataFrame:
    """The probability with each input pinned at quantiles of its own prior.

    Parameters
    ----------
    found : BreakEven
        Set, points and inputs.
    levels : sequence of float
        Probabilities in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row an input and level: ``quantity``, ``level``, ``value``, the probability with its error, ``n_failed``.
    """
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(found.curves["quantity"]):
        for level, value in zip(levels, found.prior.quantiles(name, levels), strict=True):
            answer = found.common.ask(found.prior.pinned(name, float(value)))
            rows.append({"quantity": name, "level": level, "value": float(value), **answer.columns()})
    return pd.DataFrame(rows)


def _check(prior: PriorSet, quantities: Sequence[str], targets: Sequence[float]) -> None:
    for name in quantities:
        if name not in QUANTITIES:
            raise InputError(f"--quantity {name}", "is no quantity", nearest(name, QUANTITIES))
        if name != "mode" and not _is_given(prior, name):
            given = ", ".join(one for one in QUANTITIES if one != "mode" and _is_given(prior, one))
            raise InputError(f"--quantity {name}", f"is not given by {prior.name}", f"It gives {given}.")
    if not targets:
        raise InputError("targets", "are none", "Give at least one, such as 0.5.")
    for target in targets:
        if not 0.0 < target < 1.0:
            raise InputError(f"--target {target:g}", "is not between 0 and 1", "0.5 is an even chance.")


def _is_given(prior: PriorSet, name: str) -> bool:
    """Whether a quantity is stated, or rho or r behind its restatement."""
    if name in ("rho", "r"):
        return True
    return any(name in member.entries for member, _ in prior.plain_sets)


def _varying(prior: PriorSet) -> tuple[str, ...]:
    """Stated quantities, of a pool those of the law of motion, that are not one number."""
    if not prior.members:
        return tuple(
            name for name, entry in prior.entries.items() if name != "mode" and entry.distribution.constant is None
        )
    return tuple(
        name
        for name in MODEL_QUANTITIES
        if name != "mode" and _is_given(prior, name) and len(set(prior.quantiles(name, list(_MIDDLES)))) > 1
    )


_MIDDLES = (np.arange(4096) + 0.5) / 4096
"""Levels of the quantiles from which a law's spread on its natural scale is taken."""


def _places(prior: PriorSet, name: str, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles on the natural scale, those at finite places."""
    places = to_scale(QUANTITIES[name].scale, prior.quantiles(name, list(levels)))
    return np.asarray(places[np.isfinite(places)])


class _Reruns:
    """Reruns done, told as they are done: how many an input takes is known only afterwards."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.before, self.done = progress, total, 0, 0

    def at(self, index: int) -> Callable[[], None]:
        def one() -> None:
            if self.before != index:
                self.before, self.done = index, 0
            self.done = min(self.done + 1, _RERUNS_EXPECTED - 1)
            if self.progress:
                self.progress(index * _RERUNS_EXPECTED + self.done, self.total)

        return one

    def end(self) -> None:
        if self.progress:
            self.progress(self.total, self.total)


# ------------------------------------------------------------------------------------------------ one input


@dataclass
class _Found:
    values: list[dict[str, object]] = field(default_factory=list)
    changes: list[dict[str, object]] = field(default_factory=list)
    curves: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _input(
    common: CommonDraws, prior: PriorSet, base: Answer, name: str, targets: Sequence[float], told: Callable[[], None]
) -> _Found:
    """Everything about one input."""
    quantity = QUANTITIES[name]
    found = _Found()

    def value_at(place: float) -> float:
        return _inside(quantity, float(from_scale(quantity.scale, place)))

    scan = _Scan(common, lambda place: prior.pinned(name, value_at(place)), told)
    scan.over(_pinned_grid(prior, quantity))
    scan.go_on(targets, *to_scale(quantity.scale, (quantity.low, quantity.high)))
    ends = _inside(quantity, quantity.low), _inside(quantity, quantity.high)
    is_whole = (value_at(scan.grid[0]), value_at(scan.grid[-1])) == ends if scan.grid else False
    _write(found, scan, name, "value", targets, value_at, lambda _: {}, is_whole=is_whole)
    places = _places(prior, name, _MIDDLES) if _is_movable(prior, name) else np.array([])
    if places.size == 0 or np.ptp(places) == 0.0:
        if prior.members and not _is_movable(prior, name):
            found.notes.append(f"{name}: not moved as a whole, because the members of the pool state it in other ways.")
        return found
    centre, sd = float(np.median(places)), float(places.std())

    def moved(shift: float) -> PriorSet:
        return _moved(prior, name, shift)

    beyond: list[str] = []

    def median_at(shift: float) -> float:
        try:
            return float(moved(shift).quantiles(name, [0.5])[0])
        except InputError as error:  # an interval can reach further than a prior can be moved
            beyond.append(f"{error.where} {error.why}")
            return math.nan

    def move_at(shift: float) -> dict[str, object]:
        return {"move": change_in_words(quantity, shift), "outside": _outside(moved(shift), name)}

    scan = _Scan(common, moved, told, {0.0: base})
    scan.over([multiple * sd for multiple in _SDS])
    scan.go_on(targets)
    _write(found, scan, name, "median", targets, median_at, move_at, is_whole=False)
    if beyond:
        found.notes.append(f"{name}, median: an interval reaches where no such set can be made: {beyond[0]}.")
    for step, shift, widening in (("+1 sd", sd, 1.0), ("-1 sd", -sd, 1.0), ("wider", 0.0, WIDENING)):
        row: dict[str, object] = {
            "quantity": name,
            "step": step,
            "in_words": change_in_words(quantity, shift, widening),
            "scale": quantity.scale,
            "sd": sd,
            "remark": "",
        }
        try:
            changed = _moved(prior, name, shift, widening, centre)
            answer = common.ask(changed)
            row |= change_between(base, answer).columns() | {"outside": _outside(changed, name)}
            told()
            if answer.n_failed:
                found.notes.append(f"{name}, {step}: {answer.failed_in_words}")
        except InputError as error:
            row |= dict.fromkeys(("change", "se", "low", "high", "outside"), math.nan)
            row |= {"interval": "", "n_changed": 0, "remark": f"not run: {error.why}"}
        found.changes.append(row)
    return found


def _inside(quantity: Quantity, value: float) -> float:
    """A value at a place of the grid, a hair off a bound that is excluded."""
    if quantity.low_open and value <= quantity.low:
        return quantity.low + _HAIR * max(1.0, abs(quantity.low))
    if quantity.high_open and value >= quantity.high:
        return quantity.high - _HAIR * max(1.0, abs(quantity.high))
    return min(max(value, quantity.low), quantity.high)  # against rounding past a bound


def _is_movable(prior: PriorSet, name: str) -> bool:
    """Whether every plain set states the quantity itself."""
    return all(name in member.entries for member, _ in prior.plain_sets)


def _moved(prior: PriorSet, name: str, shift: float, widening: float = 1.0, centre: float = 0.0) -> PriorSet:
    """The set with the whole law of one quantity moved and widened on its natural scale."""

    def of(one: PriorSet) -> PriorSet:
        try:
            entry = moved_entry(one.entries[name], shift, widening, centre)
        except InputError as error:
            raise _TooFarError(error.where, error.why, error.remedy) from None
        law = entry.distribution
        if isinstance(law, Moved) and law.outside > OUTSIDE_HIGH:
            why = f"would leave its domain with probability {law.outside:.2g}"
            raise _TooFarError(f"[{name}] {law.words}", why, "Move it by less.")
        return one.replaced({name: entry})

    if not prior.members:
        return of(prior)
    return replace(prior, members=tuple((of(member), weight) for member, weight in prior.members)).replaced({})


def _outside(prior: PriorSet, name: str) -> float:
    """Share of a moved prior that was cut off at the domain."""
    laws = [(one.entries[name].distribution, weight) for one, weight in prior.plain_sets]
    return math.fsum(weight * law.outside for law, weight in laws if isinstance(law, Moved))


def _pinned_grid(prior: PriorSet, quantity: Quantity) -> list[float]:
    """Where an input is pinned: its prior's quantiles, and outwards in doubling steps to the domain's ends."""
    levels = np.concatenate([[0.001, 0.01], (np.arange(14) + 0.5) / 14, [0.99, 0.999]])
    places = _places(prior, quantity.name, levels)
    inner = sorted(set(places)) or [_SPREAD[quantity.scale]]
    spread = inner[-1] - inner[0] or _SPREAD[quantity.scale]
    low, high = (float(place) for place in to_scale(quantity.scale, (quantity.low, quantity.high)))
    grid = list(inner)
    for end, bound, sign, is_open in (
        (inner[0], low, -1.0, quantity.low_open),
        (inner[-1], high, 1.0, quantity.high_open),
    ):
        distance = spread / 4.0
        while distance < abs(bound - end) and (distance <= _REACH or math.isfinite(bound)):
            grid.append(end + sign * distance)
            distance *= 2.0
        if math.isfinite(bound) or not is_open:
            grid.append(bound)
    return sorted(set(grid))


class _TooFarError(InputError):
    """A move that would push most of a prior out of its domain."""


# --------------------------------------------------------------------------------------------- root search


class _Scan:
    """P as a function of a place on a natural scale, asked once at each place; searches start from ``grid``."""

    def __init__(
        self,
        common: CommonDraws,
        set_at: Callable[[float], PriorSet],
        told: Callable[[], None],
        known: dict[float, Answer] | None = None,
    ) -> None:
        self._common, self._set_at, self._told = common, set_at, told
        self.answers = {place: answer.estimate for place, answer in (known or {}).items()}
        self.refused: dict[float, str] = {}
        self.failed: dict[float, str] = {}
        self.grid: list[float] = []

    def over(self, grid: Sequence[float]) -> None:
        """Ask at every place of a grid that makes a prior set."""
        for place in grid:
            try:
                self.at(place)
            except _TooFarError:  # where the scan ends is in the table
                continue
            except InputError as error:
                self.refused[place] = f"{error.where} {error.why}"
        self.grid = sorted(self.answers)

    def go_on(self, targets: Sequence[float], low: float = -math.inf, high: float = math.inf) -> None:
        """Go on beyond the grid in doubling steps, at most to the domain's ends, while P moves towards a target."""
        for is_upper in (False, True):
            while len(self.grid) > 1:
                inner, last = self.grid[-2:] if is_upper else self.grid[1::-1]
                following = last + 2.0 * (last - inner)
                before, here = self.at(inner), self.at(last)
                is_rising, is_falling = here.low > before.high, here.high < before.low
                is_ahead = (is_rising and max(targets) > here.low) or (is_falling and min(targets) < here.high)
                if not is_ahead or not (low < following < high and abs(following) <= _REACH_MOVING):
                    break
                self.over([following])
                if following not in self.answers:
                    break

    def at(self, place: float) -> Estimate:
        """P at one place."""
        if place not in self.answers:
            answer = self._common.ask(self._set_at(place))
            self.answers[place] = answer.estimate
            if answer.n_failed:
                self.failed[place] = answer.failed_in_words
            self._told()
        return self.answers[place]

    def crossings(self, target: float) -> list[_Crossing]:
        """Every place at which P crosses the target and the Monte Carlo error does not blur it."""
        sure = [place for place in self.grid if self._side(place, target)]
        pairs = [(low, high) for low, high in pairwise(sure) if self._side(low, target) != self._side(high, target)]
        return [self._narrowed(low, high, target) for low, high in pairs]

    def _side(self, place: float, target: float) -> int:
        """1 where P is surely above the target, -1 where surely below, else 0."""
        estimate = self.at(place)
        return (estimate.low > target) - (estimate.high < target)

    def _narrowed(self, low: float, high: float, target: float) -> _Crossing:
        direction = "rising" if self._side(high, target) > 0 else "falling"
        if math.isinf(low) or math.isinf(high):
            return _Crossing("between", math.nan, math.nan, low, high, direction)
        start_low, start_high = low, high
        while True:
            middle = 0.5 * (low + high)
            if high - low <= 1e-9 * max(start_high - start_low, 1e-9) or middle in (low, high):
                return _Crossing("jump", middle, 0.0, low, high, direction)
            side = self._side(middle, target)
            if side == 0:
                return self._solved(low, middle, high, target, direction)
            low, high = (middle, high) if side == self._side(low, target) else (low, middle)

    def _solved(self, low: float, middle: float, high: float, target: float, direction: str) -> _Crossing:
        """The crossing near a place where P is the target within its error: one step along the local slope."""
        here = self.at(middle)
        slope = (self.at(high).prob - self.at(low).prob) / (high - low)
        error = self._error_of(here)
        reach = min(max(4.0 * error / abs(slope), 1e-6 * (high - low)), 0.5 * (high - low))
        left, right = middle - reach, middle + reach
        local = (self.at(right).prob - self.at(left).prob) / (right - left)
        slope = local if local * slope > 0.0 else slope
        place = min(max(middle + (target - here.prob) / slope, low), high)
        se = error / abs(slope)
        half = student_t(self._common.design.n_replicates - 1) * se
        return _Crossing("crossing", place, se, place - half, place + half, direction)

    def _error_of(self, estimate: Estimate) -> float:
        """Error of P: where only a bound is known, half of what it leaves."""
        return estimate.se if estimate.has_error else 0.5 * (estimate.high - estimate.low)


@dataclass(frozen=True)
class _Crossing:
    """A crossing on the natural scale."""

    kind: str
    place: float
    se: float
    low: float
    high: float
    direction: str


def _write(
    found: _Found,
    scan: _Scan,
    name: str,
    varied: str,
    targets: Sequence[float],
    value_at: Callable[[float], float],
    move_at: Callable[[float], dict[str, object]],
    *,
    is_whole: bool,
) -> None:
    """Rows for the crossings of every target, and the curve behind them; ``is_whole`` if it spans the whole domain."""
    from mc_sie.stats.estimates import label

    if scan.refused:
        reasons = list(dict.fromkeys(scan.refused.values()))
        found.notes.append(
            f"{name}, {varied}: {len(scan.refused)} of {len(scan.refused) + len(scan.grid)} places were left out, for "
            f"instance: {reasons[0]}."
        )
    if not scan.grid:
        return
    ends: dict[str, object] = {}
    for side, place in (("low", scan.grid[0]), ("high", scan.grid[-1])):
        ends |= {
            f"scanned_{side}": value_at(place),
            f"prob_{side}": scan.at(place).prob,
            f"label_{side}": label(scan.at(place)),
        }
    start: dict[str, object] = {"quantity": name, "unit": QUANTITIES[name].unit, "varied": varied}
    start |= {"move": "", "outside": math.nan}
    for target in targets:
        crossings = scan.crossings(target)
        for crossing in crossings:
            low, high = value_at(crossing.low), value_at(crossing.high)
            is_known = math.isfinite(crossing.place)
            found.values.append(
                start
                | {
                    "target": target,
                    "kind": crossing.kind,
                    "value": value_at(crossing.place) if is_known else math.nan,
                    "se": _se_in_unit(value_at, crossing) if is_known else math.nan,
                    "low": low,
                    "high": high,
                    "direction": crossing.direction,
                }
                | (move_at(crossing.place) if is_known else {})
                | ends
            )
        if not crossings:
            nothing = dict.fromkeys(("value", "se", "low", "high"), math.nan)
            kind = "never" if is_whole else "not found"
            found.values.append(start | {"target": target, "kind": kind} | nothing | {"direction": ""} | ends)
    if scan.failed:
        place = min(scan.failed, key=lambda one: scan.answers[one].n_draws)
        found.notes.append(
            f"{name}, {varied}: draws failed in {len(scan.failed)} of {len(scan.answers)} reruns, most at "
            f"{value_at(place):.4g}: {scan.failed[place]}"
        )
    for place, estimate in sorted(scan.answers.items()):
        found.curves.append(
            {"quantity": name, "varied": varied, "value": value_at(place)}
            | {key: getattr(estimate, key) for key in ("prob", "se", "low", "high")}
        )


def _se_in_unit(value_at: Callable[[float], float], crossing: _Crossing) -> float:
    """Standard error in the quantity's unit, by the local slope of the scale."""
    if crossing.se == 0.0:
        return 0.0
    half = 0.5 * crossing.se
    low, high = value_at(crossing.place - half), value_at(crossing.place + half)
    if math.isnan(low) or math.isnan(high):  # no set can be made on one side: twice the other
        return 2.0 * abs((low if math.isnan(high) else high) - value_at(crossing.place))
    return abs(high - low)


def value_in_words(value: float, se: float) -> str:
    """A value with its error, with no digit beyond it.

    Parameters
    ----------
    value, se : float
        In the quantity's unit.

    Returns
    -------
    str
        ``"-0.142 (SE 0.003)"``.
    """
    if not se > 0.0 or not math.isfinite(value):
        return f"{value:.4g}"
    digits = decimals(se)
    return f"{value:,.{digits}f} (SE {se:.{digits}f})"
