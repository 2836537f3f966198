"""Figure of what readings are expected to be worth, beside perfect knowledge of what they read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mc_sie.report.figures.common import COLOURS, INK, WIDTH, labelled_bars, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE_CHARACTERS = 56  # there is room for
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
        figure = new_figure(WIDTH, 0.52 * len(readings) + 1.0)
        axes = labelled_bars(figure, [textwrap.shorten(text, _TITLE_CHARACTERS) for text in readings["title"]])
        rows = np.arange(len(readings))
        axes.barh(rows, 100 * readings["perfect"], color=_GREY, height=0.5, label="perfect knowledge of it")
        gain = 100 * readings["brier_gain"].to_numpy()
        axes.barh(rows, gain, color=COLOURS[0], height=0.26, label="this reading")
        half = gain - 100 * readings["brier_gain_low"].to_numpy()
        axes.errorbar(gain, rows, xerr=half, fmt="none", ecolor=INK, elinewidth=1.4, capsize=3)
        axes.set_xlabel("expected improvement of a Brier score, points")
        axes.legend(loc="lower right")
        axes.set_title(title)
        return figure
