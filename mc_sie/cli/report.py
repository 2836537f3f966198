"""``report`` and ``verify``: everything about an answer on one page, and whether it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mc_sie.cli.app import Quiet, Threads, app
from mc_sie.cli.printing import counted, print_table, progress_bar, say, warn


@app.command()
def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run or a report, or the run.json in it.")],
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Do a run again from its own record and compare every number; exit with 1 if any differs."""
    from mc_sie.engine.run import n_threads
    from mc_sie.verification import verify_run

    n_threads(threads)
    with progress_bar(quiet) as progress:
        found = verify_run(run, threads=threads, progress=progress)
    warn(f"{name} was {then}, and is {now}" for name, (then, now) in found.versions.items())
    if len(found.drift):
        first = found.drift.groupby("file", sort=False).head(5)
        print_table(
            first, f"{counted(len(found.drift), 'number')} of {found.n_compared:,} drifted; the first of each file", 8
        )
        raise typer.Exit(1)
    say(f"{run}: all {found.n_compared:,} numbers come back.")
