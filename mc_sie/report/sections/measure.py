"""Section on which measurement would settle the answer, from the analysis of readings."""

from __future__ import annotations

import pandas as pd

from mc_sie.analysis.sensitivity.measurement import Measurement
from mc_sie.report.document import Chart, Folded, Item, Section, Table
from mc_sie.report.figures.measurement import measurement_figure


def measurements(found: Measurement) -> Section:
    """Which measurement would settle it?

    Parameters
    ----------
    found : Measurement
        The proposed measurements, valued.

    Returns
    -------
    Section
        Sentences, figure, table, and where each error comes from.
    """
    frame = found.readings
    sources = pd.DataFrame(
        {
            "reading": frame["title"],
            "after": frame["source"],
            "error from": frame["error_source"],
            "judgement": frame["judgement"].fillna("-"),
        }
    )
    items: list[Item] = [
        *found.sentences,
        Chart(
            "measurements",
            "What each measurement would be worth to a forecaster, before what it would be without error. Whiskers: "
            "90 % t intervals from the randomisations.",
            f"The best is {frame['title'][0]}, {100 * frame['brier_gain'][0]:.2g} points of Brier score; the last "
            f"{frame['title'].iloc[-1]}, {100 * frame['brier_gain'].iloc[-1]:.2g}.",
            measurement_figure(frame, ""),
            frame.drop(columns=["source", "error_source", "judgement", "is_late"]),
            "A short bar before a long one: the right question, asked with too large an error.",
        ),
        Folded(
            "Each measurement, and where its error comes from",
            (
                Table(
                    "measurement",
                    "Proposed measurements by expected worth; standard errors in brackets.",
                    found.shown_readings,
                    found.by_error,
                    "Half at: the error at which the reading would be worth half of perfect knowledge of what it "
                    "reads, on the scale of the error (sd_log in natural logarithms). The last column is the range of "
                    "the answer after it.",
                ),
                Table(
                    "measurement_sources",
                    "What each stands for, and where its error comes from.",
                    sources,
                    pd.DataFrame(),
                ),
                *found.notes,
            ),
        ),
    ]
    return Section("measure", "Which measurement would settle it?", tuple(items))
