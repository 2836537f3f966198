"""Making a run or a report again from its own record, and holding every number to the stored one."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie._jit import processor
from mc_sie.analysis.importance.counting import count_draws, count_job
from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.importance.rare import estimate_rare
from mc_sie.analysis.probability.summary import summarise, summarise_counts
from mc_sie.engine.batches import Progress
from mc_sie.engine.counts import CountSpec
from mc_sie.errors import InputError
from mc_sie.report.build import make_report, report_request_of, write_report
from mc_sie.storage.reading import AGAIN, entries, entry, reading
from mc_sie.storage.records import read_record, run_folder, run_spec_of
from mc_sie.storage.runs import write_rare, write_run, write_streamed
from mc_sie.storage.versions import version_of
from mc_sie.text.showing import Shown

SAME, ELSEWHERE = 1e-9, 1e-3
"""How far a number may be from the stored one, relative to it. On the type of processor and with the versions that made
it bits are the same, and tables are written to ten digits or all; others round last digits otherwise, so that a draw
may change sides, and some numbers of a report rest on a thousand draws."""

ROUNDING = 1e-14
"""Numbers of tables below this are what rounding left of zero."""

_UNLIKE = ("command", "python", "machine", "processor", "device", "versions", "wall_seconds")
"""Keys of a record that tell of the machine and the hour that made it."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


@dataclass(frozen=True, repr=False)
class Verification(Shown):
    """Outcome of doing a run again.

    Attributes
    ----------
    drift : pandas.DataFrame
        One row a number outside tolerance of the stored one: ``file``, ``row``, ``column``, ``stored``, ``now``.
    n_compared : int
        Numbers and texts compared.
    relative : float
        How far a number may be from the stored one, relative to it.
    versions : dict of str to (str, str)
        Libraries whose version is another than when the run was made: then, and now.
    """

    drift: pd.DataFrame
    n_compared: int
    relative: float
    versions: dict[str, tuple[str, str]]

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Numbers that agree, or how many do not."""
        if len(self.drift):
            verdict = f"{len(self.drift):,} differ"
        else:
            verdict = "all agree"
        return (f"{self.n_compared:,} numbers and texts compared, {verdict}",)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Numbers that differ."""
        return (self.drift,)


def verify(folder: Path, *, threads: int | None = None, progress: Progress | None = None) -> Verification:
    """Make a run or a report again from its ``run.json`` and compare all of it.

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
        Empty drift when tables, draws, pages and the record say the same: texts exactly, and numbers within a
        tolerance relative to each. Not compared is what tells of the machine and the hour: versions, command, time.

    Raises
    ------
    InputError
        When the folder is no run, a file in it has changed since it was written, or it holds other files than such a
        run writes.
    """
    folder = run_folder(folder)
    where = str(folder / "run.json")
    record = read_record(folder)
    _check_complete(folder, record)
    made_with = entry(record, "versions", dict, where)
    versions = {name: (then, version_of(str(name))) for name, then in made_with.items()}
    changed = {name: (str(then), now) for name, (then, now) in versions.items() if now != then}
    is_same = not changed and record.get("processor") == processor()
    if is_same:
        relative = SAME
    else:
        relative = ELSEWHERE
    scratch = Path(tempfile.mkdtemp(prefix="mc-sie-verify-"))
    try:
        again = _done_again(record, scratch / "run", where, threads, progress)
        found = read_record(again)
        if set(found["files"]) != set(record["files"]):
            lacking, other = (sorted(set(a) - set(b)) for a, b in _both_ways(found["files"], record["files"]))
            told = [f"lists no {name}" for name in lacking] + [
                f"lists {name}, which such a run lacks" for name in other
            ]
            raise InputError(f"{where}: files", ", ".join(told), AGAIN)
        pairs = {name: (folder / name, again / name) for name in sorted(found["files"])}
        compared = [_drift_of(name, *paths, relative) for name, paths in pairs.items()]
        if "prior_sha256" not in record:  # of an earlier version
            del found["prior_sha256"]
        compared.append(_drift("run.json", _leaves(_comparable(record)), _leaves(_comparable(found)), relative, 0.0))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    drift = pd.DataFrame([row for _, rows in compared for row in rows], columns=_COLUMNS)
    return Verification(drift, sum(n for n, _ in compared), relative, changed)


def _both_ways(one: Any, other: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (one, other), (other, one)


def _check_complete(folder: Path, record: dict[str, Any]) -> None:
    """Refuse a folder with files that its record does not list; what systems put there has a hidden name."""
    with reading(str(folder)):
        others = {path.name for path in folder.iterdir()} - {"run.json", *record["files"]}
    for name in sorted(others):
        if not name.startswith("."):
            why = "is not among the files that run.json lists, so that it cannot be verified"
            raise InputError(str(folder / name), why, "Move it elsewhere, or run it again.")


def _done_again(
    record: dict[str, Any], target: Path, where: str, threads: int | None, progress: Progress | None
) -> Path:
    """The run of a record, written to another folder."""
    command = str(record.get("command"))
    if record.get("method") == "report":
        request = report_request_of(record, where)
        document = make_report(request, command=command, threads=threads, progress=progress)
        return write_report(target, document, request, command=command)
    asked = run_spec_of(record, where)
    prior, event, design, horizon = asked.prior, asked.event, asked.design, asked.horizon_months
    sizes: dict[str, Any] = {"seed": design.seed, "scheme": design.scheme, "n_replicates": design.n_replicates}
    if record.get("method") == "importance sampling":
        rare = estimate_rare(
            prior, event, design.n_draws, horizon_months=horizon, threads=threads, progress=progress, **sizes
        )
        return write_rare(target, rare, command=command)
    levels = entries(record, "levels", float, where)
    widths = entries(record, "widths", float, where)
    if record.get("draws_kept") is False:
        only_event = entry(record, "only_event", bool, where)
        spec = CountSpec(event, levels, widths, horizon, tuple(prior.dimensions), only_event)
        job = count_job(prior, design, spec, threads=threads)
        streamed = count_draws(job, threads=threads, progress=progress)
        return write_streamed(target, streamed, summarise_counts(streamed), command=command)
    drawn = simulate(
        prior, design.n_draws, horizon_months=horizon, levels=levels, widths=widths, threads=threads, progress=progress,
        **sizes,
    )  # fmt: skip
    all_outcomes = bool(record.get("all_outcomes"))
    return write_run(target, drawn, summarise(drawn, event), command=command, all_outcomes=all_outcomes)


_COLUMNS = ["file", "row", "column", "stored", "now"]

Columns = dict[str, NDArray[Any]]
"""The content of a file: arrays by name."""


def _drift_of(name: str, stored: Path, again: Path, relative: float) -> tuple[int, list[dict[str, Any]]]:
    """How many numbers and texts of a file were compared, and those that differ."""
    ending = Path(name).suffix
    read = _READERS.get(ending, _of_text)
    if ending == ".html" and relative == ELSEWHERE:
        read = _of_page_without_lines
    with reading(str(stored)):
        then = read(stored)
    return _drift(name, then, read(again), relative, ROUNDING if ending in _TABLES else 0.0)


def _drift(name: str, then: Columns, now: Columns, relative: float, least: float) -> tuple[int, list[dict[str, Any]]]:
    """Differences between what two files hold."""
    shapes = [{column: array.shape for column, array in columns.items()} for columns in (then, now)]
    if shapes[0] != shapes[1]:
        told = [_shape_in_words(name, shape, other) for shape, other in _both_ways(*shapes)]
        return 1, [dict(zip(_COLUMNS, (name, "", "", *told), strict=True))]
    rows = []
    for column, array in then.items():
        stored, again = array.ravel(), now[column].ravel()
        for place in np.flatnonzero(~_same(stored, again, relative, least)):
            cells = _differing_part(stored[place], again[place])
            rows.append(dict(zip(_COLUMNS, (name, place + 1, column, *cells), strict=True)))
    return sum(array.size for array in then.values()), rows


def _differing_part(then: Any, now: Any) -> tuple[Any, Any]:
    """Two cells, of long texts what surrounds the first difference."""
    if not isinstance(then, str) or not isinstance(now, str):
        return then, now
    differing = (place for place, (one, other) in enumerate(zip(then, now, strict=False)) if one != other)
    start = max(next(differing, 0) - 20, 0)
    return then[start : start + 60], now[start : start + 60]


def _shape_in_words(name: str, shape: dict[str, Any], other: dict[str, Any]) -> str:
    differing = [column for column in shape if shape[column] != other.get(column)]
    sizes = [f"{column or name}: {' x '.join(map(str, shape[column])) or 1}" for column in differing[:3]]
    return "; ".join(sizes) or "less"


def _same(then: NDArray[Any], now: NDArray[Any], relative: float, least: float) -> NDArray[np.bool_]:
    """Where two arrays agree: texts and truths exactly, numbers within a tolerance that is relative to each."""
    if then.dtype.kind in "iuf" and now.dtype.kind in "iuf":
        return _is_near(then, now, relative, least)
    if then.dtype.kind in "iuf" or now.dtype.kind in "iuf":
        return np.zeros(then.shape, dtype=bool)
    pairs = zip(then.tolist(), now.tolist(), strict=True)
    return np.array([one is other or _is_same_cell(one, other, relative, least) for one, other in pairs], dtype=bool)


def _is_near(then: Any, now: Any, relative: float, least: float) -> NDArray[np.bool_]:
    near = np.isclose(np.asarray(now, dtype=np.float64), np.asarray(then, dtype=np.float64),
                      rtol=relative, atol=least, equal_nan=True)  # fmt: skip
    return np.asarray(near)


def _is_same_cell(then: Any, now: Any, relative: float, least: float) -> bool:
    """True where two cells of a column with more than numbers agree; numbers within a text are numbers, too."""
    if type(then) in (int, float) and type(now) in (int, float):
        return bool(_is_near(then, now, relative, least))
    if type(then) is not type(now):
        return False
    if not isinstance(then, str) or then == now:
        return bool(then == now)
    if _NUMBER.split(then) != _NUMBER.split(now):
        return False
    pairs = zip(_NUMBER.findall(then), _NUMBER.findall(now), strict=True)
    return all(one == other or _is_near(one, other, relative, 0.0) & np.isfinite(float(one)) for one, other in pairs)


# ------------------------------------------------------------------------------------------- what a file holds


def _of_csv(path: Path) -> Columns:
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:  # a table without columns: nothing varies
        return {}
    return {str(column): frame[column].to_numpy() for column in frame}


def _of_parquet(path: Path) -> Columns:
    frame = pd.read_parquet(path)
    if not frame.columns.is_unique:
        raise ValueError("two columns have one name")
    words = {column: object for column in frame if isinstance(frame[column].dtype, pd.CategoricalDtype)}
    return {str(column): array.to_numpy() for column, array in frame.astype(words).items()}


def _of_npz(path: Path) -> Columns:
    # opened here: np.load leaves a file open that it cannot read
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _of_text(path: Path) -> Columns:
    return {"": np.array(path.read_text(encoding="utf-8").split("\n"), dtype=object)}


def _of_page_without_lines(path: Path) -> Columns:
    """A page but for the points of its charts: how many of them a line is drawn with hangs on last digits."""
    text = re.sub(r' d="[^"]*"', "", path.read_text(encoding="utf-8"))
    return {"": np.array(text.split("\n"), dtype=object)}


_READERS: dict[str, Callable[[Path], Columns]] = {".csv": _of_csv, ".parquet": _of_parquet, ".npz": _of_npz}
_TABLES = (".csv",)


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what belongs to one machine and hour; its files are compared one by one."""
    return {key: value for key, value in record.items() if key not in (*_UNLIKE, "files")}


def _leaves(value: Any, path: str = "") -> Columns:
    """Every number and text of a record, by its path."""
    if isinstance(value, dict) and value:
        parts = [(f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    elif isinstance(value, list) and value:
        parts = [(f"{path}[{place}]", part) for place, part in enumerate(value)]
    else:
        leaf = np.empty(1, dtype=type(value) if type(value) is float else object)
        leaf[0] = value
        return {path: leaf}
    return {name: leaf for key, part in parts for name, leaf in _leaves(part, key).items()}
