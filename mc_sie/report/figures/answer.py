"""Figures of the answer itself: how large and how fast, what is assumed, and whether there are enough draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mc_sie.quantities import QUANTITIES
from mc_sie.report.figures.common import COLOURS, INK, WIDTH, bin_edges, new_figure, panels_of, plain_log_values, style
from mc_sie.report.naming import axis_label
from mc_sie.report.svg import hover

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mc_sie.events import Event


@style()
def exceedance_figure(curve: pd.DataFrame) -> Figure:
    """Probability of at least k OOM in the best and in the first year, over k; the 90 % intervals as bands."""
    figure = new_figure(WIDTH, 3.6)
    axes = figure.subplots()
    for place, (counted, part) in enumerate(curve.groupby("counted", sort=False)):
        colour = COLOURS[place]
        axes.plot(part["ooms"], 100 * part["prob"], color=colour, label=str(counted), ls=("-", "--")[place])
        axes.fill_between(part["ooms"], 100 * part["low"], 100 * part["high"], color=colour, alpha=0.25, lw=0)
        for row in part.itertuples():
            if float(row.ooms).is_integer():
                (mark,) = axes.plot(row.ooms, 100 * row.prob, "o", color=colour, ms=5)
                hover(mark, f"{counted}: at least {row.ooms:g} OOM, {100 * row.prob:.3g} %")
    axes.axvline(5.0, color=INK, lw=1.0, ls=":")
    axes.annotate(" 5 OOM", (5.0, axes.get_ylim()[1]), va="top")
    axes.set_xlabel("gain k within twelve months (OOM)")
    axes.set_ylabel("probability of at least k (%)")
    axes.set_xlim(0.5, 16)
    axes.set_xticks(range(2, 17, 2))
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right", title="counted in")
    return figure


@style()
def map_figure(grid: pd.DataFrame, event: Event | None = None) -> Figure:
    """Probability of at least k OOM in less than w months, over both: cells with their percentages, one outlined."""
    table = 100 * grid.pivot(index="ooms", columns="months", values="prob")
    figure = new_figure(WIDTH, 0.27 * len(table) + 0.9)
    axes = figure.subplots()
    axes.pcolormesh(
        np.arange(table.shape[1] + 1), np.arange(table.shape[0] + 1), table.to_numpy(), cmap="cividis", vmin=0,
        vmax=100, edgecolors="none",
    )  # fmt: skip
    for row, (gain, cells) in enumerate(table.iterrows()):
        for column, (months, value) in enumerate(cells.items()):
            ink = "#010101"  # readable on the bright cells; not INK, which becomes white in a dark page
            if value < 50:
                ink = "#ffffff"
            text = axes.text(column + 0.5, row + 0.5, _percent(value), ha="center", va="center", color=ink)
            hover(text, f"at least {gain:g} OOM in less than {months:g} months: {value:.3g} %")
            if event is not None and str(event) == f"best_window_months[{gain:g}] < {months:g}":
                axes.plot(
                    column + np.array([0, 1, 1, 0, 0]), row + np.array([0, 0, 1, 1, 0]), color=COLOURS[1], lw=3.5,
                    clip_on=False, zorder=5,
                )  # fmt: skip
    axes.set_xticks(np.arange(table.shape[1]) + 0.5, [f"{months:g}" for months in table.columns])
    axes.set_yticks(np.arange(table.shape[0]) + 0.5, [f"{gain:g}" for gain in table.index])
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.set_xlabel("in less than so many months (best window)")
    axes.set_ylabel("at least so many OOM")
    return figure


def _percent(value: float) -> str:
    """A percentage for a cell; no draw with the event, or none without it, is no certainty."""
    if value < 0.5:
        return "<1"
    if value > 99.5:
        return ">99"
    return f"{value:.0f}"


@style()
def densities_figure(prior_quantiles: pd.DataFrame) -> Figure:
    """Densities of each quantity that varies, from quantiles at evenly spread probabilities: ``quantity``, ``prob``,
    ``value``.

    One panel a quantity: a histogram of equal steps on the quantity's natural scale, median and 5th-95th marked.
    """
    names = list(dict.fromkeys(prior_quantiles["quantity"]))
    figure = new_figure(WIDTH, 1.75 * math.ceil(len(names) / 2))
    for axes, name in zip(panels_of(figure, len(names), 2), names, strict=True):
        values = prior_quantiles.loc[prior_quantiles["quantity"] == name, "value"].to_numpy()
        _density(axes, name, values)
    return figure


def _density(axes: Axes, name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    quantity = QUANTITIES[name]
    finite = values[np.isfinite(values)]
    is_log = quantity.scale == "log" and finite.min() > 0.0 and finite.max() > 4.0 * finite.min()
    inner = finite[(finite >= np.quantile(finite, 0.005)) & (finite <= np.quantile(finite, 0.995))]
    edges = bin_edges(inner.min(), inner.max(), 32, is_log=is_log)
    axes.hist(inner, bins=list(edges), color=COLOURS[0], alpha=0.55, lw=0)
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf")
    if is_log:
        axes.set_xscale("log")
        _plain(axes)
    axes.axvline(middle, color=INK, lw=1.5)
    top = axes.get_ylim()[1]
    shown = np.where(np.isfinite([low, high]), [low, high], inner.max())
    (bar,) = axes.plot(shown, [-0.05 * top] * 2, color=COLOURS[1], lw=4, solid_capstyle="butt")
    hover(bar, f"{name}: median {middle:.3g}, 5th to 95th percentile {low:.3g} to {high:.3g}")
    axes.set_ylim(-0.1 * top, top)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    axes.set_title(axis_label(name, width=26))
    missing = 1.0 - len(finite) / len(values)
    if missing > 0.0:
        axes.annotate(f"{100 * missing:.2g} % no limit", (1.0, 0.95), xycoords="axes fraction", ha="right", va="top")


def _plain(axes: Axes) -> None:
    """A logarithmic axis labelled with plain numbers, not too many."""
    low, high = axes.get_xlim()
    steps = [1.0]  # as many labels in each factor of ten as there is room for in a small panel
    if high / low < 100:
        steps = [1.0, 2.0, 5.0]
    elif high / low < 1000:
        steps = [1.0, 3.0]
    plain_log_values(axes, steps, 6)


@style()
def convergence_figure(replicates: pd.DataFrame, running: pd.DataFrame) -> Figure:
    """The estimate in each randomisation, and as draws were added: two panels that share its axis."""
    figure = new_figure(WIDTH, 3.2)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.6])
    for row in replicates.itertuples():
        (mark,) = left.plot(row.replicate, 100 * row.prob, "o", color=COLOURS[0], ms=5, alpha=0.8)
        hover(mark, f"randomisation {row.replicate}: {100 * row.prob:.4g} %")
    final = running.iloc[-1]
    left.axhline(100 * final["prob"], color=INK, lw=1.0)
    left.set_xlabel("randomisation")
    left.set_ylabel("probability (%)")
    right.fill_between(
        running["n_draws"], 100 * running["low"], 100 * running["high"], color=COLOURS[0], alpha=0.25, lw=0,
        label="90 % interval",
    )  # fmt: skip
    right.plot(running["n_draws"], 100 * running["prob"], color=COLOURS[0], marker="o", ms=5, label="estimate")
    right.axhline(100 * final["prob"], color=INK, lw=1.0)
    right.set_xscale("log")
    plain_log_values(right, (1.0, 3.0), 8)
    right.set_xlabel("draws")
    right.legend(loc="upper right")
    spread = replicates["prob"].to_numpy()
    margin = max(4.0 * float(spread.std()), 1e-4)
    left.set_ylim(max(0.0, 100 * (final["prob"] - margin)), min(100.0, 100 * (final["prob"] + margin)))
    return figure
