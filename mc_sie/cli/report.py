"""``report`` and ``verify``: everything about an answer on one page, and whether it comes back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mc_sie.cli.app import Quiet, Threads, WithoutEvidence, app, number_option, whole_option
from mc_sie.cli.printing import counted, print_table, progress_bar, say, warn


@app.command()
def report(
    source: Annotated[
        str,
        typer.Argument(metavar="RUN|PRIOR", help="A shipped prior set, a TOML file, or the folder of a run."),
    ] = "davidson-2025",
    event: Annotated[
        str | None, typer.Option(help="What to ask about; the run's own event, or 'best_window_months[5] < 12'.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Prior set to compare with; a shipped one if not given, 'none' for none.")
    ] = None,
    loss_ratio: Annotated[
        float,
        number_option(
            help="Decision to act or not: cost of acting in vain over gain of acting rightly.",
        ),
    ] = 1.0,
    draws: Annotated[
        int | None,
        whole_option(help="Draws, 131072 if not given; a RUN has its own."),
    ] = None,
    seed: Annotated[int | None, whole_option(help="Seed, 0 if not given; a RUN has its own.")] = None,
    horizon_months: Annotated[
        float | None,
        number_option(help="End of each trajectory, 240 if not given; a RUN has its own."),
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Every shipped prior set, and an index page that compares them.")
    ] = False,
    without_evidence: WithoutEvidence = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write; reports/NAME, or the next free name, if not given; with --shipped reports."
        ),
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Everything about an answer on one page: what it is, what drives it, what would change it, whether to trust it."""
    from mc_sie.engine.batches import n_threads
    from mc_sie.priors import shipped_priors
    from mc_sie.report.build import REPORTS_FOLDER, check_index, make_report, make_request, write_index, write_report
    from mc_sie.storage.writing import check_target

    n_threads(threads)
    options: dict[str, Any] = {
        "event": event, "against": against, "loss_ratio": loss_ratio, "n_draws": draws, "seed": seed,
        "horizon_months": horizon_months, "without_evidence": without_evidence,
    }  # fmt: skip
    if shipped:
        requests = [make_request(name, **options) for name in shipped_priors()]
        index = check_index(out or REPORTS_FOLDER)
        folders: list[Path | None] = [(out or REPORTS_FOLDER) / request.prior.name for request in requests]
    else:
        requests = [make_request(source, **options)]
        folders = [out]
    targets = [
        check_target(folder, request.prior.name, REPORTS_FOLDER)
        for folder, request in zip(folders, requests, strict=True)
    ]
    written = []
    for request, target in zip(requests, targets, strict=True):
        warn(request.prior.warnings)
        command = shlex.join(["mc-sie", *sys.argv[1:]])
        with progress_bar(quiet, f"working out {request.prior.name}", "parts") as progress:
            document = make_report(request, command=command, threads=threads, progress=progress)
        written.append((document, write_report(target, document, request, command=command)))
    if shipped:
        write_index(index, command=command)
    for document, folder in written:  # after all is written: whoever reads the output may stop reading
        say(document.claim, style="bold")
        say(document.exact)
        for item in document.lead:
            if isinstance(item, str):  # the rest is to be looked at
                say(item)
        say(f"Report: {folder}/index.html (also report.md, numbers.csv, run.json)")
    if shipped:
        say(f"All of them: {index}")


@app.command()
def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run or a report, or the run.json in it.")],
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Do a run again from its own record and compare every number; exit with 1 if any differs."""
    from mc_sie.engine.batches import n_threads
    from mc_sie.report.verification import verify as verification_of

    n_threads(threads)
    with progress_bar(quiet) as progress:
        found = verification_of(run, threads=threads, progress=progress)
    warn(f"{name} was {then}, and is {now}" for name, (then, now) in found.versions.items())
    if len(found.drift):
        first = found.drift.groupby("file", sort=False).head(5)
        print_table(
            first, f"{counted(len(found.drift), 'number')} of {found.n_compared:,} drifted; the first of each file", 8
        )
        raise typer.Exit(1)
    say(f"{run}: all {found.n_compared:,} numbers come back, to one part in {1.0 / found.relative:,.0f}.")
