"""What a simulation says: probabilities over thresholds and windows, quantiles, counts, as tables with errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.estimates import Estimate, estimate_probability, in_percent, one_in, replicate_se, se_in_points
from mc_sie.engine.run import Simulation
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.model.status import STATUSES
from mc_sie.outcomes import OUTCOME_KINDS, STATUS_NAMES
from mc_sie.quantities import MODES

WINDOWS_MONTHS = (1.0, 4.0, 12.0, 24.0, 60.0)
"""Windows of the table of probabilities, months."""

TABLE_LEVELS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 12.0, 16.0)
"""Gains of the table of probabilities, OOM."""

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
"""Quantiles that are reported."""


@dataclass(frozen=True)
class Summary:
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
    """

    event: Event
    answer: Estimate
    from_start: Estimate | None
    thresholds: pd.DataFrame
    quantiles: pd.DataFrame
    modes: pd.DataFrame
    statuses: pd.DataFrame
    sentence: str

    def _repr_html_(self) -> str:
        """The sentence and the table of probabilities, for notebooks."""
        return f"<p>{self.sentence}</p>{self.thresholds.to_html(index=False)}"


def summarise(simulation: Simulation, event: Event | str = HEADLINE) -> Summary:
    """Summarise a simulation.

    Parameters
    ----------
    simulation : Simulation
        From :func:`mc_sie.simulate`; it must have been given the event's levels and widths if those are unusual.
    event : Event or str
        What to ask about.

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
    from_start = estimate_event(simulation, twin) if twin and _is_simulated(simulation, twin) else None
    return Summary(
        event,
        answer,
        from_start,
        threshold_table(simulation),
        quantile_table(simulation),
        mode_table(simulation, event),
        status_table(simulation, event),
        sentence(answer, from_start),
    )


def _is_simulated(simulation: Simulation, event: Event) -> bool:
    outcomes = simulation.outcomes
    return set(event.levels) <= set(outcomes.levels) and set(event.widths) <= set(outcomes.widths)


def estimate_event(simulation: Simulation, event: Event, among: NDArray[np.bool_] | None = None) -> Estimate:
    """Probability of an event in a simulation.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        The event.
    among : array of shape (n,), bool, optional
        Condition on these draws.

    Returns
    -------
    Estimate
        Among the draws that were simulated.
    """
    counted = simulation.outcomes.is_ok if among is None else simulation.outcomes.is_ok & among
    design = simulation.design
    return estimate_probability(event.holds(simulation.outcomes), counted, design.n_replicates, design.scheme)


def sentence(answer: Estimate, from_start: Estimate | None) -> str:
    """The answer in one sentence: probability, Monte Carlo error, natural frequency, the count from day one.

    Parameters
    ----------
    answer, from_start : Estimate
        The event in the best window, and from the day of automation.

    Returns
    -------
    str
        ``"12.8 % (Monte Carlo SE 0.1 points, about 1 in 8; 10.4 % counted from day one)."``
    """
    if answer.n_draws == 0:
        return "No draw could be simulated."
    if answer.is_rare:
        error = f"exact 95 % bound: {answer.n_hits:,} of {answer.n_draws:,} draws"
    elif answer.se == 0.0:
        error = f"the same in every randomisation, {one_in(answer.prob)}"
    else:
        points = se_in_points(answer)
        error = f"Monte Carlo SE {points} {'point' if points == '1' else 'points'}, {one_in(answer.prob)}"
    day_one = "" if from_start is None else f"; {in_percent(from_start)} counted from day one"
    text = in_percent(answer)
    return f"{text[0].upper()}{text[1:]} ({error}{day_one})."


def _row(estimate: Estimate) -> dict[str, object]:
    return {
        "prob": estimate.prob,
        "se": estimate.se,
        "low": estimate.low,
        "high": estimate.high,
        "interval": f"{estimate.interval}, {'95' if estimate.is_rare else '90'} %",
        "n_hits": estimate.n_hits,
        "n_draws": estimate.n_draws,
    }


def estimates_of(frame: pd.DataFrame) -> list[str]:
    """The probabilities of a table in percent, each with no digit beyond its error; a bound where that is all there is.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the columns of :func:`threshold_table`.

    Returns
    -------
    list of str
        Such as ``"12.8"`` or ``"<0.02"``.
    """
    texts = []
    for row in frame.itertuples(index=False):
        interval = row.interval.split(",")[0]
        estimate = Estimate(row.prob, row.se, row.low, row.high, interval, row.n_hits, row.n_draws)
        text = in_percent(estimate).removesuffix(" %")
        texts.append(text.replace("below ", "<").replace("above ", ">"))
    return texts


def threshold_table(
    simulation: Simulation, windows_months: Sequence[float] = WINDOWS_MONTHS, levels: Sequence[float] = TABLE_LEVELS
) -> pd.DataFrame:
    """P(effective compute rises by at least k OOM in less than w months), from t = 0 and in the best window.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    windows_months : sequence of float
        w; those beyond the horizon are left out, since no trajectory decides them.
    levels : sequence of float
        k in OOM; those that were not simulated are left out.

    Returns
    -------
    pandas.DataFrame
        Columns ``counted`` (``best window``, ``from day one``), ``ooms``, ``months``, ``prob``, ``se``, ``low``,
        ``high``, ``interval``, ``n_hits``, ``n_draws``.
    """
    rows = []
    for counted, outcome in (("best window", "best_window_months"), ("from day one", "months_to")):
        for level in levels:
            if level not in simulation.outcomes.levels:
                continue
            for months in windows_months:
                if months > simulation.horizon_months:
                    continue
                estimate = estimate_event(simulation, Event(outcome, level, "<", months))
                rows.append({"counted": counted, "ooms": level, "months": months, **_row(estimate)})
    columns = ["counted", "ooms", "months", "prob", "se", "low", "high", "interval", "n_hits", "n_draws"]
    return pd.DataFrame(rows, columns=columns)


def quantile_table(simulation: Simulation) -> pd.DataFrame:
    """Quantiles of the main outcomes, with Monte Carlo errors.

    Gains are in OOM of effective compute and, for readers who think in them, in Davidson & Houlden's years of progress.

    Parameters
    ----------
    simulation : Simulation
        The draws.

    Returns
    -------
    pandas.DataFrame
        One row an outcome: ``outcome``, ``unit``, ``share_reached`` (draws in which it is finite), then ``q05`` ...
        ``q95`` and ``se_q05`` ... A quantile that lies among draws that never reach is inf, and has no error.
    """
    outcomes = simulation.outcomes
    wanted: list[tuple[str, str, NDArray[np.float64]]] = []
    for name, marks in (
        ("months_to", [level for level in TABLE_LEVELS if level in outcomes.levels]),
        ("first_year_ooms", [None]),
        ("best_gain_ooms", list(outcomes.widths)),
        ("pace_initial", [None]),
        ("pace_peak", [None]),
        ("pace_ceiling", [None]),
    ):
        for mark in marks:
            label = name if mark is None else f"{name}[{mark:g}]"
            wanted.append((label, OUTCOME_KINDS[name].unit, outcomes.values(name, mark)))
    mu = simulation.draws["labour_per_efficiency"]
    wanted += [(label, "years", values) for label, values in outcomes.progress_years(mu).items()]
    is_ok = outcomes.is_ok
    rows = []
    for label, unit, values in wanted:
        row: dict[str, object] = {"outcome": label, "unit": unit}
        row["share_reached"] = float(np.isfinite(values[is_ok]).mean()) if is_ok.any() else math.nan
        pooled = _quantiles(values[is_ok])
        by_replicate = np.array(
            [
                _quantiles(part[keep])
                for part, keep in zip(
                    values.reshape(simulation.design.n_replicates, -1),
                    is_ok.reshape(simulation.design.n_replicates, -1),
                    strict=True,
                )
            ]
        )
        for j, prob in enumerate(QUANTILES):
            row[f"q{100 * prob:02.0f}"] = pooled[j]
        for j, prob in enumerate(QUANTILES):
            column = by_replicate[:, j]
            row[f"se_q{100 * prob:02.0f}"] = replicate_se(column) if np.isfinite(column).all() else math.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Order statistics at the reported quantiles: no interpolation, so that inf never mixes with a finite number."""
    if len(values) == 0:
        return np.full(len(QUANTILES), math.nan)
    return np.asarray(np.quantile(values, QUANTILES, method="inverted_cdf"))


def mode_table(simulation: Simulation, event: Event) -> pd.DataFrame:
    """The event by retraining mode.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        The event.

    Returns
    -------
    pandas.DataFrame
        One row a mode that was drawn: ``mode``, ``share`` of the draws, and the conditional probability with its error.
    """
    rows = []
    mode = simulation.draws["mode"]
    for code, name in enumerate(MODES):
        among = mode == code
        if among.any():
            estimate = estimate_event(simulation, event, among)
            rows.append({"mode": name, "share": float(among.mean()), **_row(estimate)})
    return pd.DataFrame(rows)


def status_table(simulation: Simulation, event: Event) -> pd.DataFrame:
    """Counts of draws by status.

    Parameters
    ----------
    simulation : Simulation
        The draws.
    event : Event
        The event whose probability the draws that were not simulated leave open.

    Returns
    -------
    pandas.DataFrame
        ``status``, ``n_draws``, ``meaning``, ``remedy``; always a row for ``ok``. The attributes ``prob_low`` and
        ``prob_high`` of the frame are the event's probability if it failed or held in every draw not simulated.
    """
    status = simulation.outcomes.status
    counts = np.bincount(status, minlength=len(STATUS_NAMES))
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
    hits = int(event.holds(simulation.outcomes).sum())
    frame.attrs["prob_low"] = hits / len(status)
    frame.attrs["prob_high"] = (hits + int(counts[1:].sum())) / len(status)
    return frame
