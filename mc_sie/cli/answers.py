"""The answer of a run, printed: the sentence, the tables over gains and windows and by mode, and what was drawn."""

from __future__ import annotations

import math

import pandas as pd
from rich.table import Table

from mc_sie.analysis.comparison.headlines import spread_sentence
from mc_sie.analysis.probability.summary import Summary, estimates_of
from mc_sie.cli.printing import print_table, say
from mc_sie.engine.run import Simulation
from mc_sie.engine.streaming import Streamed
from mc_sie.stats.estimates import failed_in_words


def print_answer(simulation: Simulation | Streamed, summary: Summary) -> None:
    """Print the answer of a run and its tables.

    Parameters
    ----------
    simulation : Simulation or Streamed
        The draws, or their counts.
    summary : Summary
        The estimates from them.
    """
    design = simulation.design
    say(f"{simulation.prior.title} ({simulation.prior.name})")
    say(f"Probability that {summary.event.in_words}:")
    sentences = [summary.sentence, spread_sentence(summary.event, simulation.horizon_months)]
    say(f"\n  {' '.join(filter(None, sentences))}\n", style="bold")
    if simulation.method_in_words:
        say(simulation.method_in_words)
        if simulation.warnings:
            say(f"The interval may be too narrow: {'; '.join(simulation.warnings)}.", style="red")
    if len(summary.thresholds):
        _print_thresholds(summary.thresholds)
    if len(summary.modes) > 1:
        _print_modes(summary.modes)
    statuses = summary.statuses
    n_simulated = int(statuses.loc[statuses["status"] == "ok", "n_draws"].sum())
    bounds = statuses.attrs["prob_low"], statuses.attrs["prob_high"]
    failed = failed_in_words(design.n_draws - n_simulated, design.n_draws, *bounds)
    simulated = "all"
    if failed:
        simulated = "the rest"
        say(failed, style="red")
        print_table(statuses, "Draws by status")
    say(
        f"{design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed}), "
        f"{simulated} simulated to {simulation.horizon_months:g} months in {simulation.wall_seconds:.1f} s; "
        f"prior {simulation.prior.digest[:12]}."
    )


def _print_thresholds(thresholds: pd.DataFrame) -> None:
    """P(>= k OOM in less than w months) in the best window, counted from day one in brackets."""
    table = Table(
        title="P(at least k OOM in less than w months), best window (from day one), %; "
        "last digit good to its Monte Carlo SE",
        title_justify="left",
    )
    windows = sorted(set(thresholds["months"]))
    table.add_column("k", justify="right", overflow="fold")
    for months in windows:
        unit = "month" if months == 1 else "months"
        table.add_column(f"{months:g} {unit}", justify="right", overflow="fold")
    for level in sorted(set(thresholds["ooms"])):
        of_level = thresholds[thresholds["ooms"] == level]
        cells = []
        for months in windows:
            of_cell = of_level[of_level["months"] == months]
            best = estimates_of(of_cell[of_cell["counted"] == "best window"])[0]
            start = estimates_of(of_cell[of_cell["counted"] == "from day one"])[0]
            cells.append(f"{best} ({start})")
        table.add_row(f"{level:g} OOM", *cells)
    say(table)


def _print_modes(modes: pd.DataFrame) -> None:
    """The event by retraining mode, each with its error."""
    table = Table(title="By retraining mode", title_justify="left")
    table.add_column("mode", overflow="fold")
    for heading in ("share of draws", "probability of the event, %", "Monte Carlo SE, points"):
        table.add_column(heading, justify="right", overflow="fold")
    for (_, row), text in zip(modes.iterrows(), estimates_of(modes), strict=True):
        se = "bound only" if math.isnan(row["se"]) else f"{100 * row['se']:.1g}"
        table.add_row(row["mode"], f"{100 * row['share']:.3g} %", text, se)
    say(table)
