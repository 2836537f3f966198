"""Break-even values and medians of single inputs, and the effect of a small change of each.

An input is pinned at one value after another, or its whole prior is moved on its natural scale, and the event is put to
each such set on the same points. :mod:`mc_sie.analysis.comparison.crossings` finds where the answer turns.

Evidence comes after the change: the set with the input pinned is a prior like any other, and is asked given the
evidence. All other inputs then are what the evidence says of them if the input has that value. The other order, to
change the input and leave the rest as the evidence left it, would hold on to what was learned from a measurement in a
draw in which it would have come out otherwise. How likely the evidence is at a value, relative to the set as it is,
is told with it: a value at which the answer turns may be one that the evidence all but excludes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from mc_sie.analysis.comparison.common_draws import Answer, CommonDraws, common_draws, evidence_notes
from mc_sie.analysis.comparison.structure import ask_modes, failures
from mc_sie.analysis.comparison.varied_input import MIDDLES, VariedInput
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_prior_set
from mc_sie.errors import InputError, nearest
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet
from mc_sie.priors.acting import acting_sentences
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, QUANTITIES
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import decimals
from mc_sie.text.showing import Shown

DRAWS_DEFAULT = 2**14
"""Draws for each rerun when nothing else is asked for."""

TARGETS = (0.1, 0.5, 0.9)
"""Probabilities at which the answer counts as turned."""

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
        event, n_draws=n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        priors=[prior], threads=threads,
    )  # fmt: skip
    names = tuple(dict.fromkeys(quantities)) or ("mode", *_varying(prior))
    numbers = [name for name in names if name != "mode"]
    answer = common.ask(prior)
    bar = _RerunBar(progress, len(numbers) * _RERUNS_EXPECTED)
    parts = []
    for place, name in enumerate(numbers):
        part = VariedInput(common, prior, answer, name, sorted(set(targets)), bar.part(place))
        part.vary()
        parts.append(part)
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
    return tuple(name for name in given if len(set(prior.quantiles(name, list(MIDDLES)))) > 1)


class _RerunBar:
    """Progress in reruns. How many an input takes is known only afterwards: each has an equal part of the bar."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress or (lambda done, total: None)
        self._total = total

    def part(self, index: int) -> Callable[[], None]:
        """A counter of the reruns of one input; those beyond its part leave the bar where it is."""
        n_done = 0

        def count() -> None:
            nonlocal n_done
            n_done = min(n_done + 1, _RERUNS_EXPECTED - 1)
            self._progress(index * _RERUNS_EXPECTED + n_done, self._total)

        return count

    def end(self) -> None:
        """Fill the bar."""
        self._progress(self._total, self._total)


def value_in_words(value: float, se: float) -> str:
    """A value with its error and no digit beyond it, such as ``"-0.142 (SE 0.003)"``."""
    if not se > 0.0 or not math.isfinite(value):
        return f"{value:.4g}"
    digits = decimals(se)
    return f"{value:,.{digits}f} (SE {se:.{digits}f})"
