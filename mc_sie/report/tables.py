"""Comparisons, break-evens, structural variants, cost of retraining as tables of text: for terminal and Markdown."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from mc_sie.analysis.comparison.breakeven import BreakEven, value_in_words
from mc_sie.analysis.comparison.common_draws import Change, CommonDraws, within_points
from mc_sie.analysis.comparison.decomposition import Comparison
from mc_sie.analysis.comparison.retraining import Retraining
from mc_sie.analysis.comparison.structure import Structure
from mc_sie.quantities import QUANTITIES
from mc_sie.report.naming import labelled
from mc_sie.stats.estimates import Estimate, decimals, label, share_in_percent

_CUT_SHOWN = 1e-6
_ROUNDING = 1e-9


def asked(question: CommonDraws) -> str:
    """The probability that is asked for, as short as an axis needs it: ``"probability of at least 5 OOM in less than 12
    months"``.
    """
    one = question.event.single
    if one is not None and one.outcome == "best_window_months" and one.comparison == "<":
        return f"probability of at least {one.index:g} OOM in less than {one.threshold:g} months"
    return f"probability of {question.event}"


def change_text(row: Any) -> str:
    """A row with the fields of :class:`~mc_sie.analysis.comparison.common_draws.Change` in points: ``"+14.1 (SE 0.2)"``
    or ``"not run"``.
    """
    if math.isnan(row.change):
        return "not run"
    interval = row.interval.split(",")[0]
    return within_points(Change(row.change, row.se, row.low, row.high, interval, int(row.n_changed)))


def prob_texts(frame: pd.DataFrame) -> list[str]:
    """Probabilities of a table of estimates in percent with their errors, or their bounds; ``"not run"`` where there is
    none.
    """
    texts = []
    for row in frame.itertuples(index=False):
        interval = row.interval.split(",")[0]
        found = Estimate(row.prob, row.se, row.low, row.high, interval, row.n_hits, row.n_draws)
        texts.append("not run" if math.isnan(row.prob) else label(found))
    return texts


def block_in_words(block: str) -> str:
    """A block's name as text: quantities by their labels."""
    return " + ".join(labelled(part) if part in QUANTITIES else part.replace("_", " ") for part in block.split(" + "))


def sets_table(comparison: Comparison) -> pd.DataFrame:
    """The sets and what each answers."""
    sets = comparison.sets
    return pd.DataFrame({"prior set": sets["name"], "probability": prob_texts(sets), "title": sets["title"]})


def bars_table(comparison: Comparison, against: str) -> pd.DataFrame:
    """Parts of the difference to one set in points and what differs, the whole in the last row."""
    bars = comparison.bars[comparison.bars["against"] == against]
    (whole,) = comparison.changes[comparison.changes["against"] == against].itertuples(index=False)
    rows = [
        {"block": block_in_words(bar.block), "change, points": change_text(bar), "what differs": bar.quantities}
        for bar in bars.itertuples(index=False)
    ]
    rows.append({"block": "all", "change, points": change_text(whole), "what differs": ""})
    return pd.DataFrame(rows)


def differences_table(comparison: Comparison, against: str) -> pd.DataFrame:
    """The distributions that differ from those of one set, in words."""
    rows = comparison.differences[comparison.differences["against"] == against]
    first = comparison.sets["name"].iloc[0]
    shown = rows[["quantity", "unit", "of_first", "of_against"]].assign(quantity=rows["quantity"].map(labelled))
    return shown.rename(columns={"of_first": first, "of_against": against})


def breakeven_table(found: BreakEven, varied: str) -> pd.DataFrame:
    """Break-even values (``varied = "value"``) or medians (``"median"``), one row an input.

    A column a target, and P at both ends of what was scanned.
    """
    rows = []
    part = found.values[found.values["varied"] == varied]
    for name, of_input in part.groupby("quantity", sort=False):
        row = {"input": labelled(str(name))}
        if QUANTITIES[str(name)].unit != "1":
            row["input"] += f", {QUANTITIES[str(name)].unit}"
        for target, crossings in of_input.groupby("target"):
            row[f"P = {100 * float(target):g} %"] = "; ".join(map(_crossing_text, crossings.itertuples(index=False)))
        last = of_input.iloc[-1]
        row["P at the ends"] = (
            f"{last['label_low']} at {_end(last['scanned_low'])}, {last['label_high']} at {_end(last['scanned_high'])}"
        )
        rows.append(row)
    return pd.DataFrame(rows)


def _crossing_text(row: Any) -> str:
    if row.kind == "never":
        return "never"
    if row.kind == "not found":
        return f"not from {row.scanned_low:.3g} to {row.scanned_high:.3g}"
    if row.kind == "between":
        return f"between {row.low:.3g} and {row.high:.3g}"
    words = value_in_words(row.value, row.se)
    if row.kind == "jump":
        words += " (P jumps there)"
    if row.move:
        words += f", {row.move}"
    if row.outside > _CUT_SHOWN:  # of the prior's mass: below it, rounding
        words += f", {100 * row.outside:.2g} % cut off"
    return words


def _end(value: float) -> str:
    return f"{value:.6g}"


def changes_table(found: BreakEven) -> pd.DataFrame:
    """Effects of a small change of each prior in points: one sd up and down, 1.25 times as wide."""
    rows = []
    for name, part in found.changes.groupby("quantity", sort=False):
        row = {"input": labelled(str(name))}
        for change in part.itertuples(index=False):
            if change.outside > _CUT_SHOWN:
                cut = f"; {100 * change.outside:.2g} % cut off"
            else:
                cut = ""
            if change.step == "wider":
                words = ""
            else:
                words = f" ({change.in_words})"
            if change.step == "wider":
                heading = "1.25 times as wide"
            else:
                heading = change.step
            row[heading] = f"{change_text(change)}{words}{cut}"
        rows.append(row)
    return pd.DataFrame(rows)


def modes_table(modes: pd.DataFrame) -> pd.DataFrame:
    """P with all credence on each retraining mode."""
    shown = {"mode": modes["mode"], "its credence": [f"{100 * share:.3g} %" for share in modes["credence"]]}
    return pd.DataFrame(shown | {"probability": prob_texts(modes), "remark": modes["remark"]})


def variants_table(found: Structure) -> pd.DataFrame:
    """P by structural variant."""
    table = found.variants
    repeated = table["aspect"].eq(table["aspect"].shift())
    shown = {
        "aspect": table["aspect"].mask(repeated, ""),
        "variant": table["variant"],
        "credence": [f"{100 * share:.3g} %" for share in table["credence"]],
    }
    if "credence_given" in table:
        shown["given the evidence"] = [f"{100 * share:.3g} %" for share in table["credence_given"]]
    return pd.DataFrame(shown | {"probability": prob_texts(table), "remark": table["remark"]})


def aspects_table(found: Structure) -> pd.DataFrame:
    """Shares of the variance that lie between the variants of each aspect."""
    table = found.aspects
    shares = [share_in_percent(row.share, row.se) for row in table.itertuples(index=False)]
    answer = found.answer.estimate  # what every average estimates, with its bound where few draws hit
    averages = [
        label(answer) if answer.is_rare else share_in_percent(row.average, row.se_average)
        for row in table.itertuples(index=False)
    ]
    return pd.DataFrame(
        {
            "aspect": table["aspect"],
            "average of the variants": averages,
            "share of the variance between them": shares,
            "remark": table["remark"],
        }
    )


def retraining_table(found: Retraining) -> pd.DataFrame:
    """P by retraining mode and length of the first run, and the change against no retraining in points."""
    cases = found.cases
    changes = []
    for row in cases.to_dict("records"):
        ends = (row["change"], row["se_change"], row["low_change"], row["high_change"])
        change = Change(*ends, row["interval_change"].split(",")[0], row["n_changed"])
        if math.isnan(change.change):
            changes.append("not run")
        elif row["mode"] == "none":
            changes.append("")
        else:
            changes.append(within_points(change))
    shown = _case_columns(cases) | {"its credence": [f"{100 * share:.3g} %" for share in cases["credence"]]}
    shown |= {"probability": prob_texts(cases), "change, points": changes, "remark": cases["remark"]}
    return pd.DataFrame(shown)


def delay_table(found: Retraining) -> pd.DataFrame:
    """Times to the gain with retraining over those without, and in how many draws there are both."""
    cases = found.cases[found.cases["prob"].notna()]
    shown = _case_columns(cases) | _quantile_texts(cases, "delay")
    pairs = zip(cases["hit_delay_q50"], cases["se_hit_delay_q50"], strict=True)
    shown["median, event without"] = [_ratio_text(value, se) for value, se in pairs]
    for name in ("n_both", "n_only_without", "n_only_with", "n_neither"):
        counts = cases.get(name, pd.Series(math.nan, index=cases.index))
        words = name.removeprefix("n_").replace("_", " ")
        shown[f"gain: {words}"] = ["-" if math.isnan(count) else f"{count:,.0f}" for count in counts]
    return pd.DataFrame(shown)


def doublings_table(found: Retraining) -> pd.DataFrame:
    """N, software doublings by the time the pace has doubled, and in which share of the draws it does."""
    cases = found.cases[found.cases["prob"].notna()]
    shares = ["-" if math.isnan(share) else f"{100 * share:.3g} %" for share in cases["share_doubling"]]
    return pd.DataFrame(_case_columns(cases) | _quantile_texts(cases, "doublings") | {"pace doubles": shares})


def essay_table(essay: pd.DataFrame) -> pd.DataFrame:
    """The essay's figures beside ours, from :func:`mc_sie.published.retraining_compared.beside_essay`."""
    prior = []
    for row in essay.itertuples(index=False):
        if math.isnan(row.median):
            prior.append("not known")
            continue
        ends = f"{_ratio_text(row.q05, math.nan)} to {_ratio_text(row.q95, math.nan)}"
        prior.append(f"{_ratio_text(row.median, row.se)}; 90 %: {ends}")
    return pd.DataFrame(
        {
            "figure": essay["figure"],
            "unit": essay["unit"],
            "the essay": [f"{value:.3g}" for value in essay["essay"]],
            "our law on its inputs": [f"{value:.3g}" for value in essay["on_its_inputs"]],
            "this prior, median": prior,
        }
    )


def _case_columns(cases: pd.DataFrame) -> dict[str, Any]:
    acts = QUANTITIES["training_months"].modes
    runs = []
    for mode, days in zip(cases["mode"], cases["run_days"], strict=True):
        if mode not in acts:
            runs.append("no effect")
        elif math.isnan(days):
            runs.append("as in the prior")
        else:
            runs.append(f"{days:g} days")
    return {"mode": cases["mode"].to_list(), "first run": runs}


def _quantile_texts(cases: pd.DataFrame, name: str) -> dict[str, list[str]]:
    shown = {}
    for heading, column in (("5 %", f"{name}_q05"), ("median", f"{name}_q50"), ("95 %", f"{name}_q95")):
        pairs = zip(cases[column], cases[f"se_{column}"], strict=True)
        shown[heading] = [_ratio_text(value, se) for value, se in pairs]
    return shown


def _ratio_text(value: float, se: float) -> str:
    """A number with its error in brackets; ``"never"`` where it is infinite, a dash where it is not known."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "never"
    if not se > _ROUNDING:  # of two times that are the same
        return f"{value:.3g}"
    digits = decimals(se)
    return f"{value:.{digits}f} (SE {se:.{digits}f})"
