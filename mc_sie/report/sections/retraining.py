"""Section on the cost of retraining, from the analysis on common draws and the essay's own figures."""

from __future__ import annotations

import pandas as pd

from mc_sie.analysis.comparison.retraining import Retraining
from mc_sie.errors import InputError
from mc_sie.report import tables as text
from mc_sie.report.document import Aside, Chart, Folded, Item, Section, Table
from mc_sie.report.figures.retraining import retraining_figure


def retraining(worked_out: tuple[Retraining, pd.DataFrame] | InputError) -> Section:
    """What does retraining cost?

    Parameters
    ----------
    worked_out : tuple of (Retraining, pandas.DataFrame) or InputError
        The analysis and the essay's figures beside it, or why there are none.

    Returns
    -------
    Section
        Sentences, figure and tables.
    """
    title = "What does retraining cost?"
    if isinstance(worked_out, InputError):
        return Section("retraining", title, (Aside(f"Not worked out: {worked_out}"),))
    found, essay = worked_out
    numbers = found.cases.drop(columns=["remark"])
    shown = text.retraining_table(found)
    items: list[Item] = [
        "The first system came out of a training run. How do better algorithms reach its successors, and how long does "
        "that take? Each way in turn, in the same draws.",
        *found.sentences,
        Chart(
            "retraining",
            "Left: the probability by retraining mode and length of the first training run, with two Monte Carlo "
            f"standard errors. Right: the time to gain {found.gain_ooms:g} OOM as a multiple of that without "
            "retraining, median and the range of nine in ten draws.",
            "; ".join(f"{row['mode']}, {row['first run']}: {row['probability']}" for row in shown.to_dict("records")),
            retraining_figure(found),
            numbers,
            "An arrow: more than one draw in twenty never gets there with retraining.",
        ),
        Folded(
            "The numbers, and those of the essay",
            (
                Table(
                    "retraining_costs",
                    "The probability with all credence on one mode, and its change against no retraining.",
                    shown,
                    pd.DataFrame(),
                ),
                Table(
                    "retraining_delay",
                    f"The time to gain {found.gain_ooms:g} OOM as a multiple of that without retraining, draw by draw.",
                    text.delay_table(found),
                    pd.DataFrame(),
                    "Median, event without: in the draws that have the event without retraining. The last four columns "
                    "count draws by whether they gain so much both ways, only without retraining, only with it, or "
                    "neither way.",
                ),
                Table(
                    "retraining_doublings",
                    "Doublings of software by the time the pace has doubled.",
                    text.doublings_table(found),
                    pd.DataFrame(),
                    "The last column: of the draws whose pace doubles without retraining, those in which it does with "
                    "it too.",
                ),
                Table(
                    "retraining_essay",
                    "Davidson's (2025) figures beside ours, on the essay's own inputs and under this prior.",
                    text.essay_table(essay),
                    essay,
                    f"The essay counts to infinity, we count to {found.gain_ooms:g} OOM.",
                ),
                *found.notes,
            ),
        ),
    ]
    return Section("retraining", title, tuple(items))
