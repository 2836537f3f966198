"""The reproduction as files: the table of everything published, as CSV and Markdown, and the figures redrawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mc_sie.files import check_folder, write_whole
from mc_sie.published import davidson_bottlenecks, davidson_houlden_tables, davidson_retraining
from mc_sie.published.verdicts import VERDICTS
from mc_sie.report import published_figures as figures
from mc_sie.report.figures import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mc_sie.sampling import Design


def verdict_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """How many numbers of each source got which verdict.

    Parameters
    ----------
    frame : pandas.DataFrame
        From :func:`mc_sie.published.targets.frame_of`.

    Returns
    -------
    pandas.DataFrame
        One row a source and one for all, one column a verdict.
    """
    counts = pd.crosstab(frame["source"], frame["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    counts = counts.loc[list(dict.fromkeys(frame["source"]))]
    counts.loc["all"] = counts.sum()
    return counts.rename_axis(columns=None).reset_index()


def markdown(frame: pd.DataFrame, design: Design) -> str:
    """The table as Markdown, source by source.

    Parameters
    ----------
    frame : pandas.DataFrame
        From :func:`mc_sie.published.targets.frame_of`.
    design : Design
        Draws behind the probabilities.

    Returns
    -------
    str
        A document.
    """
    lines = [
        "# Published numbers, recomputed",
        "",
        "Made by `mc-sie reproduce --out reports/published` "
        f"({design.n_draws:,} draws of the simulator of Davidson & Houlden, "
        f"{design.n_replicates} randomisations, seed {design.seed}). *Exact*: the same to every printed digit. "
        "*Reproduced*: within three joint standard errors (sampled numbers), or within the precision of the source's "
        "words. *Explained*: they differ, and the published number comes back under the slip or parameter named. "
        "Differences are ours minus published, in joint standard errors or units of the last printed digit. "
        "*Our law* answers the same question where it can be asked of it. "
        "The findings in plain words: [`docs/published.md`](../../docs/published.md).",
        "",
        *_markdown_table(verdict_counts(frame)),
    ]
    for source, part in frame.groupby("source", sort=False):
        shown = part[["quantity", "published", "ours_shown", "law_shown", "difference", "verdict", "matches", "reason"]]
        renamed = shown.rename(columns={"ours_shown": "ours", "law_shown": "our law", "matches": "we match"})
        lines += ["", f"## {source}", "", *_markdown_table(renamed)]
    return "\n".join(lines) + "\n"


def _markdown_table(frame: pd.DataFrame) -> list[str]:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]


def draw_figures(design: Design, *, threads: int | None = None) -> dict[str, Figure]:
    """The figures of the sources, redrawn from our numbers.

    Parameters
    ----------
    design : Design
        Draws behind the exceedance curve.
    threads : int, optional
        Threads.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By file name without its ending.
    """
    tables = davidson_houlden_tables
    runs = pd.concat(
        [
            tables.single_run(option).assign(case=case)
            for option, case in (("base", "no retraining"), ("retraining_fixed", "retraining"))
        ]
    )
    return {
        "ceiling": figures.ceiling_figure(davidson_bottlenecks.curves((-0.2,), 9.0)),
        "substitution": figures.substitution_figure(davidson_bottlenecks.curves((0.0, -0.01, -0.1, -0.2), 9.0)),
        "retraining": figures.retraining_figure(davidson_retraining.growth_curves()),
        "exceedance": figures.exceedance_figure(tables.exceedance(design, threads=threads)),
        "single_run": figures.single_run_figure(runs),
    }


def write_reproduction(folder: Path, frame: pd.DataFrame, design: Design, *, threads: int | None = None) -> None:
    """Write the table, what the simulator's numerical choices do, and the figures.

    Parameters
    ----------
    folder : pathlib.Path
        Made when it does not exist.
    frame : pandas.DataFrame
        From :func:`mc_sie.published.targets.frame_of`.
    design : Design
        Draws behind it.
    threads : int, optional
        Threads.
    """
    tables = davidson_houlden_tables
    small = tables.law_design(design)
    drawn = draw_figures(design, threads=threads)
    steps, finer = tables.steps_to_the_law(small, threads=threads), tables.finer_steps(small, threads=threads)
    check_folder(folder, f"--out {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "published.csv", lambda partial: frame.to_csv(partial, index=False))
    write_whole(folder / "README.md", lambda partial: partial.write_text(markdown(frame, design), encoding="utf-8"))
    write_whole(folder / "steps_to_the_law.csv", lambda partial: steps.round(4).to_csv(partial, index=False))
    write_whole(folder / "finer_steps.csv", lambda partial: finer.round(4).to_csv(partial, index=False))
    for name, figure in drawn.items():
        for ending in (".svg", ".png"):
            write_whole(folder / f"{name}{ending}", lambda partial, figure=figure: save(figure, partial))  # type: ignore[misc]
