"""``headlines`` and ``reproduce``: the shipped sets side by side, and the field's published numbers recomputed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mc_sie.cli.app import Quiet, Threads, app, whole_option
from mc_sie.cli.printing import WIDE, console_of, print_table, progress_bar, say

if TYPE_CHECKING:
    import pandas as pd


@app.command()
def headlines(
    draws: Annotated[int, whole_option(help="Draws for each prior set.")] = 2**17,
    seed: Annotated[int, whole_option(help="Seed.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the table (CSV) and the figure (SVG, PNG) to.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="JSON file to keep them in; in a checkout mc_sie/_headlines.json.", hidden=True)
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """The headline probability under every shipped prior set, side by side."""
    from mc_sie.analysis.comparison.headlines import headline_table
    from mc_sie.engine.batches import n_threads
    from mc_sie.priors import shipped_digests
    from mc_sie.report.folders import write_headlines
    from mc_sie.sampling import plan
    from mc_sie.storage.writing import check_target, write_json

    plan(draws, seed=seed)
    n_threads(threads)
    if out:
        check_target(out, "")
    with progress_bar(quiet) as progress:
        frame = headline_table(draws, seed=seed, threads=threads, progress=progress)
    shown = frame[["name", "answer"]].rename(
        columns={"name": "prior set", "answer": "P(at least 5 OOM in under a year)"}
    )
    if record:
        write_json(frame.assign(file=frame["name"].map(shipped_digests())), record)
    if out:
        write_headlines(frame, out)
    print_table(shown, None)
    if out:
        say(f"Table and figure written to {out}/")


@app.command()
def reproduce(
    source: Annotated[
        str | None, typer.Option(help="Only sources whose name contains this, e.g. 'retraining'.")
    ] = None,
    changes: Annotated[bool, typer.Option("--differing", help="Show only what is not exact.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the table (CSV, Markdown) and the figures to.")
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Recompute what the field has published: published, ours, difference, verdict and reason.

    Exits with 1 if any verdict differs from the recorded one.
    """
    from mc_sie.engine.batches import n_threads
    from mc_sie.published.targets import DRAWS_DEFAULT, all_targets, frame_of, named_sources
    from mc_sie.sampling import plan
    from mc_sie.storage.writing import check_target

    n_threads(threads)
    if out:
        check_target(out, "")
    wanted = named_sources(source)
    design = plan(DRAWS_DEFAULT)
    with progress_bar(quiet, "recomputing", "sources") as progress:
        frame = frame_of(all_targets(design, sources=wanted, threads=threads, progress=progress))

    from mc_sie.report.reproduction import verdict_counts, write_reproduction

    if out:
        write_reproduction(out, frame, design, threads=threads)
    shown = frame
    if changes:
        shown = frame[frame["verdict"] != "exact"]
    for name, of_source in shown.groupby("source", sort=False):
        _print_reproduction(str(name), of_source)
    print_table(verdict_counts(frame), "Verdicts")
    if out:
        say(f"Table and figures written to {out}/")
    changed = frame[frame["verdict"] != frame["recorded"]]
    for row in changed.itertuples():
        say(f"changed: {row.source}: {row.quantity}: {row.recorded} before, {row.verdict} now", err=True, style="red")
    if len(changed):
        raise typer.Exit(1)
    say(f"All {len(frame)} verdicts are those on record.")


def _print_reproduction(source: str, frame: pd.DataFrame) -> None:
    """A table where there is room for the reasons beside the numbers, else the reasons below each number."""
    from rich.table import Table

    styles = {"explained": "yellow", "not reproduced": "red"}
    is_wide = console_of().width >= WIDE
    has_law = is_wide and bool(frame["law_shown"].any())
    table = Table(title=source, title_justify="left")
    if is_wide:
        table.add_column("quantity", ratio=5)
    else:
        table.add_column("quantity, and why they differ", ratio=5)
    table.add_column("published", justify="right")
    table.add_column("ours", justify="right")
    if has_law:
        table.add_column("our law", justify="right")
    table.add_column("difference", justify="right")
    table.add_column("verdict")
    if is_wide:
        table.add_column("why", ratio=6)
    for row in frame.itertuples():
        why = _reasons(row)
        quantity = row.quantity
        if why and not is_wide:
            quantity += f"\n  {why}"
        cells = [quantity, row.published, row.ours_shown]
        if has_law:
            cells.append(row.law_shown)
        cells += [row.difference, row.verdict_shown]
        if is_wide:
            cells.append(why)
        table.add_row(*cells, style=styles.get(row.verdict))
    say(table)


def _reasons(row: Any) -> str:
    """Form of the publication that we match, giver of the number, and reason why ours differs."""
    reasons = []
    if row.matches:
        reasons.append(f"we match the {row.matches}")
    if row.given_by != "source":
        reasons.append("recomputed by others")
    if row.reason:
        reasons.append(row.reason)
    return "; ".join(reasons)
