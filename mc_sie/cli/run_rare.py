"""The body of ``run --rare``: importance sampling of an event that hardly any plain draw hits."""

from __future__ import annotations

from pathlib import Path

from mc_sie.analysis.comparison.headlines import spread_sentence
from mc_sie.analysis.importance.rare import Rare, estimate_rare
from mc_sie.cli.app import with_flags
from mc_sie.cli.printing import print_table, print_then_write, progress_bar, say
from mc_sie.cli.run_request import RunRequest
from mc_sie.storage.runs import write_rare


def run_rare(request: RunRequest) -> None:
    """Estimate a rare event, print the answer and write the folder of the run.

    Parameters
    ----------
    request : RunRequest
        The run.
    """
    prior, event, design = request.prior, request.event, request.design
    with progress_bar(request.quiet) as progress:
        found = estimate_rare(
            prior,
            event,
            design.n_draws,
            seed=design.seed,
            scheme=design.scheme,
            n_replicates=design.n_replicates,
            horizon_months=request.horizon_months,
            precision=request.precision,
            max_draws=request.max_draws,
            threads=request.threads,
            progress=progress,
        )

    def write() -> Path:
        return write_rare(request.out, found, command=request.command)

    folder = print_then_write(lambda: _print_rare(request, found), write)
    say(f"Results: {folder}/ (run.json, hits.parquet, shifts.csv)")


def _print_rare(request: RunRequest, found: Rare) -> None:
    """The answer of importance sampling, its warnings, and where the event holds."""
    prior, event, design = request.prior, request.event, request.design
    say(f"{prior.title} ({prior.name})")
    say(f"Probability that {event.in_words}:")
    sentences = [found.sentence, spread_sentence(event, request.horizon_months)]
    say(f"\n  {' '.join(filter(None, sentences))}\n", style="bold")
    say(with_flags(found.method))
    if found.warnings:
        say(f"The interval may be too narrow: {'; '.join(found.warnings)}.", style="red")
    if found.n_failed:
        say(found.failed_in_words, style="red")
    if len(found.shifts):
        shown = found.shifts[["quantity", "prior", "hits"]]
        print_table(shown, "Where the event holds: 5th to 95th percentile, what differs most first")
    if request.precision.is_asked:
        say(with_flags(request.precision.sentence(found.answer, design.n_replicates)))
    say(
        f"{found.design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}) "
        f"and a search of {found.n_search:,}, to {request.horizon_months:g} months in {found.wall_seconds:.1f} s; "
        f"prior {prior.digest[:12]}."
    )
