"""``run`` and ``resume``: a probability with its error, and a folder with everything behind it.

Heavy modules are imported inside the commands, so that ``mc-sie --help`` answers at once.
"""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mc_sie.cli.app import Prior, Quiet, Scheduler, Threads, app, number_option, whole_option
from mc_sie.cli.printing import print_table, progress_bar, refuse, say, warn

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from mc_sie.analysis.probability.summary import Summary
    from mc_sie.engine.batches import Progress
    from mc_sie.engine.dask import Cluster
    from mc_sie.engine.run import Simulation
    from mc_sie.engine.streaming import Streamed
    from mc_sie.events import Event
    from mc_sie.priors import PriorSet
    from mc_sie.sampling import Design
    from mc_sie.stats.stopping import Precision
    from mc_sie.storage.checkpoint import Checkpoint


@app.command()
def run(
    prior: Prior = "davidson-2025",
    event: Annotated[
        str, typer.Option(help="What to ask about, e.g. 'best_window_months[5] < 12' or 'months_to[2.5] < 6'.")
    ] = "best_window_months[5] < 12",
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
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Estimate the probability of an event under a prior set, with its standard error."""
    from mc_sie.events import parse_event

    asked = parse_event(event)
    if scheduler is None:
        from mc_sie.engine.compiling import compile_beside

        compile_beside()  # at once: where there is something to compile, it takes longer than all the rest
    from mc_sie.priors import load_prior

    loaded = load_prior(prior)

    from mc_sie.engine.batches import n_threads
    from mc_sie.engine.counts import TABLE_LEVELS
    from mc_sie.engine.run import check_horizon
    from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT
    from mc_sie.sampling import plan
    from mc_sie.stats.stopping import precision
    from mc_sie.storage.files import check_target

    design = plan(draws, scheme=scheme, seed=seed, n_replicates=replicates)
    wanted = precision(target_se, rel_se, n_draws=design.n_draws, max_draws=max_draws, n_replicates=design.n_replicates)
    check_horizon(horizon_months)
    asked.check_horizon(horizon_months)
    n_threads(threads)
    if scheduler is not None and not no_draws:
        why = "needs --no-draws: a cluster sends back counts, and the draws would have to come home to be kept"
        refuse(f"--scheduler {scheduler}", why, "Add --no-draws, or leave --scheduler out.")
    target = check_target(out, loaded.name)
    warn(loaded.warnings)
    if design.n_draws != draws:
        say(f"--draws {draws} is rounded up to {design.n_draws:,}, the same number in each randomisation.", err=True)
    if all_outcomes and only_event:
        refuse("--only-event", "takes one outcome, and --all-outcomes takes all", "Leave one of them out.")
    levels, widths = asked.levels, asked.widths
    if not only_event:
        levels = tuple(sorted({*(LEVELS_DEFAULT if all_outcomes else TABLE_LEVELS), *levels}))
        widths = tuple(sorted({*WIDTHS_DEFAULT, *widths}))
    command = shlex.join(["mc-sie", *sys.argv[1:]])
    if loaded.evidence:
        for other, is_given in (("--no-draws", no_draws), ("--rare", rare)):
            if is_given:
                why = f"takes draws of the prior, and {loaded.name} is conditioned on evidence, which weights draws"
                refuse(other, why, "Leave it out.")
    if rare:
        for other, is_given in (("--no-draws", no_draws), ("--all-outcomes", all_outcomes)):
            if is_given:
                why = "is for draws of the prior, and --rare takes others and keeps the hits"
                refuse(other, why, "Leave one of them out.")
        _run_rare(loaded, asked, wanted, max_draws, out, command, design, horizon_months, threads, quiet)
        return
    if no_draws:
        if all_outcomes:
            refuse("--all-outcomes", "stores draws, and --no-draws keeps none", "Leave one of them out.")
        from mc_sie.engine.counts import CountSpec
        from mc_sie.engine.streaming import Job
        from mc_sie.storage.checkpoint import Checkpoint, Plan

        spec = CountSpec(asked, levels, widths, horizon_months, tuple(loaded.dimensions), only_event)
        job = Job.growing(loaded, design, spec, max_draws if wanted.is_asked else design.n_draws)
        begun = Plan(job, wanted, design.n_per_replicate, command)
        with _cluster(scheduler, threads) as cluster:
            _finish(Checkpoint.begin(target, begun), target, threads, cluster, quiet)
        return

    from mc_sie.analysis.probability.summary import summarise
    from mc_sie.storage.store import write_run

    with progress_bar(quiet) as progress:
        drawn = _simulate_to_target(
            loaded,
            asked,
            wanted,
            max_draws,
            progress,
            n_draws=draws,
            seed=seed,
            scheme=scheme,
            n_replicates=replicates,
            horizon_months=horizon_months,
            levels=levels,
            widths=widths,
            threads=threads,
        )
    summary = summarise(drawn, asked)
    folder = write_run(out, drawn, summary, command=command, all_outcomes=all_outcomes)
    print_answer(drawn, summary)
    if wanted.is_asked:
        say(wanted.sentence(summary.answer, replicates))
    say(f"Results: {folder}/ (run.json, draws.parquet, draws.nc and tables as CSV)")


def _simulate_to_target(
    prior: PriorSet,
    event: Any,
    wanted: Precision,
    max_draws: int,
    progress: Progress | None,
    **how: Any,
) -> Simulation:
    """Simulate, and double the draws until the standard error asked for is surely reached."""
    from mc_sie.analysis.importance.drawing import doubled, simulate
    from mc_sie.analysis.probability.summary import estimate_event

    n_draws = how["n_draws"]
    try:
        simulation = simulate(prior, progress=progress, **how)
        while wanted.is_asked:
            n_draws = simulation.design.n_draws
            if wanted.is_reached(estimate_event(simulation, event), simulation.design.n_replicates):
                break
            if 2 * n_draws > max_draws:
                break
            simulation = doubled(simulation, threads=how["threads"], progress=progress)
    except MemoryError:
        remedy = "Ask for fewer draws, or count them without keeping them: --no-draws."
        refuse(f"--draws {n_draws}", "needs more memory than there is", remedy)
    return simulation


def _run_rare(
    prior: PriorSet,
    event: Event,
    wanted: Precision,
    max_draws: int,
    out: Path | None,
    command: str,
    design: Design,
    horizon_months: float,
    threads: int | None,
    quiet: bool,
) -> None:
    """Estimate a rare event by importance sampling, write its folder and print the answer."""
    from mc_sie.analysis.comparison.headlines import spread_sentence
    from mc_sie.analysis.importance.rare import estimate_rare
    from mc_sie.storage.store import write_rare

    with progress_bar(quiet) as progress:
        found = estimate_rare(
            prior,
            event,
            design.n_draws,
            seed=design.seed,
            scheme=design.scheme,
            n_replicates=design.n_replicates,
            horizon_months=horizon_months,
            precision=wanted,
            max_draws=max_draws,
            threads=threads,
            progress=progress,
        )
    folder = write_rare(out, found, command=command)
    say(f"{prior.title} ({prior.name})")
    say(f"Probability that {event.in_words}:")
    spread = spread_sentence(event, horizon_months)
    say(f"\n  {found.sentence}{' ' + spread if spread else ''}\n", style="bold")
    say(found.method)
    if found.warnings:
        say(f"The interval may be too narrow: {'; '.join(found.warnings)}.", style="red")
    if found.n_failed:
        say(found.failed_in_words, style="red")
    if len(found.shifts):
        shown = found.shifts[["quantity", "prior", "hits"]]
        print_table(shown, "Where the event holds: 5th to 95th percentile, what differs most first")
    if wanted.is_asked:
        say(wanted.sentence(found.answer, design.n_replicates))
    say(
        f"{found.design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}) "
        f"and a search of {found.n_search:,}, to {horizon_months:g} months in {found.wall_seconds:.1f} s; "
        f"prior {prior.digest[:12]}."
    )
    say(f"Results: {folder}/ (run.json, hits.parquet, shifts.csv)")


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Folder of a run with --no-draws that was interrupted.")],
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Go on with an interrupted run; the result is the same to the last bit."""
    from mc_sie.engine.batches import n_threads
    from mc_sie.storage.checkpoint import Checkpoint
    from mc_sie.storage.files import UNFINISHED, check_target

    n_threads(threads)
    if not (run.name or run.resolve().name):
        refuse(str(run), "is no interrupted run", "Name the folder of a run.")
    found = Checkpoint.find(run if run.name else run.resolve())
    target = found.folder.with_name(found.folder.name.removesuffix(UNFINISHED))
    target = check_target(target, target.name)
    with _cluster(scheduler, threads) as cluster:
        _finish(found, target, threads, cluster, quiet)


@contextmanager
def _cluster(scheduler: str | None, threads: int | None) -> Iterator[Cluster | None]:
    """The cluster whose scheduler has this address, for as long as it is needed; None for this machine."""
    if scheduler is None:
        yield None
        return
    where = f"--scheduler {scheduler}"
    if threads is not None:
        why = "counts with all threads that its workers have, and --threads is for this machine"
        refuse(where, why, "Leave one of them out.")
    try:
        from mc_sie.engine.dask import connected
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dask", "distributed", "locket"):
            raise
        refuse(where, f"needs Dask, which is not installed ({error.name})", "Install it: pip install 'mc-sie[dask]'")
    with connected(scheduler, lambda sentence: warn([sentence])) as cluster:
        yield cluster


def _finish(checkpoint: Checkpoint, target: Path, threads: int | None, cluster: Cluster | None, quiet: bool) -> None:
    """Count the rest of a run without draws, write its folder and print the answer."""
    from mc_sie.analysis.probability.summary import summarise_counts
    from mc_sie.engine.streaming import stream
    from mc_sie.storage.store import write_streamed

    plan, rows = checkpoint.read()
    job, asked = plan.job, plan.job.spec
    scheme, n_replicates = job.design.scheme, job.design.n_replicates

    def is_enough(counts: NDArray[np.int64]) -> bool:
        if not plan.precision.is_asked or int(job.n_drawn(counts)[0]) < plan.start:
            return False
        return plan.precision.is_reached(event_estimate(asked, counts, scheme), n_replicates)

    from mc_sie.analysis.probability.summary import event_estimate

    done = int(job.n_drawn(rows).sum())
    if done:
        say(f"Going on after {done:,} draws.", err=True)
    try:
        with progress_bar(quiet, is_here=cluster is None) as progress:
            streamed = stream(
                job,
                rows,
                executor=cluster,
                threads=threads,
                n_ahead=cluster.n_ahead if cluster else None,
                progress=progress,
                checkpoint=checkpoint.save,
                is_enough=is_enough,
            )
    except BaseException as error:
        say(f"Interrupted; go on with: mc-sie resume {shlex.quote(str(target))}", err=True)
        error.add_note("what was counted is kept")
        raise
    summary = summarise_counts(asked, streamed.rows, scheme)
    folder = write_streamed(target, streamed, summary, command=plan.command)
    checkpoint.end()
    print_answer(streamed, summary)
    if plan.precision.is_asked:
        say(plan.precision.sentence(summary.answer, n_replicates))
    say(f"Results: {folder}/ (run.json, counts.npz, curves.csv and tables as CSV)")


def print_answer(simulation: Simulation | Streamed, summary: Summary) -> None:
    """The answer, the tables over gains and windows and by mode, and what was drawn."""
    from mc_sie.analysis.comparison.headlines import spread_sentence
    from mc_sie.stats.estimates import failed_in_words

    design = simulation.design
    say(f"{simulation.prior.title} ({simulation.prior.name})")
    say(f"Probability that {summary.event.in_words}:")
    spread = spread_sentence(summary.event, simulation.horizon_months)
    say(f"\n  {summary.sentence}{' ' + spread if spread else ''}\n", style="bold")
    if simulation.method_in_words:
        say(simulation.method_in_words)
        if simulation.warnings:
            say(f"The interval may be too narrow: {'; '.join(simulation.warnings)}.", style="red")
    if len(summary.thresholds):
        _print_thresholds(summary.thresholds)
    if len(summary.modes) > 1:
        print_modes(summary.modes)
    failed = failed_in_words(
        design.n_draws - int(summary.statuses.loc[summary.statuses["status"] == "ok", "n_draws"].sum()),
        design.n_draws,
        summary.statuses.attrs["prob_low"],
        summary.statuses.attrs["prob_high"],
    )
    if failed:
        say(failed, style="red")
        print_table(summary.statuses, "Draws by status")
    what = "all" if not failed else "the rest"
    say(
        f"{design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}), "
        f"{what} simulated to {simulation.horizon_months:g} months in {simulation.wall_seconds:.1f} s; "
        f"prior {simulation.prior.digest[:12]}."
    )


def _print_thresholds(thresholds: pd.DataFrame) -> None:
    """P(>= k OOM in less than w months) in the best window, counted from day one in brackets."""
    from rich.table import Table

    from mc_sie.analysis.probability.summary import estimates_of

    table = Table(
        title="P(at least k OOM in less than w months), best window (from day one), %; "
        "last digit good to its Monte Carlo SE",
        title_justify="left",
    )
    windows = sorted(set(thresholds["months"]))
    table.add_column("k", justify="right", overflow="fold")
    for months in windows:
        table.add_column(f"{months:g} months" if months != 1 else "1 month", justify="right", overflow="fold")
    best, start = (thresholds[thresholds["counted"] == counted] for counted in ("best window", "from day one"))
    for level in sorted(set(thresholds["ooms"])):
        cells = []
        for months in windows:
            texts = [
                estimates_of(part[(part["ooms"] == level) & (part["months"] == months)])[0] for part in (best, start)
            ]
            cells.append(f"{texts[0]} ({texts[1]})")
        table.add_row(f"{level:g} OOM", *cells)
    say(table)


def print_modes(modes: pd.DataFrame) -> None:
    """The event by retraining mode, each with its error."""
    from rich.table import Table

    from mc_sie.analysis.probability.summary import estimates_of

    table = Table(title="By retraining mode", title_justify="left")
    for heading in ("mode", "share of draws", "probability of the event, %", "Monte Carlo SE, points"):
        table.add_column(heading, justify="left" if heading == "mode" else "right", overflow="fold")
    for (_, row), text in zip(modes.iterrows(), estimates_of(modes), strict=True):
        se = "bound only" if math.isnan(row["se"]) else f"{100 * row['se']:.1g}"
        table.add_row(row["mode"], f"{100 * row['share']:.3g} %", text, se)
    say(table)
