"""The body of ``run``: draws that are simulated and kept, and written as a folder."""

from __future__ import annotations

from typing import Any

from mc_sie.analysis.importance.drawing import doubled, simulate
from mc_sie.analysis.probability.summary import estimate_event, summarise
from mc_sie.cli.answers import print_answer
from mc_sie.cli.app import with_flags
from mc_sie.cli.printing import progress_bar, refuse, say
from mc_sie.cli.run_request import RunRequest
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import Simulation
from mc_sie.storage.runs import write_run


def run_draws(request: RunRequest, *, n_draws: int, all_outcomes: bool) -> None:
    """Simulate, write the folder of the run and print the answer.

    Parameters
    ----------
    request : RunRequest
        The run.
    n_draws : int
        Draws as the user gave them, before they were rounded up.
    all_outcomes : bool
        Store every outcome of every draw.
    """
    with progress_bar(request.quiet) as progress:
        drawn = _simulate_to_target(request, n_draws, progress)
    summary = summarise(drawn, request.event)
    folder = write_run(request.out, drawn, summary, command=request.command, all_outcomes=all_outcomes)
    print_answer(drawn, summary)
    if request.precision.is_asked:
        say(with_flags(request.precision.sentence(summary.answer, request.design.n_replicates)))
    say(f"Results: {folder}/ (run.json, draws.parquet and tables as CSV)")


def _simulate_to_target(request: RunRequest, n_draws: int, progress: Progress | None) -> Simulation:
    """Draws in such a number that the standard error asked for is surely reached, or as many as may be made."""
    options: dict[str, Any] = {
        "seed": request.design.seed,
        "scheme": request.design.scheme,
        "n_replicates": request.design.n_replicates,
        "horizon_months": request.horizon_months,
        "levels": request.levels,
        "widths": request.widths,
        "threads": request.threads,
        "progress": progress,
    }
    try:
        simulation = simulate(request.prior, n_draws, **options)
        while not _is_enough(request, simulation):
            n_draws = simulation.design.n_draws
            simulation = doubled(simulation, threads=request.threads, progress=progress)
    except MemoryError:
        remedy = "Ask for fewer draws, or count them without keeping them: --no-draws."
        refuse(f"--draws {n_draws}", "needs more memory than there is", remedy)
    return simulation


def _is_enough(request: RunRequest, simulation: Simulation) -> bool:
    """True where no further doubling is wanted or allowed."""
    design = simulation.design
    if not request.precision.is_asked or 2 * design.n_draws > request.max_draws:
        return True
    return request.precision.is_reached(estimate_event(simulation, request.event), design.n_replicates)
