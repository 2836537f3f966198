"""Figures of the published models, redrawn from our numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mc_sie.report.figures import COLOURS, new_figure, plain_log, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def ceiling_figure(curves: pd.DataFrame) -> Figure:
    """Pace against labour for one rho, and the ceiling that it approaches.

    Parameters
    ----------
    curves : pandas.DataFrame
        One rho of :func:`mc_sie.published.davidson_bottlenecks.curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel.
    """
    with style():
        figure, axes = new_figure(8, 4.8)
        rho, ceiling = curves["rho"].iloc[0], curves["ceiling"].iloc[0]
        axes.plot(curves["labour"], curves["pace"], color=COLOURS[0], label="CES, K = 1, weight 0.5")
        every = curves.iloc[::20]
        axes.plot(every["labour"], every["law"], "o", color=COLOURS[1], ms=6, mfc="none", mew=1.6, label="our law")
        axes.axhline(ceiling, color=COLOURS[3], ls="--", label=f"ceiling, {ceiling:.3g}x")
        axes.set_xscale("log")
        axes.set_ylim(0.0, 1.12 * ceiling)
        axes.set_xlabel("cognitive labour (x the human researchers)")
        axes.set_ylabel("pace of software progress (x)")
        axes.set_title(f"Compute held fixed, rho = {rho:g}: 90 % of the ceiling takes 8 OOM of labour")
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 0.92))
    return figure


def substitution_figure(curves: pd.DataFrame) -> Figure:
    """Pace against labour for several rho.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`mc_sie.published.davidson_bottlenecks.curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel, logarithmic axes, each curve named at its end.
    """
    with style():
        figure, axes = new_figure(8, 5.2)
        for index, (rho, part) in enumerate(curves.groupby("rho", sort=False)):
            axes.plot(part["labour"], part["pace"], color=COLOURS[index], ls=_DASHES[index])
            last = part.iloc[-1]
            axes.annotate(
                f"rho = {rho:g}: {last['pace']:,.0f}x", (last["labour"], last["pace"]), xytext=(6, -4),
                textcoords="offset points", color=COLOURS[index],
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(1.0, 1e13)
        axes.set_xticks([10.0**k for k in range(0, 10, 3)])
        axes.set_xlabel("cognitive labour (x the human researchers)")
        axes.set_ylabel("pace of software progress (x)")
        axes.set_title("How far bottlenecks bite depends on how far labour grows")
        plain_log(axes)
    return figure


def retraining_figure(curves: pd.DataFrame) -> Figure:
    """Software over time with and without retraining: the spreadsheet's daily steps, and the exact solution.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`mc_sie.published.davidson_retraining.growth_curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel, logarithmic in software.
    """
    with style():
        figure, axes = new_figure(8, 5.2)
        for index, (case, part) in enumerate(curves.groupby("case", sort=False)):
            for solution, line in (("exact", "-"), ("sheet", "--")):
                one = part[(part["solution"] == solution) & (part["software"] < 1e12)]
                axes.plot(one["day"], one["software"], color=COLOURS[index], ls=line, label=f"{case}, {solution}")
        axes.set_yscale("log")
        axes.set_ylim(1.0, 1e12)
        axes.set_xlim(0, 520)
        axes.set_yticks([1.0, 1e3, 1e6, 1e9, 1e12])
        axes.set_xlabel("days since AI R&D was fully automated")
        axes.set_ylabel("software efficiency (x at the start)")
        axes.set_title("N = 3: the sheet's daily steps against the solution of its equations")
        axes.legend(loc="lower right", fontsize=10.5)
    return figure


EXCEEDANCE_NAMES = {
    "base": "main, as coded",
    "retraining": "retraining, as coded",
    "retraining_fixed": "retraining, as written",
    "gradual": "gradual boost",
    "constant_r": "constant returns",
    "continuous law": "our continuous law",
}
"""How the cases of :func:`exceedance_figure` are called."""


def exceedance_figure(curves: pd.DataFrame) -> Figure:
    """P(at least X years of progress in some twelve months), with its Monte Carlo error.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`mc_sie.published.davidson_houlden_tables.exceedance`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; bands of two standard errors, the printed table as points.
    """
    with style():
        figure, axes = new_figure(8, 5.2)
        for index, (case, part) in enumerate(curves.groupby("case", sort=False)):
            axes.plot(
                part["years"], part["prob"], color=COLOURS[index], ls=_DASHES[index], label=EXCEEDANCE_NAMES[str(case)],
                lw=1.8,
            )  # fmt: skip
            axes.fill_between(
                part["years"], part["prob"] - 2 * part["se"], part["prob"] + 2 * part["se"], color=COLOURS[index],
                alpha=0.3, lw=0,
            )  # fmt: skip
        axes.errorbar(
            [3, 10], [57, 18], yerr=[1.6, 1.2], fmt="s", color="#333333", capsize=4,
            label="printed, main ($\\pm$1 SE of 1,000 draws)",
        )  # fmt: skip
        axes.set_xlim(0, 16)
        axes.set_ylim(0, 100)
        axes.set_xlabel("X, years of progress at the recent pace (8 doublings each)")
        axes.set_ylabel("P(at least X years in some 12 months), %")
        axes.set_title("Years of progress compressed into one (bands: $\\pm$2 Monte Carlo SE)")
        axes.legend(loc="upper right", fontsize=10.5)
    return figure


def single_run_figure(runs: pd.DataFrame) -> Figure:
    """Years of progress over time in one run of the simulator, with and without retraining.

    Parameters
    ----------
    runs : pandas.DataFrame
        ``case``, ``months``, ``years``.

    Returns
    -------
    matplotlib.figure.Figure
        One panel.
    """
    with style():
        figure, axes = new_figure(8, 4.8)
        for index, (case, part) in enumerate(runs.groupby("case", sort=False)):
            axes.plot(part["months"], part["years"], color=COLOURS[index], ls=_DASHES[index], label=case)
        axes.plot([0, 72], [0, 6], color="#777777", lw=1.2, label="recent pace (hardware included)")
        axes.set_xlim(0, 48)
        axes.set_ylim(0, None)
        axes.set_xlabel("months since AI R&D was fully automated")
        axes.set_ylabel("years of progress at the recent pace")
        axes.set_title("One run at the medians of the priors (f = 8, r = 1.2, 11 years, p = 0.3)")
        axes.legend(loc="best")
    return figure
