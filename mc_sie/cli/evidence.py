"""``evidence``: a prior set before and after what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mc_sie.cli.app import Prior, Quiet, Threads, app, number_option, whole_option
from mc_sie.cli.printing import counted, print_table, print_then_write, progress_bar, refuse, say, warn, with_se

if TYPE_CHECKING:
    import pandas as pd

    from mc_sie.analysis.importance.evidence import EvidenceReport
    from mc_sie.engine.run import Simulation


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
    scheme: Annotated[str, typer.Option(help="Sampling scheme: sobol or philox (plain Monte Carlo).")] = "sobol",
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
    from mc_sie.priors import load_prior, shipped_priors
    from mc_sie.storage.writing import check_target

    asked = parse_event(event)
    loaded = load_prior(prior)
    if not loaded.evidence:
        given = ", ".join(name for name in shipped_priors() if load_prior(name).evidence)
        remedy = f"State some as [[evidence]] in a prior file, or take a shipped set that has it: {given}."
        refuse(loaded.name, "states no evidence", remedy)
    asked.check_horizon(horizon_months)
    if out:
        check_target(out, "")
    warn(loaded.warnings)

    from mc_sie.analysis.importance.drawing import simulate
    from mc_sie.analysis.importance.evidence import check_items
    from mc_sie.analysis.importance.evidence import evidence as evidence_report
    from mc_sie.outcomes import WIDTHS_DEFAULT

    check_items(loaded)
    with progress_bar(quiet) as progress:
        simulation = simulate(
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
        report = evidence_report(simulation, asked, progress=progress)
    if out is None:
        _print_all(report, simulation)
        return

    from mc_sie.report.folders import write_evidence

    print_then_write(lambda: _print_all(report, simulation), lambda: write_evidence(report, out))
    say(f"Tables and figure written to {out}/")


def _print_all(report: EvidenceReport, simulation: Simulation) -> None:
    """Print what moved, and how far the draws can be trusted."""
    _print_report(report)
    say(simulation.method_in_words)
    design = simulation.design
    scheme = f"{design.scheme}, {design.n_replicates} randomisations, seed {design.seed}"
    say(
        f"{counted(report.n_draws, 'draw')} ({scheme}); "
        f"over all subsets of the evidence k-hat is at most {max(report.pareto_k, -9.99):.2f} and the draws are worth "
        f"at least {report.ess_low:,.0f} of equal weight; prior {report.prior.digest[:12]}."
    )
    for doubt in (*simulation.warnings, *report.warnings):
        say(f"Errors may be larger than stated: {doubt}.", style="red")


def _print_report(report: EvidenceReport) -> None:
    """Print the probability before and after, then what moved: inputs, shares, and each piece of evidence."""
    say(f"{report.prior.title} ({report.prior.name})")
    say(f"Probability that {report.event.in_words}:")
    pieces = counted(len(report.items), "piece")
    say(f"\n  {with_se(report.before)} before; {with_se(report.after)} given {pieces} of evidence.\n", style="bold")
    if report.n_failed:
        before, after = (
            f"{100 * low:.3g} % and {100 * high:.3g} %" for low, high in (report.bounds_before, report.bounds_after)
        )
        say(
            f"{counted(report.n_failed, 'draw')} of the prior could not be simulated; counting them as misses or as "
            f"hits, the probability lies between {before} before, and between {after} given the evidence.",
            style="red",
        )
    if len(report.inputs):
        print_table(_inputs(report.inputs), "Before and after: 5th, 50th and 95th percentile", 3)
    else:
        say("No number varies, so that the evidence cannot move any.")
    if len(report.shares):
        shares = report.shares[["quantity", "value"]].copy()
        shares["before"] = [f"{100 * share:.1f} %" for share in report.shares["prior"]]
        rows = zip(report.shares["posterior"], report.shares["se_posterior"], strict=True)
        shares["after"] = [_points(share, se) + " %" for share, se in rows]
        print_table(shares, "Shares")
    print_table(_surprise(report.items), "How surprising each piece is to the prior")
    print_table(_moves(report.items), "What each piece does to the probability, points; last digit good to its SE")


def _inputs(inputs: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of each input before and after, three to a cell."""
    from mc_sie.report.naming import labelled

    shown = inputs[["quantity", "unit"]].assign(quantity=inputs["quantity"].map(labelled))
    for heading, which in (("before", "prior"), ("after", "posterior")):
        columns = inputs[[f"{which}_q05", f"{which}_q50", f"{which}_q95"]].itertuples(index=False)
        shown[heading] = ["  ".join(f"{value:.3g}" for value in row) for row in columns]
    shown["new median is the old quantile"] = [f"{100 * moved:.0f} %" for moved in inputs["moved_to"]]
    return shown


def _surprise(items: pd.DataFrame) -> pd.DataFrame:
    """Each piece of evidence with how far the prior expected it, and how unequal its weights are."""
    shown = items[["name", "words"]].copy()
    rows = list(items.itertuples())
    shown["satisfied by"] = [_points(row.satisfied, row.se_satisfied) + " %" for row in rows]
    shown["expected likelihood"] = [_points(row.expected_likelihood, row.se_expected_likelihood) + " %" for row in rows]
    shown["prior-predictive p"] = [f"{row.predictive:.2g}" for row in rows]
    shown["k-hat"] = [f"{max(row.pareto_k, -9.9):.1f}" for row in rows]
    shown["ESS, of the draws"] = [f"{100 * row.ess_share:.0f} %" for row in rows]
    return shown


def _moves(items: pd.DataFrame) -> pd.DataFrame:
    """Points of probability that each piece adds alone, last, and on average over all orders."""
    shown = items[["name"]].copy()
    for name, heading in (("added", "added alone"), ("removed", "removed last"), ("shapley", "Shapley")):
        rows = zip(items[name], items[f"se_{name}"], strict=True)
        shown[heading] = [_points(value, se, "+") for value, se in rows]
        shown[f"{'SE':<{len(shown.columns)}}"] = [f"{100 * se:.1g}" for se in items[f"se_{name}"]]
    return shown


def _points(value: float, se: float, sign: str = "") -> str:
    """A share in points, to the first digit of its error."""
    from mc_sie.stats.estimates import decimals

    return f"{100 * value:{sign}.{decimals(100 * se)}f}"
