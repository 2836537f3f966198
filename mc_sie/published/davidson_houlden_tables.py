"""The tables of Davidson & Houlden (2025), and what separates their simulator from the continuous law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.run import evaluate
from mc_sie.outcomes import Outcomes
from mc_sie.published import davidson_houlden as simulator
from mc_sie.published.davidson_houlden import HORIZON_MONTHS, Counts, share_of
from mc_sie.published.verdicts import Target
from mc_sie.quantities import HORIZON_MONTHS_HIGH
from mc_sie.sampling import Design
from mc_sie.stats.estimates import Estimate, replicate_se
from mc_sie.units import LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS, MONTHS_PER_YEAR, OOMS_PER_DOUBLING

SOURCE = simulator.SOURCE
TABLE_EVENTS = {
    "3 years in 1": (24.0, 12.0),
    "3 years in 4 months": (26.0, 4.0),
    "10 years in 1": (80.0, 12.0),
    "10 years in 4 months": (80.0, 4.0),
}
"""Rows of the published tables, (doublings as coded, months)."""
TABLE_DRAWS = 1000
"""Draws behind a published table: the tool's default. The article does not say."""

_PUBLISHED = {
    "main table": ("base", (57, 41, 18, 12), None),
    "main model, printed beside the variants": ("base", (56, 41, 17, 12), None),
    "retraining table": ("retraining", (57, 41, 19, 14), "retraining_fixed"),
    "gradual-boost table": ("gradual", (59, 48, 32, 24), "gradual_linear"),
}
"""Table: the option of the code that it comes from, percent as printed, and the article's other reading."""
_READINGS = {
    "retraining_fixed": "retraining as the article writes it, x / (1 + abs(x))",
    "gradual_linear": "gradual boost with the linear ramp of the article",
    "pseudocode": "exponent taken before r falls, as in the article's pseudocode",
}
"""Options that are the article's, not the code's, in words."""
_PRECISE_SE = 0.025
_PRECISE = {
    "base": ("56.57", "41.08", "16.69", "12.42"),
    "pseudocode": ("57.23", "41.82", "17.43", "13.04"),
    "one_plus_f": ("58.64", "42.66", "17.31", "13.05"),
    "retraining": ("57.62", "41.98", "19.25", "15.08"),
    "retraining_fixed": ("57.27", "40.31", "17.64", "12.32"),
    "gradual": ("59.27", "48.16", "32.54", "24.57"),
    "gradual_linear": ("64.27", "52.81", "37.41", "29.08"),
    "constant_r": ("64.64", "55.36", "32.66", "27.46"),
}
"""An independent high-precision run of the public code's logic, percent, standard error 0.025 points."""
_ROUNDED_BOUNDS = {**simulator.BOUNDS_GRADUAL, "r0": (0.57, 5.1)}

LAW_SHARE = 16
"""Draws of the simulator for each draw of our law: the law is the slower of the two."""


def law_design(design: Design) -> Design:
    """A design with fewer draws for our law, on the first points of the same sequences."""
    n = max(16, design.n_per_replicate // LAW_SHARE)
    return Design(design.scheme, design.seed, design.n_replicates, n)


def law_outcomes(
    design: Design,
    doublings: Sequence[float],
    *,
    mode: str = "none",
    labour_per_efficiency: float = 2.0,
    horizon_months: float = 240.0,
    threads: int | None = None,
) -> Outcomes:
    """Our law on the draws of the simulator.

    Parameters
    ----------
    design : Design
        Of the simulator's draws.
    doublings : sequence of float
        Labour-equivalent doublings at which times are taken.
    mode : str
        Retraining mode.
    labour_per_efficiency : float
        mu. With 1, software is counted in labour-equivalents, as the simulator does; it matters to ``shortening`` only.
    horizon_months : float
        End of each trajectory.
    threads : int, optional
        Processors to use; all if not given. They change no result.

    Returns
    -------
    Outcomes
        ``best_window_months`` and ``months_to`` at each of ``doublings``.
    """
    inputs = simulator.draw(design, 0, design.n_draws)
    ooms_per_labour_doubling = OOMS_PER_DOUBLING / labour_per_efficiency
    rows: dict[str, Any] = {
        "rho": 0.0,
        "alpha_compute": 0.5,
        "lam": inputs[:, 3] / 0.5,
        "r": inputs[:, 1],
        "labour_per_efficiency": labour_per_efficiency,
        "speedup_initial": inputs[:, 0],
        "limit_ooms": LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * inputs[:, 2] * ooms_per_labour_doubling,
        "software_doubling_months": simulator.DOUBLING_MONTHS * labour_per_efficiency,
        "mode": mode,
        "horizon_months": horizon_months,
    }
    levels = tuple(k * ooms_per_labour_doubling for k in doublings)
    return evaluate(rows, levels=levels, widths=(MONTHS_PER_YEAR,), threads=threads)


def _law_probability(outcomes: Outcomes, design: Design, index: int, months: float) -> Estimate:
    """Probability of the gain of some index within so many months, in the best window of our law."""
    return share_of(outcomes.best_window_months[:, index] < months, design)


def _change(hits: NDArray[np.bool_], before: NDArray[np.bool_], design: Design) -> tuple[float, float]:
    """Change of a probability on the same draws, and its standard error, in points."""
    by_replicate = (hits.astype(float) - before).reshape(design.n_replicates, -1).mean(axis=1)
    return 100 * by_replicate.mean(), 100 * replicate_se(by_replicate)


# --- What the whole-doubling step, the truncation and the horizon do -------------------------------------------------


def steps_to_the_law(design: Design, *, threads: int | None = None) -> pd.DataFrame:
    """The four published probabilities as coded, then with each numerical choice undone, and with all of them.

    Returns
    -------
    pandas.DataFrame
        One row an event, all on the same draws: ``event``, ``as_coded`` and its ``as_coded_se``; then for
        ``fine_steps`` (windows begin anywhere, r falls continuously), ``real_count`` (26.67 doublings instead of
        ``int(26.67)``), ``no_horizon`` (no stop at 48 months) and ``all``: the change in the probability and its
        standard error; ``continuous``, the law's probability. Percent and points.
    """
    coded = simulator.simulate(design, threads=threads)
    endless = simulator.simulate(design, horizon_months=math.inf, threads=threads)
    exact = {event: _exact_doublings(doublings) for event, (doublings, _) in TABLE_EVENTS.items()}
    wanted = sorted({*exact.values(), *(doublings for doublings, _ in TABLE_EVENTS.values())})
    fine = {
        horizon: law_outcomes(design, wanted, horizon_months=horizon, threads=threads)
        for horizon in (HORIZON_MONTHS, HORIZON_MONTHS_HIGH)
    }
    rows = []
    for event, (doublings, months) in TABLE_EVENTS.items():
        start = coded.hits(doublings, months)

        def in_law(horizon: float, doublings: float, months: float = months) -> NDArray[np.bool_]:
            return np.asarray(fine[horizon].best_window_months[:, wanted.index(doublings)] < months)

        changed = {
            "fine_steps": in_law(HORIZON_MONTHS, doublings),
            "real_count": coded.hits(exact[event], months),
            "no_horizon": endless.hits(doublings, months),
            "all": in_law(HORIZON_MONTHS_HIGH, exact[event]),
        }
        estimate = share_of(start, design)
        row: dict[str, object] = {"event": event, "as_coded": 100 * estimate.prob, "as_coded_se": 100 * estimate.se}
        for name, hits in changed.items():
            row[name], row[f"{name}_se"] = _change(hits, start, design)
        row["continuous"] = 100 * changed["all"].mean()
        rows.append(row)
    return pd.DataFrame(rows)


def _exact_doublings(coded: float) -> float:
    """Doublings before ``int()`` cuts them: 3 years in 4 months, coded as 10 times the pace for a third of a year."""
    if coded == 26.0:
        return 80.0 / 3.0
    return coded


def horizon_effect(design: Design, *, threads: int | None = None) -> pd.DataFrame:
    """P(3 years in 1) of each option with the 48-month horizon and without.

    Columns ``option``, ``as_coded``, ``no_horizon`` (percent), ``change`` and ``change_se`` (points).
    """
    rows = []
    for option in simulator.OPTIONS:
        ends = simulator.event_hits(design, option, 24.0, 12.0, threads=threads)
        endless = simulator.event_hits(design, option, 24.0, 12.0, horizon_months=math.inf, threads=threads)
        change, se = _change(endless, ends, design)
        rows.append(
            {
                "option": option,
                "as_coded": 100 * ends.mean(),
                "no_horizon": 100 * endless.mean(),
                "change": change,
                "change_se": se,
            }
        )
    return pd.DataFrame(rows)


def finer_steps(design: Design, *, threads: int | None = None) -> pd.DataFrame:
    """P(3 years in 1) as each doubling is cut into 1, 2, 4, ... steps, on its way to the continuous law.

    Columns ``cuts``, ``prob`` and its ``se`` (percent); the last row, ``cuts`` inf, is the law.
    """
    estimates = {}
    for cuts in (1, 2, 4, 8, 16):
        hits = simulator.event_hits(design, "base", 24.0, 12.0, horizon_months=math.inf, cuts=cuts, threads=threads)
        estimates[float(cuts)] = share_of(hits, design)
    law = law_outcomes(design, (24.0,), horizon_months=HORIZON_MONTHS_HIGH, threads=threads)
    estimates[math.inf] = _law_probability(law, design, 0, 12.0)
    rows = [(cuts, 100.0 * estimate.prob, 100.0 * estimate.se) for cuts, estimate in estimates.items()]
    return pd.DataFrame(rows, columns=["cuts", "prob", "se"])


# --- Curves ----------------------------------------------------------------------------------------------------------


def exceedance(design: Design, *, threads: int | None = None) -> pd.DataFrame:
    """P(at least X years of progress in some twelve months) under each option, and in the continuous law.

    Columns ``case``, ``years`` (in steps of a doubling, an eighth of a year), ``prob`` (percent), ``se`` (points).
    """
    parts = []
    for option in ("base", "retraining", "retraining_fixed", "gradual", "constant_r"):
        most = simulator.simulate(design, option, windows=(MONTHS_PER_YEAR,), threads=threads).most[:, 0]
        parts.append(_exceedance(option, most / LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS, design))
    small = law_design(design)
    gains = law_outcomes(small, (24.0,), threads=threads).best_gain_ooms[:, 0]
    years = gains / (LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * OOMS_PER_DOUBLING / 2.0)
    parts.append(_exceedance("continuous law", years, small))
    return pd.concat(parts, ignore_index=True)


def _exceedance(case: str, years: NDArray[np.float64], design: Design) -> pd.DataFrame:
    marks = np.arange(0.0, 16.0 + 1e-9, 0.125)
    by_replicate = np.sort(years.reshape(design.n_replicates, -1), axis=1)
    below = np.array([np.searchsorted(row, marks - 1e-9, side="left") for row in by_replicate])
    shares = 1.0 - below / by_replicate.shape[1]
    se = shares.std(axis=0, ddof=1) / math.sqrt(design.n_replicates)
    return pd.DataFrame({"case": case, "years": marks, "prob": 100 * shares.mean(axis=0), "se": 100 * se})


def single_run(
    option: str = "base",
    *,
    f: float = 8.0,
    r0: float = 1.2,
    limit_years: float = 11.0,
    p: float = 0.3,
    horizon_months: float = 72.0,
) -> pd.DataFrame:
    """One run at given parameters, as the simulator's page for single runs draws it.

    Parameters
    ----------
    option : str
        ``base`` or ``retraining_fixed``: the page writes the retraining exponent as the article does.
    f, r0, limit_years, p : float
        Parameters; the medians of the priors if not given.
    horizon_months : float
        No step starts later.

    Returns
    -------
    pandas.DataFrame
        ``months`` and ``years`` of progress. The first doubling takes 3/(1 + f) months on that page.
    """
    limit = LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * limit_years
    times = np.empty(math.ceil(limit) + 3)
    first = simulator.DOUBLING_MONTHS / (1.0 + f)
    retraining = simulator.option_named(option).retraining
    rules = simulator.Rules(retraining=retraining)
    n, _ = simulator.doubling_times(f, r0, limit, p, rules, first, horizon_months, 1, times)
    return pd.DataFrame({"months": times[: n + 1], "years": np.arange(n + 1) / LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS})


# --- Targets ---------------------------------------------------------------------------------------------------------


def targets(design: Design, *, threads: int | None = None) -> list[Target]:
    """Numbers that the article printed and its code gives."""
    counts = {option: simulator.simulate(design, option, threads=threads) for option in simulator.OPTIONS}
    small = law_design(design)
    wanted = _doublings_of_law()
    law = {
        "base": law_outcomes(small, (*wanted, 40.0), threads=threads),
        "retraining_fixed": law_outcomes(small, wanted, mode="shortening", threads=threads),
    }
    return [
        *_tables(counts),
        *_precise(counts, law, small, threads),
        *_units(counts["base"], law["base"], small),
        *_numbers(),
    ]


def chi_squared(counts: Counts, printed: Sequence[float]) -> float:
    """Squared distance of four printed percentages from ours, in units of their joint sampling error.

    Parameters
    ----------
    counts : Counts
        The replica's draws.
    printed : sequence of float
        Percent, in the order of :data:`TABLE_EVENTS`.

    Returns
    -------
    float
        Chi-squared with four degrees of freedom if the table came from :data:`TABLE_DRAWS` draws of this variant: the
        four events overlap, so their covariance is taken from the draws, and rounding is added.
    """
    hits = np.column_stack([counts.hits(*event) for event in TABLE_EVENTS.values()]).astype(float)
    covariance = 1e4 * np.cov(hits, rowvar=False) / TABLE_DRAWS + np.eye(hits.shape[1]) / 12.0
    gap = np.asarray(printed, dtype=np.float64) - 100.0 * hits.mean(axis=0)
    return float(gap @ np.linalg.solve(covariance, gap))


def _tables(counts: dict[str, Counts]) -> list[Target]:
    """The printed tables, in whole percent."""
    rows = []
    for table, (option, printed, other) in _PUBLISHED.items():
        own = chi_squared(counts[option], printed)
        reason = f"if from 1,000 draws, the tool's default, any cell within 5 points agrees; chi2 of the four {own:.1f}"
        matches = ""
        if other is not None:
            reason += f", with {_READINGS[other]}: {chi_squared(counts[other], printed):.1f}"
            matches = "code"
        reason += " (4 df)"
        for (event, window), percent in zip(TABLE_EVENTS.items(), printed, strict=True):
            rows.append(
                _target(
                    f"P({event}), %, {table}",
                    str(percent),
                    counts[option].probability(*window),
                    reason,
                    matches=matches,
                    published_se=math.sqrt(percent * (100 - percent) / TABLE_DRAWS),
                )
            )
            reason = f"as '{next(iter(TABLE_EVENTS))}' of this table"
    return rows


def _target(
    quantity: str, published: str, ours: Estimate, reason: str, *, law: Estimate | None = None, **more: Any
) -> Target:
    """A published probability in percent beside ours and the law's; ``more`` is given to the target as it is."""
    if law is not None:
        more |= {"law": 100 * law.prob, "law_se": 100 * law.se}
    target = {"recorded": "reproduced", "reason": reason, "se": 100 * ours.se, **more}
    return Target(SOURCE, quantity, published, 100 * ours.prob, **target)


def _precise(counts: dict[str, Counts], law: dict[str, Outcomes], small: Design, threads: int | None) -> list[Target]:
    """An independent high-precision run of the public code, its variants and the article's readings."""
    design = counts["base"].design
    in_labour = law_outcomes(small, (24.0,), mode="shortening", labour_per_efficiency=1.0, threads=threads)
    counted_in_labour = 100 * _law_probability(in_labour, small, 0, 12.0).prob
    doublings_of_law = _doublings_of_law()
    first = next(iter(TABLE_EVENTS))
    rows = []
    for option, printed in _PRECISE.items():
        is_gradual = simulator.OPTIONS[option].ramp != 0
        if is_gradual:
            rounded = simulator.simulate(design, option, bounds=_ROUNDED_BOUNDS, threads=threads)
        for (event, (doublings, months)), percent in zip(TABLE_EVENTS.items(), printed, strict=True):
            more: dict[str, Any] = {"matches": "code", "published_se": _PRECISE_SE, "is_printed": False}
            if option in _READINGS:
                more["matches"] = "text"
            if option in law:
                more["law"] = _law_probability(law[option], small, doublings_of_law.index(doublings), months)
            reason = f"as '{first}'"
            if event == first:
                reason = "standard error 0.025 points"
            if is_gradual:
                reason = "comes back with a lower bound of 0.57 on r, where the published 1.7/3 is 0.567"
                more["instead"] = 100 * rounded.probability(doublings, months).prob
                more["recorded"] = "explained"
            elif option == "retraining_fixed" and event == first:
                reason += (
                    "; our law counts N in doublings of training efficiency, as the essay does, the simulator in "
                    f"labour-equivalents: counted so, the law gives {counted_in_labour:.1f}"
                )
            elif option == "base":
                reason += "; the law has no whole-doubling steps"
            quantity = f"P({event}), %, public code at high precision: {option}"
            rows.append(_target(quantity, percent, counts[option].probability(doublings, months), reason, **more))
    return rows


def _doublings_of_law() -> tuple[float, ...]:
    """Doublings at which the law is asked for the times of the published tables' events, each once."""
    return tuple(dict.fromkeys(doublings for doublings, _ in TABLE_EVENTS.values()))


_UNITS = (  # quantity, percent, doublings, counted from day one, reading
    ("P(5 years in 1), %: 40 doublings", "44.6", 40.0, False, "five OOM read as five years of progress at 10x a year"),
    ("P(5 years in the first 12 months), %", "41.4", 40.0, True, "the same, counted from day one"),
    ("P(3 years in the first 12 months), %", "53.3", 24.0, True, "counted from day one"),
    ("P(10 years in the first 12 months), %", "15.8", 80.0, True, "counted from day one"),
    ("P(5 OOM in 1 year), %: 33 doublings", "49.2", 33.0, False, "five OOM of training efficiency at mu = 2, 33.2"),
    ("P(5 OOM in 1 year), %: 17 doublings", "66", 17.0, False, "software itself read as effective compute, 16.6"),
    ("P(5 OOM in 1 year), %: 16 doublings", "68", 16.0, False, "the same, rounded down"),
)


def _units(base: Counts, law: Outcomes, small: Design) -> list[Target]:
    """Five OOM of effective compute in a year, in each unit that software may be read in."""
    last = len(law.levels) - 1  # the law's 40 doublings
    of_law = {
        False: share_of(law.best_window_months[:, last] < 12.0, small),
        True: share_of(law.months_to[:, last] < 12.0, small),
    }
    rows = []
    for quantity, printed, doublings, from_start, reading in _UNITS:
        more = {}
        if doublings == 40.0:
            more["law"] = of_law[from_start]
        rows.append(
            _target(
                quantity,
                printed,
                base.probability(doublings, 12.0, from_start=from_start),
                f"{reading}; an independent run of 10^5 draws of the code",
                matches="code",
                published_se=0.16,
                is_printed=False,
                **more,
            )
        )
    rows.append(
        _target(
            "P(3 years in 4 months), %, with 27 doublings for 26.67 instead of 26",
            "40.3",
            base.probability(27.0, 4.0),
            "what int() truncates",
            matches="code",
            published_se=0.2,
            is_printed=False,
        )
    )
    return rows


def _numbers() -> list[Target]:
    """Single numbers in the text."""
    low, high = simulator.BOUNDS["r0"]
    median_r = math.sqrt(low * high)
    labour_share = 0.5
    lam = 0.3 / labour_share
    return [
        Target(SOURCE, "beta at the medians", "0.25", lam * labour_share / median_r),
        Target(SOURCE, "initial speed-up from Cobb-Douglas, 30^0.3 30^0.5, x", "15", 30.0**0.3 * 30.0**0.5),
        Target(
            SOURCE,
            "median of r given r > 1",
            "2.5",
            math.sqrt(max(low, 1.0) * high),
            "not reproduced",
            "the log-uniform prior cut at 1 has its median at sqrt(3.6); 2.5 is nearer its 70th percentile",
            "code",
        ),
        Target(SOURCE, "r, computer vision, times 2 for capability", "2.8", 1.4 * 2.0),
        Target(SOURCE, "r, times 1.45 for post-training", "4", 2.8 * 1.45),
        Target(SOURCE, "r, from 3 times 9/16 for fixed hardware", "1.7", 3.0 * 9.0 / 16.0),
        Target(SOURCE, "r, less 0.5 by 2030", "1.2", 1.7 - 0.5),
        Target(SOURCE, "doublings before limits, least", "48", 8.0 * simulator.BOUNDS["limit_years"][0]),
        Target(SOURCE, "doublings before limits, most", "128", 8.0 * simulator.BOUNDS["limit_years"][1]),
        Target(SOURCE, "OOM of labour-equivalents before limits, least", "14", 48.0 * OOMS_PER_DOUBLING),
        Target(SOURCE, "OOM of labour-equivalents before limits, most", "39", 128.0 * OOMS_PER_DOUBLING),
        Target(SOURCE, "initial speed-up from the slowdown per person, 7 x 3, x", "21", 7.0 * 3.0),
    ]
