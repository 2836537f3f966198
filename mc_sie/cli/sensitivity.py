"""``sensitivity``: what drives the probability of an event, what is most worth learning, what such worlds look like."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mc_sie.cli.app import Quiet, Threads, WithoutEvidence, app, number_option, whole_option, with_flags
from mc_sie.cli.printing import console_of, print_then_write, progress_bar, refuse, say, warn

if TYPE_CHECKING:
    import pandas as pd

    from mc_sie.analysis.sensitivity.study import Sensitivity
    from mc_sie.engine.sample import Sample
    from mc_sie.priors import PriorSet


@app.command()
def sensitivity(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|PRIOR", help="A shipped prior set, the path of a TOML file, or the folder of a run."
        ),
    ] = "davidson-2025",
    event: Annotated[
        str | None, typer.Option(help="What to ask about; the run's own event, or 'best_window_months[5] < 12'.")
    ] = None,
    loss_ratio: Annotated[
        float,
        number_option(
            help="Decision to act or not: cost of acting in vain over gain of acting rightly.",
        ),
    ] = 1.0,
    draws: Annotated[
        int,
        whole_option(
            help="Runs of the model in all, an eighth of them for the curves (a RUN has its own draws).",
        ),
    ] = 2**20,
    seed: Annotated[
        int | None,
        whole_option(help="Seed, 0 if not given; that of the run for a RUN."),
    ] = None,
    horizon_months: Annotated[
        float | None,
        number_option(help="End of each trajectory, 240 if not given; that of the run for a RUN."),
    ] = None,
    curves_only: Annotated[
        bool, typer.Option("--curves-only", help="No runs beyond the draws: no Shapley effects, no total indices.")
    ] = False,
    without_evidence: WithoutEvidence = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the tables (CSV, JSON) and figures (SVG, PNG) to.")
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """What drives the probability: inputs ranked with intervals, value of information, boxes in plain words."""
    from mc_sie.analysis.sensitivity.given_data import check_loss_ratio
    from mc_sie.engine.batches import n_threads
    from mc_sie.sampling import plan
    from mc_sie.storage.writing import check_target

    check_loss_ratio(loss_ratio)
    plan(draws, seed=seed or 0)
    n_threads(threads)
    if out:
        check_target(out, "")
    given = given_source(source, event, seed, horizon_months, without_evidence)

    from mc_sie.analysis.sensitivity.study import sensitivity as analyse
    from mc_sie.events import HEADLINE
    from mc_sie.quantities import HORIZON_MONTHS_DEFAULT

    if event is None:
        event = HEADLINE
    if horizon_months is None:
        horizon_months = HORIZON_MONTHS_DEFAULT
    with progress_bar(quiet) as progress:
        found = analyse(
            given,
            event,
            n_draws=draws,
            seed=seed or 0,
            horizon_months=horizon_months,
            loss_ratio=loss_ratio,
            curves_only=curves_only,
            threads=threads,
            progress=progress,
        )
    if not out:
        _print(found)
        return

    def write() -> Path:
        from mc_sie.report.folders import write_sensitivity

        return write_sensitivity(out, found, command=shlex.join(["mc-sie", *sys.argv[1:]]))

    folder = print_then_write(lambda: _print(found), write)
    say(f"Results: {folder}/ (record.json, tables as CSV, figures as SVG and PNG)")


def given_source(
    source: str, event: str | None, seed: int | None, horizon_months: float | None, without_evidence: bool
) -> PriorSet | Sample:
    """The draws of a run, or a prior set whose draws are still to be made."""
    from mc_sie.events import parse_event
    from mc_sie.priors import load_prior
    from mc_sie.storage.records import is_run
    from mc_sie.storage.runs import read_run

    parsed = None
    if event is not None:
        parsed = parse_event(event)
    if is_run(source):
        for option, value in (("--seed", seed), ("--horizon-months", horizon_months)):
            if value is not None:
                refuse(f"{option} {value}", f"is settled by the run {source}", "Leave it out, or name a prior set.")
        if without_evidence:
            why = f"is beside the run {source}, whose draws are given what evidence it had"
            refuse("--without-evidence", why, "Name the prior set instead of the run.")
        return read_run(Path(source), parsed).sample
    loaded = load_prior(source)
    if without_evidence:
        loaded = loaded.without_evidence()
    warn(loaded.warnings)
    return loaded


def _print(found: Sensitivity) -> None:
    """Print the answer, what drives it in words, and the tables behind the words."""
    from mc_sie.analysis.sensitivity.study import NOT_CONVERGED
    from mc_sie.priors.acting import acting_sentences
    from mc_sie.stats.estimates import in_percent, one_in, se_in_points

    sample, answer = found.sample, found.answer
    say(f"{sample.prior.title} ({sample.prior.name})")
    probability = in_percent(answer)
    if not answer.is_rare:
        probability += f" (Monte Carlo SE {se_in_points(answer)} points, {one_in(answer.prob)})"
    say(f"Probability that {sample.event.in_words}: {probability}\n")
    for sentence in found.sentences:
        say(f"  {sentence}", style="bold")
    say("")
    _print_ranking(found.ranking)
    if found.indices is not None and found.indices.groups["members"].str.contains(",").any():
        _print_groups(found.indices.groups)
    _print_value(found.value)
    _print_worlds(found.archetypes)
    if found.fixed:
        say(f"Fixed, hence without effect: {', '.join(found.fixed)}.")
    for sentence in acting_sentences(sample.prior):
        say(sentence)
    for note in found.notes:
        if note.startswith(NOT_CONVERGED):
            say(with_flags(note), style="red")
        else:
            say(with_flags(note))


_COLUMNS = (
    ("shapley", "Shapley, %", 100.0),
    ("total", "with all others, %", 100.0),
    ("first_order", "alone, %", 100.0),
    ("delta", "delta, points", 100.0),
    ("ks", "KS", 1.0),
)
"""Columns of the ranking: name, heading, factor."""


def _cell(row: Any, name: str, factor: float) -> str:
    """A number with its Monte Carlo error; a Shapley effect with its interval."""
    from mc_sie.stats.estimates import with_error

    value, se = factor * row[name], factor * row[f"{name}_se"]
    if value != value:
        return ""
    if name == "shapley":
        return _with_interval(value, se, factor * row["shapley_low"], factor * row["shapley_high"])
    text = with_error(value, se)
    floor = row.get(f"{name}_floor")
    if floor is not None and row[name] <= floor:
        return f"{text}*"
    return text


def _with_interval(value: float, se: float, low: float, high: float) -> str:
    """A number with its interval in brackets."""
    from mc_sie.stats.estimates import decimals

    if value == se == 0.0:
        return "0"
    digits = decimals(se)
    rounded = [f"{round(number, digits) + 0.0:.{digits}f}" for number in (value, low, high)]
    return f"{rounded[0]} [{rounded[1]}, {rounded[2]}]"


def _print_ranking(ranking: pd.DataFrame) -> None:
    """Inputs by importance, each measure with its error."""
    from rich.table import Table

    from mc_sie.report.naming import labelled

    shown = [column for column in _COLUMNS if column[0] in ranking]
    title = "Inputs by importance: Monte Carlo SE in round brackets, 90 % interval (t) in square ones"
    if any((ranking[name] <= ranking[f"{name}_floor"]).any() for name in ("delta", "ks")):
        title += "; * below what chance alone gives (95 %)"
    table = Table(title=title, title_justify="left")
    table.add_column("input")
    for _, heading, _ in shown:
        table.add_column(heading, justify="right")
    table.add_column("effect")
    words = {"none": "has no effect", "unknown": "not known"}
    for _, row in ranking.iterrows():
        name = labelled(row["quantity"])
        if row["role"] != "stated":
            name += " (derived)"
        cells = [_cell(row, column, factor) for column, _, factor in shown]
        table.add_row(name, *cells, words.get(row["effect"], row["effect"]))
    say(table)


def _print_groups(groups: pd.DataFrame) -> None:
    """Indices of groups of inputs that belong together."""
    from rich.table import Table

    from mc_sie.stats.estimates import with_error

    table = Table(title="Groups of inputs, %", title_justify="left")
    for heading in ("group", "inputs"):
        table.add_column(heading)
    headings = {"total": "with all others (total)", "first_order": "alone"}  # which a set given evidence lacks
    others = [(kind, heading) for kind, heading in headings.items() if (groups["index"] == kind).any()]
    for heading in ("Shapley", *(heading for _, heading in others)):
        table.add_column(heading, justify="right")
    wide = groups.set_index(["group", "members", "index"])
    by_size = groups[groups["index"] == "shapley"].sort_values("value", ascending=False)
    for _, first in by_size.iterrows():
        key = first["group"], first["members"]
        value, se, low, high = _percent_of(wide, (*key, "shapley"))
        cells = [_with_interval(value, se, low, high)]
        for kind, _ in others:
            value, se, _, _ = _percent_of(wide, (*key, kind))
            cells.append(with_error(value, se))
        table.add_row(*key, *cells)
    say(table)


def _percent_of(groups: pd.DataFrame, key: tuple[str, str, str]) -> tuple[float, float, float, float]:
    """An index of a group in percent: value, standard error and interval."""
    value, se, low, high = 100.0 * groups.loc[key, ["value", "se", "low", "high"]].astype(float)
    return value, se, low, high


_MEASURES = (
    ("brier_gain", "Brier gain, points", 100.0),
    ("bits", "bits", 1.0),
    ("decision_value", "decision, %", 100.0),
)
"""Columns of the value of information: name, heading, factor."""

_PAIRS_SHOWN = 5


def _print_value(value: pd.DataFrame) -> None:
    """Value of learning each input, the best pairs, and each group."""
    from rich.table import Table

    from mc_sie.stats.estimates import with_error

    title = "Value of learning the truth of an input, of two, of a group (at least): Monte Carlo SE in brackets"
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for _, heading, _ in _MEASURES:
        table.add_column(heading, justify="right")
    wide = value.set_index(["kind", "what", "measure"])
    best = value[value["measure"] == "brier_gain"].sort_values("value", ascending=False)
    for kind in ("input", "pair", "group"):
        rows = best[best["kind"] == kind]
        if kind == "pair":
            rows = rows.head(_PAIRS_SHOWN)
        for row in rows.itertuples():
            subject = row.what
            if kind == "group":
                subject += f" ({row.members})"
            cells = []
            for measure, _, factor in _MEASURES:
                found, se = (factor * float(wide.loc[(kind, row.what, measure), key]) for key in ("value", "se"))
                cells.append(with_error(found, se))
            table.add_row(subject, *cells)
        table.add_section()
    say(table)


def _print_worlds(worlds: pd.DataFrame) -> None:
    """Typical worlds with the event: as many of their quantities as the terminal has room for."""
    from rich.table import Table

    table = Table(title="Typical worlds with the event", title_justify="left")
    names = [name for name in worlds.columns if name not in ("archetype", "draw", "share", "mode")]
    names = [name for name in names if worlds[name].notna().any()]
    table.add_column("mode")
    table.add_column("stands for", justify="right")
    if console_of().width < 24 + 12 * len(names):
        names = names[:6]
    for name in names:
        table.add_column(name, justify="right")
    for _, world in worlds.iterrows():
        values = [_short(world[name]) for name in names]
        table.add_row(world["mode"], f"{100 * world['share']:.0f} %", *values)
    say(table)


def _short(value: float | str) -> str:
    """A quantity of a typical world; empty where it is absent."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return ""
    return f"{value:.3g}"
