"""The sections of a report, each from the tables of one analysis, and nothing computed beyond the wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mc_sie.analysis.breakeven import BreakEven
from mc_sie.analysis.curves import varying, words_of
from mc_sie.analysis.disagreement import Comparison
from mc_sie.analysis.estimates import Estimate, decimals, in_percent, one_in, se_in_points
from mc_sie.analysis.evidence import EvidenceReport
from mc_sie.analysis.sample import Sample
from mc_sie.analysis.sensitivity import Sensitivity
from mc_sie.analysis.structure import Structure
from mc_sie.analysis.summary import Summary, estimates_of
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.quantities import QUANTITIES
from mc_sie.report import answer_figures, comparison_figures, sensitivity_figures
from mc_sie.report import comparison_text as text
from mc_sie.report.document import Aside, Chart, Code, Item, Section, Table
from mc_sie.report.evidence_figures import evidence_figure
from mc_sie.report.figures import headlines_figure
from mc_sie.report.limitations import LIMITATIONS
from mc_sie.report.render import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def answer(summary: Summary, curve: pd.DataFrame, grid: pd.DataFrame) -> Section:
    """Section 1: the probability and its siblings.

    Parameters
    ----------
    summary : Summary
        The run.
    curve, grid : pandas.DataFrame
        From :mod:`mc_sie.analysis.exceedance`.

    Returns
    -------
    Section
        Sentence, table, exceedance curve, map.
    """
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
                "jump, "
                "each step to the right allows more time.",
            )
        )
    five = curve[(curve["counted"] == "best year") & curve["ooms"].isin([3.0, 5.0, 10.0])]
    words = ", ".join(f"at least {row.ooms:g} OOM {100 * row.prob:.3g} %" for row in five.itertuples())
    items.append(
        Chart(
            "exceedance",
            "Probability that effective training compute rises by at least k OOM within twelve months. "
            "Bands: 90 % t intervals, mostly narrower than the line.",
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
            f"The event asked about is that {event.in_words}. {estimate.n_hits:,} of {estimate.n_draws:,} simulated "
            "worlds "
            f"did so: its probability is {in_percent(estimate)} (exact 95 % bound)."
        )
    kind = {"t": "t", "wilson": "Wilson"}[estimate.interval]
    return (
        f"The event asked about is that {event.in_words}. Of a hundred worlds drawn from these assumptions about "
        f"{of_hundred} "
        f"would see it ({one_in(estimate.prob)}): {in_percent(estimate)} with a Monte Carlo standard error of "
        f"{se_in_points(estimate)} points (90 % {kind} interval {_pair(estimate)})."
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
    table.columns = [f"{months:g} month{'' if months == 1 else 's'}" for months in table.columns]
    table.insert(0, "k", [f"{ooms:g} OOM" for ooms in table.index])
    return table


def _quantiles_shown(quantiles: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in quantiles.to_dict("records"):
        shown = {"outcome": row["outcome"], "unit": row["unit"]}
        for name in (key for key in row if key.startswith("q")):
            value, error = row[name], row[f"se_{name}"]
            shown[name] = (
                "never" if np.isinf(value) else "-" if np.isnan(value) else f"{value:.{_places(value, error)}f}"
            )
        shown["reached"] = f"{100 * row['share_reached']:.3g} %"
        rows.append(shown)
    return pd.DataFrame(rows)


def _places(value: float, error: float) -> int:
    """Decimals that the error leaves meaningful, and at most three significant digits where it is very small."""
    wanted = decimals(error) if error > 0 else 2
    return int(min(wanted, max(0, 2 - int(np.floor(np.log10(abs(value)))) if value else 2)))


def assumptions(prior: PriorSet, table: pd.DataFrame, quantiles: pd.DataFrame, event: Event, horizon: float) -> Section:
    """Section 2: what is assumed, from the file that the kernel read.

    Parameters
    ----------
    prior : PriorSet
        The set.
    table : pandas.DataFrame
        One row a quantity.
    quantiles : pandas.DataFrame
        Quantiles of what varies, for the densities.
    event : Event
        What is asked.
    horizon : float
        Months.

    Returns
    -------
    Section
        Table with sources, densities.
    """
    items: list[Item] = [paragraph for paragraph in (prior.description, prior.bottlenecks) if paragraph]
    items = [" ".join(str(item).split()) for item in items]
    items += [Aside(warning) for warning in prior.warnings]
    items.append(
        Table(
            "assumptions",
            "What goes in, as the simulator read it: law, 5th, 50th and 95th percentile, domain, source.",
            table,
            _assumption_numbers(table),
        )
    )
    names = list(dict.fromkeys(quantiles["quantity"]))
    items.append(
        Chart(
            "densities",
            "What is believed about each quantity that varies: histogram on its natural scale; black line: median; "
            "orange bar: 5th to 95th percentile.",
            f"Small histograms of {', '.join(names)}; their quantiles stand in the table above.",
            answer_figures.densities_figure(quantiles),
            quantiles[np.isclose((quantiles["prob"] * 1000) % 50, 25)].reset_index(drop=True),
        )
    )
    items.append(f"The event is `{event}`; each trajectory is followed for at most {horizon:g} months.")
    return Section("assumptions", "What is assumed?", tuple(items))


def _assumption_numbers(table: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in ("quantity", "p5", "p50", "p95") if name in table]
    numbers = table[kept].copy()
    for name in kept[1:]:
        numbers[name] = pd.to_numeric(numbers[name], errors="coerce")
    return numbers


def convergence(summary: Summary, replicates: pd.DataFrame, running: pd.DataFrame) -> Section:
    """Section 3: whether there are enough draws.

    Parameters
    ----------
    summary : Summary
        The run.
    replicates, running : pandas.DataFrame
        From :mod:`mc_sie.analysis.convergence`.

    Returns
    -------
    Section
        Spread of the randomisations, running estimate, counts by status.
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
                "draw here "
                f"counts for {(plain / estimate.se) ** 2:.2g}."
            )
    spread = 100 * replicates["prob"]
    items.append(
        Chart(
            "convergence",
            "Left: the estimate in each randomisation. Right: the estimate as draws were added, with its 90 % "
            "interval.",
            f"The randomisations lie between {spread.min():.4g} and {spread.max():.4g} %; the running estimate has "
            "settled at "
            f"{100 * estimate.prob:.4g} %.",
            answer_figures.convergence_figure(replicates, running),
            running,
            "If the band at the right end is wider than what would change your mind, run again with more draws.",
        )
    )
    bounds = summary.statuses.attrs
    failed = int(summary.statuses.loc[summary.statuses["status"] != "ok", "n_draws"].sum())
    note = (
        "Every draw was simulated."
        if not failed
        else f"{failed:,} draws could not be simulated: counting them as misses or as hits, the probability lies "
        "between "
        f"{100 * bounds['prob_low']:.4g} and {100 * bounds['prob_high']:.4g} %."
    )
    items.append(
        Table(
            "statuses", "Draws by status.", summary.statuses.astype(str), summary.statuses[["status", "n_draws"]], note
        )
    )
    return Section("convergence", "Are there enough draws?", tuple(items))


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as text, without the columns in which nothing stands."""
    texts = frame.astype(str)
    return texts.loc[:, (texts != "").any()]


def quantile_points(prior: PriorSet, n_points: int = 1000) -> pd.DataFrame:
    """Quantiles of every quantity that varies, for densities.

    Parameters
    ----------
    prior : PriorSet
        The set.
    n_points : int
        Evenly spread probabilities.

    Returns
    -------
    pandas.DataFrame
        ``quantity``, ``prob``, ``value``.
    """
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
    return pd.concat(parts, ignore_index=True)


def disagreement(found: BreakEven, pins: pd.DataFrame) -> Section:
    """Section 7: what would change the answer.

    Parameters
    ----------
    found : BreakEven
        Pinned values, moved priors, small changes.
    pins : pandas.DataFrame
        From :func:`mc_sie.analysis.breakeven.pinned_at`.

    Returns
    -------
    Section
        Break-evens, sensitivity to each prior, the answer by mode.
    """
    items: list[Item] = [
        "Each input in turn, everything else as it is assumed above. A pinned value is an intervention, not a belief: "
        "it "
        "says what the answer would be for somebody who knew it."
    ]
    if len(found.values):
        values = found.values[[name for name in found.values if name not in ("move", "label_low", "label_high")]]
        items += [
            Chart(
                "pinned",
                "The probability with one input pinned, over its value. Bands: 90 % t intervals; dotted: the answer "
                "as it "
                "is; marks: where it crosses 10, 50 and 90 %.",
                "One rising or falling curve an input; the crossings stand in the table below.",
                comparison_figures.pinned_figure(found),
                found.curves[found.curves["varied"] == "value"].reset_index(drop=True),
            ),
            Table(
                "pins",
                "The probability with one input pinned at the 10th and at the 90th percentile of its prior.",
                _pins_shown(pins),
                pins,
                "An input whose two answers are alike is not worth an argument.",
            ),
            Table(
                "breakeven",
                "Where each input would have to be for 10, 50 or 90 %.",
                text.breakeven_table(found, "value"),
                values,
                "Never: no value within its bounds gets there, with everything else as it is.",
            ),
            Table(
                "breakeven_medians",
                "Where the median of each prior would have to be, moved as a whole on its natural scale.",
                text.breakeven_table(found, "median"),
                values[values["varied"] == "median"],
            ),
            Table(
                "prior_changes",
                "What a small change of each prior does to the answer, in points.",
                text.changes_table(found),
                found.changes.drop(columns=["in_words", "remark"]),
                "One standard deviation on the prior's natural scale (logarithmic for factors, logit for shares), by "
                "simulating again on the same points.",
            ),
        ]
    items += [Aside(note) for note in found.notes]
    return Section("disagree", "What if you disagree?", tuple(items))


def _pins_shown(pins: pd.DataFrame) -> pd.DataFrame:
    rows: dict[str, dict[str, str]] = {}
    for row, label in zip(pins.to_dict("records"), text.prob_texts(pins), strict=True):
        cells = rows.setdefault(row["quantity"], {"input": row["quantity"]})
        cells[f"pinned at p{100 * row['level']:g}"] = f"{label} at {row['value']:.3g}"
    return pd.DataFrame(list(rows.values()))


def side_by_side(headlines: pd.DataFrame, comparison: Comparison | None, figures: Mapping[str, Figure]) -> Section:
    """Section 8: the prior sets side by side.

    Parameters
    ----------
    headlines : pandas.DataFrame
        From :func:`mc_sie.analysis.headlines.headline_table`.
    comparison : Comparison or None
        This set against another one.
    figures : mapping of str to matplotlib.figure.Figure
        Of the comparison: ``waterfall`` and ``densities``.

    Returns
    -------
    Section
        Every shipped set, and a waterfall.
    """
    low, high = headlines.iloc[-1], headlines.iloc[0]
    items: list[Item] = [
        Chart(
            "sets",
            "The headline (at least 5 OOM in less than a year) under every shipped prior set. Bars: 2 Monte Carlo SE.",
            f"From {low['label']} under {low['name']} to {high['label']} under {high['name']}.",
            headlines_figure(headlines),
            headlines[["name", "prob", "se", "low", "high", "interval", "prob_from_start", "se_from_start"]],
            "The sets lie much further apart than any Monte Carlo error: whose beliefs go in matters most.",
        )
    ]
    if comparison is not None:
        against = str(comparison.sets["name"].iloc[1])
        bars = comparison.bars
        items += [*comparison.readings, *(Aside(note) for note in comparison.notes)]
        if len(bars):
            items.append(
                Chart(
                    "waterfall",
                    f"From {comparison.sets['name'].iloc[0]} to {against}: what each block of priors contributes "
                    "(Shapley values over all mixed sets). Whiskers: 2 Monte Carlo SE.",
                    "; ".join(
                        f"{row['block']} {row['change, points']} points"
                        for row in text.bars_table(comparison, against).to_dict("records")
                    ),
                    figures["waterfall"],
                    bars.drop(columns=["first"]),
                )
            )
        if "densities" in figures:
            named = ", ".join(dict.fromkeys(comparison.differences["quantity"]))
            items.append(
                Chart(
                    "differing",
                    "The laws that differ between the two, as they were drawn; stems are values with a probability of "
                    "their own.",
                    f"Two laws each for {named}.",
                    figures["densities"],
                    comparison.densities,
                )
            )
    return Section("sets", "What do others believe?", tuple(items))


def form(found: Structure | None) -> Section:
    """Section 9: structural variants, and what is not modelled.

    Parameters
    ----------
    found : Structure or None
        Variants; None for a set given evidence, each variant of which would have to be conditioned anew.

    Returns
    -------
    Section
        Tables by variant, and the limitations.
    """
    items: list[Item] = [BEFORE_EVIDENCE] if found is None else _variants(found)
    rows = pd.DataFrame(LIMITATIONS, columns=["not modelled", "would push the probability", "why"])
    items.append(Table("limitations", "What is not modelled, and which way it would push.", rows, pd.DataFrame()))
    return Section("structure", "Does the form of the model matter?", tuple(items))


BEFORE_EVIDENCE = (
    "Break-evens, waterfalls and structural variants change one prior at a time and simulate again; with evidence "
    "each of "
    "them would be another posterior. They stand in the report of the set before its evidence."
)
"""What a report of a set given evidence says in place of them."""


def _variants(found: Structure) -> list[Item]:
    return [
        Table(
            "variants",
            "The probability by structural variant, every variant on the same points.",
            text.variants_table(found),
            found.variants.drop(columns=["remark"]),
        ),
        Table(
            "aspects",
            "How much of the uncertainty lies between the variants of each aspect.",
            text.aspects_table(found),
            found.aspects.drop(columns=["remark"]),
            "A large share says that the form of the model matters as much as the numbers put into it.",
        ),
    ]


def checks(limits: pd.DataFrame | None, extremes: pd.DataFrame, published: pd.DataFrame, sums: pd.DataFrame) -> Section:
    """Section 10: checks that the program made of itself while it wrote this.

    Parameters
    ----------
    limits, extremes : pandas.DataFrame
        From :mod:`mc_sie.analysis.checks`; no limits for a set given evidence.
    published : pandas.DataFrame
        Targets, from :func:`mc_sie.published.targets.frame_of`.
    sums : pandas.DataFrame
        ``sum``, ``of``, ``value``, ``should_be``, ``holds``.

    Returns
    -------
    Section
        One table a check, and whether it held.
    """
    items: list[Item] = []
    changed = published[published["verdict"] != published["recorded"]]
    failed = int((extremes["n_rows"] - extremes["n_ok"]).sum())
    for ok, what in (
        (limits is None or bool(limits["holds"].all()), "A limit in which two answers must be one did not hold."),
        (failed == 0, f"{failed} extreme inputs could not be simulated."),
        (len(changed) == 0, f"{len(changed)} published numbers got another verdict than the one on record."),
        (bool(sums["holds"].all()), "A sum that must hold did not."),
    ):
        if not ok:
            items.append(Aside(what))
    if not items:
        items.append("Every check held.")
    counts = pd.crosstab(published["source"], published["verdict"]).reset_index().rename_axis(columns=None)
    if limits is not None:
        items.append(_limits(limits))
    items += [
        Table(
            "extremes",
            "Extreme inputs: each quantity at both ends of its prior with the others at their medians, and corners of "
            "all.",
            _without_empty(
                extremes.rename(
                    columns={"n_rows": "inputs", "n_ok": "simulated", "n_hits": "hits", "statuses": "why not"}
                )
            ),
            extremes.drop(columns="statuses"),
        ),
        Table(
            "published",
            "Published numbers recomputed while this was written, by verdict.",
            counts.astype(str),
            counts,
            "All of them, with reasons: `mc-sie reproduce`.",
        ),
        Table("sums", "Sums that must hold.", sums.assign(holds=_yes(sums["holds"])).astype(str), sums),
    ]
    return Section("checks", "Can this be trusted?", tuple(items))


def _limits(limits: pd.DataFrame) -> Table:
    signed = limits.assign(
        prob=_percents(limits["prob"]),
        prob_limit=_percents(limits["prob_limit"]),
        difference=[
            f"{100 * d:+.2f} (SE {100 * s:.1g})" for d, s in zip(limits["difference"], limits["se"], strict=True)
        ],
        holds=_yes(limits["holds"]),
    ).drop(columns="se")
    return Table(
        "limits",
        "Limits in which two variants must agree (%, on the same points).",
        signed.rename(columns={"prob": "near it", "prob_limit": "in it", "difference": "difference, points"}),
        limits,
    )


def _percents(values: pd.Series) -> list[str]:
    return [f"{100 * value:.2f}" for value in values]


def _yes(holds: pd.Series) -> list[str]:
    return ["yes" if held else "NO" for held in holds]


def again(facts: Mapping[str, str], commands: Sequence[str], bibtex: str) -> Section:
    """Section 12: how to get the same numbers.

    Parameters
    ----------
    facts : mapping of str to str
        What identifies the report.
    commands : sequence of str
        To make it again and to check it.
    bibtex : str
        How to cite it.

    Returns
    -------
    Section
        Facts, commands, citation.
    """
    frame = pd.DataFrame({"what": list(facts), "value": [f"`{value}`" for value in facts.values()]})
    items: tuple[Item, ...] = (
        Table("facts", "What made these numbers.", frame, pd.DataFrame()),
        "The same numbers again, and whether they are:",
        Code("\n".join(commands)),
        "To cite it:",
        Code(bibtex),
    )
    return Section("reproduce", "How do I get these numbers again?", items)


def drivers(found: Sensitivity) -> Section:
    """Section 4: what drives the answer.

    Parameters
    ----------
    found : Sensitivity
        All that drives it.

    Returns
    -------
    Section
        Sentences, ranked figure and table, groups, what is worth researching.
    """
    items: list[Item] = list(found.sentences[: -len(found.boxes)] if len(found.boxes) else found.sentences)
    ranking = found.ranking
    first = ", ".join(_ranked(row) for row in ranking.head(3).to_dict("records"))
    items += [
        Chart(
            "ranking",
            "What drives the probability, inputs by importance. Whiskers: 90 % t intervals from the randomisations.",
            f"The first are {first}.",
            sensitivity_figures.ranking_figure(ranking, ""),
            ranking,
        ),
        Table(
            "drivers", "Inputs by importance; standard errors in brackets.", *_ranked_columns(ranking, _INDICES, found)
        ),
        Table("measures", "What each input says alone.", *_ranked_columns(ranking, _MEASURES, found)),
    ]
    if found.indices is not None:
        shapley = found.indices.groups[found.indices.groups["index"] == "shapley"]
        shown = shapley.sort_values("value", ascending=False)
        items.append(
            Table(
                "groups",
                "Groups of inputs, Shapley effects (out of 100 %).",
                pd.DataFrame(
                    {
                        "group": shown["group"],
                        "share of the uncertainty, %": [_with_error(row) for row in shown.to_dict("records")],
                        "of": shown["members"],
                    }
                ),
                found.indices.groups,
                "Which question matters: a group's share is fair between groups, and they add up to 100 %.",
            )
        )
    worth = _worth(found.value)
    if len(worth):
        items.append(
            Table(
                "worth",
                "What is most worth researching: what the answer to one question, two or a group would be worth.",
                worth,
                found.value,
                f"Brier gain: {found.readings['brier_gain']}; decision: whoever acts in vain loses "
                f"{found.loss_ratio:g} times what acting rightly gains.",
            )
        )
    items += [Aside(note) if "Not converged" in note else note for note in found.notes]
    if found.fixed:
        items.append(f"Fixed, and so without effect: {', '.join(found.fixed)}.")
    none = ranking.loc[ranking["effect"] == "none", "quantity"]
    if len(none):
        items.append(f"Has no effect on this event under this prior: {', '.join(none)}.")
    return Section("drivers", "What drives it?", tuple(items))


NO_DRIVERS = "There is nothing to rank: every draw, or none, sees the event."
"""What stands in place of drivers where all draws agree."""


def no_drivers(summary: Summary) -> Section:
    """Section 4 where the event holds in every draw or in none: the bound on its probability.

    Parameters
    ----------
    summary : Summary
        The run.

    Returns
    -------
    Section
        Why there is nothing to rank.
    """
    estimate = summary.answer
    bound = (
        f"{estimate.n_hits:,} of {estimate.n_draws:,} draws see it, so that its probability is {in_percent(estimate)} "
        "(95 % bound, the rule of three). To rank inputs take more draws, another event, or `mc-sie run --rare`."
    )
    return Section("drivers", "What drives it?", (NO_DRIVERS, bound))


_INDICES = {"shapley": "Shapley effect, %", "total": "total index, %", "first_order": "first-order index, %"}
_MEASURES = {
    "brier_gain": "Brier gain, 1/1000",
    "bits": "bits, 1/1000",
    "delta": "shift of belief, points",
    "ks": "distance of laws (KS)",
}


def _ranked(row: Mapping[str, Any]) -> str:
    name = "shapley" if "shapley" in row else "first_order"
    value, error = 100.0 * row[name], 100.0 * row[f"{name}_se"]
    return f"{row['quantity']} {value:.{decimals(error)}f} %"


def _ranked_columns(
    ranking: pd.DataFrame, headings: Mapping[str, str], found: Sensitivity
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Some measures of every input: as read, as numbers (which stand with the figure), and what each of them says."""
    scales = {"brier_gain": 1000.0, "bits": 1000.0, "ks": 1.0}
    there = {name: heading for name, heading in headings.items() if name in ranking}
    rows = []
    for row in ranking.to_dict("records"):
        cells = {"input": row["quantity"]}
        for name, heading in there.items():
            cells[heading] = _scaled(row[name], row[f"{name}_se"], scales.get(name, 100.0))
        rows.append({**cells, "effect": row["effect"]} if headings is _INDICES else cells)
    readings = "; ".join(f"{heading.partition(',')[0]}: {found.readings[name]}" for name, heading in there.items())
    return pd.DataFrame(rows), pd.DataFrame(), f"{readings}."


def _scaled(value: float, error: float, scale: float) -> str:
    """A number with its standard error in brackets, no digit beyond it; a dash where there is none."""
    if np.isnan(value):
        return "-"
    if error == 0.0 and value == 0.0:
        return "0"
    places = decimals(scale * error)
    return f"{scale * value:.{places}f} ({scale * error:.{places}f})"


def _with_error(row: Mapping[str, Any]) -> str:
    return _scaled(row["value"], row["se"], 100.0)


def _worth(value: pd.DataFrame) -> pd.DataFrame:
    """The answers most worth having, by Brier gain: single inputs, pairs and groups together."""
    wide: dict[str, dict[str, str]] = {}
    order = value[value["measure"] == "brier_gain"].sort_values("value", ascending=False)["what"].head(10)
    headings = {"brier_gain": "Brier gain, 1/1000", "bits": "bits, 1/1000", "decision_value": "decision, 1/1000"}
    for row in value[value["what"].isin(order)].to_dict("records"):
        if row["measure"] in headings:
            shown = wide.setdefault(row["what"], {"learning": row["what"], "is": row["kind"]})
            shown[headings[row["measure"]]] = _scaled(row["value"], row["se"], 1000.0)
    return pd.DataFrame([wide[what] for what in order if what in wide])


def response(found: Sensitivity) -> Section:
    """Section 5: how each input drives the answer.

    Parameters
    ----------
    found : Sensitivity
        All that drives it.

    Returns
    -------
    Section
        Curves, and the map of the top pair.
    """
    order = found.ranking["quantity"]
    levels = found.curves.levels
    levels = pd.concat([levels[levels["quantity"] == name] for name in order], ignore_index=True)
    prob = found.answer.prob
    steepest = [
        f"{name} from {100 * part['prob'].min():.2g} to {100 * part['prob'].max():.2g} %"
        for name, part in levels.groupby("quantity", sort=False)
    ]
    items: list[Item] = [
        Chart(
            "curves",
            "The probability given one input, over its value, with its 90 % interval; below, how likely the prior "
            "takes "
            "each value. The line across is the answer.",
            f"As one input runs over its prior the probability goes over: {'; '.join(steepest)}.",
            sensitivity_figures.curves_figure(levels, prob, ""),
            levels,
            "A flat curve is an input that does not matter alone; it may matter together with others.",
        )
    ]
    if found.top_pair is not None:
        first, second = found.top_pair
        items.append(
            Chart(
                "pair",
                f"The probability given {first} and {second}, the two inputs that matter most; every row and column "
                "holds "
                "the same share of the prior.",
                f"A coloured grid from {100 * found.pair_map['prob'].min():.2g} to "
                f"{100 * found.pair_map['prob'].max():.2g} %.",
                sensitivity_figures.pair_figure(found.pair_map, first, second, ""),
                found.pair_map,
            )
        )
    return Section("response", "How does it depend on each?", tuple(items))


def worlds(found: Sensitivity) -> Section:
    """Section 6: what worlds with the event look like.

    Parameters
    ----------
    found : Sensitivity
        All that drives it.

    Returns
    -------
    Section
        Medians with and without the event, boxes in words, typical worlds.
    """
    items: list[Item] = list(found.sentences[len(found.sentences) - len(found.boxes) :])
    medians = _medians(found.sample)
    items.append(
        Table(
            "medians",
            "Medians of each input among worlds with the event, and among the others.",
            medians.map(lambda cell: f"{cell:.3g}" if isinstance(cell, float) else str(cell)),
            medians,
            "Read across: what is typical of worlds that see it.",
        )
    )
    if len(found.boxes):
        items.append(
            Table(
                "boxes",
                "The boxes found, held to randomisations that the search did not see.",
                _boxes_shown(found.boxes),
                found.boxes.drop(columns="box", errors="ignore"),
                "Coverage: the share of worlds with the event that lie inside. Density: the share of worlds inside "
                "that "
                "have it.",
            )
        )
    if len(found.trajectories):
        items.append(
            Chart(
                "worlds",
                "Typical worlds with the event: effective compute over time, and for how many such worlds each stands.",
                "; ".join(
                    f"world {row.archetype:g}: {row.mode}, {100 * row.share:.2g} %"
                    for row in found.archetypes.itertuples()
                ),
                sensitivity_figures.worlds_figure(found.archetypes, found.trajectories, ""),
                found.archetypes,
            )
        )
    return Section("worlds", "What do such worlds look like?", tuple(items))


def _boxes_shown(boxes: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "worlds with": row["words"],
            "coverage, %": _scaled(row["coverage"], row["coverage_se"], 100.0),
            "density, %": _scaled(row["density"], row["density_se"], 100.0),
        }
        for row in boxes.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _medians(sample: Sample) -> pd.DataFrame:
    """Weighted medians of every input that varies, given the event and given none; shares for categories."""
    rows: list[dict[str, Any]] = []
    hit, miss = sample.hits & sample.is_ok, ~sample.hits & sample.is_ok
    for name, values in varying(sample).items():
        words = words_of(sample).get(name)
        if words:
            for code in np.unique(values):
                shares = [float((values[among] == code).mean()) for among in (hit, miss)]
                rows.append({"input": f"{name} = {words[int(code)]}, share", "with": shares[0], "without": shares[1]})
            continue
        pair = [float(np.nanmedian(np.asarray(values[among], dtype=np.float64))) for among in (hit, miss)]
        rows.append({"input": name, "with": pair[0], "without": pair[1]})
    return pd.DataFrame(rows)


def evidence(found: EvidenceReport, method: str, doubts: Sequence[str]) -> Section:
    """Section 11: prior against posterior.

    Parameters
    ----------
    found : EvidenceReport
        Before and after.
    method : str
        How the posterior was drawn, in words.
    doubts : sequence of str
        Reasons not to trust its errors.

    Returns
    -------
    Section
        Figure, inputs before and after, what each piece moved.
    """
    before, after = in_percent(found.before), in_percent(found.after)
    moves = pd.DataFrame(
        {
            "evidence": found.items["name"],
            "says": found.items["words"],
            "alone, points": _points(found.items, "added"),
            "last, points": _points(found.items, "removed"),
            "fair share (Shapley), points": _points(found.items, "shapley"),
        }
    )
    names = ("prior_q05", "prior_q50", "prior_q95", "posterior_q05", "posterior_q50", "posterior_q95")
    inputs = found.inputs[["quantity", *names]]
    items: list[Item] = [
        f"Before the evidence the probability is {before}, given all of it {after}.",
        Chart(
            "evidence",
            "Above: the inputs that the evidence moved furthest, before (grey) and after. Below: what each piece "
            "moved, "
            "with two Monte Carlo standard errors.",
            "; ".join(f"{row.name}: {100 * row.shapley:+.1f} points" for row in found.items.itertuples(index=False)),
            evidence_figure(found),
            found.items.drop(columns="words"),
        ),
        Table(
            "moves",
            "Which evidence moved the probability: each piece added alone, removed last, and its fair share.",
            moves,
            pd.DataFrame(),
            "The fair shares sum exactly to the change.",
        ),
        Table("posterior", "Inputs before and after: 5th, 50th and 95th percentile.", shown(inputs), inputs),
        method,
        *(Aside(f"Errors may be larger than stated: {doubt}.") for doubt in (*doubts, *found.doubts)),
    ]
    return Section("evidence", "What does the evidence say?", tuple(items))


def _points(items: pd.DataFrame, name: str) -> list[str]:
    return [
        f"{100 * value:+.{decimals(100 * error)}f} (SE {100 * error:.{decimals(100 * error)}f})"
        for value, error in zip(items[name], items[f"se_{name}"], strict=True)
    ]
