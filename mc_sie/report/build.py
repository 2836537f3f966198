"""A report: everything there is to say of one answer, worked out, worded and written.

``index.html``
    One page that needs nothing else.
``report.md``, ``numbers.csv``
    The same for people who paste, and every number of it in one long table.
``run.json``
    The prior, seed, sizes and versions that made it; ``mc-sie verify`` makes it again from this.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from mc_sie.analysis.comparison import checks
from mc_sie.analysis.comparison.breakeven import BreakEven, breakeven, pinned_at
from mc_sie.analysis.comparison.decomposition import Comparison, compare
from mc_sie.analysis.comparison.headlines import headline_table, recorded, spread_sentence
from mc_sie.analysis.comparison.retraining import Retraining, retraining
from mc_sie.analysis.comparison.structure import structure
from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.importance.evidence import check_items, evidence, labour_curves
from mc_sie.analysis.probability import convergence, exceedance
from mc_sie.analysis.probability.summary import Summary, summarise
from mc_sie.analysis.sensitivity.given_data import check_loss_ratio
from mc_sie.analysis.sensitivity.measurement import Measurement, measure
from mc_sie.analysis.sensitivity.study import Sensitivity, sensitivity
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_horizon
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT
from mc_sie.priors import PriorSet, load_prior, shipped_priors
from mc_sie.priors.describing import prior_table
from mc_sie.priors.modified import differing_blocks
from mc_sie.published import davidson_houlden_tables
from mc_sie.published.retraining_compared import beside_essay
from mc_sie.published.targets import SOURCES, all_targets, frame_of
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.report import sections
from mc_sie.report.document import Document, Section, Table
from mc_sie.report.folders import named_prior
from mc_sie.report.render import to_html, to_markdown
from mc_sie.sampling import Design, plan
from mc_sie.storage.reading import entry
from mc_sie.storage.records import (
    circumstances,
    design_record,
    is_run,
    prior_of,
    prior_record,
    read_record,
    run_spec_of,
)
from mc_sie.storage.versions import version_of
from mc_sie.storage.writing import Content, check_folder, write_folder, write_whole
from mc_sie.text.escaping import to_csv

DRAWS_DEFAULT = 2**17
"""Draws of the prior behind a report when nothing else is asked for; all other sizes follow from it."""

_SIZES = {"indices": 4.0, "breakeven": 2**-7, "structure": 2**-3, "retraining": 2**-4, "comparison": 2**-3}
"""Runs for the designed indices in all, and draws for each rerun of the others, as multiples of the report's draws."""

MIXED_DRAWS = 4.0
"""Most draws of all mixed sets of the comparison together, as a multiple of the report's."""

REPORTS_FOLDER = Path("reports")
"""Where reports go when no folder is named."""

LEFT_TO_REPRODUCE = davidson_houlden_tables.SOURCE
"""The source whose numbers a report does not recompute: they take more draws than all the rest of it."""

REFERENCE = ("davidson-houlden-2025", "davidson-2025")
"""Sets that a report compares with: the last that is another one."""


@dataclass(frozen=True)
class ReportRequest:
    """Specification of a report: enough to make it again.

    Attributes
    ----------
    prior : PriorSet
        The set.
    event : Event
        The event.
    design : Design
        Seed, replicates and draws.
    horizon_months : float
        End of each trajectory.
    loss_ratio : float
        Of the decision for which information is valued.
    against : PriorSet or None
        Another set to compare with.
    live_page : bool
        A page of ``mc-sie explore`` lies beside the report's folder, as ``NAME-explorer.html``.
    """

    prior: PriorSet
    event: Event
    design: Design
    horizon_months: float
    loss_ratio: float
    against: PriorSet | None
    live_page: bool = False

    def size(self, what: str) -> int:
        """Draws of one part, a multiple of the report's."""
        return max(int(self.design.n_draws * _SIZES[what]), 2 * self.design.n_replicates)

    @property
    def comparison_draws(self) -> int:
        """Draws for each mixed set of the comparison, so many fewer as there are more of them."""
        assert self.against is not None
        n_mixed = 2 ** len(differing_blocks(self.prior, self.against))
        if self.prior.evidence or self.against.evidence:  # which is one more block
            n_mixed *= 2
        most = int(self.design.n_draws * MIXED_DRAWS) // n_mixed
        return int(max(min(self.size("comparison"), most), 2 * self.design.n_replicates))


def reference_for(prior: PriorSet) -> PriorSet:
    """The shipped set that a report compares with when none is named."""
    names = [name for name in REFERENCE if load_prior(name).digest != prior.digest]
    return load_prior(names[-1])


def make_request(
    source: str,
    *,
    event: str | None,
    against: str | None,
    loss_ratio: float,
    n_draws: int | None,
    seed: int | None,
    horizon_months: float | None,
    without_evidence: bool = False,
) -> ReportRequest:
    """The specification that a command line gives, checked before anything is simulated.

    Parameters
    ----------
    source : str
        A shipped prior set, the path of a TOML file, or a run's folder.
    event, n_draws, seed, horizon_months
        Those of the run, or the defaults, if None; a run's draws, seed and horizon are its own.
    against : str or None
        A prior set to compare with; a shipped one if None, none for ``"none"``.
    loss_ratio : float
        Of the decision for which information is valued.
    without_evidence : bool
        Take the set as it was before its evidence.

    Returns
    -------
    ReportRequest
        Complete.

    Raises
    ------
    InputError
        For anything that cannot be used.
    """
    check_loss_ratio(loss_ratio)
    if is_run(source):
        run = run_spec_of(read_record(Path(source)), source)
        for name, value in (("n_draws", n_draws), ("seed", seed), ("horizon_months", horizon_months)):
            if value is not None:
                why = "is given beside a run, which has its own"
                raise InputError(f"{name} = {value:g}", why, "Leave it out, or name the prior set instead of the run.")
        prior, design, horizon = run.prior, run.design, run.horizon_months
        if event is None:
            event = str(run.event)
    else:
        prior = named_prior(source)
        if n_draws is None:
            n_draws = DRAWS_DEFAULT
        design = plan(n_draws, seed=seed or 0)
        if horizon_months is None:
            horizon = HORIZON_MONTHS_DEFAULT
        else:
            horizon = horizon_months
    if without_evidence:
        prior = prior.without_evidence()
    if event is None:
        event = HEADLINE
    check_horizon(horizon)
    asked = parse_event(event)
    asked.check_horizon(horizon)
    check_items(prior)
    for item in prior.evidence:
        item.check_horizon(horizon)
    if against == "none":
        other = None
    elif against is None:
        other = reference_for(prior)
    else:
        other = named_prior(against)
    return ReportRequest(prior, asked, design, horizon, loss_ratio, other)


def make_report(
    request: ReportRequest, *, command: str, threads: int | None = None, progress: Progress | None = None
) -> Document:
    """Work out and word everything there is to say of one answer.

    Parameters
    ----------
    request : ReportRequest
        What is asked.
    command : str
        Command line, for the record.
    threads : int, optional
        Threads; changes no result.
    progress : callable, optional
        Called with the parts done and the parts in all.

    Returns
    -------
    Document
        To be rendered.

    Raises
    ------
    InputError
        When the event cannot be asked of the set.
    """
    prior, event, design, horizon = request.prior, request.event, request.design, request.horizon_months
    common: dict[str, Any] = {
        "seed": design.seed, "n_replicates": design.n_replicates, "horizon_months": horizon, "threads": threads,
    }  # fmt: skip
    done = _Steps(progress, 11)
    how = common | {
        "scheme": design.scheme,
        "levels": tuple(sorted({*LEVELS_DEFAULT, *event.levels})),
        "widths": tuple(sorted({*WIDTHS_DEFAULT, *event.widths})),
    }
    simulation = simulate(prior, design.n_draws, **how)
    summary = done(summarise(simulation, event))
    sample = sample_of(simulation, event)
    failed = sample.failed_in_words
    measured = done(_tried(lambda: measure(sample, loss_ratio=request.loss_ratio, threads=threads)))
    weigh: dict[str, Any] = {"n_draws": request.size("indices"), "loss_ratio": request.loss_ratio, "threads": threads}
    driven = done(_tried(lambda: sensitivity(sample, **weigh)))
    turned = done(_tried(lambda: _turned(prior, event=event, n_draws=request.size("breakeven"), **common)))
    cost = done(_tried(lambda: _cost(prior, event=event, n_draws=request.size("retraining"), **common)))
    forms = done(_tried(lambda: structure(prior, event=event, n_draws=request.size("structure"), **common)))
    compared = None
    if (other := request.against) is not None:
        n_each = request.comparison_draws
        compared = _tried(lambda: compare(prior, other, event=event, n_draws=n_each, **common))
    limits = checks.limit_table(prior.without_evidence(), event, horizon, seed=design.seed, threads=threads)
    done(compared)
    sets = done(_headlines(request.size("comparison"), threads))
    extremes = done(checks.extreme_inputs(prior.without_evidence(), event, horizon, threads))
    sources = [source for source in SOURCES if source != LEFT_TO_REPRODUCE]
    published = done(frame_of(all_targets(design, sources=sources, threads=threads)))
    sums = _sums(driven, compared, summary)
    rare_command = None
    if summary.answer.prob <= 0.5:
        rare_command = _rare_command(request)
    replicates = sections.convergence(
        summary, convergence.replicate_table(sample), convergence.running_table(sample), failed
    )
    parts = [
        sections.answer(summary, exceedance.exceedance_table(simulation), exceedance.threshold_map(simulation)),
        sections.side_by_side(sets, compared),
        sections.drivers(driven, rare_command),
        sections.disagreement(turned),
        sections.retraining(cost),
    ]
    if isinstance(driven, Sensitivity):
        parts.append(sections.worlds(driven))
    parts.append(sections.assumptions(prior, prior_table(prior), sections.quantile_points(prior), event, horizon))
    if isinstance(measured, Measurement):  # what stands in its way stood in that of the drivers, and is said there
        parts.append(sections.measurements(measured))
    if prior.evidence:
        posterior = evidence(simulation, event)
        curves = labour_curves(simulation)
        parts.append(sections.evidence(posterior, curves, simulation.method_in_words, simulation.warnings))
    facts = _facts(request, command)
    parts += [
        sections.form(forms),
        sections.checks(limits, extremes, published, sums, replicates),
        sections.again(facts, (command, "mc-sie verify ."), _bibtex(request)),
    ]
    done(None)
    is_headline = bool(spread_sentence(event, horizon))
    others = None
    if is_headline:
        others = sets
    spread = _spread(event, horizon)
    items = sections.lead(
        event,
        sections.hangs_on(driven, turned, spread),
        sections.strip_of(prior, summary.answer, sets, is_headline),
        _live_page(request),
    )
    return Document(
        f"{prior.title}: how likely is a software intelligence explosion?",
        sections.claim(prior, summary.answer, others),
        tuple(filter(None, (*items, failed))),
        facts,
        tuple(parts),
        {
            "the prior as it was resolved (JSON)": ("prior.json", "application/json", _json(prior.to_dict())),
            "how to cite it (BibTeX)": ("mc_sie.bib", "text/plain", _bibtex(request)),
        },
        f"{summary.sentence.rstrip('.')}: the probability that {event.in_words}.",
    )


Part = TypeVar("Part")


class _Steps:
    """Reports each part as it is done, and hands it on."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.done, self.total = progress, 0, total

    def __call__(self, part: Part) -> Part:
        self.done += 1
        if self.progress:
            self.progress(min(self.done, self.total), self.total)
        return part


def _tried(part: Callable[[], Part]) -> Part | InputError:
    """A part of a report, or why this set or this event does not allow it: the others are written all the same."""
    try:
        return part()
    except InputError as error:
        return error


def _turned(prior: PriorSet, **how: Any) -> tuple[BreakEven, pd.DataFrame]:
    """Break-even values, and the answer with each input pinned."""
    found = breakeven(prior, **how)
    return found, pinned_at(found)


def _cost(prior: PriorSet, **how: Any) -> tuple[Retraining, pd.DataFrame]:
    """The cost of retraining, and the essay's figures beside it."""
    found = retraining(prior, **how)
    return found, beside_essay(found)


def _rare_command(request: ReportRequest) -> str | None:
    """A command that finds draws with the event where hardly one has it; None where it cannot be asked."""
    prior = request.prior
    if prior.evidence or not prior.dimensions:
        return None
    words = ["mc-sie", "run", _source_of(prior), "--rare", "--event", str(request.event)]
    if request.horizon_months != HORIZON_MONTHS_DEFAULT:
        words += ["--horizon-months", f"{request.horizon_months:g}"]
    return shlex.join(words)


def _spread(event: Event, horizon_months: float) -> str:
    return spread_sentence(event, horizon_months) or "Prior choice matters more than any Monte Carlo error."


def _live_page(request: ReportRequest) -> str:
    """Where these priors have sliders: the page beside the report, or the command that makes it."""
    name = request.prior.name
    if request.live_page:
        return f"Do you believe otherwise? [Move these priors on the live page](../{name}-explorer.html)."
    command = shlex.join(["mc-sie", "explore", _source_of(request.prior)])
    return f"Do you believe otherwise? `{command}` makes a page on which every prior has sliders."


def _source_of(prior: PriorSet) -> str:
    """Name to type for a set: its shipped name, or its file."""
    if prior.name in shipped_priors():
        return prior.name
    return str(prior.path)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _facts(request: ReportRequest, command: str) -> dict[str, str]:
    design = request.design
    return {
        "prior": request.prior.name,
        "prior digest": request.prior.digest,
        "event": str(request.event),
        "horizon": f"{request.horizon_months:g} months",
        "draws": f"{design.n_draws:,} ({design.scheme}, {design.n_replicates} randomisations)",
        "seed": str(design.seed),
        "version": f"mc_sie {version_of('mc-sie')}",
        "command": command,
    }


def _bibtex(request: ReportRequest) -> str:
    version = version_of("mc-sie")
    return (
        "@software{mc_sie,\n"
        "  title = {mc\\_sie: how likely is a software intelligence explosion?},\n"
        f"  version = {{{version}}},\n"
        f"  note = {{Prior {request.prior.name}, digest {request.prior.digest[:12]}, seed {request.design.seed}, "
        f"{request.design.n_draws} draws}}\n"
        "}"
    )


def _sums(found: Sensitivity | InputError, compared: Comparison | InputError | None, summary: Summary) -> pd.DataFrame:
    """Sums that hold by construction, and whether they did."""
    rows: list[dict[str, object]] = []

    def row(what: str, value: float, should_be: float) -> None:
        holds = abs(value - should_be) < 1e-9
        rows.append({"sum": what, "value": round(value, 12), "should be": round(should_be, 12), "holds": holds})

    if isinstance(found, Sensitivity) and found.indices is not None:
        row("Shapley effects of the inputs", float(found.indices.index("shapley")["value"].sum()), 1.0)
        groups = found.indices.groups
        row("Shapley effects of the groups", float(groups.loc[groups["index"] == "shapley", "value"].sum()), 1.0)
    row("shares of the retraining modes", float(summary.modes["share"].sum()), 1.0)
    if isinstance(compared, Comparison):
        for change in compared.changes.itertuples():
            bars = compared.bars[compared.bars["against"] == change.against]
            row(f"bars of the waterfall to {change.against}", float(bars["change"].sum()), float(change.change))
    return pd.DataFrame(rows)


def write_report(folder: Path, document: Document, request: ReportRequest, *, command: str) -> Path:
    """Write a report's folder, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet.
    document : Document
        From :func:`make_report`.
    request : ReportRequest
        What was asked.
    command : str
        Command line that made it.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """
    files: dict[str, Content] = {
        "index.html": to_html(document),
        "report.md": to_markdown(document),
        "numbers.csv": lambda path: to_csv(document.numbers(), path, float_format="%.10g"),
    }
    return write_folder(folder, folder.name, files, {**request_record(request), **circumstances(command)})


def check_index(folder: Path) -> Path:
    """The index page of a folder of reports; an InputError where the folder cannot be made."""
    check_folder(folder, f"folder {folder}")
    return folder / "index.html"


def write_index(path: Path, *, command: str) -> None:
    """Write the page that leads to the reports of the shipped sets."""
    write_whole(path, to_html(index_of_reports(command)))


def index_of_reports(command: str) -> Document:
    """A page that sets the shipped prior sets beside each other and leads to their reports."""
    sets = _headlines(None)
    table = pd.DataFrame(
        {
            "prior set": [f"[{name}]({name}/index.html)" for name in sets["name"]],
            "probability": sets["label"],
            "counted from day one, %": [f"{100 * prob:.3g}" for prob in sets["prob_from_start"]],
            "whose beliefs": sets["title"],
        }
    )
    beside = sections.side_by_side(sets, None)
    numbers = sets[["name", "prob", "se", "low", "high", "interval", "prob_from_start", "se_from_start"]]
    reports = Section("reports", "Each in full", (Table("reports", "Reports, most probable first.", table, numbers),))
    return Document(
        "How likely is a software intelligence explosion? It depends on whose beliefs go in.",
        f"From {sets['label'].iloc[-1]} to {sets['label'].iloc[0]}, by prior set: the probability that "
        f"{parse_event(HEADLINE).in_words}.",
        (sections.EXPLAINED,),
        {"event": HEADLINE, "version": f"mc_sie {version_of('mc-sie')}", "command": command},
        (beside, reports),
    )


def _headlines(n_draws: int | None, threads: int | None = None) -> pd.DataFrame:
    """Headlines of the shipped sets as recorded, or computed where a set has changed since."""
    sets = recorded()
    if sets is None:
        return headline_table(n_draws or DRAWS_DEFAULT, threads=threads)
    return sets


def request_record(request: ReportRequest) -> dict[str, Any]:
    """Specification of a report, ready for JSON."""
    return {
        "method": "report",
        **prior_record(request.prior),
        "against": request.against and request.against.to_dict(),
        "event": str(request.event),
        "design": design_record(request.design),
        "horizon_months": request.horizon_months,
        "loss_ratio": request.loss_ratio,
        "live_page": request.live_page,
    }


def report_request_of(record: Mapping[str, Any], where: str) -> ReportRequest:
    """The request that :func:`request_record` described; an InputError where the record is not one of a report."""
    asked = run_spec_of(record, where)
    loss_ratio = entry(record, "loss_ratio", float, where)
    check_loss_ratio(loss_ratio)
    other = None
    if record.get("against", "") is not None:
        other = prior_of(record, "against", where)
    has_page = bool(record.get("live_page"))
    return ReportRequest(asked.prior, asked.event, asked.design, asked.horizon_months, loss_ratio, other, has_page)
