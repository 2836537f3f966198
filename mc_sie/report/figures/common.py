"""Figures, drawn once in one style: labelled axes with units, colour-blind safe, the error visible, legible when small.

Every function takes a table and returns a matplotlib figure; nothing here simulates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.storage.writing import Content

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito's colours, which the colour-blind can tell apart."""

INK = "#000000"
"""Colour of axes and text; in a page that of the text around it."""

GRID = "#dddddd"
"""Colour of the grid."""

WIDTH = 5.3
"""Inches of a figure: text of 12 points is read on a phone, and what is drawn does not fill a laptop."""

_STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "mc_sie",
    "svg.fonttype": "none",
    "text.parse_math": False,  # titles and names are anybody's: a $ in them is a dollar
}


@contextmanager
def style() -> Iterator[None]:
    """The one style, while a figure is made (as a decorator) or written."""
    import matplotlib as mpl

    mpl.use("Agg")
    with mpl.rc_context(_STYLE):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def panels_of(figure: Figure, n: int, n_columns: int, **how: Any) -> list[Axes]:
    """So many panels, row by row; the places that are left over stay empty."""
    places = list(figure.subplots(math.ceil(n / n_columns), n_columns, squeeze=False, **how).ravel())
    for axes in places[n:]:
        axes.set_visible(False)
    return places[:n]


def save(figure: Figure, path: Path) -> None:
    """Write a figure (``.svg``, ``.png`` or ``.pdf``) without a date in it: the same numbers give the same file."""
    dateless = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with style():  # the salt of an SVG's identifiers counts when it is written
        figure.savefig(path, dpi=150, metadata=dateless.get(path.suffix.lower()))


def figure_files(figures: Mapping[str, Figure]) -> dict[str, Content]:
    """Figures by their names as files of a folder: each as SVG and as PNG."""
    return {f"{name}{ending}": partial(save, figure) for name, figure in figures.items() for ending in (".svg", ".png")}


@style()
def trajectory_figure(trace: pd.DataFrame, title: str) -> Figure:
    """Software, effective compute and pace of :func:`mc_sie.trajectory`: two panels that share the time axis."""
    figure = new_figure(8, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    months = trace["months"]
    has_runs = trace["deployments"].max() > 0
    upper.plot(months, trace["software_ooms"], color=COLOURS[1], ls="--", label="software efficiency")
    line = {"color": COLOURS[0], "label": "effective training compute"}
    if not has_runs:
        upper.plot(months, trace["effective_ooms"], **line)
    else:  # compute counts from the day on which a trained model is deployed: a step, not a slope
        upper.step(months, trace["effective_ooms"], where="post", **line)
        first = trace[trace["deployments"].diff().fillna(0) > 0]
        upper.plot(first["months"], first["effective_ooms"], "o", color=COLOURS[0], ms=5, label="deployment")
    upper.set_ylabel("gain since automation (OOM)")
    upper.legend(loc="best")
    upper.set_title(title)
    moving = trace[trace["pace"] > 0]
    lower.plot(moving["months"], moving["pace"], color=COLOURS[2])
    lower.set_yscale("log")
    lower.set_ylabel("pace of software progress\n(x before automation)")
    lower.set_xlabel("months since AI R&D was fully automated")
    plain_log(lower)
    return figure


@style()
def headlines_figure(headlines: pd.DataFrame) -> Figure:
    """Probability of the event under each prior set, one row a set, with its number beside it.

    Needs ``name``, ``label``, ``prob``, ``se``, ``is_rare`` and ``prob_from_start``. Bars of two errors are narrower
    than the marks.
    """
    table = headlines.iloc[::-1]
    figure = new_figure(WIDTH, 0.3 * len(table) + 1.2)
    axes = figure.subplots()
    rows = np.arange(len(table))
    rare = table["is_rare"].to_numpy()
    prob = 100 * table["prob"].to_numpy()
    error = np.where(rare, 0.0, 2 * 100 * table["se"].fillna(0.0).to_numpy())
    axes.plot(100 * table["prob_from_start"], rows, "|", color=COLOURS[1], ms=11, mew=2.5, label="from day one")
    axes.errorbar(prob, rows, xerr=error, fmt="o", color=COLOURS[0], ms=6, capsize=3, label="best window")
    for row, text in zip(rows, table["label"], strict=True):
        axes.annotate(
            text.partition(" (")[0], (float(prob[row]), float(row)), xytext=(9, -4), textcoords="offset points"
        )
    axes.set_yticks(rows, table["name"])
    axes.set_xlabel("at least 5 OOM in under a year (%)")
    axes.set_xlim(left=-1, right=max(10.0, 1.38 * float(prob.max())))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right")
    return figure


def labelled_bars(figure: Figure, labels: Sequence[str]) -> Axes:
    """Axes for a row a bar with its label above it, the first at the top, so that bars are as long as the figure."""
    axes = figure.subplots()
    for row, label in enumerate(labels):
        axes.annotate(
            label, (0.0, row - 0.36), xycoords=("axes fraction", "data"), ha="left", va="bottom", annotation_clip=False
        )
    axes.set_ylim(len(labels) - 0.5, -0.95)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.set_axisbelow(True)
    return axes


def bin_edges(low: float, high: float, n_bins: int, *, is_log: bool) -> NDArray[np.float64]:
    """Edges of equal bins between two values on a linear or a logarithmic axis, shape (n_bins + 1,).

    Around a single value the bins span a tenth of it to either side.
    """
    if high - low <= 1e-9 * abs(high):  # narrower than rounding leaves edges in order
        margin = 0.1 * abs(high) or 0.1
        low -= margin
        high += margin
    if is_log:
        return np.geomspace(low, high, n_bins + 1)
    return np.linspace(low, high, n_bins + 1)


def plain_log_values(axes: Axes, steps: Sequence[float], n_ticks: int | None = None) -> None:
    """Label a horizontal logarithmic axis with plain numbers, at these steps within each factor of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=n_ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def powers_of_ten(axis: Axis) -> None:
    """Label a logarithmic axis 10⁰, 10³, 10⁶ without mathematics, which is off for the sake of names."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"10{str(round(np.log10(value))).translate(raised)}"))
    axis.set_minor_formatter(NullFormatter())


def plain_log(axes: Axes) -> None:
    """Label a logarithmic vertical axis 1, 10, 100 instead of 10^0, 10^1, 10^2."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    if high / low < 30:  # there is room for more labels
        axes.yaxis.set_minor_formatter(FuncFormatter(_two_or_five))


def _two_or_five(value: float, _: object) -> str:
    """A number that begins with 2 or 5, else nothing."""
    if f"{value:e}"[0] in "25":
        return f"{value:g}"
    return ""
