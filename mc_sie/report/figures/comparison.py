"""Figures of comparisons: why two prior sets disagree, which distributions differ, where single inputs break even."""

from __future__ import annotations

import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.report import tables as text
from mc_sie.report.figures.common import COLOURS, INK, WIDTH, new_figure, panels_of, plain_log_values, style
from mc_sie.report.naming import axis_label, for_readers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mc_sie.analysis.comparison.breakeven import BreakEven
    from mc_sie.analysis.comparison.decomposition import Comparison

_UP = COLOURS[0]
_DOWN = COLOURS[1]
_TOTAL = "#555555"
_LINES = ("-", "--")  # of the first set and of the other


def comparison_figures(found: Comparison) -> dict[str, Figure]:
    """Figures by file name without ending: for each set but the first a waterfall, and what distributions differ."""
    figures = {}
    first = found.sets["name"].iloc[0]
    labels = dict(zip(found.sets["name"], text.prob_texts(found.sets), strict=True))
    for against in found.changes["against"]:
        ending = ""
        if len(found.changes) > 1:
            ending = f"-{file_name(against)}"
        bars = found.bars[found.bars["against"] == against]
        ends = found.sets[found.sets["name"].isin([first, against])]
        bars = bars.assign(
            label=[text.block_in_words(block) for block in bars["block"]],
            text=[text.change_text(row) for row in bars.itertuples(index=False)],
        )
        sets = ends.assign(label=[labels[name] for name in ends["name"]])
        figures[f"waterfall{ending}"] = waterfall_figure(sets, bars, text.asked(found.common))
        densities = found.densities[found.densities["against"] == against]
        if len(densities):
            figures[f"densities{ending}"] = densities_figure(densities, (first, against))
    return figures


def file_name(name: str) -> str:
    """The name of a prior set as part of a file's name, other characters than letters, digits and ``-_.`` replaced."""
    return re.sub(r"[^\w.-]", "_", name)


@style()
def waterfall_figure(sets: pd.DataFrame, bars: pd.DataFrame, question: str) -> Figure:
    """From the probability under one set to that under another, one row a block.

    ``sets`` has two rows, before and after: ``name``, ``label`` (the probability in words), ``prob``. ``bars`` has the
    blocks in the order drawn: ``label``, ``text`` (the change), ``change``, ``se``. Whiskers are two Monte Carlo
    standard errors of the bar on either side. ``question`` names the axis, without its unit.
    """
    n = len(bars) + 2
    figure = new_figure(WIDTH, 0.46 * n + 1.2)
    axes = figure.subplots()
    ends = 100 * sets["prob"].to_numpy()
    level = 100 * np.concatenate([[sets["prob"].iloc[0]], sets["prob"].iloc[0] + bars["change"].cumsum()])
    axes.barh([0, n - 1], ends, color=_TOTAL, height=0.62)
    span = max(float(level.max()), 1.0)
    for row, bar in enumerate(bars.itertuples(), 1):
        colour = _DOWN
        if bar.change >= 0.0:
            colour = _UP
        axes.barh(row, 100 * bar.change, left=level[row - 1], color=colour, height=0.62)
        axes.plot([level[row]] * 2, [row - 0.31, row + 1.31], color="#777777", lw=1.0)
        if bar.se > 0.0:
            axes.errorbar(level[row], row, xerr=200 * bar.se, color=INK, lw=1.4, capsize=4)
    axes.plot([level[0]] * 2, [-0.31, 1.31], color="#777777", lw=1.0)
    rights = [ends[0], *np.maximum(level[:-1], level[1:] + 200 * bars["se"].fillna(0.0).to_numpy()), ends[1]]
    texts = [sets["label"].iloc[0], *bars["text"], sets["label"].iloc[1]]
    for row, (right, shown) in enumerate(zip(rights, texts, strict=True)):
        axes.annotate(shown, (right, row), xytext=(7, 0), textcoords="offset points", va="center")
    names = [sets["name"].iloc[0], *bars["label"], sets["name"].iloc[1]]
    axes.set_yticks(range(n), [textwrap.fill(for_readers(name), 18) for name in names])
    axes.set_ylim(n - 0.4, -0.6)
    axes.set_xlim(0.0, 1.75 * span)
    axes.grid(axis="y", visible=False)
    axes.set_axisbelow(True)
    axes.set_xlabel(textwrap.fill(f"{question} (%)", 40))
    return figure


def _two_columns(n: int, height: float, extra: float, **how: Any) -> tuple[Figure, list[Axes]]:
    """So many panels of a height in inches side by side."""
    figure = new_figure(WIDTH, height * math.ceil(n / 2) + extra)
    return figure, panels_of(figure, n, min(n, 2), **how)


@style()
def densities_figure(densities: pd.DataFrame, names: tuple[str, str]) -> Figure:
    """The distributions of the quantities that two sets state differently, as drawn; the table is not empty.

    One panel a quantity: densities as lines, values with a probability of their own as stems of that height.
    """
    from matplotlib.lines import Line2D

    quantities = list(dict.fromkeys(densities["quantity"]))
    figure, panels = _two_columns(len(quantities), 2.5, 0.5)
    for axes, name in zip(panels, quantities, strict=True):
        part = densities[densities["quantity"] == name]
        if name == "mode":
            _draw_modes(axes, part, names)
            axes.set_xlabel("credence of the retraining mode")
        else:
            _draw_law(axes, part, names)
            axes.set_xlabel(axis_label(name, width=24))
    handles = [
        Line2D([], [], color=COLOURS[place], ls=_LINES[place], marker="os"[place], label=name)
        for place, name in enumerate(names)
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _draw_law(axes: Axes, part: pd.DataFrame, names: tuple[str, str]) -> None:
    """Densities as lines; atoms as stems, on a scale of their own that their labels tell."""
    smooth, atoms = (part[part["kind"] == kind] for kind in ("density", "atom"))
    finite = atoms[np.isfinite(atoms["low"])]
    places = np.concatenate([smooth["low"], smooth["high"], finite["low"]])
    is_log = QUANTITIES[str(part["quantity"].iloc[0])].scale == "log" and bool((places > 0.0).all())
    beyond = 1.0  # where "no limit" stands: to the right of everything else
    middle = -math.inf
    if places.size:
        beyond = 2.0 * float(places.max())
        middle = float(np.median(places))
    stems = axes
    if len(smooth) and len(atoms):
        stems = axes.twinx()
        stems.set_axis_off()
    for place, name in enumerate(names):
        ours = smooth[smooth["set"] == name]
        if len(ours):
            edges = np.append(ours["low"], ours["high"].iloc[-1])
            heights = ours["value"].to_numpy()
            if is_log:
                heights = heights * np.sqrt(edges[:-1] * edges[1:]) * math.log(10.0)
            axes.stairs(heights, edges, color=COLOURS[place], lw=2.2, ls=_LINES[place])
        for atom in atoms[atoms["set"] == name].itertuples():
            at = atom.low
            label = f"{100 * atom.value:.3g} %"
            if not math.isfinite(at):
                at = beyond
                label += ", no limit"
            stems.plot([at, at], [0.0, atom.value], color=COLOURS[place], lw=2.6, ls=_LINES[place])
            stems.plot(at, atom.value, marker="os"[place], color=COLOURS[place], ms=8)
            side: Any = {"xytext": (-9, 2), "ha": "right"}
            if at < middle:  # towards the middle, where there is room
                side = {"xytext": (9, 2), "ha": "left"}
            stems.annotate(label, (at, atom.value), textcoords="offset points", color=COLOURS[place], **side)
    if len(smooth):
        ylabel = "density"
        if is_log:
            ylabel = "density per factor"
        axes.set_ylabel(ylabel)
        axes.set_ylim(bottom=0.0)
    else:
        axes.set_ylabel("probability")
    axes.set_yticks([])
    if len(atoms):
        stems.set_ylim(0.0, 1.16)
    if places.size and places.min() == places.max():
        axes.set_xlim(places[0] - 0.5, places[0] + 0.5)
    elif is_log:
        axes.set_xscale("log")
        _plain_log(axes)


def _draw_modes(axes: Axes, part: pd.DataFrame, names: tuple[str, str]) -> None:
    """Credences of the retraining modes, side by side."""
    codes = sorted(set(part["low"]))
    for place, name in enumerate(names):
        values = dict(zip(part.loc[part["set"] == name, "low"], part.loc[part["set"] == name, "value"], strict=True))
        rows = np.arange(len(codes)) + (place - 0.5) * 0.38
        axes.barh(rows, [values.get(code, 0.0) for code in codes], height=0.36, color=COLOURS[place])
    axes.set_yticks(range(len(codes)), [textwrap.fill(MODES[int(code)].replace("_", " "), 14) for code in codes])
    axes.set_ylim(len(codes) - 0.4, -0.6)
    axes.set_xlim(0.0, 1.05)
    axes.set_axisbelow(True)
    axes.grid(axis="y", visible=False)


def pinned_figure(found: BreakEven) -> Figure:
    """The break-evens of inputs that are pinned, over their priors and what lies around them."""
    curves = found.curves[found.curves["varied"] == "value"]
    values = found.values[(found.values["varied"] == "value") & ~found.values["kind"].isin(["never", "not found"])]
    inside = []
    for row in curves.itertuples(index=False):
        low, high = found.prior.quantiles(row.quantity, [0.01, 0.99])
        hair = 1e-9 * abs(row.value)
        inside.append(bool(low - hair <= row.value <= high + hair))
    question = f"{text.asked(found.common)}, one input pinned"
    return breakeven_figure(curves.assign(is_prior=inside), values, found.answer.estimate.prob, question)


@style()
def breakeven_figure(curves: pd.DataFrame, values: pd.DataFrame, prob: float, question: str) -> Figure:
    """The probability against the value at which single inputs are pinned, one panel an input.

    ``curves`` are reruns with pinned inputs, ``is_prior`` where the value lies between the prior's 1st and 99th
    percentile, which is shaded; ``values`` are the crossings, and ``prob`` the probability with nothing pinned.
    """
    quantities = list(dict.fromkeys(curves["quantity"]))
    figure, panels = _two_columns(len(quantities), 2.4, 0.4, sharey=True)
    for axes, name in zip(panels, quantities, strict=True):
        _draw_curve(axes, name, curves[curves["quantity"] == name], values[values["quantity"] == name], prob)
    for axes in panels[::2]:
        axes.set_ylabel("probability (%)")
    figure.suptitle(textwrap.fill(question, 52), fontsize=12, x=0.02, ha="left")
    return figure


def _draw_curve(axes: Axes, name: str, curve: pd.DataFrame, crossings: pd.DataFrame, prob: float) -> None:
    quantity = QUANTITIES[name]
    curve = curve[np.isfinite(curve["value"])].sort_values("value")
    inner = curve[curve["is_prior"]]
    bottom = inner["value"].min()
    top = inner["value"].max()
    if quantity.scale == "log":
        curve = curve[curve["value"] > 0.0]
        width = max(4.0, top / bottom)
        low = bottom / width
        high = top * width
        axes.set_xscale("log")
    else:
        width = top - bottom or 0.5
        low = bottom - width
        high = top + width
    low = max(low, float(curve["value"].min()))
    high = min(high, float(curve["value"].max()))
    if len(inner) > 1:
        axes.axvspan(bottom, top, color="#dddddd", alpha=0.55, lw=0)
    axes.axhline(100 * prob, color="#777777", ls=":", lw=1.6)
    axes.plot(curve["value"], 100 * curve["prob"], color=COLOURS[0])
    axes.fill_between(curve["value"], 100 * curve["low"], 100 * curve["high"], color=COLOURS[0], alpha=0.25, lw=0)
    for crossing in crossings.itertuples():
        if low <= crossing.value <= high:
            axes.plot(crossing.value, 100 * crossing.target, "o", color=COLOURS[1], ms=7)
            above = 7  # to the right of the mark, on the side that the curve leaves free
            if crossing.direction == "rising":
                above = -12
            axes.annotate(
                f"{crossing.value:.3g}", (crossing.value, 100 * crossing.target), xytext=(8, above),
                textcoords="offset points", color=COLOURS[1], annotation_clip=False,
            )  # fmt: skip
    axes.set_xlim(low, high)
    axes.set_ylim(0.0, 100.0)
    axes.set_xlabel(axis_label(name, width=24))
    if quantity.scale == "log":
        _plain_log(axes)


def _plain_log(axes: Axes) -> None:
    """Label a logarithmic axis of values with 0.5, 1, 2, 5 where it is short, else with 0.1, 1, 10."""
    low, high = axes.get_xlim()
    steps = [1.0]
    if high / low < 8.0:
        steps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
    elif high / low < 300.0:
        steps = [1.0, 2.0, 5.0]
    plain_log_values(axes, steps)
