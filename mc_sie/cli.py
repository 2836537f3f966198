"""The command line: parse, call, print. No mathematics and no file formats live here.

Heavy modules are imported inside the commands, so that ``mc-sie --help`` answers at once.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from rich.console import Console

    from mc_sie.analysis.cluster import Cluster
    from mc_sie.analysis.precision import Precision
    from mc_sie.analysis.streaming import Streamed
    from mc_sie.analysis.summary import Summary
    from mc_sie.checkpoint import Checkpoint
    from mc_sie.engine.run import Progress, Simulation
    from mc_sie.events import Event
    from mc_sie.priors import PriorSet
    from mc_sie.sampling import Design

app = typer.Typer(
    name="mc-sie",
    help="How likely is a software intelligence explosion, and what does that depend on?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
priors_app = typer.Typer(help="List, show, check and start prior sets.", no_args_is_help=True)
app.add_typer(priors_app, name="priors")

WIDE = 120
"""Columns from which a table has room for sentences."""

MODELS = ("law", "davidson-houlden")
"""What ``evaluate`` runs."""

Threads = Annotated[int | None, typer.Option(help="Threads; every processor if not given. Changes no result.")]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Count on a Dask cluster, e.g. tcp://host:8786. Changes no result."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Prior = Annotated[
    str, typer.Argument(help="A shipped prior set (see 'mc-sie priors list') or the path of a TOML file.")
]


@app.command()
def run(
    prior: Prior = "davidson-2025",
    event: Annotated[
        str, typer.Option(help="What to ask about, e.g. 'best_window_months[5] < 12' or 'months_to[2.5] < 6'.")
    ] = "best_window_months[5] < 12",
    draws: Annotated[int, typer.Option(help="Draws; rounded up to replicates x a power of two (Sobol').")] = 2**17,
    target_se: Annotated[
        float | None, typer.Option(help="Double the draws until the standard error is below this, e.g. 0.001.")
    ] = None,
    max_draws: Annotated[int, typer.Option(help="Most draws that --target-se and --rel-se may use.")] = 2**22,
    seed: Annotated[int, typer.Option(help="Seed. The same seed gives the same draws on any machine.")] = 0,
    scheme: Annotated[str, typer.Option(help="Sampling scheme: sobol, philox (plain Monte Carlo) or lhs.")] = "sobol",
    replicates: Annotated[int, typer.Option(help="Independent randomisations, for the standard error.")] = 32,
    horizon_months: Annotated[float, typer.Option(help="End of each simulated trajectory.")] = 240.0,
    rel_se: Annotated[float | None, typer.Option(help="The same, relative to the probability, e.g. 0.01.")] = None,
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
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Estimate the probability of an event under a prior set, with its standard error."""
    from mc_sie.events import parse_event
    from mc_sie.priors import load_prior

    asked = parse_event(event)
    loaded = load_prior(prior)

    from mc_sie.analysis.precision import precision
    from mc_sie.analysis.tally import TABLE_LEVELS
    from mc_sie.engine.run import check_horizon, n_threads
    from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT
    from mc_sie.sampling import plan
    from mc_sie.store import check_target

    design = plan(draws, scheme=scheme, seed=seed, n_replicates=replicates)
    wanted = precision(target_se, rel_se, n_draws=design.n_draws, max_draws=max_draws)
    check_horizon(horizon_months)
    asked.check_horizon(horizon_months)
    n_threads(threads)
    if scheduler is not None and not no_draws:
        why = "needs --no-draws: a cluster sends back counts, and the draws would have to come home to be kept"
        _refuse(f"--scheduler {scheduler}", why, "Add --no-draws, or leave --scheduler out.")
    target = check_target(out, loaded.name)
    _warn(loaded.warnings)
    if design.n_draws != draws:
        _print(f"--draws {draws} is rounded up to {design.n_draws:,}, the same number in each randomisation.", err=True)
    levels = tuple(sorted({*(LEVELS_DEFAULT if all_outcomes else TABLE_LEVELS), *asked.levels}))
    widths = tuple(sorted({*WIDTHS_DEFAULT, *asked.widths}))
    command = shlex.join(["mc-sie", *sys.argv[1:]])
    if rare:
        for other, is_given in (("--no-draws", no_draws), ("--all-outcomes", all_outcomes)):
            if is_given:
                why = "is for draws of the prior, and --rare takes others and keeps the hits"
                _refuse(other, why, "Leave one of them out.")
        _run_rare(loaded, asked, wanted, max_draws, out, command, design, horizon_months, threads, quiet)
        return
    if no_draws:
        if all_outcomes:
            _refuse("--all-outcomes", "stores draws, and --no-draws keeps none", "Leave one of them out.")
        from mc_sie.analysis.streaming import Job
        from mc_sie.analysis.tally import Questions
        from mc_sie.checkpoint import Checkpoint, Plan

        questions = Questions(asked, levels, widths, horizon_months, tuple(loaded.dimensions))
        job = Job.growing(loaded, design, questions, max_draws if wanted.is_asked else design.n_draws)
        begun = Plan(job, wanted, design.n_per_replicate, command, out)
        with _cluster(scheduler, threads) as cluster:
            _finish(Checkpoint.begin(target, begun), target, threads, cluster, quiet)
        return

    from mc_sie.analysis.summary import summarise
    from mc_sie.store import write_run

    with _progress(quiet) as progress:
        simulation = _simulate_to_target(
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
    summary = summarise(simulation, asked)
    folder = write_run(out, simulation, summary, command=command, all_outcomes=all_outcomes)
    _print_answer(simulation, summary)
    if wanted.is_asked:
        _print(wanted.sentence(summary.answer, replicates))
    _print(f"Results: {folder}/ (run.json, draws.parquet, draws.nc and tables as CSV)")


def _simulate_to_target(
    prior: PriorSet, event: Any, wanted: Precision, max_draws: int, progress: Progress | None, **how: Any
) -> Simulation:
    """Simulate, and double the draws until the standard error asked for is surely reached."""
    from mc_sie.analysis.summary import estimate_event
    from mc_sie.engine.run import doubled, simulate

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
        _refuse(f"--draws {n_draws}", "needs more memory than there is", remedy)
    return simulation


def _refuse(where: str, why: str, remedy: str) -> NoReturn:
    from mc_sie.errors import InputError

    raise InputError(where, why, remedy) from None


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
    from mc_sie.analysis.headlines import spread_sentence
    from mc_sie.analysis.rare import estimate_rare
    from mc_sie.store import write_rare

    with _progress(quiet) as progress:
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
    _print(f"{prior.title} ({prior.name})")
    _print(f"Probability that {event.in_words}:")
    spread = spread_sentence(event, horizon_months)
    _print(f"\n  {found.sentence}{' ' + spread if spread else ''}\n", style="bold")
    _print(found.method)
    if found.doubts:
        _print(f"The interval may be too narrow: {'; '.join(found.doubts)}.", style="red")
    if found.n_failed:
        _print(f"{_counted(found.n_failed, 'draw')} could not be simulated and left out.", style="red")
    if len(found.shifts):
        shown = found.shifts[["quantity", "prior", "hits"]]
        _print_table(shown, "Where the event holds: 5th to 95th percentile, what differs most first")
    if wanted.is_asked:
        _print(wanted.sentence(found.answer, design.n_replicates))
    _print(
        f"{found.design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}) "
        f"and a search of {found.n_search:,}, to {horizon_months:g} months in {found.wall_seconds:.1f} s; "
        f"prior {prior.digest[:12]}."
    )
    _print(f"Results: {folder}/ (run.json, hits.parquet, shifts.csv)")


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Folder of a run with --no-draws that was interrupted.")],
    scheduler: Scheduler = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Go on with an interrupted run; the result is the same to the last bit."""
    from mc_sie.checkpoint import Checkpoint
    from mc_sie.engine.run import n_threads
    from mc_sie.files import UNFINISHED
    from mc_sie.store import check_target

    n_threads(threads)
    found = Checkpoint.find(run)
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
        _refuse(where, why, "Leave one of them out.")
    try:
        from mc_sie.analysis.cluster import connected
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dask", "distributed", "locket"):
            raise
        _refuse(where, f"needs Dask, which is not installed ({error.name})", "Install it: pip install 'mc-sie[dask]'")
    with connected(scheduler, lambda sentence: _warn([sentence])) as cluster:
        yield cluster


def _finish(checkpoint: Checkpoint, target: Path, threads: int | None, cluster: Cluster | None, quiet: bool) -> None:
    """Count the rest of a run without draws, write its folder and print the answer."""
    from mc_sie.analysis.streaming import stream
    from mc_sie.analysis.summary import summarise_counts
    from mc_sie.store import write_streamed

    plan, rows = checkpoint.read()
    job, asked = plan.job, plan.job.questions
    scheme, n_replicates = job.design.scheme, job.design.n_replicates

    def is_enough(counts: NDArray[np.int64]) -> bool:
        if not plan.precision.is_asked or int(job.n_drawn(counts)[0]) < plan.start:
            return False
        return plan.precision.is_reached(event_estimate(asked, counts, scheme), n_replicates)

    from mc_sie.analysis.summary import event_estimate

    done = int(job.n_drawn(rows).sum())
    if done:
        _print(f"Going on after {done:,} draws.", err=True)
    try:
        with _progress(quiet, is_here=cluster is None) as progress:
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
    except BaseException:
        _print(f"Interrupted; go on with: mc-sie resume {shlex.quote(str(target))}", err=True)
        raise
    summary = summarise_counts(asked, streamed.rows, scheme)
    folder = write_streamed(target, streamed, summary, command=plan.command)
    checkpoint.end()
    _print_answer(streamed, summary)
    if plan.precision.is_asked:
        _print(plan.precision.sentence(summary.answer, n_replicates))
    _print(f"Results: {folder}/ (run.json, counts.npz, curves.csv and tables as CSV)")


def _print_answer(simulation: Simulation | Streamed, summary: Summary) -> None:
    from mc_sie.analysis.headlines import spread_sentence

    design = simulation.design
    _print(f"{simulation.prior.title} ({simulation.prior.name})")
    _print(f"Probability that {summary.event.in_words}:")
    spread = spread_sentence(summary.event, simulation.horizon_months)
    _print(f"\n  {summary.sentence}{' ' + spread if spread else ''}\n", style="bold")
    if len(summary.thresholds):
        _print_thresholds(summary.thresholds)
    if len(summary.modes) > 1:
        _print_modes(summary.modes)
    failed = design.n_draws - summary.answer.n_draws
    if failed:
        bounds = summary.statuses.attrs
        _print(
            f"{failed:,} of {design.n_draws:,} draws could not be simulated; counting them as misses or as hits, the "
            f"probability lies between {100 * bounds['prob_low']:.3g} % and {100 * bounds['prob_high']:.3g} %.",
            style="red",
        )
        _print_table(summary.statuses, "Draws by status")
    what = "all" if not failed else "the rest"
    _print(
        f"{design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}), "
        f"{what} simulated to {simulation.horizon_months:g} months in {simulation.wall_seconds:.1f} s; "
        f"prior {simulation.prior.digest[:12]}."
    )


def _print_thresholds(thresholds: pd.DataFrame) -> None:
    """P(>= k OOM in less than w months) in the best window, counted from day one in brackets."""
    from rich.table import Table

    from mc_sie.analysis.summary import estimates_of

    table = Table(
        title="P(at least k OOM in less than w months), best window (from day one), %; "
        "last digit good to its Monte Carlo SE",
        title_justify="left",
    )
    windows = sorted(set(thresholds["months"]))
    table.add_column("k", justify="right")
    for months in windows:
        table.add_column(f"{months:g} months" if months != 1 else "1 month", justify="right")
    best, start = (thresholds[thresholds["counted"] == counted] for counted in ("best window", "from day one"))
    for level in sorted(set(thresholds["ooms"])):
        cells = []
        for months in windows:
            texts = [
                estimates_of(part[(part["ooms"] == level) & (part["months"] == months)])[0] for part in (best, start)
            ]
            cells.append(f"{texts[0]} ({texts[1]})")
        table.add_row(f"{level:g} OOM", *cells)
    _print(table)


def _print_modes(modes: pd.DataFrame) -> None:
    from rich.table import Table

    from mc_sie.analysis.summary import estimates_of

    table = Table(title="By retraining mode", title_justify="left")
    for heading in ("mode", "share of draws", "probability of the event, %", "Monte Carlo SE, points"):
        table.add_column(heading, justify="left" if heading == "mode" else "right")
    for (_, row), text in zip(modes.iterrows(), estimates_of(modes), strict=True):
        se = "bound only" if row["interval"].startswith("exact") else f"{100 * row['se']:.1g}"
        table.add_row(row["mode"], f"{100 * row['share']:.3g} %", text, se)
    _print(table)


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
    from mc_sie.engine.run import n_threads
    from mc_sie.errors import InputError, nearest
    from mc_sie.tables import evaluate_simulator_table, evaluate_table, write_csv

    if model not in MODELS:
        raise InputError(f"--model {model}", "is no model", nearest(model, MODELS))
    n_threads(threads)
    with _progress(quiet=True):
        if model == "law":
            result = evaluate_table(table, output, threads=threads)
        else:
            result = evaluate_simulator_table(table, output)
    write_csv(result, output)
    failed = int((result["status"] != "ok").sum()) if "status" in result else 0
    if failed:
        _print(f"{failed} of {len(result)} rows could not be simulated; see the column 'status'.", err=True)
    if output:
        _print(f"{_counted(len(result), 'row')} written to {output}", err=True)


@app.command()
def trajectory(
    prior: Prior = "davidson-2025",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A quantity and its value, e.g. --set rho=-0.1 --set mode=continual."),
    ] = None,
    horizon_months: Annotated[float, typer.Option(help="End of the trajectory.")] = 240.0,
    plot: Annotated[Path | None, typer.Option(help="Draw it to this file (.svg, .png or .pdf).")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every point to this CSV.")] = None,
) -> None:
    """Follow one trajectory: software, effective compute, pace and deployments over time.

    Quantities that are not set stand at their median under the prior set; the mode at its most likely one.
    """
    from mc_sie.engine.run import check_horizon
    from mc_sie.files import check_file, write_whole
    from mc_sie.priors import load_prior
    from mc_sie.tables import check_figure_path, median_row, write_csv

    check_horizon(horizon_months)
    check_figure_path(plot)
    if csv:
        check_file(csv, "--csv")
    loaded = load_prior(prior)
    row = median_row(loaded, settings or [], horizon_months)

    from mc_sie.engine.trace import trace
    from mc_sie.quantities import MODES

    with _progress(quiet=True):
        frame = trace(row)
    mode = MODES[int(row["mode"])]
    _print(f"{loaded.title} ({loaded.name}), medians, mode {mode}")
    _print("  " + ", ".join(f"{name} = {value:g}" for name, value in row.items() if name != "mode" and value == value))
    _print_trajectory(frame)
    if csv:
        write_csv(frame, csv)
        _print(f"{_counted(len(frame), 'point')} written to {csv}")
    if plot:
        from mc_sie.report.figures import save, trajectory_figure

        figure = trajectory_figure(frame, f"One trajectory, mode {mode} ({loaded.name})")
        write_whole(plot, lambda partial: save(figure, partial))
        _print(f"Figure written to {plot}")


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
    _print_table(renamed, None, digits=4)


@app.command()
def headlines(
    draws: Annotated[int, typer.Option(help="Draws for each prior set.")] = 2**17,
    seed: Annotated[int, typer.Option(help="Seed.")] = 0,
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
    from mc_sie.analysis.headlines import headline_table
    from mc_sie.engine.run import n_threads
    from mc_sie.files import check_folder
    from mc_sie.sampling import plan
    from mc_sie.tables import write_headlines, write_json

    plan(draws, seed=seed)
    n_threads(threads)
    if out:
        check_folder(out, f"--out {out}")
    with _progress(quiet) as progress:
        frame = headline_table(draws, seed=seed, threads=threads, progress=progress)
    shown = frame[["name", "answer"]].rename(
        columns={"name": "prior set", "answer": "P(at least 5 OOM in under a year)"}
    )
    _print_table(shown, None)
    if record:
        write_json(frame, record)
    if out:
        write_headlines(frame, out)
        _print(f"Table and figure written to {out}/")


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
    from mc_sie.engine.run import n_threads
    from mc_sie.files import check_folder
    from mc_sie.published.targets import DRAWS_DEFAULT, all_targets, frame_of, named_sources
    from mc_sie.sampling import plan

    n_threads(threads)
    if out:
        check_folder(out, f"--out {out}")
    wanted = named_sources(source)
    design = plan(DRAWS_DEFAULT)
    with _progress(quiet, "recomputing", "sources") as progress:
        frame = frame_of(all_targets(design, sources=wanted, threads=threads, progress=progress))

    from mc_sie.reproduction import verdict_counts, write_reproduction

    for name, part in frame.groupby("source", sort=False):
        shown = part[part["verdict"] != "exact"] if changes else part
        if len(shown):
            _print_reproduction(str(name), shown)
    _print_table(verdict_counts(frame), "Verdicts")
    if out:
        write_reproduction(out, frame, design, threads=threads)
        _print(f"Table and figures written to {out}/")
    changed = frame[frame["verdict"] != frame["recorded"]]
    for row in changed.itertuples():
        _print(
            f"changed: {row.source}: {row.quantity}: {row.recorded} before, {row.verdict} now", err=True, style="red"
        )
    if len(changed):
        raise typer.Exit(1)
    _print(f"All {len(frame)} verdicts are those on record.")


def _print_reproduction(source: str, frame: pd.DataFrame) -> None:
    """A table where there is room for the reasons beside the numbers, else the reasons below each number."""
    from rich.table import Table

    styles = {"explained": "yellow", "not reproduced": "red"}
    wide = _console().width >= WIDE
    table = Table(title=source, title_justify="left")
    table.add_column("quantity, and why they differ" if not wide else "quantity", ratio=5)
    has_law = wide and bool(frame["law_shown"].any())
    for heading in ("published", "ours", *(["our law"] if has_law else [])):
        table.add_column(heading, justify="right")
    table.add_column("difference", justify="right")
    table.add_column("verdict")
    if wide:
        table.add_column("why", ratio=6)
    for row in frame.itertuples():
        matches = f"we match the {row.matches}" if row.matches else ""
        others = "" if row.given_by == "source" else "recomputed by others"
        why = "; ".join(filter(None, [matches, others, row.reason]))
        quantity = row.quantity if wide or not why else f"{row.quantity}\n  {why}"
        cells = [quantity, row.published, row.ours_shown, *([row.law_shown] if has_law else [])]
        cells += [row.difference, row.verdict_shown, *([why] if wide else [])]
        table.add_row(*cells, style=styles.get(row.verdict))
    _print(table)


@priors_app.command("list")
def priors_list() -> None:
    """The prior sets that come with the program."""
    from mc_sie.priors import load_prior, shipped_priors

    for name in shipped_priors():
        _print_headed(f"{name:24s}", f" {load_prior(name).title}")


@priors_app.command("show")
def priors_show(
    prior: Prior,
    density: Annotated[bool, typer.Option("--density", help="Sketch each density.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The resolved set as JSON.")] = False,
) -> None:
    """What a prior set assumes, with implied quantiles and sources."""
    from mc_sie.priors import load_prior

    loaded = load_prior(prior)
    if as_json:
        import json

        print(json.dumps(loaded.to_dict(), indent=1, ensure_ascii=False))
        return
    from mc_sie.tables import prior_table

    _print_headed(loaded.title, f" ({loaded.name}, {loaded.digest[:12]})\n")
    for text in (loaded.description, loaded.bottlenecks):
        if text:
            _print(text.strip() + "\n")
    if loaded.members:
        _print("A pool of whole sets: " + ", ".join(f"{weight:.0%} {m.name}" for m, weight in loaded.members) + "\n")
    _print_table(prior_table(loaded, density=density), None)
    for entry in loaded.entries.values():
        if not entry.is_default:
            _print_headed(entry.name, f": {entry.source}")
            if entry.judgement:
                _print(f"    {entry.judgement}", style="italic")
    for citation in loaded.citations:
        _print(f"  - {citation}")
    _warn(loaded.warnings)


@priors_app.command("check")
def priors_check(file: Annotated[str, typer.Argument(help="A prior file, or a shipped name.")]) -> None:
    """Check a prior file without running it."""
    from mc_sie.priors import load_prior

    loaded = load_prior(file)
    _warn(loaded.warnings)
    stated = sum(not entry.is_default for entry in loaded.entries.values())
    what = f"a pool of {len(loaded.members)} sets" if loaded.members else f"{stated} quantities stated"
    _print(f"{file}: fine; {what}; digest {loaded.digest[:12]}")


@priors_app.command("new")
def priors_new(
    file: Annotated[Path, typer.Argument(help="Prior file to start; it must not exist yet.")],
    extends: Annotated[str, typer.Option(help="Prior set to start from.")] = "davidson-2025",
) -> None:
    """Start a prior file: a commented template that runs as it is."""
    from mc_sie.priors import load_prior, new_prior_text, shipped_priors
    from mc_sie.tables import write_new_text

    base = load_prior(extends)
    if extends not in shipped_priors():  # a path is read from the folder of the file that names it
        extends = Path(os.path.relpath(base.path.resolve(), file.resolve().parent)).as_posix()
    write_new_text(file, new_prior_text(extends))
    _print(f"{file} written. Edit it, then: mc-sie priors check {file} && mc-sie run {file}")


@priors_app.command("schema")
def priors_schema() -> None:
    """The JSON Schema of prior files, for editors."""
    import json

    from mc_sie.priors import json_schema

    print(json.dumps(json_schema(), indent=1))


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        _print(f"warning: {warning}", err=True, style="yellow")


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _print(what: Any, *, err: bool = False, style: str | None = None) -> None:
    """Print text as it is (prior files may hold square brackets, which are no markup), or something of rich's."""
    from rich.text import Text

    console = _console(err=err)
    console.print(what, style=style, soft_wrap=isinstance(what, str | Text) and not console.is_terminal)


def _console(*, err: bool = False) -> Console:
    """Where text goes: as wide as the terminal, or as $COLUMNS says where there is none."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    asked = os.environ.get("COLUMNS", "")
    width = None if stream.isatty() else int(asked) if asked.isdecimal() and int(asked) > 0 else 160
    return Console(stderr=err, highlight=False, markup=False, emoji=False, width=width)


def _print_headed(head: str, rest: str) -> None:
    from rich.text import Text

    _print(Text.assemble((head, "bold"), rest))


def _print_table(frame: pd.DataFrame, title: str | None, digits: int = 4) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        table.add_column(str(column), justify="right" if frame[column].dtype.kind in "fi" else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{cell:.{digits}g}" if isinstance(cell, float) else str(cell) for cell in row))
    _print(table)


@contextmanager
def _progress(
    quiet: bool, doing: str = "simulating", unit: str = "draws", *, is_here: bool = True
) -> Iterator[Progress | None]:
    """A progress bar with rate and time left, on a terminal; and word of a first run that compiles here."""
    from mc_sie._jit import is_warm

    if is_here and not is_warm():
        _print("First run of this version: compiling the simulator, once (some twenty seconds).", err=True)
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", rate="")

        def report(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=done,
                total=total,
                rate=f"{speed:,.{0 if speed >= 10 else 1}f} {unit}/s" if speed else "",
            )

        yield report
