"""``evaluate`` and ``trajectory``: the law of motion on given values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Prior, Threads, app, number_option
from mc_sie.cli.printing import counted, print_table, print_then_write, progress_bar, say

if TYPE_CHECKING:
    import pandas as pd


MODELS = ("law", "davidson-houlden")
"""What ``evaluate`` runs."""


@app.command()
def evaluate(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV with one row a case; columns are quantities by code name, or with --model davidson-houlden "
            "option, f, r0, limit_years and p."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV to write; standard output if not given.")
    ] = None,
    model: Annotated[str, typer.Option(help=f"What to run: {' or '.join(MODELS)} (the published simulator).")] = "law",
    threads: Threads = None,
) -> None:
    """Run the law of motion, or a published simulator, on given values: each row repeated, with every outcome added."""
    from mc_sie.engine.batches import n_threads
    from mc_sie.errors import InputError, nearest
    from mc_sie.storage.tables import evaluate_simulator_table, evaluate_table
    from mc_sie.storage.writing import write_csv

    if model not in MODELS:
        raise InputError(f"--model {model}", "is no model", nearest(model, MODELS))
    n_threads(threads)
    with progress_bar(quiet=True):
        if model == "law":
            result = evaluate_table(table, output, threads=threads)
        else:
            result = evaluate_simulator_table(table, output)
    write_csv(result, output)
    failed = int((result["status"] != "ok").sum()) if "status" in result else 0
    if failed:
        say(f"{failed} of {len(result)} rows could not be simulated; see the column 'status'.", err=True)
    if output:
        say(f"{counted(len(result), 'row')} written to {output}", err=True)


@app.command()
def trajectory(
    prior: Prior = "davidson-2025",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A quantity and its value, e.g. --set rho=-0.1 --set mode=continual."),
    ] = None,
    horizon_months: Annotated[float, number_option(help="End of the trajectory.")] = 240.0,
    plot: Annotated[Path | None, typer.Option(help="Draw it to this file (.svg, .png or .pdf).")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every point to this CSV.")] = None,
) -> None:
    """Follow one trajectory: software, effective compute, pace and deployments over time.

    Quantities that are not set stand at their median under the prior set; the mode at its most likely one.
    """
    from mc_sie.engine.run import check_horizon
    from mc_sie.priors import load_prior
    from mc_sie.storage.tables import check_figure_path, median_row
    from mc_sie.storage.writing import check_file, write_csv, write_whole

    check_horizon(horizon_months)
    check_figure_path(plot)
    if csv:
        check_file(csv, "--csv")
    loaded = load_prior(prior)
    row = median_row(loaded, settings or [], horizon_months)

    from mc_sie.engine.trajectory import trajectory as points_of
    from mc_sie.priors.acting import acting_at
    from mc_sie.quantities import MODES

    mode = MODES[int(row["mode"])]
    frame = points_of(row)

    def print_all() -> None:
        medians = "medians before its evidence" if loaded.evidence else "medians"
        say(f"{loaded.title} ({loaded.name}), {medians}, mode {mode}")
        say("  " + ", ".join(f"{name} = {value:g}" for name, value in row.items() if name != "mode" and value == value))
        for setting in settings or []:
            name = setting.partition("=")[0].strip()
            words = acting_at(name, row).words
            if words:
                say(f"{name}: {words}.")
        _print_trajectory(frame)

    def write() -> None:
        if csv:
            write_csv(frame, csv)
        if plot:
            from mc_sie.report.figures.common import save, trajectory_figure

            figure = trajectory_figure(frame, f"One trajectory, mode {mode} ({loaded.name})")
            write_whole(plot, lambda partial: save(figure, partial))

    print_then_write(print_all, write)
    if csv:
        say(f"{counted(len(frame), 'point')} written to {csv}")
    if plot:
        say(f"Figure written to {plot}")


def _print_trajectory(frame: pd.DataFrame) -> None:
    """About twenty points of a trajectory, spread evenly over what happens rather than over time."""
    import numpy as np

    path = np.abs(np.diff(frame["effective_ooms"], prepend=0.0)) + np.abs(np.diff(frame["software_ooms"], prepend=0.0))
    cumulated = np.cumsum(path)
    chosen = np.unique(np.searchsorted(cumulated, np.linspace(0.0, cumulated[-1], 19)).clip(0, len(frame) - 1))
    shown = frame.iloc[sorted({0, *chosen, len(frame) - 1})]
    renamed = shown.rename(
        columns={
            "software_ooms": "software (OOM)",
            "effective_ooms": "effective compute (OOM)",
            "pace": "pace (x)",
        }
    )
    if not frame["deployments"].any():
        renamed = renamed.drop(columns="deployments")
    print_table(renamed, None, digits=4)
