"""Folders of single analyses: tables, figures, a text where there is something to read, and a record of how.

Each is written whole or not at all, by :func:`mc_sie.storage.writing.write_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mc_sie.analysis.comparison.breakeven import BreakEven
from mc_sie.analysis.comparison.common_draws import CommonDraws
from mc_sie.analysis.comparison.decomposition import Comparison
from mc_sie.analysis.comparison.retraining import Retraining
from mc_sie.analysis.comparison.structure import Structure
from mc_sie.analysis.importance.evidence import EvidenceReport, evidence_record
from mc_sie.analysis.sensitivity.measurement import MEASURE_READINGS, Measurement
from mc_sie.analysis.sensitivity.study import Sensitivity
from mc_sie.engine.sample import Sample
from mc_sie.priors import PriorSet, load_prior
from mc_sie.priors.digest import plain
from mc_sie.published.retraining_compared import beside_essay
from mc_sie.report import tables as text
from mc_sie.report.figures.common import figure_files, headlines_figure
from mc_sie.report.figures.comparison import comparison_figures, file_name, pinned_figure
from mc_sie.report.figures.evidence import evidence_figure
from mc_sie.report.figures.measurement import measurement_figure
from mc_sie.report.figures.retraining import retraining_figure
from mc_sie.report.figures.sensitivity import sensitivity_figures
from mc_sie.report.render import markdown_table, markdown_text
from mc_sie.stats.estimates import label
from mc_sie.storage.records import circumstances, design_record, estimate_record, is_run, read_record, run_spec_of
from mc_sie.storage.writing import Content, json_text, write_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def named_prior(name: str) -> PriorSet:
    """A prior set by its shipped name, from a file, or as a run's folder has stored it."""
    if is_run(name):
        return run_spec_of(read_record(Path(name)), name).prior
    return load_prior(name)


def write_comparison(folder: Path, found: Comparison, priors: list[PriorSet], *, command: str) -> Path:
    """Write a comparison, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet.
    found : Comparison
        What to write.
    priors : list of PriorSet
        The sets, for the record.
    command : str
        Command line that made it.

    Returns
    -------
    pathlib.Path
        The folder: ``compare.md``, ``record.json``, ``sets.csv``, ``changes.csv``, ``bars.csv``, ``mixed.csv``,
        ``differences.csv``, ``densities.csv``; ``waterfall.svg`` and ``densities.svg`` (and as PNG), with the name of
        the other set behind them where there are several.

    Raises
    ------
    InputError
        When it exists, cannot be made, or the disk is full.
    """
    tables = {name: getattr(found, name) for name in ("sets", "changes", "bars", "mixed", "differences", "densities")}
    figures, lines = comparison_figures(found), ["# Why prior sets disagree", ""]
    for against, reading in zip(found.changes["against"], found.readings, strict=True):
        heading = markdown_text(f"{found.sets['name'].iloc[0]} and {against}")
        lines += [f"## {heading}", "", markdown_text(reading), ""]
        lines += [f"![{_alt(name, against)}]({name}.svg)\n" for name in figures if _belongs(name, against, found)]
        if len(found.bars[found.bars["against"] == against]):
            lines += [markdown_table(text.bars_table(found, against)), ""]
            lines += [markdown_table(text.differences_table(found, against)), ""]
    lines += ["## The sets", "", markdown_table(text.sets_table(found)), ""]
    lines += _listed(found.notes)
    lines += [
        "Bars are Shapley values over the blocks that differ: what taking a block from the second set changes, "
        "averaged over all orders; they sum exactly to the difference. Where fewer than 30 draws change there is an "
        "binomial 95 % bound (at most) instead of an error.",
        "",
        *_made_by(found.common, command),
    ]
    record = {"readings": list(found.readings), "notes": list(found.notes)}
    return _write(folder, "compare", tables, figures, lines, record, found.common, priors, command)


def _alt(name: str, against: str) -> str:
    if name.startswith("waterfall"):
        return f"What makes the difference to {against}"
    return f"The distributions that differ from {against}"


def _belongs(name: str, against: str, found: Comparison) -> bool:
    return len(found.changes) == 1 or name.endswith(f"-{file_name(against)}")


def write_breakeven(folder: Path, found: BreakEven, *, command: str) -> Path:
    """Write break-evens as :func:`write_comparison` does.

    The folder holds ``breakeven.md``, ``record.json``, ``values.csv``, ``changes.csv``, ``curves.csv``, ``modes.csv``,
    ``breakeven.svg`` and ``.png``.
    """
    tables = {name: getattr(found, name) for name in ("values", "changes", "curves", "modes")}
    tables = {name: table for name, table in tables.items() if len(table.columns)}
    figures = {}
    if len(found.curves):
        figures["breakeven"] = pinned_figure(found)
    lines = [f"# What would change the answer of {markdown_text(found.prior.name)}", "", *_as_it_is(found), ""]
    lines += [f"![P against the value at which single inputs are pinned]({name}.svg)\n" for name in figures]
    for heading, table in breakeven_sections(found):
        lines += [f"## {heading}", "", markdown_table(table), ""]
    lines += _listed(found.notes)
    lines += _made_by(found.common, command)
    record = {"answer": label(found.answer.estimate), "notes": list(found.notes)}
    return _write(folder, "breakeven", tables, figures, lines, record, found.common, [found.prior], command)


def breakeven_sections(found: BreakEven) -> list[tuple[str, pd.DataFrame]]:
    """Headings and tables of break-evens as text; those that are empty are left out."""
    sections = [
        ("One input pinned: the value at which P is the target", text.breakeven_table(found, "value")),
        ("One prior moved as a whole: its median at which P is the target", text.breakeven_table(found, "median")),
        ("One prior a little different: change of P in points", text.changes_table(found)),
    ]
    if len(found.modes):
        sections.append(("All credence on one retraining mode", text.modes_table(found.modes)))
    return [(heading, table) for heading, table in sections if len(table)]


def write_structure(folder: Path, found: Structure, *, command: str) -> Path:
    """Write structural variants as :func:`write_comparison` does: ``structure.md``, ``record.json``, two tables."""
    tables = {"variants": found.variants, "aspects": found.aspects}
    lines = [f"# {markdown_text(found.prior.name)} by structural variant", "", *_as_it_is(found), ""]
    lines += [markdown_table(text.variants_table(found)), "", markdown_table(text.aspects_table(found)), ""]
    lines += _listed(found.notes)
    lines += _made_by(found.common, command)
    record = {"answer": label(found.answer.estimate), "notes": list(found.notes)}
    return _write(folder, "structure", tables, {}, lines, record, found.common, [found.prior], command)


def write_retraining(folder: Path, found: Retraining, *, command: str) -> Path:
    """Write the cost of retraining as :func:`write_comparison` does.

    The folder holds ``retraining.md``, ``record.json``, ``cases.csv``, ``essay.csv``, ``retraining.svg`` and ``.png``.
    """
    essay = beside_essay(found)
    lines = [f"# What retraining costs under {markdown_text(found.prior.name)}", "", *_as_it_is(found), ""]
    lines += [f"{markdown_text(sentence)}\n" for sentence in found.sentences]
    lines += ["![P and the delay by retraining mode](retraining.svg)\n"]
    for heading, table in retraining_sections(found, essay):
        lines += [f"## {heading}", "", markdown_table(table), ""]
    lines += _listed(found.notes)
    lines += _made_by(found.common, command)
    record = {"answer": label(found.answer.estimate), "gain_ooms": found.gain_ooms, "notes": list(found.notes)}
    tables = {"cases": found.cases, "essay": essay}
    figures = {"retraining": retraining_figure(found)}
    return _write(folder, "retraining", tables, figures, lines, record, found.common, [found.prior], command)


def retraining_sections(found: Retraining, essay: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Headings and tables of the cost of retraining as text."""
    return [
        ("Probability, against no retraining", text.retraining_table(found)),
        (f"Time to gain {found.gain_ooms:g} OOM, over that without retraining", text.delay_table(found)),
        ("N: software doublings by the time the pace has doubled", text.doublings_table(found)),
        ("Davidson (2025) beside this", text.essay_table(essay)),
    ]


def _as_it_is(found: BreakEven | Structure | Retraining) -> list[str]:
    """The answer of the unchanged set, and what the draws that failed leave open."""
    line = f"As it is: {label(found.answer.estimate)} for the probability that {found.common.event.in_words}."
    if not found.answer.n_failed:
        return [line]
    return [line, "", found.answer.failed_in_words]


def _made_by(common: CommonDraws, command: str) -> list[str]:
    return [f"Made by `{command}`: {common.in_words}"]


def _listed(notes: Sequence[str]) -> list[str]:
    """Notes as a list in Markdown, with the empty line that ends it; nothing where there are none."""
    if not notes:
        return []
    return [*(f"* {markdown_text(note)}" for note in notes), ""]


def _write(
    folder: Path,
    name: str,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Figure],
    lines: Sequence[str],
    record: Mapping[str, Any],
    common: CommonDraws,
    priors: Sequence[PriorSet],
    command: str,
) -> Path:
    """Tables, figures and text of an analysis on common draws, with a record that repeats the small tables."""
    small = {stem: table for stem, table in tables.items() if stem not in ("densities", "curves")}
    whole = {
        "event": str(common.event),
        "horizon_months": common.horizon_months,
        "design": design_record(common.design),
        **record,
        **{stem: plain(table.to_dict("records")) for stem, table in small.items()},
        "priors": [prior.to_dict() for prior in priors],
        **circumstances(command),
    }
    files = {**_csv_files(tables), **figure_files(figures), f"{name}.md": "\n".join(lines) + "\n"}
    return write_folder(folder, folder.name, files, whole, "record.json")


def _csv_files(tables: Mapping[str, pd.DataFrame]) -> dict[str, Content]:
    return {f"{name}.csv": table for name, table in tables.items()}


def write_sensitivity(folder: Path, found: Sensitivity, *, command: str) -> Path:
    """Write a sensitivity analysis as :func:`write_comparison` does: one CSV a table, ``record.json`` and figures."""
    record = {
        "method": "sensitivity",
        **_sample_record(found.sample),
        "n_evaluations": found.indices.n_evaluations if found.indices else 0,
        "loss_ratio": found.loss_ratio,
        "answer": estimate_record(found.answer),
        "sentences": list(found.sentences),
        "notes": list(found.notes),
        "fixed": list(found.fixed),
        "readings": found.readings,
        **circumstances(command),
    }
    files = {**_csv_files(found.tables), **figure_files(sensitivity_figures(found))}
    return write_folder(folder, folder.name, files, record, "record.json")


def _sample_record(sample: Sample) -> dict[str, Any]:
    """Prior set, design, horizon and event of draws."""
    return {
        "prior": sample.prior.to_dict(),
        "design": design_record(sample.design),
        "horizon_months": sample.horizon_months,
        "event": str(sample.event),
    }


def write_measurement(folder: Path, found: Measurement, *, command: str) -> Path:
    """Write readings and what they are worth as :func:`write_sensitivity` does, the figure as ``readings.svg``."""
    record = {
        "method": "measure",
        **_sample_record(found.sample),
        "loss_ratio": found.loss_ratio,
        "answer": estimate_record(found.answer),
        "sentences": list(found.sentences),
        "notes": list(found.notes),
        "readings": MEASURE_READINGS,
        **circumstances(command),
    }
    figure = measurement_figure(found.readings, f"P({found.sample.event}), {found.sample.prior.name}")
    files = {**_csv_files(found.tables), **figure_files({"readings": figure})}
    return write_folder(folder, folder.name, files, record, "record.json")


def write_headlines(frame: pd.DataFrame, folder: Path) -> None:
    """Write :func:`mc_sie.analysis.comparison.headlines.headline_table` and its figure as a new folder."""
    files = {"headlines.csv": frame, **figure_files({"headlines": headlines_figure(frame)})}
    write_folder(folder, folder.name, files)


def write_evidence(report: EvidenceReport, folder: Path) -> None:
    """Write prior and posterior side by side as a new folder: tables, figure and all of it as JSON."""
    tables = {f"evidence_{name}": getattr(report, name) for name in ("inputs", "shares", "items")}
    text = json_text(evidence_record(report))
    files = {**_csv_files(tables), "evidence.json": text, **figure_files({"evidence": evidence_figure(report)})}
    write_folder(folder, folder.name, files)
