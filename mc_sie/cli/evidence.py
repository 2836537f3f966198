"""``evidence`` and ``reweight``: a prior set given what was measured, and another prior's answer from a run."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Prior, Quiet, Threads, app, number_option, whole_option
from mc_sie.cli.printing import counted, print_table, progress_bar, refuse, say, warn
from mc_sie.errors import EXIT_RERUN

if TYPE_CHECKING:
    import pandas as pd

    from mc_sie.analysis.evidence import EvidenceReport
    from mc_sie.analysis.reweight import Reweighted


@app.command()
def evidence(
    prior: Prior = "economists-evidence",
    event: Annotated[str, typer.Option(help="Event whose probability moves.")] = "best_window_months[5] < 12",
    draws: Annotated[
        int,
        whole_option(help="Draws; rounded up to replicates x a power of two (Sobol')."),
    ] = 2**17,
    seed: Annotated[
        int,
        whole_option(help="Seed. The same seed gives the same draws on any machine."),
    ] = 0,
    scheme: Annotated[str, typer.Option(help="Sampling scheme: sobol, philox (plain Monte Carlo) or lhs.")] = "sobol",
    replicates: Annotated[int, whole_option(help="Independent randomisations, for the standard error.")] = 32,
    horizon_months: Annotated[float, number_option(help="End of each simulated trajectory.")] = 240.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the tables (CSV), all of it (JSON) and the figure to.")
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """A prior set before and after its evidence, and which piece of evidence moved the probability how far."""
    from mc_sie.events import parse_event
    from mc_sie.files import check_folder
    from mc_sie.priors import load_prior, shipped_priors

    asked = parse_event(event)
    loaded = load_prior(prior)
    if not loaded.evidence:
        given = ", ".join(name for name in shipped_priors() if load_prior(name).evidence)
        remedy = f"State some as [[evidence]] in a prior file, or take a shipped set that has it: {given}."
        refuse(loaded.name, "states no evidence", remedy)
    asked.check_horizon(horizon_months)
    if out:
        check_folder(out, f"--out {out}")
    warn(loaded.warnings)

    from mc_sie.analysis.condition import condition
    from mc_sie.analysis.evidence import weigh_evidence
    from mc_sie.outcomes import WIDTHS_DEFAULT

    with progress_bar(quiet) as progress:
        conditioned = condition(
            loaded,
            draws,
            seed=seed,
            scheme=scheme,
            n_replicates=replicates,
            horizon_months=horizon_months,
            levels=asked.levels or (5.0,),
            widths=sorted({*WIDTHS_DEFAULT, *asked.widths}),
            threads=threads,
            progress=progress,
        )
    with progress_bar(quiet, "weighing", "subsets") as progress:
        report = weigh_evidence(conditioned, asked, progress=progress)
    _print_report(report)
    say(conditioned.method)
    design = conditioned.simulation.design
    scheme = f"{design.scheme}, {design.n_replicates} randomisations, seed {design.seed}"
    say(
        f"{counted(report.n_draws, 'draw')} ({scheme}); "
        f"over all subsets of the evidence k-hat is at most {report.pareto_k:.2f} and the draws are worth at least "
        f"{report.ess_low:,.0f} of equal weight; prior {loaded.digest[:12]}."
    )
    for doubt in (*conditioned.doubts, *report.doubts):
        say(f"Errors may be larger than stated: {doubt}.", style="red")
    if out:
        from mc_sie.tables import write_evidence

        write_evidence(report, out)
        say(f"Tables and figure written to {out}/")


@app.command()
def reweight(
    run: Annotated[Path, typer.Argument(help="Folder of a run that kept its draws.")],
    prior: Annotated[str, typer.Option(help="The other prior: a shipped name or the path of a TOML file.")],
    event: Annotated[str | None, typer.Option(help="What to ask; the run's own event if not given.")] = None,
    target_se: Annotated[
        float | None,
        number_option(help="Standard error that the answer must have, e.g. 0.001."),
    ] = None,
    or_rerun: Annotated[
        bool, typer.Option("--or-rerun", help="Simulate again where the draws of the run do not answer.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write; with --or-rerun that of the new run.")] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Another prior's answer from the draws of a run, by weights, where these can give it.

    Exits with 3, and says why, if the prior must be simulated instead.
    """
    from mc_sie.analysis.precision import precision
    from mc_sie.events import parse_event
    from mc_sie.priors import load_prior
    from mc_sie.store import check_target, read_run, write_reweighted

    asked = None if event is None else parse_event(event)
    precision(target_se, None, n_draws=1, max_draws=1)
    loaded = load_prior(prior)
    if out:
        check_target(out, loaded.name)
    warn(loaded.warnings)

    from mc_sie.analysis.reweight import reweight as reweighted

    stored = read_run(run, asked)
    found = reweighted(stored.sample, loaded, target_se=target_se)
    command = shlex.join(["mc-sie", *sys.argv[1:]])
    if found.is_accepted:
        _print_reweighted(found, stored.folder)
        if out:
            say(f"Results: {write_reweighted(out, found, command=command)}/")
        return
    say(f"The draws of {stored.folder}/ do not answer for {loaded.name}:", err=True)
    for reason in found.reasons:
        say(f"  - {reason}", err=True)
    if not or_rerun:
        say("Simulate it: mc-sie run " + shlex.quote(prior) + ", or add --or-rerun.", err=True)
        raise typer.Exit(EXIT_RERUN)
    from mc_sie.cli.run import run_again

    run_again(loaded, stored, target_se=target_se, out=out, command=command, threads=threads, quiet=quiet)


def _print_reweighted(found: Reweighted, folder: Path) -> None:
    from mc_sie.cli.run import print_modes

    target, n = found.target, len(found.sample.hits)
    say(f"{target.title} ({target.name}), from the draws of {folder}/ ({found.source.name})")
    say(f"Probability that {found.sample.event.in_words}:")
    say(f"\n  {found.sentence}\n", style="bold")
    if len(found.modes) > 1:
        print_modes(found.modes)
    tail = f"k-hat {found.pareto_k:.2f}" if math.isfinite(found.pareto_k) else "tail: none"
    say(
        f"{counted(n, 'draw')}, reweighted: worth {found.ess:,.0f} of equal weight, Pareto {tail}; "
        f"prior {target.digest[:12]} from {found.source.digest[:12]}."
    )
    for warning in found.warnings:
        say(f"Doubtful: {warning}.", style="red")


def _print_report(report: EvidenceReport) -> None:
    from mc_sie.analysis.estimates import in_percent, se_in_points

    say(f"{report.prior.title} ({report.prior.name})")
    say(f"Probability that {report.event.in_words}:")
    texts = [
        in_percent(one) + ("" if one.is_rare else f" (Monte Carlo SE {se_in_points(one)} points)")
        for one in (report.before, report.after)
    ]
    pieces = counted(len(report.items), "piece")
    say(f"\n  {texts[0]} before; {texts[1]} given {pieces} of evidence.\n", style="bold")
    print_table(_inputs(report.inputs), "Before and after: 5th, 50th and 95th percentile", 3)
    if len(report.shares):
        shares = report.shares[["quantity", "value"]].copy()
        shares["before"] = [f"{100 * share:.1f} %" for share in report.shares["prior"]]
        rows = zip(report.shares["posterior"], report.shares["se_posterior"], strict=True)
        shares["after"] = [_points(share, se) + " %" for share, se in rows]
        print_table(shares, "Shares")
    print_table(_surprise(report.items), "How surprising each piece is to the prior")
    print_table(_moves(report.items), "What each piece does to the probability, points; last digit good to its SE")


def _inputs(inputs: pd.DataFrame) -> pd.DataFrame:
    shown = inputs[["quantity", "unit"]].copy()
    for which in ("prior", "posterior"):
        columns = inputs[[f"{which}_q05", f"{which}_q50", f"{which}_q95"]].itertuples(index=False)
        shown["before" if which == "prior" else "after"] = [
            "  ".join(f"{value:.3g}" for value in row) for row in columns
        ]
    shown["new median is the old quantile"] = [f"{100 * moved:.0f} %" for moved in inputs["moved_to"]]
    return shown


def _surprise(items: pd.DataFrame) -> pd.DataFrame:
    shown = items[["name", "words"]].copy()
    rows = list(items.itertuples())
    shown["satisfied by"] = [_points(row.satisfied, row.se_satisfied) + " %" for row in rows]
    shown["expected likelihood"] = [_points(row.expected_likelihood, row.se_expected_likelihood) + " %" for row in rows]
    shown["prior-predictive p"] = [f"{row.predictive:.2g}" for row in rows]
    shown["k-hat"] = [f"{max(row.pareto_k, -9.9):.1f}" for row in rows]
    shown["draws worth"] = [f"{100 * row.ess_share:.0f} %" for row in rows]
    return shown


def _moves(items: pd.DataFrame) -> pd.DataFrame:
    shown = items[["name"]].copy()
    for name, heading in (("added", "added alone"), ("removed", "removed last"), ("shapley", "Shapley")):
        rows = zip(items[name], items[f"se_{name}"], strict=True)
        shown[heading] = [_points(value, se, "+") for value, se in rows]
        shown[f"{'SE':<{len(shown.columns)}}"] = [f"{100 * se:.1g}" for se in items[f"se_{name}"]]
    return shown


def _points(value: float, se: float, sign: str = "") -> str:
    """A share in points, to the first digit of its error."""
    from mc_sie.analysis.estimates import decimals

    return f"{100 * value:{sign}.{decimals(100 * se)}f}"
