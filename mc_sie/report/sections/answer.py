"""Sections on the answer itself: how likely it is, what is assumed, whether there are enough draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mc_sie.analysis.probability.summary import Summary, estimates_of
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.priors.acting import acting_sentences
from mc_sie.quantities import QUANTITIES
from mc_sie.report.document import Aside, Chart, Item, Section, Table
from mc_sie.report.figures import answer as answer_figures
from mc_sie.report.naming import labelled
from mc_sie.stats.estimates import Estimate, decimals, in_percent, one_in, se_in_points


def answer(summary: Summary, curve: pd.DataFrame, grid: pd.DataFrame) -> Section:
    """Section 1: the probability and its siblings: sentence, table, exceedance curve, map."""
    estimate = summary.answer
    items: list[Item] = [_in_plain_words(summary.event, estimate)]
    thresholds = summary.thresholds
    if len(thresholds):
        items.append(
            Table(
                "thresholds",
                "Probability of at least k OOM in less than w months, best window (from day one), %.",
                _pivoted(thresholds),
                thresholds,
                "The last digit printed is good to its Monte Carlo standard error; each step down asks for a bigger "
                "jump, each step to the right allows more time.",
            )
        )
    if len(curve):
        five = curve[(curve["counted"] == "best year") & curve["ooms"].isin([3.0, 5.0, 10.0])]
        words = ", ".join(f"at least {row.ooms:g} OOM {100 * row.prob:.3g} %" for row in five.itertuples())
        items.append(
            Chart(
                "exceedance",
                "Probability that effective training compute rises by at least k OOM within twelve months. "
                "Bands: 90 % intervals, 95 % bounds at the ends; mostly narrower than the line.",
                f"Two falling curves over k. In the best year: {words}. The first year lies below the best year "
                "throughout.",
                answer_figures.exceedance_figure(curve),
                curve,
                "Read off any definition of an explosion: pick the gain below, find its probability at the left.",
            )
        )
    items.append(
        Chart(
            "map",
            "The same for every window: at least k OOM in less than w months, in the best window (%).",
            "A table of coloured cells: probabilities rise to the right, with more time, and fall upwards, with "
            "larger gains.",
            answer_figures.map_figure(grid),
            grid,
        )
    )
    if len(summary.quantiles):
        items.append(
            Table(
                "quantiles",
                "How fast and how far: quantiles over draws.",
                _quantiles_shown(summary.quantiles),
                summary.quantiles,
                "A quantile is never when that share of draws does not get there by the horizon.",
            )
        )
    return Section("answer", "How likely is it?", tuple(items))


def _in_plain_words(event: Event, estimate: Estimate) -> str:
    if estimate.n_draws == 0:
        return "No draw could be simulated."
    of_hundred = round(100 * estimate.prob)
    if estimate.is_rare:
        return (
            f"The event asked about is that {event.in_words}. Its probability is {in_percent(estimate)} "
            f"({estimate.bound_in_words})."
        )
    kind = {"t": "t", "wilson": "Wilson"}[estimate.interval]
    return (
        f"The event asked about is that {event.in_words}. Of a hundred worlds drawn from these assumptions about "
        f"{of_hundred} would see it ({one_in(estimate.prob)}): {in_percent(estimate)} with a Monte Carlo standard "
        f"error of {se_in_points(estimate)} points (90 % {kind} interval {_pair(estimate)})."
    )


def _pair(estimate: Estimate) -> str:
    places = decimals(100 * estimate.se)
    return f"{100 * estimate.low:.{places}f} to {100 * estimate.high:.{places}f} %"


def _pivoted(thresholds: pd.DataFrame) -> pd.DataFrame:
    """P(>= k OOM in less than w months), one column a window, counted from day one in brackets."""
    texts = thresholds[["counted", "ooms", "months"]].assign(text=estimates_of(thresholds))
    wide = texts.pivot(index=["ooms", "months"], columns="counted", values="text").reset_index()
    wide["cell"] = wide["best window"] + " (" + wide["from day one"] + ")"
    table = wide.pivot(index="ooms", columns="months", values="cell")
    table.columns = [_months(months) for months in table.columns]
    table.insert(0, "k", [f"{ooms:g} OOM" for ooms in table.index])
    return table


def _months(months: float) -> str:
    if months == 1:
        return "1 month"
    return f"{months:g} months"


def _quantiles_shown(quantiles: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in quantiles.to_dict("records"):
        shown = {"outcome": labelled(row["outcome"]), "unit": row["unit"]}
        for name in (key for key in row if key.startswith("q")):
            shown[name] = _quantile_shown(row[name], row[f"se_{name}"])
        shown["reached"] = f"{100 * row['share_reached']:.3g} %"
        rows.append(shown)
    return pd.DataFrame(rows)


def _quantile_shown(value: float, error: float) -> str:
    """A quantile with the decimals that its error leaves meaningful, and at most three significant digits."""
    if np.isinf(value):
        return "never"
    if np.isnan(value):
        return "-"
    places = 2
    if error > 0:
        places = decimals(error)
    if value:
        places = min(places, max(0, 2 - int(np.floor(np.log10(abs(value))))))
    else:
        places = min(places, 2)
    return f"{value:.{places}f}"


def assumptions(prior: PriorSet, table: pd.DataFrame, quantiles: pd.DataFrame, event: Event, horizon: float) -> Section:
    """Section 2: what is assumed, from the file that the kernel read: table with sources, densities."""
    items: list[Item] = [paragraph for paragraph in (prior.description, prior.bottlenecks) if paragraph]
    items = [" ".join(str(item).split()) for item in items]
    items += [Aside(warning) for warning in prior.warnings]
    items.append(
        Table(
            "assumptions",
            "What goes in, as the simulator read it: law, 5th, 50th and 95th percentile, domain, source.",
            table.assign(quantity=table["quantity"].map(labelled)),
            _assumption_numbers(table),
        )
    )
    items += acting_sentences(prior)
    if len(quantiles):
        names = list(dict.fromkeys(quantiles["quantity"]))
        chart = Chart(
            "densities",
            "What is believed about each quantity that varies: histogram on its natural scale; black line: median; "
            "orange bar: 5th to 95th percentile.",
            f"Small histograms of {', '.join(map(labelled, names))}; their quantiles stand in the table above.",
            answer_figures.densities_figure(quantiles),
            quantiles[np.isclose((quantiles["prob"] * 1000) % 50, 25)].reset_index(drop=True),
        )
        items.append(chart)
    items.append(f"The event is `{event}`; each trajectory is followed for at most {horizon:g} months.")
    return Section("assumptions", "What is assumed?", tuple(items))


def _assumption_numbers(table: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in ("quantity", "p5", "p50", "p95") if name in table]
    numbers = table[kept].copy()
    for name in kept[1:]:
        numbers[name] = pd.to_numeric(numbers[name], errors="coerce")
    return numbers


def quantile_points(prior: PriorSet, n_points: int = 1000) -> pd.DataFrame:
    """Quantiles of every quantity that varies at evenly spread probabilities: ``quantity``, ``prob``, ``value``."""
    probs = (np.arange(n_points) + 0.5) / n_points
    parts = []
    for name in QUANTITIES:
        if name == "mode" or (name not in prior.entries and name not in ("rho", "r") and not prior.members):
            continue
        entry = prior.entries.get(name)
        if entry is not None and entry.distribution.constant is not None:
            continue
        try:
            values = prior.quantiles(name, list(probs))
        except ValueError:  # a pool may not give it
            continue
        if np.isfinite(values).any() and np.ptp(values[np.isfinite(values)]) > 0:
            parts.append(pd.DataFrame({"quantity": name, "prob": probs, "value": values}))
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns=["quantity", "prob", "value"])


def convergence(summary: Summary, replicates: pd.DataFrame, running: pd.DataFrame, failed: str = "") -> Section:
    """Section 3: whether there are enough draws: spread of the randomisations, running estimate, counts by status.

    ``failed`` says how many draws failed and what bounds they leave; empty where none did.
    """
    estimate = summary.answer
    items: list[Item] = [
        "The standard error comes from the spread of independent randomisations of the sample, not from a formula: "
        f"{len(replicates)} of them, {estimate.n_draws:,} draws together."
    ]
    if not estimate.is_rare:
        plain = float(np.sqrt(estimate.prob * (1 - estimate.prob) / estimate.n_draws))
        if estimate.se > 0 and plain > 0:
            items.append(
                f"As many independent draws would have a standard error of {100 * plain:.1g} points, so that each "
                f"draw here counts for {(plain / estimate.se) ** 2:.2g}."
            )
    spread = 100 * replicates["prob"]
    items.append(
        Chart(
            "convergence",
            "Left: the estimate in each randomisation. Right: the estimate as draws were added, with its 90 % "
            "interval.",
            f"The randomisations lie between {spread.min():.4g} and {spread.max():.4g} %; the running estimate has "
            f"settled at {100 * estimate.prob:.4g} %.",
            answer_figures.convergence_figure(replicates, running),
            running,
            "If the band at the right end is wider than what would change your mind, run again with more draws.",
        )
    )
    note = failed or "Every draw was simulated."
    items.append(
        Table(
            "statuses", "Draws by status.", summary.statuses.astype(str), summary.statuses[["status", "n_draws"]], note
        )
    )
    return Section("convergence", "Are there enough draws?", tuple(items))
