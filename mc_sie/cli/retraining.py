"""``retraining``: what retraining costs, by mode and length of the first training run."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

from mc_sie.cli.app import Quiet, Threads, WithoutEvidence, app, whole_option
from mc_sie.cli.compare import Event, Horizon, Out, Seed, Set, say_failed
from mc_sie.cli.printing import print_table, progress_bar, say, warn


@app.command()
def retraining(
    prior: Set = "davidson-2025",
    event: Event = "best_window_months[5] < 12",
    draws: Annotated[int, whole_option(help="Draws for each mode and length of the first training run.")] = 2**15,
    seed: Seed = 0,
    horizon_months: Horizon = 240.0,
    without_evidence: WithoutEvidence = False,
    out: Out = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """What retraining costs: P, the delay and N by retraining mode and length of the first training run."""
    from mc_sie.report.folders import named_prior, retraining_sections, write_retraining
    from mc_sie.storage.writing import check_target

    loaded = named_prior(prior)
    if without_evidence:
        loaded = loaded.without_evidence()

    from mc_sie.analysis.comparison.retraining import retraining as find
    from mc_sie.published.retraining_compared import beside_essay

    if out:
        check_target(out, "")
    warn(loaded.warnings)
    with progress_bar(quiet) as progress:
        found = find(
            loaded,
            event=event,
            n_draws=draws,
            seed=seed,
            horizon_months=horizon_months,
            threads=threads,
            progress=progress,
        )
    if out:  # before a word is said: whoever reads the output may stop reading
        write_retraining(out, found, command=shlex.join(["mc-sie", *sys.argv[1:]]))

    from mc_sie.stats.estimates import label

    say(f"{loaded.title} ({loaded.name})")
    say(f"\n  {label(found.answer.estimate)} for the probability that {found.common.event.in_words}.", style="bold")
    for sentence in found.sentences:
        say(f"  {sentence}", style="bold")
    say("")
    say_failed(found.answer)
    for heading, table in retraining_sections(found, beside_essay(found)):
        print_table(table, heading)
    for note in found.notes:
        say(f"* {note}")
    say(found.common.in_words)
    if out:
        say(f"Written to {out}/")
