"""``run`` and ``resume``: a probability with its error, and a folder with everything behind it.

The options are read and checked here. Each of the three ways to run has a module of its own: draws that are kept
(:mod:`mc_sie.cli.run_draws`), draws that are only counted (:mod:`mc_sie.cli.run_counts`), and importance sampling of a
rare event (:mod:`mc_sie.cli.run_rare`). These are imported inside the commands, so that ``mc-sie --help`` answers at
once.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Prior, Quiet, Scheduler, Threads, WithoutEvidence, app, number_option, whole_option
from mc_sie.cli.printing import refuse, say, warn

if TYPE_CHECKING:
    from mc_sie.events import Event


@app.command()
def run(
    prior: Prior = "davidson-2025",
    event: Annotated[
        str, typer.Option(help="What to ask about, e.g. 'best_window_months[5] < 12' or 'months_to[2.5] < 6'.")
    ] = "best_window_months[5] < 12",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", help="Another distribution of a quantity, e.g. --set rho=-0.1 --set 'r=uniform 0.5 2'."
        ),
    ] = None,
    draws: Annotated[
        int,
        whole_option(help="Draws; rounded up to replicates x a power of two (Sobol')."),
    ] = 2**17,
    target_se: Annotated[
        float | None,
        number_option(help="Double the draws until the standard error is below this, e.g. 0.001."),
    ] = None,
    rel_se: Annotated[float | None, number_option(help="The same, relative to the probability, e.g. 0.01.")] = None,
    max_draws: Annotated[int, whole_option(help="Most draws that --target-se and --rel-se may use.")] = 2**22,
    seed: Annotated[
        int,
        whole_option(help="Seed. The same seed gives the same draws on any machine."),
    ] = 0,
    scheme: Annotated[str, typer.Option(help="Sampling scheme: sobol or philox (plain Monte Carlo).")] = "sobol",
    replicates: Annotated[int, whole_option(help="Independent randomisations, for the standard error.")] = 32,
    horizon_months: Annotated[float, number_option(help="End of each simulated trajectory.")] = 240.0,
    no_draws: Annotated[
        bool,
        typer.Option("--no-draws", help="Count and forget the draws: any number of them in constant memory."),
    ] = False,
    rare: Annotated[
        bool,
        typer.Option("--rare", help="Importance sampling, for an event that hardly any plain draw hits (under 0.1 %)."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; the next free name below runs/ if not given.")
    ] = None,
    all_outcomes: Annotated[
        bool, typer.Option("--all-outcomes", help="Take and store every outcome of every draw.")
    ] = False,
    only_event: Annotated[
        bool, typer.Option("--only-event", help="Take nothing but the event asked for: faster, no tables.")
    ] = False,
    without_evidence: WithoutEvidence = False,
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Estimate the probability of an event under a prior set, with its standard error."""
    from mc_sie.events import parse_event

    parsed = parse_event(event)
    if scheduler is None:
        from mc_sie.engine.compiling import compile_beside

        compile_beside()  # at once: where there is something to compile, it takes longer than all the rest
    from mc_sie.priors import load_prior
    from mc_sie.priors.settings import with_settings

    loaded = with_settings(load_prior(prior), settings or [])
    if without_evidence:
        loaded = loaded.without_evidence()

    from mc_sie.cli.run_request import RunRequest
    from mc_sie.engine.batches import n_threads
    from mc_sie.engine.run import check_horizon
    from mc_sie.sampling import plan
    from mc_sie.stats.stopping import precision
    from mc_sie.storage.writing import check_target

    design = plan(draws, scheme=scheme, seed=seed, n_replicates=replicates)
    wanted = precision(target_se, rel_se, n_draws=design.n_draws, max_draws=max_draws, n_replicates=design.n_replicates)
    check_horizon(horizon_months)
    parsed.check_horizon(horizon_months)
    n_threads(threads)
    if scheduler is not None and not no_draws:
        why = "needs --no-draws: a cluster sends back counts, and the draws would have to come home to be kept"
        refuse(f"--scheduler {scheduler}", why, "Add --no-draws, or leave --scheduler out.")
    target = check_target(out, loaded.name)
    warn(loaded.warnings)
    if design.n_draws != draws:
        say(f"--draws {draws} is rounded up to {design.n_draws:,}, the same number in each randomisation.", err=True)
    _refuse_contradictions(no_draws=no_draws, rare=rare, all_outcomes=all_outcomes, only_event=only_event)
    levels, widths = _marks(parsed, all_outcomes=all_outcomes, only_event=only_event)
    request = RunRequest(
        prior=loaded,
        event=parsed,
        design=design,
        precision=wanted,
        max_draws=max_draws,
        horizon_months=horizon_months,
        levels=levels,
        widths=widths,
        out=out,
        command=shlex.join(["mc-sie", *sys.argv[1:]]),
        threads=threads,
        quiet=quiet,
    )
    if rare:
        from mc_sie.cli.run_rare import run_rare

        run_rare(request)
    elif no_draws:
        from mc_sie.cli.run_counts import run_counts

        run_counts(request, target, only_event=only_event, scheduler=scheduler)
    else:
        from mc_sie.cli.run_draws import run_draws

        run_draws(request, n_draws=draws, all_outcomes=all_outcomes)


def _refuse_contradictions(*, no_draws: bool, rare: bool, all_outcomes: bool, only_event: bool) -> None:
    """Refuse options that no run can follow together."""
    if all_outcomes and only_event:
        refuse("--only-event", "takes one outcome, and --all-outcomes takes all", "Leave one of them out.")
    if rare:
        why = "is for draws of the prior, and --rare takes others and keeps the hits"
        if no_draws:
            refuse("--no-draws", why, "Leave one of them out.")
        if all_outcomes:
            refuse("--all-outcomes", why, "Leave one of them out.")
    if no_draws and all_outcomes:
        refuse("--all-outcomes", "stores draws, and --no-draws keeps none", "Leave one of them out.")


def _marks(event: Event, *, all_outcomes: bool, only_event: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Gains in OOM and widths in months to simulate: those of the event and, unless it stands alone, of the tables."""
    from mc_sie.engine.counts import TABLE_LEVELS
    from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT

    if only_event:
        return event.levels, event.widths
    of_tables = LEVELS_DEFAULT if all_outcomes else TABLE_LEVELS
    levels = sorted({*of_tables, *event.levels})
    widths = sorted({*WIDTHS_DEFAULT, *event.widths})
    return tuple(levels), tuple(widths)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Folder of a run with --no-draws that was interrupted.")],
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Go on with an interrupted run; the result is the same to the last bit."""
    from mc_sie.engine.batches import n_threads

    n_threads(threads)

    from mc_sie.cli.run_counts import resume_counts

    resume_counts(run, scheduler=scheduler, threads=threads, quiet=quiet)
