"""Summary of a simulation: probabilities over gains and windows, quantiles and counts, as tables with errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.counts import (
    COUNTINGS,
    CURVE_BINS,
    TABLE_LEVELS,
    WEIGHT_UNIT,
    WINDOWS_MONTHS,
    CountSpec,
    outcomes_by_label,
)
from mc_sie.engine.run import Simulation
from mc_sie.engine.streaming import Streamed
from mc_sie.events import HEADLINE, Condition, Event, parse_event
from mc_sie.model.status import STATUSES
from mc_sie.outcomes import STATUS_NAMES
from mc_sie.quantities import MODES
from mc_sie.stats import quantile_sketch
from mc_sie.stats.estimates import (
    Estimate,
    WeightedEstimate,
    WeightSums,
    estimate_from_counts,
    estimate_from_sums,
    estimate_probability,
    in_percent,
    one_in,
    replicate_se,
    se_in_points,
)
from mc_sie.text.showing import Shown

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
"""Quantiles that are reported."""

_QUANTILE_COLUMNS = ["outcome", "unit", "share_reached"] + [
    f"{kind}{100 * prob:02.0f}" for kind in ("q", "se_q") for prob in QUANTILES
]


@dataclass(frozen=True, repr=False)
class Summary(Shown):
    """The answer of one simulation.

    Attributes
    ----------
    event : Event
        The event asked about.
    answer : Estimate
        Its probability.
    from_start : Estimate or None
        The probability of the same event counted from the day of automation.
    thresholds : pandas.DataFrame
        P(>= k OOM within w months), one row a (counting, k, w), with SE, interval and its kind.
    quantiles : pandas.DataFrame
        Quantiles of months to k OOM, of OOM in the first and the best year and of the peak pace, with SE and the share
        of draws that reach.
    modes : pandas.DataFrame
        The event by retraining mode.
    statuses : pandas.DataFrame
        Counts of draws by status, and the bounds that draws not simulated leave on the probability.
    sentence : str
        The answer in one sentence.
    before : Estimate or None
        Of a set given evidence, the probability before it.
    """

    event: Event
    answer: Estimate
    from_start: Estimate | None
    thresholds: pd.DataFrame
    quantiles: pd.DataFrame
    modes: pd.DataFrame
    statuses: pd.DataFrame
    sentence: str
    before: Estimate | None = None

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Answer in a sentence."""
        return (self.sentence,)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Probabilities over gains and windows."""
        return (self.thresholds,)


def summarise(simulation: Simulation, event: Event | str = HEADLINE) -> Summary:
    """Probability of an event with its error, and the tables that go with it.

    Parameters
    ----------
    simulation : Simulation
        From :func:`mc_sie.simulate`; it must have been given the event's levels and widths if those are unusual.
    event : Event or str
        Event to ask about.

    Returns
    -------
    Summary
        Tables and a sentence.

    Raises
    ------
    InputError
        For an event that does not parse, was not simulated, or asks about a time beyond the horizon.
    """
    if isinstance(event, str):
        event = parse_event(event)
    event.check_horizon(simulation.horizon_months)
    answer = estimate_event(simulation, event)
    twin = event.from_start
    from_start = None
    if twin and _is_simulated(simulation, twin):
        from_start = estimate_event(simulation, twin)
    before = None
    if simulation.before is not None:
        before = estimate_event(simulation.before, event)
    return Summary(
        event,
        answer,
        from_start,
        threshold_table(simulation),
        quantile_table(simulation),
        mode_table(simulation, event),
        status_table(simulation, event),
        sentence(answer, from_start, before, len(simulation.prior.evidence)),
        before,
    )


def _is_simulated(simulation: Simulation, event: Event) -> bool:
    outcomes = simulation.outcomes
    return set(event.levels) <= set(outcomes.levels) and set(event.widths) <= set(outcomes.widths)


def estimate_event(
    simulation: Simulation, event: Event | Condition, among: NDArray[np.bool_] | None = None
) -> Estimate:
    """Probability of an event among the simulated draws of a simulation, or those of them that are ``among`` some."""
    counted = simulation.outcomes.is_ok
    if among is not None:
        counted = counted & among
    design = simulation.design
    hits = event.holds(simulation.outcomes)
    return estimate_probability(hits, counted, design.n_replicates, design.scheme, simulation.weights)


def sentence(answer: Estimate, from_start: Estimate | None, before: Estimate | None = None, n_evidence: int = 0) -> str:
    """The answer in one sentence: probability, Monte Carlo error, natural frequency, the count from day one.

    Such as ``"12.8 % (Monte Carlo SE 0.1 points, about 1 in 8; 10.4 % counted from day one)."``; with the number of
    pieces of evidence that it is given, and the probability before them.
    """
    if answer.n_draws == 0:
        return "No draw could be simulated."
    errors = []
    if answer.has_error:
        points = counted_noun(se_in_points(answer), "point")
        errors.append(f"Monte Carlo SE {points}, {one_in(answer.prob)}")
    if answer.is_rare:
        errors.append(answer.bound_in_words)
    in_brackets = "; ".join(errors)
    if from_start is not None:
        in_brackets += f"; {in_percent(from_start)} counted from day one"
    prob = in_percent(answer)
    text = f"{prob[0].upper()}{prob[1:]} ({in_brackets})"
    if n_evidence:
        text += f", given {counted_noun(str(n_evidence), 'piece')} of evidence"
    if before is not None:
        text += f"; {in_percent(before)}"
        if before.has_error:
            text += f" (SE {se_in_points(before)})"
        text += " before"
    return f"{text}."


def counted_noun(number: str, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _row(estimate: Estimate) -> dict[str, object]:
    """Columns of an estimate in a table."""
    level = "95" if estimate.is_rare else "90"
    row: dict[str, object] = {
        "prob": estimate.prob,
        "se": estimate.se,
        "low": estimate.low,
        "high": estimate.high,
        "interval": f"{estimate.interval}, {level} %",
        "n_hits": estimate.n_hits,
        "n_draws": estimate.n_draws,
    }
    if isinstance(estimate, WeightedEstimate):
        row["ess"] = estimate.ess
    return row


def estimates_of(frame: pd.DataFrame) -> list[str]:
    """The probabilities of a table in percent, each with no digit beyond its error; a bound where that is all there is.

    The table has the columns of :func:`threshold_table`; texts are such as ``"12.8"`` or ``"<0.02"``.
    """
    texts = []
    for row in frame.itertuples(index=False):
        interval = row.interval.split(",")[0]
        estimate = Estimate(row.prob, row.se, row.low, row.high, interval, row.n_hits, row.n_draws)
        text = in_percent(estimate).partition(", ")[0]  # a cell has no room for a bound beside what is known
        texts.append(text.removesuffix(" %").replace("below ", "<").replace("above ", ">"))
    return texts


def threshold_table(
    simulation: Simulation, windows_months: Sequence[float] = WINDOWS_MONTHS, levels: Sequence[float] = TABLE_LEVELS
) -> pd.DataFrame:
    """P(effective compute rises by at least k OOM in less than w months), from t = 0 and in the best window.

    Columns ``counted`` (``best window``, ``from day one``), ``ooms``, ``months``, and those of :func:`_row`. Windows
    beyond the horizon, which no trajectory decides, and gains that were not simulated are left out.
    """
    cells = (
        (counted, Condition(outcome, level, "<", months))
        for counted, outcome in COUNTINGS
        for level in levels
        if level in simulation.outcomes.levels
        for months in windows_months
        if months <= simulation.horizon_months
    )
    return _threshold_frame((counted, event, estimate_event(simulation, event)) for counted, event in cells)


def _threshold_frame(cells: Iterable[tuple[str, Condition, Estimate]]) -> pd.DataFrame:
    rows = [
        {"counted": counted, "ooms": cell.index, "months": cell.threshold, **_row(estimate)}
        for counted, cell, estimate in cells
    ]
    columns = ["counted", "ooms", "months", "prob", "se", "low", "high", "interval", "n_hits", "n_draws"]
    if rows and "ess" in rows[0]:
        columns.append("ess")
    return pd.DataFrame(rows, columns=columns)


def quantile_table(simulation: Simulation) -> pd.DataFrame:
    """Quantiles of the main outcomes, with Monte Carlo errors.

    Gains are in OOM of effective compute and, for readers who think in them, in Davidson & Houlden's years of progress.
    One row an outcome: ``outcome``, ``unit``, ``share_reached`` (draws in which it is finite), then ``q05`` ... ``q95``
    and ``se_q05`` ... A quantile that lies among draws that never reach is inf, and has no error.
    """
    outcomes = simulation.outcomes
    is_ok = outcomes.is_ok
    asked = CountSpec(
        parse_event(HEADLINE), tuple(outcomes.levels), tuple(outcomes.widths), simulation.horizon_months, ()
    ).quantiles
    rows = []
    n_replicates = simulation.design.n_replicates
    weights = None if simulation.weights is None else np.where(is_ok, simulation.weights, 0.0)
    for (label, unit), values in zip(asked, outcomes_by_label(outcomes, tuple(dict(asked))), strict=True):
        if weights is not None:
            total = float(weights.sum())
            share = float(weights[np.isfinite(values)].sum()) / total if total > 0.0 else math.nan
            pairs = zip(values.reshape(n_replicates, -1), weights.reshape(n_replicates, -1), strict=True)
            by_replicate = np.array([weighted_quantiles(part, weight, QUANTILES) for part, weight in pairs])
            rows.append(_quantile_row(label, unit, share, weighted_quantiles(values, weights, QUANTILES), by_replicate))
            continue
        simulated = np.sort(values[is_ok])
        share = float(np.isfinite(simulated).mean()) if is_ok.any() else math.nan
        replicates = zip(values.reshape(n_replicates, -1), is_ok.reshape(n_replicates, -1), strict=True)
        by_replicate = np.array([_quantiles(np.sort(part[keep])) for part, keep in replicates])
        rows.append(_quantile_row(label, unit, share, _quantiles(simulated), by_replicate))
    return pd.DataFrame(rows, columns=_QUANTILE_COLUMNS)


def weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], probs: Sequence[float]
) -> NDArray[np.float64]:
    """Order statistics of weighted values: the smallest with at least a share ``prob`` of the weight up to it.

    A value of weight 0 does not count; nan where no weight is positive.
    """
    kept = weights > 0.0
    if not kept.any():
        return np.full(len(probs), math.nan)
    order = np.argsort(values[kept], kind="stable")
    cumulated = np.cumsum(weights[kept][order])
    at = np.searchsorted(cumulated, np.asarray(probs) * cumulated[-1] * (1.0 - 1e-12))
    return np.asarray(values[kept][order][np.minimum(at, len(order) - 1)])


def _quantile_row(
    label: str, unit: str, share: float, pooled: NDArray[np.float64], by_replicate: NDArray[np.float64]
) -> dict[str, object]:
    """One row of the table of quantiles; the error of one that lies among draws that never reach is nan."""
    row: dict[str, object] = {"outcome": label, "unit": unit, "share_reached": share}
    for prob, value in zip(QUANTILES, pooled, strict=True):
        row[f"q{100 * prob:02.0f}"] = value
    for prob, column in zip(QUANTILES, by_replicate.T, strict=True):
        row[f"se_q{100 * prob:02.0f}"] = replicate_se(column) if np.isfinite(column).all() else math.nan
    return row


def _quantiles(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Order statistics at the reported quantiles: no interpolation, so that inf never mixes with a finite number."""
    if len(ordered) == 0:
        return np.full(len(QUANTILES), math.nan)
    places = np.ceil(len(ordered) * np.array(QUANTILES) - 1.0).astype(np.int64).clip(0)
    return np.asarray(ordered[places])


def mode_table(simulation: Simulation, event: Event) -> pd.DataFrame:
    """The event by retraining mode.

    One row a mode that was drawn: ``mode``, ``share`` of the draws, and the conditional probability with its error.
    """
    mode = simulation.draws["mode"]
    cells = ((name, mode == code) for code, name in enumerate(MODES))
    return _mode_frame(
        (name, float(np.average(among, weights=simulation.weights)), estimate_event(simulation, event, among))
        for name, among in cells
        if among.any()
    )


def _mode_frame(cells: Iterable[tuple[str, float, Estimate]]) -> pd.DataFrame:
    return pd.DataFrame([{"mode": name, "share": share, **_row(estimate)} for name, share, estimate in cells])


def status_table(simulation: Simulation, event: Event) -> pd.DataFrame:
    """Counts of draws by status: ``status``, ``n_draws``, ``meaning``, ``remedy``; always a row for ``ok``.

    The attributes ``prob_low`` and ``prob_high`` of the frame are the event's probability if it failed or held in every
    draw not simulated.
    """
    outcomes, hits = simulation.outcomes, event.holds(simulation.outcomes)
    counts = np.bincount(outcomes.status, minlength=len(STATUS_NAMES))
    frame = _status_frame(counts, counts, hits.sum())
    if simulation.weights is not None:
        for bound, holds in (("prob_low", hits), ("prob_high", hits | ~outcomes.is_ok)):
            frame.attrs[bound] = float(np.average(holds, weights=simulation.weights))
    return frame


def _status_frame(counts: NDArray[np.int64], weights: NDArray[np.int64], hits: np.integer[Any]) -> pd.DataFrame:
    """Table of statuses from numbers of draws, their weights, and the weight of the hits."""
    rows = [
        {
            "status": STATUSES[code].name,
            "n_draws": int(n),
            "meaning": STATUSES[code].meaning,
            "remedy": STATUSES[code].remedy,
        }
        for code, n in enumerate(counts)
        if n or code == 0
    ]
    frame = pd.DataFrame(rows)
    total = int(weights.sum())
    frame.attrs["prob_low"] = int(hits) / total
    frame.attrs["prob_high"] = (int(hits) + int(weights[1:].sum())) / total
    return frame


# --- Draws that were not kept ----------------------------------------------------------------------------------------


def summarise_counts(streamed: Streamed) -> Summary:
    """The tables of :func:`summarise` from counts of draws that were not kept; quantiles are those of the sketch."""
    spec, rows, scheme = streamed.spec, streamed.rows, streamed.design.scheme
    drawn = spec.layers(rows, "modes_ok").sum(axis=-1)
    hits = spec.layers(rows, "hits")
    answer = event_estimate(spec, rows, scheme)
    from_start = None
    if spec.twin:
        from_start = _estimate_counts(spec, rows, hits[..., 1], drawn, scheme)
    thresholds = spec.layers(rows, "thresholds")
    cells = (
        (counted, event, _estimate_counts(spec, rows, thresholds[..., place], drawn, scheme))
        for place, (counted, event) in enumerate(spec.thresholds)
    )
    ok, hit = (spec.layers(rows, name) for name in ("modes_ok", "modes_hit"))
    by_mode = spec.layers(rows, "modes").sum(axis=1)  # by layer and mode
    modes = (
        (
            name,
            float(by_mode[spec.weight_layer, code] / by_mode[spec.weight_layer].sum()),
            _estimate_counts(spec, rows, hit[..., code], ok[..., code], scheme),
        )
        for code, name in enumerate(MODES)
        if by_mode[0, code]
    )
    sketches = spec.view(rows, "sketches")
    quantiles = []
    for place, (label, unit) in enumerate(spec.quantiles):
        counts = sketches[:, place]
        pooled = counts.sum(axis=0)
        by_replicate = np.array([[quantile_sketch.quantile(one, prob) for prob in QUANTILES] for one in counts])
        all_draws = np.array([quantile_sketch.quantile(pooled, prob) for prob in QUANTILES])
        quantiles.append(_quantile_row(label, unit, quantile_sketch.share_finite(pooled), all_draws, by_replicate))
    statuses = spec.layers(rows, "statuses").sum(axis=1)
    weights = statuses[spec.weight_layer]
    return Summary(
        spec.event,
        answer,
        from_start,
        _threshold_frame(cells),
        pd.DataFrame(quantiles, columns=_QUANTILE_COLUMNS),
        _mode_frame(modes),
        _status_frame(statuses[0], weights, hits[spec.weight_layer, :, 0].sum()),
        sentence(answer, from_start, streamed.before, len(streamed.prior.evidence)),
        streamed.before,
    )


def event_estimate(spec: CountSpec, rows: NDArray[np.int64], scheme: str) -> Estimate:
    """Probability of the event asked about, from the counts of some replicates."""
    drawn = spec.layers(rows, "modes_ok").sum(axis=-1)
    return _estimate_counts(spec, rows, spec.layers(rows, "hits")[..., 0], drawn, scheme)


def _estimate_counts(
    spec: CountSpec, rows: NDArray[np.int64], hits: NDArray[np.int64], drawn: NDArray[np.int64], scheme: str
) -> Estimate:
    """Probability from hits and from draws that count, each of shape (layers, R)."""
    if not spec.is_weighted:
        return estimate_from_counts(hits[0], drawn[0], scheme)
    sums = (
        WeightSums(
            WEIGHT_UNIT * weights,
            WEIGHT_UNIT * float(weights.sum()),
            WEIGHT_UNIT * float(squares.sum()),
            int(n.sum()),
        )
        for n, weights, squares in (drawn, hits, drawn - hits)
    )
    tail = spec.view(rows, "tail").sum(axis=0)
    return estimate_from_sums(*sums, largest=float(quantile_sketch.largest(tail, 1).sum()))


def curve_table(spec: CountSpec, rows: NDArray[np.int64], scheme: str) -> pd.DataFrame:
    """P(event | quantity) in equal-mass bins of each random quantity's own uniform, each with its error or bound.

    ``rows`` are counts of shape (R, n_counts). Columns ``quantity``, ``bin``, ``u_low``, ``u_high`` (quantile levels of
    its prior), and those of :func:`_row`; ``se`` is nan where too few draws of the bin hit or missed.
    """
    curves = spec.layers(rows, "curves")
    found = [
        {
            "quantity": name,
            "bin": place,
            "u_low": place / CURVE_BINS,
            "u_high": (place + 1) / CURVE_BINS,
            **_row(
                _estimate_counts(spec, rows, curves[:, :, number, place, 1], curves[:, :, number, place, 0], scheme)
            ),
        }
        for number, name in enumerate(spec.dimensions)
        for place in range(CURVE_BINS)
    ]
    return pd.DataFrame(found)
