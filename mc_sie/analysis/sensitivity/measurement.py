"""Which measurement would settle it: proposed or stated readings, ranked by what they are expected to be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.sensitivity.given_data import READINGS, check_both, check_loss_ratio
from mc_sie.analysis.sensitivity.proposals import PROPOSALS
from mc_sie.analysis.sensitivity.readings import SCALES, VALUES, Reading, ReadingValue, on_scale, reading_value
from mc_sie.engine.batches import Progress, n_threads
from mc_sie.engine.run import DRAWS_DEFAULT, Simulation
from mc_sie.engine.sample import Sample, sample_of
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.outcomes import as_text, marks_of, window_months
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT, NOISE_DIMENSION, points
from mc_sie.stats.estimates import RARE_HITS, Estimate, decimals, in_percent, share_in_percent, with_error
from mc_sie.stats.jackknife import Array, Jackknifed
from mc_sie.text.showing import Shown

MEASURE_READINGS = {
    **{name: READINGS[name] for name in VALUES},
    "shift": "expected absolute shift of the probability",
    "after_low, after_high": "5th and 95th percentile of the probability after the reading",
    "perfect": "Brier gain of knowing the subject without error (EVPPI)",
    "share": "Brier gain of the reading as a share of that",
    "half_error": "error at which the reading is worth half of perfect knowledge, on the scale of the error",
}
"""Meaning of each column, in a phrase."""

_SHOWN = (
    ("Brier gain, points", "brier_gain", 100.0),
    ("of perfect, %", "share", 100.0),
    ("half at", "half_error", 1.0),
    ("bits, 1/1000", "bits", 1000.0),
    ("decision, %", "decision_value", 100.0),
    ("shift, points", "shift", 100.0),
)
"""Columns of the table as it is read: heading, name, factor."""


@dataclass(frozen=True, repr=False)
class Measurement(Shown):
    """Readings, ranked by what they are expected to do to the probability of an event.

    Attributes
    ----------
    sample : Sample
        The draws and the event.
    answer : Estimate
        Its probability before any reading.
    loss_ratio : float
        Of ``decision_value``.
    readings : pandas.DataFrame
        One row a reading, the one of the largest Brier gain first: ``title``, ``of``, ``unit``, ``scale``, ``error``;
        ``brier_gain``, ``bits``, ``decision_value``, ``shift``, ``after_low``, ``after_high``, ``perfect``, each with
        ``_se``, ``_low`` and ``_high`` (90 %, Student's t); ``share`` and ``half_error`` with ``_se`` (nan where
        perfect knowledge is not known to be worth anything, or no error is half-way); for proposals ``source``,
        ``error_source``, ``judgement`` and ``is_late``.
    by_error : pandas.DataFrame
        One row a reading and error: ``title``, ``of``, ``scale``, ``error``, ``brier_gain``, ``se``, ``low``, ``high``.
    notes : tuple of str
        What was left out and why, and warnings.
    """

    sample: Sample
    answer: Estimate
    loss_ratio: float
    readings: pd.DataFrame
    by_error: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """What the best reading would do."""
        return self.sentences

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Readings by worth."""
        return (self.readings,)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name."""
        return {"readings": self.readings, "by_error": self.by_error}

    @property
    def shown_readings(self) -> pd.DataFrame:
        """Readings as text, no digit beyond its error: for a terminal and a page."""
        rows = []
        for row in self.readings.to_dict("records"):
            shown = {"reading": row["title"]}
            if "source" in row:
                shown["reads"] = f"{row['of']}, {row['scale']} {row['error']:g}"
            for heading, name, factor in _SHOWN:
                shown[heading] = with_error(factor * row[name], factor * row[f"{name}_se"]) or "-"
            ends = [_one_decimal(row, name) for name in ("after_low", "after_high")]
            rows.append({**shown, "P after it, 5-95 %": f"{ends[0]} to {ends[1]}"})
        return pd.DataFrame(rows)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the best reading is expected to do, and what it would be worth to make it better."""
        if self.sample.n_telling < RARE_HITS:
            return (
                "Too few draws see the event, or do not, to say which reading is worth most: the errors below are "
                "themselves poorly known. Take more draws.",
            )
        best = self.readings.iloc[0]
        if not best["brier_gain_low"] > 0.0:
            return ("No reading is known to be worth anything: take more draws, or read something else.",)
        spread = self.answer.prob * (1.0 - self.answer.prob)
        found = [_worth_sentence(best, self.answer, spread)]
        if not math.isnan(best["half_error"]):
            digits = decimals(best["half_error_se"])
            half = f"{best['half_error']:.{digits}f} (SE {best['half_error_se']:.{digits}f})"
            found.append(
                f"It would be worth half of perfect knowledge at an error ({best['scale']}) of {half}; its own is "
                f"{best['error']:g}."
            )
        known = self.readings[self.readings["brier_gain_low"] > 0.0]
        following = known.iloc[1:4]
        lead = "Next"
        if "is_late" in known and best["is_late"]:  # a late reading settles most, and comes when it is of least use
            following = known[~known["is_late"].astype(bool)].head(3)
            lead = "Of what can be read before automation"
        if len(following):
            worth = [
                f"{row.title} {share_in_percent(row.brier_gain / spread, row.brier_gain_se / spread)}"
                for row in following.itertuples()
            ]
            found.append(f"{lead}: {'; '.join(worth)}.")
        return tuple(found)


def _worth_sentence(best: pd.Series, answer: Estimate, spread: float) -> str:
    """What the best reading is expected to do."""
    removed = share_in_percent(best["brier_gain"] / spread, best["brier_gain_se"] / spread)
    ends = [_one_decimal(best, name) for name in ("after_low", "after_high")]
    return (
        f"Most worth measuring: {best['title']}. The reading would remove {removed} of the expected quadratic (Brier) "
        f"loss, {share_in_percent(best['share'], best['share_se'])} of what perfect knowledge of {best['of']} would. "
        f"After it the probability would lie between {ends[0]} and {ends[1]} % (5th to 95th percentile) instead of "
        f"{in_percent(answer)}."
    )


def _one_decimal(row: Any, name: str) -> str:
    """A probability in percent, to its error but no further than one decimal, which bins do not support."""
    return f"{100 * row[name]:.{min(decimals(100 * row[f'{name}_se']), 1)}f}"


def measure(
    source: PriorSet | Simulation | Sample,
    of: str | Reading | Sequence[Reading] | None = None,
    *,
    sd: float | None = None,
    sd_log: float | None = None,
    sd_logit: float | None = None,
    event: str | Event = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    loss_ratio: float = 1.0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Measurement:
    """Expected value of readings: which measurement is expected to tell most about the event (EVSI).

    Parameters
    ----------
    source : PriorSet, Simulation or Sample
        A prior set, which is simulated (given its evidence, if it states any), or draws that there are already.
    of : str, Reading or sequence of Reading, optional
        What is read: a quantity, a derived quantity or an outcome; the measurements of :data:`PROPOSALS` if not given.
    sd, sd_log, sd_logit : float, optional
        Error of the reading where ``of`` is a name: one of the three, see :class:`Reading`.
    event : str or Event
        The event; that of the draws for a Sample.
    n_draws, seed, n_replicates, horizon_months
        As in :func:`mc_sie.simulate`, for a prior set.
    loss_ratio : float
        What acting in vain costs, in units of what acting rightly gains.
    threads : int, optional
        Threads; changes no result.
    progress : callable, optional
        Called with (draws done, draws in all).

    Returns
    -------
    Measurement
        One row a reading.

    Raises
    ------
    InputError
        For a reading that makes no sense, a subject that some draws do not have or that was not simulated, and an
        event that does not hold and fail in two randomisations each.

    Examples
    --------
    >>> from mc_sie import load_prior, measure
    >>> found = measure(load_prior("davidson-2025"), "r", sd_log=0.3, n_draws=4096)
    >>> list(found.readings["of"])
    ['r']
    """
    check_loss_ratio(loss_ratio)
    asked = _asked(of, dict(zip(SCALES, (sd, sd_log, sd_logit), strict=True)))
    if isinstance(event, str):
        event = parse_event(event)
    if isinstance(source, PriorSet):
        event.check_horizon(horizon_months)
        subjects = [reading.subject for reading in asked.values()]
        marks = [marks_of(subject.name, subject.index) for subject in subjects if subject.is_outcome]
        source = simulate(
            source,
            n_draws,
            seed=seed,
            n_replicates=n_replicates,
            horizon_months=horizon_months,
            levels=sorted({*event.levels, *(k for levels, _ in marks for k in levels)}),
            widths=sorted({*event.widths, *(w for _, widths in marks for w in widths)}),
            threads=threads,
            progress=progress,
        )
    if isinstance(source, Simulation):
        source = sample_of(source, event)
    return _measured(source, asked, loss_ratio, threads, is_stated=of is not None)


def _asked(of: str | Reading | Sequence[Reading] | None, errors: Mapping[str, float | None]) -> dict[str, Reading]:
    """Readings by their title."""
    if isinstance(of, str):
        of = Reading(of, *errors.values())
    elif stray := [scale for scale, error in errors.items() if error is not None]:
        why = "is given beside readings, which have errors of their own"
        raise InputError(stray[0], why, "Leave it out, or name one subject.")
    if of is None:
        return {proposal.title: proposal.reading for proposal in PROPOSALS.values()}
    if isinstance(of, Reading):
        of = [of]
    if len(of) == 0:
        raise InputError("of", "names nothing to read", "Leave it out for the measurements that have been proposed.")
    return {reading.words: reading for reading in of}


def _measured(
    sample: Sample, asked: dict[str, Reading], loss_ratio: float, threads: int | None, *, is_stated: bool
) -> Measurement:
    """Readings of a sample; proposals that cannot be read in it are left out with a note."""
    from scipy.special import ndtri

    ok = sample.is_ok
    hits = sample.hits[ok]
    groups = sample.replicate[ok].astype(np.intp)
    weights = None if sample.weights is None else sample.weights[ok]
    check_both(hits, groups, weights)
    noise = ndtri(points(sample.design, NOISE_DIMENSION, 0, sample.design.n_draws))[ok]
    notes = []
    if sample.failed_in_words:
        notes.append(f"{sample.failed_in_words} Here they are left out.")
    values: dict[str, Array] = {}
    for title, reading in asked.items():
        try:
            values[title] = _values(sample, reading)[ok]
        except InputError as error:
            if is_stated:
                raise
            notes.append(f"Left out, {title}: {error.where} {error.why}.")

    def one(title: str) -> ReadingValue:
        reading = asked[title]
        up_to = reading.up_to
        if reading.subject.unit == "months" and reading.subject.is_outcome:
            up_to = min(up_to, sample.horizon_months)
        if reading.scale == "sd_log":
            up_to = math.log(up_to)
        return reading_value(
            values[title], noise, reading.error, hits, groups, weights=weights, loss_ratio=loss_ratio, up_to=up_to
        )  # fmt: skip

    with ThreadPoolExecutor(n_threads(threads)) as pool:
        found = dict(zip(values, pool.map(one, values), strict=True))
    frame = pd.DataFrame([_row(title, asked[title], value) for title, value in found.items()])
    if not is_stated:
        for column in ("source", "error_source", "judgement", "is_late"):
            by_title = {proposal.title: getattr(proposal, column) for proposal in PROPOSALS.values()}
            frame[column] = frame["title"].map(by_title)
    constant = [title for title in found if (values[title] == values[title][0]).all()]
    if constant:
        notes.append(f"Worth nothing here, because the prior leaves no doubt about it: {'; '.join(constant)}.")
    frame = frame.sort_values("brier_gain", ascending=False, kind="stable", ignore_index=True)
    by_error = pd.concat([_curve(title, asked[title], found[title]) for title in frame["title"]], ignore_index=True)
    return Measurement(sample, sample.answer, loss_ratio, frame, by_error, tuple(notes))


def _values(sample: Sample, reading: Reading) -> Array:
    """Subject of a reading in every draw, on the scale of its error; nan where the draw could not be simulated."""
    subject = reading.subject
    if subject.is_outcome:
        window = window_months(subject.name, subject.index)
        if window > sample.horizon_months:
            why = f"is about {as_text(window)} months, but trajectories end after {as_text(sample.horizon_months)}"
            raise InputError(reading.of, why, f"Give horizon_months = {as_text(window)}.")
        column = subject.name if subject.index is None else f"{subject.name}_{as_text(subject.index)}"
        if column not in sample.outcomes:
            raise InputError(reading.of, "is not among the outcomes of these draws", "Simulate the prior set itself.")
        values = sample.outcomes[column].to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = subject.values(sample.draws)
    absent = int(np.isnan(values[sample.is_ok]).sum())
    if absent:
        why = f"is absent from {absent:,} of {len(values):,} draws"
        raise InputError(reading.of, why, "Read what every draw has, such as pace_initial for speedup_initial.")
    scaled = np.full(len(values), np.nan)
    scaled[sample.is_ok] = on_scale(reading.scale, values[sample.is_ok], reading.of)
    return scaled


def _row(title: str, reading: Reading, found: ReadingValue) -> dict[str, Any]:
    """Row of the table of readings."""
    row: dict[str, Any] = {
        "title": title, "of": reading.of, "unit": reading.subject.unit, "scale": reading.scale, "error": reading.error,
    }  # fmt: skip
    for names, numbers in (
        (VALUES, found.reading),
        (("shift", "after_low", "after_high"), found.after),
        (("perfect",), found.perfect),
    ):
        for place, name in enumerate(names):
            row |= _cells(name, numbers, place)
    row |= {"share": found.share, "share_se": found.share_se}
    return row | {"half_error": found.half, "half_error_se": found.half_se}


def _cells(name: str, numbers: Jackknifed, place: int) -> dict[str, float]:
    """A number with its error and interval, as columns."""
    return {
        name: float(numbers.value[place]),
        f"{name}_se": float(numbers.se[place]),
        f"{name}_low": float(numbers.low[place]),
        f"{name}_high": float(numbers.high[place]),
    }


def _curve(title: str, reading: Reading, found: ReadingValue) -> pd.DataFrame:
    """Brier gain of a reading by its error."""
    return pd.DataFrame(
        {
            "title": title,
            "of": reading.of,
            "scale": reading.scale,
            "error": found.errors,
            **found.by_error.columns("brier_gain"),
        }
    )
