"""``priors``: list, show, check, import and start prior sets."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Prior, app
from mc_sie.cli.printing import WIDE, console_of, print_headed, print_table, say, warn
from mc_sie.text.escaping import visible

if TYPE_CHECKING:
    import pandas as pd

priors_app = typer.Typer(help="List, show, check, import and start prior sets.", no_args_is_help=True)
app.add_typer(priors_app, name="priors")


@priors_app.command("list")
def priors_list() -> None:
    """The prior sets that come with the program, each with its answer."""
    from mc_sie.priors import shipped_answers, shipped_titles

    answers = shipped_answers()
    if answers:
        say("P(at least 5 OOM in under a year); SE is the Monte Carlo error in points.\n")
    else:  # only where somebody has changed a shipped file
        say("The recorded answers are not those of these files: `mc-sie headlines` computes them.\n")
    width = max(map(len, answers.values()), default=0)
    for name, title in shipped_titles().items():
        print_headed(f"{name:24s}", f" {answers.get(name, ''):{width}s} {title}")


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

        print(visible(json.dumps(loaded.to_dict(), indent=1, ensure_ascii=False)))
        return
    from mc_sie.priors.acting import acting_sentences
    from mc_sie.priors.describing import correlation_table, prior_table

    print_headed(loaded.title, f" ({loaded.name}, {loaded.digest[:12]})\n")
    for text in (loaded.description, loaded.bottlenecks):
        if text:
            say(text.strip() + "\n")
    if loaded.members:
        say("A pool of whole sets: " + ", ".join(f"{weight:.0%} {m.name}" for m, weight in loaded.members) + "\n")
    _print_priors(prior_table(loaded, density=density))
    for sentence in acting_sentences(loaded):
        say(sentence)
    correlations = correlation_table(loaded)
    if len(correlations):
        print_table(correlations, "Spearman correlations (Gaussian copula on the ranks)")
    for entry in loaded.entries.values():
        if not entry.is_default:
            print_headed(entry.name, f": {entry.source}")
            if entry.judgement:
                say(f"    {entry.judgement}", style="italic")
    for one in loaded.correlations:
        print_headed(f"{one.between[0]} and {one.between[1]}", f": {one.source}")
        if one.judgement:
            say(f"    {one.judgement}", style="italic")
    for item in loaded.evidence:
        used = ""
        if item.already_used_by:
            used = f" (already used by {', '.join(item.already_used_by)})"
        print_headed(f"evidence, {item.name}", f": {item.words}{used}: {item.source}")
        if item.judgement:
            say(f"    {item.judgement}", style="italic")
    if loaded.evidence:
        say("The table is the prior before the evidence; mc-sie evidence shows what it becomes.")
    for citation in loaded.citations:
        say(f"  - {citation}")
    warn(loaded.warnings)


def _print_priors(frame: pd.DataFrame) -> None:
    """The table of a set; a line or two a quantity where there is no room for a table."""
    if console_of().width >= WIDE:
        print_table(frame, None)
        return
    for row in frame.to_dict("records"):
        print_headed(row.pop("quantity"), f" ({row.pop('symbol')}) [{row.pop('unit')}]: {row.pop('prior')}")
        if len(set(row.values())) > 1:  # a fixed value has the same everywhere, a mode nothing
            say(f"    {', '.join(f'{key} {value}' for key, value in row.items())}")
    say("")


@priors_app.command("check")
def priors_check(file: Annotated[str, typer.Argument(help="A prior file, or a shipped name.")]) -> None:
    """Check a prior file without running it."""
    from mc_sie.priors import load_prior

    loaded = load_prior(file)
    warn(loaded.warnings)
    if loaded.members:
        contents = f"a pool of {len(loaded.members)} sets"
    else:
        n_stated = sum(not entry.is_default for entry in loaded.entries.values())
        contents = f"{n_stated} quantities stated"
    say(f"{file}: fine; {contents}; digest {loaded.digest[:12]}")


@priors_app.command("new")
def priors_new(
    file: Annotated[Path, typer.Argument(help="Prior file to start; it must not exist yet.")],
    extends: Annotated[
        str | None, typer.Option(help="Prior set to start from; if not given asked for, or davidson-2025.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Ask nothing: write a commented template.")] = False,
) -> None:
    """Start a prior file: asks for each entry on a terminal, else a commented template that runs as it is."""
    from mc_sie.cli.dialogue import DEFAULT_BASE, Left, as_seen_from, asked_prior

    if not template and sys.stdin.isatty() and sys.stdout.isatty():
        try:
            say(asked_prior(file, extends))
        except Left:
            say(f"mc-sie: {file} is not written", err=True)
            raise typer.Exit(1) from None
        return
    from mc_sie.priors import new_prior_text
    from mc_sie.storage.writing import write_new_text

    write_new_text(file, new_prior_text(as_seen_from(file, extends or DEFAULT_BASE)))
    named = shlex.quote(str(file))
    say(f"{file} written. Edit it, then: mc-sie priors check {named} && mc-sie run {named}")


@priors_app.command("import")
def priors_import(
    table: Annotated[Path, typer.Argument(help="CSV with columns quantity, family, unit, source and parameters.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Prior file to write; it must not exist yet.")],
    extends: Annotated[str | None, typer.Option(help="Prior set that the rest is inherited from.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the set; the table's name if not given.")] = None,
) -> None:
    """Make a prior file from a spreadsheet's table."""
    from mc_sie.cli.dialogue import as_seen_from
    from mc_sie.priors import load_prior
    from mc_sie.priors.csv_import import prior_text
    from mc_sie.storage.writing import write_new_text

    seen = None
    if extends is not None:
        seen = as_seen_from(output, extends)
    write_new_text(output, prior_text(table, title=title or table.stem, extends=extends, extends_as=seen))
    loaded = load_prior(output)
    warn(loaded.warnings)
    say(f"{output} written; digest {loaded.digest[:12]}. Look at it: mc-sie priors show {output}")


@priors_app.command("schema")
def priors_schema() -> None:
    """The JSON Schema of prior files, for editors."""
    import json

    from mc_sie.priors import json_schema

    print(json.dumps(json_schema(), indent=1))
