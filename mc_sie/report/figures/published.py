"""Figures of the published models, redrawn from our numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mc_sie.report.figures.common import COLOURS, new_figure, plain_log, powers_of_ten, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


@style()
def ceiling_figure(curves: pd.DataFrame) -> Figure:
    """Pace against labour for one rho of ``davidson_bottlenecks.curves``, and the ceiling that it approaches."""
    figure = new_figure(8, 4.8)
    axes = figure.subplots()
    rho = curves["rho"].iloc[0]
    ceiling = curves["ceiling"].iloc[0]
    axes.plot(curves["labour"], curves["pace"], color=COLOURS[0], label="CES, K = 1, weight 0.5")
    every = curves.iloc[::20]
    axes.plot(every["labour"], every["law"], "o", color=COLOURS[1], ms=6, mfc="none", mew=1.6, label="our law")
    axes.axhline(ceiling, color=COLOURS[3], ls="--")
    axes.annotate(f"ceiling, {ceiling:.3g}x", (1.5, ceiling), xytext=(0, 5), textcoords="offset points")
    near = curves[curves["pace"] >= 0.9 * ceiling].iloc[0]
    axes.plot([near["labour"]] * 2, [0.0, near["pace"]], color="#777777", ls=":", lw=1.4)
    axes.annotate("90 % of it", (near["labour"], 1.0), xytext=(-6, 0), textcoords="offset points", ha="right")
    _label_labour(axes)
    axes.set_xlim(1.0, curves["labour"].max() * 1.3)
    axes.set_ylim(0.0, 1.12 * ceiling)
    axes.set_title(f"Compute held fixed, rho = {rho:g}: the ceiling is reached late")
    axes.legend(loc="center left", bbox_to_anchor=(0.0, 0.62))
    return figure


def _label_labour(axes: Axes) -> None:
    """Name the axes of pace against labour, in powers of ten."""
    axes.set_xscale("log")
    powers_of_ten(axes.xaxis)
    axes.set_xlabel("cognitive labour (x the human researchers)")
    axes.set_ylabel("pace of software progress (x)")


@style()
def substitution_figure(curves: pd.DataFrame) -> Figure:
    """Pace against labour for several rho of ``davidson_bottlenecks.curves``, each curve named at its end."""
    figure = new_figure(8, 5.2)
    axes = figure.subplots()
    for index, (rho, part) in enumerate(curves.groupby("rho", sort=False)):
        axes.plot(part["labour"], part["pace"], color=COLOURS[index], ls=_DASHES[index])
        last = part.iloc[-1]
        largest = float(f"{last['pace']:.3g}")
        axes.annotate(
            f"rho = {rho:g}: {largest:,.5g}x", (last["labour"], last["pace"]), xytext=(6, -4),
            textcoords="offset points", color=COLOURS[index],
        )  # fmt: skip
    _label_labour(axes)
    axes.set_yscale("log")
    axes.axvline(900.0, color="#777777", ls=":", lw=1.4)
    axes.annotate("full automation, 900x", (900.0, 1.0), xytext=(6, 6), textcoords="offset points")
    axes.set_xlim(1.0, 3e12)
    axes.set_ylim(bottom=0.8)
    axes.set_xticks([10.0**k for k in range(0, 10, 3)])
    axes.set_title("How far bottlenecks bite depends on how far labour grows")
    plain_log(axes)
    return figure


@style()
def retraining_figure(curves: pd.DataFrame) -> Figure:
    """Software over time with and without retraining: the spreadsheet's daily steps, and the exact solution."""
    figure = new_figure(8, 5.2)
    axes = figure.subplots()
    for index, (case, part) in enumerate(curves.groupby("case", sort=False)):
        for solution, line in (("exact", "-"), ("sheet", "--")):
            one = part[part["solution"] == solution]
            axes.plot(one["day"], one["software"], color=COLOURS[index], ls=line)
        exact = part[part["solution"] == "exact"]
        near = exact[exact["software"] >= 1e5].iloc[0]
        axes.annotate(
            str(case), (near["day"], near["software"]), xytext=(-8, 4), textcoords="offset points",
            color=COLOURS[index], ha="right",
        )  # fmt: skip
    axes.plot([], [], color="#333333", ls="-", label="exact solution")
    axes.plot([], [], color="#333333", ls="--", label="the sheet's daily steps")
    axes.set_yscale("log")
    axes.set_ylim(1.0, 1e10)
    axes.set_xlim(0, 500)
    axes.set_yticks([1.0, 1e2, 1e4, 1e6, 1e8, 1e10])
    powers_of_ten(axes.yaxis)
    axes.set_xlabel("days since AI R&D was fully automated")
    axes.set_ylabel("software efficiency (x at the start)")
    axes.set_title("Retraining in the spreadsheets, N = 3 (T = 60 days)")
    axes.legend(loc="lower right", fontsize=10.5)
    return figure


EXCEEDANCE_NAMES = {
    "base": "main, as coded",
    "retraining": "retraining, as coded",
    "retraining_fixed": "retraining, as written",
    "gradual": "gradual boost",
    "constant_r": "constant returns",
    "continuous law": "our continuous law (on the main curve)",
}
"""How the cases of :func:`exceedance_figure` are called."""


@style()
def exceedance_figure(curves: pd.DataFrame) -> Figure:
    """P(at least X years of progress in some twelve months), with its Monte Carlo error.

    Bands of two standard errors; the printed table as points.
    """
    figure = new_figure(8, 5.2)
    axes = figure.subplots()
    for index, (case, part) in enumerate(curves.groupby("case", sort=False)):
        axes.plot(
            part["years"], part["prob"], color=COLOURS[index], ls=_DASHES[index], label=EXCEEDANCE_NAMES[str(case)],
            lw=1.8,
        )  # fmt: skip
        axes.fill_between(
            part["years"], part["prob"] - 2 * part["se"], part["prob"] + 2 * part["se"], color=COLOURS[index],
            alpha=0.3, lw=0,
        )  # fmt: skip
    label: str | None = "printed (±1 SE of 1,000 draws)"  # once in the legend
    for index, mark, printed in ((0, "s", (57, 18)), (1, "^", (57, 19)), (3, "D", (59, 32))):
        axes.errorbar(
            [3, 10], printed, yerr=[1.6, 1.2], fmt=mark, color=COLOURS[index], mec="#333333", ecolor="#333333",
            capsize=4, ms=7, label=label,
        )  # fmt: skip
        label = None
    axes.set_xlim(1, 16)
    axes.set_ylim(0, 95)
    axes.set_xlabel("X, years of progress at the recent pace (8 doublings each)")
    axes.set_ylabel("P(at least X years in some 12 months), %")
    axes.set_title("Years of progress compressed into one (Monte Carlo SE below 0.1 points)")
    axes.legend(loc="upper right", fontsize=10.5)
    return figure


@style()
def single_run_figure(runs: pd.DataFrame) -> Figure:
    """Years of progress over time in one run of the simulator, with and without retraining: case, months, years."""
    figure = new_figure(8, 4.8)
    axes = figure.subplots()
    for index, (case, part) in enumerate(runs.groupby("case", sort=False)):
        axes.plot(part["months"], part["years"], color=COLOURS[index], ls=_DASHES[index], label=case)
    axes.plot([0, 72], [0, 6], color="#777777", lw=1.2, label="recent pace (hardware included)")
    axes.set_xlim(0, 72)
    axes.set_ylim(0, 8)
    axes.set_xlabel("months since AI R&D was fully automated")
    axes.set_ylabel("years of progress at the recent pace")
    axes.set_title("One run at the medians (f = 8, r = 1.2, 11 years, p = 0.3; 3/(1+f) at first)")
    axes.legend(loc="lower right")
    return figure
