"""Sections on what drives the answer: inputs by importance, the curve of each, what worlds with the event look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.analysis.probability.summary import weighted_quantiles
from mc_sie.analysis.sensitivity.given_data import varying, words_of
from mc_sie.analysis.sensitivity.study import NOT_CONVERGED, Sensitivity
from mc_sie.engine.sample import Sample
from mc_sie.errors import InputError
from mc_sie.report.document import Aside, Chart, Code, Folded, Item, Section, Table
from mc_sie.report.figures import sensitivity as sensitivity_figures
from mc_sie.report.naming import labelled
from mc_sie.report.render import shown
from mc_sie.stats.estimates import decimals, with_error


def drivers(found: Sensitivity | InputError, rare_command: str | None) -> Section:
    """Section on the drivers: sentences and ranked figure; tables, curves and the map of the top pair folded.

    Where the draws do not tell: why, and the command (if any) that would.
    """
    title = "What drives it?"
    if isinstance(found, InputError):
        told: list[Item] = [f"{nothing_to_rank(found)} {found.remedy}"]
        if rare_command:
            told += ["Which worlds lead there, however rare they are, and how probable they are:", Code(rare_command)]
        return Section("drivers", title, tuple(told))
    ranking = found.ranking
    first = ", ".join(_ranked(row) for row in ranking.head(3).to_dict("records"))
    items: list[Item] = [
        *_on_inputs(found),
        Chart(
            "ranking",
            "What drives the probability, inputs by importance: the shares of the uncertainty add up to 100 %. "
            "Whiskers: 90 % t intervals from the randomisations.",
            f"The first are {first}.",
            sensitivity_figures.ranking_figure(ranking, ""),
            ranking,
        ),
        *(Aside(note) for note in found.notes if note.startswith(NOT_CONVERGED)),
    ]
    if found.fixed:
        items.append(f"Fixed, and so without effect: {', '.join(map(labelled, found.fixed))}.")
    none = ranking.loc[ranking["effect"] == "none", "quantity"]
    if len(none):
        n_draws = f"{found.sample.design.n_draws:,}"
        items.append(f"No effect seen in {n_draws} draws under this prior: {', '.join(map(labelled, none))}.")
    items.append(Folded("The probability over each input", _response(found)))
    items.append(Folded("All measures, groups, and what is most worth researching", _measures(found)))
    return Section("drivers", title, tuple(items))


def _on_inputs(found: Sensitivity) -> tuple[str, ...]:
    """Sentences that are neither on the boxes, which are the last, nor what the figure shows."""
    sentences = found.sentences[: len(found.sentences) - len(found.boxes)]
    if found.indices is not None and len(sentences) > 1:
        return sentences[1:]
    return sentences


def _measures(found: Sensitivity) -> tuple[Item, ...]:
    """One table of all measures of each input, groups, worth of answers, and how they were made."""
    ranking = found.ranking
    items: list[Item] = [
        Table("drivers", "Inputs by importance; standard errors in brackets.", *_ranked_columns(ranking, found))
    ]
    if found.indices is not None:
        shapley = found.indices.groups[found.indices.groups["index"] == "shapley"]
        by_share = shapley.sort_values("value", ascending=False)
        of = [" + ".join(map(labelled, members.split(" + "))) for members in by_share["members"]]
        shares = [_with_error(row) for row in by_share.to_dict("records")]
        items.append(
            Table(
                "groups",
                "Groups of inputs, Shapley effects (out of 100 %).",
                pd.DataFrame({"group": by_share["group"], "share of the uncertainty, %": shares, "of": of}),
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
    return (*items, *(note for note in found.notes if not note.startswith(NOT_CONVERGED)))


def nothing_to_rank(why: InputError) -> str:
    """A sentence in place of drivers, with the bound on the probability where that is all that the draws tell."""
    return f"There is nothing to rank: {why.where} {why.why}."


_MEASURES = {
    "shapley": "Shapley effect, %",
    "total": "total index, %",
    "first_order": "first-order index, %",
    "brier_gain": "Brier gain, 1/1000",
    "bits": "bits, 1/1000",
    "delta": "shift of belief, points",
    "ks": "distance of distributions (KS)",
}


def _ranked(row: Mapping[str, Any]) -> str:
    name = "first_order"
    if "shapley" in row:
        name = "shapley"
    return f"{labelled(row['quantity'])} {100.0 * row[name]:.{decimals(100.0 * row[f'{name}_se'])}f} %"


def _ranked_columns(ranking: pd.DataFrame, found: Sensitivity) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The measures of every input: as read, as numbers (which stand with the figure), and what each of them says."""
    scales = {"brier_gain": 1000.0, "bits": 1000.0, "ks": 1.0}
    there = {name: heading for name, heading in _MEASURES.items() if name in ranking}
    rows = []
    for row in ranking.to_dict("records"):
        cells = {"input": labelled(row["quantity"])}
        for name, heading in there.items():
            cells[heading] = _scaled(row[name], row[f"{name}_se"], scales.get(name, 100.0))
        rows.append(cells | {"effect": row["effect"]})
    readings = "; ".join(f"{heading.partition(',')[0]}: {found.readings[name]}" for name, heading in there.items())
    return pd.DataFrame(rows), pd.DataFrame(), f"{readings}."


def _scaled(value: float, error: float, scale: float) -> str:
    """A number with its standard error in brackets, no digit beyond it; a dash where there is none."""
    return with_error(scale * value, scale * error) or "-"


def _with_error(row: Mapping[str, Any]) -> str:
    return _scaled(row["value"], row["se"], 100.0)


def _worth(value: pd.DataFrame) -> pd.DataFrame:
    """The answers most worth having, by Brier gain: single inputs, pairs and groups together."""
    wide: dict[str, dict[str, str]] = {}
    order = value[value["measure"] == "brier_gain"].sort_values("value", ascending=False)["what"].head(10)
    headings = {"brier_gain": "Brier gain, 1/1000", "bits": "bits, 1/1000", "decision_value": "decision, 1/1000"}
    for row in value[value["what"].isin(order)].to_dict("records"):
        if row["measure"] in headings:
            shown = wide.setdefault(row["what"], {"learning": labelled(row["what"]), "is": row["kind"]})
            shown[headings[row["measure"]]] = _scaled(row["value"], row["se"], 1000.0)
    return pd.DataFrame([wide[what] for what in order if what in wide])


def _response(found: Sensitivity) -> tuple[Item, ...]:
    """How each input drives the answer: curves, and the map of the top pair."""
    order = found.ranking["quantity"]
    levels = found.curves.levels
    levels = pd.concat([levels[levels["quantity"] == name] for name in order], ignore_index=True)
    prob = found.answer.prob
    steepest = [
        f"{labelled(name)} from {100 * part['prob'].min():.2g} to {100 * part['prob'].max():.2g} %"
        for name, part in levels.groupby("quantity", sort=False)
    ]
    items: list[Item] = [
        Chart(
            "curves",
            "The probability given one input, over its value, with its 90 % interval; below, how likely the prior "
            "takes each value. The line across is the answer.",
            f"As one input runs over its prior the probability goes over: {'; '.join(steepest)}.",
            sensitivity_figures.curves_figure(levels, prob, ""),
            levels,
            "A flat curve is an input that does not matter alone; it may matter together with others.",
        )
    ]
    if found.top_pair is not None:
        first, second = found.top_pair
        both = f"{labelled(first)} and {labelled(second)}"
        items.append(
            Chart(
                "pair",
                f"The probability given {both}, the two inputs that matter most; every row and column "
                "holds the same share of the prior.",
                f"A coloured grid from {100 * found.pair_map['prob'].min():.2g} to "
                f"{100 * found.pair_map['prob'].max():.2g} %.",
                sensitivity_figures.pair_figure(found.pair_map, first, second, ""),
                found.pair_map,
            )
        )
    return tuple(items)


def worlds(found: Sensitivity) -> Section:
    """Section 6: what worlds with the event look like: medians, boxes in words, typical worlds."""
    on_boxes = found.sentences[len(found.sentences) - len(found.boxes) :]
    items: list[Item] = list(on_boxes[:1])
    if len(found.trajectories):
        items.append(_typical(found))
    medians = medians_table(found.sample)
    folded: list[Item] = [
        *on_boxes[1:],
        Table(
            "medians",
            "Medians of each input among worlds with the event, and among the others.",
            shown(medians.assign(input=[labelled(name) for name in medians["input"]]), digits=3),
            medians,
            "Read across: what is typical of worlds that see it.",
        ),
    ]
    if len(found.boxes):
        folded.append(
            Table(
                "boxes",
                "The conditions found, held to randomisations that the search did not see.",
                _boxes_shown(found.boxes),
                found.boxes.drop(columns="box", errors="ignore"),
                "Coverage: the share of worlds with the event that lie inside. Density: the share of worlds inside "
                "that have it.",
            )
        )
    items.append(Folded("Medians of each input, and how good these conditions are", tuple(folded)))
    return Section("worlds", "What do such worlds look like?", tuple(items))


def _typical(found: Sensitivity) -> Chart:
    return Chart(
        "worlds",
        "Typical worlds with the event: effective compute over time, and for how many such worlds each stands.",
        "; ".join(
            f"world {row.archetype:g}: {row.mode}, {100 * row.share:.2g} %" for row in found.archetypes.itertuples()
        ),
        sensitivity_figures.worlds_figure(found.archetypes, found.trajectories, ""),
        found.archetypes,
    )


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


def medians_table(sample: Sample) -> pd.DataFrame:
    """Medians of each input among worlds ``with`` and ``without`` the event; of a category its share."""
    rows: list[dict[str, Any]] = []
    ok = sample.is_ok  # the inputs below are those of such draws only
    weights = np.ones(len(ok))
    if sample.weights is not None:
        weights = sample.weights
    weights = weights[ok]
    sides = {"with": sample.hits[ok], "without": ~sample.hits[ok]}
    for name, values in varying(sample).items():
        words = words_of(sample).get(name)
        if words:
            for code in np.unique(values):
                shares = {
                    side: float(weights[among & (values == code)].sum() / weights[among].sum())
                    for side, among in sides.items()
                }
                rows.append({"input": f"{name} = {words[int(code)]}, share", **shares})
            continue
        numbers = np.asarray(values, dtype=np.float64)
        given = ~np.isnan(numbers)
        medians = {
            side: float(weighted_quantiles(numbers[among & given], weights[among & given], (0.5,))[0])
            for side, among in sides.items()
        }
        rows.append({"input": name, **medians})
    return pd.DataFrame(rows)
