"""Folders of single analyses with their figures (sensitivity, headlines, evidence), written whole or not at all."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from mc_sie.analysis.importance.evidence import EvidenceReport, evidence_record
from mc_sie.analysis.sensitivity.measurement import MEASURE_READINGS, Measurement
from mc_sie.analysis.sensitivity.study import Sensitivity
from mc_sie.engine.sample import Sample
from mc_sie.report.figures.common import headlines_figure, save
from mc_sie.report.figures.evidence import evidence_figure
from mc_sie.report.figures.measurement import measurement_figure
from mc_sie.report.figures.sensitivity import sensitivity_figures
from mc_sie.storage.files import write_folder
from mc_sie.storage.store import estimate_record, write_analysis
from mc_sie.text.escaping import to_csv


def write_sensitivity(folder: Path, found: Sensitivity, *, command: str) -> Path:
    """Write the folder of a sensitivity analysis, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet.
    found : Sensitivity
        What to write: ``record.json``, one CSV a table, and the figures as SVG and PNG.
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
    files: dict[str, Callable[[Path], object]] = {
        f"{name}.csv": functools.partial(to_csv, frame) for name, frame in found.tables.items()
    }
    for name, figure in sensitivity_figures(found).items():
        files |= {f"{name}{ending}": functools.partial(save, figure) for ending in (".svg", ".png")}
    return write_analysis(folder, files, sensitivity_record(found), command=command)


def sensitivity_record(found: Sensitivity) -> dict[str, Any]:
    """Everything about a sensitivity analysis but its tables.

    Parameters
    ----------
    found : Sensitivity
        The analysis.

    Returns
    -------
    dict
        Ready for JSON.
    """
    return _sample_record(found.sample) | {
        "method": "sensitivity",
        "n_evaluations": 0 if found.indices is None else found.indices.n_evaluations,
        "loss_ratio": found.loss_ratio,
        "answer": estimate_record(found.answer),
        "sentences": list(found.sentences),
        "notes": list(found.notes),
        "fixed": list(found.fixed),
        "readings": found.readings,
    }


def _sample_record(sample: Sample) -> dict[str, Any]:
    """Prior set, design, horizon and event of draws."""
    return {
        "prior": sample.prior.to_dict(),
        "design": {**asdict(sample.design), "n_draws": sample.design.n_draws},
        "horizon_months": sample.horizon_months,
        "event": str(sample.event),
    }


def write_measurement(folder: Path, found: Measurement, *, command: str) -> Path:
    """Write the folder of readings and what they are worth, all of it or none.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet.
    found : Measurement
        What to write: ``record.json``, one CSV a table, and the figure as SVG and PNG.
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
    files: dict[str, Callable[[Path], object]] = {
        f"{name}.csv": functools.partial(to_csv, frame) for name, frame in found.tables.items()
    }
    figure = measurement_figure(found.readings, f"P({found.sample.event}), {found.sample.prior.name}")
    files |= {f"readings{ending}": functools.partial(save, figure) for ending in (".svg", ".png")}
    record = _sample_record(found.sample) | {
        "method": "measure",
        "loss_ratio": found.loss_ratio,
        "answer": estimate_record(found.answer),
        "sentences": list(found.sentences),
        "notes": list(found.notes),
        "readings": MEASURE_READINGS,
    }
    return write_analysis(folder, files, record, command=command)


def write_headlines(frame: pd.DataFrame, folder: Path) -> None:
    """Write the table and the figure of the headlines of all shipped sets.

    Parameters
    ----------
    frame : pandas.DataFrame
        From :func:`mc_sie.analysis.comparison.headlines.headline_table`.
    folder : pathlib.Path
        A folder that does not exist yet; it is written whole or not at all.
    """

    def write(partial: Path) -> None:
        to_csv(frame, partial / "headlines.csv")
        figure = headlines_figure(frame)
        for ending in (".svg", ".png"):
            save(figure, partial / f"headlines{ending}")

    write_folder(folder, folder.name, write)


def write_evidence(report: EvidenceReport, folder: Path) -> None:
    """Write prior and posterior side by side: tables, figure and all of it as JSON.

    Parameters
    ----------
    report : EvidenceReport
        From :func:`mc_sie.analysis.importance.evidence.evidence`.
    folder : pathlib.Path
        A folder that does not exist yet; it is written whole or not at all.
    """

    def write(partial: Path) -> None:
        for name in ("inputs", "shares", "items"):
            to_csv(getattr(report, name), partial / f"evidence_{name}.csv")
        text = json.dumps(evidence_record(report), indent=1, ensure_ascii=False, allow_nan=False)
        (partial / "evidence.json").write_text(f"{text}\n", encoding="utf-8")
        figure = evidence_figure(report)
        for ending in (".svg", ".png"):
            save(figure, partial / f"evidence{ending}")

    write_folder(folder, folder.name, write)
