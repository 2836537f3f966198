"""Figures of what drives a probability: the ranking, P(event | input), two inputs together, typical worlds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mc_sie.quantities import QUANTITIES, TOP_OOMS
from mc_sie.report.figures.common import COLOURS, INK, WIDTH, labelled_bars, new_figure, plain_log_values, style
from mc_sie.report.naming import axis_label, for_readers, labelled
from mc_sie.stats.estimates import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mc_sie.analysis.sensitivity.study import Sensitivity

_GREY = "#777777"
_COLUMNS = 2
_TICKS = 6
_LABEL_CHARACTERS = 30  # more do not fit beside each other
_WIDE = 0.4  # an end bin wider than this share of an axis is left out of sight, and said to be


def sensitivity_figures(found: Sensitivity) -> dict[str, Figure]:
    """Figures of a sensitivity analysis by name: ``ranking``, ``curves``, ``worlds`` and, of two inputs, ``pair``."""
    event = str(found.sample.event)
    name = found.sample.prior.name
    ranking = found.ranking
    order = list(ranking["quantity"])
    levels = found.curves.levels.sort_values("quantity", key=lambda column: column.map(order.index), kind="stable")
    figures = {
        "ranking": ranking_figure(ranking, f"What drives P({event}), {name}"),
        "curves": curves_figure(
            levels, found.answer.prob, f"P({event}) given one input, {name}; band: 90 % interval, dotted: overall"
        ),
        "worlds": worlds_figure(found.archetypes, found.trajectories, f"Typical worlds with {event}, {name}"),
    }
    if found.top_pair:
        figures["pair"] = pair_figure(found.pair_map, *found.top_pair, f"P({event}), {name}")
    return figures


@style()
def ranking_figure(ranking: pd.DataFrame, title: str) -> Figure:
    """Inputs by importance (:attr:`mc_sie.analysis.sensitivity.study.Sensitivity.ranking`), each with its interval.

    Bars are Shapley effects (first-order indices where there are none); marks what an input decides alone, and with all
    others.
    """
    main = "first_order"
    label = "bar: alone (first order)"
    if "shapley" in ranking:
        main = "shapley"
        label = "bar: Shapley effect"
    table = ranking[ranking[main].notna()]
    figure = new_figure(WIDTH, 0.54 * len(table) + 1.4)
    axes = labelled_bars(figure, [for_readers(labelled(name)) for name in table["quantity"]])
    rows = np.arange(len(table))
    percent = 100 * table[main].to_numpy()
    axes.barh(rows, percent, color=COLOURS[0], height=0.5, alpha=0.75)
    _whiskers(axes, table, main, rows, INK, "none", label)
    if main == "shapley":
        _whiskers(axes, table, "first_order", rows - 0.14, INK, "o", "alone (first order)")
    if "total" in table:  # not given evidence
        _whiskers(axes, table, "total", rows + 0.14, INK, "D", "with all others (total)")
    top = float(np.nanmax(table[[name for name in ("total_high", f"{main}_high") if name in table]])) * 100
    for row, value, se in zip(rows, percent, 100 * table[f"{main}_se"], strict=True):
        digits = 0
        if se > 0:
            digits = decimals(se)
        axes.annotate(f"{value:.{digits}f} %", (1.05 * top, float(row)), va="center", annotation_clip=False)
    axes.set_xlim(min(0.0, 100 * float(table[f"{main}_low"].min())), 1.03 * top)
    axes.set_xlabel("share of the uncertainty (%)")
    axes.set_title(title)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=1)
    return figure


def _whiskers(
    axes: Axes, table: pd.DataFrame, what: str, rows: np.ndarray, colour: str, marker: str, label: str
) -> None:
    value = 100 * table[what].to_numpy()
    half = 100 * (table[f"{what}_high"] - table[f"{what}_low"]).to_numpy() / 2.0
    axes.errorbar(
        value, rows, xerr=half, fmt=marker, color=colour, ecolor=colour, ms=5.5, mfc="none", mew=1.4,
        elinewidth=1.4, capsize=3, label=label,
    )  # fmt: skip


@style()
def curves_figure(levels: pd.DataFrame, prob: float, title: str) -> Figure:
    """P(event | input) with its band, the input's prior below it, for each input on one scale of probability.

    ``levels`` are those of :class:`mc_sie.analysis.sensitivity.given_data.Curves`, inputs in the order in which they
    are shown; ``prob`` is drawn across.
    """
    names = list(dict.fromkeys(levels["quantity"]))
    n_columns = min(_COLUMNS, len(names))
    n_rows = -(-len(names) // n_columns)
    figure = new_figure(WIDTH, 2.9 * n_rows + 0.4)
    grid = figure.subplots(
        2 * n_rows, n_columns, squeeze=False, height_ratios=[4, 1] * n_rows, sharey=False, sharex=False
    )
    uppers = grid[0::2].ravel()
    lowers = grid[1::2].ravel()
    top = 100.0 * min(1.0, 1.08 * float(levels["high"].max()))
    for upper, lower, name in zip(uppers, lowers, names, strict=False):
        part = levels[levels["quantity"] == name]
        _curve(upper, part, COLOURS[0])
        upper.axhline(100 * prob, color=_GREY, ls=":", lw=1.4)
        upper.set_ylim(0.0, top)
        _density(lower, part, COLOURS[0])
        _share_scale(upper, lower, part)
        lower.set_xlabel(axis_label(name, width=24))
    for axes in uppers[::n_columns]:
        axes.set_ylabel("probability (%)")
    for axes in lowers[::n_columns]:
        axes.set_ylabel("prior")
    for axes in (*uppers[len(names) :], *lowers[len(names) :]):
        axes.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _places(part: pd.DataFrame) -> np.ndarray:
    """Where levels stand on the axis: at their median, categories side by side."""
    if (part["kind"] == "category").any():
        return np.arange(len(part), dtype=float)
    return np.asarray(part["x_middle"])


def _curve(axes: Axes, part: pd.DataFrame, colour: str) -> None:
    kind = part["kind"].to_numpy()
    x = _places(part)
    prob, low, high = (100 * part[name].to_numpy() for name in ("prob", "low", "high"))
    bins = (kind == "bin") & np.isfinite(x)
    if bins.any():
        axes.fill_between(x[bins], low[bins], high[bins], color=colour, alpha=0.3, lw=0, label="90 % interval")
        axes.plot(x[bins], prob[bins], color=colour, lw=2.0)
    for row in part[kind == "absent"].itertuples():
        digits = decimals(100 * row.se)
        text = f"not given: {100 * row.prob:.{digits}f} % (SE {100 * row.se:.{digits}f})"
        axes.annotate(text, (0.03, 0.92), xycoords="axes fraction", color=INK)
    points = (kind != "bin") & np.isfinite(x)
    if points.any():
        ends = np.maximum(0.0, np.stack([prob - low, high - prob]))[:, points]
        axes.errorbar(x[points], prob[points], yerr=ends, fmt="o", color=colour, ms=6.5, capsize=4)


def _density(axes: Axes, part: pd.DataFrame, colour: str) -> None:
    kind = part["kind"].to_numpy()
    x = _places(part)
    share = part["share"].to_numpy()
    bins = kind == "bin"
    if (kind == "category").any():
        axes.bar(x, share, width=0.5, color=colour, alpha=0.45)
    elif not bins.any():
        seen = np.isfinite(x)
        axes.vlines(x[seen], 0.0, share[seen], color=colour, lw=3)
    else:
        edges = _edges(part[bins])
        density = share[bins] / np.diff(_scaled(edges, _is_log(part)))
        axes.stairs(density, edges, fill=True, color=colour, alpha=0.45)
        atoms = (kind == "atom") & np.isfinite(x)
        if atoms.any():  # a stem as high as its share of the highest density
            axes.vlines(x[atoms], 0.0, density.max() * share[atoms] / share.max(), color=colour, lw=3)
    axes.set_yticks([])
    axes.set_ylim(bottom=0.0)
    axes.grid(visible=False)


def _edges(bins: pd.DataFrame) -> np.ndarray:
    low = bins["x_low"].to_numpy()
    high = bins["x_high"].to_numpy()
    return np.concatenate([low[:1], 0.5 * (high[:-1] + low[1:]), high[-1:]])


def _is_log(part: pd.DataFrame) -> bool:
    """True where an input is drawn on a logarithmic axis: its scale is one and it spans a factor above 5."""
    name = part["quantity"].iloc[0]
    bins = part[part["kind"] == "bin"]
    if name not in QUANTITIES or QUANTITIES[name].scale != "log" or bins.empty or bins["x_low"].min() <= 0.0:
        return False
    return bool(bins["x_high"].max() > 5.0 * bins["x_low"].min())


def _scaled(values: np.ndarray, is_log: bool) -> np.ndarray:
    if is_log:
        return np.asarray(np.log(values))
    return values


def _share_scale(upper: Axes, lower: Axes, part: pd.DataFrame) -> None:
    """Give both axes one scale and limits, and ticks to the lower one only."""
    if (part["kind"] == "category").any():
        labels = [label.replace("_", "\n") for label in part["label"]]
        lower.set_xticks(np.arange(len(part)), labels, **_tilt(labels))
        limits = (-0.5, len(part) - 0.5)
        ticks = list(range(len(part)))
    else:
        from matplotlib.ticker import MaxNLocator

        if _is_log(part):
            for axes in (upper, lower):
                axes.set_xscale("log")
                axes.minorticks_off()
            plain_log_values(lower, (1.0, 2.0, 5.0))
        else:
            lower.xaxis.set_major_locator(MaxNLocator(4))
        limits = _limits(lower, part)
        lower.set_xlim(*limits)
        ticks = [tick for tick in lower.get_xticks() if limits[0] <= tick <= limits[1]]
        lower.set_xticks(ticks)
    upper.set_xticks(ticks)
    upper.tick_params(labelbottom=False)
    for axes in (upper, lower):
        axes.set_xlim(*limits)


def _tilt(labels: list[str]) -> dict[str, Any]:
    """How labels below an axis are written: tilted where there is no room for them beside each other."""
    if sum(map(len, labels)) > _LABEL_CHARACTERS:
        return {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    return {}


def _limits(axes: Axes, part: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis; a long tail that would leave no room for the rest is cut off, and its share is said."""
    bins = part[part["kind"] == "bin"]
    if len(bins) < 4:
        return axes.get_xlim()
    edges = _scaled(_edges(bins), _is_log(part))
    first = 0
    last = len(edges) - 1
    while last - first > 3 and edges[first + 1] - edges[first] > _WIDE * (edges[last] - edges[first]):
        first += 1
    while last - first > 3 and edges[last] - edges[last - 1] > _WIDE * (edges[last] - edges[first]):
        last -= 1
    if (first, last) == (0, len(edges) - 1):
        return axes.get_xlim()
    hidden = float(bins["share"].iloc[:first].sum() + bins["share"].iloc[last:].sum())
    axes.annotate(f"{100 * hidden:.2g} % beyond", (0.02, 0.7), xycoords="axes fraction", color=INK)
    margin = 0.05 * (edges[last] - edges[first])
    low = edges[first] - margin
    high = edges[last] + margin
    if _is_log(part):
        return (math.exp(low), math.exp(high))
    return (float(low), float(high))


@style()
def pair_figure(pair_map: pd.DataFrame, name: str, other: str, title: str) -> Figure:
    """P(event | two inputs): each row and column of cells holds the same share of the prior; white without draws."""
    figure = new_figure(WIDTH, 4.6)
    axes = figure.subplots()
    shape = (int(pair_map["y_level"].max()) + 1, int(pair_map["x_level"].max()) + 1)
    cells = np.full(shape, np.nan)
    cells[pair_map["y_level"], pair_map["x_level"]] = 100 * pair_map["prob"]
    image = axes.imshow(cells, origin="lower", aspect="auto", cmap="cividis", vmin=0.0, interpolation="nearest")
    x_ticks, x_labels = _level_ticks(pair_map, "x")
    axes.set_xticks(x_ticks, x_labels, **_tilt(x_labels))
    axes.set_xlabel(_level_label(pair_map, "x", name))
    axes.set_yticks(*_level_ticks(pair_map, "y"))
    axes.set_ylabel(_level_label(pair_map, "y", other))
    axes.grid(visible=False)
    bar = figure.colorbar(image, ax=axes)
    bar.set_label("probability (%)")
    widest = 100 * float(pair_map["se"].max())
    axes.set_title("\n".join(filter(None, (title, f"SE of a cell: at most {widest:.{decimals(widest)}f} points"))))
    return figure


def _level_label(pair_map: pd.DataFrame, axis: str, quantity: str) -> str:
    """An input's name below its axis, and how the axis is divided."""
    if (pair_map[f"{axis}_kind"] == "category").any():
        return axis_label(quantity)
    return f"{axis_label(quantity)}\n(equal steps: equal shares of its prior)"


def _level_ticks(pair_map: pd.DataFrame, axis: str) -> tuple[list[float], list[str]]:
    """A few levels of an axis with the value at their lower edge; every category and atom with its name."""
    levels = pair_map.drop_duplicates(f"{axis}_level").sort_values(f"{axis}_level")
    bins = levels[levels[f"{axis}_kind"] == "bin"]
    step = max(1, round(len(bins) / _TICKS))
    chosen = [(row[f"{axis}_level"] - 0.5, f"{row[f'{axis}_low']:.3g}") for _, row in bins.iloc[::step].iterrows()]
    for _, row in levels[levels[f"{axis}_kind"] != "bin"].iterrows():
        words = {"category": row[f"{axis}_label"].replace("_", "\n"), "absent": "none"}
        text = words.get(row[f"{axis}_kind"], f"{row[f'{axis}_middle']:.3g}")
        chosen.append((float(row[f"{axis}_level"]), text))
    chosen.sort()
    return [place for place, _ in chosen], [text for _, text in chosen]


@style()
def worlds_figure(worlds: pd.DataFrame, trajectories: pd.DataFrame, title: str) -> Figure:
    """Effective training compute over time in typical worlds with the event, from
    :func:`mc_sie.analysis.sensitivity.archetypes.archetypes`.

    Up to the time by which all but the slow tails are over.
    """
    figure = new_figure(WIDTH, 4.0)
    axes = figure.subplots()
    end = max([12.0, *(1.5 * _months_to_settle(part) for _, part in trajectories.groupby("archetype"))])
    for place, world in enumerate(worlds.itertuples()):
        part = trajectories[trajectories["archetype"] == world.archetype]
        months = part["months"].to_numpy()
        ooms = part["effective_ooms"].to_numpy()
        if ooms[-1] < TOP_OOMS:  # a trajectory ends early where nothing can move any more: it stays there
            months = np.append(months, max(end, months[-1]))
            ooms = np.append(ooms, ooms[-1])
        line: Any = {"color": COLOURS[place % len(COLOURS)], "ls": ("-", "--", "-.")[place % 3]}
        label = f"{for_readers(world.mode)}: {100 * world.share:.0f} %"
        if part["deployments"].max() > 0:
            axes.step(months, ooms, where="post", label=label, **line)
        else:
            axes.plot(months, ooms, label=label, **line)
    axes.set_xlim(0.0, end)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("months since AI R&D was fully automated")
    axes.set_ylabel("gain in effective training compute (OOM)")
    axes.legend(loc="lower right", title="stands for")
    axes.set_title(title)
    return figure


def _months_to_settle(trajectory: pd.DataFrame) -> float:
    """Time by which most of what a trajectory gains is gained."""
    gained = trajectory["effective_ooms"]
    return float(trajectory.loc[gained >= 0.85 * gained.iloc[-1], "months"].iloc[0])
