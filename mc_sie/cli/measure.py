"""``measure``: which measurement would settle it, and how exact it would have to be."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mc_sie.cli.app import Quiet, Threads, WithoutEvidence, app, number_option, whole_option
from mc_sie.cli.printing import print_then_write, progress_bar, refuse, say
from mc_sie.cli.sensitivity import given_source

if TYPE_CHECKING:
    import pandas as pd

    from mc_sie.analysis.sensitivity.measurement import Measurement
    from mc_sie.analysis.sensitivity.readings import Reading


@app.command()
def measure(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|PRIOR", help="A shipped prior set, the path of a TOML file, or the folder of a run."
        ),
    ] = "davidson-2025",
    of: Annotated[
        list[str] | None,
        typer.Option(
            help="What is read: a quantity, a derived quantity or an outcome such as 'best_gain_ooms[12]'; may be "
            "repeated. If not given, the measurements that have been proposed."
        ),
    ] = None,
    sd: Annotated[
        list[float] | None, number_option(help="Error in the unit of what is read; one for all, or one each.")
    ] = None,
    sd_log: Annotated[
        list[float] | None, number_option(help="Error in natural logarithms, for what is never negative.")
    ] = None,
    sd_logit: Annotated[list[float] | None, number_option(help="Error in logits, for shares.")] = None,
    event: Annotated[
        str | None, typer.Option(help="What to ask about; the run's own event, or 'best_window_months[5] < 12'.")
    ] = None,
    loss_ratio: Annotated[
        float, number_option(help="Decision to act or not: cost of acting in vain over gain of acting rightly.")
    ] = 1.0,
    draws: Annotated[int, whole_option(help="Draws (a RUN has its own).")] = 2**17,
    seed: Annotated[int | None, whole_option(help="Seed, 0 if not given; that of the run for a RUN.")] = None,
    horizon_months: Annotated[
        float | None, number_option(help="End of each trajectory, 240 if not given; that of the run for a RUN.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the tables (CSV, JSON) and the figure (SVG, PNG) to.")
    ] = None,
    without_evidence: WithoutEvidence = False,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Which measurement would settle it: what readings with an error are expected to do to the probability."""
    from mc_sie.analysis.sensitivity.given_data import check_loss_ratio
    from mc_sie.engine.batches import n_threads
    from mc_sie.sampling import plan
    from mc_sie.storage.writing import check_target

    check_loss_ratio(loss_ratio)
    plan(draws, seed=seed or 0)
    n_threads(threads)
    readings = _readings(of or [], {"sd": sd or [], "sd_log": sd_log or [], "sd_logit": sd_logit or []})
    if out:
        check_target(out, "")
    given = given_source(source, event, seed, horizon_months, without_evidence)

    from mc_sie.analysis.sensitivity.measurement import measure as analyse
    from mc_sie.events import HEADLINE
    from mc_sie.quantities import HORIZON_MONTHS_DEFAULT

    if event is None:
        event = HEADLINE
    if horizon_months is None:
        horizon_months = HORIZON_MONTHS_DEFAULT
    with progress_bar(quiet) as progress:
        found = analyse(
            given,
            readings,
            event=event,
            n_draws=draws,
            seed=seed or 0,
            horizon_months=horizon_months,
            loss_ratio=loss_ratio,
            threads=threads,
            progress=progress,
        )
    if not out:
        _print(found)
        return

    def write() -> Path:
        from mc_sie.report.folders import write_measurement

        return write_measurement(out, found, command=shlex.join(["mc-sie", *sys.argv[1:]]))

    folder = print_then_write(lambda: _print(found), write)
    say(f"Results: {folder}/ (record.json, tables as CSV, figure as SVG and PNG)")


def _readings(subjects: list[str], errors: dict[str, list[float]]) -> list[Reading] | None:
    """Readings that the options state, each with its error; None for the proposed ones."""
    from mc_sie.analysis.sensitivity.readings import Reading, natural_scale, subject_named

    given = {scale: sizes for scale, sizes in errors.items() if sizes}
    flags = {scale: f"--{scale.replace('_', '-')}" for scale in errors}
    if not subjects:
        if given:
            stray = flags[next(iter(given))]
            refuse(stray, "is the error of a reading, but nothing is read", "Say what with --of, such as --of r.")
        return None
    if len(given) != 1:
        fits = flags[natural_scale(subject_named(subjects[0]))]
        why = "has no error" if not given else f"has errors of several kinds ({', '.join(flags[one] for one in given)})"
        refuse(f"--of {subjects[0]}", why, f"Give one, such as {fits} 0.3.")
    ((scale, sizes),) = given.items()
    if len(sizes) == 1:
        sizes = sizes * len(subjects)
    if len(sizes) != len(subjects):
        why = f"is given {len(sizes)} times for {len(subjects)} readings"
        refuse(flags[scale], why, "Give it once for all of them, or once for each --of.")
    return [Reading(of, **{scale: size}) for of, size in zip(subjects, sizes, strict=True)]


def _print(found: Measurement) -> None:
    """Print the answer before any reading, what the best one would do, and all of them."""
    from mc_sie.cli.printing import with_se

    sample = found.sample
    say(f"{sample.prior.title} ({sample.prior.name})")
    say(f"Probability that {sample.event.in_words}: {with_se(found.answer)}\n")
    for sentence in found.sentences:
        say(f"  {sentence}", style="bold")
    say("")
    _print_readings(found.shown_readings)
    for note in found.notes:
        say(note)


def _print_readings(shown: pd.DataFrame) -> None:
    """Readings by worth, one to a row."""
    from rich.table import Table

    table = Table(title="Readings by expected worth: Monte Carlo SE in brackets", title_justify="left")
    words = ("reading", "reads")
    for heading in shown.columns:
        options: dict[str, Any] = {"overflow": "fold"} if heading in words else {"justify": "right"}
        table.add_column(heading, **options)
    for row in shown.itertuples(index=False):
        table.add_row(*row)
    say(table)
