"""Events: a statement about outcomes that is true or false of each draw.

Grammar::

    event   = condition {("and" | "or") condition}
    condition = outcome operator number
    outcome = name | name "[" number "]"
    operator = "<" | "<=" | ">" | ">="
    number = as in :mod:`mc_sie.text.numerals`, finite

``best_window_months[5] < 12`` reads "effective compute rises by 5 OOM in less than 12 months, in the best window";
``months_to[5] < 12`` counts from the day of automation. ``best_window`` and ``from_start`` are short for the two. The
number in brackets is k in OOM (any positive number up to 20, 2.5 too) or, for ``best_gain_ooms``, the width in months.
``and`` binds closer than ``or``; there are no parentheses.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.errors import InputError, nearest, shortened
from mc_sie.outcomes import OUTCOME_KINDS, Outcomes, as_text, column_of, marks_of, name_and_index, window_months
from mc_sie.quantities import TOP_OOMS
from mc_sie.text.numerals import parse_number

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SHORT = {"best_window": "best_window_months", "from_start": "months_to"}
_COMPARISON = re.compile("[<>]=?")
_AND = re.compile(r"\band\b")
_OR = re.compile(r"\bor\b")

TIE = 1e-9
"""A value this near to the threshold, relative to it, counts as equal to it."""

HEADLINE = "best_window_months[5] < 12"
"""The headline event: at least 5 OOM of effective training compute in less than a year, wherever that year lies.

It is Davidson's definition of a software intelligence explosion (see ``docs/question.md``).
"""

_REMEDY = f"Write it like '{HEADLINE}'."


@dataclass(frozen=True)
class Condition:
    """A comparison of one outcome with a number: it holds where ``outcome comparison threshold`` is true."""

    outcome: str
    """A name of ``outcomes.OUTCOME_KINDS``."""
    index: float | None
    """k in OOM or w in months, for an outcome that has one."""
    comparison: str
    """One of <, <=, > and >=."""
    threshold: float
    """In the outcome's unit."""

    def __str__(self) -> str:
        """The condition in the grammar of events."""
        return f"{self.subject} {self.comparison} {as_text(self.threshold)}"

    @property
    def subject(self) -> str:
        """The outcome with its index, such as ``months_to[5]``."""
        if self.index is None:
            return self.outcome
        return f"{self.outcome}[{as_text(self.index)}]"

    @property
    def levels(self) -> tuple[float, ...]:
        """Gains k in OOM that must be simulated to decide it."""
        return marks_of(self.outcome, self.index)[0]

    @property
    def widths(self) -> tuple[float, ...]:
        """Window widths in months that must be simulated to decide it."""
        return marks_of(self.outcome, self.index)[1]

    def holds(self, outcomes: Outcomes) -> NDArray[np.bool_]:
        """Flags of the draws of which the condition is true, shape (n,); False for a draw that was not simulated."""
        return self.holds_of(outcomes.values(self.outcome, self.index)) & outcomes.is_ok

    def holds_of(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Flags of the values of the outcome, in its unit, of which the condition is true; False for nan."""
        return np.asarray(_OPERATORS[self.comparison](values, self.bound))

    @property
    def column(self) -> str:
        """Name of the outcome as a column of :meth:`~mc_sie.outcomes.Outcomes.to_frame`."""
        return column_of(self.outcome, self.index)

    @property
    def bound(self) -> float:
        """The threshold, moved so that a tie counts as equal: values are compared with this.

        Four training runs of three months are twelve months, whatever the rounding of their sum.
        """
        margin = TIE * abs(self.threshold)
        if self.comparison in ("<=", ">"):
            return self.threshold + margin
        return self.threshold - margin

    @property
    def is_below(self) -> bool:
        """True where small values are hits."""
        return self.comparison in ("<", "<=")

    @property
    def months_asked(self) -> float:
        """Months that a trajectory must last to decide it; 0 where any will do."""
        if OUTCOME_KINDS[self.outcome].unit == "months":
            return self.threshold
        return window_months(self.outcome, self.index)

    @property
    def from_start(self) -> Condition | None:
        """This condition counted from the day of automation; None where there is no such twin."""
        if self.outcome == "best_window_months":
            return Condition("months_to", self.index, self.comparison, self.threshold)
        if self.outcome == "best_gain_ooms" and self.index == 12.0:
            return Condition("first_year_ooms", None, self.comparison, self.threshold)
        return None

    @property
    def in_words(self) -> str:
        """The condition as the end of a sentence that begins "the probability that"."""
        if self.outcome in ("best_window_months", "months_to"):
            below = {"<": "in less than", "<=": "within", ">": "only in more than", ">=": "not before"}
            words = (
                f"software alone raises effective training compute by at least {as_text(self.index or 0.0)} OOM "
                f"{below[self.comparison]} {_months(self.threshold)}"
            )
            if self.outcome == "months_to":
                words += ", counted from the day of automation"
            return words
        kind = OUTCOME_KINDS[self.outcome]
        name = self.outcome
        if self.index is not None:
            name += f"[{as_text(self.index)} {kind.index_unit}]"
        compared = {"<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
        unit = {"1": "", "x": "x"}.get(kind.unit, f" {kind.unit}")  # a factor is written 100x
        return f"{name} {compared[self.comparison]} {as_text(self.threshold)}{unit}"


@dataclass(frozen=True)
class Event:
    """Conditions joined by "and" and "or"; mostly a single one."""

    alternatives: tuple[tuple[Condition, ...], ...]
    """The event holds where all conditions of one of these hold."""

    def __str__(self) -> str:
        """The event in the grammar that :func:`parse_event` reads."""
        return " or ".join(" and ".join(map(str, conditions)) for conditions in self.alternatives)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition, in the order in which they stand."""
        return tuple(condition for conditions in self.alternatives for condition in conditions)

    @property
    def single(self) -> Condition | None:
        """The condition, where the event is no more than one."""
        if len(self.conditions) == 1:
            return self.conditions[0]
        return None

    @property
    def levels(self) -> tuple[float, ...]:
        """Gains k in OOM that must be simulated to decide the event."""
        return tuple(sorted({level for condition in self.conditions for level in condition.levels}))

    @property
    def widths(self) -> tuple[float, ...]:
        """Window widths in months that must be simulated to decide the event."""
        return tuple(sorted({width for condition in self.conditions for width in condition.widths}))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the event's outcomes as columns of :meth:`~mc_sie.outcomes.Outcomes.to_frame`."""
        return tuple(dict.fromkeys(condition.column for condition in self.conditions))

    def holds(self, outcomes: Outcomes) -> NDArray[np.bool_]:
        """Flags of the draws of which the event is true, shape (n,); False for a draw that could not be simulated.

        The outcomes must have been simulated with the event's :attr:`levels` and :attr:`widths`.
        """
        return self.holds_of({c.column: outcomes.values(c.outcome, c.index) for c in self.conditions}) & outcomes.is_ok

    def holds_of(self, columns: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Flags of the rows of a table of outcomes of which the event is true; a comparison with nan is false."""
        every = [
            np.logical_and.reduce([one.holds_of(np.asarray(columns[one.column], dtype=np.float64)) for one in all_of])
            for all_of in self.alternatives
        ]
        return np.asarray(np.logical_or.reduce(every))

    def check_horizon(self, horizon_months: float) -> None:
        """InputError where the event is not decided by the end of the trajectories."""
        months = max(condition.months_asked for condition in self.conditions)
        if months > horizon_months:
            why = f"asks about {as_text(months)} months, but trajectories end after {as_text(horizon_months)}"
            remedy = f"Ask about less, or give horizon_months = {as_text(months)}."
            raise InputError(f"event = {str(self)!r}", why, remedy)

    @property
    def from_start(self) -> Event | None:
        """This event counted from the day of automation; None for an event without such a twin."""
        twins = tuple(tuple(one.from_start or one for one in conditions) for conditions in self.alternatives)
        if twins == self.alternatives:
            return None
        return Event(twins)

    @property
    def in_words(self) -> str:
        """The event as the end of a sentence that begins "the probability that"."""
        return ", or ".join(" and ".join(one.in_words for one in conditions) for conditions in self.alternatives)


def _months(months: float) -> str:
    """A number of months in words."""
    if months == 12.0:
        return "a year"
    if months == 1.0:
        return "1 month"
    return f"{as_text(months)} months"


def parse_event(text: str) -> Event:
    """Read an event.

    Parameters
    ----------
    text : str
        In the grammar of this module.

    Returns
    -------
    Event
        The event.

    Raises
    ------
    InputError
        When the text does not parse, names no outcome, has an index that the outcome cannot take, or compares a time
        with a negative number.

    Examples
    --------
    >>> str(parse_event("best_window[2.5]<6 and pace_peak>30"))
    'best_window_months[2.5] < 6 and pace_peak > 30'
    """
    if not isinstance(text, str):
        raise InputError(f"event = {text!r:.60}", "is not text", _REMEDY)
    where = f"event = {shortened(repr(text))}"
    alternatives = [_AND.split(part) for part in _OR.split(text)]
    return Event(tuple(tuple(_condition(where, part) for part in parts) for parts in alternatives))


def _condition(where: str, text: str) -> Condition:
    """One condition of an event; ``where`` names the event in an error."""
    found = _COMPARISON.search(text)
    try:
        if found is None or not text[found.end() :].strip():
            raise ValueError(text)
        word, index_text = name_and_index(text[: found.start()])
    except ValueError:
        why = "is not an event: outcome, comparison (<, <=, >, >=), number"
        raise InputError(where, why, _REMEDY) from None
    comparison = found[0]
    name = _SHORT.get(word, word)
    if name not in OUTCOME_KINDS:
        why = f"names no outcome: {shortened(repr(word))} is unknown"
        raise InputError(where, why, nearest(word, [*OUTCOME_KINDS, *_SHORT]))
    kind = OUTCOME_KINDS[name]
    threshold = _number(where, "the number after the comparison", text[found.end() :].strip())
    if kind.unit == "months" and threshold < 0.0:
        raise InputError(where, f"compares a time with {as_text(threshold)} months", "Times count from 0.")
    if kind.index_unit is None:
        if index_text is not None:
            remedy = f"Write '{name} {comparison} {as_text(threshold)}'."
            raise InputError(where, f"puts an index on {name}, which has none", remedy)
        return Condition(name, None, comparison, threshold)
    if index_text is None:
        raise InputError(where, f"lacks the index of {name}, in {kind.index_unit}", f"Write it like '{name}[5] < 12'.")
    index = _number(where, "the index", index_text)
    if kind.index_unit == "OOM" and not 0.0 < index <= TOP_OOMS:
        remedy = f"A trajectory is followed to {TOP_OOMS:g} OOM."
        raise InputError(where, f"has the index {as_text(index)}, outside (0, {TOP_OOMS:g}] OOM", remedy)
    if not index > 0.0:
        raise InputError(where, f"has the index {as_text(index)}", "A window is longer than 0 months.")
    return Condition(name, index, comparison, threshold)


def _number(where: str, what: str, text: str) -> float:
    """A finite number of an event; ``where`` and ``what`` say in an error which."""
    try:
        value = parse_number(text)
    except ValueError as error:
        why = f"cannot be read: {what} is {shortened(repr(text))}, which {error.args[0]}"
        raise InputError(where, why, _REMEDY) from None
    if math.isinf(value):
        raise InputError(where, f"cannot be decided: {what} is not finite", _REMEDY)
    return value
