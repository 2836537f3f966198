"""One input varied: pinned at one value after another, its whole prior moved, and changed a little."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import Answer, CommonDraws, change_between
from mc_sie.analysis.comparison.crossings import Crossing, Scan, TooFarError
from mc_sie.analysis.importance.common_points import Worth
from mc_sie.errors import InputError
from mc_sie.priors import PriorSet
from mc_sie.priors.modified import Moved, change_in_words, from_scale, moved_entry, to_scale
from mc_sie.quantities import QUANTITIES, Quantity
from mc_sie.stats.estimates import label

WIDENING = 1.25
"""Factor by which a prior is widened for the table of small changes."""

OUTSIDE_HIGH = 0.5
"""Largest share of a moved prior that may have been cut off at the domain for the move to count."""

LIKELIHOOD_RATIO_LOW = 0.1
"""A break-even at which the evidence is less likely than so, relative to the set as it is, is pointed out."""

MIDDLES = (np.arange(4096) + 0.5) / 4096
"""Probabilities of the quantiles from which a distribution's spread on its natural scale is taken."""

_SDS = (-8.0, -6.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
# How far beyond its outer quantiles an input is pinned, and its prior moved, where its domain has no end and no target
# is near: a thousandfold on a logarithmic scale. Nobody's belief is about training runs of a millionth of a second.
_REACH = {"linear": 12.0, "log": math.log(1e3), "logit": math.log(1e3)}
_HAIR = 1e-6  # how far from a bound that is excluded
_SPREAD = {"linear": 0.25, "log": math.log(2.0), "logit": 1.0}  # of an input that is one number

_Row = dict[str, object]


@dataclass
class VariedInput:
    """One input of a prior set; each method asks the set with the input changed, and adds rows and notes."""

    common: CommonDraws
    prior: PriorSet
    base: Answer  # of the set as it is
    name: str
    targets: Sequence[float]  # probabilities at which the answer counts as turned
    on_rerun: Callable[[], None]
    # rows of the tables of `BreakEven`
    values: list[_Row] = field(default_factory=list)
    changes: list[_Row] = field(default_factory=list)
    curves: list[_Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    worths: list[Worth | None] = field(default_factory=list)

    @property
    def quantity(self) -> Quantity:
        """The quantity that is varied."""
        return QUANTITIES[self.name]

    def vary(self) -> None:
        """Pin the input; where every member states it, and not as one number, also move it and change it a little."""
        self.pin()
        if not all(self.name in member.entries for member, _ in self.prior.plain_sets):
            if self.prior.members:
                self.notes.append(
                    f"{self.name}: not moved as a whole, because the members of the pool state it in other ways."
                )
            return
        positions = positions_of(self.prior, self.name, MIDDLES)
        if positions.size == 0 or np.ptp(positions) == 0.0:
            return
        sd = float(positions.std())
        self.move(sd)
        for step, shift, widening in (("+1 sd", sd, 1.0), ("-1 sd", -sd, 1.0), ("wider", 0.0, WIDENING)):
            row: _Row = {"quantity": self.name, "step": step, "sd": sd, "scale": self.quantity.scale}
            row["in_words"] = change_in_words(self.quantity, shift, widening)
            self.changes.append(row | self._change(step, shift, widening, float(np.median(positions))))

    def pin(self) -> None:
        """Break-even values: the input pinned at one position after another."""
        quantity = self.quantity

        def value_at(position: float) -> float:
            return _inside(quantity, float(from_scale(quantity.scale, position)))

        scan = self._scan(lambda position: self.prior.pinned(self.name, value_at(position)))
        scan.over(_pinned_grid(self.prior, quantity))
        domain = to_scale(quantity.scale, (quantity.low, quantity.high))
        scan.extend(self.targets, _ends_of(self.prior, quantity), (float(domain[0]), float(domain[1])))
        is_whole = False
        if scan.grid:
            ends = (_inside(quantity, quantity.low), _inside(quantity, quantity.high))
            is_whole = (value_at(scan.grid[0]), value_at(scan.grid[-1])) == ends
        self._write(scan, "value", value_at, lambda _: {}, is_whole=is_whole)

    def move(self, sd: float) -> None:
        """Break-even medians: the whole prior of the input moved by one multiple of its sd after another."""
        beyond: list[str] = []

        def median_at(shift: float) -> float:
            try:
                return float(self._moved(shift).quantiles(self.name, [0.5])[0])
            except InputError as error:  # an interval can reach further than a prior can be moved
                beyond.append(f"{error.where} {error.why}")
                return math.nan

        def move_at(shift: float) -> _Row:
            outside = _outside(self._moved(shift), self.name)
            return {"move": change_in_words(self.quantity, shift), "outside": outside}

        scan = self._scan(self._moved, {0.0: self.base})
        scan.over([multiple * sd for multiple in _SDS])
        reach = max(_REACH[self.quantity.scale], sd * _SDS[-1])
        scan.extend(self.targets, (-reach, reach))
        self._write(scan, "median", median_at, move_at, is_whole=False)
        if beyond:
            self.notes.append(f"{self.name}, median: an interval reaches where no such set can be made: {beyond[0]}.")

    def _scan(self, set_at: Callable[[float], PriorSet], known: dict[float, Answer] | None = None) -> Scan:
        return Scan(self.common, set_at, self.on_rerun, known)

    def _change(self, step: str, shift: float, widening: float, centre: float) -> _Row:
        """The change of P by one small change of the prior."""
        try:
            changed = self._moved(shift, widening, centre)
            answer = self.common.ask(changed)
        except InputError as error:
            row: _Row = dict.fromkeys(("change", "se", "low", "high", "outside"), math.nan)
            return row | {"interval": "", "n_changed": 0, "remark": f"not run: {error.why}"}
        self.worths.append(answer.worth)
        self.on_rerun()
        if answer.n_failed:
            self.notes.append(f"{self.name}, {step}: {answer.failed_in_words}")
        change = change_between(self.base, answer).columns()
        return {**change, "outside": _outside(changed, self.name), "remark": ""}

    def _moved(self, shift: float, widening: float = 1.0, centre: float = 0.0) -> PriorSet:
        """The set with the whole distribution of the input moved and widened on its natural scale."""

        def of(one: PriorSet) -> PriorSet:
            try:
                entry = moved_entry(one.entries[self.name], shift, widening, centre)
            except InputError as error:
                raise TooFarError(error.where, error.why, error.remedy) from None
            moved = entry.distribution
            if isinstance(moved, Moved) and moved.outside > OUTSIDE_HIGH:
                why = f"would leave its domain with probability {moved.outside:.2g}"
                raise TooFarError(f"[{self.name}] {moved.words}", why, "Move it by less.")
            return one.replaced({self.name: entry})

        if not self.prior.members:
            return of(self.prior)
        members = tuple((of(member), weight) for member, weight in self.prior.members)
        return replace(self.prior, members=members).replaced({})

    # --- Rows and notes of a scan

    def _write(
        self,
        scan: Scan,
        varied: str,
        value_at: Callable[[float], float],
        move_at: Callable[[float], _Row],
        *,
        is_whole: bool,
    ) -> None:
        """Rows for the crossings of every target, and the curve behind them; ``is_whole`` if it spans the domain."""
        if scan.refused:
            reason = next(iter(scan.refused.values()))
            self.notes.append(
                f"{self.name}, {varied}: {len(scan.refused)} of {len(scan.refused) + len(scan.grid)} places were left "
                f"out, for instance: {reason}."
            )
        self.worths += scan.worths
        if not scan.grid:
            return
        start: _Row = {"quantity": self.name, "unit": self.quantity.unit, "varied": varied, "move": ""}
        start |= {"outside": math.nan, **_ends(scan, value_at)}
        for target in self.targets:
            crossings = scan.crossings(target)
            for crossing in crossings:
                self.values.append(start | self._crossing(scan, crossing, varied, target, value_at, move_at))
            if not crossings:
                kind = "never" if is_whole else "not found"
                self.values.append(start | {"target": target, "kind": kind, "direction": ""})
        if scan.failed:
            worst = min(scan.failed, key=lambda position: scan.answers[position].n_draws)
            self.notes.append(
                f"{self.name}, {varied}: draws failed in {len(scan.failed)} of {len(scan.answers)} reruns, most at "
                f"{value_at(worst):.4g}: {scan.failed[worst]}"
            )
        for position, estimate in sorted(scan.answers.items()):
            row = {"quantity": self.name, "varied": varied, "value": value_at(position), **vars(estimate)}
            row["likelihood_ratio"] = self._likelihood_ratio(scan.log_marginals[position])
            self.curves.append(row)

    def _crossing(
        self,
        scan: Scan,
        crossing: Crossing,
        varied: str,
        target: float,
        value_at: Callable[[float], float],
        move_at: Callable[[float], _Row],
    ) -> _Row:
        """One crossing in the unit of the input, with a note where the evidence all but excludes it."""
        row: _Row = {"target": target, "kind": crossing.kind, "direction": crossing.direction}
        row |= {"low": value_at(crossing.low), "high": value_at(crossing.high)}
        if not math.isfinite(crossing.position):
            return row
        row |= {"value": value_at(crossing.position), "se": se_in_unit(value_at, crossing)}
        ratio = self._likelihood_ratio(scan.log_marginal(crossing.position))
        if ratio < LIKELIHOOD_RATIO_LOW:
            self.notes.append(
                f"{self.name}, {varied}: at the break-even of {100 * target:g} % the evidence is only {ratio:.1g} "
                "times as likely as in the set as it is."
            )
        return row | move_at(crossing.position) | {"likelihood_ratio": ratio}

    def _likelihood_ratio(self, log_marginal: float) -> float:
        """How much likelier the evidence is than in the set as it is; 1 without any."""
        return math.exp(log_marginal - self.base.log_marginal)


def positions_of(prior: PriorSet, name: str, probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles on the natural scale, those at finite positions."""
    positions = to_scale(QUANTITIES[name].scale, prior.quantiles(name, list(probs)))
    return np.asarray(positions[np.isfinite(positions)])


def _inside(quantity: Quantity, value: float) -> float:
    """A value within the domain, a hair off a bound that is excluded."""
    if quantity.low_open and value <= quantity.low:
        return quantity.low + _HAIR * max(1.0, abs(quantity.low))
    if quantity.high_open and value >= quantity.high:
        return quantity.high - _HAIR * max(1.0, abs(quantity.high))
    return min(max(value, quantity.low), quantity.high)  # against rounding past a bound


def _outside(prior: PriorSet, name: str) -> float:
    """Share of a moved prior that was cut off at the domain."""
    parts = [(one.entries[name].distribution, weight) for one, weight in prior.plain_sets]
    return math.fsum(weight * part.outside for part, weight in parts if isinstance(part, Moved))


def _inner_grid(prior: PriorSet, quantity: Quantity) -> list[float]:
    """Positions of quantiles of an input."""
    probs = np.concatenate([[0.001, 0.01], (np.arange(14) + 0.5) / 14, [0.99, 0.999]])
    return sorted(set(positions_of(prior, quantity.name, probs))) or [_SPREAD[quantity.scale]]


def _pinned_grid(prior: PriorSet, quantity: Quantity) -> list[float]:
    """Positions at which an input is pinned: quantiles of its prior, and outwards in doubling steps to the domain."""
    inner = _inner_grid(prior, quantity)
    spread = inner[-1] - inner[0] or _SPREAD[quantity.scale]
    low, high = _ends_of(prior, quantity)
    grid = list(inner)
    for start, end, sign in ((inner[0], low, -1.0), (inner[-1], high, 1.0)):
        distance = spread / 4.0
        while distance < abs(end - start):
            grid.append(start + sign * distance)
            distance *= 2.0
    bounds = to_scale(quantity.scale, (quantity.low, quantity.high))
    for bound, is_open in zip(bounds, (quantity.low_open, quantity.high_open), strict=True):
        if math.isfinite(bound) or not is_open:
            grid.append(float(bound))
    return sorted(set(grid))


def _ends_of(prior: PriorSet, quantity: Quantity) -> tuple[float, float]:
    """Positions between which an input is pinned: the ends of its domain, or some way beyond its quantiles."""
    inner = _inner_grid(prior, quantity)
    low, high = (float(end) for end in to_scale(quantity.scale, (quantity.low, quantity.high)))
    if math.isinf(low):
        low = inner[0] - _REACH[quantity.scale]
    if math.isinf(high):
        high = inner[-1] + _REACH[quantity.scale]
    return low, high


def _ends(scan: Scan, value_at: Callable[[float], float]) -> _Row:
    """Where a scan begins and ends, and the probability there."""
    ends: _Row = {}
    for side, position in (("low", scan.grid[0]), ("high", scan.grid[-1])):
        ends[f"scanned_{side}"] = value_at(position)
        ends[f"prob_{side}"] = scan.at(position).prob
        ends[f"label_{side}"] = label(scan.at(position))
    return ends


def se_in_unit(value_at: Callable[[float], float], crossing: Crossing) -> float:
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
