"""Figure of the cost of retraining: P and the delay by mode and length of the first training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mc_sie.analysis.comparison.retraining import labels_of
from mc_sie.report.figures.common import COLOURS, WIDTH, plain_log_values, style
from mc_sie.report.naming import for_readers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mc_sie.analysis.comparison.retraining import Retraining

_LONGEST = 100.0  # times as long: what lies beyond ends in an arrow


def retraining_figure(found: Retraining) -> Figure:
    """P (dots, two standard errors) and the delay (median, 5th to 95th percentile), one row a case that was run."""
    with style():
        from matplotlib.figure import Figure

        cases = found.cases[found.cases["prob"].notna()].iloc[::-1]
        rows = np.arange(len(cases))
        figure = Figure(figsize=(WIDTH, 0.36 * len(cases) + 1.5))
        left, right = figure.subplots(1, 2, sharey=True)
        error = 200 * cases["se"].fillna(0.0).to_numpy()
        left.errorbar(100 * cases["prob"], rows, xerr=error, fmt="o", color=COLOURS[0], ms=7, capsize=4)
        left.set_yticks(rows, [for_readers(label) for label in labels_of(cases)])
        left.set_xlim(left=0.0)
        left.set_xlabel("probability, %")
        for row, (low, middle, high) in enumerate(
            cases[["delay_q05", "delay_q50", "delay_q95"]].itertuples(index=False)
        ):
            _draw_delay(right, row, low, middle, high)
        right.axvline(1.0, color="#777777", lw=1.0)
        right.set_xscale("log")
        plain_log_values(right, (1,))
        right.set_xlabel("delay, times")
        for axes in (left, right):
            axes.grid(axis="y", visible=False)
    return figure


def _draw_delay(axes: Axes, row: int, low: float, middle: float, high: float) -> None:
    """One delay; nothing where it is not known."""
    if not low <= _LONGEST:
        return
    axes.plot([low, min(high, _LONGEST)], [row, row], color=COLOURS[1], lw=2.2)
    if high > _LONGEST:
        axes.plot(_LONGEST, row, ">", color=COLOURS[1], ms=8)
    if middle <= _LONGEST:
        axes.plot(middle, row, "o", color=COLOURS[1], ms=7)
