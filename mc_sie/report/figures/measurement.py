"""Figure of what readings are expected to be worth, beside perfect knowledge of what they read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mc_sie.report.figures.common import COLOURS, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE_CHARACTERS = 44  # a line of a title on the axis
_GREY = "#bbbbbb"


def measurement_figure(readings: pd.DataFrame, title: str) -> Figure:
    """Readings by worth, each before what perfect knowledge of its subject is worth.

    Parameters
    ----------
    readings : pandas.DataFrame
        :attr:`mc_sie.analysis.sensitivity.measurement.Measurement.readings`.
    title : str
        Title.

    Returns
    -------
    matplotlib.figure.Figure
        Wide bars are perfect knowledge, narrow ones the reading; whiskers are 90 % intervals.
    """
    with style():
        table = readings.iloc[::-1]
        figure = new_figure(9, 0.62 * len(table) + 1.6)
        axes = figure.subplots()
        rows = np.arange(len(table))
        axes.barh(rows, 100 * table["perfect"], color=_GREY, height=0.7, label="perfect knowledge of it")
        gain = 100 * table["brier_gain"].to_numpy()
        axes.barh(rows, gain, color=COLOURS[0], height=0.34, label="this reading")
        half = gain - 100 * table["brier_gain_low"].to_numpy()
        axes.errorbar(gain, rows, xerr=half, fmt="none", ecolor="#222222", elinewidth=1.4, capsize=3)
        labels = ["\n".join(textwrap.wrap(text, _TITLE_CHARACTERS)) for text in table["title"]]
        axes.set_yticks(rows, labels, fontsize=10)
        axes.set_xlabel("expected improvement of a Brier score, points")
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower right")
        axes.set_title(title)
        return figure
