"""The body of ``run --no-draws`` and of ``resume``: draws that are counted and forgotten, in constant memory."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.counting import count_draws, count_job
from mc_sie.analysis.probability.summary import event_estimate, summarise_counts
from mc_sie.cli.answers import print_answer
from mc_sie.cli.app import with_flags
from mc_sie.cli.printing import print_then_write, progress_bar, refuse, say, warn
from mc_sie.cli.run_request import RunRequest
from mc_sie.engine.counts import CountSpec
from mc_sie.storage.checkpoint import Checkpoint, Plan
from mc_sie.storage.runs import write_streamed
from mc_sie.storage.writing import UNFINISHED, check_target

if TYPE_CHECKING:
    from mc_sie.engine.dask import Cluster

_PACKAGES_OF_A_CLUSTER = ("dask", "distributed", "locket")


def run_counts(request: RunRequest, target: Path, *, only_event: bool, scheduler: str | None) -> None:
    """Count draws until there are as many as asked for, print the answer and write the folder of the run.

    Parameters
    ----------
    request : RunRequest
        The run.
    target : pathlib.Path
        Folder to write.
    only_event : bool
        Count hits of the event alone, without tables.
    scheduler : str or None
        Address of a Dask scheduler; this machine if None.
    """
    most = request.max_draws if request.precision.is_asked else request.design.n_draws
    spec = CountSpec(
        request.event,
        request.levels,
        request.widths,
        request.horizon_months,
        tuple(request.prior.dimensions),
        only_event,
    )
    job = count_job(request.prior, request.design, spec, most, threads=request.threads)
    plan = Plan(job, request.precision, request.design.n_per_replicate, request.command)
    with _cluster(scheduler, request.threads) as cluster:
        _finish(Checkpoint.begin(target, plan), target, request.threads, cluster, request.quiet)


def resume_counts(run: Path, *, scheduler: str | None, threads: int | None, quiet: bool) -> None:
    """Count the rest of an interrupted run, print the answer and write its folder.

    Parameters
    ----------
    run : pathlib.Path
        Folder of the run, under the name it would have had or with the mark of an unfinished one.
    scheduler : str or None
        Address of a Dask scheduler; this machine if None.
    threads : int or None
        Threads; every processor if None.
    quiet : bool
        No progress bar.
    """
    named = run if run.name else run.resolve()  # "." has a name only once it is resolved
    if not named.name:
        refuse(str(run), "is no interrupted run", "Name the folder of a run.")
    checkpoint = Checkpoint.find(named)
    target = checkpoint.folder.with_name(checkpoint.folder.name.removesuffix(UNFINISHED))
    target = check_target(target, target.name)
    with _cluster(scheduler, threads) as cluster:
        _finish(checkpoint, target, threads, cluster, quiet)


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
        if (error.name or "").partition(".")[0] not in _PACKAGES_OF_A_CLUSTER:
            raise  # something of this package or of the installation is broken, which no extra would mend
        refuse(where, f"needs Dask, which is not installed ({error.name})", "Install it: pip install 'mc-sie[dask]'")
    with connected(scheduler, lambda sentence: warn([sentence])) as cluster:
        yield cluster


def _finish(checkpoint: Checkpoint, target: Path, threads: int | None, cluster: Cluster | None, quiet: bool) -> None:
    """Count the rest of a run, print the answer and write its folder."""
    plan, rows = checkpoint.read()
    job = plan.job
    spec, scheme, n_replicates = job.spec, job.design.scheme, job.design.n_replicates

    def is_enough(counts: NDArray[np.int64]) -> bool:
        if not plan.precision.is_asked or int(job.n_drawn(counts)[0]) < plan.start:
            return False
        return plan.precision.is_reached(event_estimate(spec, counts, scheme), n_replicates)

    n_done = int(job.n_drawn(rows).sum())
    if n_done:
        say(f"Going on after {n_done:,} draws.", err=True)
    try:
        with progress_bar(quiet, is_here=cluster is None) as progress:
            streamed = count_draws(
                job,
                rows,
                executor=cluster,
                threads=threads,
                n_ahead=cluster.n_ahead if cluster else None,
                progress=progress,
                checkpoint=checkpoint.save,
                is_enough=is_enough,
            )
    except BaseException as error:  # an interrupt too: the counts are on disk, and the user is told how to go on
        say(f"Interrupted; go on with: mc-sie resume {shlex.quote(str(target))}", err=True)
        error.add_note("what was counted is kept")
        raise
    summary = summarise_counts(streamed)

    def print_all() -> None:
        print_answer(streamed, summary)
        if plan.precision.is_asked:
            say(with_flags(plan.precision.sentence(summary.answer, n_replicates)))

    def write() -> Path:
        written = write_streamed(target, streamed, summary, command=plan.command)
        checkpoint.end()
        return written

    folder = print_then_write(print_all, write)
    say(f"Results: {folder}/ (run.json, counts.npz, curves.csv and tables as CSV)")
