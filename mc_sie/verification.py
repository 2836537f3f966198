"""Making a run or a report again from its own record, and holding every number to the stored one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.analysis.condition import condition
from mc_sie.analysis.rare import estimate_rare
from mc_sie.analysis.streaming import Job, stream
from mc_sie.analysis.summary import summarise, summarise_counts
from mc_sie.analysis.tally import Questions
from mc_sie.engine.run import Progress, simulate
from mc_sie.reporting import make_report, request_of, write_report
from mc_sie.store import asked_of, read_record, reading, version_of, write_rare, write_run, write_streamed

RELATIVE, REPORT_RELATIVE = 1e-6, 1e-3
"""How far a number may be from the stored one, relative to it: other processors round the last digits otherwise. In a
report some numbers rest on a thousand draws, so that one draw that changes sides is a thousandth."""

FLIPPED = 3
"""How many draws may change sides of a threshold, for the same reason."""


@dataclass(frozen=True)
class Verification:
    """What came of doing a run again.

    Attributes
    ----------
    drift : pandas.DataFrame
        One row a number outside tolerance of the stored one: ``file``, ``row``, ``column``, ``stored``, ``now``.
    n_compared : int
        Numbers and texts compared.
    versions : dict of str to (str, str)
        Libraries whose version is another than when the run was made: then, and now.
    """

    drift: pd.DataFrame
    n_compared: int
    versions: dict[str, tuple[str, str]]


def verify_run(folder: Path, *, threads: int | None = None, progress: Progress | None = None) -> Verification:
    """Make a run or a report again from its ``run.json`` and compare every table.

    Parameters
    ----------
    folder : pathlib.Path
        A folder, or the ``run.json`` in it: of a run that kept its draws, one with ``--no-draws``, one with
        ``--rare``, or a report.
    threads : int, optional
        Threads.
    progress : callable, optional
        Called with the draws done and the draws in all.

    Returns
    -------
    Verification
        Empty drift when every number is the same within 10^-6 relative, or three draws for a share.

    Raises
    ------
    InputError
        When the folder is no run, or a file in it has changed since it was written.
    """
    folder = folder.parent if folder.name == "run.json" else folder
    record, where = read_record(folder), str(folder / "run.json")
    scratch = Path(tempfile.mkdtemp(prefix="mc-sie-verify-"))
    try:
        again = _done_again(record, scratch / "run", where, threads, progress)
        found = read_record(again)
        relative = REPORT_RELATIVE if record.get("method") == "report" else RELATIVE
        rows = list(_table_drift(folder, again, sorted(record["files"]), relative))
        n_compared = sum(n for n, _ in rows)
        drift = [row for _, part in rows for row in part]
        answer = record.get("answer") or {}
        for name in answer.keys() & {"prob", "low", "high", "n_hits", "n_draws"}:
            n_compared += 1
            stored, now = answer[name], found["answer"][name]
            if not _same(stored, now, answer["n_draws"], is_count=name.startswith("n_")):
                drift.append({"file": "run.json", "row": "answer", "column": name, "stored": stored, "now": now})
        with reading(where):
            versions = {name: (then, version_of(name)) for name, then in record["versions"].items()}
        versions = {name: (then, now) for name, (then, now) in versions.items() if now != then}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Verification(pd.DataFrame(drift, columns=["file", "row", "column", "stored", "now"]), n_compared, versions)


def _done_again(
    record: dict[str, Any], target: Path, where: str, threads: int | None, progress: Progress | None
) -> Path:
    """The run of a record, written to another folder."""
    command = str(record.get("command"))
    if record.get("method") == "report":
        request = request_of(record, where)
        document = make_report(request, command=command, threads=threads, progress=progress)
        return write_report(target, document, request, command=command)
    asked = asked_of(record, where)
    prior, event, design, horizon = asked.prior, asked.event, asked.design, asked.horizon_months
    sizes: dict[str, Any] = {"seed": design.seed, "scheme": design.scheme, "n_replicates": design.n_replicates}
    if record.get("method") == "importance sampling":
        rare = estimate_rare(
            prior, event, design.n_draws, horizon_months=horizon, threads=threads, progress=progress, **sizes
        )
        return write_rare(target, rare, command=command)
    with reading(where):
        levels, widths = tuple(map(float, record["levels"])), tuple(map(float, record["widths"]))
    if record.get("draws_kept") is False:
        only_event = bool(record.get("only_event"))
        questions = Questions(event, levels, widths, horizon, tuple(prior.dimensions), only_event)
        streamed = stream(Job.growing(prior, design, questions, design.n_draws), threads=threads, progress=progress)
        summary = summarise_counts(questions, streamed.rows, design.scheme)
        return write_streamed(target, streamed, summary, command=command)
    drawn = (condition if prior.evidence else simulate)(
        prior, design.n_draws, horizon_months=horizon, levels=levels, widths=widths, threads=threads, progress=progress,
        **sizes,
    )  # fmt: skip
    return write_run(target, drawn, summarise(drawn, event), command=command)


def _table_drift(
    stored: Path, again: Path, files: list[str], relative: float
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """For each table the number of cells compared, and those that differ."""
    for name in files:
        if not name.endswith(".csv"):
            continue
        then, now = (pd.read_csv(folder / name, keep_default_na=False, na_values=[""]) for folder in (stored, again))
        if then.shape != now.shape or list(then) != list(now):
            shapes = [f"{frame.shape[0]} rows, {frame.shape[1]} columns" for frame in (then, now)]
            yield 1, [{"file": name, "row": "", "column": "", "stored": shapes[0], "now": shapes[1]}]
            continue
        draws = then["n_draws"] if "n_draws" in then else pd.Series(np.inf, index=then.index)
        differing = [
            {"file": name, "row": place + 1, "column": column, "stored": before, "now": after}
            for column in then
            for place, (before, after) in enumerate(zip(then[column], now[column], strict=True))
            if not _same(before, after, draws[place], is_count=str(column).startswith("n_"), relative=relative)
        ]
        yield then.size, differing


def _same(stored: Any, now: Any, n_draws: float, *, is_count: bool, relative: float = RELATIVE) -> bool:
    """Whether two cells agree: texts exactly, numbers within tolerance."""
    numbers = (int, float, np.integer, np.floating)
    if not isinstance(stored, numbers) or not isinstance(now, numbers):
        return bool(stored == now) or (stored is None and now is None)
    if np.isnan(stored) and np.isnan(now):
        return True
    share = FLIPPED if is_count else FLIPPED / n_draws
    at_least = 0.0 if relative == RELATIVE else relative
    return bool(np.isclose(now, stored, rtol=relative, atol=max(share, at_least)))
