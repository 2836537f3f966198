"""Figure of what evidence does: the inputs before and after, and which piece moved the probability how far."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mc_sie.analysis.importance.evidence import EvidenceReport
from mc_sie.analysis.probability.summary import weighted_quantiles
from mc_sie.quantities import QUANTITIES
from mc_sie.report.figures.common import COLOURS, INK, WIDTH, bin_edges, new_figure, plain_log, plain_log_values, style
from mc_sie.report.naming import axis_label
from mc_sie.stats.estimates import in_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mc_sie.priors.evidence import Evidence

PANELS = 6
"""Inputs that are shown: those that moved furthest."""

_BINS = 36
_MOVED = 0.02  # least difference between cumulative functions that is shown
_BEFORE = "#8a8a8a"
_AFTER = COLOURS[0]


def evidence_figure(report: EvidenceReport) -> Figure:
    """Prior and posterior of the inputs that moved furthest, and the Shapley value of each piece of evidence.

    Small multiples above, bars with two standard errors below.
    """
    with style():
        from matplotlib.figure import Figure

        names = _furthest(report)
        n_rows = math.ceil(len(names) / 2)
        heights = [2.2 * n_rows + 0.5, 1.3 + 0.55 * len(report.items)]
        if not names:  # nothing varies: the bars stand alone
            heights = heights[1:]
        figure = Figure(figsize=(WIDTH, sum(heights)))
        *above, below = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        if above:
            grid = above[0].add_gridspec(n_rows, 2)
            panels = [above[0].add_subplot(grid[place // 2, place % 2]) for place in range(len(names))]
            for axes, name in zip(panels, names, strict=True):
                _density(axes, report, name)
            above[0].legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        _bars(below.subplots(), report)
        before, after = in_percent(report.before), in_percent(report.after)
        title = f"P({report.event}): {before} before, {after} given the evidence"
        below.suptitle(textwrap.fill(title, 56), x=0.008, ha="left", fontsize=12)
    return figure


def labour_figure(curves: pd.DataFrame, items: Sequence[Evidence]) -> Figure:
    """Pace over labour: what is said of it, the constant elasticities that would fit, and what the set believes.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`mc_sie.analysis.importance.evidence.labour_curves`.
    items : sequence of Evidence
        Evidence on ``pace_at_labour``.

    Returns
    -------
    matplotlib.figure.Figure
        One panel, both axes logarithmic.
    """
    with style():
        figure = new_figure(WIDTH, 5.2)
        axes = figure.subplots()
        labour = curves["labour"].to_numpy()
        for which, colour, name in (("before", _BEFORE, "before"), ("after", _AFTER, "given the evidence")):
            axes.fill_between(labour, curves[f"{which}_q05"], curves[f"{which}_q95"], color=colour, alpha=0.22, lw=0)
            axes.plot(labour, curves[f"{which}_q50"], color=colour, label=f"this set, {name}: median and 90 %")
        for item, colour in zip(items, (COLOURS[1], COLOURS[2], *COLOURS[3:]), strict=False):
            factor, reading = float(item.subject.index or 1.0), _reading(item)
            if factor != 1.0 and reading > 0.0:
                elasticity = math.log(reading) / math.log(factor)
                label = f"constant elasticity {elasticity:.2f}"
                axes.plot(labour, labour**elasticity, color=colour, ls="--", lw=1.6, label=label)
            spread = math.exp(item.parameters.get("sd_log", 0.0))
            axes.errorbar(
                [factor], [reading], [[reading - reading / spread], [reading * spread - reading]],
                uplims=item.likelihood == "at_most", lolims=item.likelihood == "at_least", color=colour, marker="o",
                ms=8, capsize=5, ls="none", label=textwrap.shorten(item.name, 44),
            )  # fmt: skip
        axes.axhline(1.0, color="#999999", lw=0.8)
        axes.axvline(1.0, color="#999999", lw=0.8)
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_log(axes)
        plain_log_values(axes, (1.0,))
        axes.set_xlabel("labour (x before automation), experiment compute fixed")
        axes.set_ylabel("pace of software progress\n(x before automation)")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left")
    return figure


def _reading(item: Evidence) -> float:
    """The reading; of an interval its middle on the logarithmic scale."""
    if item.likelihood == "interval":
        return math.sqrt(item.parameters["low"] * item.parameters["high"])
    return item.parameters["value"]


def _furthest(report: EvidenceReport) -> list[str]:
    """Inputs by the largest difference between their cumulative functions, those that hardly moved left out."""
    before, after = report.samples["weight_before"], report.samples["weight_after"]
    distances: dict[str, float] = {}
    for name in report.inputs["quantity"]:
        values = report.samples[name]
        if len(np.unique(values[np.isfinite(values)])) < 2:  # no density to draw
            continue
        order = np.argsort(values, kind="stable")
        cumulated = [np.cumsum(weight[order]) / weight.sum() for weight in (before, after)]
        is_last = np.append(np.diff(values[order]) != 0.0, True)
        distances[name] = float(np.abs(cumulated[0] - cumulated[1])[is_last].max())
    ranked = sorted(distances, key=lambda name: -distances[name])
    if "sigma" in distances and "rho" in distances:
        ranked.remove("rho")  # the same thing
    return [name for name in ranked if distances[name] > _MOVED or name == ranked[0]][:PANELS]


def _density(axes: Axes, report: EvidenceReport, name: str) -> None:
    """One quantity before and after, as the share of the probability in each bin."""
    values = report.samples[name]
    unit = report.inputs.set_index("quantity").loc[name, "unit"]
    if name in QUANTITIES:
        is_log = QUANTITIES[name].scale == "log"
    else:
        is_log = unit == "x"
    finite = np.isfinite(values) & ((values > 0.0) | (not is_log))
    weights = {name: np.where(finite, report.samples[name], 0.0) for name in ("weight_before", "weight_after")}
    ends = np.array([weighted_quantiles(values, weight, (0.01, 0.9, 0.99)) for weight in weights.values()])
    low, high = float(ends[:, 0].min()), float(ends[:, 2].max())
    if is_log and high / low > 1e4:
        high = max(1e4 * low, float(ends[1, 1]))
    edges = bin_edges(low, high, _BINS, is_log=is_log)
    before, after = (
        np.histogram(values, edges, weights=weight)[0] / report.samples[name].sum() for name, weight in weights.items()
    )
    axes.stairs(before, edges, color=_BEFORE, fill=True, alpha=0.45, label="before")
    axes.stairs(after, edges, color=_AFTER, lw=2.2, label="given the evidence")
    if is_log:
        axes.set_xscale("log")
        _few_ticks(axes, edges[0], edges[-1])
    axes.set_yticks([])
    axes.set_ylim(bottom=0.0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    axes.set_xlabel(axis_label(name, unit, 24))


def _few_ticks(axes: Axes, low: float, high: float) -> None:
    """Labels 0.5, 1, 2, 10, 1000 instead of powers, no more than fit."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    decades = math.log10(high / low)
    steps: tuple[float, ...]
    if decades < 2.2:
        steps = (1.0, 2.0, 5.0)
    else:
        steps = (1.0,)
    if decades < 0.8:
        steps = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1, 1 if decades < 4.5 else 2)
    ticks = [step * 10.0**exponent for exponent in exponents for step in steps]
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _bars(axes: Axes, report: EvidenceReport) -> None:
    """Points that each piece adds, with two standard errors."""
    items = report.items.iloc[::-1]
    rows = np.arange(len(items))
    points, errors = 100.0 * items["shapley"].to_numpy(), 200.0 * items["se_shapley"].to_numpy()
    colours = [COLOURS[0] if point >= 0.0 else COLOURS[1] for point in points]
    axes.set_axisbelow(True)
    axes.barh(rows, points, xerr=errors, color=colours, height=0.62, ecolor=INK, capsize=4)
    axes.axvline(0.0, color=INK, lw=1.0)
    labels = [textwrap.fill(name, 24) for name in items["name"]]
    axes.set_yticks(rows, labels)
    axes.set_xlabel("change, percentage points")
    axes.grid(axis="y", visible=False)
