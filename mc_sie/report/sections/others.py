"""Sections on other answers: other values, other sets, other forms of the model, and the set before its evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mc_sie.analysis.comparison.breakeven import BreakEven
from mc_sie.analysis.comparison.decomposition import Comparison
from mc_sie.analysis.comparison.structure import Structure
from mc_sie.analysis.importance.evidence import EvidenceReport
from mc_sie.errors import InputError
from mc_sie.priors.acting import acting_sentences
from mc_sie.report import tables as text
from mc_sie.report.document import Aside, Chart, Folded, Item, Section, Table
from mc_sie.report.figures import comparison as comparison_figures
from mc_sie.report.figures.common import headlines_figure
from mc_sie.report.figures.evidence import evidence_figure, labour_figure
from mc_sie.report.limitations import LIMITATIONS
from mc_sie.report.naming import labelled, plain_number
from mc_sie.report.render import shown
from mc_sie.stats.estimates import decimals, in_percent


def _not_worked_out(why: InputError) -> Aside:
    """A section in place of a part that this set or this event does not allow."""
    return Aside(f"Not worked out: {why}")


def disagreement(worked_out: tuple[BreakEven, pd.DataFrame] | InputError) -> Section:
    """Section 7: what would change the answer: break-evens, small changes of each prior, or why there are none."""
    title = "What if you disagree?"
    if isinstance(worked_out, InputError):
        return Section("disagree", title, (_not_worked_out(worked_out),))
    found, pins = worked_out
    items: list[Item] = [
        "Each input in turn, everything else as it is assumed above. A pinned value is an intervention, not a belief: "
        "it says what the answer would be for somebody who knew it."
    ]
    if len(found.values):
        values = found.values[[name for name in found.values if name not in ("move", "label_low", "label_high")]]
        items += [
            Table(
                "pins",
                "What the answer would be if an input were known to be low (1 in 10 lies below) or high (1 in 10 lies "
                "above), and which value would bring it to 10, 50 or 90 %.",
                _pins_shown(pins, found),
                pins,
                "An input whose two answers are alike is not worth an argument. Never: no value within its bounds gets "
                "there, with everything else as it is; nowhere: none that was tried does.",
            ),
            Folded(
                "Every value, and what a small change of each prior does",
                (
                    Chart(
                        "pinned",
                        "The probability with one input pinned, over its value. Bands: 90 % t intervals; dotted: the "
                        "answer as it is; marks: where it crosses 10, 50 and 90 %.",
                        "One rising or falling curve an input; the crossings stand in the table above.",
                        comparison_figures.pinned_figure(found),
                        found.curves[found.curves["varied"] == "value"].reset_index(drop=True),
                    ),
                    Table(
                        "breakeven_medians",
                        "Where the median of each prior would have to be, moved as a whole on its natural scale.",
                        text.breakeven_table(found, "median"),
                        values,
                    ),
                    Table(
                        "prior_changes",
                        "What a small change of each prior does to the answer, in points.",
                        text.changes_table(found),
                        found.changes.drop(columns=["in_words", "remark"]),
                        "One standard deviation on the prior's natural scale (logarithmic for factors, logit for "
                        "shares), by simulating again on the same points.",
                    ),
                ),
            ),
        ]
    said = acting_sentences(found.prior)  # with the assumptions
    items += [Aside(note) for note in found.notes if note not in said]
    return Section("disagree", title, tuple(items))


def _pins_shown(pins: pd.DataFrame, found: BreakEven | None = None) -> pd.DataFrame:
    """A row an input: the answer with it low and high, and its break-even values, if they are given."""
    rows: dict[str, dict[str, str]] = {}
    for row, label in zip(pins.to_dict("records"), text.prob_texts(pins), strict=True):
        cells = rows.setdefault(row["quantity"], {"input": labelled(row["quantity"])})
        heading = "if high" if row["level"] > 0.5 else "if low"
        cells[heading] = f"{label} at {plain_number(row['value'])}"
    if found is None:
        return pd.DataFrame(list(rows.values()))
    crossings = text.breakeven_table(found, "value").drop(columns="P at the ends")
    crossings = crossings.rename(columns=lambda heading: heading.replace("P = ", "for "))
    crossings = crossings.replace(r"^not from .*", "nowhere", regex=True)
    crossings["input"] = [found_input.partition(", ")[0] for found_input in crossings["input"]]
    return pd.DataFrame(list(rows.values())).merge(crossings, on="input", how="left").fillna("")


def side_by_side(headlines: pd.DataFrame, comparison: Comparison | InputError | None) -> Section:
    """Section 8: every shipped set, and a waterfall of this set against another one where they can be compared."""
    low, high = headlines.iloc[-1], headlines.iloc[0]
    chart = Chart(
        "sets",
        "The headline (at least 5 OOM in less than a year) under every shipped prior set. Bars: 2 Monte Carlo SE.",
        f"From {low['label']} under {low['name']} to {high['label']} under {high['name']}.",
        headlines_figure(headlines),
        headlines[["name", "prob", "se", "low", "high", "interval", "prob_from_start", "se_from_start"]],
        "The sets lie much further apart than any Monte Carlo error: whose beliefs go in matters most.",
    )
    items: list[Item] = [chart]
    if comparison is not None:  # and the dots stand on the first screen
        items = [Folded("Every set with its number", (chart,))]
    if isinstance(comparison, InputError):
        items.append(_not_worked_out(comparison))
    elif comparison is not None:
        figures = comparison_figures.comparison_figures(comparison)
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
        how: list[Item] = [comparison.common.in_words]
        if "densities" in figures:
            named = ", ".join(map(labelled, dict.fromkeys(comparison.differences["quantity"])))
            chart = Chart(
                "differing",
                "The distributions that differ between the two, as they were drawn; stems are values with a "
                "probability of their own.",
                f"Two distributions each for {named}.",
                figures["densities"],
                comparison.densities,
            )
            how.append(chart)
        items.append(Folded("How this was compared, and the priors that differ", tuple(how)))
    return Section("sets", "What do others believe?", tuple(items))


def form(found: Structure | InputError) -> Section:
    """Section 9: structural variants, and what is not modelled.

    ``found`` has the variants, or why there are none.
    """
    if isinstance(found, InputError):
        items: list[Item] = [_not_worked_out(found)]
    else:
        items = _variants(found)
    rows = pd.DataFrame(LIMITATIONS, columns=["not modelled", "would push the probability", "why"])
    pushes = [
        f"{pushed}: {'; '.join(part['not modelled'])}" for pushed, part in rows.groupby("would push the probability")
    ]
    title = "What is not modelled, and which way it would push the probability."
    items.append(f"{title} {'. '.join(push[0].upper() + push[1:] for push in pushes)}.")
    table = Table("limitations", title, rows, pd.DataFrame())
    items.append(Folded("Why", (table,)))
    return Section("structure", "Does the form of the model matter?", tuple(items))


def _variants(found: Structure) -> list[Item]:
    variants = Table(
        "variants",
        "The probability by structural variant, every variant on the same points.",
        text.variants_table(found),
        found.variants.drop(columns=["remark"]),
    )
    return [
        Table(
            "aspects",
            "How much of the uncertainty lies between the variants of each aspect.",
            text.aspects_table(found),
            found.aspects.drop(columns=["remark"]),
            "A large share says that the form of the model matters as much as the numbers put into it.",
        ),
        Folded("Every variant", (variants,)),
        *(Aside(note) for note in found.notes),
    ]


def evidence(found: EvidenceReport, curves: pd.DataFrame, method: str, doubts: Sequence[str]) -> Section:
    """Section 11: prior against posterior: figure, inputs before and after, what each piece moved.

    ``curves`` are those of :func:`mc_sie.analysis.importance.evidence.labour_curves`, ``method`` says how the posterior
    was drawn; ``doubts`` are reasons not to trust its errors.
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
    posterior: list[Item] = []
    if len(inputs):
        caption = "Inputs before and after: 5th, 50th and 95th percentile."
        named = inputs.assign(quantity=inputs["quantity"].map(labelled))
        posterior.append(Table("posterior", caption, shown(named), inputs))
    items: list[Item] = [
        f"Before the evidence the probability is {before}, given all of it {after}.",
        *_failed(found),
        Chart(
            "evidence",
            "Above: the inputs that the evidence moved furthest, before (grey) and after. Below: what each piece "
            "moved, with two Monte Carlo standard errors.",
            "; ".join(f"{row.name}: {100 * row.shapley:+.1f} points" for row in found.items.itertuples(index=False)),
            evidence_figure(found),
            found.items.drop(columns="words"),
        ),
        *_labour(found, curves),
        Table(
            "moves",
            "Which evidence moved the probability: each piece added alone, removed last, and its fair share.",
            moves,
            pd.DataFrame(),
            "The fair shares sum exactly to the change.",
        ),
        *posterior,
        method,
        *(Aside(f"Errors may be larger than stated: {doubt}.") for doubt in (*doubts, *found.warnings)),
    ]
    return Section("evidence", "What does the evidence say?", tuple(items))


def _labour(found: EvidenceReport, curves: pd.DataFrame) -> list[Item]:
    """The pace over labour, where the evidence speaks of it."""
    if not len(curves):
        return []
    items = [item for item in found.prior.evidence if item.subject.name == "pace_at_labour"]
    said = "; ".join(f"{item.name}: {item.words}" for item in items)
    return [
        Chart(
            "labour",
            LABOUR_CAPTION,
            f"Rising curves that flatten to the right, and one dashed straight line for each statement. {said}.",
            labour_figure(curves, items),
            curves,
            LABOUR_READING,
        )
    ]


LABOUR_CAPTION = (
    "How fast would software progress be with more researchers, or fewer, and the same computers? Dots: what people "
    "say, with one standard deviation; an arrow: at most so much. Dashed: what each statement means if every doubling "
    "of the researchers did as much as the one before. Bands: what this set believes, 90 % of its draws, before and "
    "after it has heard the statements."
)
"""Caption of the figure of pace over labour."""

LABOUR_READING = (
    "No straight line goes through all the dots: where there are few people each one more helps a lot, where there are "
    "many they wait for computers. The curves of this model bend in that way, and steeply enough only if computers are "
    "hard to do without."
)
"""What it shows, for somebody who has not read the model."""


def _failed(found: EvidenceReport) -> list[Item]:
    """That draws could not be simulated, and what that leaves open."""
    if not found.n_failed:
        return []
    before, after = (
        f"{100 * low:.4g} and {100 * high:.4g} %" for low, high in (found.bounds_before, found.bounds_after)
    )
    return [
        f"{found.n_failed:,} draws of the prior could not be simulated: counting them as misses or as hits, the "
        f"probability lies between {before} before, and between {after} given the evidence."
    ]


def _points(items: pd.DataFrame, name: str) -> list[str]:
    return [
        f"{100 * value:+.{decimals(100 * error)}f} (SE {100 * error:.{decimals(100 * error)}f})"
        for value, error in zip(items[name], items[f"se_{name}"], strict=True)
    ]
