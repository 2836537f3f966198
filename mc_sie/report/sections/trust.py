"""Sections on trust: the checks that a report makes of itself, and how to get the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mc_sie.published.targets import N_GIVEN_BY_OTHERS, N_PRINTED, SOURCES
from mc_sie.report.document import Aside, Code, Folded, Item, Section, Table


def checks(
    limits: pd.DataFrame,
    extremes: pd.DataFrame,
    published: pd.DataFrame,
    sums: pd.DataFrame,
    draws: tuple[Item, ...] = (),
) -> Section:
    """Section 10: checks that the program made of itself while it wrote this, one table a check.

    ``limits`` and ``extremes`` are of :mod:`mc_sie.analysis.comparison.checks`, ``published`` of
    :func:`mc_sie.published.targets.frame_of`; ``sums`` has ``sum``, ``value``, ``should be``, ``holds``. ``draws`` say
    whether there are enough of them.
    """
    items: list[Item] = []
    changed = published[published["verdict"] != published["recorded"]]
    failed = int((extremes["n_rows"] - extremes["n_ok"]).sum())
    if not limits["holds"].all():
        items.append(Aside("A limit in which two answers must be one did not hold."))
    if failed:
        items.append(Aside(f"{failed} extreme inputs could not be simulated."))
    if len(changed):
        items.append(Aside(f"{len(changed)} published numbers got another verdict than the one on record."))
    if not sums["holds"].all():
        items.append(Aside("A sum that must hold did not."))
    if not items:
        items.append("Every check held.")
    n_all = N_PRINTED + N_GIVEN_BY_OTHERS
    left_out = [source for source in SOURCES if source not in set(published["source"])]
    counts = pd.crosstab(published["source"], published["verdict"]).reset_index().rename_axis(columns=None)
    n_same = f"{len(published)} of the {n_all} published numbers"
    items.append(
        f"The program recomputed {n_same}, those of {len(counts)} of {len(SOURCES)} sources, while this was written; "
        f"`mc-sie reproduce` does all of them: {N_PRINTED} that the sources printed and {N_GIVEN_BY_OTHERS} that "
        "others recomputed from them."
    )
    tables: tuple[Item, ...] = (
        _limits(limits),
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
            f"{n_same} by verdict.",
            counts.astype(str),
            counts,
            f"Left out here: {', '.join(left_out) or 'none'}.",
        ),
        Table("sums", "Sums that must hold.", sums.assign(holds=_yes(sums["holds"])).astype(str), sums),
    )
    folds = [Folded("The checks, one by one", tables)]
    if draws:
        folds.insert(0, Folded("Are there enough draws?", draws))
    return Section("checks", "Can this be trusted?", (*items, *folds))


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
    return list(np.where(holds, "yes", "NO"))


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as text, without the columns in which nothing stands."""
    texts = frame.astype(str)
    return texts.loc[:, (texts != "").any()]


def again(facts: Mapping[str, str], commands: Sequence[str], bibtex: str) -> Section:
    """Section 12: how to get the same numbers: what identifies the report, commands, citation."""
    frame = pd.DataFrame({"what": list(facts), "value": [f"`{value}`" for value in facts.values()]})
    items: tuple[Item, ...] = (
        "The same numbers again, and whether they are:",
        Code("\n".join(commands)),
        Folded(
            "What made these numbers, and how to cite them",
            (Table("facts", "What made these numbers.", frame, pd.DataFrame()), Code(bibtex)),
        ),
    )
    return Section("reproduce", "How do I get these numbers again?", items)
