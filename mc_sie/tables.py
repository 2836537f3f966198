"""Tables that users hand in and get back: CSV in, CSV out, and the table of a prior set."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mc_sie.engine.run import KERNEL_COLUMNS, evaluate
from mc_sie.errors import InputError, nearest
from mc_sie.outcomes import OUTCOME_KINDS
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, HORIZON_MONTHS_HIGH, MODES, QUANTITIES

LABEL_COLUMNS = ("id", "name", "note", "source")
"""Columns of a table that are repeated and not read."""

PROBS = (0.01, 0.05, 0.50, 0.95, 0.99)
"""Quantiles in the table of a prior set."""

_BLOCKS = " ▁▂▃▄▅▆▇█"


def evaluate_table(path: Path, output: Path | None = None, *, threads: int | None = None) -> pd.DataFrame:
    """Run the law of motion on the rows of a CSV.

    Parameters
    ----------
    path : pathlib.Path
        One row a case. Columns are quantities by code name; an absent column takes its default, an empty cell means
        "not given". Columns named ``id``, ``name``, ``note`` or ``source`` are repeated. A column named like an
        outcome (a table evaluated before, or one to compare with) is repeated as ``given_...``.
    output : pathlib.Path, optional
        Where the result will go, checked before anything is computed.
    threads : int, optional
        Threads.

    Returns
    -------
    pandas.DataFrame
        The rows with every quantity filled in, then ``status`` and every outcome.

    Raises
    ------
    InputError
        For a file that cannot be read, a column nobody knows, or a cell outside its domain; naming row and column.
    """
    if output is not None:
        check_writable(output)
        if output.resolve() == path.resolve():
            raise InputError(f"--output {output}", "is the input table", "Name another file.")
    given = _read_csv(path)
    kept: dict[str, Any] = {}
    for column in given.columns:
        if column in LABEL_COLUMNS:
            kept[column] = given[column]
        elif column not in KERNEL_COLUMNS:
            if _is_outcome_column(column):
                kept[f"given_{column}"] = given[column]
                continue
            hint = nearest(column, KERNEL_COLUMNS)
            raise InputError(f"{path}: column {column!r}", "is not a quantity", f"{hint} Call a remark 'note'.")
    quantities = {name: _column(path, given, name) for name in KERNEL_COLUMNS}
    outcomes = evaluate(quantities, threads=threads)
    shown = {name: array for name, array in quantities.items() if name != "mode"}
    frame = pd.DataFrame({**kept, "mode": np.asarray(MODES)[quantities["mode"].astype(int)], **shown})
    return pd.concat([frame, outcomes.to_frame()], axis=1)


def _read_csv(path: Path) -> pd.DataFrame:
    if path.is_dir():
        raise InputError(str(path), "is a folder, not a table", "Give the path of a CSV file.")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Give the path of a CSV file.") from None
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8: byte {error.start}", "Save it as UTF-8.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(str(path), f"is not a CSV table: {error}", "The first line names the columns.") from None
    frame.columns = frame.columns.str.strip()
    if frame.empty:
        raise InputError(str(path), "has no rows", "Put one case in each row below the column names.")
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise InputError(f"{path}: column {doubled[0]!r}", "stands there twice", "Keep one of them.")
    return frame


def _is_outcome_column(column: str) -> bool:
    stem = column.rpartition("_")
    return column in ("status", "end") or column in OUTCOME_KINDS or (stem[0] in OUTCOME_KINDS and _is_number(stem[2]))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column(path: Path, given: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One quantity of every row, checked against its domain."""
    default = HORIZON_MONTHS_DEFAULT if name == "horizon_months" else QUANTITIES[name].default
    required = default is None and not QUANTITIES[name].optional
    if name not in given:
        if required:
            raise InputError(str(path), f"has no column {name!r}", f"{name} has no default: {QUANTITIES[name].meaning}.")
        return np.full(len(given), _as_number(name, default))
    values = np.empty(len(given))
    for i, text in enumerate(given[name].str.strip()):
        where = f"{path}: row {i + 1}, column {name!r}"
        if text == "":
            if required:
                raise InputError(where, "is empty", f"{name} has no default: {QUANTITIES[name].meaning}.")
            values[i] = _as_number(name, default)
        else:
            values[i] = parse_value(where, name, text)
    return values


def _as_number(name: str, default: float | str | None) -> float:
    if default is None:
        return math.nan
    return float(MODES.index(str(default))) if name == "mode" else float(default)


def parse_value(where: str, name: str, text: str) -> float:
    """Read one value of a quantity.

    Parameters
    ----------
    where : str
        Place, for the error.
    name : str
        Quantity, or ``horizon_months``.
    text : str
        A number, or the name of a mode.

    Returns
    -------
    float
        In the quantity's unit; a mode as its code.

    Raises
    ------
    InputError
        When it is not a number, or outside the domain.
    """
    if name == "mode":
        if text not in MODES:
            raise InputError(f"{where} = {text!r}", "is not a retraining mode", nearest(text, MODES))
        return float(MODES.index(text))
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where} = {text!r}", "is not a number", "Write it as digits, with a point.") from None
    if name == "horizon_months":
        inside, domain, meaning = 0.0 < value <= HORIZON_MONTHS_HIGH, f"(0, {HORIZON_MONTHS_HIGH:g}]", "end of the run"
    else:
        quantity = QUANTITIES[name]
        inside, domain, meaning = quantity.contains(value), quantity.domain, quantity.meaning
    if not inside:
        raise InputError(f"{where} = {text}", f"is outside {domain}", f"{name}: {meaning}.")
    return value


def median_row(prior: PriorSet, settings: Sequence[str], horizon_months: float) -> dict[str, float]:
    """The quantities of one trajectory: medians of a prior set, some of them set by hand.

    Parameters
    ----------
    prior : PriorSet
        Where the rest comes from; every dimension at its median, ``mode`` at its most likely value.
    settings : sequence of str
        ``name=value``; an empty value means "not given".
    horizon_months : float
        End of the trajectory.

    Returns
    -------
    dict of str to float
        In the order of ``engine.run.KERNEL_COLUMNS``.

    Raises
    ------
    InputError
        For a setting that cannot be read.
    """
    drawn = prior.values({name: np.array([0.5]) for name in prior.dimensions})
    row = {name: float(drawn[name][0]) for name in KERNEL_COLUMNS[:-1]}
    u = (np.arange(4096) + 0.5) / 4096
    spread = prior.values({name: u if name == "mode" else np.full(4096, 0.5) for name in prior.dimensions})
    row["mode"] = float(np.bincount(np.broadcast_to(spread["mode"], u.shape)).argmax())
    for setting in settings:
        name, equals, text = setting.partition("=")
        name, text = name.strip(), text.strip()
        if not equals:
            raise InputError(f"--set {setting}", "is not name=value", "Write it like --set rho=-0.1.")
        if name not in row:
            raise InputError(f"--set {setting}", f"names no quantity: {name!r}", nearest(name, row))
        if text == "" and QUANTITIES[name].optional:
            row[name] = math.nan
        else:
            row[name] = parse_value(f"--set {name}", name, text)
    row["horizon_months"] = horizon_months
    return row


def prior_table(prior: PriorSet, *, density: bool = False) -> pd.DataFrame:
    """What a prior set implies for each quantity.

    Parameters
    ----------
    prior : PriorSet
        The set.
    density : bool
        Add a sketch of each density.

    Returns
    -------
    pandas.DataFrame
        ``quantity``, ``unit``, ``prior`` in words, quantiles p1 to p99 and the mean.
    """
    rows = []
    drawn = prior.values({name: np.array([0.5]) for name in prior.dimensions})
    names = list(prior.entries) if prior.entries else [name for name in drawn if name != "prior_set"]
    names += [name for name in ("rho", "r") if name not in names]
    for name in names:
        quantity = QUANTITIES[name]
        entry = prior.entries.get(name)
        words = "derived" if entry is None else entry.distribution.describe()
        row: dict[str, Any] = {"quantity": name, "unit": quantity.unit, "prior": words}
        if entry is not None and entry.is_default:
            row["prior"] += " (default, ours)" if quantity.default_is_ours else " (default)"
        if name == "mode":
            row.update(dict.fromkeys([f"p{100 * prob:.0f}" for prob in PROBS] + ["mean"], ""))
        else:
            try:
                values = [*prior.quantiles(name, PROBS), prior.mean(name)]
            except InputError:
                continue  # an optional quantity that no member of a pool gives
            labels = [f"p{100 * prob:.0f}" for prob in PROBS] + ["mean"]
            row.update({label: f"{value:.3g}" for label, value in zip(labels, values, strict=True)})
        if density:
            row["density, p1 to p99"] = "" if name == "mode" else _sketch(prior, name)
        rows.append(row)
    return pd.DataFrame(rows)


def _sketch(prior: PriorSet, name: str, width: int = 24) -> str:
    """A density as a line of blocks between the 1st and 99th percentile, on the quantity's natural scale."""
    values = prior.quantiles(name, (np.arange(4096) + 0.5) / 4096)
    values = values[np.isfinite(values)]
    if len(values) == 0 or values.min() == values.max():
        return ""
    if QUANTITIES[name].scale == "log" and values.min() > 0.0:
        values = np.log(values)
    low, high = np.quantile(values, [0.01, 0.99])
    if low == high:
        return ""
    counts, _ = np.histogram(values, bins=width, range=(low, high))
    return "".join(_BLOCKS[math.ceil(8 * count / counts.max())] for count in counts)


def check_writable(path: Path) -> None:
    """Refuse an output file that cannot be written, before anything is computed.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    InputError
        When it is a folder, or its folder does not exist or cannot be written to.
    """
    if path.is_dir():
        raise InputError(f"{path}", "is a folder", "Name a file.")
    if not path.parent.is_dir():
        raise InputError(f"{path}", f"cannot be written: there is no folder {path.parent}", "Make it first.")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}", f"cannot be written: {path.parent} is not writable", "Name another folder.")


def check_figure_path(path: Path | None) -> None:
    """Refuse a figure file that cannot be written or has no known ending."""
    if path is None:
        return
    if path.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise InputError(f"--plot {path}", f"has the ending {path.suffix!r}", "Use .svg, .png or .pdf.")
    check_writable(path)


def write_csv(frame: pd.DataFrame, path: Path | None) -> None:
    """Write a table, to standard output or whole under its final name.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    path : pathlib.Path or None
        Where; None is standard output.
    """
    if path is None:
        frame.to_csv(sys.stdout, index=False)
        return
    check_writable(path)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        frame.to_csv(partial, index=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_new_text(path: Path, text: str) -> None:
    """Write a text file that must not exist yet.

    Parameters
    ----------
    path : pathlib.Path
        Where.
    text : str
        What.

    Raises
    ------
    InputError
        When it exists or cannot be written.
    """
    if path.exists():
        raise InputError(f"{path}", "exists already", "Name a file that does not exist.")
    check_writable(path)
    path.write_text(text, encoding="utf-8")


def write_headlines(frame: pd.DataFrame, folder: Path) -> None:
    """Write the table and the figure of the headlines of all shipped sets.

    Parameters
    ----------
    frame : pandas.DataFrame
        From :func:`mc_sie.analysis.headlines.headline_table`.
    folder : pathlib.Path
        Made when it does not exist.
    """
    from mc_sie.report.figures import headlines_figure, save

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}", f"cannot be made: {error.strerror}", "Name another folder.") from None
    write_csv(frame, folder / "headlines.csv")
    figure = headlines_figure(frame)
    for ending in (".svg", ".png"):
        save(figure, folder / f"headlines{ending}")
