"""The reproduction as files: the table of everything published, as CSV and Markdown, and the figures redrawn."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mc_sie.published import davidson_bottlenecks, davidson_houlden_tables, davidson_retraining
from mc_sie.published.verdicts import VERDICTS
from mc_sie.report.figures import published as figures
from mc_sie.report.figures.common import figure_files
from mc_sie.report.render import markdown_table
from mc_sie.storage.writing import Content, write_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mc_sie.sampling import Design


def verdict_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers of published numbers by source and verdict, from :func:`mc_sie.published.targets.frame_of`.

    One row a source, for what it printed itself; one for what others recomputed from it, where there is any; one for
    all that was printed.
    """
    label = frame["source"].where(frame["given_by"] == "source", frame["source"] + ", recomputed by others")
    counts = pd.crosstab(label.rename("source"), frame["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    counts = counts.loc[sorted(dict.fromkeys(label), key=lambda name: "recomputed by others" in name)]
    counts.loc["all printed by the sources"] = counts[["recomputed" not in name for name in counts.index]].sum()
    return counts.rename_axis(columns=None).reset_index()


def markdown(frame: pd.DataFrame, design: Design) -> str:
    """The table as a Markdown document, source by source."""
    lines = [
        "# Published numbers, recomputed",
        "",
        f"Made by `mc-sie reproduce` ({design.n_draws:,} draws of the simulator of Davidson & Houlden, "
        f"{design.n_replicates} randomisations, seed {design.seed}).",
        "",
        "* *Exact*: the same to every printed digit (where only one is printed it says so).",
        "* *Reproduced*: within three joint standard errors (sampled numbers), within a printed range, or within a "
        "tenth where the source speaks in round words.",
        "* *Explained*: they differ, and the published number comes back under the slip or parameter named.",
        "* Differences are ours minus published, in joint standard errors or units of the last printed digit. *Our "
        "law* answers the same question where it can be asked of it. *Given by others*: not printed by the source.",
        "",
        markdown_table(verdict_counts(frame)),
    ]
    for source, part in frame.groupby("source", sort=False):
        columns = {
            "quantity": "quantity",
            "given_by": "given by",
            "published": "published",
            "ours_shown": "ours",
            "law_shown": "our law",
            "difference": "difference",
            "verdict_shown": "verdict",
            "matches": "we match",
            "reason": "reason",
        }
        lines += ["", f"## {source}", "", markdown_table(part[list(columns)].rename(columns=columns))]
    return "\n".join(lines) + "\n"


def draw_figures(sources: Collection[str], design: Design, *, threads: int | None = None) -> dict[str, Figure]:
    """The figures of some sources, redrawn from our numbers, by file name without its ending."""
    tables = davidson_houlden_tables
    found = {}
    if davidson_bottlenecks.SOURCE in sources:
        found["ceiling"] = figures.ceiling_figure(davidson_bottlenecks.curves((-0.2,), 9.0))
        found["substitution"] = figures.substitution_figure(davidson_bottlenecks.curves((0.0, -0.01, -0.1, -0.2), 9.0))
    if davidson_retraining.SOURCE in sources:
        found["retraining"] = figures.retraining_figure(davidson_retraining.growth_curves())
    if tables.SOURCE in sources:
        named = (("base", "no retraining"), ("retraining_fixed", "retraining"))
        runs = pd.concat([tables.single_run(option).assign(case=case) for option, case in named])
        found["exceedance"] = figures.exceedance_figure(tables.exceedance(design, threads=threads))
        found["single_run"] = figures.single_run_figure(runs)
    return found


def write_reproduction(folder: Path, frame: pd.DataFrame, design: Design, *, threads: int | None = None) -> None:
    """Write the table, what the simulator's numerical choices do, and the figures as a new folder."""
    tables = davidson_houlden_tables
    sources = set(frame["source"])
    drawn = draw_figures(sources, design, threads=threads)
    written = {"published": frame}
    if tables.SOURCE in sources:
        small = tables.law_design(design)
        written["steps_to_the_law"] = tables.steps_to_the_law(small, threads=threads).round(4)
        written["finer_steps"] = tables.finer_steps(small, threads=threads).round(4)
        written["horizon"] = tables.horizon_effect(small, threads=threads).round(4)

    files: dict[str, Content] = {f"{name}.csv": table for name, table in written.items()}
    write_folder(folder, folder.name, {**files, "published.md": markdown(frame, design), **figure_files(drawn)})
