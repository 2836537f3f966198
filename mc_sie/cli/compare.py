"""``compare``, ``breakeven`` and ``structure``: why sets disagree, what would change the answer, what form it takes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Quiet, Threads, WithoutEvidence, app, number_option, whole_option
from mc_sie.cli.printing import print_table, print_then_write, progress_bar, say, warn

if TYPE_CHECKING:
    from mc_sie.analysis.comparison.breakeven import BreakEven
    from mc_sie.analysis.comparison.common_draws import Answer
    from mc_sie.analysis.comparison.decomposition import Comparison
    from mc_sie.analysis.comparison.structure import Structure
    from mc_sie.priors import PriorSet

Event = Annotated[str, typer.Option(help="What to ask about, e.g. 'best_window_months[5] < 12' or 'pace_peak > 100'.")]
Seed = Annotated[int, whole_option(help="Seed. Every set sees the same points.")]
Horizon = Annotated[float, number_option(help="End of each simulated trajectory.")]
Out = Annotated[
    Path | None,
    typer.Option(help="New folder for tables (CSV), record (JSON), figures and text (Markdown)."),
]
Set = Annotated[str, typer.Argument(help="A shipped prior set, the path of a TOML file, or a run's folder.")]


@app.command()
def compare(
    sets: Annotated[list[str], typer.Argument(help="Two or more: shipped prior sets, TOML files, or folders of runs.")],
    event: Event = "best_window_months[5] < 12",
    draws: Annotated[int, whole_option(help="Draws for each set and each mixed set.")] = 2**16,
    seed: Seed = 0,
    horizon_months: Horizon = 240.0,
    orders: Annotated[
        int | None,
        whole_option(
            help="Pairs of random orders of the blocks, instead of all 2^k mixed sets.",
        ),
    ] = None,
    without_evidence: WithoutEvidence = False,
    out: Out = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Why prior sets disagree: the difference to the first, split over the blocks of priors that differ."""
    from mc_sie.report.folders import write_comparison

    priors = [_named(name, without_evidence) for name in sets]

    from mc_sie.analysis.comparison.decomposition import compare as compare_sets

    _check_out(out)
    warn(dict.fromkeys(warning for prior in priors for warning in prior.warnings))
    with progress_bar(quiet) as progress:
        found = compare_sets(
            *priors,
            event=event,
            n_draws=draws,
            seed=seed,
            horizon_months=horizon_months,
            order_pairs=orders,
            threads=threads,
            progress=progress,
        )
    command = _command()
    print_and_write(
        lambda: _print_comparison(found), lambda folder: write_comparison(folder, found, priors, command=command), out
    )


def _print_comparison(found: Comparison) -> None:
    """Why each set differs from the first, and how the sets stand."""
    from mc_sie.report import tables as text

    for against, reading in zip(found.changes["against"], found.readings, strict=True):
        say(f"\n{reading}\n", style="bold")
        if len(found.bars[found.bars["against"] == against]):
            print_table(text.bars_table(found, against), f"From {found.sets['name'].iloc[0]} to {against}")
            print_table(text.differences_table(found, against), "The distributions that differ")
    if len(found.sets) > 2:
        print_table(text.sets_table(found), "The sets")
    for note in found.notes:
        say(f"* {note}")
    say(found.common.in_words)


@app.command()
def breakeven(
    prior: Set = "davidson-2025",
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="Only this input, a fixed one too; may be repeated. If not given, all that vary."),
    ] = None,
    target: Annotated[
        list[float] | None,
        number_option(help="Probability to reach; may be repeated. 0.1, 0.5 and 0.9 if not given."),
    ] = None,
    event: Event = "best_window_months[5] < 12",
    draws: Annotated[
        int,
        whole_option(help="Draws for each rerun; there are some ninety an input."),
    ] = 2**14,
    seed: Seed = 0,
    horizon_months: Horizon = 240.0,
    without_evidence: WithoutEvidence = False,
    out: Out = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """What would change the answer: the value, or the median, of single inputs at which P is 10, 50 and 90 %."""
    from mc_sie.report.folders import write_breakeven

    loaded = _named(prior, without_evidence)

    from mc_sie.analysis.comparison.breakeven import TARGETS
    from mc_sie.analysis.comparison.breakeven import breakeven as find

    _check_out(out)
    warn(loaded.warnings)
    with progress_bar(quiet, "rerunning", "sets") as progress:
        found = find(
            loaded,
            quantity or (),
            targets=target or TARGETS,
            event=event,
            n_draws=draws,
            seed=seed,
            horizon_months=horizon_months,
            threads=threads,
            progress=progress,
        )
    command = _command()
    print_and_write(
        lambda: _print_breakeven(found), lambda folder: write_breakeven(folder, found, command=command), out
    )


def _print_breakeven(found: BreakEven) -> None:
    """The answer, and what would change it."""
    from mc_sie.report.folders import breakeven_sections
    from mc_sie.stats.estimates import label

    say(f"{found.prior.title} ({found.prior.name})")
    words = found.common.event.in_words
    say(f"\n  {label(found.answer.estimate)} for the probability that {words}.\n", style="bold")
    say_failed(found.answer)
    for heading, table in breakeven_sections(found):
        print_table(table, heading)
    for note in found.notes:
        say(f"* {note}")
    say(found.common.in_words)


@app.command()
def structure(
    prior: Set = "davidson-2025",
    event: Event = "best_window_months[5] < 12",
    draws: Annotated[int, whole_option(help="Draws for each variant.")] = 2**16,
    seed: Seed = 0,
    horizon_months: Horizon = 240.0,
    without_evidence: WithoutEvidence = False,
    out: Out = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """P by structural variant (retraining mode, limits, routes, ...), and the share of variance between variants."""
    from mc_sie.report.folders import write_structure

    loaded = _named(prior, without_evidence)

    from mc_sie.analysis.comparison.structure import structure as find

    _check_out(out)
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
    command = _command()
    print_and_write(
        lambda: _print_structure(found), lambda folder: write_structure(folder, found, command=command), out
    )


def _print_structure(found: Structure) -> None:
    """The answer by structural variant."""
    from mc_sie.report import tables as text
    from mc_sie.stats.estimates import label

    say(f"{found.prior.title} ({found.prior.name})")
    words = found.common.event.in_words
    say(f"\n  {label(found.answer.estimate)} for the probability that {words}.\n", style="bold")
    say_failed(found.answer)
    print_table(text.variants_table(found), "By structural variant")
    print_table(text.aspects_table(found), "How much the variants differ")
    for note in found.notes:
        say(f"* {note}")
    say(found.common.in_words)


def print_and_write(printing: Callable[[], object], writing: Callable[[Path], object], out: Path | None) -> None:
    """Print what was found, and write its folder if one was asked for."""
    if out is None:
        printing()
        return
    print_then_write(printing, lambda: writing(out))
    say(f"Written to {out}/")


def _named(source: str, without_evidence: bool) -> PriorSet:
    """The set that a name, a file or a run stands for."""
    from mc_sie.report.folders import named_prior

    loaded = named_prior(source)
    if without_evidence:
        return loaded.without_evidence()
    return loaded


def say_failed(answer: Answer) -> None:
    """Say how many draws failed and the bounds that they leave on the probability; nothing where none did."""
    if answer.n_failed:
        say(answer.failed_in_words, style="red")


def _check_out(out: Path | None) -> None:
    """Refuse a folder that exists or cannot be made, before anything is simulated."""
    from mc_sie.storage.writing import check_target

    if out:
        check_target(out, "")


def _command() -> str:
    return shlex.join(["mc-sie", *sys.argv[1:]])
