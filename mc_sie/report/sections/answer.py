"""Sections on the answer itself: how likely it is, what is assumed, whether there are enough draws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from mc_sie.analysis.probability.summary import Summary, estimates_of
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.priors.acting import acting_sentences
from mc_sie.published.addresses import linked
from mc_sie.quantities import QUANTITIES
from mc_sie.report.document import Aside, Chart, Folded, Item, Section, Table
from mc_sie.report.figures import answer as answer_figures
from mc_sie.report.naming import labelled, plain_number
from mc_sie.stats.estimates import Estimate, decimals, in_percent, one_in, se_in_points


def answer(summary: Summary, curve: pd.DataFrame, grid: pd.DataFrame) -> Section:
    """Section 1: the probability and its siblings: sentence, table, exceedance curve, map."""
    items: list[Item] = [_in_plain_words(summary.event, summary.answer)]
    items.append(
        Chart(
            "map",
            "How likely is a smaller or a larger jump, in more or less time? Probability (%) of a gain of at least so "
            "much (up, each OOM a factor of ten) in less than so many months (to the right), in the window in which "
            "most is gained.",
            _corners(grid),
            answer_figures.map_figure(grid, summary.event),
            grid,
            "The outlined cell is the event asked about.",
        )
    )
    folded: list[Item] = []
    if len(curve):
        marked = curve[(curve["counted"] == "best year") & curve["ooms"].isin([3.0, 5.0, 10.0])]
        words = ", ".join(f"at least {row.ooms:g} OOM {100 * row.prob:.3g} %" for row in marked.itertuples())
        folded.append(
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
    if len(summary.thresholds):
        folded.append(
            Table(
                "thresholds",
                "Probability of at least k OOM in less than w months, best window (from day one), %.",
                _pivoted(summary.thresholds),
                summary.thresholds,
                "The last digit printed is good to its Monte Carlo standard error.",
            )
        )
    if len(summary.quantiles):
        for name, caption, shown in _quantile_parts(summary.quantiles):
            folded.append(Table(name, caption, _quantiles_shown(shown), shown))
    if folded:
        items.append(Folded("Other gains, other times, and how fast", tuple(folded)))
    return Section("answer", "How likely is it?", tuple(items))


def _corners(grid: pd.DataFrame) -> str:
    """Alternative text of the map: the cells of a year, from the smallest gain to the largest."""
    year = grid[grid["months"] == 12.0].sort_values("ooms")
    cells = [f"{row.ooms:g} OOM {100 * row.prob:.2g} %" for row in year.iloc[:: max(1, len(year) // 5)].itertuples()]
    words = "Cells of a table; probabilities rise to the right, with more time, and fall upwards, with larger gains."
    if cells:
        words += f" In less than a year: {', '.join(cells)}."
    return words


def _quantile_parts(quantiles: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Times and gains apart, as what is little of one is much of the other: name, caption and rows of each."""
    is_time = quantiles["unit"] == "months"
    parts = (
        ("times", "How fast? Months; never where it is not reached by the horizon.", quantiles[is_time]),
        ("quantiles", "How far?", quantiles[~is_time]),
    )
    return [part for part in parts if len(part[2])]


_SHARES = {"q05": "1 in 20 is", "q25": "1 in 4 is", "q50": "half are", "q75": "1 in 4 is", "q95": "1 in 20 is"}


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
        words = ("less than", "more than")
        if row["unit"] == "months":
            words = ("faster than", "slower than")
        shown = {"of all worlds": f"{labelled(row['outcome'])}, {row['unit']}"}
        for name, share in ((name, share) for name, share in _SHARES.items() if name in row):
            shown[f"{share} {words[name > 'q50']}"] = _quantile_shown(row[name], row[f"se_{name}"])
        shown["get there at all"] = f"{100 * row['share_reached']:.3g} %"
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
    if abs(value) >= 1e4:
        return plain_number(value)
    return f"{value:.{places}f}"


def assumptions(prior: PriorSet, table: pd.DataFrame, quantiles: pd.DataFrame, event: Event, horizon: float) -> Section:
    """Section 2: what is assumed, from the file that the kernel read: table with sources, densities."""
    told = [" ".join(text.split()) for text in (prior.description, prior.bottlenecks) if text]
    items: list[Item] = [Aside(warning) for warning in prior.warnings]
    stated = [name in prior.entries and not prior.entries[name].is_default for name in table["quantity"]]
    if not any(stated):  # of a pool
        stated = [True] * len(table)
    items += [
        Table(
            "assumptions",
            "What goes in. Nine in ten draws lie between the ends, half below the middle.",
            _assumptions_shown(prior, table[stated]),
            _assumption_numbers(table),
        ),
        *acting_sentences(prior),
        Folded("How these assumptions were read, and from what literature", (*told, *prior.citations)),
        Folded("Each distribution and source in full, defaults included", (_in_full(prior, table),)),
    ]
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
        items.append(Folded("The priors as pictures", (chart,)))
    items.append(f"The event is `{event}`; each trajectory is followed for at most {horizon:g} months.")
    return Section("assumptions", "What is assumed?", tuple(items))


def _assumptions_shown(prior: PriorSet, table: pd.DataFrame) -> pd.DataFrame:
    """A row an input: name, ends and middle, and a link to the source."""
    rows = []
    for row in table.to_dict("records"):
        shown = {"input": labelled(row["quantity"])}
        for name, heading in (("p5", "low end"), ("p50", "middle"), ("p95", "high end")):
            value = pd.to_numeric(row[name], errors="coerce")
            shown[heading] = "" if math.isnan(value) else plain_number(value)
        if row["quantity"] == "mode":
            shown["middle"] = row["prior"]
        unit = {"1": "", "mode": "", "x": "times"}.get(row["unit"], row["unit"])
        source = _source(prior, row["quantity"]).partition(": ")[0]
        rows.append(shown | {"unit": unit, "source": linked(source)})
    return pd.DataFrame(rows)


def _source(prior: PriorSet, name: str) -> str:
    if name in prior.entries:
        return prior.entries[name].source
    return ""


def _in_full(prior: PriorSet, table: pd.DataFrame) -> Table:
    full = pd.DataFrame(
        {
            "input": table["quantity"].map(labelled),
            "distribution": table["prior"],
            "source": [linked(_source(prior, name)) for name in table["quantity"]],
        }
    )
    return Table("sources", "Distributions as the simulator read them, and whose they are.", full, pd.DataFrame())


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


def convergence(
    summary: Summary, replicates: pd.DataFrame, running: pd.DataFrame, failed: str = ""
) -> tuple[Item, ...]:
    """Evidence that there are enough draws: spread of the randomisations, running estimate, counts by status.

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
    return tuple(items)
